package redsys

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// The types of transactions that are understood.
//
// Source: Redsys, Ds_Merchant_TransactionType.
const (
	payment          = "0"
	preauthorisation = "1"
	confirmation     = "2"
	refund           = "3"
	cancellation     = "9" // of a preauthorisation
)

// The answers that are no refusal. Payments and preauthorisations are authorised by 0 to 99.
//
// Source: Redsys, Ds_Response.
const (
	mostAuthorised = 99
	cancelled      = 400
	moved          = 900  // confirmations and refunds
	atTheCard      = 9998 // the payer enters a card
	atTheBank      = 9999 // the payer is at the bank
	byThePayer     = 9915 // given up

	undoneByRedsys   = 9928 // an authorisation was cancelled later, in some way that is not understood
	undoneByMerchant = 9929
)

var responses = regexp.MustCompile(`^[0-9]{1,4}$`)

// facts says what genuine parameters tell. The order's number is the payment, and the money's object as well: a preauthorisation and
// its confirmation are one thing that goes on.
func (r *Redsys) facts(p parameters) ([]purchase.Fact, error) {
	if p[merchant] != r.config.MerchantCode || !sameTerminal(p[terminal], r.config.Terminal) {
		return nil, purchase.Forged(purchase.WrongMerchant)
	}
	if !responses.MatchString(p[response]) {
		return nil, protocol.NotUnderstood("the response of a transaction")
	}
	code, _ := strconv.Atoi(p[response]) // it is digits
	if code == undoneByRedsys || code == undoneByMerchant {
		return nil, protocol.NotUnderstood("an authorisation that was cancelled later")
	}
	f := r.About(purchase.Proved, p[order], p.get, p[merchantData])
	f.Object = p[order]
	switch p[transactionType] {
	case payment:
		return attempted(f, p, code, purchase.Captured)
	case preauthorisation:
		return attempted(f, p, code, purchase.Authorised)
	case confirmation:
		return confirmed(f, p, code)
	case refund:
		return refunded(f, p, code)
	case cancellation:
		return givenUp(f, code)
	}
	return nil, protocol.NotUnderstood("the type of a transaction")
}

// sameTerminal compares numbers that are written with leading zeros or without.
func sameTerminal(a, b string) bool {
	return terminals.MatchString(a) && strings.TrimLeft(a, "0") == strings.TrimLeft(b, "0")
}

// attempted is a payment or a preauthorisation. Redsys takes no order again that was refused once, but the page may let the payer try
// again, so a refusal is not its end; a payer who gives up is. Preauthorisations are not ours, and nothing is said of their end.
func attempted(f purchase.Fact, p parameters, code int, got purchase.Kind) ([]purchase.Fact, error) {
	switch {
	case code <= mostAuthorised:
		return money(f, p, got)
	case code == moved || code == cancelled:
		return nil, protocol.NotUnderstood("a payment with the response of something else")
	case code == atTheCard || code == atTheBank:
		f.Kind, f.Object, f.Detail.Reason = purchase.Pending, attempt(f), reason(code)
		return []purchase.Fact{f}, nil
	}
	failed := refused(f, attempt(f), code)
	if got == purchase.Captured && code == byThePayer {
		return []purchase.Fact{failed, lapsed(f)}, nil
	}
	return []purchase.Fact{failed}, nil
}

// confirmed is the capture of what was preauthorised. One that is refused leaves the preauthorisation as it was.
func confirmed(f purchase.Fact, p parameters, code int) ([]purchase.Fact, error) {
	switch {
	case code == moved:
		return money(f, p, purchase.Captured)
	case code <= mostAuthorised || code == cancelled:
		return nil, protocol.NotUnderstood("a confirmation with the response of something else")
	}
	return []purchase.Fact{refused(f, f.Payment+"-confirmation", code)}, nil
}

// refunded is money sent back. Redsys numbers no refunds: one is told from another by its authorisation code and its time.
func refunded(f purchase.Fact, p parameters, code int) ([]purchase.Fact, error) {
	switch {
	case code <= mostAuthorised || code == cancelled:
		return nil, protocol.NotUnderstood("a refund with the response of something else")
	case code != moved:
		return nil, nil // nothing was sent back
	case strings.TrimSpace(p[authorisation]) == "":
		return nil, protocol.NotUnderstood("a refund without an authorisation code")
	}
	told := []string{p[authorisation], p[date], p[hour], p[amount], p[currency]}
	sum := sha256.Sum256([]byte(strings.Join(told, "\x00")))
	f.Object = p[order] + "-refund-" + hex.EncodeToString(sum[:8])
	return money(f, p, purchase.Refunded)
}

// givenUp: a preauthorisation was given up, and there is nothing to pay any more.
func givenUp(f purchase.Fact, code int) ([]purchase.Fact, error) {
	switch {
	case code <= mostAuthorised || code == moved:
		return nil, protocol.NotUnderstood("a cancellation with the response of something else")
	case code != cancelled:
		return nil, nil // it stands
	}
	gone := f
	gone.Kind, gone.Detail.Reason = purchase.Failed, "cancelled"
	return []purchase.Fact{gone, lapsed(f)}, nil
}

// money is an amount that was reserved or moved.
func money(f purchase.Fact, p parameters, kind purchase.Kind) ([]purchase.Fact, error) {
	m, err := readMoney(p[amount], p[currency])
	if err != nil || !m.Positive() {
		return nil, protocol.NotUnderstood("the amount of a transaction")
	}
	f.Kind, f.Money = kind, m
	return []purchase.Fact{f}, nil
}

// refused is an attempt that moved nothing, an object of its own: it must not hide what another attempt at the same order reserves.
func refused(f purchase.Fact, object string, code int) purchase.Fact {
	f.Kind, f.Object, f.Detail.Reason = purchase.Failed, object, reason(code)
	return f
}

// attempt is the object of what the payer tries and no money has moved for.
func attempt(f purchase.Fact) string { return f.Payment + "-attempt" }

func lapsed(f purchase.Fact) purchase.Fact {
	f.Kind, f.Object = purchase.Lapsed, ""
	return f
}

func reason(code int) string { return fmt.Sprintf("%04d", code) }
