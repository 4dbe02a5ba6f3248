// Package governor keeps what is asked of Dynamics inside the limits that Dynamics sets its callers: how much at once, how much of it
// for people who are not known, and nothing at all while it asks for a pause.
package governor

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const (
	// DefaultConcurrency is how many requests are under way at once when nobody says otherwise.
	DefaultConcurrency = 16
	// MaxConcurrency stays below the 52 that Dynamics grants one user: what a client gave up on is still worked on over there.
	// Source: Dataverse service protection API limits.
	MaxConcurrency = 48

	// DefaultRequests is how many requests Dynamics takes of one user in five minutes.
	// Source: Dataverse service protection API limits.
	DefaultRequests = 6000
	requestsIn      = 5 * time.Minute
	// AnonymousShare is how much of both may serve people who are not known, in percent.
	AnonymousShare = 30

	leastPause = time.Second
	usualPause = 5 * time.Second // when a refusal does not say how long
	mostPause  = 10 * time.Minute
	// mostDoubled bounds what we add by ourselves to what Dynamics asks for, which grows by itself for who keeps pushing: a storm of
	// refusals must not outlast the time in which a paid seat can still be had.
	mostDoubled = time.Minute
)

// Options of a Governor.
type Options struct {
	Next        http.RoundTripper // sends what is let through; nil is http.DefaultTransport
	Concurrency int               // requests at once; 0 is DefaultConcurrency, more than MaxConcurrency is that
	Requests    int               // in five minutes; 0 is DefaultRequests. Only the share of the unknown is counted
	Now         func() time.Time  // nil is time.Now
}

// A Governor rations the requests of one application user. It is a transport that puts itself before another. All its methods may
// be called at once.
type Governor struct {
	next    http.RoundTripper
	now     func() time.Time
	ceiling int
	unknown *rate.Limiter // requests for people who are not known

	mu    sync.Mutex
	limit int           // at most ceiling; halved by a refusal, grown by good answers
	good  int           // good answers since limit last changed
	since time.Time     // when the pause began
	until time.Time     // when it ends
	pause time.Duration // its length
	lines [2]line       // money first
}

// The lines: what money waits for, and people who are not known.
const (
	urgent = iota
	anonymous
)

// A line is the requests of one kind.
type line struct {
	inFlight int
	waiting  []chan error // first come, first served; nil is an admission
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
	if o.Requests <= 0 {
		o.Requests = DefaultRequests
	}
	n := min(o.Concurrency, MaxConcurrency)
	return &Governor{next: o.Next, now: o.Now, ceiling: n, limit: n, unknown: ration(o.Requests)}
}

// ration lets through the share of the unknown: a sixth of it at once, the rest evenly, so that no five minutes see more.
func ration(requests int) *rate.Limiter {
	all := requests * AnonymousShare / 100
	burst := max(1, all/6)
	return rate.NewLimiter(rate.Limit(float64(all-burst)/requestsIn.Seconds()), burst)
}

// Paused is the refusal of a request that was not sent because Dynamics asked for a pause.
type Paused struct{ For time.Duration }

func (p Paused) Error() string {
	return fmt.Sprintf("dynamics asked for a pause; %s of it are left", p.For.Round(time.Second))
}

// Retry says that the request may be made after the pause.
func (p Paused) Retry() (after time.Duration, again bool) { return p.For, true }

// Spent is the refusal of a request for somebody unknown that was not sent because their share is used up.
type Spent struct{ For time.Duration }

func (s Spent) Error() string {
	return fmt.Sprintf("what buyers who have not paid may ask of dynamics is used up for %s", s.For.Round(time.Second))
}

// Retry says when there will be some again.
func (s Spent) Retry() (after time.Duration, again bool) { return s.For, true }

// Paused is what is left of the pause, 0 when there is none.
func (g *Governor) Paused() time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.left()
}

// RoundTrip waits for a free place as long as the request's context allows, and fails at once with Paused while there is a pause, and
// with Spent when the share of the unknown is used up and the request is theirs (purchase.Anonymous). In all these cases nothing of
// the request's body was read.
func (g *Governor) RoundTrip(req *http.Request) (*http.Response, error) {
	kind := urgent
	if purchase.IsAnonymous(req.Context()) {
		kind = anonymous
	}
	if err := g.enter(req.Context(), kind); err != nil {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, err
	}
	began := g.now()
	resp, err := g.next.RoundTrip(req)
	g.leave(kind, began, resp)
	return resp, err
}

func (g *Governor) left() time.Duration { return max(0, g.until.Sub(g.now())) }

// free tells whether there is a place for one more of the kind.
func (g *Governor) free(kind int) bool {
	if g.lines[urgent].inFlight+g.lines[anonymous].inFlight >= g.limit {
		return false
	}
	return kind == urgent || g.lines[anonymous].inFlight < max(1, g.limit*AnonymousShare/100)
}

// enter takes a place or waits for one.
func (g *Governor) enter(ctx context.Context, kind int) error {
	turn, err := g.queue(kind)
	if turn == nil {
		return err
	}
	select {
	case err := <-turn:
		return err
	case <-ctx.Done():
		g.giveUp(kind, turn)
		return ctx.Err()
	}
}

// queue takes a place; the channel is nil unless it has to be waited for.
func (g *Governor) queue(kind int) (chan error, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if left := g.left(); left > 0 {
		return nil, Paused{For: left}
	}
	if kind == anonymous {
		if err := g.spend(); err != nil {
			return nil, err
		}
	}
	own := &g.lines[kind]
	if len(own.waiting) == 0 && g.free(kind) {
		own.inFlight++
		return nil, nil
	}
	turn := make(chan error, 1)
	own.waiting = append(own.waiting, turn)
	return turn, nil
}

// spend takes one request off the share of the unknown.
func (g *Governor) spend() error {
	now := g.now()
	taken := g.unknown.ReserveN(now, 1)
	if wait := taken.DelayFrom(now); wait > 0 {
		taken.CancelAt(now)
		return Spent{For: wait}
	}
	return nil
}

// giveUp takes a waiter off its line; if it was admitted in that very moment, its place goes to the next.
func (g *Governor) giveUp(kind int, turn chan error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	own := &g.lines[kind]
	if i := slices.Index(own.waiting, turn); i >= 0 {
		own.waiting = slices.Delete(own.waiting, i, i+1)
		return
	}
	if err := <-turn; err == nil {
		own.inFlight--
		g.admit()
	}
}

func (g *Governor) leave(kind int, began time.Time, resp *http.Response) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.lines[kind].inFlight--
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
// lengthens it; one that comes before any good answer after the pause means that the pause was too short, so the next is
// twice as long, within bounds.
func (g *Governor) throttle(began time.Time, asked time.Duration) {
	now := g.now()
	if began.Before(g.since) || g.left() > 0 {
		g.until = later(g.until, now.Add(asked))
		return
	}
	if now.Sub(g.until) < g.pause {
		asked = max(asked, min(2*g.pause, mostDoubled))
	}
	g.since, g.until, g.pause = now, now.Add(asked), asked
	g.limit, g.good = max(1, g.limit/2), 0
	for kind := range g.lines {
		for _, turn := range g.lines[kind].waiting {
			turn <- Paused{For: asked}
		}
		g.lines[kind].waiting = nil
	}
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

// admit gives the free places to who waits, money first.
func (g *Governor) admit() {
	for kind := range g.lines {
		own := &g.lines[kind]
		for len(own.waiting) > 0 && g.free(kind) {
			own.waiting[0] <- nil
			own.waiting = own.waiting[1:]
			own.inFlight++
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
