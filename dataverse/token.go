package dataverse

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"
)

const (
	signInWithin = 25 * time.Second // shorter than a read, so that who waits for it hears why
	earlyBy      = 5 * time.Minute  // how long before its end a token is renewed
	trusted      = 10 * time.Second // a token this young is not to blame for a 401
	leastBackoff = time.Second
	mostBackoff  = time.Minute
)

// tokens is the source of access tokens: one sign-in at a time, however many wait for it; early renewal behind the backs of the
// callers; and no hammering of a sign-in that fails.
type tokens struct {
	acquire acquisition
	now     func() time.Time
	log     *zap.Logger
	metrics *Metrics
	flight  singleflight.Group

	mu       sync.Mutex
	token    string
	got      time.Time
	renew    time.Time
	expires  time.Time
	failure  *signInError
	retry    time.Time // no sign-in before this
	failures int
}

// get returns a token that is good now. Errors are *signInError, or the context's.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	now := t.now()
	token, resting := t.token, now.Before(t.retry)
	valid, early := token != "" && now.Before(t.expires), !now.Before(t.renew)
	failure := t.failure
	left := t.retry.Sub(now)
	t.mu.Unlock()
	switch {
	case valid && (!early || resting):
		return token, nil
	case valid:
		t.begin() // nobody waits for it
		return token, nil
	case resting && failure != nil:
		return "", failure.later(left)
	}
	select {
	case result := <-t.begin():
		token, _ := result.Val.(string)
		return token, result.Err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// begin starts a sign-in or joins the one under way. It goes on when those who wait for it give up.
func (t *tokens) begin() <-chan singleflight.Result {
	return t.flight.DoChan("", func() (any, error) {
		if token, err := t.settled(); token != "" || err != nil {
			return token, err
		}
		ctx, cancel := context.WithTimeout(withOperation(context.Background(), opToken), signInWithin)
		defer cancel()
		token, life, err := t.acquire(ctx)
		if err != nil {
			return "", t.failed(explainSignIn(err, t.now()))
		}
		t.succeeded(token, life)
		return token, nil
	})
}

// settled is what came of a sign-in that ended between the look and the begin.
func (t *tokens) settled() (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	switch {
	case t.token != "" && now.Before(t.expires) && now.Before(t.renew):
		return t.token, nil
	case t.failure != nil && now.Before(t.retry):
		return "", t.failure.later(t.retry.Sub(now))
	}
	return "", nil
}

func (t *tokens) succeeded(token string, life time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	t.token, t.got, t.expires, t.renew = token, now, now.Add(life), now.Add(life-min(earlyBy, life/4))
	t.failure, t.failures, t.retry = nil, 0, time.Time{}
	t.metrics.signedIn(t.expires)
}

// failed notes when to try again: what only a person can mend once a minute, anything else after 1, 2, 4 … seconds, and never
// before Entra wants it.
func (t *tokens) failed(err *signInError) *signInError {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures++
	pause := min(leastBackoff<<min(t.failures-1, 6), mostBackoff)
	if err.permanent {
		pause = mostBackoff
	}
	pause = max(pause, err.after)
	t.failure, t.retry = err, t.now().Add(pause)
	t.metrics.signInFailed()
	log := t.log.Warn
	if err.permanent {
		log = t.log.Error
	}
	log("signing in to dynamics failed", zap.Duration("after", pause), zap.Error(err))
	return err.later(pause)
}

// reject gives up a token that Dynamics turned down. False means that it was so young that another would fare no better.
func (t *tokens) reject(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if token != t.token {
		return true // somebody else has rejected it already
	}
	if t.now().Sub(t.got) < trusted {
		return false
	}
	t.token = ""
	return true
}
