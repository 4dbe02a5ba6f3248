// Package governor keeps what is asked of Dynamics inside the limits that Dynamics sets its callers: how much at once, and nothing
// at all while it asks for a pause.
package governor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"
)

const (
	// DefaultConcurrency is how many requests are under way at once when nobody says otherwise.
	DefaultConcurrency = 16
	// MaxConcurrency stays below the 52 that Dynamics grants one user: what a client gave up on is still worked on over there.
	// Source: Dataverse service protection API limits.
	MaxConcurrency = 48

	leastPause = time.Second
	usualPause = 5 * time.Second // when a refusal does not say how long
	mostPause  = 10 * time.Minute
)

// Options of a Governor.
type Options struct {
	Next        http.RoundTripper // sends what is let through; nil is http.DefaultTransport
	Concurrency int               // requests at once; 0 is DefaultConcurrency, more than MaxConcurrency is that
	Now         func() time.Time  // nil is time.Now
}

// A Governor rations the requests of one application user. It is a transport that puts itself before another. All its methods may
// be called at once.
type Governor struct {
	next    http.RoundTripper
	now     func() time.Time
	ceiling int

	mu       sync.Mutex
	limit    int // at most ceiling; halved by a refusal, grown by good answers
	inFlight int
	good     int           // good answers since limit last changed
	since    time.Time     // when the pause began
	until    time.Time     // when it ends
	pause    time.Duration // its length
	waiting  []chan error  // first come, first served; nil is an admission
}

// New makes a governor.
func New(o Options) *Governor {
	if o.Next == nil {
		o.Next = http.DefaultTransport
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	n := min(o.Concurrency, MaxConcurrency)
	return &Governor{next: o.Next, now: o.Now, ceiling: n, limit: n}
}

// Paused is the refusal of a request that was not sent because Dynamics asked for a pause.
type Paused struct{ For time.Duration }

func (p Paused) Error() string {
	return fmt.Sprintf("dynamics asked for a pause; %s of it are left", p.For.Round(time.Second))
}

// Retry says that the request may be made after the pause.
func (p Paused) Retry() (after time.Duration, again bool) { return p.For, true }

// Paused is what is left of the pause, 0 when there is none.
func (g *Governor) Paused() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.left()
}

// RoundTrip waits for a free place as long as the request's context allows, and fails at once with Paused while there is a pause.
// In both cases nothing of the request's body was read.
func (g *Governor) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.enter(req.Context()); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	began := g.now()
	resp, err := g.next.RoundTrip(req)
	g.leave(began, resp)
	return resp, err
}

func (g *Governor) left() time.Duration { return max(0, g.until.Sub(g.now())) }

// enter takes a place or waits for one.
func (g *Governor) enter(ctx context.Context) error {
	g.mu.Lock()
	if left := g.left(); left > 0 {
		g.mu.Unlock()
		return Paused{For: left}
	}
	if g.inFlight < g.limit && len(g.waiting) == 0 {
		g.inFlight++
		g.mu.Unlock()
		return nil
	}
	turn := make(chan error, 1)
	g.waiting = append(g.waiting, turn)
	g.mu.Unlock()
	select {
	case err := <-turn:
		return err
	case <-ctx.Done():
		g.giveUp(turn)
		return ctx.Err()
	}
}

// giveUp takes a waiter off the list; if it was admitted in that very moment, its place goes to the next.
func (g *Governor) giveUp(turn chan error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if i := slices.Index(g.waiting, turn); i >= 0 {
		g.waiting = slices.Delete(g.waiting, i, i+1)
		return
	}
	if err := <-turn; err == nil {
		g.inFlight--
		g.admit()
	}
}

func (g *Governor) leave(began time.Time, resp *http.Response) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.inFlight--
	switch {
	case resp == nil:
	case resp.StatusCode == http.StatusTooManyRequests:
		g.throttle(began, retryAfter(resp.Header.Get("Retry-After"), g.now()))
	case resp.StatusCode < http.StatusInternalServerError:
		g.recover()
	}
	g.admit()
}

// throttle begins a pause for everybody. A refusal of a request that left before the pause belongs to the same wave and at most
// lengthens it; one that comes before any good answer after the pause means that the pause was too short, so the next is at least
// twice as long.
func (g *Governor) throttle(began time.Time, asked time.Duration) {
	now := g.now()
	if began.Before(g.since) || g.left() > 0 {
		g.until = later(g.until, now.Add(asked))
		return
	}
	if now.Sub(g.until) < g.pause {
		asked = min(max(asked, 2*g.pause), mostPause)
	}
	g.since, g.until, g.pause = now, now.Add(asked), asked
	g.limit, g.good = max(1, g.limit/2), 0
	for _, turn := range g.waiting {
		turn <- Paused{For: asked}
	}
	g.waiting = nil
}

// recover widens the ration by one for every ration of good answers.
func (g *Governor) recover() {
	if g.left() == 0 {
		g.pause = 0 // the pause was long enough
	}
	if g.good++; g.good >= g.limit && g.limit < g.ceiling {
		g.limit, g.good = g.limit+1, 0
	}
}

func (g *Governor) admit() {
	for len(g.waiting) > 0 && g.inFlight < g.limit {
		g.waiting[0] <- nil
		g.waiting = g.waiting[1:]
		g.inFlight++
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
