package ingenico

import (
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// show is a sight as facts.
func (w *Worldline) show(s sight) ([]purchase.Fact, error) {
	facts, err := w.showPayment(s)
	for _, r := range s.refunds {
		if err != nil {
			break
		}
		var more []purchase.Fact
		more, err = w.refundFacts(s.name, r)
		facts = append(facts, more...)
	}
	if err != nil {
		return nil, w.Judged(protocol.Get, err)
	}
	return w.agreed(s, facts), nil
}

// agreed gives all facts the reference of the payment: a refund may have one of its own.
func (w *Worldline) agreed(s sight, facts []purchase.Fact) []purchase.Fact {
	of := w.aboutSight(s)
	for i := range facts {
		if of.Purchase.ID != "" {
			facts[i].Purchase, facts[i].Detail.Event, facts[i].Detail.User, facts[i].Detail.Sealed = of.Purchase, of.Detail.Event, of.Detail.User, of.Detail.Sealed
		}
	}
	return facts
}

// aboutSight begins a fact about what is seen.
func (w *Worldline) aboutSight(s sight) purchase.Fact {
	c := carried{}
	if s.payment != nil {
		c = s.payment.Output.References.carried()
	}
	return about(w.Options, purchase.Proved, s.name, c)
}

func (w *Worldline) showPayment(s sight) (facts []purchase.Fact, err error) {
	if s.payment != nil {
		if facts, err = w.showMoney(s); err != nil {
			return nil, err
		}
	}
	f := w.aboutSight(s)
	switch dead := s.payment == nil || s.means() == refused || s.means() == ended; {
	case dead && s.checkout == "CANCELLED_BY_CONSUMER": // or nobody paid in time
		f.Kind = purchase.Lapsed
	case dead && s.checkout == "CLIENT_NOT_ELIGIBLE_FOR_SELECTED_PAYMENT_PRODUCT":
		f.Kind, f.Object, f.Detail.Reason = purchase.Failed, s.name, "not_eligible"
	default:
		return facts, nil
	}
	return append(facts, f), nil
}

func (w *Worldline) showMoney(s sight) ([]purchase.Fact, error) {
	asked, err := w.money(s.payment.Output.Asked)
	if err != nil {
		return nil, protocol.NotUnderstood("the amount of a payment")
	}
	taken, err := w.taken(*s.payment, asked)
	if err != nil {
		return nil, err
	}
	d := w.deed(s.name, *s.payment)
	d.money = asked
	if taken.Known() {
		return w.showTaken(s, d, taken)
	}
	return d.facts()
}

// showTaken: money was taken, and perhaps a bank took it back. Refunds are listed apart.
func (w *Worldline) showTaken(s sight, d deed, taken purchase.Money) ([]purchase.Fact, error) {
	back := d
	d.means, d.money = captured, taken
	facts, err := d.facts()
	if err != nil || back.means != reversing && back.means != reversed {
		return facts, err
	}
	if back.money, err = w.takenBack(*s.payment, back.money); err != nil {
		return nil, err
	}
	more, err := back.facts()
	return append(facts, more...), err
}

// taken is the one amount that a payment took in all its operations; none where it took nothing. The record of the operation that began
// it does not always say how it went on.
func (w *Worldline) taken(o payment, asked purchase.Money) (purchase.Money, error) {
	switch paymentMeans[o.Status] {
	case captured, returning, returned, reversing, reversed:
		money, err := w.really(o)
		if err == nil && !money.Known() {
			money = asked
		}
		return money, err
	}
	var sum purchase.Money
	for _, op := range o.Operations {
		one, err := w.money(op.Money)
		if err != nil {
			return sum, protocol.NotUnderstood("the amount of an operation")
		}
		if paymentMeans[op.Status] == captured {
			sum, _ = sum.Plus(one)
		}
	}
	if sum.Known() && (sum.Currency != asked.Currency || sum.Minor > asked.Minor) {
		return sum, protocol.NotUnderstood("operations that took more than was asked for")
	}
	return sum, nil
}
