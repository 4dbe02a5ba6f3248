package mollie_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// refundedTwice gives a third back twice under one key, and fails to give back more than is left.
func (w *world) refundedTwice(t *testing.T, ref purchase.Ref) {
	t.Helper()
	part := purchase.Money{Minor: 1500, Currency: "EUR"}
	for range 2 {
		refund, err := w.Refund(t.Context(), ref, part, "refund-1")
		if err != nil || len(refund) != 1 || refund[0].Kind != purchase.Refunded || refund[0].Money != part || refund[0].Purchase.ID != providertest.PurchaseID {
			t.Fatalf("%v, %v", refund, err)
		}
		asked, err := w.Ask(t.Context(), ref)
		if err != nil || len(asked) != 2 || purchase.Identify(asked[1]).ID != purchase.Identify(refund[0]).ID {
			t.Errorf("asked %v, %v, answered %v", asked, err, refund)
		}
	}
	if n := len(w.Sim.Refunds()); n != 1 {
		t.Errorf("%d refunds under one key", n)
	}
	for _, much := range []purchase.Money{providertest.Euros45, {Minor: 3001, Currency: "EUR"}, {Minor: 100, Currency: "USD"}} {
		if _, err := w.Refund(t.Context(), ref, much, "refund-2"); !final(err) {
			t.Errorf("more than is left, %s: %v", much, err)
		}
	}
	for _, key := range []string{"", strings.Repeat("k", 256)} {
		if _, err := w.Refund(t.Context(), ref, part, key); !final(err) {
			t.Errorf("with the key %.9q: %v", key, err)
		}
	}
}

func TestARefundThatComesToNothingCountsNoMore(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world, _ providersim.MollieVariant) {
		id := w.sold(t)
		ref := purchase.Ref{Payment: id}
		made, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-1")
		if err != nil {
			t.Fatal(err)
		}
		for _, turn := range []struct {
			to   string
			kind purchase.Kind
		}{{"processing", purchase.Refunded}, {"refunded", purchase.Refunded}, {"failed", purchase.Failed}} {
			if err := w.Sim.Turn(made[0].Object, turn.to); err != nil {
				t.Fatal(err)
			}
			facts, err := w.Ask(t.Context(), ref)
			if err != nil || len(facts) != 2 || facts[1].Kind != turn.kind || facts[1].Version < made[0].Version {
				t.Errorf("%s: %v, %v", turn.to, facts, err)
			}
		}
		if _, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-1"); !final(err) {
			t.Errorf("a refund that failed is made again under its key: %v", err)
		}
		if again, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-2"); err != nil || again[0].Kind != purchase.Refunded {
			t.Errorf("what came back cannot be refunded: %v, %v", again, err)
		}
	})
}

func TestAChargebackThatIsReversedBringsTheMoneyBack(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world, _ providersim.MollieVariant) {
		id := w.sold(t)
		if err := w.Sim.GiveBack(id, "", true); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Refund(t.Context(), purchase.Ref{Payment: id}, providertest.Euros45, "refund-1"); !final(err) {
			t.Errorf("money that the bank took is refunded: %v", err)
		}
		facts, err := w.Ask(t.Context(), purchase.Ref{Payment: id})
		if err != nil || len(facts) != 2 || facts[1].Kind != purchase.Reversed {
			t.Fatalf("%v, %v", facts, err)
		}
		if err := w.Sim.Turn(facts[1].Object, "reversed"); err != nil {
			t.Fatal(err)
		}
		again, err := w.Ask(t.Context(), purchase.Ref{Payment: id})
		if err != nil || again[1].Kind != purchase.Failed || again[1].Object != facts[1].Object || again[1].Version <= facts[1].Version {
			t.Errorf("%v, %v", again, err)
		}
	})
}

// A refund is found by its key long after Mollie forgot it.
func TestTheSameKeyNeverRefundsTwiceHoweverLate(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now()}
	w := openWorld(t, func(s providersim.Config) *providersim.Mollie {
		s.Now = c.now
		return providersim.NewMollie(s)
	}, section(t))
	ref := purchase.Ref{Payment: w.sold(t)}
	part := purchase.Money{Minor: 100, Currency: "EUR"}
	for range 5 {
		if _, err := w.Refund(t.Context(), ref, part, "refund-1"); err != nil {
			t.Fatal(err)
		}
		c.move(2 * time.Hour)
	}
	if n := len(w.Sim.Refunds()); n != 1 {
		t.Errorf("%d refunds", n)
	}
	// The simulator does forget: the same call made by hand is another refund.
	request := w.lastRequest(t, "refund")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.Server.URL+request.Path, strings.NewReader(request.Body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = request.Header
	resp, err := w.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n := len(w.Sim.Refunds()); n != 2 {
		t.Errorf("after hours the key still holds: %d refunds, %s", n, resp.Status)
	}
}

// lastRequest is the last call of an operation that reached the simulator.
func (w *world) lastRequest(t *testing.T, operation string) providersim.Request {
	t.Helper()
	for _, r := range slices.Backward(w.Sim.Requests()) {
		if r.Operation == operation {
			return r
		}
	}
	t.Fatalf("there was no %s", operation)
	return providersim.Request{}
}
