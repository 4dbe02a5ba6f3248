package mollie_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// variants are what Mollie's documents leave open: an account must live with each.
var variants = map[string]providersim.MollieVariant{
	"the usual":     {},
	"the other way": {Cancelable: true, Final: true, SlowRelease: true, SlowCapture: true, CountsQueued: true, Bare: true},
}

// everywhere sells by both kinds of notifications, in each variant.
func everywhere(t *testing.T, test func(t *testing.T, w *world, v providersim.MollieVariant)) {
	t.Helper()
	for kind, make := range map[string]func(testing.TB) *world{"classic": newWorld, "signed": newEventsWorld} {
		for name, v := range variants {
			t.Run(kind+", "+name, func(t *testing.T) {
				t.Parallel()
				w := make(t)
				w.Sim.Vary(v)
				test(t, w, v)
			})
		}
	}
}

// opened is a payment of ours.
func (w *world) opened(t *testing.T, order purchase.Order) purchase.Checkout {
	t.Helper()
	made, err := w.Open(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// heard is everything that was delivered, read as it stands now.
func (w *world) heard(t *testing.T, n int) []string {
	t.Helper()
	var all []string
	for _, d := range w.Delivered(t, n) {
		reading, err := w.Read(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		for _, said := range providertest.Said(reading.Facts) {
			if !slices.Contains(all, said) {
				all = append(all, said)
			}
		}
	}
	return all
}

func TestAPaymentFromOpeningToRefund(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world, v providersim.MollieVariant) {
		made := w.opened(t, providertest.Order("open-1"))
		if made.Voidable != v.Cancelable || made.Capturable || time.Until(made.Until) < 10*time.Minute || len(made.Form) > 0 {
			t.Fatalf("%+v", made)
		}
		if again := w.opened(t, providertest.Order("open-1")); again.Payment != made.Payment {
			t.Errorf("the same order opened %+v", again)
		}
		other := providertest.Order("open-1")
		other.Return += "-other"
		if second := w.opened(t, other); second.Payment == made.Payment {
			t.Errorf("another way back opened %+v", second)
		}
		ref := purchase.Ref{Payment: made.Payment}
		if facts, err := w.Ask(t.Context(), ref); err != nil || len(facts) != 0 {
			t.Errorf("before anything: %v, %v", facts, err)
		}
		if to := w.Press(t, made.Payment, "pay"); to != "https://pay.example.org/return/token" {
			t.Errorf("paying leads to %s", to)
		}
		facts, err := w.Ask(t.Context(), ref)
		if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Captured || facts[0].Money != providertest.Euros45 {
			t.Fatalf("%v, %v", facts, err)
		}
		want := purchase.Detail{Event: providertest.EventID, User: providertest.ContactID, Sealed: true}
		if f := facts[0]; f.Purchase.ID != providertest.PurchaseID || f.Detail != want || f.Payment != made.Payment || f.At.IsZero() {
			t.Errorf("%+v", f)
		}
		if got := w.heard(t, 1); !slices.Equal(got, providertest.Said(facts)) {
			t.Errorf("heard %q, asked %q", got, providertest.Said(facts))
		}
		w.refundedTwice(t, ref)
		if err := w.Sim.GiveBack(made.Payment, "", true); err != nil {
			t.Fatal(err)
		}
		if facts, err = w.Ask(t.Context(), ref); err != nil || len(facts) != 3 || facts[2].Kind != purchase.Reversed || facts[2].Money.Minor != 3000 {
			t.Errorf("%v, %v", facts, err)
		}
		if got := w.heard(t, 3); !slices.Equal(got, providertest.Said(facts)) {
			t.Errorf("heard %q, asked %q", got, providertest.Said(facts))
		}
		if facts, err := w.Void(t.Context(), ref, "void-1"); !final(err) || len(facts) != 3 {
			t.Errorf("a paid payment is ended: %v, %v", facts, err)
		}
	})
}

func TestOutcomesThatNobodyKnowsMayBeRepeated(t *testing.T) {
	t.Parallel()
	kinds := []providersim.FaultKind{providersim.AfterDrop, providersim.AfterError, providersim.Drop, providersim.ServerError, providersim.BadGateway,
		providersim.RateLimit, providersim.EdgeRefusal, providersim.Unavailable, providersim.Garbage}
	for operation, do := range map[string]func(*testing.T, *world, purchase.Ref) error{
		"capture": func(t *testing.T, w *world, ref purchase.Ref) error {
			_, err := w.Capture(t.Context(), ref, "capture-1")
			return err
		},
		"void": func(t *testing.T, w *world, ref purchase.Ref) error {
			_, err := w.Void(t.Context(), ref, "void-1")
			return err
		},
		"refund": func(t *testing.T, w *world, ref purchase.Ref) error {
			_, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-1")
			return err
		},
		"create": func(t *testing.T, w *world, _ purchase.Ref) error {
			_, err := w.Open(t.Context(), providertest.Order("open-again"))
			return err
		},
		"get": func(t *testing.T, w *world, ref purchase.Ref) error {
			_, err := w.Ask(t.Context(), ref)
			return err
		},
	} {
		for _, kind := range kinds {
			t.Run(operation+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				order := providertest.Order("open-1")
				order.Reserve = operation != "refund"
				made := w.opened(t, order)
				w.Press(t, made.Payment, "pay")
				ref := purchase.Ref{Payment: made.Payment}
				w.Sim.AddFault(providersim.Fault{Operation: operation, Kind: kind, Times: 3})
				if err := do(t, w, ref); final(err) {
					t.Errorf("%v", err)
				}
				w.Sim.ClearFaults()
				if err := do(t, w, ref); err != nil {
					t.Errorf("again: %v", err)
				}
				if payments, refunds := len(w.Sim.Payments()), len(w.Sim.Refunds()); refunds > 1 || payments > 2 {
					t.Errorf("%d payments, %d refunds", payments, refunds)
				}
			})
		}
	}
}

func TestOddIdsAreAskedOfNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, id := range []string{"", "tr_../../x", "tr_1?x=y", "pl_0123456789", "ord_0123456789", "re_0123456789"} {
		if _, err := w.Ask(t.Context(), purchase.Ref{Payment: id}); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%q is asked for: %v", id, err)
		}
		if _, err := w.Capture(t.Context(), purchase.Ref{Payment: id}, "k"); !final(err) {
			t.Errorf("%q is captured: %v", id, err)
		}
		if _, err := w.Void(t.Context(), purchase.Ref{Payment: id}, "k"); !final(err) {
			t.Errorf("%q is ended: %v", id, err)
		}
		if _, err := w.Refund(t.Context(), purchase.Ref{Payment: id}, providertest.Euros45, "k"); !final(err) {
			t.Errorf("%q is refunded: %v", id, err)
		}
	}
	if asked := w.way.questions(); len(asked) != 0 {
		t.Errorf("asked: %v", asked)
	}
	gone := "tr_ItWasThereOnce"
	w.way.edit("/v2/payments/"+gone, "x", "x")
	if _, err := w.Ask(t.Context(), purchase.Ref{Payment: gone}); !errors.Is(err, purchase.ErrNoPayment) {
		t.Error(err)
	}
}
