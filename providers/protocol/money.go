package protocol

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Units are how many decimals a provider gives the currencies for which it does not follow ISO 4217. Nil follows it everywhere.
type Units map[string]int

// Digits is how many decimals the provider gives the currency; ok is false for one that is unknown.
func (u Units) Digits(currency string) (n int, ok bool) {
	iso, ok := purchase.Digits(currency)
	if own, differs := u[currency]; differs && ok {
		return own, true
	}
	return iso, ok
}

// Read takes an amount in the provider's minor units, of a currency in capitals. What ISO 4217 cannot say exactly is refused. Errors
// wrap purchase.ErrMoney.
func (u Units) Read(minor int64, currency string) (purchase.Money, error) {
	digits, ok := u.Digits(currency)
	if !ok || minor < 0 {
		return purchase.Money{}, fmt.Errorf("read an amount in %.3q: %w", currency, purchase.ErrMoney)
	}
	return purchase.ParseMoney(decimal(strconv.FormatInt(minor, 10), digits), currency)
}

// Write is the amount in the provider's minor units. What they cannot say exactly, and what is not above zero, is refused. Errors
// wrap purchase.ErrMoney.
func (u Units) Write(m purchase.Money) (int64, error) {
	digits, ok := u.Digits(m.Currency)
	text, exact := rescale(m.Decimal(), digits)
	if !ok || !m.Positive() || !exact {
		return 0, fmt.Errorf("write %s in minor units of the provider: %w", m, purchase.ErrMoney)
	}
	minor, err := strconv.ParseInt(strings.Replace(text, ".", "", 1), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("write %s in minor units of the provider: %w", m, purchase.ErrMoney)
	}
	return minor, nil
}

// ReadDecimal takes an amount as decimal text. More decimals than the provider has for the currency are refused, trailing zeros too
// unless there are no others. Errors wrap purchase.ErrMoney.
func (u Units) ReadDecimal(text, currency string) (purchase.Money, error) {
	_, fraction, _ := strings.Cut(text, ".")
	digits, ok := u.Digits(currency)
	if !ok || len(strings.TrimRight(fraction, "0")) > digits || strings.HasPrefix(text, "-") {
		return purchase.Money{}, fmt.Errorf("read an amount in %.3q: %w", currency, purchase.ErrMoney)
	}
	return purchase.ParseMoney(text, currency)
}

// WriteDecimal is the amount as text with exactly the decimals that the provider has for the currency. Errors wrap purchase.ErrMoney.
func (u Units) WriteDecimal(m purchase.Money) (string, error) {
	digits, ok := u.Digits(m.Currency)
	text, exact := rescale(m.Decimal(), digits)
	if !ok || !m.Positive() || !exact {
		return "", fmt.Errorf("write %s in decimals of the provider: %w", m, purchase.ErrMoney)
	}
	return text, nil
}

// decimal puts the point into a number of minor units.
func decimal(minor string, digits int) string {
	if digits == 0 {
		return minor
	}
	if pad := digits + 1 - len(minor); pad > 0 {
		minor = strings.Repeat("0", pad) + minor
	}
	return minor[:len(minor)-digits] + "." + minor[len(minor)-digits:]
}

// rescale gives a decimal another number of decimals; exact is false where that would lose a digit.
func rescale(text string, digits int) (out string, exact bool) {
	whole, fraction, _ := strings.Cut(text, ".")
	if len(fraction) > digits {
		if strings.Trim(fraction[digits:], "0") != "" {
			return "", false
		}
		fraction = fraction[:digits]
	}
	fraction += strings.Repeat("0", digits-len(fraction))
	if digits == 0 {
		return whole, true
	}
	return whole + "." + fraction, true
}
