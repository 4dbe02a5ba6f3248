package dataversesim_test

import (
	"encoding/xml"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestAnswersPromisedByTheMetadataOfFinalizeComeInThatForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	for form, want := range map[string][]string{
		"success": {"status"}, "unknown-word": {"status"}, "nested-json": {"Response"}, "capitalised": {"Status"}, "no-content": nil,
	} {
		w.behave(dataversesim.FinalizeStatus, form)
		var d described
		if err := xml.Unmarshal([]byte(w.get("$metadata").body), &d); err != nil {
			t.Fatal(err)
		}
		var promised []string
		for _, c := range d.Types {
			if c.Name == dataversesim.OpFinalizeOutbound+"Response" {
				for _, p := range c.Property {
					promised = append(promised, p.Name)
				}
			}
		}
		got := w.outbound(w.buy(), concert, "")
		if form == "no-content" {
			if got.status != 204 || promised != nil {
				t.Errorf("%s: %d, promised %v", form, got.status, promised)
			}
			continue
		}
		var answered []string
		for name := range got.json() {
			if name != "@odata.context" {
				answered = append(answered, name)
			}
		}
		if diff := cmp.Diff(want, answered); diff != "" || !slices.Contains(promised, want[0]) {
			t.Errorf("%s: %s, promised %v", form, diff, promised)
		}
	}
}

func TestATruncatedBodyIsTheBeginningOfTheRealOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	whole := w.attendees(id).body
	w.spoil(dataversesim.Fault{Operation: dataversesim.OpAttendees, Kind: dataversesim.KindTruncated})
	if got := w.attendees(id); got.status != 200 || got.body == "" || len(got.body) >= len(whole) || !strings.HasPrefix(whole, got.body) {
		t.Errorf("%d %q of %q", got.status, got.body, whole)
	}
}

func TestLateEffectsComeInTheOrderOfTheirTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Window: time.Minute})
	id := w.buy()
	late := func(status int, delay time.Duration) {
		w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindLateCommit, Delay: delay})
		if _, err := w.send(w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(id, status))); err == nil {
			t.Error("it was answered")
		}
	}
	late(100000001, 20*time.Second)
	late(100000000, 10*time.Second)
	late(100000001, 30*time.Second)
	w.sim.Advance(time.Hour)
	if p := w.purchase(id); p.Status != dataversesim.Cancelled || p.FinalizeCalls != 2 || p.CancelCalls != 1 || len(p.Seats) != 0 {
		t.Errorf("the earlier Cancelled must win: %+v", p)
	}
}

func TestPurchasesCanBeListed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	done, open := w.buy(), w.buy()
	w.complete(done)
	ids := func(route string) (found []string) {
		for _, v := range w.get(route).json()["value"].([]any) {
			found = append(found, v.(map[string]any)["msevtmgt_eventpurchaseid"].(string))
		}
		return found
	}
	if diff := cmp.Diff([]string{done, open}, ids("msevtmgt_eventpurchases?$select=createdon")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{open}, ids("msevtmgt_eventpurchases?$filter=msevtmgt_processed eq false and _msevtmgt_purchasingcontactid_value eq null")); diff != "" {
		t.Error(diff)
	}
}

func TestRegistrationsAppearWithTheRow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Behaviours: map[string]string{dataversesim.RealtimeReadBack: "lag"}})
	id := w.buy()
	w.complete(id)
	count := func() int { return len(w.registrations(id).json()["value"].([]any)) }
	if n := count(); n != 0 {
		t.Errorf("%d before the row shows it", n)
	}
	w.sim.Advance(time.Minute)
	if n := count(); n != 2 {
		t.Errorf("%d after", n)
	}
}

func TestAnEventIsReadByItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	row := w.get("msevtmgt_eventpurchases(" + w.buy() + ")?$select=_msevtmgt_eventid_value").json()
	event := w.get("msevtmgt_events(" + row["_msevtmgt_eventid_value"].(string) + ")")
	if event.status != 200 || event.json()["msevtmgt_readableeventid"] != concert {
		t.Errorf("%d %s", event.status, event.body)
	}
	if got := w.get("msevtmgt_events(" + nobody + ")"); got.status != 404 || got.code() != "0x80040217" {
		t.Errorf("%d %s", got.status, got.body)
	}
}

func TestParametersOfTheWrongTypeAreRefusedInEveryAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	id := w.buy()
	for action, body := range map[string]string{
		dataversesim.OpListDetailed:     `{"PurchaseId":{}}`,
		dataversesim.OpPurchaseDetails:  `{"PurchaseId":"x","UserId":""}`,
		dataversesim.OpFinalizeOutbound: `{"PurchaseId":"` + id + `","ReadableEventId":"` + concert + `","UserId":0}`,
	} {
		if got := w.call(action, body); got.status != 400 || got.code() != "0x80048d19" {
			t.Errorf("%s: %d %s", action, got.status, got.body)
		}
	}
	if got := w.call(dataversesim.OpFinalizeOutbound, `{"PurchaseId":"`+id+`","ReadableEventId":"`+concert+`","UserId":null}`); got.json()["status"] != "Success" {
		t.Errorf("without a user: %s", got.body)
	}
}

func TestABodyThatIsTooLongIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	if got := w.call(dataversesim.OpFinalizeRealtime, strings.Repeat(" ", 2<<20)); got.status != 400 || got.code() != "0x80048d19" {
		t.Errorf("%d", got.status)
	}
}

func TestAnUnknownCheckoutIsNotFound(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	if got := w.must(w.request(http.MethodGet, w.server.URL+"/EvtMgmt/checkout/"+nobody, "")); got.status != 404 {
		t.Errorf("%d", got.status)
	}
}

func TestADroppedConnectionIsTheAbortOfNetHTTP(t *testing.T) {
	t.Parallel()
	sim := dataversesim.New(dataversesim.Config{})
	d := newDirect(sim)
	if err := sim.AddFault(dataversesim.Fault{Kind: dataversesim.KindDrop}); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if recover() != http.ErrAbortHandler {
			t.Error("a transport without a server cannot tell that the connection dropped")
		}
	}()
	d.ask("/api/data/v9.2/WhoAmI", "application/json", "{}")
}

func TestDroppedConnectionsAreSeenOverHTTP2Too(t *testing.T) {
	t.Parallel()
	sim := dataversesim.New(dataversesim.Config{})
	server := httptest.NewUnstartedServer(sim.Handler())
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	w := &world{t: t, sim: sim, server: server}
	w.signIn()
	id := w.buy()
	w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindCommitDrop})
	if got, err := w.send(w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(id, 100000001))); err == nil {
		t.Errorf("it was answered: %d", got.status)
	}
	if n := len(w.purchase(id).Seats); n != 2 {
		t.Errorf("%d seats", n)
	}
	w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindHang})
	r, cancel := within(w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(w.buy(), 100000001)), 50*time.Millisecond)
	defer cancel()
	if _, err := w.send(r); !isTimeout(err) {
		t.Errorf("%v", err)
	}
}

func TestTheVariantIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	for _, variant := range dataversesim.Variants() {
		w.switchTo(variant)
		if got := w.sim.Variant(); got != variant {
			t.Errorf("%s, want %s", got, variant)
		}
	}
}
