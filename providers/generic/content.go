package generic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/config/field"
)

// FormSorted is a form's fields in the order of their names, byte by byte, joined.
type FormSorted struct {
	// Prefix limits it to fields whose names begin so.
	Prefix string `yaml:"prefix,omitempty"`
	// Exclude are fields that are left out. The signature's own field always is.
	Exclude []string `yaml:"exclude,omitempty"`
	// Join is between two fields.
	Join string `yaml:"join,omitempty"`
	// WithNames makes a field name=value. Without names a signature fits other fields as well, and proves nothing.
	WithNames bool `yaml:"with_names,omitempty"`
	// SuffixKey puts the key behind the last field, as if it were one more.
	SuffixKey bool `yaml:"suffix_key,omitempty"`
}

func (f FormSorted) isSet() bool {
	return f.Prefix != "" || len(f.Exclude) > 0 || f.Join != "" || f.WithNames || f.SuffixKey
}

// The parts of a content that have fixed names; the others begin with text:, header:, form: or json:
const (
	partBody      = "body"
	partTimestamp = "timestamp"
	partID        = "id"
	partURL       = "public_url"
	partMethod    = "method"
	sortedForm    = "form_sorted"
	constant      = "text:"
)

// A part is one piece of what is signed.
type part struct {
	kind string // a name of above, or "" for a source
	text string // of a constant
	from source
	// not is what the part's value may not hold: the text beside it, where the value would end as well.
	not string
}

// free tells whether the part's value may be anything.
func (p part) free() bool { return p.kind == "" || p.kind == partID }

// wide tells whether the part takes in everything that is left.
func (p part) wide() bool { return p.kind == partBody || p.kind == sortedForm }

// content is what is signed.
type content struct {
	parts  []part
	sorted FormSorted
}

func (a Auth) compileContent(p *field.Problems, format string, signature source) content {
	c := content{sorted: a.FormSorted}
	p.Require("content", len(a.Content) > 0, "list what is signed, for example [body]")
	for i, text := range a.Content {
		c.parts = append(c.parts, newPart(p, fmt.Sprintf("content[%d]", i), text, format))
	}
	if i := slices.Index(a.Content, partBody); i >= 0 && signature.field.isSet() {
		p.Add(fmt.Sprintf("content[%d]", i), "holds the signature itself; list the fields that are signed")
	}
	if signature.field.isSet() {
		c.sorted.Exclude = append(slices.Clone(c.sorted.Exclude), signature.field.name)
	}
	if problem, at := c.separate(); problem != "" {
		p.Add(fmt.Sprintf("content[%d]", at), "%s", problem)
	}
	return c
}

func newPart(p *field.Problems, key, text, format string) part {
	switch text {
	case partBody, partTimestamp, partID, partURL, partMethod:
		return part{kind: text}
	case sortedForm:
		if format == asJSON {
			p.Add(key, "is form_sorted, and notifications are JSON; write body, or correct format")
		}
		return part{kind: text}
	}
	if literal, ok := strings.CutPrefix(text, constant); ok && literal != "" {
		return part{kind: constant, text: literal}
	}
	if kind, _, _ := strings.Cut(text, ":"); kind == "header" || kind == "form" || kind == "json" {
		return part{from: newSource(p, key, text, format)}
	}
	p.Add(key, "is %q; write body, timestamp, id, public_url, method, form_sorted, header:NAME, form:FIELD, json:/POINTER or text:…", text)
	return part{kind: constant}
}

// separate makes sure that what is signed can be cut in one way only: else a signature fits other messages as well. One part may be
// anything; every other that is free must not hold the text which parts it from that one. It says what is wrong, and where.
func (c *content) separate() (problem string, at int) {
	middle := slices.IndexFunc(c.parts, part.wide)
	if middle < 0 {
		for i, one := range c.parts {
			if one.free() {
				middle = i
			}
		}
	}
	for i := range c.parts {
		one := &c.parts[i]
		switch {
		case i == middle:
		case one.wide():
			return "takes in everything a second time; remove it", i
		case one.free():
			beside := i + 1
			if i > middle {
				beside = i - 1
			}
			if beside >= len(c.parts) || beside < 0 || c.parts[beside].kind != constant {
				return "touches another part, so that the signature fits other messages as well; put a text: between them, or sign the body", i
			}
			one.not = c.parts[beside].text
		}
	}
	return "", 0
}

// ofPayload tells whether anything of the payload is signed.
func (c content) ofPayload() bool {
	return slices.ContainsFunc(c.parts, func(one part) bool { return one.wide() || one.from.field.isSet() })
}

// nameless tells whether values of a form are signed, and not what they are called.
func (c content) nameless() bool {
	return !c.sorted.WithNames && slices.ContainsFunc(c.parts, func(one part) bool { return one.kind == sortedForm })
}

// needsCallback tells whether our own address is signed.
func (c *checker) needsCallback() bool {
	return slices.ContainsFunc(c.content.parts, func(one part) bool { return one.kind == partURL })
}

// covers tells whether the content holds the field, under its name.
func (c *checker) covers(p path) bool {
	return p.isSet() && slices.ContainsFunc(c.content.parts, func(one part) bool {
		switch one.kind {
		case partBody:
			return true
		case sortedForm:
			return c.content.sorted.WithNames && c.content.sorted.holds(p.name)
		case "":
			return one.from.field.isSet() && one.from.field.same(p)
		case partID:
			return c.id.field.isSet() && c.id.field.same(p)
		}
		return false
	})
}

func (f FormSorted) holds(name string) bool {
	return strings.HasPrefix(name, f.Prefix) && !slices.Contains(f.Exclude, name)
}

// write appends the fields of a form; plain is false where they could be told apart in another way too.
func (f FormSorted) write(to []byte, d document, key []byte) (out []byte, plain bool) {
	plain = f.WithNames
	names := slices.Sorted(slices.Values(d.form.Names))
	written := 0
	for _, name := range names {
		if !f.holds(name) {
			continue
		}
		value := d.form.Get(name)
		if written > 0 {
			to = append(to, f.Join...)
		}
		if f.WithNames {
			plain = plain && f.Join != "" && !strings.Contains(name, "=") && !strings.Contains(name, f.Join) && !strings.Contains(value, f.Join)
			to = append(append(to, name...), '=')
		}
		to = append(to, value...)
		written++
	}
	if f.SuffixKey {
		to = append(append(to, f.Join...), key...)
	}
	return to, plain
}
