package generic

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

const maxName = 60

// compiled is what the settings amount to.
type compiled struct {
	format  string
	checker *checker
	meaning *meaning
	confirm *confirm
	proves  bool // the signature covers every field that facts are made of
}

// compile notes what keeps the settings from working.
func (c *Config) compile(p *field.Problems) compiled {
	out := compiled{format: cmp.Or(c.Format, asJSON)}
	if out.format != asJSON && out.format != asForm && out.format != asQuery {
		p.Add("format", "is %q; write json, form or query", c.Format)
		out.format = asJSON
	}
	if len(c.Provider) > maxName || strings.ContainsAny(c.Provider, "\r\n<>") {
		p.Add("provider", "is not a name; write it like Checkout.com")
	}
	out.checker = c.Auth.compile(p.At("auth"), out.format)
	fields := &fields{format: out.format}
	out.meaning = c.meaning(p, fields)
	out.confirm = c.Confirm.compile(p.At("confirm"))
	out.proves = c.proves(p.At("auth"), out.checker, fields)
	return out
}

// proves tells whether a signature is proof, and notes where nothing would be.
func (c *Config) proves(p *field.Problems, check *checker, used *fields) bool {
	switch check.kind {
	case "":
		return false
	case byToken, byNothing:
		if c.Confirm == nil {
			p.Add("kind", "is %q, which proves nothing of what a message says; add confirm, or write hmac, hash_suffix or ed25519", check.kind)
		}
		return false
	}
	missing := used.uncovered(check)
	switch {
	case len(missing) == 0:
		return true
	case !check.content.ofPayload():
		p.Add("content", "covers nothing that the facts are made of; add body, or those fields, or write kind: token")
	case c.Confirm == nil && check.content.nameless():
		p.Add("form_sorted", "signs values without their names, so that they fit other fields as well; add confirm")
	case c.Confirm == nil:
		p.Add("content", "does not cover %s; add body, or that field, or add confirm", missing[0])
	}
	return false
}

// referenced checks that the fields which the organiser's ids are read from can be found, and whether they are covered.
func (out *compiled) referenced(locate protocol.Locate) error {
	if locate == nil {
		return nil
	}
	var names []string
	locate(func(name string) string {
		names = append(names, name)
		return ""
	})
	for _, name := range names {
		switch {
		case name == "":
		case out.format != asJSON && strings.HasPrefix(name, "/"):
			return fmt.Errorf("the field %q under reference is a JSON pointer, and notifications are forms; write the name of a form's field", name)
		case out.proves && !out.checker.covers(newPath(name)):
			out.proves = false
			if out.confirm == nil {
				return fmt.Errorf("the field %q under reference is not covered by auth.content; add body, or that field, or add confirm", name)
			}
		}
	}
	return nil
}

var fieldNames = regexp.MustCompile(`^[!-~]{1,200}$`)

// fields collects the fields that facts are made of.
type fields struct {
	format string
	all    []path
}

// named is the field of that name; a name that is none is noted.
func (f *fields) named(p *field.Problems, key, name string) path {
	switch {
	case name == "":
		return path{}
	case !fieldNames.MatchString(name):
		p.Add(key, "is not the name of a field; write a JSON pointer like /data/id, or a plain name")
	case f.format != asJSON && strings.HasPrefix(name, "/"):
		p.Add(key, "is a JSON pointer, and notifications are forms; write the name of a form's field")
	}
	f.all = append(f.all, newPath(name))
	return newPath(name)
}

func (f *fields) uncovered(check *checker) (missing []string) {
	for _, one := range f.all {
		if !check.covers(one) {
			missing = append(missing, one.name)
		}
	}
	return missing
}
