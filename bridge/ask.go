package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

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
	return w.learn(ctx, append([]purchase.Fact{asked}, facts...)...)
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
