package braintree

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

var ids = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// The versions of a transaction or a dispute: Braintree numbers none, but their states have an order. A bank can send back what had
// settled, so a declined settlement undoes a settled one.
const (
	underWay = 1
	settled  = 2
	undone   = 3
)

// A state is what the status of a transaction means.
type state struct {
	kind    purchase.Kind
	version int64
}

// states are those of a sale.
//
// Source: Braintree, transaction statuses.
var states = map[string]state{
	"authorizing":              {purchase.Pending, underWay},
	"authorized":               {purchase.Authorised, underWay},
	"submitted_for_settlement": {purchase.Pending, underWay},
	"settling":                 {purchase.Pending, underWay},
	"settlement_pending":       {purchase.Pending, underWay},
	"settlement_confirmed":     {purchase.Pending, underWay},
	"settled":                  {purchase.Captured, settled},
	"settlement_declined":      {purchase.Failed, undone},
	"authorization_expired":    {purchase.Failed, underWay},
	"failed":                   {purchase.Failed, underWay},
	"gateway_rejected":         {purchase.Failed, underWay},
	"processor_declined":       {purchase.Failed, underWay},
	"voided":                   {purchase.Failed, underWay},
}

// transactionFacts says what a transaction came to: a sale, or the refund of one. Facts have no time: that of a notification may be
// another when it is repeated, and nothing else says when money settled.
func (b *Braintree) transactionFacts(t *element) ([]purchase.Fact, error) {
	if t.doubled() || t.in("custom-fields").doubled() || !ids.MatchString(t.get("id")) {
		return nil, protocol.NotUnderstood("the transaction of a notification")
	}
	if b.elsewhere(t.get("merchant-account-id")) {
		return nil, nil
	}
	s, ok := states[t.get("status")]
	money, err := readMoney(t.get("amount"), t.get("currency-iso-code"))
	if !ok || err != nil {
		return nil, protocol.NotUnderstood("the status or the amount of a transaction")
	}
	f := b.about(t.get("id"), t)
	f.Object, f.Version, f.Money = t.get("id"), s.version, money
	switch t.get("type") {
	case "sale":
		return sale(f, s, t.get("status")), nil
	case "credit":
		return refund(f, s, t)
	}
	return nil, protocol.NotUnderstood("the type of a transaction")
}

func sale(f purchase.Fact, s state, status string) []purchase.Fact {
	f.Kind = s.kind
	if s.kind == purchase.Pending || s.kind == purchase.Failed {
		f.Money, f.Detail.Reason = purchase.Money{}, status
	}
	return []purchase.Fact{f}
}

// refund: one that is under way counts as gone, it must not buy a seat.
func refund(f purchase.Fact, s state, t *element) ([]purchase.Fact, error) {
	if f.Payment = t.get("refunded-transaction-id"); !ids.MatchString(f.Payment) {
		return nil, protocol.NotUnderstood("a credit that refunds no transaction")
	}
	f.Kind = purchase.Refunded
	if s.kind == purchase.Failed {
		f.Kind, f.Version, f.Detail.Reason = purchase.Failed, undone, "refund_"+t.get("status")
	}
	return []purchase.Fact{f}, nil
}

// about begins a fact about a transaction, whose fields may name the purchase.
func (b *Braintree) about(payment string, t *element) purchase.Fact {
	return b.About(purchase.Proved, payment, func(name string) string {
		if key, ok := strings.CutPrefix(name, "custom_fields."); ok {
			return cmp.Or(t.in("custom-fields").get(key), t.in("custom-fields").get(strings.ReplaceAll(key, "_", "-")))
		}
		if name == "order_id" {
			return t.get("order-id")
		}
		return ""
	})
}

// disputeFacts says what banks took back. Nobody says that a dispute and a transaction never have one id, so the object is told apart. A
// retrieval is a question and takes nothing; a dispute that is won brings the money back.
func (b *Braintree) disputeFacts(d *element) ([]purchase.Fact, error) {
	t := d.in("transaction")
	if d.doubled() || t.doubled() || !ids.MatchString(d.get("id")) || !ids.MatchString(t.get("id")) {
		return nil, protocol.NotUnderstood("the dispute of a notification")
	}
	if b.elsewhere(d.get("merchant-account-id")) {
		return nil, nil
	}
	switch d.get("kind") {
	case "retrieval":
		return nil, nil
	case "chargeback", "pre_arbitration":
	default:
		return nil, protocol.NotUnderstood("the kind of a dispute")
	}
	f := b.about(t.get("id"), t)
	f.Object, f.Kind, f.Version, f.Detail.Reason = "dispute-"+d.get("id"), purchase.Reversed, underWay, "dispute"
	var err error
	if f.Money, err = disputed(d); err != nil {
		return nil, protocol.NotUnderstood("the amount of a dispute")
	}
	switch d.get("status") {
	case "open", "under_review", "disputed":
	case "won":
		f.Kind, f.Version, f.Detail.Reason = purchase.Failed, settled, "dispute_won"
	case "lost", "accepted", "auto_accepted", "expired":
		f.Version = undone
	default:
		return nil, protocol.NotUnderstood("the status of a dispute")
	}
	return []purchase.Fact{f}, nil
}

// disputed is the amount in dispute. It goes by two names; where they differ, or a part of it only was won, a person must look.
func disputed(d *element) (purchase.Money, error) {
	currency := d.get("currency-iso-code")
	m, err := readMoney(cmp.Or(d.get("amount-disputed"), d.get("amount")), currency)
	for name, counts := range map[string]bool{"amount": true, "amount-won": d.get("status") == "won"} {
		if other := d.get(name); counts && other != "" && err == nil {
			var same purchase.Money
			if same, err = readMoney(other, currency); same != m {
				return m, purchase.ErrMoney
			}
		}
	}
	return m, err
}

// standardUnits are ISO 4217's. Braintree leaves trailing zeros out at times.
var standardUnits protocol.Units

func readMoney(decimal, currency string) (purchase.Money, error) {
	m, err := standardUnits.ReadDecimal(decimal, currency)
	if err == nil && !m.Positive() {
		return m, purchase.ErrMoney
	}
	return m, err
}
