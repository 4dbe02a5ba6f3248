package redsys

import (
	"fmt"
	"strconv"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const maxDigits = 12

// standardUnits are ISO 4217's: two decimals, and none for the yen. How Redsys writes other numbers of decimals is not documented, so
// such currencies are refused rather than guessed.
//
// Source: Redsys, Ds_Merchant_Amount.
var standardUnits protocol.Units

func known(currency string) error {
	if n, ok := standardUnits.Digits(currency); !ok || n != 2 && currency != "JPY" {
		return fmt.Errorf("use an amount in %.3q at Redsys: %w", currency, purchase.ErrMoney)
	}
	return nil
}

func readMoney(digits, numeric string) (purchase.Money, error) {
	alpha, _ := protocol.Alpha(numeric)
	if err := known(alpha); err != nil {
		return purchase.Money{}, err
	}
	minor, err := strconv.ParseUint(digits, 10, 63)
	if err != nil || len(digits) > maxDigits {
		return purchase.Money{}, fmt.Errorf("read an amount: %w", purchase.ErrMoney)
	}
	return standardUnits.Read(int64(minor), alpha)
}

func writeMoney(m purchase.Money) (digits, numeric string, err error) {
	if err := known(m.Currency); err != nil {
		return "", "", err
	}
	minor, err := standardUnits.Write(m)
	digits = strconv.FormatInt(minor, 10)
	numeric, ok := protocol.Numeric(m.Currency)
	if err == nil && (!ok || len(digits) > maxDigits) {
		err = fmt.Errorf("write %s for Redsys: %w", m, purchase.ErrMoney)
	}
	return digits, numeric, err
}
