// Package web is the faces of paybridge: the public one for providers and buyers, and the one for operations. It is the only package
// that knows the HTTP framework.
package web

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

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
	Visit(ctx context.Context, token string, cancelled bool) (bridge.Visit, error)
}

// Options of the public face.
type Options struct {
	Config     Config
	Bridge     Bridge
	Accounts   []bridge.Account // for the labels of the metrics
	Log        *zap.Logger
	Registerer prometheus.Registerer
	Now        func() time.Time
	BodyWithin time.Duration // how long a delivery's body may take; 0: 10s
}

// public is the public face.
type public struct {
	Options
	metrics *metrics
}

// NewPublic makes the public face: /callback/{account}, /pay/{account} and /return/{token}.
func NewPublic(o Options) http.Handler {
	if o.BodyWithin == 0 {
		o.BodyWithin = 10 * time.Second
	}
	p := &public{Options: o, metrics: newMetrics(o.Registerer, o.Accounts)}
	e := newEcho(o.Config, o.Log)
	e.Use(p.observe)
	e.Any("/callback/:account", p.callback)
	e.GET("/pay/:account", p.pay)
	e.HEAD("/pay/:account", p.head)
	e.GET("/return/:token", p.back)
	return e
}

// newEcho is an echo that believes forwarding headers from our own proxies only, and answers errors in one plain way.
func newEcho(c Config, log *zap.Logger) *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = clientAddress(c.TrustedProxies)
	e.HTTPErrorHandler = func(err error, ec echo.Context) {
		status := http.StatusInternalServerError
		if he, ok := err.(*echo.HTTPError); ok { // echo's own: no route, wrong method
			status = he.Code
		} else {
			log.Error("a request failed", zap.String("step", ec.Path()), zap.Error(err))
		}
		if !ec.Response().Committed {
			_ = ec.String(status, http.StatusText(status)+"\n") // the client went away
		}
	}
	e.Use(recovered(log))
	return e
}

func clientAddress(proxies []string) echo.IPExtractor {
	if len(proxies) == 0 {
		return echo.ExtractIPDirect()
	}
	options := []echo.TrustOption{echo.TrustLoopback(false), echo.TrustLinkLocal(false), echo.TrustPrivateNet(false)}
	for _, proxy := range proxies {
		if prefix, err := netip.ParsePrefix(proxy); err == nil { // Validate refused the others
			options = append(options, echo.TrustIPRange(&net.IPNet{IP: prefix.Addr().AsSlice(), Mask: net.CIDRMask(prefix.Bits(), prefix.Addr().BitLen())}))
		}
	}
	return echo.ExtractIPFromXFFHeader(options...)
}

// recovered turns a panic into a 500 and a line in the log, without what was sent.
func recovered(log *zap.Logger) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) (err error) {
			defer func() {
				if r := recover(); r != nil {
					if r == http.ErrAbortHandler {
						panic(r)
					}
					log.Error("a request made the program panic", zap.String("step", c.Path()), zap.Any("cause", r), zap.Stack("err"))
					err = echo.NewHTTPError(http.StatusInternalServerError)
				}
			}()
			return next(c)
		}
	}
}

// observe logs and counts a request by its route, never by its address: tokens and ids are in there.
func (p *public) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		began := p.Now()
		if err := next(c); err != nil {
			c.Error(err)
		}
		took := p.Now().Sub(began)
		status := c.Response().Status
		p.Log.Debug("request", zap.String("step", c.Request().Method+" "+c.Path()), zap.Int("state", status), zap.Duration("after", took))
		if c.Path() == "/callback/:account" {
			kind := p.kind(c.Param("account"))
			p.metrics.callbacks.WithLabelValues(kind, codeLabel(status)).Inc()
			p.metrics.callbackTime.WithLabelValues(kind).Observe(took.Seconds())
		}
		return nil
	}
}

// kind is the provider of an account, "other" for an unknown one.
func (p *public) kind(account string) string {
	if a, ok := p.Bridge.Account(account); ok {
		return a.Kind
	}
	return "other"
}

var codes = []int{200, 400, 401, 404, 405, 408, 413, 500, 503}

func codeLabel(status int) string {
	if slices.Contains(codes, status) {
		return strconv.Itoa(status)
	}
	return "other"
}

// Serve serves until the context is done, then lets requests in hand finish for a while.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, drain time.Duration) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return server.Close()
	}
	return nil
}
