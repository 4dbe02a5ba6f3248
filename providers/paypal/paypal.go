// Package paypal is a merchant account at PayPal: it opens pay sessions as Orders v2, captures, refunds and reads them back, and reads
// what PayPal delivers, as signed webhooks or as the older IPN.
package paypal

import (
	"context"
	"errors"
	"fmt"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// PayPal is one account. It is safe for concurrent use.
type PayPal struct {
	protocol.Options
	config Config
	at     places

	sender    *protocol.Sender
	client    *client // nil without credentials
	certs     *certificates
	authority authority
	checks    chan struct{} // one place for each check under way
}

// New makes the account from a section that was validated. It reads the files that the section names and calls nobody.
func New(c Config, o protocol.Options) (*PayPal, error) {
	at, err := choosePlaces(o.Live, c.APIURL)
	if err != nil {
		return nil, err
	}
	if o.Live && (c.AcceptSimulator || c.CAFile != "") {
		return nil, errors.New("use accept_simulator or ca_file: they are for sandbox only")
	}
	if c.ClientID == "" && c.Notifications != ipn {
		return nil, errNoCredentials
	}
	p := &PayPal{Options: o.Filled(), config: c, at: at, checks: make(chan struct{}, verifyAtOnce)}
	if p.sender, err = protocol.NewSender("paypal", c.Endpoint, p.Options); err != nil {
		return nil, err
	}
	if c.ClientID != "" {
		p.client = &client{Sender: p.sender, origin: at.api, tokens: &tokens{sender: p.sender, url: at.api + tokenPath,
			id: c.ClientID, secret: c.ClientSecret, now: p.Now, told: p.Metrics.Token}}
	}
	return p, p.trust()
}

// trust reads the certificates that the section names.
func (p *PayPal) trust() error {
	bundle, err := protocol.ReadCertificates(p.config.CABundle)
	if err != nil {
		return fmt.Errorf("read ca_bundle: %w", err)
	}
	p.authority = newAuthority(bundle)
	given, err := readGiven(p.config.Certificates)
	if err != nil {
		return fmt.Errorf("read certificates: %w", err)
	}
	p.certs = &certificates{given: given, sender: p.sender, now: p.Now, known: make(map[string]remembered)}
	return nil
}

// Read authenticates a delivery in the way the account is set to, never in one that the delivery chooses, and says what it means.
func (p *PayPal) Read(ctx context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if err := protocol.Sized(d); err != nil {
		return purchase.Reading{}, err
	}
	if p.config.Notifications == ipn {
		return p.readIPN(ctx, d)
	}
	return p.readWebhook(ctx, d)
}

// errNoCredentials: the account hears IPN only.
var errNoCredentials = errors.New("the account has no client_id and client_secret; add them")
