package bridge_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// counted is chance that can be told again.
type counted struct {
	chance
	n atomic.Int32
}

func (c *counted) Token() string { return fmt.Sprintf("chance-%d", c.n.Add(1)) }

func TestEveryWayBackIsUnguessableAndEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Hour)
	h.psp.form = true
	b := h.nodeLike(t, bridge.Options{Owner: "a", Chance: new(counted), Accounts: []bridge.Account{{Name: "shop", Kind: "psp", Environment: "main", Provider: h.psp}}})
	id := h.dynamics.register(euros45, time.Now())
	for n := 1; n <= 2; n++ {
		back := checkout(t, b, id).Form[1].Value
		token, ours := strings.CutPrefix(back, "https://pay.example/return/")
		if want := fmt.Sprintf("chance-%d", n); !ours || token != want {
			t.Fatalf("the way back is %s, want one that ends in %s", back, want)
		}
		kept, err := h.store.FindToken(t.Context(), bridge.TokenHash(token))
		if err != nil || kept.Purchase.ID != id || kept.Expires.After(time.Now().Add(7*24*time.Hour)) {
			t.Errorf("it stands for %+v, %v", kept, err)
		}
		if _, err := h.store.FindToken(t.Context(), token); err == nil {
			t.Error("the store holds the way back itself")
		}
	}
}

func TestNoCredentialIsKeptWithADelivery(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.node(t, "a")
	h.psp.blindness(true)
	d := delivery(t, payment{Ref: "p1", Money: euros45, Kind: purchase.Captured}, "m1")
	d.Received = time.Now().Add(-time.Hour)
	for _, name := range []string{"Authorization", "Cookie"} {
		d.Header.Set(name, "a secret")
	}
	receive(t, b, d, bridge.KeptUnchecked)
	kept, err := h.store.Unchecked(t.Context(), 1)
	if err != nil || len(kept) != 1 || kept[0].Header.Get("Signed") != "yes" {
		t.Fatalf("%+v, %v", kept, err)
	}
	for name, values := range kept[0].Header {
		if strings.Contains(strings.Join(values, " "), "a secret") {
			t.Errorf("%s is kept", name)
		}
	}
	if d.Header.Get("Authorization") == "" {
		t.Error("the header of who asked was changed")
	}
}
