// Package mollie is an account at Mollie: a website profile with its API key. It opens payments, reads them back, captures, refunds and
// cancels them, and hears of them by classic webhooks or by signed events. Whichever of the two: what a notification says is never
// believed, the payment that it leads to is read back.
package mollie

import (
	"context"
	"fmt"
	"net/url"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Mollie is one account. It is safe for concurrent use.
type Mollie struct {
	protocol.Options
	*protocol.Client
	config  Config
	secrets [][]byte // that sign events; any may
	page    string   // the one host of a simulator's pay page; "": Mollie's own and those of the settings
	gate    *gate
}

// New makes the account from a section that was validated. It reads the secrets and calls nobody.
func New(c Config, o protocol.Options) (*Mollie, error) {
	origin, err := c.Origin("https://api.mollie.com", o.Live)
	if err != nil {
		return nil, err
	}
	m := &Mollie{Options: o.Filled(), config: c}
	m.gate = newGate(m.Now, c.ReadBacks)
	if u, err := url.Parse(origin); err == nil && c.APIURL != "" {
		m.page = u.Host
	}
	for i, ref := range c.SigningSecrets {
		secret, err := ref.Reveal()
		if err != nil {
			return nil, fmt.Errorf("read signing secret %d: %w", i+1, err)
		}
		m.secrets = append(m.secrets, []byte(secret))
	}
	sender, err := protocol.NewSender("mollie", c.Endpoint, m.Options)
	if err != nil {
		return nil, err
	}
	m.Client = &protocol.Client{Sender: sender, Origin: origin, Authorise: m.authorise, Words: words}
	return m, nil
}

// Read takes a notification for a hint and reads the payment back that it leads to, so what it tells is proof, of the payment as it
// stands now. The settings say which kind of notification there is: a signed account never takes an unsigned one. What Mollie does not
// know is acknowledged and not kept, so that nobody learns which payments there are; Mollie takes exactly 200 for an acknowledgement.
func (m *Mollie) Read(ctx context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if err := protocol.Sized(d); err != nil {
		return purchase.Reading{}, err
	}
	if m.config.Webhooks == nextgen {
		return m.readEvent(ctx, d)
	}
	return m.readClassic(ctx, d)
}
