package generic

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Asking is an account that can be asked.
type Asking struct {
	*Generic
	*protocol.Client
}

// NewAsking makes an account whose section has confirm.
func NewAsking(c Config, o protocol.Options) (*Asking, error) {
	g, err := New(c, o)
	if err != nil {
		return nil, err
	}
	if g.confirm == nil {
		return nil, errors.New("the section has no confirm")
	}
	origin, err := c.Origin(g.confirm.origin, o.Live)
	if err != nil {
		return nil, err
	}
	sender, err := protocol.NewSender("generic", c.Endpoint, g.Options)
	if err != nil {
		return nil, err
	}
	return &Asking{g, &protocol.Client{Sender: sender, Origin: origin, Authorise: g.confirm.authorise, Words: noWords}}, nil
}

// noWords: which words of an unknown API are closed ones, nobody knows.
func noWords(protocol.Response) ([]string, string) { return nil, "" }

// Ask reads a payment back: proof. One that the provider does not know, or whose id is none of its own, is purchase.ErrNoPayment.
func (a *Asking) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	none := fmt.Errorf("ask about a payment: %w", purchase.ErrNoPayment)
	if !a.confirm.takes(ref.Payment) {
		return nil, none
	}
	answer, err := a.fetch(ctx, ref.Payment)
	switch {
	case protocol.IsStatus(err, http.StatusNotFound):
		return nil, none
	case err != nil:
		return nil, err
	case len(a.confirm.absent) > 0 && allHold(a.confirm.absent, answer):
		return nil, none
	}
	facts, err := a.proofs(document{root: answer.at(a.confirm.document)}, ref.Payment)
	if err != nil {
		return nil, a.Judged(protocol.Get, err)
	}
	return facts, nil
}

// fetch makes the call. The id is one that takes.
func (a *Asking) fetch(ctx context.Context, id string) (document, error) {
	call := protocol.Call{Operation: protocol.Get, Method: a.confirm.Method, Path: strings.ReplaceAll(a.confirm.path, placeholder, id), Repeatable: true}
	if a.confirm.Body != "" {
		call.JSON = json.RawMessage(strings.ReplaceAll(a.confirm.Body, placeholder, id))
	}
	var raw json.RawMessage
	if err := a.Call(ctx, call, &raw); err != nil {
		return document{}, err
	}
	answer, err := parse(asJSON, raw)
	if err != nil {
		return document{}, a.Unusable(protocol.Get, http.StatusOK, errors.New("the answer cannot be read"))
	}
	return answer, nil
}

// proofs are what a document says that was read with our own credentials, if it is about that payment.
func (a *Asking) proofs(d document, id string) ([]purchase.Fact, error) {
	if _, there := d.root.(map[string]any); !there {
		return nil, protocol.NotUnderstood("the answer holds no payment where confirm.document says")
	}
	if err := a.ours(d); err != nil {
		return nil, err
	}
	if d.text(a.meaning.payment) != id {
		return nil, protocol.NotUnderstood("the answer is not about the payment")
	}
	facts, err := a.tell(d, purchase.Proved)
	if err == nil && slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Payment != id }) {
		return nil, protocol.NotUnderstood("the answer is about another payment as well")
	}
	return facts, err
}
