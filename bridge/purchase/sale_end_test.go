package purchase_test

import "github.com/paybridge/paybridge/bridge/purchase"

// atRest judges the end of a sale by what Dynamics and the shops really hold.
func (o *oracle) atRest() {
	p := o.fold(o.key, o.ledger(o.key).facts, o.policy)
	for _, l := range o.ledgers {
		if len(l.facts) > 0 {
			o.deskAtRest(l)
		}
	}
	o.seatsAtRest(p)
	o.moneyAtRest(p)
	o.sessionsAtRest()
	o.invoicesAtRest(p)
	if o.fair && o.forsaken {
		o.expect(lawFreed, o.dynamics.released == o.dynamics.acks, "the seat was given free: %t", o.dynamics.released)
		o.expect(lawFreed, p.State() == purchase.StateAbandoned, "its state is %s (%s)", p.State(), p.Desk)
		return
	}
	if o.fair {
		o.expect(lawSeat, o.dynamics.seats == o.dynamics.attendees, "%d seats for %d attendees", o.dynamics.seats, o.dynamics.attendees)
		o.expect(lawSeat, p.State() == purchase.StateFinalized, "its state is %s (%s)", p.State(), p.Desk)
	}
}

// deskAtRest: what the desk shows is what the plan still says, and the other way round.
func (o *oracle) deskAtRest(l *ledger) {
	p := o.fold(l.key, l.facts, o.policy)
	next := o.plan(p, o.now)
	o.expect(lawLimbo, next.Step == purchase.StepDone && next.Due.IsZero(), "at rest, but the plan says %s", next.Step)
	o.expect(lawDesk, next.Cause == p.Desk, "on the desk as %q, the plan says %q", p.Desk, next.Cause)
}

func (o *oracle) seatsAtRest(p purchase.Purchase) {
	d := o.dynamics
	o.expect(lawOnce, d.seats <= d.attendees || o.policy.Repeat == purchase.RepeatAfterQuiet, "%d seats for %d attendees", d.seats, d.attendees)
	o.expect(lawPaid, d.seats > 0 || !p.Registered(), "a seat is believed that does not exist")
	o.expect(lawLimbo, d.seats == 0 || p.Registered() || p.Desk != purchase.CauseNone || p.Closed(), "seats that nobody knows of")
}

// moneyAtRest: what a shop holds is one payment for the seat, or it is on a desk.
func (o *oracle) moneyAtRest(p purchase.Purchase) {
	holders, right := 0, false
	for _, s := range o.shops {
		for _, pay := range s.pays {
			o.expect(lawLimbo, !pay.reserved() || o.orphaned(pay), "%s is still reserved", pay.ref)
			switch held := pay.held(); {
			case held.Minor <= 0:
			case o.orphaned(pay):
				orphan := o.fold(o.belongs[[2]string{s.name, pay.ref}], o.ledger(o.belongs[[2]string{s.name, pay.ref}]).facts, o.policy)
				o.expect(lawLimbo, orphan.Desk != purchase.CauseNone || orphan.Closed(), "%s of %s is an orphan outside the desk", held, pay.ref)
			default:
				holders++
				right = right || (p.Offer != nil && held == p.Offer.Money)
			}
		}
	}
	accepted := p.Offer != nil && o.accepted != nil && o.accepted.price == p.Offer.Money
	fine := p.Registered() && ((holders == 1 && right) || accepted)
	looked := p.Desk != purchase.CauseNone || p.Closed()
	o.expect(lawLimbo, holders == 0 || fine || looked, "%d payments hold money in state %s", holders, p.State())
	o.expect(lawLimbo, holders > 0 || !p.Registered() || looked, "a seat without money")
	o.expect(lawNeverBoth, holders > 0 || o.dynamics.seats == 0 || len(o.byPolicy) == 0 || o.takenBack(), "a seat, and its money sent back by the policy")
}

// sessionsAtRest: what we opened and can end is paid or ended, once and for all.
func (o *oracle) sessionsAtRest() {
	for _, s := range o.shops {
		for _, pay := range s.pays {
			o.expect(lawSession, !pay.endable || len(pay.objects) > 0 || !pay.lapsed.IsZero(), "%s can still be paid", pay.ref)
		}
	}
}

func (o *oracle) orphaned(p *pay) bool { return o.belongs[[2]string{p.name, p.ref}].Orphaned() }

// held is what the shop really holds.
func (p *pay) held() (m purchase.Money) {
	for _, o := range p.objects {
		switch o.kind {
		case purchase.Captured:
			m.Minor, m.Currency = m.Minor+o.money.Minor, o.money.Currency
		case purchase.Refunded, purchase.Reversed:
			m.Minor -= o.money.Minor
		}
	}
	return m
}
