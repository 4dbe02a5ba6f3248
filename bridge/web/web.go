// Package web is the faces of paybridge: the public one for providers and buyers, and the one for operations. It is the only package
// that knows the HTTP framework.
package web

import (
	"context"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/semaphore"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Bridge is what the public face needs of the engine.
type Bridge interface {
	// Account looks an account up by the end of its callback address.
	Account(name string) (bridge.Account, bool)
	// UnknownAccount counts a callback for nobody.
	UnknownAccount()
	// Receive keeps a delivery; a positive receipt means that it is durable.
	Receive(ctx context.Context, d purchase.Delivery) bridge.Receipt
	// Checkout takes a buyer to the provider's pay page.
	Checkout(ctx context.Context, r bridge.CheckoutRequest) (bridge.CheckoutResult, error)
	// Visit says what to tell a buyer who came back; bridge.ErrNotFound for a token that is unknown or too old.
	Visit(ctx context.Context, token string, how purchase.Return) (bridge.Visit, error)
	// InvoiceForm is what the page shows on which a buyer asks for an invoice; bridge.ErrNotFound for a token that is unknown or too old.
	InvoiceForm(ctx context.Context, token string) (bridge.InvoiceForm, error)
	// RequestInvoice keeps the request of a buyer who filled the form in right.
	RequestInvoice(ctx context.Context, token string, b bridge.Billing) (bridge.InvoiceForm, error)
}

// Options of the public face. All but BodyWithin are needed.
type Options struct {
	Config     Config
	Bridge     Bridge
	Accounts   []bridge.Account // for the labels of the metrics
	Log        *zap.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
	BodyWithin time.Duration // how long a request's body may take; 0: 10s
}

// public is the public face.
type public struct {
	Options
	metrics *metrics
	calm    *zap.Logger // for what anybody outside can cause
	crowd   *crowd
	room    *semaphore.Weighted // for long deliveries, in bytes
}

const bodyWithin = 10 * time.Second

// NewPublic makes the public face: /callback/{account} for providers, /pay/{account} and /return/{token} for buyers. It is safe for
// any number of requests at once.
func NewPublic(o Options) http.Handler {
	if o.BodyWithin == 0 {
		o.BodyWithin = bodyWithin
	}
	p := &public{Options: o, metrics: newMetrics(o.Registerer, o.Accounts), calm: calm(o.Log), crowd: newCrowd(o.Config.CheckoutsPerMinute),
		room: semaphore.NewWeighted(heldAtOnce)}
	e := newEcho(o.Config.TrustedProxies, p.fail)
	e.Use(p.observe, recovered(o.Log), bounded(o.BodyWithin))
	e.Any(callbackRoute, p.callback)
	e.RouteNotFound(callbackRoute, p.callback) // methods that echo has no name for
	e.GET("/pay/:account", p.pay)
	e.HEAD("/pay/:account", p.payHead)
	e.GET("/return/:token", p.shaped(p.back))
	e.HEAD("/return/:token", p.backHead)
	e.POST("/return/:token", p.shaped(p.backPost))
	e.GET(invoiceRoute, p.shaped(p.invoice))
	e.HEAD(invoiceRoute, p.backHead)
	e.POST(invoiceRoute, p.shaped(p.invoicePost))
	return e
}
