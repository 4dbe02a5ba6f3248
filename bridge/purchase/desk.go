package purchase

import (
	"slices"
	"time"
)

// Action is what a person may decide about a purchase.
type Action string

// The actions. Each becomes a decided fact with who, when and why.
const (
	ActRetry  Action = "retry"   // try again what was refused, given up or waits
	ActAsk    Action = "ask"     // ask the providers about every payment
	ActAccept Action = "accept"  // register in spite of the difference
	ActRefund Action = "refund"  // send money back
	ActSeats  Action = "seats"   // say what Dynamics shows: all seats, or none
	ActFree   Action = "release" // give the seat free that nobody pays for
	ActTie    Action = "tie"     // say which purchase an orphan pays
	ActClose  Action = "close"   // nothing more is to be done
	ActNote   Action = "note"

	ActApprove Action = "approve" // register on this invoice before it is paid
	ActPaid    Action = "paid"    // money came for the invoice
	ActCancel  Action = "cancel"  // the invoice is not to be paid
)

// AllActions are the names of the actions, for counting.
func AllActions() []string {
	return []string{string(ActRetry), string(ActAsk), string(ActAccept), string(ActRefund), string(ActSeats), string(ActFree), string(ActTie), string(ActClose), string(ActNote),
		string(ActApprove), string(ActPaid), string(ActCancel)}
}

// Moves tells whether the action moves money or makes a seat, so that a person is asked twice.
func (a Action) Moves() bool {
	return slices.Contains([]Action{ActAccept, ActRefund, ActTie, ActSeats, ActFree, ActApprove, ActPaid, ActCancel}, a)
}

// Reasoned tells whether the action needs to say why.
func (a Action) Reasoned() bool { return a != ActRetry && a != ActAsk }

// retriable are the causes that go away, or are judged anew, when everything is looked at again.
var retriable = []Cause{CauseAmount, CauseCurrency, CauseUnknownPurchase, CauseForeignEvent, CausePriceUnreadable, CausePaidLate, CauseOutcomeUnknown,
	CausePartialSeats, CauseRefused, CauseNotRegistered, CauseCaptureFailed, CauseVoidFailed}

// Actions are what a person may decide now, in the order in which they are worth trying. Whether an account can refund at all, the
// bridge knows.
func (p Purchase) Actions() []Action {
	if p.TiedTo != "" {
		return []Action{ActNote}
	}
	var all []Action
	add := func(a Action, ok bool) {
		if ok {
			all = append(all, a)
		}
	}
	held := p.Desk != CauseNone
	refused := func(pay Payment) bool { last := pay.returning(); return last != nil && pay.turnedDown(*last) }
	again := slices.Contains(retriable, p.Desk) || (p.Desk == CauseRefundFailed && p.anyPayment(refused))
	add(ActRetry, again || p.Closed() || (!held && !p.seated && p.funded()))
	add(ActAsk, p.anyPayment(func(pay Payment) bool { return p.askable(pay.Account) }))
	add(ActAccept, (p.Desk == CauseAmount || p.Desk == CauseCurrency) && p.Offer != nil && p.Offer.Money.Known() && p.Net().Positive())
	add(ActSeats, !p.Key.Orphaned() && p.Open == nil && (p.funded() || p.seated || p.Unsettled() != nil))
	add(ActRefund, p.anyPayment(p.Refundable))
	add(ActFree, p.Releasable())
	add(ActApprove, p.anyPayment(p.Approvable))
	add(ActPaid, len(p.Invoices()) > 0)
	add(ActCancel, p.anyPayment(Payment.Billed))
	add(ActTie, p.Key.Orphaned() && p.Net().Positive() && p.Open == nil && !p.Returning())
	add(ActClose, held)
	return append(all, ActNote)
}

// Stranded is the cause under which a person sees a purchase whose step fails again and again after the deadline; CauseNone: nobody has to.
// What has its seat is shown where its money cannot be judged, or what is reserved for it taken, without the price.
func (p Purchase) Stranded(failing Step) Cause {
	money := p.Net().Positive() || p.seated && p.anyPayment(Payment.Moving)
	switch {
	case !money || p.Desk != CauseNone || p.closed:
		return CauseNone
	case !p.seated:
		return CausePaidLate
	case failing != StepPrice:
		return CauseNone
	case p.holding() > 1:
		return CauseSecondPayment
	}
	return CausePriceUnreadable
}

// Closed tells whether a person decided that nothing more is to be done for what is known now.
func (p Purchase) Closed() bool { return p.closed }

// Word is which finalize a person's word on the seats is about, 0 for none, and from when on the word that there are none counts: Dynamics
// may be at work until then, or not show yet what it did.
func (p Purchase) Word() (attempt int64, from time.Time) {
	for _, a := range p.Finalizes {
		if a.MayHaveWorked() || a.Result == Confirmed {
			from = a.SendBefore.Add(p.policy.Quiet)
		}
	}
	return p.readBack.attempt, from
}
