package dataverse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// errLate: the call could not be handed to the network in time.
var errLate = errors.New("too late to send")

// A guard is the body of a request that may leave until an instant and not after it. It is asked in the very moment in which the
// transport takes the body, connections made and places waited for.
type guard struct {
	body   *bytes.Reader
	before time.Time
	now    func() time.Time
	state  atomic.Int32
	alarm  *time.Timer
}

const (
	held     int32 = iota
	released       // the transport took it
	closed         // nobody gets it any more
)

// newGuard holds the body. A guard that is still held at the instant cancels the request, so that nobody waits for what can no
// longer leave.
func newGuard(body []byte, before time.Time, now func() time.Time, cancel context.CancelCauseFunc) *guard {
	g := &guard{body: bytes.NewReader(body), before: before, now: now}
	if !before.IsZero() {
		g.alarm = time.AfterFunc(before.Sub(now()), func() {
			if g.state.CompareAndSwap(held, closed) {
				cancel(errLate)
			}
		})
	}
	return g
}

// Read releases the body, if it is time.
func (g *guard) Read(p []byte) (int, error) {
	if g.state.Load() == held {
		if !g.before.IsZero() && g.now().After(g.before) {
			g.state.CompareAndSwap(held, closed)
		}
		g.state.CompareAndSwap(held, released)
	}
	if g.state.Load() != released {
		return 0, errLate
	}
	return g.body.Read(p)
}

// Close is the transport's; it releases nothing.
func (g *guard) Close() error { return nil }

// close ends the chance to leave and tells whether the body had left.
func (g *guard) close() (left bool) {
	g.state.CompareAndSwap(held, closed)
	if g.alarm != nil {
		g.alarm.Stop()
	}
	return g.state.Load() == released
}

var _ io.ReadCloser = (*guard)(nil)
