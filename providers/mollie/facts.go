package mollie

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// The metadata of ours: the sealed reference, the PurchaseId in the open for people, and the key of a capture or a refund.
const (
	sealKey     = "paybridge"
	purchaseKey = "purchase_id"
	keyKey      = "paybridge_key"
)

// about begins a fact about a payment. It was read with our key, so all of it is proof; metadata is written by whoever made the payment
// with such a key, which is us or the organiser.
func (m *Mollie) about(o payment) purchase.Fact {
	named, whole := texts(o.Metadata)
	return m.About(purchase.Proved, o.ID, func(name string) string {
		switch key, ok := strings.CutPrefix(name, "metadata."); {
		case ok:
			return named[key]
		case name == "description":
			return o.Description
		}
		return whole
	}, named[sealKey])
}

// facts says what a payment holds. Its status stays paid when money goes back: refunds and chargebacks are objects of their own.
//
// Source: Mollie documentation, payment status changes.
func (m *Mollie) facts(o payment) ([]purchase.Fact, error) {
	if err := o.agree(); err != nil {
		return nil, err
	}
	f := m.about(o)
	facts, err := state(o, f)
	if err != nil {
		return nil, err
	}
	for _, r := range o.Embedded.Refunds {
		gone, err := r.fact(f)
		if err != nil {
			return nil, err
		}
		facts = append(facts, gone)
	}
	for _, c := range o.Embedded.Chargebacks {
		gone, err := c.fact(f)
		if err != nil {
			return nil, err
		}
		facts = append(facts, gone)
	}
	return facts, nil
}

// state says where the payment itself stands. One that failed, expired or was canceled is never paid again.
func state(o payment, f purchase.Fact) ([]purchase.Fact, error) {
	f.Object = o.ID
	lapsed := f
	lapsed.Kind, lapsed.Object, lapsed.Detail.Reason = purchase.Lapsed, "", o.Status
	switch o.Status {
	case "open":
		return nil, nil
	case "pending":
		f.Kind, f.Detail.Reason = purchase.Pending, protocol.Word(cmp.Or(o.Method, "pending"))
		return []purchase.Fact{f}, nil
	case "authorized", "paid":
		return taken(o, f)
	case isFailed:
		f.Kind, f.At, f.Detail.Reason = purchase.Failed, instant(o.Failed), protocol.Word(cmp.Or(o.reason(), isFailed))
		lapsed.At = f.At
		return []purchase.Fact{f, lapsed}, nil
	case isCanceled, isExpired:
		lapsed.At = instant(cmp.Or(o.Canceled, o.Expired))
		return []purchase.Fact{lapsed}, nil
	}
	return nil, protocol.NotUnderstood("the status of a payment")
}

// reason is why a card was declined.
func (o payment) reason() string {
	var details struct {
		Reason string `json:"failureReason"`
	}
	_ = json.Unmarshal(o.Details, &details) // each method has details of its own
	return details.Reason
}

// byCaptures tells whether the captures say how much was taken: then less than the amount may have been.
func (o payment) byCaptures() bool { return o.CaptureMode == manual || o.Captured != nil }

const (
	manual         = "manual"
	capturePending = "pending"
	captureDone    = "succeeded"
)

// taken says how much was taken, or is reserved. The payment is the one object of all its captures: their total only grows, so it is the
// version.
func taken(o payment, f purchase.Fact) ([]purchase.Fact, error) {
	whole, err := o.Amount.read()
	if err != nil || !whole.Positive() {
		return nil, protocol.NotUnderstood("the amount of a payment")
	}
	done := whole
	if o.byCaptures() {
		if done, err = o.total(); err != nil || done.Known() && done.Currency != whole.Currency {
			return nil, protocol.NotUnderstood("the captures of a payment")
		}
		f.Version = done.Minor
	}
	switch {
	case done.Positive() && (o.Status == "paid" || o.byCaptures()):
		f.Kind, f.Money, f.At = purchase.Captured, done, instant(o.Paid)
	case o.Status == "paid":
		f.Kind, f.Detail.Reason = purchase.Pending, "capture"
	default:
		f.Kind, f.Money, f.At = purchase.Authorised, whole, instant(o.Authorised)
	}
	return []purchase.Fact{f}, nil
}

// total is what the captures took so far; where none can be seen, what Mollie says that they did.
func (o payment) total() (purchase.Money, error) {
	captures, err := o.captures()
	switch {
	case err != nil:
		return purchase.Money{}, err
	case captures.known == 0 && o.Captured != nil:
		return o.Captured.read()
	case captures.known == 0 && o.Status == "paid", !captures.explains(o.Captured):
		return purchase.Money{}, purchase.ErrMoney
	}
	return captures.least, nil
}

// The versions of a refund or a chargeback: Mollie numbers none, but their states have an order.
const (
	underWay = 1
	settled  = 2
	undone   = 3

	refundDone = "refunded"
)

func (r refund) undone() bool { return r.Status == isFailed || r.Status == isCanceled }

// fact says what became of a refund. One that is under way counts as gone: it must not buy a seat.
func (r refund) fact(f purchase.Fact) (purchase.Fact, error) {
	money, err := r.Amount.read()
	if err != nil || !money.Positive() || !objectIDs.MatchString(r.ID) {
		return f, protocol.NotUnderstood("a refund")
	}
	f.Object, f.Money, f.At, f.Kind, f.Version = r.ID, money, instant(r.Created), purchase.Refunded, settled
	switch {
	case r.Status == refundDone:
	case r.Status == "queued" || r.Status == "pending" || r.Status == "processing":
		f.Version = underWay
	case r.undone():
		f.Kind, f.Version, f.Detail.Reason = purchase.Failed, undone, "refund_"+r.Status
	default:
		return f, protocol.NotUnderstood("the status of a refund")
	}
	return f, nil
}

// fact says what a bank took back, and gave back again where the chargeback was reversed.
func (c chargeback) fact(f purchase.Fact) (purchase.Fact, error) {
	money, err := c.Amount.read()
	if err != nil || !money.Positive() || !objectIDs.MatchString(c.ID) {
		return f, protocol.NotUnderstood("a chargeback")
	}
	f.Object, f.Money, f.At, f.Kind, f.Version, f.Detail.Reason = c.ID, money, instant(c.Created), purchase.Reversed, underWay, "chargeback"
	if c.Reversed != "" {
		f.Kind, f.Version, f.Detail.Reason = purchase.Failed, undone, "chargeback_reversed"
	}
	return f, nil
}
