package purchase

import (
	"slices"
	"time"
)

// endSessions ends a session of ours that nobody may pay any more: the purchase has its money or its seat, so that another payment
// would be one too many, the seat was given free, the price has changed, or what came now would come too late. Where there is nothing to end yet, Due is when
// there will be. There is no money in such a session, so a finalize in doubt does not matter to it.
func (p Purchase) endSessions(now time.Time) (soonest Next) {
	if p.Open != nil {
		return Next{}
	}
	for _, pay := range p.Payments {
		mark, ok := p.voidMark(pay)
		if slices.Contains(p.shut, pay.Account) && !now.Before(mark) {
			mark = now.Add(time.Minute)
		}
		last := lastOf(pay.Voids)
		switch {
		case last != nil && last.Result == Refused && pay.Open() && pay.asked < last.told && p.askable(pay.Account):
			return pay.ask() // perhaps it was paid
		case !ok:
		case !now.Before(mark):
			return Next{Step: StepVoid, Account: pay.Account, Payment: pay.named()}
		default:
			soonest.Due = earlier(soonest.Due, mark)
		}
	}
	return soonest
}

// voidMark is when to end the payment's session; ok is false where that is not to be done, or no longer.
func (p Purchase) voidMark(pay Payment) (mark time.Time, ok bool) {
	if !pay.voidable() {
		return time.Time{}, false
	}
	repriced := p.Offer != nil && p.Offer.Money.Known() && p.Offer.Money != pay.Opened.Money
	if !p.seated && !p.funded() && !repriced && !p.Released() && p.freedFrom.IsZero() {
		mark = p.Deadline.At.Add(-p.policy.Reserve)
	}
	if again := pay.voidAgain(); again.After(mark) {
		mark = again
	}
	return mark, true
}

// voidable tells whether the session can still be ended by us: not while the provider works on a payment, and not again after a clear
// answer.
func (p Payment) voidable() bool {
	if p.Opened == nil || !p.Opened.Detail.Voidable || !p.Open() || p.Moving() || p.MayBeCaptured() {
		return false
	}
	last := lastOf(p.Voids)
	return last == nil || last.Result == Unknown || last.Result == Unsent
}

// voidAgain is when to repeat a void that nobody answered; zero before the first.
func (p Payment) voidAgain() time.Time { return nextTry(p.Voids) }
