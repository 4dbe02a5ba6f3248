package providersim

import (
	"math/big"
	"strings"
)

// exponents are the currencies that do not have two decimals; each provider's own differences are in its file.
//
// Source: ISO 4217, currencies in use that a shop is likely to see.
var exponents = map[string]int{"JPY": 0, "KRW": 0, "CLP": 0, "ISK": 0, "UGX": 0, "VND": 0, "XAF": 0, "XOF": 0, "XPF": 0, "PYG": 0, "RWF": 0, "KMF": 0,
	"GNF": 0, "DJF": 0, "BIF": 0, "VUV": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3}

// decimals is how many decimals the currency has by the standard.
func decimals(currency string) int {
	if n, ok := exponents[currency]; ok {
		return n
	}
	return 2
}

// minorUnits is a decimal as a whole number of units of so many decimals; ok is false for what is no such number.
func minorUnits(decimal string, digits int) (string, bool) {
	whole, fraction, _ := strings.Cut(decimal, ".")
	if len(fraction) > digits || whole == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return "", false
	}
	n := strings.TrimLeft(whole+fraction+strings.Repeat("0", digits-len(fraction)), "0")
	if n == "" {
		n = "0"
	}
	return n, true
}

// decimalOf puts the point back.
func decimalOf(minor string, digits int) string {
	if digits == 0 {
		return minor
	}
	if pad := digits + 1 - len(minor); pad > 0 {
		minor = strings.Repeat("0", pad) + minor
	}
	return minor[:len(minor)-digits] + "." + minor[len(minor)-digits:]
}

func rat(decimal string) *big.Rat {
	v, ok := new(big.Rat).SetString(decimal)
	if !ok {
		return new(big.Rat)
	}
	return v
}

func zero(decimal string) string {
	if decimal == "" {
		return "0"
	}
	return decimal
}

// minus subtracts decimals exactly.
func minus(a, b string, digits int) string {
	return new(big.Rat).Sub(rat(a), rat(b)).FloatString(digits)
}
