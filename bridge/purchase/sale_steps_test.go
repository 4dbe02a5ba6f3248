package purchase_test

import (
	"errors"

	"github.com/paybridge/paybridge/bridge/purchase"
)

func (n *node) price(p purchase.Purchase, next purchase.Next) {
	view, offer, err := len(n.hand.facts), purchase.Offer{}, error(nil)
	offer, err = n.dynamics.offer()
	n.hand.then = func() {
		f := purchase.Fact{Kind: purchase.Offered, Money: offer.Money, Detail: purchase.Detail{Basis: next.Basis, Event: offer.Event,
			Created: offer.Created, Seats: offer.Seats, Attendees: offer.Attendees}}
		switch {
		case errors.Is(err, purchase.ErrNoPurchase):
			f.Detail.Reason = string(purchase.CauseUnknownPurchase)
		case errors.Is(err, purchase.ErrNoPrice):
			f.Detail.Reason = string(purchase.CausePriceUnreadable)
		case err != nil:
			n.later(p, next.Step, 0)
			return
		}
		n.oracle.read(n.learn(f), view)
	}
}

// ask reads a payment back. An account that cannot be reached is left alone for this claim; the others are not.
func (n *node) ask(p purchase.Purchase, next purchase.Next) {
	shop := n.shop(next.Account)
	proofs, err := shop.ask(next.Payment.Payment)
	n.hand.then = func() {
		if errors.Is(err, errAway) {
			n.hand.shut = append(n.hand.shut, next.Account)
			n.hand.retry = sooner(n.hand.retry, n.now.Add(n.pause(p, 0)))
			n.showStranded(p, next.Step)
			return
		}
		asked := purchase.Fact{Purchase: n.hand.key, Kind: purchase.Asked, Account: next.Account, Payment: next.Payment.Payment,
			Detail: purchase.Detail{Basis: next.Basis}}
		n.learn(append(n.proved(shop, next, proofs), asked)...)
	}
}

// proved addresses what the shop said; an orphan whose purchase it names is tied to it.
func (n *node) proved(shop *shop, next purchase.Next, proofs []purchase.Fact) []purchase.Fact {
	key := n.hand.key
	for i := range proofs {
		if proofs[i].Purchase.ID == "" && !key.Orphaned() {
			proofs[i].Purchase.ID = key.ID
		}
	}
	facts := shop.address(proofs)
	for i := range facts {
		if facts[i].Purchase.Orphaned() {
			facts[i].Purchase = key
		} else if key.Orphaned() && i == 0 {
			facts = append(facts, purchase.Fact{Purchase: key, Kind: purchase.Tied, Account: shop.name, Payment: next.Payment.Payment,
				Detail: purchase.Detail{Reason: facts[0].Purchase.ID}})
		}
	}
	return facts
}

func (n *node) readBack(p purchase.Purchase, next purchase.Next) {
	asked := n.now
	seats, err := n.dynamics.readBack()
	n.hand.then = func() {
		if err != nil {
			n.later(p, next.Step, 0)
			return
		}
		n.learn(purchase.Fact{Kind: purchase.ReadBack, At: asked, Attempt: next.Attempt, Detail: purchase.Detail{Seats: seats}})
	}
}

// intend keeps the intent if nothing changed since the plan; without it nothing is sent.
func (n *node) intend(next purchase.Next) (intent purchase.Fact, ok bool) {
	head := len(n.hand.facts)
	if n.careless {
		head = -1
	}
	fresh, err := n.keepIf(head, purchase.Fact{Kind: purchase.Intended, Account: next.Account, Payment: next.Payment.Payment, Money: next.Money,
		Attempt: next.Attempt, Detail: purchase.Detail{Step: next.Step, SendBefore: n.now.Add(n.policy.SendWithin), Basis: next.Basis, Left: next.Left}})
	if err != nil {
		n.settle(n.now, 0)
		return purchase.Fact{}, false
	}
	n.oracle.intended(n.hand.ledger, fresh[0])
	return fresh[0], true
}

func (n *node) finalize(p purchase.Purchase, next purchase.Next) {
	intent, ok := n.intend(next)
	if !ok {
		return
	}
	n.hand.then = func() {
		outcome := n.dynamics.finalize(intent.Detail.SendBefore)
		n.hand.then = func() {
			n.conclude(intent, outcome.Result, outcome.Reason)
			if outcome.Result == purchase.Unsent {
				n.later(p, next.Step, outcome.After)
			}
		}
	}
}

// operate is a call that reserves or takes money.
func (n *node) operate(p purchase.Purchase, next purchase.Next, call func(shop *shop, ref, key string) ([]purchase.Fact, error)) {
	intent, ok := n.intend(next)
	if !ok {
		return
	}
	n.hand.then = func() {
		if !n.now.Before(intent.Detail.SendBefore) {
			n.conclude(intent, purchase.Unsent, "too late to send")
			n.later(p, next.Step, 0)
			return
		}
		shop := n.shop(next.Account)
		proofs, err := call(shop, next.Payment.Payment, n.operationKey(intent))
		n.hand.then = func() {
			result := purchase.Confirmed
			switch {
			case errors.Is(err, errDeclined):
				result = purchase.Refused
			case err != nil:
				result = purchase.Unknown
			}
			n.conclude(intent, result, "", shop.address(proofs)...)
			if result == purchase.Unknown {
				n.later(p, next.Step, 0)
			}
		}
	}
}

func (n *node) void(_ purchase.Purchase, next purchase.Next) {
	n.giveBack(next, func(shop *shop, ref, _ string) ([]purchase.Fact, error) { return shop.void(ref) })
}

func (n *node) refund(next purchase.Next) {
	order := n.orderOf(next)
	n.giveBack(next, func(shop *shop, ref, key string) ([]purchase.Fact, error) {
		n.oracle.carries = order
		return shop.refund(ref, next.Money, key)
	})
}

// giveBack is a call that ends a session, lets go of what is reserved, or sends money back.
func (n *node) giveBack(next purchase.Next, call func(shop *shop, ref, key string) ([]purchase.Fact, error)) {
	intent, ok := n.intend(next)
	if !ok {
		return
	}
	n.hand.then = func() {
		if !n.now.Before(intent.Detail.SendBefore) {
			n.conclude(intent, purchase.Unsent, "too late to send")
			return
		}
		shop := n.shop(next.Account)
		proofs, err := call(shop, next.Payment.Payment, n.operationKey(intent))
		n.hand.then = func() {
			result := purchase.Confirmed
			switch {
			case errors.Is(err, errDeclined):
				result = purchase.Refused
			case err != nil:
				result = purchase.Unknown
			}
			n.conclude(intent, result, "", shop.address(proofs)...)
		}
	}
}

func (n *node) operationKey(intent purchase.Fact) string {
	for _, pay := range n.fold(n.hand.key, n.hand.facts, n.policy).Payments {
		for _, a := range pay.Attempts() {
			if a.Number == intent.Number {
				if n.keyless == a.Step {
					return intent.ID
				}
				return a.Key
			}
		}
	}
	return intent.ID
}

func (n *node) conclude(intent purchase.Fact, r purchase.Result, reason string, taught ...purchase.Fact) {
	n.learn(append([]purchase.Fact{{Kind: purchase.Concluded, Account: intent.Account, Payment: intent.Payment, Attempt: intent.Number,
		Detail: purchase.Detail{Step: intent.Detail.Step, Result: r, Reason: reason}}}, taught...)...)
}
