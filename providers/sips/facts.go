package sips

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// about begins a fact about a transaction, which is payment and object at once.
func (p *Page) about(reference string, get func(name string) string) purchase.Fact {
	f := p.About(purchase.Proved, reference, func(name string) string { return dashed(get(name)) }, get("returnContext"))
	f.Object, f.At = reference, instant(get("transactionDateTime"))
	return f
}

var bareGUID = regexp.MustCompile(`^[0-9A-Fa-f]{32}$`)

// dashed: most fields of Sips take letters and digits only, so a GUID stands in them as 32 digits.
func dashed(s string) string {
	if !bareGUID.MatchString(s) {
		return s
	}
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// instant is a time of Sips; one that cannot be read is none.
func instant(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

func reason(code string) string { return "response_" + code }

// lapsed: nobody can pay the transaction any more.
func lapsed(f purchase.Fact) purchase.Fact {
	f.Kind, f.Object, f.Money = purchase.Lapsed, "", purchase.Money{}
	return f
}

// refused: the transaction took no money, and no other try is made under its reference.
func refused(f purchase.Fact, why string) []purchase.Fact {
	end := lapsed(f)
	f.Kind, f.Detail.Reason = purchase.Failed, why
	return []purchase.Fact{f, end}
}

// acquired tells whether the acquirer agrees, as the one of a card must. What other means of payment say there has no common meaning.
func acquired(get func(name string) string) bool {
	code, kind := get("acquirerResponseCode"), get("paymentMeanType")
	return code == "00" || kind != "CARD" && (code == "" || kind != "")
}

// units: amounts are in the smallest unit of the currency by the standard.
var units protocol.Units

var amounts = regexp.MustCompile(`^[0-9]{1,12}$`)

// readMoney takes an amount with the number of its currency: 4500 of 978 is 45.00 EUR. Nothing is no amount.
func readMoney(minor, numeric string) (purchase.Money, error) {
	currency, ok := protocol.Alpha(numeric)
	n, err := strconv.ParseInt(minor, 10, 64)
	if !ok || err != nil || !amounts.MatchString(minor) {
		return purchase.Money{}, purchase.ErrMoney
	}
	m, err := units.Read(n, currency)
	if err == nil && !m.Positive() {
		err = purchase.ErrMoney
	}
	return m, err
}

// writeMoney is the amount and the number of its currency.
func writeMoney(m purchase.Money) (minor, numeric string, err error) {
	n, err := units.Write(m)
	numeric, ok := protocol.Numeric(m.Currency)
	minor = strconv.FormatInt(n, 10)
	if err != nil || !ok || !amounts.MatchString(minor) {
		return "", "", purchase.ErrMoney
	}
	return minor, numeric, nil
}

// isReserved tells whether a transaction waits for our capture: by its capture mode, or by the reference that we gave it.
func isReserved(reference, captureMode string) bool {
	return captureMode == "VALIDATION" || captureMode == "" && strings.HasPrefix(reference, reservedPrefix)
}
