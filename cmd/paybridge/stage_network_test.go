package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"

	"crypto/tls"
)

// A network is HTTP inside one process: every host is a handler, and a call can end in every way in which a real one can. Nothing in it
// reads a clock, so it lives in whatever time its hosts and callers live in.
type network struct {
	mu    sync.Mutex
	hosts map[string]http.Handler
}

func newNetwork() *network { return &network{hosts: map[string]http.Handler{}} }

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

// RoundTrip calls the host. A handler that ends without an answer (http.ErrAbortHandler, or cut off) is a connection that was dropped.
func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	h := n.host(req.URL.Host)
	if h == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
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
		h.ServeHTTP(recorder, arrived(ctx, req))
		answer <- recorder.Result()
	}()
	defer hangUp()
	select {
	case resp := <-answer:
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
func arrived(ctx context.Context, req *http.Request) *http.Request {
	in := req.Clone(ctx)
	in.Host, in.RequestURI, in.RemoteAddr = req.URL.Host, req.URL.RequestURI(), "192.0.2.1:1234"
	if in.Body == nil {
		in.Body = http.NoBody
	}
	if req.URL.Scheme == "https" {
		in.TLS = &tls.ConnectionState{}
	}
	in.URL.Scheme, in.URL.Host = "", ""
	return in
}
