package purchase_test

import (
	"github.com/paybridge/paybridge/bridge/purchase"
)

// decide is a person at the desk, or at any other purchase, who decides one of the things that are allowed, and tells the truth.
func (s *sale) decide() {
	var some []*ledger
	for _, l := range s.ledgers {
		if len(l.facts) > 0 {
			some = append(some, l)
		}
	}
	if len(some) == 0 {
		return
	}
	l := some[s.pick(len(some), "which purchase")]
	p := s.fold(l.key, l.facts, s.policy)
	actions := p.Actions()
	f := purchase.Fact{Purchase: l.key, Standing: purchase.Decided, At: s.now, Detail: purchase.Detail{By: "ada", Reason: "looked into it"}}
	switch action := actions[s.pick(len(actions), "decision")]; action {
	case purchase.ActRetry:
		f.Kind = purchase.Retried
	case purchase.ActAsk:
		f.Kind = purchase.AskOrdered
	case purchase.ActClose:
		f.Kind, f.Detail.Basis = purchase.Closed, p.Sight()
	case purchase.ActFree:
		f.Kind, f.Detail.Basis = purchase.ReleaseOrdered, p.Sight()
	case purchase.ActNote:
		f.Kind = purchase.Noted
	case purchase.ActAccept:
		s.accept()
		return
	case purchase.ActTie:
		s.tie()
		return
	case purchase.ActSeats:
		s.sayWhatIsShown(p, f)
		return
	case purchase.ActRefund:
		s.orderRefund(p, f)
		return
	case purchase.ActApprove:
		s.approveInvoice()
		return
	case purchase.ActPaid:
		s.markPaid()
		return
	case purchase.ActCancel:
		s.cancelInvoice()
		return
	}
	s.note("a person decides: %s", f.Kind)
	s.keep(-1, f)
}

func (s *sale) orderRefund(p purchase.Purchase, f purchase.Fact) {
	for _, pay := range p.Payments {
		if !p.Refundable(pay) || pay.Account == bills {
			continue
		}
		f.Kind, f.Account, f.Payment, f.Money, f.Detail.Basis = purchase.RefundOrdered, pay.Account, pay.Ref, pay.Net(), p.Sight()
		if s.mishap(30, "a part") {
			f.Money.Minor = (f.Money.Minor + 1) / 2
		}
		if p.Registered() {
			f.Detail.Seats = purchase.SeatsAll
		}
		s.note("a person orders %s of %s back", f.Money, f.Payment)
		s.keep(-1, f)
		return
	}
}

func (s *sale) sayWhatIsShown(p purchase.Purchase, f purchase.Fact) {
	attempt, from := p.Word()
	shown := s.dynamics.standing()
	if s.within(s.dynamics.away) || shown == purchase.SeatsSome || (shown == purchase.SeatsNone && s.now.Before(from)) {
		return
	}
	f.Kind, f.Attempt, f.Detail.Seats = purchase.ReadBack, attempt, shown
	s.note("a person says: %s seats", shown)
	s.keep(-1, f)
}

// cancel is a person who cancels in Dynamics a registration that has no money, and says so as soon as the word counts.
func (s *sale) cancel() {
	l := s.ledger(s.key)
	p := s.fold(s.key, l.facts, s.policy)
	_, from := p.Word()
	unpaid := p.Desk == purchase.CauseSeatWithoutMoney || p.Desk == purchase.CauseDisputed || p.Desk == purchase.CauseInvoiceCancelled
	if !unpaid || s.dynamics.shown != s.dynamics.seats || s.within(s.dynamics.away) || s.now.Before(from) {
		return
	}
	s.dynamics.seats, s.dynamics.shown, s.dynamics.cancelled = 0, 0, true
	s.sayWhatIsShown(p, purchase.Fact{Purchase: s.key, Standing: purchase.Decided, At: s.now, Detail: purchase.Detail{By: "ada"}})
}

// returning finds a refund of ours that may have worked and is not seen: the payment still holds more than was to be left.
func (o *oracle) returning(facts []purchase.Fact) bool {
	held, _ := holdingsOf(facts)
	type operation struct{ account, payment string }
	last := map[operation]purchase.Fact{}
	answers := map[int64]purchase.Result{}
	for _, f := range facts {
		switch {
		case f.Kind == purchase.Intended && f.Detail.Step == purchase.StepRefund:
			last[operation{f.Account, f.Payment}] = f
		case f.Kind == purchase.Concluded:
			answers[f.Attempt] = f.Detail.Result
		}
	}
	for of, intent := range last {
		answer := answers[intent.Number]
		if answer != purchase.Refused && answer != purchase.Unsent && held[of.account+" "+of.payment].Minor > intent.Detail.Left.Minor {
			return true
		}
	}
	return false
}

// judgeRefund: money goes back because a person ordered just that, or because the policy says so: as surplus beside the payment of the
// seat, or after the deadline, when the price was read since and there is no seat.
func (o *oracle) judgeRefund(facts []purchase.Fact, intent purchase.Fact) {
	if intent.Attempt != 0 {
		ordered := false
		for _, f := range facts {
			ordered = ordered || f.Kind == purchase.RefundOrdered && f.Number == intent.Attempt && f.Money == intent.Money && f.Payment == intent.Payment
		}
		o.expect(lawNeverBoth, ordered, "%s goes back that nobody ordered", intent.Money)
		return
	}
	held, _ := holdingsOf(facts)
	name := intent.Account + " " + intent.Payment
	price, at := last(facts, purchase.Offered)
	view, read := o.readAt[price.ID]
	then, _ := holdingsOf(facts[:view])
	o.expect(lawNeverBoth, held[name] == intent.Money, "%s goes back of %s", intent.Money, held[name])
	o.expect(lawNeverBoth, at >= 0 && read && then.equal(held), "money goes back on a price that was read before it")
	if o.seated(facts) {
		delete(held, name)
		o.expect(lawNeverBoth, held.has(price.Money), "the only money of a seat goes back by the policy")
		o.expect(lawNeverBoth, o.policy.RefundExtra != nil && intent.Account != "hold", "money goes back against the policy")
		return
	}
	o.expect(lawNeverBoth, !o.now.Before(o.fold(o.key, facts, o.policy).Deadline.At), "money goes back while a seat could still be had")
	o.expect(lawNeverBoth, o.policy.RefundLate != nil && intent.Account != "wallet", "money goes back against the policy")
	o.expect(lawNeverBoth, price.Detail.Seats != purchase.SeatsAll && price.Detail.Seats != purchase.SeatsSome, "money goes back although Dynamics shows seats")
	o.expect(lawNeverBoth, len(finalizes(facts)) == len(finalizes(facts[:view])), "the price was read before the last finalize")
	o.expect(lawNeverBoth, !held.has(price.Money) || len(finalizes(facts)) > 0 || o.freed(facts), "money goes back although Dynamics was not asked for the seat")
}

// sentBack is told by a shop when a refund of ours takes effect.
func (o *oracle) sentBack(p *pay, money purchase.Money) {
	facts := o.ledger(o.belongs[[2]string{p.name, p.ref}]).facts
	var intent purchase.Fact
	for _, f := range facts {
		if f.Kind == purchase.Intended && f.Detail.Step == purchase.StepRefund && f.Payment == p.ref {
			intent = f
		}
	}
	o.expect(lawNeverBoth, p.held().Minor >= money.Minor, "%s goes back of %s", money, p.held())
	if intent.Attempt != 0 {
		return
	}
	o.expect(lawNeverBoth, o.byPolicy[p] == 0 || o.failedBack(p), "money of %s goes back twice by the policy", p.ref)
	o.byPolicy[p]++
}

// failedBack tells whether a refund of the payment failed at the provider.
func (o *oracle) failedBack(p *pay) bool {
	for _, x := range p.objects {
		if x.version > 0 && x.kind == purchase.Failed {
			return true
		}
	}
	return false
}

// takenBack tells whether others took money back, or a person sent some: then a seat without money is not the policy's doing.
func (o *oracle) takenBack() bool {
	for _, s := range o.shops {
		for _, p := range s.pays {
			for _, x := range p.objects {
				if (x.kind == purchase.Reversed || x.kind == purchase.Refunded) && o.byPolicy[p] == 0 {
					return true
				}
			}
		}
	}
	return false
}
