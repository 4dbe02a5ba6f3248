package bridge_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// lost is an orphan that is on its way back: nobody answered the refund, and it does not show yet.
func (h *house) lost(t *testing.T) (*refunding, *bridge.Bridge, purchase.Key) {
	t.Helper()
	r, b := h.refunding(t)
	r.answers = []error{unhurried{errors.New("nobody answers"), time.Hour}}
	h.pay(t, b, "", "p1", euros45)
	orphan := purchase.Orphan("main", "shop", "p1")
	h.await(t, orphan.ID, purchase.StateHeld)
	r.show(false)
	decide(t, b, bridge.Decision{Key: orphan, Action: purchase.ActRefund})
	until(t, "the refund was not begun", func() bool { return h.begun(t, orphan) })
	return r, b, orphan
}

// begun tells whether a refund was begun and nobody has the purchase in hand any more, to ask what became of it.
func (h *house) begun(t *testing.T, key purchase.Key) bool {
	t.Helper()
	row, facts, err := h.store.Find(t.Context(), key)
	return err == nil && row.Stage == bridge.Waiting && len(kept(facts, purchase.Concluded, purchase.StepRefund)) > 0
}

// show says whether what went back can be seen.
func (r *refunding) show(seen bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hidden = !seen
}

// call gives the payments another name.
func (r *refunding) call(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.called = name
}

// awaitAsked waits until the provider was asked about the purchase's payments once more.
func (h *house) awaitAsked(t *testing.T, id string, times int) {
	t.Helper()
	until(t, "nobody asked", func() bool { return len(kept(h.factsOf(t, id), purchase.Asked, "")) > times })
}

func TestAnOrphanOnItsWayBackIsTiedToNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		called string // what the provider calls the payment now
		heard  bool   // somebody names the purchase; else the provider does when it is asked
	}{
		"when the provider is asked":       {},
		"when it goes by another name":     {called: "order-9"},
		"when somebody names the purchase": {heard: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, time.Minute)
			r, b, orphan := h.lost(t)
			pay := payment{Purchase: h.dynamics.register(euros45, time.Now()), Ref: "p1", Money: euros45, Kind: purchase.Captured, At: time.Now()}
			h.psp.set(pay)
			r.call(c.called)
			if c.heard {
				receive(t, b, delivery(t, pay, "m2"), bridge.Accepted)
			} else {
				before := len(kept(h.factsOf(t, orphan.ID), purchase.Asked, ""))
				decide(t, b, bridge.Decision{Key: orphan, Action: purchase.ActAsk})
				h.awaitAsked(t, orphan.ID, before)
			}
			if _, _, err := h.store.Find(t.Context(), purchase.Key{Environment: "main", ID: pay.Purchase}); !errors.Is(err, bridge.ErrNotFound) {
				t.Errorf("money that may be on its way back is the purchase's: %v", err)
			}
		})
	}
}

func TestAPersonTiesNoOrphanOnItsWayBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	_, b, orphan := h.lost(t)
	id := h.dynamics.register(euros45, time.Now())
	err := b.Decide(t.Context(), bridge.Decision{Key: orphan, Action: purchase.ActTie, Purchase: id, By: "ada", Reason: "the buyer called"})
	if !errors.Is(err, bridge.ErrNotAllowed) {
		t.Errorf("money whose refund is in doubt was tied: %v", err)
	}
}

func TestAnImportTiesNoOrphanOnItsWayBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	r, b, orphan := h.lost(t)
	id := h.dynamics.register(euros45, time.Now())
	_, err := b.Import(t.Context(), vouched(line(2, "", "book", purchase.Captured, 900), line(3, id, "p1", purchase.Captured, 4500)))
	var wrong *bridge.ImportError
	if !errors.As(err, &wrong) || wrong.Line != 3 || !strings.Contains(err.Error(), "on its way back") {
		t.Errorf("a file that names the purchase of money whose refund is in doubt: %v", err)
	}
	r.show(true)
	decide(t, b, bridge.Decision{Key: orphan, Action: purchase.ActAsk})
	h.await(t, orphan.ID, purchase.StateRefunded)
}
