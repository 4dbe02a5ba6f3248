package bridge_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func checkout(t *testing.T, b *bridge.Bridge, id string) bridge.CheckoutResult {
	t.Helper()
	r, err := b.Checkout(context.Background(), bridge.CheckoutRequest{Account: "shop", PurchaseID: id, Language: "fr"})
	if err != nil {
		t.Fatalf("checkout: %v", err)
	}
	return r
}

func TestABuyerIsSentToPayCapturedAndSeated(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	h.run(t, b)
	id := h.dynamics.register(euros45, time.Now())
	first, again := checkout(t, b, id), checkout(t, b, id)
	if first.Outcome != bridge.Redirected || first.Redirect != again.Redirect {
		t.Fatalf("a reload opened another session: %+v, %+v", first, again)
	}
	ref := strings.TrimPrefix(first.Redirect, "https://psp.example/pay/")
	h.psp.set(payment{Purchase: id, Ref: ref, Money: euros45, Kind: purchase.Approved, At: time.Now()})
	receive(t, b, delivery(t, payment{Ref: ref, Kind: purchase.Approved, At: time.Now()}, "m1"), bridge.Accepted)
	h.await(t, id, purchase.StateFinalized)
	if h.psp.captures != 1 || h.dynamics.seats(id) != 1 {
		t.Errorf("%d captures, %d seats", h.psp.captures, h.dynamics.seats(id))
	}
	if r := checkout(t, b, id); r.Outcome != bridge.AlreadyPaid || !strings.HasPrefix(r.Redirect, "https://pay.example/return/") {
		t.Errorf("a seated buyer was sent on: %+v", r)
	}
}

func TestNoBuyerIsSentToPayWithoutTimeOrPurchase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 10*time.Second)
	b := h.node(t, "a")
	late := h.dynamics.register(euros45, time.Now().Add(-9*time.Second))
	if r := checkout(t, b, late); r.Outcome != bridge.CheckoutExpired {
		t.Errorf("late: %+v", r)
	}
	if r := checkout(t, b, "99999999-0000-4000-8000-000000000001"); r.Outcome != bridge.UnknownPurchase {
		t.Errorf("unknown: %+v", r)
	}
	other := h.dynamics.register(euros45, time.Now())
	r, _ := b.Checkout(context.Background(), bridge.CheckoutRequest{Account: "shop", PurchaseID: other, Event: "ANOTHER"})
	if r.Outcome != bridge.BadRequest {
		t.Errorf("foreign event: %+v", r)
	}
}

func TestALinkThatLeadsNowhereCostsFewQuestions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 10*time.Second)
	b := h.node(t, "a")
	for range 20 {
		if r := checkout(t, b, "99999999-0000-4000-8000-000000000001"); r.Outcome != bridge.UnknownPurchase {
			t.Errorf("%+v", r)
		}
	}
	if h.dynamics.prices < 2 || h.dynamics.prices > 5 { // again for a moment, as it may be too fresh, and then no more
		t.Errorf("dynamics was asked %d times", h.dynamics.prices)
	}
}

func TestMoneyIsNotTakenAfterTheDeadline(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 3*time.Second)
	b := h.node(t, "a")
	h.run(t, b)
	id := h.dynamics.register(euros45, time.Now())
	ref := strings.TrimPrefix(checkout(t, b, id).Redirect, "https://psp.example/pay/")
	time.Sleep(3100 * time.Millisecond)
	h.psp.set(payment{Purchase: id, Ref: ref, Money: euros45, Kind: purchase.Approved, At: time.Now()})
	receive(t, b, delivery(t, payment{Ref: ref, Kind: purchase.Approved, At: time.Now()}, "m1"), bridge.Accepted)
	h.await(t, id, purchase.StateAbandoned)
	if captures, _ := h.psp.calls(); captures != 0 {
		t.Error("money was taken after the deadline")
	}
}

func TestABuyerIsToldOnlyWhatIsProved(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	id := h.dynamics.register(euros45, time.Now())
	ref := strings.TrimPrefix(checkout(t, b, id).Redirect, "https://psp.example/pay/")
	token := tokenFor(t, h, id, ref)
	visit := func(how purchase.Return) bridge.BuyerState {
		v, err := b.Visit(context.Background(), token, how)
		if err != nil {
			t.Fatal(err)
		}
		return v.State
	}
	if s := visit(purchase.ReturnGivenUp); s != bridge.BuyerCancelled {
		t.Errorf("cancelled before anything was approved: %s", s)
	}
	if s := visit(purchase.ReturnPaying); s != bridge.BuyerUnknown {
		t.Errorf("back without news: %s", s)
	}
	h.psp.set(payment{Purchase: id, Ref: ref, Money: euros45, Kind: purchase.Approved, At: time.Now()})
	h.run(t, b)
	h.await(t, id, purchase.StateFinalized)
	if s := visit(purchase.ReturnGivenUp); s != bridge.BuyerConfirmed {
		t.Errorf("seated, whatever the address says: %s", s)
	}
	if _, err := b.Visit(context.Background(), "no such token", purchase.ReturnPaying); err == nil {
		t.Error("a guessed token was accepted")
	}
}

func TestNobodyIsToldThatNothingWasChargedWhileNobodyKnows(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	id := h.dynamics.register(euros45, time.Now())
	ref := strings.TrimPrefix(checkout(t, b, id).Redirect, "https://psp.example/pay/")
	token := tokenFor(t, h, id, ref)
	own := func(f purchase.Fact) bridge.Keeping {
		f.Purchase, f.Standing, f.Account, f.Payment = purchase.Key{Environment: "main", ID: id}, purchase.Own, "shop", ref
		f.Detail.Step = purchase.StepCapture
		return bridge.Keeping{Facts: []purchase.Fact{f}}
	}
	intent, err := h.store.Keep(t.Context(), own(purchase.Fact{Kind: purchase.Intended, Detail: purchase.Detail{SendBefore: time.Now()}}))
	if err != nil {
		t.Fatal(err)
	}
	for _, what := range []string{"while we take it", "while nobody knows whether we did"} {
		for _, how := range []purchase.Return{purchase.ReturnGivenUp, purchase.ReturnLooking, purchase.ReturnPaying} {
			if v, err := b.Visit(t.Context(), token, how); err != nil || v.State != bridge.BuyerUnknown || v.Retry != "" {
				t.Errorf("%s, back %q: %+v, %v", what, how, v, err)
			}
		}
		ended := purchase.Fact{Kind: purchase.Concluded, Attempt: intent.New[0].Number, Detail: purchase.Detail{Result: purchase.Unknown}}
		if _, err := h.store.Keep(t.Context(), own(ended)); err != nil {
			t.Fatal(err)
		}
	}
}

// tokenFor plants a token of the test's own: real ones are only in the provider's hands.
func tokenFor(t *testing.T, h *house, id, ref string) string {
	t.Helper()
	const token = "a token of the test"
	_, err := h.store.Keep(context.Background(), bridge.Keeping{Token: &bridge.Token{Hash: bridge.TokenHash(token),
		Purchase: purchase.Key{Environment: "main", ID: id}, Account: "shop", Payment: ref, Language: "fr", Expires: time.Now().Add(time.Hour)}})
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestAFormIsMadeAnewForTheSameSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.psp.form = true
	b := h.node(t, "a")
	id := h.dynamics.register(euros45, time.Now())
	first, again := checkout(t, b, id), checkout(t, b, id)
	if len(first.Form) != 2 || first.Redirect != again.Redirect || first.Form[0] != again.Form[0] {
		t.Fatalf("a reload opened another session: %+v, %+v", first, again)
	}
	if first.Form[1] == again.Form[1] {
		t.Error("the way back is known, although only its hash is kept")
	}
	for _, r := range []bridge.CheckoutResult{first, again} {
		if v, err := b.Visit(context.Background(), strings.TrimPrefix(r.Form[1].Value, "https://pay.example/return/"), purchase.ReturnPaying); err != nil {
			t.Errorf("%+v, %v", v, err)
		}
	}
}

// Where nobody can be asked, who did not pay comes back by another address than who did, also with a second card.
func TestABuyerWhoCameBackFromWhomNobodyCanAskIsNotForgotten(t *testing.T) {
	t.Parallel()
	for how, want := range map[purchase.Return]purchase.State{purchase.ReturnGivenUp: purchase.StateAbandoned, purchase.ReturnPaying: purchase.StateHeld} {
		for _, refused := range []bool{false, true} {
			h := newHouse(t, 4*time.Second)
			b := h.nodeWith(t, "a", bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: deaf{h.psp}})
			h.run(t, b)
			id := h.dynamics.register(euros45, time.Now())
			ref := strings.TrimPrefix(checkout(t, b, id).Redirect, "https://psp.example/pay/")
			if refused {
				receive(t, b, delivery(t, payment{Purchase: id, Ref: ref, Kind: purchase.Failed, At: time.Now()}, "m1"), bridge.Accepted)
			}
			if _, err := b.Visit(t.Context(), tokenFor(t, h, id, ref), how); err != nil {
				t.Fatal(err)
			}
			if row := h.await(t, id, want); want == purchase.StateHeld && row.Summary.Cause != purchase.CauseUnproved {
				t.Errorf("refused before %t, back %q: on the desk as %s", refused, how, row.Summary.Cause)
			}
		}
	}
}

func TestASessionThatNobodyPaidIsEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 4*time.Second)
	h.psp.endable = true
	b := h.node(t, "a")
	h.run(t, b)
	id := h.dynamics.register(euros45, time.Now())
	checkout(t, b, id)
	h.await(t, id, purchase.StateAbandoned)
	h.psp.mu.Lock()
	defer h.psp.mu.Unlock()
	if h.psp.voids != 1 || h.psp.payments["order-1"].Kind != purchase.Lapsed {
		t.Errorf("%d times ended: %+v", h.psp.voids, h.psp.payments)
	}
}

func TestASessionOfAnotherNameIsAskedAboutAndEndedByThat(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 4*time.Second)
	h.psp.endable, h.psp.apart = true, true
	b := h.node(t, "a")
	h.run(t, b)
	paid, unpaid := h.dynamics.register(euros45, time.Now()), h.dynamics.register(euros45, time.Now())
	checkout(t, b, paid)
	checkout(t, b, unpaid)
	h.psp.set(payment{Purchase: paid, Ref: "order-1", Money: euros45, Kind: purchase.Captured, At: time.Now()})
	h.await(t, paid, purchase.StateFinalized)
	h.await(t, unpaid, purchase.StateAbandoned)
	h.psp.mu.Lock()
	defer h.psp.mu.Unlock()
	if h.psp.payments["order-2"].Kind != purchase.Lapsed {
		t.Errorf("nobody ended it: %+v", h.psp.payments)
	}
	for _, name := range []string{"order-1", "session-order-1"} {
		if key, err := h.store.Resolve(context.Background(), "shop", name); err != nil || key.ID != paid {
			t.Errorf("%s is of %v, %v", name, key, err)
		}
	}
}

func TestAPaidPurchaseEndsItsOtherSession(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.psp.endable = true
	b := h.node(t, "a")
	h.run(t, b)
	id := h.dynamics.register(euros45, time.Now())
	checkout(t, b, id)
	other := payment{Purchase: id, Ref: "elsewhere", Money: euros45, Kind: purchase.Captured, At: time.Now()}
	h.psp.set(other)
	receive(t, b, delivery(t, other, "m1"), bridge.Accepted)
	h.await(t, id, purchase.StateFinalized)
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		h.psp.mu.Lock()
		ended := h.psp.payments["order-1"].Kind == purchase.Lapsed
		h.psp.mu.Unlock()
		if ended {
			return
		}
		if time.Now().After(end) {
			t.Fatal("the buyer can still pay a second time")
		}
	}
}
