package sips

import (
	"context"
	"fmt"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Ask reads a payment back. What it returns is proof. A payment that Sips does not know is purchase.ErrNoPayment, which one at whose
// page nobody has paid yet is, too. Chargebacks are in the bank's reports only.
func (s *Sips) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	t, err := s.look(ctx, ref)
	return t.facts, err
}

// A transaction is one as Sips Office shows it.
type transaction struct {
	reference string
	status    string
	money     purchase.Money // what was paid
	returned  purchase.Money // what went back of it, before or after it was taken
	touched   bool           // the last thing that was done to it gave something back
	facts     []purchase.Fact
}

// look reads a transaction.
func (s *Sips) look(ctx context.Context, ref purchase.Ref) (transaction, error) {
	t := transaction{reference: referenceIn(ref)}
	if t.reference == "" {
		return t, fmt.Errorf("ask sips about a payment: %w", purchase.ErrNoPayment)
	}
	a, err := s.diagnose(ctx, t.reference)
	switch {
	case err != nil:
		return t, err
	case a.get("merchantId") != "" && a.get("merchantId") != s.config.MerchantID,
		a.get("transactionReference") != "" && a.get("transactionReference") != t.reference:
		return t, s.Judged(protocol.Get, protocol.NotUnderstood("the answer is about another transaction"))
	}
	if err := s.judge(&t, a); err != nil {
		return t, s.Judged(protocol.Get, err)
	}
	return t, nil
}

// referenceIn is the transaction that is meant, "" if none can be.
func referenceIn(ref purchase.Ref) string {
	for _, id := range []string{ref.Payment, strings.TrimSuffix(ref.Object, returnedSuffix)} {
		if references.MatchString(id) {
			return id
		}
	}
	return ""
}

// diagnose asks for a transaction. Of an answer without a status, the code says why there is none.
func (s *Sips) diagnose(ctx context.Context, reference string) (object, error) {
	a, err := s.office(ctx, protocol.Call{Operation: protocol.Get, Path: diagnosticPath, Repeatable: true}, diagnosticVersion,
		object{"transactionReference": reference})
	code := a.get("responseCode")
	switch {
	case err != nil || a.get("transactionStatus") != "":
		return a, err
	case code == "25":
		return nil, fmt.Errorf("ask sips about a transaction: %w", purchase.ErrNoPayment)
	case code == "00":
		return nil, s.Judged(protocol.Get, protocol.NotUnderstood("a transaction without a status"))
	}
	return nil, s.refused(protocol.Get, code)
}

// judge says what a transaction holds, by its status: the response code beside it is that of the question in some versions and that of
// the payment in others.
//
// Source: Sips data dictionary, transactionStatus.
func (s *Sips) judge(t *transaction, a object) error {
	f := s.about(t.reference, a.get)
	t.status = a.get("transactionStatus")
	switch t.status {
	case "REFUSED":
		t.facts = refused(f, refusal(a))
	case "EXPIRED", "ABORTED":
		t.facts = []purchase.Fact{lapsed(f)}
	case "TO_CONFIRM_AUTHOR", "TO_CONFIRM_CAPTURE", "TO_CHALLENGE":
		f.Kind, f.Detail.Reason = purchase.Pending, t.status
		t.facts = []purchase.Fact{f}
	case "TO_VALIDATE", "TO_REPLAY", "TO_AUTHORIZE", "CAPTURED", "TO_CAPTURE", "CREDITED", "TO_CREDIT", "CANCELLED":
		return t.hold(f, a)
	default:
		return protocol.NotUnderstood("the status of a transaction")
	}
	return nil
}

// hold says what of a payment that was accepted is reserved, taken or gone. One that was cancelled and would have been taken by itself
// has been told of as taken, so it is taken and gone.
func (t *transaction) hold(f purchase.Fact, a object) error {
	if err := t.count(a); err != nil {
		return err
	}
	f.Kind, f.Money = purchase.Captured, t.money
	switch {
	case t.status == "TO_VALIDATE" || t.status == "TO_REPLAY" || t.status == "TO_AUTHORIZE":
		f.Kind = purchase.Authorised
		f.Money, _ = t.money.Minus(t.returned) // of one currency
	case t.status == "CANCELLED" && isReserved(t.reference, a.get("captureMode")):
		f = lapsed(f)
	}
	if acquirer := a.get("acquirerResponseCode"); f.Kind == purchase.Captured && acquirer != "" && !acquired(a.get) {
		return protocol.NotUnderstood("a transaction that the acquirer contradicts")
	}
	t.facts = []purchase.Fact{f}
	if f.Kind == purchase.Captured && t.returned.Positive() {
		t.facts = append(t.facts, returned(f, t.returned))
	}
	return nil
}

// refusal is why a payment was refused, where the answer says that.
func refusal(a object) string {
	if code := a.get("responseCode"); codes.MatchString(code) && code != "00" {
		return reason(code)
	}
	return "refused"
}

// count says what was paid and how much of it went back: what is left of the first amount, or nothing where the status says so.
func (t *transaction) count(a object) (err error) {
	currency, current := a.get("currencyCode"), a.get("currentAmount")
	if t.money, err = readMoney(a.get("originAmount"), currency); err != nil {
		return protocol.NotUnderstood("the amount of a transaction")
	}
	left := t.money
	switch {
	case amounts.MatchString(current) && strings.Trim(current, "0") == "":
		left.Minor = 0
	case current != "":
		if left, err = readMoney(current, currency); err != nil || left.Minor > t.money.Minor {
			return protocol.NotUnderstood("what is left of a transaction")
		}
	}
	if left == t.money && (t.status == "CREDITED" || t.status == "TO_CREDIT" || t.status == "CANCELLED") {
		left.Minor = 0
	}
	t.returned, _ = t.money.Minus(left) // of one currency
	last := strings.ToUpper(a.get("lastOperationName"))
	t.touched = t.returned.Positive() || strings.Contains(last, "REFUND") || strings.Contains(last, "CANCEL") || strings.Contains(last, "CREDIT")
	return nil
}

const returnedSuffix = "-returned"

// returned is all that went back of a captured payment. Sips shows the sum and not its parts, and the sum only grows: so it is one
// object, whose version is the sum.
func returned(f purchase.Fact, money purchase.Money) purchase.Fact {
	f.Kind, f.Object, f.Money, f.Version = purchase.Refunded, f.Payment+returnedSuffix, money, money.Minor
	return f
}
