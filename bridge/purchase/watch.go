package purchase

import "time"

// planCapture takes the money of an approved session of ours: with a price lately read and equal, time left, and no other payment
// of the purchase captured or on the way to be. The price is read once more after the capture, as after every payment.
func planCapture(p Purchase, now time.Time) (Next, bool) {
	pay := p.capturable()
	if pay == nil || !now.Before(p.Deadline.At.Add(-p.policy.Reserve)) {
		return Next{}, false
	}
	if n := len(pay.Captures); n > 0 {
		last := pay.Captures[n-1]
		switch {
		case last.MayHaveWorked() && pay.LastAsked.Before(last.At):
			return pay.ask(), true
		case last.Result == Refused && !pay.LastHeard.After(last.At):
			return Next{}, false
		}
	}
	if p.priceBasis() != p.Basis() || now.Sub(p.Offer.At) > p.policy.Window/10 {
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	}
	if p.Offer.Money != pay.Opened.Money {
		return Next{}, false
	}
	return Next{Step: StepCapture, Account: pay.Account, Payment: Ref{Payment: pay.Ref}}, true
}

// capturable is the one session that may be captured: approved, ours, and the first opened of those. None while another payment
// holds or may hold money.
func (p Purchase) capturable() *Payment {
	var found *Payment
	for i := range p.Payments {
		pay := &p.Payments[i]
		if pay.Captured.Known() || pay.Pending != "" || pay.Authorised {
			return nil
		}
		if pay.Opened == nil || !pay.Opened.Detail.Capturable || !pay.Approved || pay.Lapsed {
			continue
		}
		if found == nil || pay.Opened.Number < found.Opened.Number {
			found = pay
		}
	}
	return found
}

// planWatch asks the provider about open payments at marks scaled to the window, because no provider's retries fit it.
func planWatch(p Purchase, now time.Time) (Next, bool) {
	var soonest Next
	for _, pay := range p.Payments {
		mark, ok := p.nextMark(pay)
		switch {
		case !ok:
			continue
		case !now.Before(mark):
			return pay.ask(), true
		case soonest.Due.IsZero() || mark.Before(soonest.Due):
			soonest = Next{Step: StepWait, Due: mark, Cause: pay.waits()}
		}
	}
	if soonest.Due.IsZero() {
		return Next{}, false
	}
	if p.unproved(now) {
		return p.handOver(CauseUnproved, soonest.Due), true
	}
	return soonest, true
}

func (p Payment) waits() Cause {
	if p.Pending != "" || p.Authorised {
		return CausePaymentPending
	}
	return CauseAwaitingBuyer
}

// unproved: somebody said that a known purchase was paid, and nobody could prove it in time.
func (p Purchase) unproved(now time.Time) bool {
	known := !p.Key.Orphaned() && !p.seated && (!p.Arrived.IsZero() || (p.Offer != nil && p.Offer.Money.Known()))
	return known && !now.Before(p.Deadline.At) && p.anyPayment(func(pay Payment) bool {
		return pay.Hearsay != "" && pay.Opened == nil && pay.Pending == ""
	})
}

// marks are the instants of asking, in fiftieths of the window after the presumed start; the last two belong to the deadline and
// come after it. Then it is once a day.
var marks = []int64{2, 5, 10, 20, 30, 40, 47, 50, 55, 110}

// watchDays bounds how long a provider is asked about a payment that never becomes money.
const watchDays = 30

// nextMark is when to ask about the payment next; ok is false when there is nothing to wait for.
func (p Purchase) nextMark(pay Payment) (mark time.Time, ok bool) {
	if !pay.Open() && pay.Hearsay == "" {
		return time.Time{}, false
	}
	last := pay.Since
	if pay.LastAsked.After(last) {
		last = pay.LastAsked
	}
	start, unit := p.Deadline.At.Add(-p.policy.Window), p.policy.Window/50
	for _, m := range marks {
		mark = start.Add(time.Duration(m) * unit)
		if mark.After(last) {
			return mark, p.worthAsking(pay, mark)
		}
	}
	mark = last.Add(24 * time.Hour)
	return mark, p.worthAsking(pay, mark)
}

// worthAsking: a session that only we can capture is worth nothing once we no longer would; an orphan's hearsay ends with its
// presumed deadline; anything else may still become money for a month.
func (p Purchase) worthAsking(pay Payment, at time.Time) bool {
	moving := pay.Pending != "" || pay.Authorised
	switch {
	case moving:
	case p.Key.Orphaned():
		return !at.After(p.Deadline.At)
	case pay.Opened != nil && pay.Opened.Detail.Capturable:
		return at.Before(p.Deadline.At.Add(-p.policy.Reserve)) || p.captureDoubt(pay)
	}
	return at.Before(p.Deadline.At.Add(watchDays * 24 * time.Hour))
}

// captureDoubt: our own capture may have worked, so the payment must be watched past the deadline.
func (p Purchase) captureDoubt(pay Payment) bool {
	n := len(pay.Captures)
	return n > 0 && pay.Captures[n-1].MayHaveWorked() && pay.LastAsked.Before(pay.Captures[n-1].At.Add(p.policy.Quiet))
}

// planEnd waits for the buyer until the deadline and then lets the purchase go.
func planEnd(p Purchase, now time.Time) (Next, bool) {
	switch {
	case p.everPaid():
		return Next{Step: StepDone}, true
	case now.Before(p.Deadline.At):
		return Next{Step: StepWait, Due: p.Deadline.At, Cause: CauseAwaitingBuyer}, true
	}
	return p.giveUp(), true
}
