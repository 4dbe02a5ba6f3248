package bridge

import (
	"context"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/failpoint"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// release gives the seat free: an intent first, as for a finalize, because the two exclude each other. No money waits for it, so it takes
// its place behind what money waits for.
func (w *worker) release(ctx context.Context, next purchase.Next) error {
	sendBefore := w.now().Add(w.env.Policy.SendWithin)
	intents, err := w.learnIf(ctx, w.head, w.own(purchase.Fact{Kind: purchase.Intended,
		Detail: purchase.Detail{Step: purchase.StepRelease, SendBefore: sendBefore, Basis: next.Basis}}))
	if err != nil {
		return err
	}
	w.log.Info("giving the seat free", zap.String("step", string(next.Step)), zap.Int64("attempt", intents[0].Number))
	failpoint.Hit("release", "call")
	outcome := w.env.Registrar.Release(purchase.Anonymous(ctx), w.key, sendBefore.Add(-w.skew))
	failpoint.Hit("release", "called")
	w.Metrics.freed(w.accounts[w.known.Summary().Account], outcome.Result)
	return w.concluded(ctx, intents[0], outcome)
}
