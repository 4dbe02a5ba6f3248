package providers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Reference says in which fields of the provider's payments the organiser's own page puts the ids. It is for accounts where that page
// starts the payment; payments that paybridge opens carry a sealed reference of their own, which is found first and needs no
// settings. Which fields a provider has is shown beside its section in the reference settings.
type Reference struct {
	// Purchase is the field with the PurchaseId.
	Purchase string `yaml:"purchase"`
	// Event is the field with the ReadableEventId, if there is one.
	Event string `yaml:"event"`
	// User is the field with the contact's id, if there is one. Dynamics must confirm it.
	User string `yaml:"user"`
	// Pattern is for several ids in the one field named under purchase: a regular expression (RE2) with the named groups purchase,
	// event and user, for example ^(?P<purchase>[^|]+)\|(?P<event>[^|]*)\|(?P<user>.*)$
	Pattern string `yaml:"pattern"`
}

// IsSet tells whether anything is configured.
func (r Reference) IsSet() bool { return r != Reference{} }

// Validate notes everything that is wrong for an account whose payments have these fields for the organiser's ids; none are known
// where the list is empty.
func (r Reference) Validate(p *field.Problems, known []string) {
	if !r.IsSet() {
		return
	}
	p.Require("purchase", r.Purchase != "", "name the field that holds the PurchaseId")
	for key, name := range map[string]string{"purchase": r.Purchase, "event": r.Event, "user": r.User} {
		if name != "" && len(known) > 0 && !slices.ContainsFunc(known, func(k string) bool { return fits(k, name) }) {
			p.Add(key, "is %q; choose one of %s", name, strings.Join(known, ", "))
		}
	}
	if _, err := r.compilePattern(); err != nil {
		p.Add("pattern", "%v", err)
	}
}

// fits tells whether a field is one of those meant: metadata.* stands for names of the organiser's choice.
func fits(known, name string) bool {
	prefix, open := strings.CutSuffix(known, "*")
	return name == known || open && strings.HasPrefix(name, prefix) && name != prefix
}

func (r Reference) compilePattern() (*regexp.Regexp, error) {
	if r.Pattern == "" {
		return nil, nil
	}
	pattern, err := regexp.Compile(r.Pattern)
	if err != nil {
		return nil, fmt.Errorf("is not a regular expression (%w); correct it", err)
	}
	for _, group := range pattern.SubexpNames() {
		if group != "" && group != "purchase" && group != "event" && group != "user" {
			return nil, fmt.Errorf("has a group named %q; name groups purchase, event and user", group)
		}
	}
	if pattern.SubexpIndex("purchase") < 0 {
		return nil, fmt.Errorf("has no group for the purchase; add (?P<purchase>…)")
	}
	return pattern, nil
}

// compile returns the finder, nil where nothing is configured.
func (r Reference) compile() (protocol.Locate, error) {
	pattern, err := r.compilePattern()
	if err != nil {
		return nil, fmt.Errorf("reference.pattern %w", err)
	}
	if !r.IsSet() {
		return nil, nil
	}
	return func(field func(string) string) purchase.Reference {
		read := func(name string) string {
			if name == "" { // not configured, and an adapter may have a field for every name
				return ""
			}
			return field(name)
		}
		ref := purchase.Reference{Purchase: read(r.Purchase), Event: read(r.Event), User: read(r.User)}
		if pattern != nil {
			match(&ref, pattern, read(r.Purchase))
		}
		return ref
	}, nil
}

// match takes the ids out of one field. Ids that the pattern has no group for stay as their own fields gave them.
func match(ref *purchase.Reference, pattern *regexp.Regexp, text string) {
	found := pattern.FindStringSubmatch(text)
	for group, into := range map[string]*string{"purchase": &ref.Purchase, "event": &ref.Event, "user": &ref.User} {
		switch i := pattern.SubexpIndex(group); {
		case i < 0:
		case found == nil:
			*into = ""
		default:
			*into = found[i]
		}
	}
}
