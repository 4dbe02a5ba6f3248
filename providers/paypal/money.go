package paypal

import (
	"fmt"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// wholeOnly are the currencies that PayPal writes without decimals. ISO 4217 gives two of them decimals.
//
// Source: PayPal developer documentation, currency codes.
var wholeOnly = map[string]bool{"HUF": true, "JPY": true, "TWD": true}

func decimalsOf(currency string) int {
	if wholeOnly[currency] {
		return 0
	}
	return 2
}

// readMoney reads an amount as PayPal writes it into minor units. More decimals than PayPal has for the currency are refused.
func readMoney(value, currency string) (purchase.Money, error) {
	_, fraction, _ := strings.Cut(value, ".")
	if len(strings.TrimRight(fraction, "0")) > decimalsOf(currency) {
		return purchase.Money{}, fmt.Errorf("read a PayPal amount in %.3s: too many decimals: %w", currency, purchase.ErrMoney)
	}
	return purchase.ParseMoney(value, currency)
}

// writeMoney writes an amount as PayPal wants it. What it cannot say exactly is refused.
func writeMoney(m purchase.Money) (value string, err error) {
	if !m.Positive() {
		return "", fmt.Errorf("write %s for PayPal: %w", m, purchase.ErrMoney)
	}
	whole, fraction, _ := strings.Cut(m.Decimal(), ".")
	decimals := decimalsOf(m.Currency)
	if len(fraction) > decimals {
		if strings.Trim(fraction[decimals:], "0") != "" {
			return "", fmt.Errorf("write %s for PayPal: it takes %d decimals in %s: %w", m, decimals, m.Currency, purchase.ErrMoney)
		}
		fraction = fraction[:decimals]
	}
	if fraction == "" {
		return whole, nil
	}
	return whole + "." + fraction, nil
}
