package purchase

import (
	"cmp"
	"strings"
	"time"
)

// planMoney takes a purchase whose money is there, or reserved at a seat-first account, to its seat: the price is read after the
// payment and before every finalize, and exactly one payment must equal it.
func planMoney(p Purchase, now time.Time) (Next, bool) {
	if !p.funded() {
		return Next{}, false
	}
	if p.Released() {
		return p.noSeat(CauseSeatReleased, now), true
	}
	if cause, ok := p.refused(); ok {
		return p.noSeat(cause, now), true
	}
	if !p.Net().Positive() && p.over(now) {
		return p.noSeat(CausePaidLate, now), true
	}
	if !p.priced() {
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	}
	if !p.Offer.Money.Known() {
		return p.planAbsence(now)
	}
	if next, ok := p.planShown(); ok {
		return next, true
	}
	switch {
	case p.foreignEvent():
		return p.noSeat(CauseForeignEvent, now), true
	case p.paying() == nil && !p.accepted():
		return p.noSeat(p.difference(), now), true
	case p.acknowledged() >= MaxFinalizes:
		return p.noSeat(CauseNotRegistered, now), true
	case p.late(now) && (p.triedLate() || !p.Net().Positive()):
		return p.noSeat(CausePaidLate, now), true
	}
	return Next{Step: StepFinalize, Basis: p.Basis()}, true
}

// planShown: Dynamics shows seats that we know nothing of. They are read back, and where that does not confirm them all a person
// looks: a finalize would double them.
func (p Purchase) planShown() (Next, bool) {
	shown := p.Offer.Detail.Seats == SeatsAll || p.Offer.Detail.Seats == SeatsSome
	switch {
	case shown && p.readBack.told < p.Offer.Number:
		return Next{Step: StepReadBack, Attempt: p.readBack.attempt}, true
	case p.readBack.seats == SeatsSome:
		return p.handOver(CausePartialSeats, time.Time{}), true
	case shown:
		return p.handOver(CauseOutcomeUnknown, time.Time{}), true
	}
	return Next{}, false
}

// refused looks at the last finalize, if Dynamics turned it down for good: too late where the deadline had passed by then.
func (p Purchase) refused() (Cause, bool) {
	last := p.lastMade()
	if last == nil || last.Result != Refused || last.Number < p.retried {
		return CauseNone, false
	}
	if !last.At.Before(p.Deadline.At) {
		return CausePaidLate, true
	}
	return CauseRefused, true
}

// late: past an uncertain deadline nothing stops a finalize but Dynamics' refusal; past a certain one there is one last try, if
// Dynamics still shows the purchase.
func (p Purchase) late(now time.Time) bool {
	return p.Deadline.Certain && !now.Before(p.Deadline.At)
}

// triedLate tells whether Dynamics had its last try: a finalize after the deadline, and after a person wanted another.
func (p Purchase) triedLate() bool {
	last := p.lastMade()
	return last != nil && last.Result != Unsent && last.Number > p.retried && !last.At.Before(p.Deadline.At)
}

// over: whatever Dynamics would say, money that is only reserved is not held any longer. Past an uncertain deadline it is given a
// second window.
func (p Purchase) over(now time.Time) bool {
	return p.late(now) || !now.Before(p.Deadline.At.Add(p.policy.Window))
}

// acknowledged counts the finalizes that Dynamics may have taken.
func (p Purchase) acknowledged() int {
	n := 0
	for _, a := range p.Finalizes {
		if a.MayHaveWorked() && a.Number > p.retried {
			n++
		}
	}
	return n
}

// priced tells whether the price was read after all that is known of the money, and after a person wanted it read again.
func (p Purchase) priced() bool { return p.priceBasis() == p.Basis() && p.Offer.Number > p.retried }

func (p Purchase) priceBasis() string {
	if p.Offer == nil {
		return ""
	}
	return p.Offer.Detail.Basis
}

// planAbsence: Dynamics gave no price. A fresh purchase may be invisible for a while, so it is asked again until the deadline; a
// person sees it after the first few tries.
func (p Purchase) planAbsence(now time.Time) (Next, bool) {
	again, cause := p.priceAgain(), p.absence()
	switch {
	case !now.Before(p.Deadline.At):
		return p.noSeat(cause, now), true
	case !now.Before(again):
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	case p.Absences < patience || !p.Net().Positive():
		return Next{Step: StepWait, Due: again, Cause: cause}, true
	}
	return p.handOver(cause, again), true
}

// priceAgain is when to read a price again that was not to be had, early enough for another try before the deadline.
func (p Purchase) priceAgain() time.Time {
	return p.Offer.At.Add(Backoff(p.Absences, 0, p.Offer.At, p.Deadline.At, 0))
}

// absence is why there is no price.
func (p Purchase) absence() Cause {
	return cmp.Or(Cause(p.Offer.Detail.Reason), CausePriceUnreadable)
}

// patience is how many absences in a row are borne before a person sees them.
const patience = 3

// paying is the one payment that holds, reserves or promises exactly the price; nil if none does. Of several the first paid counts, the others
// are surplus. While money is held nothing is taken beside it, whatever its amount. What holds nothing pays nothing, whatever the price.
func (p Purchase) paying() *Payment {
	if p.Offer == nil || !p.Offer.Money.Known() {
		return nil
	}
	var found *Payment
	for i := range p.Payments {
		pay := &p.Payments[i]
		held := p.reserves(*pay) || p.promises(*pay)
		if p.funds(*pay) != p.Offer.Money || !p.funds(*pay).Positive() || (held && p.Net().Positive()) {
			continue
		}
		if found == nil || p.paidBefore(*pay, *found) {
			found = pay
		}
	}
	return found
}

// paidBefore puts payments in the order of time; either all are taken, or none is. What is reserved comes before what is promised.
func (p Purchase) paidBefore(a, b Payment) bool {
	if p.promises(a) != p.promises(b) {
		return p.promises(b)
	}
	if p.promises(a) {
		return a.Invoice.Asked.Number < b.Invoice.Asked.Number
	}
	return cmp.Or(a.PaidAt.Compare(b.PaidAt), a.ReservedAt.Compare(b.ReservedAt)) < 0
}

// accepted tells whether a person accepted exactly what is there: this money for this price. What is only reserved is no part of it.
func (p Purchase) accepted() bool {
	return p.AcceptedOf != "" && p.AcceptedOf == p.Matter() && p.Net().Positive()
}

// difference names why no payment equals the price.
func (p Purchase) difference() Cause {
	for _, pay := range p.Payments {
		if funds := p.funds(pay); funds.Positive() && p.Offer != nil && funds.Currency == p.Offer.Money.Currency {
			return CauseAmount
		}
	}
	return CauseCurrency
}

// foreignEvent: what the payment carried under our seal, or the account's own event, contradicts Dynamics. Event ids compare
// without regard to case.
func (p Purchase) foreignEvent() bool {
	offered := p.Offer.Detail.Event
	if offered == "" || p.claimedEvent == "" {
		return false
	}
	return !strings.EqualFold(offered, p.claimedEvent)
}
