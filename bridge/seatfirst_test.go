package bridge_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// reserved is a house whose account reserves first, and a buyer there whose money is reserved.
func reserved(t *testing.T, window time.Duration) (h *house, b *bridge.Bridge, id, ref string) {
	t.Helper()
	h = newHouse(t, window)
	h.policy.Reserving = []string{"shop"}
	b = h.node(t, "a")
	h.run(t, b)
	id = h.dynamics.register(euros45, time.Now())
	ref = strings.TrimPrefix(checkout(t, b, id).Redirect, "https://psp.example/pay/")
	return h, b, id, ref
}

func (h *house) reserve(t *testing.T, b *bridge.Bridge, id, ref string) {
	t.Helper()
	note := payment{Purchase: id, Ref: ref, Money: euros45, Kind: purchase.Authorised, At: time.Now()}
	h.psp.set(note)
	receive(t, b, delivery(t, note, "m1"), bridge.Accepted)
}

func (h *house) truth(ref string) purchase.Kind {
	h.psp.mu.Lock()
	defer h.psp.mu.Unlock()
	return h.psp.payments[ref].Kind
}

func (h *house) awaitTruth(t *testing.T, ref string, want purchase.Kind) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); h.truth(ref) != want; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("the payment is %s, want %s", h.truth(ref), want)
		}
	}
}

func TestSeatFirstTheMoneyIsTakenOnceTheSeatIsThere(t *testing.T) {
	t.Parallel()
	h, b, id, ref := reserved(t, time.Minute)
	h.reserve(t, b, id, ref)
	h.awaitTruth(t, ref, purchase.Captured)
	if row := h.await(t, id, purchase.StateFinalized); h.dynamics.seats(id) != 1 || row.Summary.Cause != purchase.CauseNone {
		t.Errorf("%d seats, %+v", h.dynamics.seats(id), row.Summary)
	}
	if h.psp.captures != 1 || h.psp.voids != 0 {
		t.Errorf("%d captures, %d voids", h.psp.captures, h.psp.voids)
	}
}

func TestSeatFirstNobodyIsChargedWithoutASeat(t *testing.T) {
	t.Parallel()
	h, b, id, ref := reserved(t, 6*time.Second)
	h.dynamics.onFinalize = func(int, *registration) (purchase.Outcome, bool) {
		return purchase.Outcome{Result: purchase.Refused, Reason: "full"}, false
	}
	h.reserve(t, b, id, ref)
	h.awaitTruth(t, ref, purchase.Lapsed)
	if v, err := b.Visit(t.Context(), tokenFor(t, h, id, ref), false); err != nil || v.State != bridge.BuyerExpired {
		t.Errorf("the buyer is told %q, %v", v.State, err)
	}
	h.await(t, id, purchase.StateAbandoned)
	if h.psp.captures != 0 || h.psp.voids != 1 {
		t.Errorf("%d captures, %d voids", h.psp.captures, h.psp.voids)
	}
}

func TestSeatFirstASeatWhoseMoneyCannotBeTakenIsOnTheDesk(t *testing.T) {
	t.Parallel()
	h, b, id, ref := reserved(t, time.Minute)
	h.psp.broke = true
	h.reserve(t, b, id, ref)
	if row := h.await(t, id, purchase.StateHeld); row.Summary.Cause != purchase.CauseCaptureFailed || !row.Summary.Registered {
		t.Errorf("%+v", row.Summary)
	}
}

func TestSeatFirstNeedsAProviderThatCanTakeAndGiveBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.policy.Reserving = []string{"shop"}
	_, err := bridge.New(bridge.Options{Environments: []bridge.Environment{{Name: "main", Registrar: h.dynamics, Policy: h.policy}},
		Accounts: []bridge.Account{{Name: "shop", Kind: "psp", Environment: "main", Provider: deaf{h.psp}}}})
	if err == nil || !strings.Contains(err.Error(), "before_registration") {
		t.Errorf("%v", err)
	}
}
