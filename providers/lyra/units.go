package lyra

import (
	"slices"
	"strconv"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// oddUnits are currencies that Lyra lists with fewer decimals than ISO 4217 gives them. Amounts in them are refused.
//
// Source: Lyra documentation, list of supported currencies.
var oddUnits = []string{"CNY", "KHR"}

// units: amounts are in the smallest unit of ISO 4217.
var units protocol.Units

func readMoney(minor int64, currency string) (purchase.Money, error) {
	if slices.Contains(oddUnits, currency) {
		return purchase.Money{}, purchase.ErrMoney
	}
	return units.Read(minor, currency)
}

// maxAmount is the largest that a form can say.
const maxAmount = 999_999_999_999

// writeMoney is the amount and the currency's numeric code.
func writeMoney(m purchase.Money) (amount, currency string, err error) {
	minor, err := units.Write(m)
	if err != nil {
		return "", "", err
	}
	currency, ok := protocol.Numeric(m.Currency)
	if !ok || minor > maxAmount || slices.Contains(oddUnits, m.Currency) {
		return "", "", purchase.ErrMoney
	}
	return strconv.FormatInt(minor, 10), currency, nil
}
