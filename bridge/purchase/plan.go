package purchase

import (
	"slices"
	"time"
)

// A Next is what to do now for a purchase, or until when to leave it alone.
type Next struct {
	Step    Step
	Due     time.Time // Wait, HandOver, Done: when to look again; zero means not before a new fact
	Cause   Cause
	Account string // Ask, Reserve, Capture, Void: whose payment
	Payment Ref
	Money   Money // Refund: what goes back, and Left is what the payment is to hold then
	Left    Money
	Attempt int64  // Conclude: the intent; ReadBack: the finalize it is asked after; Refund: a person's order, 0 for the policy's
	Basis   string // Ask: the hearsay it answers; Price, HandOver, Abandon: what is known
}

// Rules is the number of the rules by which facts are folded. Raise it whenever Fold or Summary changes: the stores fold again.
const Rules = 11

// MaxFinalizes bounds how often a purchase is finalized when Dynamics takes the call and then shows no seat.
const MaxFinalizes = 3

// Plan says the next step. It is pure: the same purchase at the same instant always gets the same step, on every node. The rules
// are asked in order; the first that has an answer decides. Shut names accounts that could not be asked just now: they are left
// alone, so that a provider that is away holds up neither the others nor what is proved already.
func Plan(p Purchase, now time.Time, shut ...string) Next {
	return planBy(rules, p, now, shut)
}

type rule = func(Purchase, time.Time) (Next, bool)

func planBy(rules []rule, p Purchase, now time.Time, shut []string) Next {
	p.shut = shut
	next := Next{Step: StepDone}
	for _, rule := range rules {
		if said, ok := rule(p, now); ok {
			next = said
			break
		}
	}
	if next.Step == StepWait || next.Step == StepDone {
		next = p.meanwhile(next, now)
	}
	return p.askFirst(next, now)
}

// meanwhile: asking a provider disturbs nothing, so it goes on while the purchase itself rests, on the desk or in doubt. Sessions that
// have no use any more are ended.
func (p Purchase) meanwhile(rest Next, now time.Time) Next {
	if p.TiedTo != "" {
		return rest
	}
	if ask, ok := planHearsay(p, now); ok {
		return ask
	}
	watch, _ := p.watch(now)
	if watch.Step == StepAsk {
		return watch
	}
	end := p.endSessions(now)
	if end.Step != "" {
		return end
	}
	rest.Due = earlier(rest.Due, earlier(watch.Due, end.Due))
	return rest
}

// rules, in the order of precedence: what is in flight, what is doubtful, what was only heard, what is done, what holds money,
// what could still bring money, and what can be given free and given up.
var rules = []rule{
	planTied,
	planOpenIntent,
	planDoubt,
	planHearsay,
	planContradiction,
	planRefund,
	planSeated,
	planOrphan,
	planMoney,
	planCapture,
	planInvoice,
	planRelease,
	planWatch,
	planEnd,
}

func planTied(p Purchase, _ time.Time) (Next, bool) {
	return Next{Step: StepDone}, p.TiedTo != ""
}

// planOpenIntent: whoever finds an open intent never sends. Once it can no longer leave, it is concluded as unknown.
func planOpenIntent(p Purchase, now time.Time) (Next, bool) {
	switch {
	case p.Open == nil:
		return Next{}, false
	case !now.Before(p.Open.SendBefore):
		return Next{Step: StepConclude, Attempt: p.Open.Number}, true
	}
	return Next{Step: StepWait, Due: p.Open.SendBefore, Cause: CauseIntentOpen}, true
}

// planDoubt reads back while nobody knows what a finalize did. Until that is settled nothing else touches Dynamics or the money.
func planDoubt(p Purchase, now time.Time) (Next, bool) {
	a := p.Unsettled()
	if a == nil {
		return Next{}, false
	}
	quiet := a.SendBefore.Add(p.policy.Quiet)
	again := p.nextReadBack(quiet)
	ask := Next{Step: StepReadBack, Attempt: a.Number}
	switch {
	case a.supposed && p.Offer == nil && p.funded() && now.Before(p.Deadline.At): // Dynamics may say that it made the purchase since
		return Next{Step: StepPrice, Basis: p.Basis()}, true
	case p.readBack.count > 0 && p.readBack.told < p.retried:
		return ask, true
	}
	switch p.readBack.seats {
	case SeatsUnsaid:
		if p.policy.Repeat == RepeatAfterQuiet && !a.supposed && len(p.Finalizes) < MaxFinalizes {
			return p.planRepeat(now, quiet), true
		}
		return p.handOver(CauseOutcomeUnknown, time.Time{}), true
	case SeatsSome:
		if !now.Before(again) && again.Before(quiet) {
			return ask, true
		}
		return p.handOver(CausePartialSeats, before(again, quiet)), true
	case SeatsNone:
		if !p.readBack.last.Before(quiet) { // it can no longer say what it said too early
			return p.handOver(CauseOutcomeUnknown, time.Time{}), true
		}
		if now.Before(again) {
			return Next{Step: StepWait, Due: again, Cause: CauseReadBackTooEarly}, true
		}
	}
	return ask, true
}

// planRepeat: the environment cannot be read back and its settings accept the risk of double seats. Only what leads to another
// finalize is done; anything else that money or price may call for would be judged without knowing whether there is a seat.
func (p Purchase) planRepeat(now, quiet time.Time) Next {
	if now.Before(quiet) {
		return Next{Step: StepWait, Due: quiet, Cause: CauseReadBackTooEarly}
	}
	var next Next
	for _, rule := range []rule{planHearsay, planContradiction, planMoney} {
		var ok bool
		if next, ok = rule(p, now); ok {
			break
		}
	}
	switch next.Step {
	case StepAsk, StepPrice, StepFinalize, StepWait:
		return next
	}
	return p.handOver(CauseOutcomeUnknown, next.Due)
}

// nextReadBack spaces the read-backs after one attempt: 1, 2, 4 … seconds after the last, and never past the quiet instant, when
// the answer counts.
func (p Purchase) nextReadBack(quiet time.Time) time.Time {
	if p.readBack.count == 0 {
		return p.readBack.last
	}
	next := p.readBack.last.Add(time.Second << min(p.readBack.count-1, 5))
	if p.readBack.last.Before(quiet) && next.After(quiet) {
		return quiet
	}
	return next
}

// before returns the instant, or zero once it is not before the limit.
func before(t, limit time.Time) time.Time {
	if t.Before(limit) {
		return t
	}
	return time.Time{}
}

// planHearsay asks at once about whatever was heard since the last read-back, and about everything when a person orders it.
func planHearsay(p Purchase, _ time.Time) (Next, bool) {
	for _, pay := range p.Payments {
		if p.Unasked(pay) && !slices.Contains(p.shut, pay.Account) && p.askable(pay.Account) {
			return pay.ask(), true
		}
	}
	return Next{}, false
}

// askable tells whether payments of the account can be read back at all.
func (p Purchase) askable(account string) bool { return !slices.Contains(p.policy.Unaskable, account) }

func (p Payment) ask() Next {
	return Next{Step: StepAsk, Account: p.Account, Payment: p.named(), Basis: p.Hearsay}
}

// planSeated: with the seats there, money that was reserved for them is taken, and money out of place is left to handle.
func planSeated(p Purchase, now time.Time) (Next, bool) {
	if !p.seated {
		return Next{}, false
	}
	pays := p.paying()
	back := p.unreserve(func(pay Payment) bool { return p.idle(pay, pays) }, now)
	if acts(back) {
		return back, true
	}
	rest := p.planUnpaidSeat()
	if pays != nil {
		rest = p.planPaidSeat(*pays, now)
	}
	if rest.Step == StepDone && rest.Cause == CauseNone && back.Step != "" {
		return back, true
	}
	rest.Due = earlier(rest.Due, back.Due)
	return rest, true
}

// idle tells whether what the payment reserves will not pay for the seat: another does, or money is held and this came after the seat.
func (p Purchase) idle(pay Payment, pays *Payment) bool {
	if pays != nil {
		return !pay.is(*pays)
	}
	return p.holding() > 0 && !pay.ReservedAt.Before(p.SeatedAt)
}

// planPaidSeat: one payment holds, reserves or promises the price.
func (p Purchase) planPaidSeat(pays Payment, now time.Time) Next {
	switch {
	case p.reserves(pays):
		return p.collect(pays, now)
	case p.billedBeside(pays) || p.holding() > 1 && !p.accepted():
		if next, ok := p.refundExtra(pays, now); ok {
			return next
		}
		return p.handOver(CauseSecondPayment, time.Time{})
	case p.promises(pays):
		return p.awaitPayment(pays, now)
	}
	return Next{Step: StepDone}
}

// planUnpaidSeat: no payment is the price as far as that is known.
func (p Purchase) planUnpaidSeat() Next {
	switch {
	case !p.funded() && p.anyPayment(func(pay Payment) bool { return pay.Reversed.Positive() }):
		return p.handOver(CauseDisputed, time.Time{})
	case !p.funded() && p.InvoiceCancelled():
		return p.handOver(CauseInvoiceCancelled, time.Time{})
	case !p.funded():
		return p.handOver(CauseSeatWithoutMoney, time.Time{})
	case p.Net().Positive() && p.anyPayment(Payment.Billed):
		return p.handOver(CauseSecondPayment, time.Time{})
	case p.accepted():
		return Next{Step: StepDone}
	case p.holding() > 1:
		return p.handOver(CauseSecondPayment, time.Time{})
	case p.Offer == nil || p.Offer.Number < p.retried || (!p.Offer.Money.Known() && p.priceBasis() != p.Basis()):
		return Next{Step: StepPrice, Basis: p.Basis()}
	case !p.Offer.Money.Known():
		return p.handOver(p.absence(), time.Time{})
	}
	return p.handOver(p.difference(), time.Time{})
}

// holding counts the payments that hold money.
func (p Purchase) holding() (n int) {
	for _, pay := range p.Payments {
		if pay.Net().Positive() {
			n++
		}
	}
	return n
}

func planContradiction(p Purchase, _ time.Time) (Next, bool) {
	if p.anyPayment(func(pay Payment) bool { return pay.Contradicted }) {
		return p.handOver(CauseContradiction, time.Time{}), true
	}
	return Next{}, false
}

// planOrphan: money without a purchase is for a person. Hearsay about an orphan that proof never backed is let go.
func planOrphan(p Purchase, now time.Time) (Next, bool) {
	if !p.Key.Orphaned() {
		return Next{}, false
	}
	if p.Net().Positive() {
		return p.handOver(CauseOrphan, time.Time{}), true
	}
	if next, ok := planWatch(p, now); ok {
		return next, true
	}
	return p.giveUp(), true
}

// handOver keeps what is already on the desk for this very cause and sight where it is, and what a person closed off the desk.
func (p Purchase) handOver(cause Cause, again time.Time) Next {
	switch {
	case p.closed:
		return Next{Step: StepDone, Due: again}
	case p.Desk == cause:
		return Next{Step: StepDone, Due: again, Cause: cause}
	}
	return Next{Step: StepHandOver, Due: again, Cause: cause, Basis: p.Sight()}
}

func (p Purchase) giveUp() Next {
	if p.abandoned() {
		return Next{Step: StepDone}
	}
	return Next{Step: StepAbandon, Basis: p.Basis()}
}
