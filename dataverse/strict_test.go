package dataverse

import (
	"bytes"
	"encoding/json"
	"math/big"
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A second reading of Dynamics' answers, for comparing: it walks through the tokens, and an object is the list of what is written in it.
type (
	object2 []pair
	pair    struct {
		name  string
		value any // object2, []any, json.Number, string, bool, nil
	}
)

func readStrictly(body []byte) (any, bool) {
	if !json.Valid(body) {
		return nil, false
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	v, ok := strictValue(d, 0)
	return v, ok
}

func strictValue(d *json.Decoder, depth int) (any, bool) {
	token, err := d.Token()
	if err != nil || depth > 100 {
		return nil, false
	}
	switch token {
	case json.Delim('{'):
		o := object2{}
		for d.More() {
			name, _ := d.Token()
			value, ok := strictValue(d, depth+1)
			if !ok {
				return nil, false
			}
			o = append(o, pair{name.(string), value})
		}
		_, err := d.Token()
		return o, err == nil
	case json.Delim('['):
		list := []any{}
		for d.More() {
			value, ok := strictValue(d, depth+1)
			if !ok {
				return nil, false
			}
			list = append(list, value)
		}
		_, err := d.Token()
		return list, err == nil
	}
	return token, true
}

// outputs is the object in which an action's outputs are: without annotations, out of its wrappings.
func outputs(v any) (object2, bool) {
	for range 4 {
		o, ok := v.(object2)
		if !ok {
			return nil, false
		}
		var plain object2
		for _, p := range o {
			if !strings.Contains(p.name, "@") {
				plain = append(plain, p)
			}
		}
		if len(plain) != 1 {
			return plain, true
		}
		inner := plain[0].value
		if text, ok := inner.(string); ok {
			if inner, ok = readStrictly([]byte(text)); !ok {
				return plain, true
			}
		}
		if _, ok := inner.(object2); !ok {
			return plain, true
		}
		v = inner
	}
	return nil, false
}

var noise = regexp.MustCompile(`^(msevtmgt_|adx_)+|_`)

// all is every value under a name, however it is spelled.
func (o object2) all(name string) (found []any) {
	for _, p := range o {
		if noise.ReplaceAllString(strings.ToLower(strings.TrimSpace(p.name)), "") == name {
			found = append(found, p.value)
		}
	}
	return found
}

// written is the one thing that all of several values say, as text.
func written(values []any) (string, bool) {
	if len(values) == 0 {
		return "", false
	}
	var texts []string
	for _, v := range values {
		switch v := v.(type) {
		case string:
			texts = append(texts, strings.TrimSpace(v))
		case json.Number:
			texts = append(texts, v.String())
		default:
			return "", false
		}
	}
	for _, t := range texts {
		if t != texts[0] {
			return "", false
		}
	}
	return texts[0], true
}

// isExactly compares money with a decimal as fractions.
func isExactly(m purchase.Money, decimal, currency string) bool {
	want, ok := new(big.Rat).SetString(decimal)
	digits, known := purchase.Digits(m.Currency)
	if !ok || !known || !strings.EqualFold(strings.TrimSpace(currency), m.Currency) {
		return false
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	return new(big.Rat).SetFrac(big.NewInt(m.Minor), unit).Cmp(want) == 0
}
