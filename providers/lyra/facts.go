package lyra

import (
	"maps"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// facts says what transactions of one payment tell: each is an object of its own.
func (s *shop) facts(orderID string, all []transaction) ([]purchase.Fact, error) {
	called := namesOf(orderID, all)
	var facts []purchase.Fact
	for _, t := range all {
		payment, known := called.of(t)
		f, err := s.fact(payment, t)
		switch {
		case err != nil:
			return nil, err
		case f.Kind == "":
			continue
		case !known && !s.config.asks():
			return nil, protocol.NotUnderstood("a refund that does not say of what; look it up in the back office")
		case !known:
			f.Standing = purchase.Heard // and the refund is read back
		}
		if f.Purchase.ID == "" && isSession(orderID) {
			f.Purchase.ID = orderID[:idLength]
		}
		facts = append(facts, f)
	}
	return facts, nil
}

// fact says what one transaction tells; one without a kind tells nothing. A buyer who gave up leaves none behind, and a verification
// moves no money.
func (s *shop) fact(payment string, t transaction) (purchase.Fact, error) {
	is, known := states[t.Status]
	switch {
	case t.Operation == "VERIFICATION", is.kind == purchase.Failed && t.UUID == "":
		return purchase.Fact{}, nil
	case !known:
		return purchase.Fact{}, protocol.NotUnderstood("the status of a transaction")
	case t.Operation != "DEBIT" && t.Operation != "CREDIT" && (t.Operation != "" || is.kind != purchase.Failed): // a cancelled one has none
		return purchase.Fact{}, protocol.NotUnderstood("the operation of a transaction")
	case !t.UUID.ok():
		return purchase.Fact{}, protocol.NotUnderstood("the id of a transaction")
	}
	f := s.About(purchase.Proved, payment, t.field, t.texts()...)
	f.Kind, f.Object, f.At = is.kind, string(t.UUID), t.Created.Time
	f.Version = min(max(t.Details.Sequence, 1), maxSequence)*(lastRank+1) + is.rank
	if t.credit() && f.Kind != purchase.Failed {
		f.Kind = purchase.Refunded // one that is under way must not buy a seat
	}
	return t.priced(f)
}

// maxSequence bounds the number of an attempt. It is above the states: were another attempt made under the same id, it would count.
const maxSequence = 1000

// priced adds the amount where money moves or is reserved, and the reason where it does not.
func (t transaction) priced(f purchase.Fact) (purchase.Fact, error) {
	if f.Kind == purchase.Failed || f.Kind == purchase.Pending {
		f.Detail.Reason = strings.ToLower(t.Status)
		if t.credit() {
			f.Detail.Reason = "refund_" + f.Detail.Reason
		}
		return f, nil
	}
	if t.Amount == nil || t.Currency != t.Order.Currency {
		return f, protocol.NotUnderstood("a transaction without an amount in the order's currency")
	}
	money, err := readMoney(*t.Amount, t.Currency)
	if err != nil || !money.Positive() {
		return f, protocol.NotUnderstood("the amount of a transaction")
	}
	f.Money = money
	return f, nil
}

// texts are all texts in which our own sealed reference may have come back: the page takes it as vads_order_info, and servers differ
// in what they call that.
func (t transaction) texts() []string {
	var all []string
	for _, m := range []map[string]word{t.Metadata, t.Order.Metadata} {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			all = append(all, string(m[key]))
		}
	}
	return all
}
