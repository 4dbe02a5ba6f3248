package protocol

import (
	"net/url"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// FormType is the media type of a form.
const FormType = "application/x-www-form-urlencoded"

// A Form is the fields of a delivery in the order they came in, decoded to the bytes that were sent. No field is there twice.
type Form struct {
	Names  []string
	values map[string]string
}

const maxFields = 500

// ParseForm reads a query or a body. A field that is there twice, an escape that is none or a semicolon between fields is
// purchase.Malformed: readers would disagree about it.
func ParseForm(raw string) (Form, error) {
	f := Form{values: map[string]string{}}
	malformed := purchase.Forged(purchase.Malformed)
	for raw != "" {
		var pair string
		pair, raw, _ = strings.Cut(raw, "&")
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || name == "" || strings.Contains(pair, ";") {
			return Form{}, malformed
		}
		if value, err = url.QueryUnescape(value); err != nil {
			return Form{}, malformed
		}
		if _, twice := f.values[name]; twice || len(f.Names) == maxFields {
			return Form{}, malformed
		}
		f.Names, f.values[name] = append(f.Names, name), value
	}
	return f, nil
}

// Get is the field's value; "" where there is none.
func (f Form) Get(name string) string { return f.values[name] }

// Has tells whether the field is there, be it empty.
func (f Form) Has(name string) bool {
	_, ok := f.values[name]
	return ok
}
