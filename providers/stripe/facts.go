package stripe

import (
	"cmp"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// sealKey is the metadata that holds our own sealed reference, keyKey the one that holds the key of a refund.
const (
	sealKey = "paybridge"
	keyKey  = "paybridge_key"
)

// about begins a fact about a payment.
func (s *Stripe) about(payment, reference string, metadata map[string]string) purchase.Fact {
	return s.About(purchase.Proved, payment, func(name string) string {
		if key, ok := strings.CutPrefix(name, "metadata."); ok {
			return metadata[key]
		}
		return reference
	}, metadata[sealKey])
}

// sessionFacts says what a session holds. Only its payment status says that money came: a completed one may wait for a bank debit.
func (s *Stripe) sessionFacts(o session, e event) ([]purchase.Fact, error) {
	if !isSession(o.ID) {
		return nil, protocol.NotUnderstood("the session's id")
	}
	if o.Mode != "payment" {
		return nil, nil // a subscription, or a card that is only kept
	}
	f := s.about(o.ID, o.Reference, o.Metadata)
	f.Object, f.At, f.Payer = o.Intent.ID, instant(e.Created), purchase.ParseAddress(o.Customer.Address)
	if o.Intent.Status != "" { // expanded: the PaymentIntent knows more
		facts, err := s.intentFacts(o.ID, o.Intent.intent, e)
		for i := range facts {
			facts[i].Purchase, facts[i].Payer, facts[i].Detail = f.Purchase, f.Payer, withReference(facts[i].Detail, f.Detail)
		}
		if err == nil && o.Status == "expired" && !holds(facts, purchase.Lapsed) {
			facts = append(facts, lapsed(f, o))
		}
		return facts, err
	}
	switch {
	case o.Paid == "paid":
		return s.sessionPaid(f, o)
	case e.Type == "checkout.session.async_payment_failed":
		f.Kind, f.Detail.Reason = purchase.Failed, "async_payment_failed"
		return []purchase.Fact{f, lapsed(f, o)}, nil
	case o.Status == "complete" && o.Paid == "unpaid":
		f.Kind, f.Detail.Reason = purchase.Pending, "bank_debit"
		return []purchase.Fact{f}, nil
	case o.Status == "expired":
		return []purchase.Fact{lapsed(f, o)}, nil
	}
	return nil, nil
}

// withReference keeps what the session says of the purchase beside what the PaymentIntent says of itself.
func withReference(d, of purchase.Detail) purchase.Detail {
	d.Event, d.User, d.Sealed = of.Event, of.User, of.Sealed
	return d
}

// sessionPaid: the total is in the currency that was asked for, unless an old session converted it.
func (s *Stripe) sessionPaid(f purchase.Fact, o session) ([]purchase.Fact, error) {
	if len(o.Conversion) > 0 && string(o.Conversion) != "null" {
		return nil, protocol.NotUnderstood("a session with currency_conversion: its amount is in the payer's currency; look it up in the Dashboard")
	}
	if o.Total == nil || !isIntent(o.Intent.ID) {
		return nil, protocol.NotUnderstood("a paid session without a total or a PaymentIntent")
	}
	money, err := readMoney(*o.Total, o.Currency)
	if err != nil || !money.Positive() {
		return nil, protocol.NotUnderstood("the total of a session")
	}
	f.Kind, f.Money = purchase.Captured, money
	return []purchase.Fact{f}, nil
}

// lapsed: nobody can pay the session any more.
func lapsed(f purchase.Fact, o session) purchase.Fact {
	f.Kind, f.Object, f.Money, f.At, f.Detail.Reason = purchase.Lapsed, "", purchase.Money{}, instant(o.Expires), ""
	return f
}

// intentFacts says what a PaymentIntent holds: of the payment named, or of itself.
func (s *Stripe) intentFacts(payment string, o intent, e event) ([]purchase.Fact, error) {
	if !isIntent(o.ID) {
		return nil, protocol.NotUnderstood("the PaymentIntent's id")
	}
	f := s.about(cmp.Or(payment, o.ID), "", o.Metadata)
	f.Object, f.At = o.ID, instant(cmp.Or(o.Charge.Created, e.Created))
	minor := o.Received
	switch o.Status {
	case "succeeded":
		f.Kind = purchase.Captured
	case "requires_capture":
		f.Kind, minor = purchase.Authorised, o.Capturable
	case "processing":
		f.Kind, f.Detail.Reason = purchase.Pending, "processing"
		return []purchase.Fact{f}, nil
	case "canceled":
		f.Kind, f.Object = purchase.Lapsed, ""
		return []purchase.Fact{f}, nil
	case "requires_payment_method", "requires_action", "requires_confirmation":
		if o.Error == nil {
			return nil, nil // the payer is at it
		}
		f.Kind, f.Detail.Reason = purchase.Failed, protocol.Word(cmp.Or(o.Error.Decline, o.Error.Code, "failed"))
		return []purchase.Fact{f}, nil
	default:
		return nil, protocol.NotUnderstood("the status of a PaymentIntent")
	}
	money, err := readMoney(minor, o.Currency)
	if err != nil || !money.Positive() {
		return nil, protocol.NotUnderstood("the amount of a PaymentIntent")
	}
	f.Money = money
	return []purchase.Fact{f}, nil
}

// The versions of a refund or a dispute: Stripe numbers none, but their states have an order.
const (
	underWay = 1
	settled  = 2
	undone   = 3
)

// refundFacts says what became of refunds. One that is under way counts as gone: it must not buy a seat.
func (s *Stripe) refundFacts(payment string, all []refund) ([]purchase.Fact, error) {
	var facts []purchase.Fact
	for _, r := range all {
		f := s.about(cmp.Or(payment, r.Intent.ID), "", nil)
		f.Object, f.At, f.Kind, f.Version = r.ID, instant(r.Created), purchase.Refunded, settled
		money, err := readMoney(r.Amount, r.Currency)
		if err != nil || !ids.MatchString(r.ID) || f.Payment == "" {
			return nil, protocol.NotUnderstood("a refund without an amount or a PaymentIntent")
		}
		f.Money = money
		switch r.Status {
		case "succeeded":
		case "pending", "requires_action":
			f.Version = underWay
		case "failed", "canceled":
			f.Kind, f.Version, f.Detail.Reason = purchase.Failed, undone, "refund_"+r.Status
		default:
			return nil, protocol.NotUnderstood("the status of a refund")
		}
		facts = append(facts, f)
	}
	return facts, nil
}

// disputeFacts says what banks took back. An inquiry takes nothing yet; a dispute that is won brings the money back.
func (s *Stripe) disputeFacts(payment string, all []dispute) ([]purchase.Fact, error) {
	var facts []purchase.Fact
	for _, d := range all {
		f := s.about(cmp.Or(payment, d.Intent.ID), "", nil)
		f.Object, f.At, f.Kind, f.Version, f.Detail.Reason = d.ID, instant(d.Created), purchase.Reversed, underWay, "dispute"
		money, err := readMoney(d.Amount, d.Currency)
		if err != nil || !ids.MatchString(d.ID) || f.Payment == "" {
			return nil, protocol.NotUnderstood("a dispute without an amount or a PaymentIntent")
		}
		f.Money = money
		switch {
		case strings.HasPrefix(d.Status, "warning_"), d.Status == "prevented":
			continue
		case d.Status == "lost":
			f.Version = settled
		case d.Status == "won":
			f.Kind, f.Version, f.Detail.Reason = purchase.Failed, settled, "dispute_won"
		case d.Status != "needs_response" && d.Status != "under_review":
			return nil, protocol.NotUnderstood("the status of a dispute")
		}
		facts = append(facts, f)
	}
	return facts, nil
}
