package main

import (
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// In a sale whose callback address is dark from its first minute to beyond every deadline, each payment gets its seat in time: those of the
// redirect leg because they are asked about, those of which nobody here has heard because the providers' lists name them.
func TestASaleWithoutOneNotificationLosesNoSeat(t *testing.T) {
	t.Parallel()
	const window = 30 * time.Second
	dir := t.TempDir()
	w, err := startWorld(dir, demoOptions{seed: 5, window: window, dialect: "realtime", providers: []string{"paypal", "stripe", "mollie", "mollie-nextgen"},
		db: filepath.Join(dir, "paybridge.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.stop)
	c := &town{world: w, t: t, dir: dir, front: dark}
	c.open()
	var buyers sync.WaitGroup
	var mu sync.Mutex
	var paid []string
	for i, s := range w.shops {
		for n, turn := range []turn{turnLostWebhook, turnButton, turnLostWebhook, turnButton} {
			buyers.Go(func() {
				b := &buyer{world: w, shop: s, scene: scene{Number: 10*i + n, Turn: turn, Provider: s.Name, Page: turn == turnLostWebhook, Passes: []int{n % demoPasses},
					Pays: time.Duration(n)*window/10 + 100*time.Millisecond}}
				if err := b.play(t.Context()); err != nil {
					t.Errorf("%s at %s: %v", turn, s.Name, err)
				}
				mu.Lock()
				defer mu.Unlock()
				paid = append(paid, b.purchase)
			})
		}
	}
	buyers.Wait()
	least := window
	for _, id := range paid {
		row := c.await(id, purchase.StateFinalized)
		least = min(least, row.Summary.Deadline.At.Sub(row.Summary.RegisteredAt))
		if row.Summary.RegisteredAt.After(row.Summary.Deadline.At) {
			t.Errorf("%s has its seat after the deadline", id)
		}
	}
	t.Logf("%d payments, least time left at the seat %.1fs of %s", len(paid), least.Seconds(), window)
	for id, h := range w.seats() {
		if h.seats != 1 {
			t.Errorf("%s has %d seats", id, h.seats)
		}
	}
	const discovered = "paybridge_payments_discovered_total"
	if polled, heard := c.counted(discovered, "source", "poll"), c.counted(discovered, "source", "callback"); int(polled) != len(paid) || heard != 0 {
		t.Errorf("%v payments were learned of by asking, %v by callback; want %d and none", polled, heard, len(paid))
	}
	for _, s := range w.shops {
		if len(s.Deliveries()) == 0 {
			t.Errorf("%s notified nobody", s.Name)
		}
	}
}

// dark is a public face whose callbacks do not arrive.
func dark(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/callback/") {
			http.Error(w, "dark", http.StatusBadGateway)
			return
		}
		next.ServeHTTP(w, r)
	})
}
