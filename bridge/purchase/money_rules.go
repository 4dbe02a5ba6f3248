package purchase

import (
	"cmp"
	"strings"
	"time"
)

// planMoney takes a paid purchase to its seat: the price is read after the payment and before every finalize, and exactly one
// payment must equal it.
func planMoney(p Purchase, now time.Time) (Next, bool) {
	if !p.Net().Positive() {
		return Next{}, false
	}
	if refusal, ok := p.refused(); ok {
		return refusal, true
	}
	if p.priceBasis() != p.Basis() {
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
		return p.handOver(CauseForeignEvent, time.Time{}), true
	case p.paying() == nil && !p.accepted():
		return p.handOver(p.difference(), time.Time{}), true
	case p.acknowledged() >= MaxFinalizes:
		return p.handOver(CauseNotRegistered, time.Time{}), true
	case p.late(now):
		return p.handOver(CausePaidLate, time.Time{}), true
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
func (p Purchase) refused() (Next, bool) {
	n := len(p.Finalizes)
	if n == 0 || p.Finalizes[n-1].Result != Refused {
		return Next{}, false
	}
	if !p.Finalizes[n-1].At.Before(p.Deadline.At) {
		return p.handOver(CausePaidLate, time.Time{}), true
	}
	return p.handOver(CauseRefused, time.Time{}), true
}

// late: only a certain deadline stops a finalize. Past an uncertain one Dynamics is asked, once, and its refusal counts.
func (p Purchase) late(now time.Time) bool {
	return p.Deadline.Certain && !now.Before(p.Deadline.At)
}

// acknowledged counts the finalizes that Dynamics may have taken.
func (p Purchase) acknowledged() int {
	n := 0
	for _, a := range p.Finalizes {
		if a.MayHaveWorked() {
			n++
		}
	}
	return n
}

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
		return p.handOver(cause, time.Time{}), true
	case !now.Before(again):
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	case p.Absences < patience:
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

// paying is the one payment that holds exactly the price; nil if none does. Of several the first paid counts, the others are
// surplus. What holds nothing pays nothing, whatever the price.
func (p Purchase) paying() *Payment {
	if p.Offer == nil || !p.Offer.Money.Known() {
		return nil
	}
	var found *Payment
	for i := range p.Payments {
		pay := &p.Payments[i]
		if pay.Net() != p.Offer.Money || !pay.Net().Positive() {
			continue
		}
		if found == nil || pay.PaidAt.Before(found.PaidAt) {
			found = pay
		}
	}
	return found
}

// accepted tells whether a person accepted exactly what is there: this money for this price.
func (p Purchase) accepted() bool { return p.AcceptedOf != "" && p.AcceptedOf == p.Matter() }

// difference names why no payment equals the price.
func (p Purchase) difference() Cause {
	for _, pay := range p.Payments {
		if pay.Net().Positive() && p.Offer != nil && pay.Net().Currency == p.Offer.Money.Currency {
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
