package paypal

import (
	"cmp"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// carried are the two fields of a payment that the merchant fills in.
type carried struct{ custom, invoice string }

func (c carried) field(name string) string {
	switch name {
	case "custom_id", "custom":
		return c.custom
	case "invoice_id", "invoice":
		return c.invoice
	}
	return ""
}

// about begins a fact about a payment. Our own seal travels in custom_id.
func (p *PayPal) about(standing purchase.Standing, payment string, c carried) purchase.Fact {
	return p.About(standing, payment, c.field, c.custom)
}

// captured says what became of a capture. Only its own status decides: a completed order may hold a pending capture.
func captured(f purchase.Fact, t transaction) (purchase.Fact, error) {
	f.Object, f.At = t.ID, t.Create.Time
	money, err := readMoney(t.Amount.Value, t.Amount.Currency)
	if err == nil {
		f.Money = money
	}
	switch strings.ToUpper(t.Status) {
	case "COMPLETED", "PARTIALLY_REFUNDED", "REFUNDED":
		f.Kind = purchase.Captured
		if err != nil || !money.Positive() {
			return f, protocol.NotUnderstood("the amount of a capture")
		}
	case "PENDING":
		f.Kind, f.Detail.Reason = purchase.Pending, protocol.Word(t.Details.Reason)
	case "DECLINED", "DENIED", "FAILED":
		f.Kind, f.Detail.Reason = purchase.Failed, protocol.Word(t.Details.Reason)
	default:
		return f, protocol.NotUnderstood("the status of a capture")
	}
	return f, nil
}

// authorised says what became of an authorization. One that was taken, wholly or in part, says no more than that it was there: what was
// taken is told by the captures. One that was given back or let go reserves nothing any more.
func authorised(f purchase.Fact, t transaction) (purchase.Fact, error) {
	f.Object, f.At = t.ID, t.Create.Time
	if money, err := readMoney(t.Amount.Value, t.Amount.Currency); err == nil {
		f.Money = money
	}
	switch strings.ToUpper(t.Status) {
	case "CREATED", "CAPTURED", "PARTIALLY_CAPTURED":
		f.Kind = purchase.Authorised
		if f.Standing == purchase.Proved && !f.Money.Positive() {
			return f, protocol.NotUnderstood("the amount of an authorization")
		}
	case "PENDING":
		f.Kind, f.Detail.Reason = purchase.Pending, protocol.Word(t.Details.Reason)
	case "DENIED", "VOIDED", "EXPIRED":
		f.Kind, f.Detail.Reason = purchase.Failed, "authorization_"+strings.ToLower(t.Status)
	default:
		return f, protocol.NotUnderstood("the status of an authorization")
	}
	return f, nil
}

// orderFacts says what an order holds. Approval has the time given, because PayPal does not say when it was.
func (p *PayPal) orderFacts(standing purchase.Standing, o order, approved stamp) ([]purchase.Fact, error) {
	var facts []purchase.Fact
	for _, u := range o.Units {
		if p.foreign(u.Payee) {
			return nil, purchase.Forged(purchase.WrongMerchant)
		}
		f := p.about(standing, o.ID, carried{u.Custom, u.Invoice})
		f.Payer = purchase.ParseAddress(o.Payer.Address)
		inside, err := p.unitFacts(f, u)
		if err != nil {
			return nil, err
		}
		authorised, failed := len(u.Payments.Authorizations) > 0, onlyFailed(inside)
		switch status := strings.ToUpper(o.Status); {
		case status == "VOIDED", failed && (authorised || status == "COMPLETED"):
			facts = append(facts, lapsed(f, o))
		case status == "APPROVED":
			f.Kind, f.At, f.Detail.Capturable = purchase.Approved, approved.Time, true
			if f.Money, err = readMoney(u.Amount.Value, u.Amount.Currency); err != nil {
				return nil, protocol.NotUnderstood("the amount of an order")
			}
			facts = append(facts, f)
		}
		facts = append(facts, inside...)
	}
	return facts, nil
}

// lapsed: the order can no longer be paid. An order is authorised once only.
func lapsed(f purchase.Fact, o order) purchase.Fact {
	f.Kind, f.At = purchase.Lapsed, o.Create.Time
	return f
}

func onlyFailed(facts []purchase.Fact) bool {
	for _, f := range facts {
		if f.Kind != purchase.Failed {
			return false
		}
	}
	return len(facts) > 0
}

// unitFacts tells of every transaction in a purchase unit.
func (p *PayPal) unitFacts(f purchase.Fact, u unit) ([]purchase.Fact, error) {
	var facts []purchase.Fact
	for _, t := range u.Payments.Authorizations {
		said, err := authorised(f, t)
		if err != nil {
			return nil, err
		}
		facts = append(facts, said)
	}
	for _, t := range u.Payments.Refunds {
		said, err := givenBack(f, purchase.Refunded, t)
		if err != nil {
			return nil, err
		}
		facts = append(facts, said)
	}
	for _, t := range u.Payments.Captures {
		of := f
		if t.Custom != "" && t.Custom != u.Custom {
			of = p.about(f.Standing, f.Payment, carried{t.Custom, cmp.Or(t.Invoice, u.Invoice)})
		}
		said, err := captured(of, t)
		if err != nil {
			return nil, err
		}
		facts = append(facts, said)
		if f.Standing == purchase.Proved {
			rest, err := unlisted(said, t, refundsOf(u, t.ID))
			if err != nil {
				return nil, err
			}
			facts = append(facts, rest...)
		}
	}
	return facts, nil
}

// foreign tells whether the money goes to somebody else than the account.
func (p *PayPal) foreign(to payee) bool {
	return p.config.MerchantID != "" && to.Merchant != "" && !strings.EqualFold(to.Merchant, p.config.MerchantID)
}
