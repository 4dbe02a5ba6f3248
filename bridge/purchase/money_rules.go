package purchase

import (
	"strings"
	"time"
)

// planMoney takes a paid purchase to its seat: the price is read after the payment and before every finalize, and exactly one
// payment must equal it.
func planMoney(p Purchase, now time.Time) (Next, bool) {
	if !p.Net().Positive() {
		return Next{}, false
	}
	if refusal, ok := p.refused(now); ok {
		return refusal, true
	}
	if p.priceBasis() != p.Basis() {
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	}
	if !p.Offer.Money.Known() {
		return p.planAbsence(now)
	}
	if p.Offer.Detail.Seats == SeatsAll && len(p.Finalizes) == 0 && p.readBack.count == 0 {
		return Next{Step: StepReadBack}, true
	}
	switch {
	case p.foreignEvent():
		return p.handOver(CauseForeignEvent, time.Time{}), true
	case p.paying() == nil && !p.accepted():
		return p.handOver(p.difference(), time.Time{}), true
	case p.late(now):
		return p.handOver(CausePaidLate, time.Time{}), true
	case p.acknowledged() >= MaxFinalizes:
		return p.handOver(CauseNotRegistered, time.Time{}), true
	}
	return Next{Step: StepFinalize, Basis: p.Basis()}, true
}

// refused looks at the last finalize that Dynamics turned down for good.
func (p Purchase) refused(now time.Time) (Next, bool) {
	if n := len(p.Finalizes); n == 0 || p.Finalizes[n-1].Result != Refused {
		return Next{}, false
	}
	if !now.Before(p.Deadline.At) {
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
	again := p.Offer.At.Add(time.Second << min(p.Absences-1, 6))
	cause := Cause(p.Offer.Detail.Reason)
	if !now.Before(p.Deadline.At) {
		return p.handOver(cause, time.Time{}), true
	}
	switch {
	case !now.Before(again):
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	case p.Absences < patience:
		return Next{Step: StepWait, Due: again, Cause: cause}, true
	}
	return p.handOver(cause, again), true
}

// patience is how many absences in a row are borne before a person sees them.
const patience = 3

// paying is the one payment that holds exactly the price; nil if none does. Of several the first paid counts, the others are
// surplus.
func (p Purchase) paying() *Payment {
	if p.Offer == nil || !p.Offer.Money.Known() {
		return nil
	}
	var found *Payment
	for i := range p.Payments {
		pay := &p.Payments[i]
		if pay.Net() != p.Offer.Money {
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
