package mollie

import (
	"context"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A tally is what the captures, refunds or chargebacks of a payment amount to: at least what is done, at most that and what is under way.
// Which of the two Mollie's totals mean is not known.
type tally struct {
	least, most purchase.Money
	known       int // how many objects were seen
}

func (t *tally) add(a amount, done, underWay bool) error {
	m, err := a.read()
	if err != nil {
		return err
	}
	t.known++
	ok := true
	if done {
		t.least, ok = t.least.Plus(m)
	}
	if ok && (done || underWay) {
		t.most, ok = t.most.Plus(m)
	}
	if !ok {
		return purchase.ErrMoney
	}
	return nil
}

// explains tells whether the objects that were seen make Mollie's total. A total that is not there needs none.
func (t tally) explains(total *amount) bool {
	if total == nil {
		return true
	}
	m, err := total.read()
	sameCurrency := !t.most.Known() || t.most.Currency == m.Currency
	return err == nil && sameCurrency && m.Minor >= t.least.Minor && m.Minor <= t.most.Minor
}

// captures that succeeded are done.
func (o payment) captures() (t tally, err error) {
	for _, c := range o.Embedded.Captures {
		if err := t.add(c.Amount, c.Status == captureDone, c.Status == capturePending); err != nil {
			return t, err
		}
	}
	return t, nil
}

// refunds that failed or were canceled gave nothing back.
func (o payment) refunds() (t tally, err error) {
	for _, r := range o.Embedded.Refunds {
		if err := t.add(r.Amount, r.Status == refundDone, !r.undone()); err != nil {
			return t, err
		}
	}
	return t, nil
}

// chargebacks that were reversed may count or not.
func (o payment) chargebacks() (t tally, err error) {
	for _, c := range o.Embedded.Chargebacks {
		if err := t.add(c.Amount, c.Reversed == "", true); err != nil {
			return t, err
		}
	}
	return t, nil
}

// complete reads what a payment does not show of itself: all of it in a list of payments, and anything that was not embedded although it
// was asked for. Totals that are not explained even then are left to facts.
func (m *Mollie) complete(ctx context.Context, o *payment) error {
	path := "/v2/payments/" + o.ID
	captures, _ := o.captures() // amounts that cannot be read are left to facts too
	refunds, _ := o.refunds()
	chargebacks, _ := o.chargebacks()
	var err error
	if o.byCaptures() && (captures.lacks(o.Captured, o.Links.Captures) || captures.known == 0 && o.Status == "paid") {
		o.Embedded.Captures, err = collect[capture](ctx, m, path, "captures")
	}
	if err == nil && refunds.lacks(o.Refunded, o.Links.Refunds) {
		o.Embedded.Refunds, err = collect[refund](ctx, m, path, "refunds")
	}
	if err == nil && chargebacks.lacks(o.ChargedBack, o.Links.Chargebacks) {
		o.Embedded.Chargebacks, err = collect[chargeback](ctx, m, path, "chargebacks")
	}
	return err
}

// lacks tells whether there must be more than was seen.
func (t tally) lacks(total *amount, where link) bool {
	return !t.explains(total) || t.known == 0 && where.Href != ""
}

// agree is for what was seen, whatever had to be read for that: Mollie's totals must be what the objects amount to.
func (o payment) agree() error {
	refunds, err := o.refunds()
	if err != nil || !refunds.explains(o.Refunded) {
		return protocol.NotUnderstood("amountRefunded is not what the refunds amount to")
	}
	chargebacks, err := o.chargebacks()
	if err != nil || !chargebacks.explains(o.ChargedBack) {
		return protocol.NotUnderstood("amountChargedBack is not what the chargebacks amount to")
	}
	return nil
}
