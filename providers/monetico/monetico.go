// Package monetico is a merchant account (a TPE) at Monetico Paiement, the card payments of Crédit Mutuel and CIC: it leads buyers to the
// bank's pay page, and reads the sealed notifications that the bank sends to the return interface.
//
// The bank's usual offer has no call by which a payment could be read back, listed or refunded, so what was notified is all that is
// known here. Refunds, cancellations in the back office and chargebacks are not notified: people handle them.
package monetico

import (
	"context"
	"fmt"
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Monetico is one account that hears notifications. It is safe for concurrent use.
type Monetico struct {
	protocol.Options
	config Config
	key    []byte // the usable one
}

// A Shop is an account that also leads buyers to the pay page.
type Shop struct {
	*Monetico
	page    string // where the form of an order goes
	context string // what every order says of the payer
}

// New makes the account from a section that was validated: a Monetico, or a Shop where the section has what the pay page wants. It
// reads the key and calls nobody.
func New(c Config, o protocol.Options) (protocol.Account, error) {
	page, err := c.page(o.Live)
	if err != nil {
		return nil, err
	}
	given, err := c.Key.Reveal()
	if err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	key, err := usableKey(given)
	if err != nil {
		return nil, err
	}
	m := &Monetico{Options: o.Filled(), config: c, key: key}
	if c.Company == "" {
		return m, nil
	}
	return &Shop{Monetico: m, page: page, context: c.Billing.context()}, nil
}

// Read authenticates a notification and says what it means. The MAC covers every field that was sent, also one that nobody has heard of
// yet, so what it tells is proof. It does not cover the company code, which is not sent, nor, for a refused payment, the mode. There is
// no time in it that could be checked and no number of the message: the same bytes always tell the same.
func (m *Monetico) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	form, err := m.authentic(d)
	if err != nil {
		return purchase.Reading{}, err
	}
	facts, err := m.tell(form)
	return purchase.Reading{Facts: facts}, err
}

// Methods are those by which banks call the return interface.
func (m *Monetico) Methods() []string { return []string{http.MethodPost, http.MethodGet} }

// Answer is the receipt that the bank reads: 0 where the delivery is kept, whatever became of the payment, else 1. What was refused
// keeps its refusing status as well, so neither who reads the text nor who reads only the status takes it for a receipt. Where nothing
// could be kept there is no such text at all.
//
// Source: Monetico Paiement technical documentation 2.0, return interface, as public libraries quote it.
func (m *Monetico) Answer(_ purchase.Delivery, kept bool) purchase.Answer {
	if kept {
		return purchase.Answer{ContentType: "text/plain", Body: []byte("version=2\ncdr=0\n")}
	}
	return purchase.Answer{ContentType: "text/plain", Body: []byte("version=2\ncdr=1\n")}
}
