package bridge

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/failpoint"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// reserve reserves the money of a session of ours.
func (w *worker) reserve(ctx context.Context, next purchase.Next) error {
	reserver, ok := w.accounts[next.Account].Provider.(Reserver)
	if !ok {
		return errLater{after: time.Hour, err: fmt.Errorf("account %s cannot reserve", next.Account)}
	}
	return w.operate(ctx, next, reserver.Reserve)
}

// capture takes the money of a session of ours.
func (w *worker) capture(ctx context.Context, next purchase.Next) error {
	capturer, ok := w.accounts[next.Account].Provider.(Capturer)
	if !ok {
		return errLater{after: time.Hour, err: fmt.Errorf("account %s cannot capture", next.Account)}
	}
	return w.operate(ctx, next, capturer.Capture)
}

// void ends a session of ours.
func (w *worker) void(ctx context.Context, next purchase.Next) error {
	voider, ok := w.accounts[next.Account].Provider.(Voider)
	if !ok {
		return errLater{after: time.Hour, err: fmt.Errorf("account %s cannot end sessions", next.Account)}
	}
	return w.operate(ctx, next, voider.Void)
}

// refund sends money back.
func (w *worker) refund(ctx context.Context, next purchase.Next) error {
	refunder, ok := w.accounts[next.Account].Provider.(Refunder)
	if !ok {
		return errLater{after: time.Hour, err: fmt.Errorf("account %s cannot refund", next.Account)}
	}
	return w.operate(ctx, next, func(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
		return refunder.Refund(ctx, ref, next.Money, key)
	})
}

// operate makes a call to a provider that cannot be taken back, under the key of its operation: the intent is durable before.
func (w *worker) operate(ctx context.Context, next purchase.Next, call func(context.Context, purchase.Ref, string) ([]purchase.Fact, error)) error {
	intent := purchase.Fact{Kind: purchase.Intended, Account: next.Account, Payment: next.Payment.Payment, Money: next.Money, Attempt: next.Attempt,
		Detail: purchase.Detail{Step: next.Step, SendBefore: w.now().Add(w.env.Policy.SendWithin), Left: next.Left}}
	intents, err := w.learnIf(ctx, w.head, w.own(intent))
	if err != nil {
		return err
	}
	if !w.now().Before(intents[0].Detail.SendBefore) {
		return w.concluded(ctx, intents[0], purchase.Outcome{Result: purchase.Unsent, Reason: "too_late_to_send"})
	}
	w.log.Info("calling the provider", zap.String("step", string(next.Step)), zap.String("account", next.Account), zap.String("payment", next.Payment.Payment))
	failpoint.Hit(string(next.Step), "call")
	proofs, err := call(ctx, next.Payment, w.operationKey(intents[0]))
	failpoint.Hit(string(next.Step), "called")
	by := purchase.ByReturn // the buyer agreed, and then we took or reserved the money
	if next.Step == purchase.StepVoid || next.Step == purchase.StepRefund || (next.Step == purchase.StepCapture && w.env.Policy.SeatFirst(next.Account)) {
		by = purchase.ByPoll
	}
	facts, failed := w.proved(ctx, w.accounts[next.Account], next, proofs, by)
	if failed != nil {
		return failed
	}
	return w.concluded(ctx, intents[0], operationOutcome(err), facts...)
}

// operationKey is the key that the fold gives this attempt: the same over all attempts of one operation.
func (w *worker) operationKey(intent purchase.Fact) string {
	for _, pay := range w.known.Payments {
		for _, a := range pay.Attempts() {
			if a.Number == intent.Number {
				return a.Key
			}
		}
	}
	return intent.ID
}

func operationOutcome(err error) purchase.Outcome {
	if err == nil {
		return purchase.Outcome{Result: purchase.Confirmed}
	}
	after, again := purchase.Retry(err)
	if again {
		return purchase.Outcome{Result: purchase.Unknown, Reason: "no_answer", After: after}
	}
	return purchase.Outcome{Result: purchase.Refused, Reason: "refused_by_provider"}
}
