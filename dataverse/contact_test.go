package dataverse_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func (w *world) address(k purchase.Key) string {
	w.t.Helper()
	c, err := w.Contact(w.t.Context(), k)
	if err != nil {
		w.t.Error(err)
	}
	return c.Address.Reveal()
}

func TestARealtimeBuyerIsReachedByTheContactThatBought(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.address(w.registerFor(concert, buyer, adult, child)); got != "a@example.org" {
		t.Errorf("%q", got)
	}
}

func TestARealtimeGuestIsReachedOnceThereIsASeat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.register()
	if got := w.address(k); got != "" {
		t.Errorf("before: %q", got)
	}
	w.finalize(k)
	if got := w.address(k); got != "a@example.org" {
		t.Errorf("after: %q", got)
	}
}

func TestAnOutboundBuyerIsReachedByTheListOfAttendeesHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for _, b := range dataversesim.Behaviours() {
		if b.Name != dataversesim.OutputNames {
			continue
		}
		for _, v := range b.Variants {
			w := newWorld(t, variant(dataversesim.VariantOutbound), behaves(dataversesim.OutputNames, v))
			if got := w.address(w.register()); got != "a@example.org" {
				t.Errorf("%s: %q", v, got)
			}
		}
	}
}

func TestWhereNoAddressIsShownThereIsNone(t *testing.T) {
	t.Parallel()
	for name, how := range map[string][]setup{
		"the action without attendees": {variant(dataversesim.VariantOutboundNoDetails)},
		"contacts are forbidden":       {behaves(dataversesim.Contacts, "forbidden")},
		"forbidden":                    {behaves(dataversesim.RealtimeReadBack, "forbidden")},
	} {
		w, user := newWorld(t, how...), ""
		if name == "contacts are forbidden" {
			user = buyer
		}
		if got := w.address(w.registerFor(concert, user, adult)); got != "" {
			t.Errorf("%s: %q", name, got)
		}
		if got := w.address(key(nobody)); got != "" {
			t.Errorf("%s, an unknown purchase: %q", name, got)
		}
	}
}

func TestWhenDynamicsIsAwayNobodyKnowsTheAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.registerFor(concert, buyer, adult)
	w.fault(dataversesim.OpContacts, dataversesim.KindTooMany, func(f *dataversesim.Fault) { f.Times = 9 })
	_, err := w.Contact(t.Context(), k)
	if _, again := purchase.Retry(err); err == nil || !again {
		t.Errorf("%v", err)
	}
	if text := fmt.Sprint(err) + w.text(); strings.Contains(text, "example.org") {
		t.Errorf("an address is shown: %s", text)
	}
}
