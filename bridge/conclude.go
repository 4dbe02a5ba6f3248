package bridge

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// concluded keeps what became of an intent, and what else the call taught, in one go. What may be repeated is repeated later, not
// at once.
func (w *worker) concluded(ctx context.Context, intent purchase.Fact, o purchase.Outcome, taught ...purchase.Fact) error {
	f := w.own(purchase.Fact{Kind: purchase.Concluded, Account: intent.Account, Payment: intent.Payment, Attempt: intent.Number,
		Detail: purchase.Detail{Step: intent.Detail.Step, Result: o.Result, Reason: o.Reason}})
	f.Purchase = w.key
	if o.After > 0 && o.Result == purchase.Unknown {
		f.Detail.Until = w.now().Add(o.After)
	}
	if err := w.insist(ctx, append([]purchase.Fact{f}, taught...)); err != nil {
		return err
	}
	w.log.Info("concluded", zap.String("step", string(intent.Detail.Step)), zap.String("state", string(o.Result)), zap.String("cause", o.Reason))
	takes := intent.Detail.Step == purchase.StepCapture || intent.Detail.Step == purchase.StepReserve
	if o.Result == purchase.Unsent || (o.Result == purchase.Unknown && takes) {
		return errLater{after: o.After, err: fmt.Errorf("%s did not go through: %s", intent.Detail.Step, o.Reason)}
	}
	return nil
}

// insist keeps an outcome as long as the lease lasts: what happened outside cannot be asked for again everywhere.
func (w *worker) insist(ctx context.Context, facts []purchase.Fact) error {
	for {
		err := w.learn(ctx, facts...)
		if err == nil || ctx.Err() != nil {
			return err
		}
		w.log.Error("an outcome could not be kept yet", zap.Error(err))
		if err := w.Clock.Sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

// conclude closes an intent that a crash left open: it may have been sent.
func (w *worker) conclude(ctx context.Context, p purchase.Purchase, next purchase.Next) error {
	f := w.own(purchase.Fact{Kind: purchase.Concluded, Attempt: next.Attempt,
		Detail: purchase.Detail{Step: p.Open.Step, Result: purchase.Unknown, Reason: "interrupted"}})
	f.Account, f.Payment = p.Open.Account, p.Open.Payment
	w.log.Warn("an interrupted call is taken as unknown", zap.String("step", string(p.Open.Step)), zap.Int64("attempt", next.Attempt))
	return w.learn(ctx, f)
}
