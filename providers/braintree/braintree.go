// Package braintree is a gateway at Braintree as far as its webhooks tell of it: settled and declined bank debits, refunds, disputes.
// Payments start on the organiser's own page; the ids travel in the transaction's order id or a custom field.
//
// Braintree sends transaction webhooks for bank debits (ACH, SEPA) only, and they come when the money settles, which takes days. Of
// cards it tells at most when they are disbursed, to gateways that Braintree funds. An account here therefore mostly tells of money
// that is late; it is for environments whose window is as long, and for refunds and disputes.
package braintree

import (
	"context"
	"crypto/sha1"
	"fmt"
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Braintree is one gateway. It is safe for concurrent use.
type Braintree struct {
	protocol.Options
	config Config
	key    [sha1.Size]byte // what signs: the digest of the private key
}

// New makes the account from a section that was validated. It reads the private key and calls nobody.
func New(c Config, o protocol.Options) (*Braintree, error) {
	private, err := c.PrivateKey.Reveal()
	if err != nil {
		return nil, fmt.Errorf("read the private key: %w", err)
	}
	if o.Live && (c.PublicKey == demoPublic || private == demoPrivate) {
		return nil, errDemo
	}
	return &Braintree{Options: o.Filled(), config: c, key: sha1.Sum([]byte(private))}, nil
}

// Read authenticates a notification and says what it means. The payload is signed whole, so what it says is proof. The mode is proved
// by the key: sandbox and production have different ones. A challenge is a question, and nothing of it is kept.
func (b *Braintree) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if d.Method == http.MethodGet {
		if _, ok := challenge(d); !ok {
			return purchase.Reading{}, purchase.Forged(purchase.Malformed)
		}
		return purchase.Reading{Unkept: true}, nil
	}
	if err := protocol.Sized(d); err != nil {
		return purchase.Reading{}, err
	}
	payload, err := b.check(d.Body)
	if err != nil {
		return purchase.Reading{}, err
	}
	n, err := readNotification(payload)
	if err != nil {
		return purchase.Reading{}, err
	}
	if err := b.fresh(n.at, b.Received(d)); err != nil {
		return purchase.Reading{}, err
	}
	if n.kind == "check" {
		return purchase.Reading{Unkept: true}, nil
	}
	facts, err := b.tell(n)
	return purchase.Reading{Facts: facts}, err
}

// Methods are those by which Braintree notifies and by which it checks a destination.
func (b *Braintree) Methods() []string { return []string{http.MethodPost, http.MethodGet} }

// Answer answers a challenge: the public key and the signature of the challenge.
func (b *Braintree) Answer(d purchase.Delivery, kept bool) purchase.Answer {
	asked, ok := challenge(d)
	if !kept || !ok {
		return purchase.Answer{}
	}
	return purchase.Answer{ContentType: "text/plain; charset=utf-8", Body: []byte(b.config.PublicKey + "|" + b.sign(asked))}
}
