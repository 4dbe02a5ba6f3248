package ingenico

import (
	"cmp"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// paymentMeans says what the statuses of a payment mean. Their categories do not tell (COMPLETED holds a chargeback notice), and their
// numbers are those of other generations. What waits for the merchant's word on fraud, or for more to be filled in, is not reserved yet.
//
// Source: Worldline Connect and Direct documentation, statuses.
var paymentMeans = map[string]meaning{
	"CREATED": silent, "REDIRECTED": silent, "ACCOUNT_VERIFIED": silent,
	"PENDING_PAYMENT": pending, "PENDING_COMPLETION": pending, "PENDING_FRAUD_APPROVAL": pending,
	"AUTHORIZATION_REQUESTED": pending, "CAPTURE_REQUESTED": pending,
	"PENDING_APPROVAL": authorised, "PENDING_CAPTURE": authorised,
	"CAPTURED": captured, "PAID": captured,
	"REJECTED": refused, "REJECTED_CAPTURE": ended, "CANCELLED": ended,
	"REFUND_REQUESTED": returning, "REFUNDED": returned,
	"CHARGEBACK_NOTIFICATION": reversing, "CHARGEBACKED": reversed, "REVERSED": reversed,
}

// refundMeans says what the statuses of a refund mean. One that is under way counts as gone: it must not buy a seat.
var refundMeans = map[string]meaning{
	"CREATED": returning, "PENDING_APPROVAL": returning, "REFUND_REQUESTED": returning, "CAPTURE_REQUESTED": returning,
	"REFUNDED": returned, "CAPTURED": returned, "PAID": returned, "REJECTED": kept, "CANCELLED": kept,
}

// deed is what a payment's record says of it, under the name that all facts of it have.
func (w *Worldline) deed(name string, o payment) deed {
	number := w.number(o.ID)
	return deed{about: about(w.Options, purchase.Proved, cmp.Or(name, o.Checkout.ID, number), o.Output.References.carried()),
		means: paymentMeans[o.Status], number: number, try: o.ID, back: number + ":reversal", reason: strings.ToLower(o.Status)}
}

// heardPayment is a payment as an event tells of it. An event is about one operation, and where it does not say what was really taken,
// or how much of the payment went back, it is hearsay: the amount asked for may be another one.
func (w *Worldline) heardPayment(o payment) ([]purchase.Fact, error) {
	d := w.deed("", o)
	asked, err := w.money(o.Output.Asked)
	if err != nil {
		return nil, protocol.NotUnderstood("the amount of a payment")
	}
	d.money = asked
	switch d.means {
	case captured:
		taken, err := w.really(o)
		if err != nil {
			return nil, err
		}
		if d.money = taken; !taken.Known() {
			d.money, d.about.Standing = asked, purchase.Heard
		}
	case returning, returned:
		d.back, d.about.Standing = o.ID, purchase.Heard
	case reversing, reversed:
		d.money, err = w.takenBack(o, asked)
	}
	if err != nil {
		return nil, err
	}
	return d.facts()
}

// heardRefund is a refund as an event tells of it. Direct's name their payment in their id. Connect's do not: they are hearsay about a
// payment of their own name, until it is asked whose they are.
func (w *Worldline) heardRefund(o refund) ([]purchase.Fact, error) {
	facts, err := w.refundFacts(w.number(o.ID), o)
	for i := range facts {
		if w.connects() {
			facts[i].Standing = purchase.Heard
		}
	}
	return facts, err
}

func (w *Worldline) refundFacts(name string, o refund) ([]purchase.Fact, error) {
	money, err := w.money(o.Output.Money)
	means, known := refundMeans[o.Status]
	if err != nil || !known || !w.isPayment(o.ID) {
		return nil, protocol.NotUnderstood("the amount or the status of a refund")
	}
	d := deed{about: about(w.Options, purchase.Proved, name, o.Output.References.carried()), means: means, back: o.ID, money: money}
	return d.facts()
}

// really is the amount that was really taken, where the record says it: meal vouchers and split payments differ from what was asked.
func (w *Worldline) really(o payment) (purchase.Money, error) {
	taken := o.Output.Acquired
	if w.connects() {
		taken = amount{o.Output.Paid, o.Output.Asked.Currency}
	}
	if taken.Minor == nil || *taken.Minor == 0 { // not yet
		return purchase.Money{}, nil
	}
	money, err := w.money(taken)
	if err != nil {
		return money, protocol.NotUnderstood("the amount that was taken")
	}
	return money, nil
}

// takenBack is what a bank takes back: all of it, unless the record says how much.
func (w *Worldline) takenBack(o payment, asked purchase.Money) (purchase.Money, error) {
	back := amount{o.Output.Reversed, o.Output.Asked.Currency}
	for _, op := range o.Operations {
		if means := paymentMeans[op.Status]; means == reversing || means == reversed {
			back = op.Money
		}
	}
	if back.Minor == nil || *back.Minor == 0 {
		return asked, nil
	}
	money, err := w.money(back)
	if err != nil {
		return money, protocol.NotUnderstood("the amount that was taken back")
	}
	return money, nil
}
