package bridge_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// full is a store that still reads and no longer keeps.
type full struct{ bridge.Store }

func (full) Keep(context.Context, bridge.Keeping) (bridge.Kept, error) {
	return bridge.Kept{}, errors.New("the disk is full")
}

func TestNothingIsAcknowledgedThatIsNotKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.nodeLike(t, bridge.Options{Owner: "a", Store: full{h.store}, Accounts: []bridge.Account{{Name: "shop", Kind: "psp", Environment: "main", Provider: h.psp}}})
	genuine := delivery(t, payment{Ref: "p1", Money: euros45, Kind: purchase.Captured, At: time.Now()}, "m1")
	for name, d := range map[string]purchase.Delivery{"read": genuine, "not understood": signed([]byte("no note"), "m2")} {
		if r := b.Receive(t.Context(), d); r.Outcome != bridge.Unavailable || r.RetryAfter <= 0 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	h.psp.blindness(true)
	if r := b.Receive(t.Context(), genuine); r.Outcome != bridge.Unavailable || r.RetryAfter <= 0 {
		t.Errorf("not checked yet: %+v", r)
	}
}
