package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/governor"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A flood of made-up purchase ids at the redirect leg, from an address that is not limited, gets its share of Dynamics and no more,
// while everybody who paid gets a seat.
func TestAFloodOfMadeUpPurchasesTakesNoSeatAway(t *testing.T) {
	t.Parallel()
	c := newTown(t, t.TempDir())
	c.open()
	const share = governor.DefaultRequests * governor.AnonymousShare / 100
	ctx, dry := context.WithCancel(t.Context())
	var flood sync.WaitGroup
	var sent atomic.Int64
	began := time.Now()
	for i := range 64 {
		flood.Go(func() {
			chance := rand.New(rand.NewPCG(7, uint64(i)))
			for ctx.Err() == nil {
				id := fmt.Sprintf("%08x-0000-4000-8000-%012x", chance.Uint32(), chance.Uint64()&0xffffffffffff)
				req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.public+"/pay/"+paypalAccount+"?purchaseId="+id, nil)
				if err != nil {
					t.Error(err)
					return
				}
				sent.Add(1)
				if resp, err := c.browser.Do(req); err == nil {
					resp.Body.Close()
				}
			}
		})
	}
	var paid []string
	for range 10 {
		id, _ := c.register()
		paid = append(paid, id)
		if _, err := c.paypal.Button(providersim.ButtonPayment{Purchase: id, Value: "45.00", Currency: "EUR"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(500 * time.Millisecond)
	}
	for _, id := range paid {
		c.await(id, purchase.StateFinalized)
	}
	dry()
	flood.Wait()
	took := time.Since(began)
	asked := 0
	for _, r := range c.dynamics.Requests() {
		if r.Purchase != "" && !slices.Contains(paid, r.Purchase) {
			asked++
		}
	}
	if most := share/6 + int(took.Seconds()*share*5/6/300) + 1; asked > most || asked < share/6 {
		t.Errorf("the flood asked Dynamics %d times in %v; its share was %d", asked, took, most)
	}
	t.Logf("the flood sent %d and asked Dynamics %d times in %v", sent.Load(), asked, took)
}
