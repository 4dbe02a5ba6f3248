package monetico

import (
	"regexp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// units: an amount has two decimals at most, and the bank rounds what has more.
//
// Source: Monetico Paiement technical documentation 2.0, montant, as public libraries quote it; CM-CIC Paiement technical documentation 3.0, on rounding.
var units = protocol.Units{"BHD": 2, "CLF": 2, "IQD": 2, "JOD": 2, "KWD": 2, "LYD": 2, "OMR": 2, "TND": 2, "UYW": 2}

var amounts = regexp.MustCompile(`^([0-9]{1,15}(?:\.[0-9]{1,4})?)([A-Z]{3})$`)

// readMoney takes an amount with its currency behind it: 42.00EUR. Errors wrap purchase.ErrMoney.
func readMoney(text string) (purchase.Money, error) {
	parts := amounts.FindStringSubmatch(text)
	if parts == nil {
		return purchase.Money{}, purchase.ErrMoney
	}
	money, err := units.ReadDecimal(parts[1], parts[2])
	if err == nil && !money.Positive() {
		err = purchase.ErrMoney
	}
	return money, err
}

// writeMoney is the amount as the bank wants it. What cannot be said exactly is refused with purchase.ErrMoney.
func writeMoney(m purchase.Money) (string, error) {
	text, err := units.WriteDecimal(m)
	return text + m.Currency, err
}
