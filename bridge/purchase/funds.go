package purchase

import (
	"slices"
	"time"
)

// reserves tells whether the payment holds money reserved that can pay a seat: at a seat-first account, and not taken yet.
func (p Purchase) reserves(pay Payment) bool {
	return p.policy.SeatFirst(pay.Account) && pay.Authorised && pay.Open() && pay.Reserved.Positive()
}

// funds is what the payment can pay a seat with: the money it holds, or reserves at a seat-first account, or promises on invoice.
func (p Purchase) funds(pay Payment) Money {
	switch {
	case p.reserves(pay):
		return pay.Reserved
	case p.promises(pay):
		return pay.Invoice.Asked.Money
	}
	return pay.Net()
}

// funded tells whether there is money that wants a seat: taken, reserved at a seat-first account, or promised on invoice.
func (p Purchase) funded() bool {
	return p.Net().Positive() || p.anyPayment(p.reserves) || p.anyPayment(p.promises)
}

// noSeat: there will be none, for a stated cause. Money that was taken, and an invoice, are for the desk; money that was only reserved goes
// back, and the buyer was never charged.
func (p Purchase) noSeat(cause Cause, now time.Time) Next {
	back := p.unreserve(Payment.Moving, now)
	if acts(back) || !p.Net().Positive() && !p.anyPayment(p.promises) {
		return back
	}
	if cause == CausePaidLate && !p.Net().Positive() {
		cause = CauseInvoiceLate
	}
	if next, ok := p.refundLate(cause, now); ok {
		next.Due = earlier(next.Due, back.Due)
		return next
	}
	return p.handOver(cause, back.Due)
}

// acts tells whether the step does something outside; the others only wait or tell.
func acts(next Next) bool {
	return next.Step == StepVoid || next.Step == StepCapture || next.Step == StepAsk
}

// unreserve gives back what is reserved and idle. What cannot be given back is for a person: the bank lets go of it in its own time, and
// until then the buyer misses it.
func (p Purchase) unreserve(idle func(Payment) bool, now time.Time) Next {
	var rest Next
	for _, pay := range p.Payments {
		if !p.reserves(pay) || !idle(pay) {
			continue
		}
		next := p.giveBack(pay, now)
		if acts(next) {
			return next
		}
		if rest.Step == "" || next.Step != StepWait {
			rest = next
		}
	}
	return rest
}

// giveBack ends one reservation. A void from before there was one does not count.
func (p Purchase) giveBack(pay Payment, now time.Time) Next {
	last := lastOf(pay.Voids)
	switch {
	case slices.Contains(p.shut, pay.Account):
		return Next{Step: StepWait, Due: now.Add(time.Minute), Cause: CausePaymentPending}
	case last == nil || last.At.Before(pay.ReservedAt) || last.Number < p.retried:
		return Next{Step: StepVoid, Account: pay.Account, Payment: pay.named()}
	case last.Result == Unknown || last.Result == Unsent:
		if again := pay.voidAgain(); now.Before(again) {
			return Next{Step: StepWait, Due: again, Cause: CausePaymentPending}
		}
		return Next{Step: StepVoid, Account: pay.Account, Payment: pay.named()}
	case pay.asked < last.told && p.askable(pay.Account):
		return pay.ask()
	}
	return p.handOver(CauseVoidFailed, time.Time{})
}

// collect takes what is reserved, once the seat is there. It is asked about after every try, and as long as the provider works on it;
// what then is neither taken nor given up is for a person.
func (p Purchase) collect(pay Payment, now time.Time) Next {
	last := lastOf(pay.Captures)
	take := Next{Step: StepCapture, Account: pay.Account, Payment: pay.named()}
	switch {
	case slices.Contains(p.shut, pay.Account):
		return Next{Step: StepWait, Due: now.Add(time.Minute), Cause: CausePaymentPending}
	case pay.Pending != "" && p.forgot(last):
		mark, _ := p.nextMark(pay)
		return Next{Step: StepWait, Due: mark, Cause: CausePaymentPending}
	case last == nil || last.At.Before(pay.ReservedAt) || last.Number < p.retried:
		return take
	case pay.asked < last.told && p.askable(pay.Account):
		return pay.ask()
	case pay.Pending != "":
		mark, _ := p.nextMark(pay)
		return Next{Step: StepWait, Due: mark, Cause: CausePaymentPending}
	case last.Result == Unknown || last.Result == Unsent:
		if again := nextTry(pay.Captures); now.Before(again) {
			return Next{Step: StepWait, Due: again, Cause: CausePaymentPending}
		}
		return take
	case last.Result == Confirmed && now.Before(last.At.Add(p.policy.Quiet)):
		return Next{Step: StepWait, Due: last.At.Add(p.policy.Quiet), Cause: CausePaymentPending}
	}
	return p.handOver(CauseCaptureFailed, time.Time{})
}
