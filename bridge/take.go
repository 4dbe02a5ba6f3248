package bridge

import (
	"context"
	"errors"
	"fmt"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/failpoint"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// take takes one step and keeps what it taught. An error means that the step is to be tried again later.
func (w *worker) take(ctx context.Context, p purchase.Purchase, next purchase.Next) error {
	switch next.Step {
	case purchase.StepPrice:
		return w.price(ctx, next)
	case purchase.StepAsk:
		return w.ask(ctx, p, next)
	case purchase.StepReadBack:
		return w.readBack(ctx, next)
	case purchase.StepFinalize:
		return w.finalize(ctx, p, next)
	case purchase.StepRelease:
		return w.release(ctx, next)
	case purchase.StepReserve:
		return w.reserve(ctx, next)
	case purchase.StepCapture:
		return w.capture(ctx, next)
	case purchase.StepVoid:
		return w.void(ctx, next)
	case purchase.StepRefund:
		return w.refund(ctx, next)
	case purchase.StepConclude:
		return w.conclude(ctx, p, next)
	case purchase.StepHandOver:
		return w.handOver(ctx, p, next)
	case purchase.StepRemind:
		return w.remind(ctx, next)
	case purchase.StepAbandon:
		return w.learn(ctx, w.own(purchase.Fact{Kind: purchase.Abandoned, Detail: purchase.Detail{Basis: next.Basis}}))
	}
	return fmt.Errorf("no such step: %q", next.Step)
}

// own makes a fact of ours, now.
func (w *worker) own(f purchase.Fact) purchase.Fact {
	f.Standing, f.At = purchase.Own, w.now()
	return f
}

func (w *worker) price(ctx context.Context, next purchase.Next) error {
	if w.known.Vacant() { // nobody waits for it
		ctx = purchase.Anonymous(ctx)
	}
	offer, err := w.env.Registrar.Price(ctx, w.key)
	fact, err := offered(offer, err, next.Basis)
	if err != nil {
		return err
	}
	return w.learn(ctx, w.own(fact))
}

// offered is the fact that a price read taught; an error that teaches nothing is handed back.
func offered(offer purchase.Offer, err error, basis string) (purchase.Fact, error) {
	f := purchase.Fact{Kind: purchase.Offered, Detail: purchase.Detail{Basis: basis}}
	switch {
	case errors.Is(err, purchase.ErrNoPurchase):
		f.Detail.Reason = string(purchase.CauseUnknownPurchase)
	case errors.Is(err, purchase.ErrNoPrice):
		f.Detail.Reason = string(purchase.CausePriceUnreadable)
	case err != nil:
		return purchase.Fact{}, fmt.Errorf("read the price: %w", err)
	default:
		f.Money = offer.Money
		f.Detail.Event, f.Detail.EventName, f.Detail.User = offer.Event, offer.EventName, offer.User
		f.Detail.Created, f.Detail.Attendees, f.Detail.Seats = offer.Created, offer.Attendees, offer.Seats
	}
	return f, nil
}

func (w *worker) readBack(ctx context.Context, next purchase.Next) error {
	asked := w.now()
	seats, err := w.env.Registrar.ReadBack(ctx, w.key)
	if err != nil {
		return fmt.Errorf("read the registration back: %w", err)
	}
	f := w.own(purchase.Fact{Kind: purchase.ReadBack, Attempt: next.Attempt, Detail: purchase.Detail{Seats: seats}})
	f.At = asked
	return w.learn(ctx, f)
}

// finalize: the intent is durable before the call, holds only if nothing changed since the plan, and the call leaves in time or not
// at all. The outcome is kept whatever it is.
func (w *worker) finalize(ctx context.Context, p purchase.Purchase, next purchase.Next) error {
	sendBefore := w.now().Add(w.env.Policy.SendWithin)
	intents, err := w.learnIf(ctx, w.head, w.own(purchase.Fact{Kind: purchase.Intended,
		Detail: purchase.Detail{Step: purchase.StepFinalize, SendBefore: sendBefore, Basis: next.Basis}}))
	if err != nil {
		return err
	}
	w.log.Info("finalizing", zap.String("step", string(next.Step)), zap.Int64("attempt", intents[0].Number))
	failpoint.Hit("finalize", "call")
	outcome := w.env.Registrar.Finalize(ctx, purchase.Final{Key: w.key, Event: p.Reference.Event, User: p.Reference.User,
		SendBefore: sendBefore.Add(-w.skew)})
	failpoint.Hit("finalize", "called")
	return w.concluded(ctx, intents[0], outcome)
}

func (w *worker) handOver(ctx context.Context, p purchase.Purchase, next purchase.Next) error {
	w.log.Error("purchase is on the desk and waits for a person", zap.String("cause", string(next.Cause)),
		zap.String("state", string(p.State())))
	return w.learn(ctx, w.own(purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: next.Cause, Basis: next.Basis}}))
}
