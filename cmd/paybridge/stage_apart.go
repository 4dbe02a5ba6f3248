package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse"
)

// What happens at one instant has no order but the one in which the runtime lets goroutines run, and that is another each time. Where an order
// matters, a simulation therefore makes two instants of one: who waits, waits a little longer than anybody else, and how long depends on
// who it is and not on who came first.

// apart is how much longer somebody waits who begins to wait now.
func (p *berth) apart(what string, most time.Duration) time.Duration {
	if p.options.weather == nil {
		return 0
	}
	return p.options.weather.apart(fmt.Sprint(p.name(), " ", what), most)
}

type (
	journeyKey  struct{}
	purchaseKey struct{}
)

// travelling names the request that something is done for.
func travelling(ctx context.Context, journey string) context.Context {
	return context.WithValue(ctx, journeyKey{}, journey)
}

// sakeOf says for which request from outside and for which purchase something is done, as far as anybody knows.
func sakeOf(ctx context.Context) string {
	journey, _ := ctx.Value(journeyKey{}).(string)
	id, _ := ctx.Value(purchaseKey{}).(string)
	return journey + " " + id
}

// An approach is the way to the governor: many who waited for one token would ask for its places at one instant.
type approach struct {
	berth *berth
	next  http.RoundTripper
}

func (a approach) RoundTrip(req *http.Request) (*http.Response, error) {
	what := fmt.Sprint(req.Method, " ", req.URL, " ", contentOfRequest(req), " ", sakeOf(req.Context()))
	if err := wait(req.Context(), a.berth.apart(what, time.Millisecond)); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	return a.next.RoundTrip(req)
}

// A registrar names the purchase that it asks Dynamics about: a body that can be sent once cannot be looked at.
type registrar struct{ *dataverse.Client }

var (
	_ bridge.Roll      = registrar{}
	_ bridge.Addresser = registrar{}
)

func about(ctx context.Context, key purchase.Key) context.Context {
	return context.WithValue(ctx, purchaseKey{}, key.ID)
}

// Price implements bridge.Registrar.
func (r registrar) Price(ctx context.Context, key purchase.Key) (purchase.Offer, error) {
	return r.Client.Price(about(ctx, key), key)
}

// Finalize implements bridge.Registrar.
func (r registrar) Finalize(ctx context.Context, f purchase.Final) purchase.Outcome {
	return r.Client.Finalize(about(ctx, f.Key), f)
}

// ReadBack implements bridge.Registrar.
func (r registrar) ReadBack(ctx context.Context, key purchase.Key) (purchase.Seats, error) {
	return r.Client.ReadBack(about(ctx, key), key)
}

// Release implements bridge.Registrar.
func (r registrar) Release(ctx context.Context, key purchase.Key, sendBefore time.Time) purchase.Outcome {
	return r.Client.Release(about(ctx, key), key, sendBefore)
}
