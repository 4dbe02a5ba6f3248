package generic

import (
	"cmp"
	"strconv"
	"time"

	"github.com/paybridge/paybridge/config/field"
)

// At says where the provider's time of something is, and how it is written.
type At struct {
	Field string `yaml:"field,omitempty"`
	// Unit is s, ms (since 1970) or rfc3339. Default rfc3339.
	Unit string `yaml:"unit,omitempty"`
}

// The units of time.
const (
	inSeconds = "s"
	inMillis  = "ms"
	inRFC3339 = "rfc3339"
)

func checkUnit(p *field.Problems, unit string) {
	if unit != inSeconds && unit != inMillis && unit != inRFC3339 {
		p.Add("unit", "is %q; write s, ms or rfc3339", unit)
	}
}

// moment finds the time of a fact.
type moment struct {
	field path
	unit  string
}

func (f *fields) moment(p *field.Problems, a At) moment {
	m := moment{field: f.named(p, "field", a.Field), unit: cmp.Or(a.Unit, inRFC3339)}
	checkUnit(p, m.unit)
	return m
}

// of is the time that a document holds; zero where it holds none.
func (m moment) of(d document) time.Time {
	at, _ := readTime(d.text(m.field), m.unit)
	return at
}

// readTime takes only the one spelling of a number.
func readTime(text, unit string) (time.Time, bool) {
	if unit == inRFC3339 {
		at, err := time.Parse(time.RFC3339, text)
		return at, err == nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return time.Time{}, false
	}
	if unit == inMillis {
		return time.UnixMilli(n).UTC(), true
	}
	return time.Unix(n, 0).UTC(), true
}
