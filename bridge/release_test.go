package bridge_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// forsaken is a house with a buyer who went to the pay page and whose session then ended unpaid.
func forsaken(t *testing.T, window time.Duration) (h *house, b *bridge.Bridge, id, ref string) {
	t.Helper()
	h = newHouse(t, window)
	h.policy.Releases = true
	b = h.node(t, "a")
	h.run(t, b)
	id = h.dynamics.register(euros45, time.Now())
	ref = strings.TrimPrefix(checkout(t, b, id).Redirect, "https://psp.example/pay/")
	note := payment{Purchase: id, Ref: ref, Kind: purchase.Lapsed, At: time.Now()}
	h.psp.set(note)
	receive(t, b, delivery(t, note, "m1"), bridge.Accepted)
	return h, b, id, ref
}

func (h *house) freed(id string) (released bool, calls int) {
	h.dynamics.mu.Lock()
	defer h.dynamics.mu.Unlock()
	return h.dynamics.purchases[id].released, h.dynamics.releases
}

func TestASeatThatNobodyCanPayForIsGivenFreeAndTheBuyerIsToldSo(t *testing.T) {
	t.Parallel()
	h, b, id, ref := forsaken(t, 10*time.Second)
	row := h.await(t, id, purchase.StateAbandoned)
	if released, calls := h.freed(id); !released || calls != 1 || !time.Now().Before(row.Summary.Deadline.At) {
		t.Errorf("given free: %t, %d calls, %s before the deadline", released, calls, time.Until(row.Summary.Deadline.At))
	}
	asked := h.dynamics.asked()
	if r := checkout(t, b, id); r.Outcome != bridge.CheckoutExpired || h.dynamics.asked() != asked {
		t.Errorf("who comes late is answered %s, and Dynamics asked %d times", r.Outcome, h.dynamics.asked()-asked)
	}
	v, err := b.Visit(t.Context(), tokenFor(t, h, id, ref), purchase.ReturnGivenUp)
	if err != nil || v.State != bridge.BuyerExpired || v.Retry != "" {
		t.Errorf("who comes back is told %+v, %v", v, err)
	}
}

func TestAReleaseThatNobodyAnsweredIsRepeated(t *testing.T) {
	t.Parallel()
	h, _, id, _ := forsaken(t, 20*time.Second)
	h.dynamics.mu.Lock()
	h.dynamics.onRelease = func(n int) (purchase.Outcome, bool) {
		if n == 1 {
			return purchase.Outcome{Result: purchase.Unknown}, true
		}
		return purchase.Outcome{Result: purchase.Refused, Reason: "not active"}, false
	}
	h.dynamics.mu.Unlock()
	h.await(t, id, purchase.StateAbandoned)
	if released, calls := h.freed(id); !released || calls != 2 {
		t.Errorf("given free: %t, %d calls", released, calls)
	}
}

func TestMoneyForASeatThatWasGivenFreeIsOnTheDeskAndNeverFinalized(t *testing.T) {
	t.Parallel()
	h, b, id, _ := forsaken(t, 10*time.Second)
	h.await(t, id, purchase.StateAbandoned)
	note := payment{Purchase: id, Ref: "elsewhere", Money: euros45, Kind: purchase.Captured, At: time.Now()}
	h.psp.set(note)
	receive(t, b, delivery(t, note, "m2"), bridge.Accepted)
	if row := h.await(t, id, purchase.StateHeld); row.Summary.Cause != purchase.CauseSeatReleased {
		t.Errorf("%+v", row.Summary)
	}
	h.dynamics.mu.Lock()
	defer h.dynamics.mu.Unlock()
	if h.dynamics.finalizes != 0 || h.dynamics.purchases[id].seats != 0 {
		t.Errorf("%d finalizes", h.dynamics.finalizes)
	}
}

// slowly opens its sessions so slowly that the seat is given free meanwhile.
type slowly struct {
	*psp
	meanwhile func()
}

func (s slowly) Open(ctx context.Context, o purchase.Order) (purchase.Checkout, error) {
	made, err := s.psp.Open(ctx, o)
	s.meanwhile()
	return made, err
}

func TestABuyerIsNotSentToPayForASeatThatWasGivenFreeMeanwhile(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	id := h.dynamics.register(euros45, time.Now())
	b := h.nodeWith(t, "a", bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: slowly{h.psp, func() {
		intent := purchase.Fact{Purchase: purchase.Key{Environment: "main", ID: id}, Kind: purchase.Intended, Standing: purchase.Own, At: time.Now(),
			Detail: purchase.Detail{Step: purchase.StepRelease, SendBefore: time.Now()}}
		if _, err := h.store.Keep(t.Context(), bridge.Keeping{Facts: []purchase.Fact{intent}}); err != nil {
			t.Error(err)
		}
	}}})
	if r := checkout(t, b, id); r.Outcome != bridge.CheckoutExpired || r.Redirect != "" {
		t.Errorf("%+v", r)
	}
}
