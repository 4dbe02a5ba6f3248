package purchase

import (
	"slices"
	"time"
)

// planCapture takes the money of an approved session of ours, or reserves it at a seat-first account: with a price lately read and
// equal, time left, and no other payment of the purchase captured or on the way to be. The price is read once more after it, as after
// every payment. A call that did not show the money is looked at first, however little time is left.
func planCapture(p Purchase, now time.Time) (Next, bool) {
	pay := p.capturable()
	if pay == nil || p.Released() || slices.Contains(p.shut, pay.Account) {
		return Next{}, false
	}
	if last := lastOf(pay.Takings()); last != nil {
		switch {
		case pay.asked < last.told:
			return pay.ask(), true
		case last.Result == Confirmed:
			return Next{}, false
		case last.Result == Refused && now.Before(pay.tryAgain()):
			return Next{Step: StepWait, Due: pay.tryAgain(), Cause: CauseAwaitingBuyer}, true
		}
	}
	if !now.Before(p.Deadline.At.Add(-p.policy.Reserve)) {
		return Next{}, false
	}
	if next, ok := p.lookForSeats(now); ok {
		return next, true
	}
	switch {
	case !p.priced() || now.Sub(p.Offer.At) > p.policy.Window/10:
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	case !p.Offer.Money.Known() && now.Before(p.priceAgain()):
		return Next{Step: StepWait, Due: p.priceAgain(), Cause: p.absence()}, true
	case !p.Offer.Money.Known():
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	case p.Offer.Money != pay.Opened.Money:
		return Next{}, false
	}
	step := StepCapture
	if p.policy.SeatFirst(pay.Account) {
		step = StepReserve
	}
	return Next{Step: step, Account: pay.Account, Payment: pay.named()}, true
}

// tryAgain is when the money may be tried for again after it was refused, as the buyer wishes: the oftener it was, the later.
func (p Payment) tryAgain() time.Time {
	takings := p.Takings()
	return lastOf(takings).At.Add(time.Second << min(len(takings)-1, 4))
}

// capturable is the one session whose money may be taken or reserved: ours, approved, not declined since, and never reserved before. One
// that may be captured already comes before all others; else it is the first opened. None while another payment holds or may hold money.
func (p Purchase) capturable() *Payment {
	var found *Payment
	for i := range p.Payments {
		pay := &p.Payments[i]
		switch {
		case pay.Captured.Known() || pay.Moving():
			return nil
		case pay.Opened == nil || !pay.Opened.Detail.Capturable || !pay.Approved || pay.Lapsed || pay.held || pay.Declined():
		case found == nil || pay.MayBeCaptured() || (!found.MayBeCaptured() && pay.Opened.Number < found.Opened.Number):
			found = pay
		}
	}
	return found
}

// planWatch asks the provider about open payments at marks scaled to the window, because no provider's retries fit it.
func planWatch(p Purchase, now time.Time) (Next, bool) {
	next, ok := p.watch(now)
	if next.Step != StepAsk && p.unproved(now) {
		return p.handOver(CauseUnproved, next.Due), true
	}
	return next, ok
}

// watch asks about the payment whose mark has come, else waits for the next mark. Who is shut is tried again in a minute.
func (p Purchase) watch(now time.Time) (soonest Next, ok bool) {
	for _, pay := range p.Payments {
		mark, open := p.nextMark(pay)
		open = open && p.askable(pay.Account)
		if slices.Contains(p.shut, pay.Account) && !now.Before(mark) {
			mark = now.Add(time.Minute)
		}
		switch {
		case !open:
		case !now.Before(mark):
			return pay.ask(), true
		case !ok || mark.Before(soonest.Due):
			soonest, ok = Next{Step: StepWait, Due: mark, Cause: pay.waits()}, true
		}
	}
	return soonest, ok
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
	return known && !now.Before(p.Deadline.At) && p.rumoured()
}

// rumoured: somebody says that there is money, and there is none. Of a session of ours the provider's own word is had, unless it cannot
// be asked: then a buyer who came back from paying, and of whom nothing more was heard, may have paid. And money that is reserved for a
// provider to take by itself was most likely taken, though nobody told.
func (p Purchase) rumoured() bool {
	return !p.Net().Positive() && p.anyPayment(func(pay Payment) bool {
		said := pay.Hearsay != "" && pay.Pending == "" && (pay.Opened == nil || pay.Opened.Detail.Unaskable)
		return said || pay.Authorised && pay.Open() && !p.policy.SeatFirst(pay.Account)
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
	if mark, doubtful := p.doubtMark(pay); doubtful {
		return mark, true
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

// worthAsking: a session that only we can capture is worth nothing once we no longer would, but where money is reserved first somebody may
// still reserve it after the deadline, and it is given back only by who knows of it; an orphan's hearsay ends with its presumed deadline;
// anything else may still become money for a month.
func (p Purchase) worthAsking(pay Payment, at time.Time) bool {
	switch {
	case pay.Moving() || pay.MayBeCaptured():
	case p.Key.Orphaned():
		return !at.After(p.Deadline.At)
	case pay.Opened != nil && pay.Opened.Detail.Capturable && p.policy.SeatFirst(pay.Account):
		return at.Before(p.Deadline.At.Add(p.policy.Window * 3 / 2))
	case pay.Opened != nil && pay.Opened.Detail.Capturable:
		return at.Before(p.Deadline.At.Add(-p.policy.Reserve))
	}
	return at.Before(p.Deadline.At.Add(watchDays * 24 * time.Hour))
}

// doubtMark: a call of ours that may have taken or reserved the money is looked at after 1, 2, 4 … seconds, until Quiet after it.
func (p Purchase) doubtMark(pay Payment) (mark time.Time, doubtful bool) {
	last := lastOf(pay.Takings())
	if !pay.MayBeCaptured() || !last.Concluded || !pay.LastAsked.Before(last.At.Add(p.policy.Quiet)) {
		return time.Time{}, false
	}
	since := max(pay.LastAsked.Sub(last.At), 0)
	return last.At.Add(since + max(since, time.Second)), true
}

// planEnd waits for the buyer until the deadline, or until the seat was given free, and then lets the purchase go.
func planEnd(p Purchase, now time.Time) (Next, bool) {
	switch {
	case p.everPaid():
		return Next{Step: StepDone}, true
	case now.Before(p.Deadline.At) && !p.Released():
		return Next{Step: StepWait, Due: p.Deadline.At, Cause: CauseAwaitingBuyer}, true
	}
	return p.giveUp(), true
}
