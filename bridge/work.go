package bridge

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A worker takes one claimed purchase as many steps as it can go now.
type worker struct {
	*Bridge
	claim Claim
	key   purchase.Key
	env   Environment
	skew  time.Duration // what to add to our clock to get the store's
	log   *zap.Logger
	known purchase.Purchase // as of the head
	head  string
	shut  []string  // accounts that could not be asked during this claim
	retry time.Time // when to ask them again
}

// errLater ends a claim whose step failed for now.
type errLater struct {
	after time.Duration
	err   error
}

func (e errLater) Error() string { return e.err.Error() }
func (e errLater) Unwrap() error { return e.err }

// work plans and takes steps until the purchase has to wait, and settles the claim.
func (b *Bridge) work(ctx context.Context, c Claim) {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	w := &worker{Bridge: b, claim: c, key: c.Row.Key, env: b.environments[c.Row.Key.Environment], skew: c.Now.Sub(b.Clock.Now()),
		log: b.Log.With(zap.String("environment", c.Row.Key.Environment), zap.String("purchase", c.Row.Key.ID))}
	w.know(c.Facts, c.Row.Head)
	settlement := w.steps(ctx)
	err := b.Store.Settle(ctx, c, settlement)
	switch {
	case errors.Is(err, ErrLost):
		w.log.Warn("claim was lost before it was settled", zap.Int("attempt", c.Attempt))
	case err != nil:
		w.log.Error("claim could not be settled; its lease will end", zap.Error(err))
	}
}

func (w *worker) now() time.Time { return w.Clock.Now().Add(w.skew) }

func (w *worker) know(facts []purchase.Fact, head string) {
	w.known, w.head = purchase.Fold(w.key, facts, w.env.Policy), head
}

// steps is the loop of the sentence: fold, plan, take, keep, again.
func (w *worker) steps(ctx context.Context) Settlement {
	if w.env.Registrar == nil {
		w.log.Error("purchase of an environment that the settings no longer have; it waits for one")
		return Settlement{Head: w.head, Due: w.now().Add(time.Hour)}
	}
	for range stepsEach {
		p := w.known
		next := purchase.Plan(p, w.now(), w.shut...)
		if next.Step == purchase.StepWait || next.Step == purchase.StepDone {
			return w.rest(next)
		}
		switch err := w.take(ctx, p, next); {
		case err != nil && next.Step == purchase.StepAsk && ctx.Err() == nil:
			w.leaveAlone(p, next, err)
		case err != nil:
			return w.later(p, next, err)
		case next.Step == purchase.StepHandOver && !next.Due.IsZero():
			return w.rest(next)
		}
	}
	return Settlement{Head: w.head, Due: w.now().Add(time.Second)}
}

// rest ends the claim until the plan wants to look again, or until who could not be asked is to be asked again.
func (w *worker) rest(next purchase.Next) Settlement {
	s := Settlement{Head: w.head, Due: next.Due, Waits: next.Cause}
	if len(w.shut) > 0 {
		s.Failures = w.claim.Row.Failures + 1
		if s.Due.IsZero() || w.retry.Before(s.Due) {
			s.Due = w.retry
		}
	}
	return s
}

// leaveAlone goes on without an account that could not be asked: it holds up neither the others nor what is proved already.
func (w *worker) leaveAlone(p purchase.Purchase, next purchase.Next, err error) {
	pause := w.failed(p, next, err)
	if again := w.now().Add(pause); len(w.shut) == 0 || again.Before(w.retry) {
		w.retry = again
	}
	w.shut = append(w.shut, next.Account)
}

// later schedules the next try of a step that failed.
func (w *worker) later(p purchase.Purchase, next purchase.Next, err error) Settlement {
	if errors.Is(err, ErrChanged) || errors.Is(err, ErrIntentOpen) {
		return Settlement{Head: "", Due: w.now(), Waits: next.Cause}
	}
	return Settlement{Head: w.head, Due: w.now().Add(w.failed(p, next, err)), Waits: next.Cause, Failures: w.claim.Row.Failures + 1}
}

// failed says how long to leave a step alone that failed, and what somebody must do about it.
func (w *worker) failed(p purchase.Purchase, next purchase.Next, err error) time.Duration {
	after, again := purchase.Retry(err)
	var l errLater
	if errors.As(err, &l) {
		after = max(after, l.after)
	}
	failures := w.claim.Row.Failures + 1
	pause := purchase.Backoff(failures, after, w.now(), p.Deadline.At, w.Chance.Float64())
	if !again {
		pause = max(pause, min(time.Minute, purchase.Backoff(7, 0, w.now(), p.Deadline.At, w.Chance.Float64())))
	}
	fields := []zap.Field{zap.String("step", string(next.Step)), zap.Int("attempt", failures), zap.Duration("after", pause), zap.Error(err)}
	w.showStranded(p, next.Step)
	if again {
		w.log.Warn("step failed and will be tried again", fields...)
	} else {
		w.log.Error("step was turned away; somebody must look at the settings", fields...)
	}
	return pause
}

// showStranded puts a paid purchase on the desk whose deadline passed while Dynamics could not be asked. It is still tried, and leaves
// the desk by itself when that succeeds.
func (w *worker) showStranded(p purchase.Purchase, failing purchase.Step) {
	cause := p.Stranded(failing)
	if w.now().Before(p.Deadline.At) || cause == purchase.CauseNone {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), keepWithin)
	defer cancel()
	next := purchase.Next{Step: purchase.StepHandOver, Cause: cause, Basis: p.Sight()}
	if err := w.handOver(ctx, p, next); err != nil {
		w.log.Error("a purchase could not be put on the desk yet", zap.Error(err))
	}
}

// learn keeps facts, the first of which is about this purchase, and knows it anew.
func (w *worker) learn(ctx context.Context, facts ...purchase.Fact) error {
	_, err := w.learnIf(ctx, "", facts...)
	return err
}

func (w *worker) learnIf(ctx context.Context, head string, facts ...purchase.Fact) ([]purchase.Fact, error) {
	for i := range facts {
		if facts[i].Purchase.ID == "" {
			facts[i].Purchase = w.key
		}
	}
	before := w.known
	kept, err := w.keepBeside(ctx, w.key, Keeping{Facts: facts, If: head})
	if err != nil {
		return nil, err
	}
	w.know(kept.Facts, kept.Head)
	w.Metrics.moved(w.Bridge.accounts, before, w.known, w.now())
	return kept.New, nil
}
