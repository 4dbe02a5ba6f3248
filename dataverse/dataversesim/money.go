package dataversesim

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
)

// decimal reads digits, optionally followed by a point and more digits, and nothing else.
func decimal(s string) (*big.Rat, error) {
	whole, fraction, pointed := strings.Cut(s, ".")
	if whole == "" || strings.Trim(whole+fraction, "0123456789") != "" || pointed && fraction == "" {
		return nil, fmt.Errorf("price %q is not a plain decimal number", s)
	}
	r, _ := new(big.Rat).SetString(s)
	return r, nil
}

func checkPrice(price string, precision int) error {
	r, err := decimal(price)
	if err != nil {
		return err
	}
	if rounded, _ := new(big.Rat).SetString(r.FloatString(precision)); rounded.Cmp(r) != 0 {
		return fmt.Errorf("price %q has more than the %d decimals of its currency", price, precision)
	}
	return nil
}

// total adds up the passes of the attendees, with the decimals of the currency.
func (e *event) total(attendees []Attendee) string {
	sum := new(big.Rat)
	for _, a := range attendees {
		sum.Add(sum, e.passes[a.PassID].price)
	}
	return sum.FloatString(e.Currency.Precision)
}

// number writes an amount as a JSON number in the notation of the behaviour "numbers".
func (s *Sim) number(amount string) json.Number {
	r, _ := new(big.Rat).SetString(amount)
	switch s.behaviours[Numbers] {
	case "padded":
		return json.Number(r.FloatString(4))
	case "long":
		return json.Number(r.FloatString(10))
	case "short":
		if strings.Contains(amount, ".") {
			amount = strings.TrimRight(strings.TrimRight(amount, "0"), ".")
		}
	}
	return json.Number(amount)
}

func isZero(amount string) bool { return strings.Trim(amount, "0.") == "" }
