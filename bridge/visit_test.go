package bridge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// refusedBuyer is a buyer whose first card was refused at a provider that takes the money by itself.
func refusedBuyer(t *testing.T, wrap func(*psp) bridge.Provider) (h *house, b *bridge.Bridge, refusal payment, visit func(purchase.Return) bridge.Visit) {
	t.Helper()
	h = newHouse(t, 50*time.Minute) // nothing is asked about by the clock while the test lasts
	h.psp.endable = true
	b = h.nodeWith(t, "a", bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: wrap(h.psp)})
	h.run(t, b)
	id := h.dynamics.register(euros45, time.Now())
	ref := strings.TrimPrefix(checkout(t, b, id).Redirect, "https://psp.example/pay/")
	refusal = payment{Purchase: id, Ref: ref, Kind: purchase.Failed, At: time.Now()}
	h.psp.set(refusal)
	token := tokenFor(t, h, id, ref)
	return h, b, refusal, func(how purchase.Return) bridge.Visit {
		v, err := b.Visit(t.Context(), token, how)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func TestWhoComesBackIsNotToldOfARefusalBeforeTheProviderIsAskedAgain(t *testing.T) {
	t.Parallel()
	h, _, pay, visit := refusedBuyer(t, func(p *psp) bridge.Provider { return p })
	if v := visit(purchase.ReturnPaying); v.State != bridge.BuyerUnknown {
		t.Errorf("who just came back is told %s", v.State)
	}
	until(t, "the buyer never is told", func() bool { return visit(purchase.ReturnLooking).State == bridge.BuyerRefused })
	pay.Kind, pay.Money = purchase.Captured, euros45 // the second card, a moment later, and nobody tells of it
	h.psp.set(pay)
	time.Sleep(1100 * time.Millisecond)
	if v := visit(purchase.ReturnPaying); v.State != bridge.BuyerUnknown || !v.Noted {
		t.Errorf("who paid with another card is told %s", v.State)
	}
	h.await(t, pay.Purchase, purchase.StateFinalized)
	if v := visit(purchase.ReturnLooking); v.State != bridge.BuyerConfirmed {
		t.Errorf("who has a seat is told %s", v.State)
	}
}

func TestWhereNobodyCanBeAskedARefusalSaysNothingOfTheNextCard(t *testing.T) {
	t.Parallel()
	h, b, pay, visit := refusedBuyer(t, func(p *psp) bridge.Provider { return deaf{p} })
	receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
	for _, how := range []purchase.Return{purchase.ReturnLooking, purchase.ReturnGivenUp} {
		if v := visit(how); v.State != bridge.BuyerOneRefused || v.Retry == "" || v.TimeLeft <= 0 {
			t.Errorf("back %q: %+v", how, v)
		}
	}
	time.Sleep(1100 * time.Millisecond)
	for _, how := range []purchase.Return{purchase.ReturnPaying, purchase.ReturnLooking} {
		if v := visit(how); v.State != bridge.BuyerUnknown || v.Retry != "" {
			t.Errorf("with a second card, back %q: %+v", how, v)
		}
	}
	pay.Kind, pay.Money = purchase.Captured, euros45
	receive(t, b, delivery(t, pay, "m2"), bridge.Accepted)
	h.await(t, pay.Purchase, purchase.StateFinalized)
	if v := visit(purchase.ReturnLooking); v.State != bridge.BuyerConfirmed {
		t.Errorf("who has a seat is told %s", v.State)
	}
}

func TestASessionThatOneAttemptUsesUpIsNotOfferedAgain(t *testing.T) {
	t.Parallel()
	for once, same := range map[bool]bool{true: false, false: true} {
		_, b, pay, _ := refusedBuyer(t, func(p *psp) bridge.Provider {
			p.once = once
			return deaf{p}
		})
		before := checkout(t, b, pay.Purchase).Redirect
		receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
		if after := checkout(t, b, pay.Purchase).Redirect; (after == before) != same {
			t.Errorf("one try only %t: from %s to %s", once, before, after)
		}
	}
}
