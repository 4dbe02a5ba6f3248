package purchase

import (
	"slices"
	"time"
)

// planRelease gives a seat free that nobody can pay for any more, so that somebody else has it before Dynamics would let go of it. There
// is a reason to once the buyer would not be sent to pay again. Every payment is asked about once more from then on, and the price is
// read right before: it shows whether there are seats after all. In the last moments Dynamics is as quick by itself.
func planRelease(p Purchase, now time.Time) (Next, bool) {
	if !p.policy.Releases || !p.Vacant() || !p.releasable(now) {
		return Next{}, false
	}
	from := p.releaseFrom()
	if again := nextTry(p.Releases); again.After(from) {
		from = earlier(again, p.Deadline.At)
	}
	if now.Before(from) {
		return Next{Step: StepWait, Due: from, Cause: CauseAwaitingBuyer}, true
	}
	if next, ok := p.askEnded(now); ok {
		return next, true
	}
	if next, ok := p.lookForSeats(now); ok {
		return next, true
	}
	if p.restored() != nil && p.readBack.seats != SeatsNone {
		return p.handOver(CauseOutcomeUnknown, time.Time{}), true
	}
	if !p.priced() || now.Sub(p.Offer.At) > p.policy.SendWithin {
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	}
	return Next{Step: StepRelease, Basis: p.Basis()}, true
}

// releaseFrom is from when on there is a reason to release: no time is left to send the buyer to pay again, or a person ordered it or cancelled
// an invoice.
func (p Purchase) releaseFrom() time.Time {
	from := earlier(p.freedFrom, p.Deadline.At.Add(-p.policy.MinTimeLeft))
	for _, pay := range p.Payments {
		if pay.Invoice.Cancelled != nil {
			from = earlier(from, pay.Invoice.Cancelled.At)
		}
	}
	return from
}

// releasable: it is still worth trying, and no release was answered. One that may have worked is repeated until the deadline. What
// Dynamics did not know, or showed seats of, when it was last asked for this is left alone.
func (p Purchase) releasable(now time.Time) bool {
	until, last := p.Deadline.At.Add(-p.policy.Reserve), lastOf(p.Releases)
	if last != nil {
		until = p.Deadline.At
	}
	answered := last != nil && last.Result != Unknown && last.Result != Unsent
	return !answered && now.Before(until) && !p.occupied()
}

// occupied: since there is a reason to release, Dynamics was asked and showed seats, or no price.
func (p Purchase) occupied() bool {
	if p.Offer == nil || p.Offer.At.Before(p.releaseFrom()) || !p.priced() {
		return false
	}
	return !p.Offer.Money.Known() || (p.Offer.Detail.Seats != seatsUnasked && p.Offer.Detail.Seats != SeatsNone)
}

// askEnded asks once more about a payment that was last seen to have ended while the buyer could still be sent to another.
func (p Purchase) askEnded(now time.Time) (Next, bool) {
	for _, pay := range p.Payments {
		switch {
		case pay.Opened == nil || !pay.LastAsked.Before(p.releaseFrom()):
		case slices.Contains(p.shut, pay.Account):
			return Next{Step: StepWait, Due: now.Add(min(time.Minute, p.Deadline.At.Sub(now))), Cause: CauseAwaitingBuyer}, true
		default:
			return pay.ask(), true
		}
	}
	return Next{}, false
}

// Vacant tells whether nothing was paid and nobody can pay any more: the buyer came to our redirect leg, all payments are ours, and every
// one is proved to have ended. Of a purchase that was paid elsewhere, or whose store was put back, nobody knows who may still pay; a person
// may answer for that.
func (p Purchase) Vacant() bool {
	unknown := p.Arrived.IsZero() || len(p.Payments) == 0 || p.restored() != nil
	if p.seated || slices.ContainsFunc(p.Finalizes, Attempt.done) || (p.freedFrom.IsZero() && unknown) {
		return false
	}
	return !p.anyPayment(func(pay Payment) bool { return !p.ended(pay) })
}

// Releasable tells whether a person may order the seat to be given free: nothing is paid, reserved or on its way, and what can still be
// paid are sessions of ours that we can end.
func (p Purchase) Releasable() bool {
	free := p.policy.Releases && !p.Key.Orphaned() && !p.seated && p.Open == nil && !slices.ContainsFunc(p.Finalizes, Attempt.done) && !p.Released() && p.freedFrom.IsZero()
	return free && !p.anyPayment(func(pay Payment) bool { return !p.ended(pay) && !pay.voidable() })
}

// ended tells whether a payment of ours is over, and nothing was taken by it, is said of it, or may have been done by us. Who cannot be
// asked proves no end; that of an invoice is a person's word.
func (p Purchase) ended(pay Payment) bool {
	money := pay.Captured.Known() || pay.Refunded.Known() || pay.Reversed.Known() || pay.Contradicted
	alive := !pay.Lapsed || pay.Authorised || pay.Pending != "" || pay.Hearsay != ""
	if pay.Invoice.over() {
		return !money
	}
	return pay.Opened != nil && p.askable(pay.Account) && !money && !alive && !slices.ContainsFunc(pay.Takings(), pay.mayHaveTaken)
}

// mayHaveTaken tells whether the call may have taken money, or reserved some that was never seen.
func (p Payment) mayHaveTaken(a Attempt) bool {
	return a.done() && (a.Step != StepReserve || !p.held)
}

// Released tells whether the seat may have been given free. Then it is never finalized, whatever is paid.
func (p Purchase) Released() bool {
	return slices.ContainsFunc(p.Releases, Attempt.done)
}

// done tells whether the call had its effect, or may have had it.
func (a Attempt) done() bool { return a.MayHaveWorked() || a.Result == Confirmed }

// nextTry is when to repeat a call that nobody answered: after 1, 2, 4 … seconds, at most an hour; zero before the first.
func nextTry(attempts []Attempt) time.Time {
	last := lastOf(attempts)
	if last == nil {
		return time.Time{}
	}
	return last.At.Add(min(time.Second<<min(len(attempts)-1, 12), time.Hour))
}
