package main

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// held is what Dynamics holds of a purchase.
type held struct {
	seats int
	price int64         // in minor units
	used  time.Duration // from its registration to its seats
}

func (w *world) seats() map[string]held {
	all := map[string]held{}
	for _, p := range w.dynamics.Purchases() {
		h := held{seats: len(p.Seats), price: minor(p.Amount)}
		if len(p.Seats) > 0 {
			h.used = p.FinalizedAt.Sub(p.Created)
		}
		all[p.ID] = h
	}
	return all
}

// taken is what a provider holds of a purchase, in minor units whatever the currency.
type taken struct{ captured, refunded, reserved int64 }

// money adds up what all providers hold, by purchase.
func (w *world) money() map[string]taken {
	all := map[string]taken{}
	for _, s := range w.shops {
		for _, p := range s.Payments() {
			s.mu.Lock()
			name := s.paid[p.ID]
			s.mu.Unlock()
			t := all[name]
			t.captured += minor(p.Captured)
			t.refunded += minor(p.Refunded)
			if p.Status == "authorised" {
				t.reserved += minor(p.Value)
			}
			all[name] = t
		}
	}
	return all
}

// orphan is the name under which a payment for nothing is listed: it goes by one of the names that the provider gives it.
func (w *world) orphan(f fate, listed map[string]purchaseRow) string {
	for _, s := range w.shops {
		p, ok := s.Payment(f.payment)
		if s.Name != f.Provider || !ok {
			continue
		}
		for _, name := range append(slices.Collect(maps.Values(p.Names)), p.ID) {
			id := purchase.Orphan(demoEnvironment, s.account(), name).ID
			if _, known := listed[id]; known {
				return id
			}
		}
	}
	return cmp.Or(f.Purchase, f.payment) // nobody told us of it: it is for nothing that we know, and not for a buyer who never got that far
}

func minor(decimal string) int64 {
	m, err := purchase.ParseMoney(cmp.Or(decimal, "0"), "EUR")
	if err != nil {
		return 0
	}
	return m.Minor
}
