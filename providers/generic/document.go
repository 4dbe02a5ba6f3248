package generic

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/paybridge/paybridge/providers/protocol"
)

// A path leads to one field of a document.
type path struct {
	name   string
	tokens []string
}

// newPath reads a JSON pointer, or the plain name of a field; "" leads nowhere.
//
// Source: RFC 6901.
func newPath(name string) path {
	if name == "" {
		return path{}
	}
	if !strings.HasPrefix(name, "/") {
		return path{name: name, tokens: []string{name}}
	}
	tokens := strings.Split(name[1:], "/")
	for i, t := range tokens {
		tokens[i] = strings.ReplaceAll(strings.ReplaceAll(t, "~1", "/"), "~0", "~")
	}
	return path{name: name, tokens: tokens}
}

func (p path) isSet() bool { return p.name != "" }

// same tells whether two paths lead to one field.
func (p path) same(other path) bool {
	return strings.Join(p.tokens, "\x00") == strings.Join(other.tokens, "\x00")
}

// A document is a payload taken apart: the fields of a form, or JSON.
type document struct {
	form *protocol.Form
	root any
}

// parse takes a payload apart. A field or a key that is there twice is an error: which of the two counts is not the same for all.
func parse(format string, payload []byte) (document, error) {
	if format == asJSON {
		var root any
		err := protocol.Decode(payload, &root)
		return document{root: root}, err
	}
	form, err := protocol.ParseForm(string(payload))
	return document{form: &form}, err
}

// A scalar is a field's value as text. Numbers keep their digits.
type scalar struct {
	text   string
	number bool // of JSON
}

// find is the value of a field; false where there is none, or null, an object or a list.
func (d document) find(p path) (scalar, bool) {
	if d.form != nil {
		return scalar{text: d.form.Get(p.name)}, d.form.Has(p.name)
	}
	switch v := d.at(p).(type) {
	case string:
		return scalar{text: v}, true
	case json.Number:
		return scalar{text: v.String(), number: true}, true
	case bool:
		return scalar{text: strconv.FormatBool(v)}, true
	}
	return scalar{}, false
}

// at is whatever is at the place, nil where there is nothing.
func (d document) at(p path) any {
	here := d.root
	for _, token := range p.tokens {
		switch v := here.(type) {
		case map[string]any:
			here = v[token]
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) || strconv.Itoa(i) != token {
				return nil
			}
			here = v[i]
		default:
			return nil
		}
	}
	return here
}

// text is the value of a field, "" where there is none.
func (d document) text(p path) string {
	s, _ := d.find(p)
	return s.text
}
