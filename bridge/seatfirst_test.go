package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	until(t, fmt.Sprintf("the payment never is %s", want), func() bool { return h.truth(ref) == want })
}

func TestSeatFirstTheMoneyIsTakenOnceTheSeatIsThere(t *testing.T) {
	t.Parallel()
	h, b, id, ref := reserved(t, time.Minute)
	h.reserve(t, b, id, ref)
	h.awaitTruth(t, ref, purchase.Captured)
	if row := h.await(t, id, purchase.StateFinalized); h.dynamics.seats(id) != 1 || row.Summary.Cause != purchase.CauseNone {
		t.Errorf("%d seats, %+v", h.dynamics.seats(id), row.Summary)
	}
	if captures, voids := h.psp.calls(); captures != 1 || voids != 0 {
		t.Errorf("%d captures, %d voids", captures, voids)
	}
}

func TestSeatFirstNobodyIsChargedWithoutASeat(t *testing.T) {
	t.Parallel()
	h, b, id, ref := reserved(t, 6*time.Second)
	h.dynamics.mu.Lock()
	h.dynamics.onFinalize = func(int, *registration) (purchase.Outcome, bool) {
		return purchase.Outcome{Result: purchase.Refused, Reason: "full"}, false
	}
	h.dynamics.mu.Unlock()
	h.reserve(t, b, id, ref)
	h.awaitTruth(t, ref, purchase.Lapsed)
	h.await(t, id, purchase.StateAbandoned)
	if v, err := b.Visit(t.Context(), tokenFor(t, h, id, ref), purchase.ReturnPaying); err != nil || v.State != bridge.BuyerExpired {
		t.Errorf("the buyer is told %q, %v", v.State, err)
	}
	if captures, voids := h.psp.calls(); captures != 0 || voids != 1 {
		t.Errorf("%d captures, %d voids", captures, voids)
	}
}

func TestSeatFirstASeatWhoseMoneyCannotBeTakenIsOnTheDesk(t *testing.T) {
	t.Parallel()
	h, b, id, ref := reserved(t, time.Minute)
	h.psp.mu.Lock()
	h.psp.broke = true
	h.psp.mu.Unlock()
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

// agreeing is a provider whose buyers only agree: the money is reserved when we say so.
type agreeing struct {
	*psp
	keys    map[string]bool
	answers []error // of the next calls; they take effect all the same
}

func (a *agreeing) Reserve(_ context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	pay := a.payments[ref.Payment]
	a.keys[key] = true
	pay.Kind, pay.At = purchase.Authorised, time.Now()
	var answer error
	if len(a.answers) > 0 {
		answer, a.answers = a.answers[0], a.answers[1:]
	}
	if answer != nil {
		if _, again := purchase.Retry(answer); !again {
			pay.Kind = purchase.Failed
			return []purchase.Fact{pay.fact(purchase.Proved)}, answer
		}
		return nil, answer
	}
	a.payments[ref.Payment] = pay
	return []purchase.Fact{pay.fact(purchase.Proved)}, nil
}

// operations counts the operations and the captures.
func (a *agreeing) operations() (keys, captures int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.keys), a.captures
}

// agreed is a buyer who agreed at such a provider.
func agreed(t *testing.T, answers ...error) (h *house, a *agreeing, b *bridge.Bridge, id, ref string) {
	t.Helper()
	h = newHouse(t, time.Minute)
	h.policy.Reserving = []string{"shop"}
	a = &agreeing{psp: h.psp, keys: map[string]bool{}, answers: answers}
	b = h.nodeWith(t, "a", bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: a})
	h.run(t, b)
	id = h.dynamics.register(euros45, time.Now())
	ref = strings.TrimPrefix(checkout(t, b, id).Redirect, "https://psp.example/pay/")
	note := payment{Purchase: id, Ref: ref, Money: euros45, Kind: purchase.Approved, At: time.Now()}
	h.psp.set(note)
	receive(t, b, delivery(t, note, "m1"), bridge.Accepted)
	return h, a, b, id, ref
}

func TestSeatFirstWhatTheBuyerAgreedToIsReservedByUsAndTakenOnceTheSeatIsThere(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]error{"at once": nil, "after an answer that was lost": {errors.New("nobody answers")}} {
		h, a, _, id, ref := agreed(t, answers...)
		h.awaitTruth(t, ref, purchase.Captured)
		h.await(t, id, purchase.StateFinalized)
		if keys, captures := a.operations(); keys != 1 || captures != 1 || h.dynamics.seats(id) != 1 {
			t.Errorf("%s: %d keys, %d captures, %d seats", name, keys, captures, h.dynamics.seats(id))
		}
	}
}

func TestSeatFirstAReservationThatIsTurnedDownWaitsForTheBuyer(t *testing.T) {
	t.Parallel()
	no := final{errors.New("the bank says no")}
	h, a, b, id, ref := agreed(t, no, no)
	visit := func(how purchase.Return) bridge.BuyerState {
		v, err := b.Visit(t.Context(), tokenFor(t, h, id, ref), how)
		if err != nil {
			t.Fatal(err)
		}
		return v.State
	}
	refused := func(keys int) {
		t.Helper()
		until(t, "the buyer never is told", func() bool {
			n, _ := a.operations()
			return n == keys && visit(purchase.ReturnLooking) == bridge.BuyerRefused
		})
	}
	refused(1)
	for range 3 { // neither a page that looks again nor a buyer who gives up is a wish to pay
		time.Sleep(2100 * time.Millisecond)
		visit(purchase.ReturnGivenUp)
		refused(1)
	}
	time.Sleep(2100 * time.Millisecond)
	if s := visit(purchase.ReturnPaying); s != bridge.BuyerUnknown {
		t.Errorf("who comes back to pay, which is tried again, is told %s", s)
	}
	refused(2)
	if keys, captures := a.operations(); keys != 2 || captures != 0 || h.dynamics.seats(id) != 0 {
		t.Errorf("%d keys, %d captures, %d seats", keys, captures, h.dynamics.seats(id))
	}
}

func TestSeatFirstWhoReloadsTheWayBackDoesNotHammerTheProvider(t *testing.T) {
	t.Parallel()
	no := final{errors.New("the bank says no")}
	h, a, b, id, ref := agreed(t, slices.Repeat([]error{no}, 1000)...)
	token := tokenFor(t, h, id, ref)
	for end := time.Now().Add(8 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if _, err := b.Visit(t.Context(), token, purchase.ReturnPaying); err != nil {
			t.Fatal(err)
		}
	}
	h.psp.mu.Lock()
	asks := h.psp.asks
	h.psp.mu.Unlock()
	if keys, _ := a.operations(); keys < 2 || keys > 4 || asks > 30 { // at 0, 1, 3 and 7 seconds; each is looked at, and so is each return
		t.Errorf("%d tries and %d looks in eight seconds", keys, asks)
	}
}
