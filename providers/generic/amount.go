package generic

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Amount says where money is and how it is written.
type Amount struct {
	// Value is the field with the amount.
	Value string `yaml:"value,omitempty"`
	// Form is how it is written: minor (4500 for 45.00), decimal-string ("45.00"), decimal-number (45.00), or decimal+currency
	// (45.00EUR). Default minor.
	Form string `yaml:"form,omitempty"`
	// Currency is the field with the currency; none for decimal+currency.
	Currency string `yaml:"currency,omitempty"`
	// CurrencyForm is how it is written: alpha (EUR or eur) or numeric (978). Default alpha.
	CurrencyForm string `yaml:"currency_form,omitempty"`
}

// The forms of an amount and of a currency.
const (
	inMinor   = "minor"
	inText    = "decimal-string"
	inNumber  = "decimal-number"
	withCode  = "decimal+currency"
	byLetters = "alpha"
	byNumber  = "numeric"
)

// over is the amount with what another one leaves open filled in.
func (a Amount) over(usual Amount) Amount {
	return Amount{Value: cmp.Or(a.Value, usual.Value), Form: cmp.Or(a.Form, usual.Form, inMinor),
		Currency: cmp.Or(a.Currency, usual.Currency), CurrencyForm: cmp.Or(a.CurrencyForm, usual.CurrencyForm, byLetters)}
}

// money reads an amount.
type money struct {
	value, currency path
	form, code      string
	units           protocol.Units
}

// amount checks what is written of an amount.
func (f *fields) amount(p *field.Problems, a Amount) {
	if a.Form != "" && !slices.Contains([]string{inMinor, inText, inNumber, withCode}, a.Form) {
		p.Add("form", "is %q; write minor, decimal-string, decimal-number or decimal+currency", a.Form)
	}
	if a.CurrencyForm != "" && a.CurrencyForm != byLetters && a.CurrencyForm != byNumber {
		p.Add("currency_form", "is %q; write alpha or numeric", a.CurrencyForm)
	}
	f.named(p, "value", a.Value)
	f.named(p, "currency", a.Currency)
}

// money is a reader of the amount, which must be whole.
func (a Amount) money(p *field.Problems, units protocol.Units) money {
	p.Require("value", a.Value != "", "name the field with the amount")
	switch {
	case a.Form != withCode:
		p.Require("currency", a.Currency != "", "name the field with the currency")
	case a.Currency != "":
		p.Add("currency", "is given, and the amount holds the currency; remove it")
	}
	return money{value: newPath(a.Value), currency: newPath(a.Currency), form: a.Form, code: a.CurrencyForm, units: units}
}

// checkDecimals notes currencies that are none.
func checkDecimals(p *field.Problems, decimals map[string]int) {
	for code, n := range decimals {
		if _, ok := purchase.Digits(code); !ok || n < 0 || n > 4 {
			p.Add(code, "is %d; write a currency's code in capitals and its number of decimals, like CLP: 2", n)
		}
	}
}

// read is the amount that a document holds, exactly or not at all. Errors wrap purchase.ErrMoney.
func (m money) read(d document) (purchase.Money, error) {
	value, there := d.find(m.value)
	currency, err := m.readCurrency(d, &value)
	switch {
	case !there:
		return purchase.Money{}, fmt.Errorf("there is no amount: %w", purchase.ErrMoney)
	case err != nil:
		return purchase.Money{}, err
	case m.form == inMinor:
		minor, err := strconv.ParseInt(value.text, 10, 64)
		if err != nil || strconv.FormatInt(minor, 10) != value.text {
			return purchase.Money{}, fmt.Errorf("the amount is no whole number: %w", purchase.ErrMoney)
		}
		return m.units.Read(minor, currency)
	case d.form == nil && value.number != (m.form == inNumber):
		return purchase.Money{}, fmt.Errorf("the amount is written in another form: %w", purchase.ErrMoney)
	}
	return m.units.ReadDecimal(value.text, currency)
}

// readCurrency is the currency in capitals. One that is part of the amount is taken off it.
func (m money) readCurrency(d document, value *scalar) (string, error) {
	code := d.text(m.currency)
	if cut := len(value.text) - 3; m.form == withCode && cut > 0 {
		value.text, code = value.text[:cut], value.text[cut:]
	}
	if m.code == byNumber {
		for len(code) < 3 && code != "" { // a JSON number has no zeros in front
			code = "0" + code
		}
		alpha, ok := protocol.Alpha(code)
		if !ok {
			return "", fmt.Errorf("the currency is unknown: %w", purchase.ErrMoney)
		}
		return alpha, nil
	}
	if upper := strings.ToUpper(code); code == upper || code == strings.ToLower(code) {
		return upper, nil
	}
	return "", fmt.Errorf("the currency is unknown: %w", purchase.ErrMoney)
}
