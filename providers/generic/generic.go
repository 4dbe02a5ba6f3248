// Package generic is a merchant account at any provider that signs its notifications: which header, which key, what is signed and what
// a message means are settings. It reads notifications and, where the settings say how, asks the provider; it opens, captures and
// refunds nothing.
//
// A signature is proof of the fields that it covers. Whatever facts are made of must be covered, or they are hearsay and the provider is
// asked.
package generic

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Generic is one account. It is safe for concurrent use.
type Generic struct {
	protocol.Options
	compiled
	provider string // for people
	answers  Answers
}

// New makes the account from a section that was validated. It reads the keys and calls nobody. An account that is to be asked is made by
// NewAsking.
func New(c Config, o protocol.Options) (*Generic, error) {
	var p field.Problems
	g := &Generic{Options: o.Filled(), compiled: c.compile(&p), provider: cmp.Or(c.Provider, "the provider"), answers: c.Answer}
	if found := p.List(); len(found) > 0 {
		return nil, fmt.Errorf("read the settings: %s", found[0])
	}
	if g.checker.needsCallback() && o.Callback == "" {
		return nil, errors.New("auth.content has public_url, and the account has no public address")
	}
	if err := g.referenced(o.Locate); err != nil {
		return nil, err
	}
	return g, nil
}

// Read authenticates a message and says what it means. What is signed in full is proof; anything else is hearsay. The settings' id is the
// message's: it is signed, and the same in every repeat of the same bytes.
func (g *Generic) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	m, err := newMessage(d, g.format, g.Callback)
	if err != nil {
		return purchase.Reading{}, err
	}
	if err := g.checker.check(m, g.Received(d)); err != nil {
		return purchase.Reading{}, err
	}
	doc, err := m.document()
	if err != nil {
		return purchase.Reading{}, g.puzzling(protocol.NotUnderstood("the payload"))
	}
	if err := g.ours(doc); err != nil {
		return purchase.Reading{}, err
	}
	standing := purchase.Heard
	if g.proves && m.plain {
		standing = purchase.Proved
	}
	facts, err := g.tell(doc, standing)
	if err == nil && len(facts) > 0 && standing == purchase.Heard && g.confirm == nil {
		err = protocol.NotUnderstood("a message whose signature fits other fields as well")
	}
	if err != nil {
		return purchase.Reading{}, g.puzzling(err)
	}
	reading := purchase.Reading{Facts: facts}
	if g.checker.id.isSet() {
		reading.Message, _ = m.value(g.checker.id) // it was part of what was checked
	}
	return reading, nil
}

// puzzling: what nobody signed is not kept for a person to puzzle over.
func (g *Generic) puzzling(err error) error {
	if g.checker.kind == byNothing {
		return malformed
	}
	return err
}
