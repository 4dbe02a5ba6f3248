package dataverse_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestTheRealtimePriceIsReadWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.registerFor(concert, buyer, adult, child)
	got, err := w.Price(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	p, _ := w.sim.Purchase(k.ID)
	want := purchase.Offer{Money: purchase.Money{Minor: 6150, Currency: "EUR"}, Event: concert, EventName: "Concert d’été", User: buyer,
		Created: p.Created.Truncate(time.Second)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("offer (-want +got):\n%s", diff)
	}
	if w.Dialect() != dataverse.DialectRealtime {
		t.Errorf("dialect %s", w.Dialect())
	}
}

func TestARegisteredPurchaseShowsItsSeatsWithThePrice(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.register()
	if o := w.finalize(k); o.Result != purchase.Acknowledged {
		t.Fatalf("finalize: %+v", o)
	}
	got, err := w.Price(t.Context(), k)
	if err != nil || got.Seats != purchase.SeatsAll || got.Attendees != 2 {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestTheOutboundPriceIsReadWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantOutbound))
	got, err := w.Price(t.Context(), w.register())
	want := purchase.Offer{Money: purchase.Money{Minor: 6150, Currency: "EUR"}, EventName: "Concert d’été", Attendees: 2}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, offer (-want +got):\n%s", err, diff)
	}
}

func TestOutboundTakesTheOriginFromTheRowWhereThereIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantOutbound), behaves(dataversesim.OutboundCreated, "readable"))
	k := w.registerFor(concert, buyer, adult)
	got, err := w.Price(t.Context(), k)
	p, _ := w.sim.Purchase(k.ID)
	want := purchase.Offer{Money: purchase.Money{Minor: 4950, Currency: "EUR"}, Event: concert, EventName: "Concert d’été", User: buyer,
		Created: p.Created.Truncate(time.Second), Attendees: 1}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, offer (-want +got):\n%s", err, diff)
	}
}

func TestWhereOutboundKeepsNoRowsNobodyAsksForThemAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantOutbound))
	for range 5 {
		if _, err := w.Price(t.Context(), w.register()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.count(dataversesim.OpPurchases); n != 1 {
		t.Errorf("the row was asked for %d times", n)
	}
	if n := w.count(dataversesim.OpListDetailed); n != 6 {
		t.Errorf("the price was asked for %d times: five purchases and a probe", n)
	}
}

func TestYenHaveNoDecimals(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{dataversesim.VariantRealtime, dataversesim.VariantOutbound} {
		w := newWorld(t, variant(generation))
		got, err := w.Price(t.Context(), w.registerFor(tea, "", teaSeat))
		if err != nil || got.Money != (purchase.Money{Minor: 5000, Currency: "JPY"}) {
			t.Errorf("%s: %v, %v", generation, got.Money, err)
		}
	}
}

func TestAnUnknownPurchaseHasNoPrice(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{dataversesim.VariantRealtime, dataversesim.VariantOutbound} {
		for _, refusal := range []string{"plugin-error", "not-found", "empty"} {
			w := newWorld(t, variant(generation), behaves(dataversesim.InfoRefusal, refusal))
			for _, id := range []string{nobody, "orphan-0123456789abcdef01234567"} {
				if _, err := w.Price(t.Context(), key(id)); !errors.Is(err, purchase.ErrNoPurchase) {
					t.Errorf("%s, %s: %v", generation, refusal, err)
				}
			}
		}
	}
}

func TestAMissingCurrencyIsNeverMadeUp(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{dataversesim.VariantRealtime, dataversesim.VariantOutbound} {
		w := newWorld(t, variant(generation), behaves(dataversesim.OutputNames, "iso-missing"))
		if offer, err := w.Price(t.Context(), w.register()); !errors.Is(err, purchase.ErrNoPrice) {
			t.Errorf("%s: %v, %v", generation, offer.Money, err)
		}
	}
}

func TestARowThatIsNotVisibleYetIsNoPurchaseYet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behaves(dataversesim.RowVisibility, "delayed"))
	k := w.register()
	if _, err := w.Price(t.Context(), k); !errors.Is(err, purchase.ErrNoPurchase) {
		t.Errorf("%v", err)
	}
	w.sim.Advance(5 * time.Second)
	if _, err := w.Price(t.Context(), k); err != nil {
		t.Errorf("%v", err)
	}
}

func TestCreationIsTakenToOurClock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.Advance(10 * time.Minute)
	before := time.Now()
	got, err := w.Price(t.Context(), w.register())
	if off := got.Created.Sub(before).Abs(); err != nil || off > 3*time.Second {
		t.Errorf("created %v from now, %v", off, err)
	}
}

func TestOneEventIsReadOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 4 {
		if _, err := w.Price(t.Context(), w.register()); err != nil {
			t.Fatal(err)
		}
	}
	if n := w.count(dataversesim.OpEvents); n != 1 {
		t.Errorf("the event was read %d times", n)
	}
}
