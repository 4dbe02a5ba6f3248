//go:build linux

package main

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/paybridge/paybridge/providers/providersim"
)

// laws asks, from the side of Dynamics and the providers, for what must hold whatever happened to the daemon, which has ended.
func (s *crashSale) laws(r *crashReport) {
	s.t.Helper()
	if r == nil {
		r = &crashReport{}
	}
	s.store.sound(s.t, s.dir)
	for _, f := range s.fates {
		r.purchases++
		s.fateIsRight(f, r)
	}
	s.acknowledgedIsKept(r)
	s.calledOnce(r)
}

// fateIsRight: a crash changes nothing about how a purchase ends.
func (s *crashSale) fateIsRight(f fate, r *crashReport) {
	s.t.Helper()
	held := f.Captured - f.Refunded
	switch {
	case f.Seats > f.Attendees:
		r.doubled++
		s.t.Errorf("%s at %s has %d seats for %d", f.Turn, f.Provider, f.Seats, f.Attendees)
	case f.Unexpected || f.Lost || f.Limbo != 0:
		s.t.Errorf("%s at %s ended as %q (state %s, captured %d, refunded %d, limbo %d, trouble %q); allowed is %v", f.Turn, f.Provider, f.End, f.State, f.Captured,
			f.Refunded, f.Limbo, f.Trouble, allowed(f.Turn, terms{window: crashWindow, refunds: true}, true))
	case f.End == endSeat && held != f.Price:
		s.t.Errorf("%s at %s: %d held for a seat of %d", f.Turn, f.Provider, held, f.Price)
	case f.End == endRefunded && held != 0:
		s.t.Errorf("%s at %s: %d held after the refund", f.Turn, f.Provider, held)
	}
	if f.End == endSeat && !s.box.heardOf(f.Purchase, "participation_confirmed") {
		s.t.Errorf("%s at %s: nobody was told of the seat", f.Turn, f.Provider)
	}
	if f.Lost || f.Limbo != 0 {
		r.lost++
	}
}

// acknowledgedIsKept: law 1, delivery by delivery.
func (s *crashSale) acknowledgedIsKept(r *crashReport) {
	s.t.Helper()
	kept := s.store.deliveries(s.t, s.dir)
	for _, shop := range s.world.shops {
		for _, d := range shop.Deliveries() {
			if !d.Taken {
				continue
			}
			r.taken++
			if !slices.Contains(kept, shop.account()+"\x00"+string(d.Body)) {
				r.lost++
				s.t.Errorf("%s told of %s, was answered %d, and the store does not have it", shop.Name, d.Event, d.Status)
			}
		}
	}
}

// calledOnce: all tries of a call that takes or returns money go under one key, and it has its effect once.
func (s *crashSale) calledOnce(r *crashReport) {
	s.t.Helper()
	for _, shop := range s.world.shops {
		keys := map[string][]string{}
		for _, q := range shop.Requests() {
			if what := q.Operation + " " + q.Path; slices.Contains([]string{"capture", "refund", "reserve"}, q.Operation) && !slices.Contains(keys[what], q.Key) {
				keys[what] = append(keys[what], q.Key)
			}
		}
		for what, under := range keys {
			if len(under) > 1 {
				r.doubled++
				s.t.Errorf("%s: %s was called under %d keys", shop.Name, what, len(under))
			}
		}
		for payment, n := range refunds(shop.Simulator) {
			if n > 1 {
				r.doubled++
				s.t.Errorf("%s: %s was refunded %d times", shop.Name, payment, n)
			}
		}
	}
}

// refunds counts a simulator's refunds by payment.
func refunds(sim providersim.Simulator) map[string]int {
	n := map[string]int{}
	if books, ok := sim.(interface{ Refunds() []providersim.Refund }); ok {
		for _, r := range books.Refunds() {
			n[r.Payment]++
		}
	}
	return n
}

// heardOf tells whether a webhook of the kind about the purchase came.
func (p *postbox) heardOf(purchase, kind string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.calls, func(c call) bool {
		return bytes.Contains(c.body, fmt.Appendf(nil, "%q:%q", "type", kind)) && bytes.Contains(c.body, []byte(purchase))
	})
}
