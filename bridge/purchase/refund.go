package purchase

import (
	"slices"
	"time"
)

// refundPatience is how long a refund may stay unanswered or unseen before a person looks. It is shorter than any provider remembers keys.
const refundPatience = time.Hour

// planRefund carries on what was begun to be sent back until it is seen to be gone, and then carries out what a person ordered. Until
// then nothing else is done with the purchase's money: it may be there or not.
func planRefund(p Purchase, now time.Time) (Next, bool) {
	for _, begin := range []func(Payment, time.Time) (Next, bool){p.carryOn, p.carryOut} {
		for _, pay := range p.Payments {
			if next, ok := begin(pay, now); ok {
				return next, true
			}
		}
	}
	return Next{}, false
}

// sentBack tells whether the refund is seen: the payment holds no more than was to be left.
func (p Payment) sentBack(a Attempt) bool {
	more, ok := p.Net().Minus(a.Left)
	return ok && more.Minor <= 0
}

// returning is the last refund of ours whose effect is not seen; nil if there is none.
func (p Payment) returning() *Attempt {
	last := lastOf(p.Refunds)
	if last == nil || p.sentBack(*last) {
		return nil
	}
	return last
}

func (p Purchase) carryOn(pay Payment, now time.Time) (Next, bool) {
	last := pay.returning()
	if last == nil || p.ordered(pay) != nil || (pay.turnedDown(*last) && last.Number < p.retried) {
		return Next{}, false
	}
	again := nextTry(pay.Refunds)
	if last.notBefore.After(again) {
		again = last.notBefore
	}
	patient := now.Before(pay.begun(*last).Add(refundPatience))
	rest, _ := pay.Net().Minus(last.Money)
	repeat := rest.Minor >= 0 && (last.Result == Unknown && patient || last.Result == Unsent) && !p.seatedSince(pay, *last)
	switch {
	case slices.Contains(p.shut, pay.Account) && !patient:
		return p.handOver(CauseRefundFailed, now.Add(time.Minute)), true
	case slices.Contains(p.shut, pay.Account):
		return Next{Step: StepWait, Due: now.Add(time.Minute), Cause: CauseRefundPending}, true
	case last.Result != Unsent && pay.asked < last.told && p.askable(pay.Account):
		return pay.ask(), true
	case repeat && now.Before(again):
		return Next{Step: StepWait, Due: again, Cause: CauseRefundPending}, true
	case last.Result == Unsent && last.Order == 0:
		return Next{}, false // the policy decides anew
	case repeat && last.Order == 0:
		return p.refundAgain(pay, *last, now), true
	case repeat:
		return pay.refund(last.Money, last.Left, last.Order), true
	case last.Result == Confirmed && now.Before(last.At.Add(refundPatience)):
		return p.seeRefund(pay, *last, now), true
	}
	return p.handOver(CauseRefundFailed, time.Time{}), true
}

// refundAgain repeats what the policy began, if the policy would still begin it; else a person looks, for it may have worked.
func (p Purchase) refundAgain(pay Payment, a Attempt, now time.Time) Next {
	if !p.looked(now) {
		return Next{Step: StepPrice, Basis: p.Basis()}
	}
	if p.seated {
		if pays := p.paying(); pays == nil || pays.is(pay) {
			return p.handOver(CauseRefundFailed, time.Time{})
		}
	} else if next, ok := p.planShown(); ok {
		return next
	}
	return pay.refund(a.Money, a.Left, a.Order)
}

// seatedSince tells whether a person ordered the refund while there was no seat, and now there is one.
func (p Purchase) seatedSince(pay Payment, a Attempt) bool {
	return p.seated && a.Order != 0 && pay.order != nil && pay.order.Number == a.Order && pay.order.Detail.Seats != SeatsAll
}

// looked tells whether Dynamics was asked just now, and where there is no seat after the deadline.
func (p Purchase) looked(now time.Time) bool {
	return p.priced() && now.Sub(p.Offer.At) <= p.policy.Window/50 && (p.seated || !p.Offer.At.Before(p.Deadline.At))
}

func (p Payment) is(q Payment) bool { return p.Account == q.Account && p.Ref == q.Ref }

// turnedDown tells whether the attempt certainly had no effect, nor any before it that is not seen: a refusal after an unknown outcome does
// not say so, since not every provider knows its keys again.
func (p Payment) turnedDown(a Attempt) bool {
	return a.Result == Refused && !slices.ContainsFunc(p.Refunds, func(b Attempt) bool {
		return (b.MayHaveWorked() || b.Result == Confirmed) && !p.sentBack(b)
	})
}

// begun is when the operation of the attempt was first tried.
func (p Payment) begun(a Attempt) time.Time {
	for _, first := range p.Refunds {
		if first.Key == a.Key {
			return first.At
		}
	}
	return a.At
}

// seeRefund asks about a refund that was taken and is not seen yet: after 1, 2, 4 … seconds.
func (p Purchase) seeRefund(pay Payment, a Attempt, now time.Time) Next {
	since := max(pay.LastAsked.Sub(a.At), 0)
	mark := a.At.Add(since + max(since, time.Second))
	if end := a.At.Add(refundPatience); mark.After(end) || !p.askable(pay.Account) {
		mark = end
	} else if !now.Before(mark) {
		return pay.ask()
	}
	return Next{Step: StepWait, Due: mark, Cause: CauseRefundPending}
}

// carryOut begins the refund that a person ordered.
func (p Purchase) carryOut(pay Payment, now time.Time) (Next, bool) {
	order := p.ordered(pay)
	if order == nil {
		return Next{}, false
	}
	if slices.Contains(p.shut, pay.Account) {
		return Next{Step: StepWait, Due: now.Add(time.Minute), Cause: CauseRefundPending}, true
	}
	left, _ := pay.Net().Minus(order.Money)
	return pay.refund(order.Money, left, order.Number), true
}

// ordered is the latest order to send money of the payment back that was not begun yet and has not lapsed; nil if there is none.
func (p Purchase) ordered(pay Payment) *Fact {
	f := pay.order
	if f == nil || f.Detail.Basis != p.Sight() || !f.Money.Positive() {
		return nil
	}
	if last := lastOf(pay.Refunds); last != nil && last.Number > f.Number {
		return nil
	}
	if left, ok := pay.Net().Minus(f.Money); !ok || left.Minor < 0 {
		return nil
	}
	return f
}

func (p Payment) refund(money, left Money, order int64) Next {
	return Next{Step: StepRefund, Account: p.Account, Payment: p.named(), Money: money, Left: left, Attempt: order}
}

// Refundable tells whether a person may send back money of the payment: it holds some, and no refund of ours is under way.
func (p Purchase) Refundable(pay Payment) bool {
	return pay.Net().Positive() && p.Open == nil && p.Unsettled() == nil && (pay.returning() == nil || p.Desk == CauseRefundFailed) && p.ordered(pay) == nil
}

// Returning tells whether money is on its way back, or a person ordered it to be.
func (p Purchase) Returning() bool {
	return p.anyPayment(func(pay Payment) bool { return pay.returning() != nil || p.ordered(pay) != nil })
}

// refundNews is the number of the latest order, intent or outcome of a refund.
func (p Purchase) refundNews() (orders, attempts int64) {
	for _, pay := range p.Payments {
		if pay.order != nil {
			orders = max(orders, pay.order.Number)
		}
		for _, a := range pay.Refunds {
			attempts = max(attempts, a.Number, a.told)
		}
	}
	return orders, attempts
}

// refunding tells whether money is on its way back.
func (p Purchase) refunding() bool {
	return p.Desk != CauseRefundFailed && p.Returning()
}

// hopeless are the causes for which no seat can be had any more once the deadline has passed.
var hopeless = []Cause{CausePaidLate, CauseRefused, CauseNotRegistered, CauseUnknownPurchase, CauseSeatReleased}

// refundLate sends back what came too late for a seat, where the account's policy says so: after the deadline, when Dynamics was asked
// once more and shows no seat.
func (p Purchase) refundLate(cause Cause, now time.Time) (Next, bool) {
	late := func(pay Payment) bool {
		return slices.Contains(p.policy.RefundLate, pay.Account) && pay.Net().Positive()
	}
	switch {
	case !slices.Contains(hopeless, cause) || !p.anyPayment(late):
		return Next{}, false
	case now.Before(p.Deadline.At):
		return p.handOver(cause, p.Deadline.At), true
	}
	return p.refundOne(late, now)
}

// refundExtra sends back what another payment has the seat for, where the account's policy says so.
func (p Purchase) refundExtra(pays Payment, now time.Time) (Next, bool) {
	return p.refundOne(func(pay Payment) bool {
		return slices.Contains(p.policy.RefundExtra, pay.Account) && pay.Net().Positive() && !pay.is(pays)
	}, now)
}

func (p Purchase) refundOne(is func(Payment) bool, now time.Time) (Next, bool) {
	for _, pay := range p.Payments {
		switch {
		case !is(pay):
		case slices.Contains(p.shut, pay.Account):
			return Next{Step: StepWait, Due: now.Add(time.Minute), Cause: CauseRefundPending}, true
		case !p.looked(now):
			return Next{Step: StepPrice, Basis: p.Basis()}, true
		default:
			if next, ok := p.planShown(); ok && !p.seated {
				return next, true
			}
			net := pay.Net()
			return pay.refund(net, Money{Currency: net.Currency}, 0), true
		}
	}
	return Next{}, false
}
