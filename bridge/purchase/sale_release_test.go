package purchase_test

import (
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// release is one call that frees the seat, in the one dialect that can: it can work or not, and answer or not.
func (d *dynamics) release(sendBefore time.Time) purchase.Outcome {
	outcome := func(r purchase.Result, reason string) purchase.Outcome {
		d.note("release: %s, %s", r, reason)
		return purchase.Outcome{Result: r, Reason: reason}
	}
	switch {
	case !d.acks:
		return outcome(purchase.Refused, "dialect cannot")
	case !d.slow && !d.now.Before(sendBefore):
		return outcome(purchase.Unsent, "too late to send")
	case d.within(d.away):
		return outcome(purchase.Unsent, "no connection")
	case !d.now.Before(d.created.Add(d.policy.Window)), d.released && d.pick(2, "second release") == 1:
		return outcome(purchase.Refused, "not active")
	case !d.mishap(4*d.woe(), "release goes wrong"):
		d.free()
		return outcome(purchase.Acknowledged, "done")
	}
	switch d.pick(5, "how release goes wrong") {
	case 1:
		d.free()
		return outcome(purchase.Unknown, "done, answer lost")
	case 2:
		return outcome(purchase.Unknown, "request lost")
	case 3:
		d.after(time.Second+d.lately(2*time.Minute, "works on"), d.free)
		return outcome(purchase.Unknown, "done later, answer lost")
	case 4:
		if !d.fair {
			return outcome(purchase.Refused, "refused")
		}
	}
	return outcome(purchase.Unsent, "throttled")
}

// free gives the seat to somebody else. It judges by what the shops really hold.
func (d *dynamics) free() {
	d.oracle.expect(lawRelease, d.seats == 0, "a seat is taken away")
	for _, s := range d.shops {
		for _, p := range s.pays {
			over := !p.lapsed.IsZero() && p.held().Minor <= 0 && !p.reserved()
			over = over || p.cancelled && p.held().Minor <= 0
			d.oracle.expect(lawRelease, !(p.opened || p.billed) || over, "the seat is given free while %s may still be paid", p.ref)
		}
	}
	d.released = true
	d.note("dynamics gives the seat free")
}

func (n *node) release(p purchase.Purchase, next purchase.Next) {
	intent, ok := n.intend(next)
	if !ok {
		return
	}
	n.hand.then = func() {
		outcome := n.dynamics.release(intent.Detail.SendBefore)
		n.hand.then = func() {
			n.conclude(intent, outcome.Result, outcome.Reason)
			if outcome.Result == purchase.Unsent {
				n.later(p, next.Step, outcome.After)
			}
		}
	}
}

// forsake is a sale in which the buyer turns away, and the shop ends the session while the buyer could still come back.
func (s *sale) forsake(when time.Duration) {
	s.forsaken = true
	s.dynamics.away, s.dynamics.visible = nil, s.opening
	s.after(when, func() { s.turnAway(25 * time.Minute) })
}

// turnAway: the buyer comes, looks at the pay page and turns away; the shop ends the session some time later.
func (s *sale) turnAway(within time.Duration) {
	if pay := s.open(s.shops[1]); pay != nil && len(pay.objects) == 0 {
		s.after(s.lately(within, "ended after"), func() {
			if len(pay.objects) == 0 {
				pay.lapsed = s.now
				pay.tell()
			}
		})
	}
}

// payElsewhere: the buyer turns away from our session, and the money comes late from somewhere else.
func (s *sale) payElsewhere() {
	s.turnAway(30 * time.Minute)
	pays := []func(){s.payBank, s.payCards, s.holdButton}
	s.after(40*time.Minute+s.lately(20*time.Minute, "paid elsewhere after"), pays[s.pick(len(pays), "where")])
}

// mayHaveWorked are the intents of a step that no answer says came to nothing.
func mayHaveWorked(facts []purchase.Fact, step purchase.Step) (intents []purchase.Fact) {
	for _, f := range facts {
		if f.Kind != purchase.Intended || f.Detail.Step != step {
			continue
		}
		undone := false
		for _, g := range facts {
			undone = undone || g.Kind == purchase.Concluded && g.Attempt == f.Number &&
				(g.Detail.Result == purchase.Refused || g.Detail.Result == purchase.Unsent)
		}
		if !undone {
			intents = append(intents, f)
		}
	}
	return intents
}

// freed tells whether the seat may have been given free.
func (o *oracle) freed(facts []purchase.Fact) bool {
	return len(mayHaveWorked(facts, purchase.StepRelease)) > 0
}

// judgeRelease: the seat is given free only with the deadline near, or when a person ordered it or cancelled an invoice, and not past, no
// finalize that may have worked, no seat in a price read just now, and every payment one of ours that is proved to have ended and was looked
// at since the buyer can no longer be sent.
func (o *oracle) judgeRelease(key purchase.Key, facts []purchase.Fact) {
	deadline := o.fold(key, facts, o.policy).Deadline.At
	from := deadline.Add(-o.policy.MinTimeLeft)
	for _, kind := range []purchase.Kind{purchase.ReleaseOrdered, purchase.InvoiceCancelled} {
		if word, at := last(facts, kind); at >= 0 {
			from = sooner(from, word.At)
		}
	}
	o.expect(lawRelease, !o.now.Before(from) && o.now.Before(deadline), "the seat is given free %s before the deadline", deadline.Sub(o.now))
	o.expect(lawRelease, len(mayHaveWorked(facts, purchase.StepFinalize)) == 0 && !o.seated(facts), "a seat is given free that may be taken")
	price, _ := last(facts, purchase.Offered)
	o.expect(lawRelease, price.Money.Known() && o.now.Sub(price.At) <= o.policy.SendWithin, "the price was read at %s", price.At)
	o.expect(lawRelease, price.Detail.Seats != purchase.SeatsAll && price.Detail.Seats != purchase.SeatsSome, "Dynamics shows seats")
	type payment struct{ account, ref string }
	said := map[payment]map[purchase.Kind]time.Time{}
	for _, f := range facts {
		id := payment{f.Account, f.Payment}
		if f.Payment == "" {
			continue
		}
		if said[id] == nil {
			said[id] = map[purchase.Kind]time.Time{}
		}
		if f.Standing != purchase.Heard {
			said[id][f.Kind] = f.At
		}
	}
	o.expect(lawRelease, len(said) > 0 || o.ordersRelease(facts), "the seat is given free of a purchase that is paid elsewhere")
	for id, kinds := range said {
		_, ours := kinds[purchase.Opened]
		_, over := kinds[purchase.Lapsed]
		_, paid := kinds[purchase.Captured]
		_, billed := kinds[purchase.InvoiceRequested]
		_, cancelled := kinds[purchase.InvoiceCancelled]
		if billed {
			o.expect(lawRelease, cancelled && !paid, "the seat is given free while %s is to be paid", id.ref)
			continue
		}
		o.expect(lawRelease, ours && over && !paid, "the seat is given free while %s is not over", id.ref)
		o.expect(lawRelease, !kinds[purchase.Asked].Before(from), "%s was last asked about at %s", id.ref, kinds[purchase.Asked])
	}
}

// forgetful pays for seats that were given free.
func forgetful(r purchase.Rule) purchase.Rule {
	return func(p purchase.Purchase, now time.Time) (purchase.Next, bool) {
		p.Releases = nil
		return r(p, now)
	}
}

// unreleased takes a release that nobody answered for one that came to nothing.
func unreleased(f purchase.Fact) *purchase.Fact {
	if f.Detail.Step == purchase.StepRelease {
		return hopeful(f)
	}
	return &f
}

// ahead gives seats free as soon as nobody can pay for them.
func ahead(p purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
	if next.Step == purchase.StepWait && p.Vacant() && len(p.Releases) == 0 {
		return purchase.Next{Step: purchase.StepRelease}
	}
	return next
}

// freeing gives the seat free where the buyer came to us and another step is planned, with the deadline near.
func freeing(planned purchase.Step) func(purchase.Purchase, time.Time, purchase.Next) purchase.Next {
	return func(p purchase.Purchase, now time.Time, next purchase.Next) purchase.Next {
		left := p.Deadline.At.Sub(now)
		if next.Step == planned && !p.Arrived.IsZero() && len(p.Releases) == 0 && left > 0 && left < 10*time.Minute {
			return purchase.Next{Step: purchase.StepRelease}
		}
		return next
	}
}

// ordersRelease tells whether a person ever ordered the seat to be given free.
func (o *oracle) ordersRelease(facts []purchase.Fact) bool {
	_, at := last(facts, purchase.ReleaseOrdered)
	return at >= 0
}
