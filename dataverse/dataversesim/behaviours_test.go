package dataversesim_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

const (
	rt  = dataversesim.VariantRealtime
	out = dataversesim.VariantOutbound
)

// probe says in which variant a behaviour shows and what to ask to see it.
type probe struct {
	variant string
	ask     func(w *world) []reply
}

func probes() map[string]probe {
	return map[string]probe{
		dataversesim.OutputNames: {out, func(w *world) []reply { return []reply{w.info(w.buy())} }},
		dataversesim.Numbers:     {out, func(w *world) []reply { return []reply{w.info(w.buy())} }},
		dataversesim.InfoRefusal: {out, func(w *world) []reply { return []reply{w.info(nobody)} }},
		dataversesim.FinalizeStatus: {out, func(w *world) []reply {
			return []reply{w.outbound(w.buy(), concert, "")}
		}},
		dataversesim.FinalizeRefusal: {out, func(w *world) []reply {
			late := w.buy()
			w.sim.Advance(time.Hour)
			return []reply{w.outbound(nobody, concert, ""), w.outbound(w.buy(), openDay, ""), w.outbound(late, concert, "")}
		}},
		dataversesim.SecondFinalize: {out, func(w *world) []reply {
			w.behave(dataversesim.OutboundReadBack, "registrations")
			id := w.buy()
			return []reply{w.outbound(id, concert, ""), w.outbound(id, concert, ""), w.registrations(id)}
		}},
		dataversesim.OutboundReadBack: {out, func(w *world) []reply {
			id := w.buy()
			w.outbound(id, concert, "")
			return []reply{w.row(id), w.registrations(id), w.attendees(id)}
		}},
		dataversesim.OutboundCreated: {out, func(w *world) []reply {
			return []reply{w.get(dataversesim.OpPurchases + "(" + w.buy() + ")?$select=createdon")}
		}},
		dataversesim.RealtimeAnswer: {rt, func(w *world) []reply { return []reply{w.complete(w.buy())} }},
		dataversesim.RealtimeReadBack: {rt, func(w *world) []reply {
			id := w.buy()
			w.complete(id)
			return []reply{w.row(id), w.attendees(id)}
		}},
		dataversesim.RealtimeLate: {rt, func(w *world) []reply {
			id := w.buy()
			w.sim.Advance(time.Hour)
			return []reply{w.complete(id), w.attendees(id)}
		}},
		dataversesim.RowVisibility: {rt, func(w *world) []reply { return []reply{w.row(w.buy())} }},
		dataversesim.RedirectParameters: {out, func(w *world) []reply {
			return []reply{w.registerOutbound(`{"attendees":[{"firstName":"A","passId":"` + adult + `"}]}`), w.follow()}
		}},
		dataversesim.Privileges: {rt, func(w *world) []reply {
			id := w.buy()
			return []reply{w.row(id), w.row(id), w.attendees(id)}
		}},
		dataversesim.MissingAction: {rt, func(w *world) []reply { return []reply{w.info(w.buy())} }},
		dataversesim.Discovery:     {rt, func(w *world) []reply { return []reply{w.get("solutions?$select=uniquename")} }},
		dataversesim.Contacts: {rt, func(w *world) []reply {
			id := w.buy()
			w.complete(id)
			return []reply{w.get("contacts?$select=emailaddress1")}
		}},
		dataversesim.Metadata: {rt, func(w *world) []reply { return []reply{w.get("$metadata")} }},
	}
}

func (w *world) row(id string) reply {
	w.t.Helper()
	return w.get(dataversesim.OpPurchases + "(" + id + ")?$select=msevtmgt_totalprice,msevtmgt_paid,msevtmgt_processed")
}

func (w *world) attendees(id string) reply {
	w.t.Helper()
	return w.get(dataversesim.OpAttendees + "?$select=_msevtmgt_eventregistrationid_value&$filter=_msevtmgt_purchaseid_value eq " + id)
}

func (w *world) registrations(id string) reply {
	w.t.Helper()
	return w.get(dataversesim.OpRegistrations + "?$filter=_msevtmgt_purchaseid_value eq " + id)
}

// follow goes to the portal's page of the last purchase.
func (w *world) follow() reply {
	all := w.sim.Purchases()
	return w.must(w.request(http.MethodGet, w.server.URL+"/EvtMgmt/checkout/"+all[len(all)-1].ID, ""))
}

var anyGUID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// fingerprint is what went over the wire, without what differs from run to run.
func (w *world) fingerprint(replies []reply) string {
	var b strings.Builder
	for _, r := range replies {
		body := strings.ReplaceAll(anyGUID.ReplaceAllString(r.body, "<guid>"), w.server.URL, "<server>")
		fmt.Fprintf(&b, "%d %s %s\n", r.status, r.header.Get("Content-Type"), body)
	}
	return b.String()
}

func TestEveryVariantOfEveryBehaviourIsToldApartOnTheWire(t *testing.T) {
	t.Parallel()
	all := probes()
	for _, b := range dataversesim.Behaviours() {
		p, there := all[b.Name]
		if !there {
			t.Errorf("behaviour %s has no probe", b.Name)
			continue
		}
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			seen := map[string]string{}
			for _, variant := range b.Variants {
				w := newWorld(t, dataversesim.Config{Variant: p.variant})
				w.behave(b.Name, variant)
				print := w.fingerprint(p.ask(w))
				if other, twin := seen[print]; twin {
					t.Errorf("%s and %s look the same:\n%s", other, variant, print)
				}
				seen[print] = variant
			}
		})
	}
}

func TestTheFirstVariantIsTheDefault(t *testing.T) {
	t.Parallel()
	got := dataversesim.New(dataversesim.Config{}).Chosen()
	if len(got) != len(dataversesim.Behaviours()) {
		t.Errorf("%d behaviours are chosen, there are %d", len(got), len(dataversesim.Behaviours()))
	}
	for _, b := range dataversesim.Behaviours() {
		if got[b.Name] != b.Variants[0] {
			t.Errorf("%s is %s without being asked for", b.Name, got[b.Name])
		}
	}
}

func TestASeedPicksTheSameBehavioursEveryTimeAndAllSeedsTogetherPickAll(t *testing.T) {
	t.Parallel()
	if diff := cmp.Diff(dataversesim.BehavioursBySeed(7), dataversesim.New(dataversesim.Config{Seed: 7}).Chosen()); diff != "" {
		t.Error(diff)
	}
	picked := map[string]bool{}
	for seed := range uint64(200) {
		for name, variant := range dataversesim.BehavioursBySeed(seed) {
			picked[name+"="+variant] = true
		}
	}
	for _, b := range dataversesim.Behaviours() {
		for _, v := range b.Variants {
			if !picked[b.Name+"="+v] {
				t.Errorf("no seed picks %s=%s", b.Name, v)
			}
		}
	}
}

func TestGivenBehavioursWinOverTheSeed(t *testing.T) {
	t.Parallel()
	s := dataversesim.New(dataversesim.Config{Seed: 7, Behaviours: map[string]string{dataversesim.Numbers: "long"}})
	want := dataversesim.DefaultBehaviours()
	want[dataversesim.Numbers] = "long"
	if diff := cmp.Diff(want, s.Chosen()); diff != "" {
		t.Error(diff)
	}
}

func TestAnUnknownBehaviourOrVariantIsRefused(t *testing.T) {
	t.Parallel()
	s := dataversesim.New(dataversesim.Config{})
	for _, bad := range [][2]string{{"no-such", "x"}, {dataversesim.Numbers, "no-such"}} {
		if err := s.SetBehaviour(bad[0], bad[1]); err == nil {
			t.Errorf("SetBehaviour(%q, %q) is accepted", bad[0], bad[1])
		}
	}
	if err := s.SetVariant("no-such"); err == nil {
		t.Error("SetVariant accepts an unknown variant")
	}
}

func TestBlindingVariantsAreVariants(t *testing.T) {
	t.Parallel()
	for _, b := range dataversesim.Behaviours() {
		for _, blind := range b.Blinding {
			if err := dataversesim.New(dataversesim.Config{}).SetBehaviour(b.Name, blind); err != nil {
				t.Error(err)
			}
			if blind == b.Variants[0] {
				t.Errorf("the default of %s is blinding", b.Name)
			}
		}
	}
}
