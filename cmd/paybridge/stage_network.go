package main

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A network is HTTP inside one process: every host is a handler, and a call can end in every way in which a real one can. Nothing in it
// reads a clock but the weather's delays, so it lives in whatever time its hosts and callers live in.
type network struct {
	weather weather

	mu    sync.Mutex
	hosts map[string]http.Handler
}

// A weather is what happens on the ways between the parts of a stage.
type weather interface {
	// call says what becomes of a request between two hosts.
	call(from string, req *http.Request) passage
	// apart is how much longer somebody waits who begins to wait for something now; at most so long.
	apart(what string, most time.Duration) time.Duration
	// store says how long the store takes, and how it fails.
	store(node, operation, about string) (time.Duration, error)
	// kept is told what a node kept.
	kept(node string, facts []purchase.Fact)
	// answered is told how every call ended; status 0 is none.
	answered(from string, req *http.Request, status int, err error)
}

// A passage is how a request travels.
type passage struct {
	there, back time.Duration
	address     string // the caller's, as the server sees it; "" for the usual one
	journey     string // names the request
	fate        fateOfCall
	pause       int // in seconds, which a refusal asks for
}

// A fateOfCall is how a call ends.
type fateOfCall int

// The fates. Of those that are no arrival only the last two reached the host.
const (
	callArrives     fateOfCall = iota
	callRefused                // nobody listens
	callDropped                // the connection ends before the host got the request
	callHangs                  // the request never gets there, and nobody says so
	callThrottled              // a front end refuses it as one too many
	callAnswerLost             // the host answered, and the connection ended
	callAnswerHangs            // the host answered, and nobody hears it
)

func newNetwork(w weather) *network { return &network{weather: w, hosts: map[string]http.Handler{}} }

// serve puts a host on the network; a nil handler takes it off.
func (n *network) serve(host string, h http.Handler) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.hosts[host] = h
}

func (n *network) host(name string) http.Handler {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.hosts[name]
}

type callerKey struct{}

// calledBy names who calls, for the weather.
func calledBy(ctx context.Context, who string) context.Context {
	return context.WithValue(ctx, callerKey{}, who)
}

func callerOf(ctx context.Context) string {
	who, _ := ctx.Value(callerKey{}).(string)
	return who
}

// RoundTrip calls the host through the weather.
func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	if n.weather == nil {
		return n.call(req, passage{})
	}
	from := callerOf(req.Context())
	p := n.weather.call(from, req)
	resp, err := n.travel(req, p)
	status := 0
	if err == nil {
		status = resp.StatusCode
	}
	n.weather.answered(from, req, status, err)
	return resp, err
}

func (n *network) travel(req *http.Request, p passage) (*http.Response, error) {
	ctx := req.Context()
	if err := wait(ctx, p.there); err != nil {
		return nil, err
	}
	switch p.fate {
	case callRefused:
		return nil, refusedCall()
	case callDropped:
		return nil, io.ErrUnexpectedEOF
	case callHangs:
		return nil, hangUp(ctx)
	case callThrottled:
		return tooMany(req, p.pause), nil
	}
	resp, err := n.call(req, p)
	if late := wait(ctx, p.back); late != nil { // that nobody answered comes back as an answer does
		return nil, late
	}
	if err != nil {
		return nil, err
	}
	switch p.fate {
	case callAnswerLost:
		return nil, io.ErrUnexpectedEOF
	case callAnswerHangs:
		return nil, hangUp(ctx)
	}
	return resp, nil
}

// tooMany is how Dynamics refuses who asks too often.
// Source: Dataverse service protection API limits.
func tooMany(req *http.Request, pause int) *http.Response {
	body := `{"error":{"code":"0x80072322","message":"Number of requests exceeded the limit of 6000 over time window of 300 seconds."}}`
	return &http.Response{StatusCode: http.StatusTooManyRequests, Request: req, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		Header: http.Header{"Content-Type": {"application/json"}, "Retry-After": {strconv.Itoa(pause)}}}
}

// hangUp waits until the caller has had enough, or the network.
func hangUp(ctx context.Context) error {
	if err := wait(ctx, 2*time.Minute); err != nil {
		return err
	}
	return io.ErrUnexpectedEOF
}

func wait(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	return wallClock{}.Sleep(ctx, d)
}

func refusedCall() error {
	return &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
}

// call calls the host. A handler that ends without an answer (http.ErrAbortHandler, or cut off) is a connection that was dropped.
func (n *network) call(req *http.Request, p passage) (*http.Response, error) {
	h := n.host(req.URL.Host)
	if h == nil {
		return nil, refusedCall()
	}
	if err := req.Context().Err(); err != nil {
		return nil, err
	}
	ctx, hangUp := context.WithCancel(req.Context())
	answer := make(chan *http.Response, 1)
	go func() {
		defer close(answer)
		defer func() {
			if r := recover(); r != nil && r != http.ErrAbortHandler {
				panic(r)
			}
		}()
		recorder := httptest.NewRecorder()
		h.ServeHTTP(recorder, arrived(travelling(ctx, p.journey), req, p.address))
		answer <- recorder.Result()
	}()
	defer hangUp()
	select {
	case resp := <-answer:
		if err := ctx.Err(); err != nil { // both at one instant: it came too late
			return nil, err
		}
		if resp == nil {
			return nil, io.ErrUnexpectedEOF
		}
		resp.Request = req
		return resp, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// arrived is a request as the server sees it.
func arrived(ctx context.Context, req *http.Request, address string) *http.Request {
	if address == "" {
		address = "192.0.2.1"
	}
	in := req.Clone(ctx)
	in.Host, in.RequestURI, in.RemoteAddr = req.URL.Host, req.URL.RequestURI(), net.JoinHostPort(address, "1234")
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if req.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{}
	}
	in.URL.Scheme, in.URL.Host = "", ""
	return in
}
