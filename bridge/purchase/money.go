package purchase

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Money is an exact amount in the minor units of an ISO 4217 currency: {4500, "EUR"} is 45.00 EUR, {1234, "JPY"} is 1234 JPY.
// The zero value means "no amount known", which is never the same as an amount of zero.
type Money struct {
	Minor    int64  `json:"minor"`
	Currency string `json:"currency"`
}

// ErrMoney is wrapped by every refusal to read an amount or a currency.
var ErrMoney = errors.New("not an amount of money")

// Digits returns how many decimals ISO 4217 gives the currency; ok is false for a code that is unknown or has no minor unit.
func Digits(currency string) (n int, ok bool) {
	n, ok = minorDigits[currency]
	return n, ok
}

// ParseMoney reads a decimal such as "45", "45.00" or "-3.5" in the currency's own decimals, exactly. Trailing zeros beyond the
// currency's decimals are accepted because Dynamics pads money to its own precision; any other further digit is refused.
// Errors wrap ErrMoney.
func ParseMoney(decimal, currency string) (Money, error) {
	digits, ok := Digits(currency)
	if !ok {
		return Money{}, fmt.Errorf("read currency %q: %w", clip(currency), ErrMoney)
	}
	minor, err := parseMinor(decimal, digits)
	if err != nil {
		return Money{}, fmt.Errorf("read amount %q as %s: %w", clip(decimal), currency, err)
	}
	return Money{Minor: minor, Currency: currency}, nil
}

func parseMinor(decimal string, digits int) (int64, error) {
	sign, rest := "", decimal
	if strings.HasPrefix(rest, "-") {
		sign, rest = "-", rest[1:]
	}
	whole, fraction, pointed := strings.Cut(rest, ".")
	if whole == "" || (pointed && fraction == "") || !onlyDigits(whole) || !onlyDigits(fraction) {
		return 0, ErrMoney
	}
	if len(fraction) > digits {
		if strings.Trim(fraction[digits:], "0") != "" {
			return 0, ErrMoney
		}
		fraction = fraction[:digits]
	}
	minor, err := strconv.ParseInt(sign+whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil {
		return 0, ErrMoney
	}
	return minor, nil
}

func onlyDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

func clip(s string) string {
	if len(s) > 32 {
		return s[:32] + "…"
	}
	return s
}

// Decimal writes the amount with the currency's own decimals: "45.00", "1234", "-0.500".
func (m Money) Decimal() string {
	digits := minorDigits[m.Currency]
	sign, abs := "", strconv.FormatInt(m.Minor, 10)
	if strings.HasPrefix(abs, "-") {
		sign, abs = "-", abs[1:]
	}
	if pad := digits + 1 - len(abs); pad > 0 {
		abs = strings.Repeat("0", pad) + abs
	}
	if digits == 0 {
		return sign + abs
	}
	return sign + abs[:len(abs)-digits] + "." + abs[len(abs)-digits:]
}

// String is for people: "45.00 EUR", or "-" where no amount is known.
func (m Money) String() string {
	if m.Currency == "" {
		return "-"
	}
	return m.Decimal() + " " + m.Currency
}

// Known tells whether there is an amount at all.
func (m Money) Known() bool { return m.Currency != "" }

// Positive tells whether there is money: a known amount above zero.
func (m Money) Positive() bool { return m.Known() && m.Minor > 0 }

// Plus adds an amount of the same currency; ok is false when the currencies differ or the sum does not fit. An unknown amount
// counts as nothing.
func (m Money) Plus(o Money) (sum Money, ok bool) {
	switch {
	case !o.Known():
		return m, true
	case !m.Known():
		return o, true
	case m.Currency != o.Currency:
		return m, false
	}
	total := m.Minor + o.Minor
	if (o.Minor > 0 && total < m.Minor) || (o.Minor < 0 && total > m.Minor) {
		return m, false
	}
	return Money{Minor: total, Currency: m.Currency}, true
}

// Minus is Plus of the opposite amount; ok is false also for the one amount that has no opposite.
func (m Money) Minus(o Money) (Money, bool) {
	switch {
	case !o.Known():
		return m, true
	case o.Minor == math.MinInt64:
		return m, false
	}
	return m.Plus(Money{Minor: -o.Minor, Currency: o.Currency})
}
