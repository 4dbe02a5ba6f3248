// Package stripe is a merchant account at Stripe: it opens Checkout Sessions, reads payments back, captures, refunds and ends them,
// and reads the signed events that Stripe delivers.
package stripe

import (
	"context"
	"fmt"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Stripe is one account. It is safe for concurrent use.
type Stripe struct {
	protocol.Options
	*protocol.Client
	config  Config
	secrets [][]byte // of the webhook endpoint; any may sign
	pages   []string // hosts of the pay page
}

// New makes the account from a section that was validated. It reads the secrets and calls nobody.
func New(c Config, o protocol.Options) (*Stripe, error) {
	origin, err := c.Origin("https://api.stripe.com", o.Live)
	if err != nil {
		return nil, err
	}
	s := &Stripe{Options: o.Filled(), config: c, pages: c.pages(origin)}
	for i, ref := range c.WebhookSecrets {
		secret, err := ref.Reveal()
		if err != nil {
			return nil, fmt.Errorf("read webhook secret %d: %w", i+1, err)
		}
		s.secrets = append(s.secrets, []byte(secret))
	}
	sender, err := protocol.NewSender("stripe", c.Endpoint, s.Options)
	if err != nil {
		return nil, err
	}
	s.Client = &protocol.Client{Sender: sender, Origin: origin, Authorise: s.authorise, Words: words}
	return s, nil
}

// Read authenticates an event and says what it means. All of the body is signed, so what it says is proof. Stripe signs each try anew
// and may change the count of pending tries in the body, so an event's id is no id of its bytes.
func (s *Stripe) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if err := protocol.Sized(d); err != nil {
		return purchase.Reading{}, err
	}
	if err := s.check(d); err != nil {
		return purchase.Reading{}, err
	}
	facts, err := s.readEvent(d.Body)
	return purchase.Reading{Facts: facts}, err
}
