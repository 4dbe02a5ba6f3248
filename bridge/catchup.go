package bridge

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Catching up: who can list what happened at an account is listed again and again, so that a payment whose notification never came gets
// its seat in time, also one that nobody here has heard of. How far each list was read completely is durable; after an outage it goes on
// from there.

const (
	listsPerWindow = 10                  // how often a list is read in a window
	leastLag       = time.Minute         // what just happened may not be in a list yet
	leastSpan      = time.Minute         // a list that fails is tried over half the time, down to this
	listMemory     = 30 * 24 * time.Hour // providers forget
	listBatch      = 50                  // facts that are kept at once
)

// catchUp reads an account's list whenever it is due, until the context is done. Each account has a loop of its own: one that is away
// holds up nothing else.
func (b *Bridge) catchUp(ctx context.Context, account Account, lister Lister) {
	every := b.Policy(account.Environment).Window / listsPerWindow
	for ctx.Err() == nil {
		l, err := b.Store.ClaimList(ctx, account.Name, b.Owner, lease)
		switch {
		case err == nil:
			b.readList(ctx, account, lister, l)
			continue
		case !errors.Is(err, ErrNotFound) && ctx.Err() == nil:
			b.Log.Error("claiming a list failed", zap.String("account", account.Name), zap.Error(err))
		}
		_ = b.Clock.Sleep(ctx, every/4)
	}
}

// readList reads one span of the list and says when to read on. What was kept before a failure stays kept, so a failed span costs only
// its repetition.
func (b *Bridge) readList(ctx context.Context, account Account, lister Lister, l Listing) {
	skew := l.Now.Sub(b.Clock.Now())
	s := spanOf(l, b.Policy(account.Environment).Window)
	seen, err := b.readSpan(ctx, account, lister, s)
	b.Metrics.listed(account, seen)
	if ctx.Err() == nil { // a node that is stopped has not failed
		l = b.judgeList(account, l, s, seen, err)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWithin)
	defer cancel()
	if err := b.Store.SettleList(ctx, l, b.nextList(account, l, b.Clock.Now().Add(skew), s.behind, err)); err != nil {
		b.Log.Warn("how far a list was read could not be kept; it is read again", zap.String("account", account.Name), zap.Error(err))
	}
}

// judgeList moves the mark on, or counts a failure.
func (b *Bridge) judgeList(account Account, l Listing, s span, seen tally, err error) Listing {
	fields := []zap.Field{zap.String("account", account.Name), zap.Time("after", s.complete), zap.Int("new", seen.fresh)}
	if err != nil {
		l.Failures++
		b.Metrics.listing(account, "failed")
		b.Log.Warn("a list could not be read to its end and will be read again", append(fields, zap.Int("attempt", l.Failures), zap.Error(err))...)
		return l
	}
	l.Complete, l.Failures = s.to, 0
	b.Metrics.listing(account, "ok")
	b.Metrics.listedUntil(account, l.Complete)
	if s.behind || seen.fresh > 0 {
		b.Log.Info("caught up from a list", fields...)
	}
	return l
}

// nextList is when to read the list again: at once while it is behind, after a while when it failed, else at the next of the marks that
// divide a window.
func (b *Bridge) nextList(account Account, l Listing, now time.Time, behind bool, err error) time.Time {
	every := b.Policy(account.Environment).Window / listsPerWindow
	switch {
	case err != nil:
		asked, _ := purchase.Retry(err)
		return now.Add(max(asked, purchase.Backoff(l.Failures, 0, now, now.Add(every), b.Chance.Float64())))
	case behind:
		return now
	}
	return now.Add(every - time.Duration(float64(every)*b.Chance.Float64()/5))
}

// A span is what is listed at one go.
type span struct {
	complete time.Time // everything before was listed
	from, to time.Time
	urgent   time.Time // behind: what happened since then may still get its seat and goes first
	behind   bool      // there is more after it
	now      time.Time
}

// spanOf starts a window and a bit before what is complete: what is listed by when it was made may have been paid a window later, and
// what just happened may be in the list a bit later. Who is far behind goes on in a few steps, each of which stays done, and a list that
// fails is tried over shorter and shorter times.
func spanOf(l Listing, window time.Duration) span {
	s := span{complete: l.Complete, to: l.Now, now: l.Now}
	if s.complete.IsZero() || s.complete.After(l.Now) {
		s.complete = l.Now
	}
	if oldest := l.Now.Add(-listMemory); s.complete.Before(oldest) {
		s.complete = oldest
	}
	reach := window + max(window/10, leastLag)
	s.from, s.urgent = s.complete.Add(-reach), l.Now.Add(-reach)
	step := max(window, l.Now.Sub(s.complete)/4) >> min(l.Failures, 20)
	if end := s.complete.Add(max(step, leastSpan)); end.Before(l.Now) {
		s.to, s.behind = end, true
	}
	return s
}

// readSpan lists and keeps. Who is behind looks at the last window first: an old payment has lost its seat, a new one has not.
func (b *Bridge) readSpan(ctx context.Context, account Account, lister Lister, s span) (tally, error) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	r := listReading{Bridge: b, account: account}
	if s.behind {
		if err := r.read(ctx, lister, s.urgent, s.now); err != nil {
			return r.tally, err
		}
	}
	err := r.read(ctx, lister, s.from, s.to)
	return r.tally, err
}
