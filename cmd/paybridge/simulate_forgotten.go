package main

import (
	"slices"
	"time"

	"github.com/paybridge/paybridge/providers/providersim"
)

// What was learned between a backup and the moment at which it is put back is lost by whoever puts it back; what a provider told then it does
// not tell again. Nothing may be done twice for that. But of money that no list and no question brings back nobody knows, as of what was never
// told: it is counted, and reconciliation with the provider's settlement file finds it.

const (
	opens   = 5 * time.Second // from when a provider makes a pay session until we have kept that it did
	answers = time.Second     // from when we have kept a notification until the provider has its answer
)

// forgot tells whether the store forgot what it learned at an instant.
func (l *lawbook) forgot(at time.Time) bool {
	return slices.ContainsFunc(l.Troubles, func(t trouble) bool {
		return t.Kind == storeRestored && at.After(l.began.Add(t.At-t.For)) && !at.After(l.began.Add(t.At).Add(answers))
	})
}

// forgotSession tells whether the store forgot a pay session of the purchase, so that it asks about it only when somebody names it.
func (l *lawbook) forgotSession(f fate) bool {
	return slices.ContainsFunc(l.shop(f.Provider).paysFor(f), func(id string) bool { return l.forgotOpening(f.Provider, id) })
}

func (l *lawbook) forgotOpening(provider, payment string) bool {
	p, ok := l.shop(provider).Payment(payment)
	return ok && (l.forgot(p.Created) || l.forgot(p.Created.Add(opens)))
}

// unheardElsewhere tells whether nobody told us, or we forgot, what the same buyer paid at another provider, which has no list.
func (l *lawbook) unheardElsewhere(f fate) bool {
	for _, name := range l.Providers {
		asks, lists := l.powers(name)
		if name == f.Provider || lists {
			continue
		}
		for _, id := range l.shop(name).paysOf(f.Purchase) {
			if _, heard := l.heard(name, id); !heard && (!asks || l.forgotOpening(name, id)) || !asks && l.forgotWord(name, id) {
				return true
			}
		}
	}
	return false
}

// forgotWord tells whether the store forgot a notification about a payment that it never got again.
func (l *lawbook) forgotWord(provider, payment string) bool {
	told := l.shop(provider).Deliveries()
	return slices.ContainsFunc(told, func(d providersim.Delivery) bool {
		return d.Payment == payment && d.Taken && l.forgot(d.At) && !slices.ContainsFunc(told, func(again providersim.Delivery) bool {
			return again.Payment == payment && again.Event == d.Event && again.Taken && !l.forgot(again.At)
		})
	})
}
