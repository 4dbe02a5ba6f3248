package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

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

// ask reads the payment back. What proves to belong to another purchase is kept there, and an orphan is tied to it.
func (w *worker) ask(ctx context.Context, p purchase.Purchase, next purchase.Next) error {
	account, ok := w.accounts[next.Account]
	if !ok {
		return errLater{after: time.Hour, err: fmt.Errorf("account %s is no longer in the settings", next.Account)}
	}
	asker, ok := account.Provider.(Asker)
	if !ok {
		return errLater{after: time.Hour, err: fmt.Errorf("account %s cannot be asked", next.Account)}
	}
	proofs, err := asker.Ask(ctx, next.Payment)
	if err != nil && !errors.Is(err, purchase.ErrNoPayment) {
		return fmt.Errorf("ask %s about a payment: %w", account.Name, err)
	}
	asked := w.own(purchase.Fact{Kind: purchase.Asked, Account: account.Name, Payment: next.Payment.Payment,
		Detail: purchase.Detail{Basis: next.Basis}})
	asked.Purchase = w.key
	facts, err := w.proved(ctx, account, next, proofs, learnedBy(p, next))
	if err != nil {
		return err
	}
	return w.learn(ctx, append(facts, asked)...)
}

// proved addresses what the provider said: to the purchase it names. What names none belongs here only if we opened that payment for
// this purchase, or if proof of its money named this purchase before; hearsay alone never ties money to a purchase, so anything else is an
// orphan.
func (w *worker) proved(ctx context.Context, account Account, next purchase.Next, proofs []purchase.Fact, by purchase.Source) ([]purchase.Fact, error) {
	ours := w.known.Owns(account.Name, next.Payment.Payment)
	facts, err := w.address(ctx, account, proofs, by)
	if err != nil {
		return nil, err
	}
	for i, f := range proofs {
		switch {
		case f.Purchase.ID == "" && ours:
			facts[i].Purchase = w.key
		case f.Purchase.ID == "":
			facts[i].Purchase = purchase.Orphan(account.Environment, account.Name, f.Payment)
		}
	}
	if !w.key.Orphaned() {
		return facts, nil
	}
	if w.known.Returning() { // it is nobody's until it is known whether it went back
		for i := range facts {
			facts[i].Purchase = w.key
		}
		return facts, nil
	}
	return w.tie(account, next, facts), nil
}

// tie keeps an orphan's facts under the orphan, and closes it when proof names the purchase.
func (w *worker) tie(account Account, next purchase.Next, facts []purchase.Fact) []purchase.Fact {
	tied := ""
	for i := range facts {
		if facts[i].Purchase.Orphaned() {
			facts[i].Purchase = w.key
		} else {
			tied = facts[i].Purchase.ID
		}
	}
	if tied == "" {
		return facts
	}
	f := w.own(purchase.Fact{Kind: purchase.Tied, Account: account.Name, Payment: next.Payment.Payment, Detail: purchase.Detail{Reason: tied}})
	f.Purchase = w.key
	return append(facts, f)
}

// learnedBy says what made us ask: a callback, what a list told, the buyer's return, or nothing but the clock.
func learnedBy(p purchase.Purchase, next purchase.Next) purchase.Source {
	for _, pay := range p.Payments {
		if pay.Account == next.Account && pay.Ref == next.Payment.Payment && pay.Hearsay != pay.AskedOf {
			if pay.HeardReturn {
				return purchase.ByReturn
			}
			return cmp.Or(pay.HeardBy, purchase.ByCallback)
		}
	}
	return purchase.ByPoll
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

func (w *worker) handOver(ctx context.Context, p purchase.Purchase, next purchase.Next) error {
	w.log.Error("purchase is on the desk and waits for a person", zap.String("cause", string(next.Cause)),
		zap.String("state", string(p.State())))
	return w.learn(ctx, w.own(purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: next.Cause, Basis: next.Basis}}))
}
