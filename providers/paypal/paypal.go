// Package paypal is a merchant account at PayPal: it opens pay sessions as Orders v2, captures, refunds and reads them back, and reads
// what PayPal delivers, as signed webhooks or as the older IPN.
package paypal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// PayPal is one account. It is safe for concurrent use.
type PayPal struct {
	config      Config
	account     string
	environment string
	live        bool
	at          places
	now         func() time.Time
	seals       purchase.Seals
	locateIDs   Locate
	log         *zap.Logger

	sender    *sender
	client    *client // nil without credentials
	certs     *certificates
	authority authority
	checks    chan struct{} // one place for each check under way
}

// Locate finds the organiser's ids in a payment whose fields it is handed a reader for; see ReferenceFields.
type Locate func(field func(name string) string) purchase.Reference

// Options are what an account needs beside its section.
type Options struct {
	Account     string // for the log
	Environment string // what the account's purchases belong to
	Live        bool
	// Now is our time. Default time.Now.
	Now func() time.Time
	// HTTP makes the requests. Default: the system's proxy and authorities, or the section's ca_file.
	HTTP http.RoundTripper
	// Seals seal what travels with an order and open what comes back.
	Seals purchase.Seals
	// Locate reads references that are not ours. Default: there are none.
	Locate Locate
	// Log is told what nobody is there to return it to. Default: nothing is logged.
	Log *zap.Logger
	// Metrics are told of every request. Default: nothing is measured.
	Metrics Metrics
}

// New makes the account from a section that was validated. It reads the files that the section names and calls nobody.
func New(c Config, o Options) (*PayPal, error) {
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
	p := &PayPal{config: c, account: o.Account, environment: o.Environment, live: o.Live, at: at, now: o.Now, seals: o.Seals,
		locateIDs: o.Locate, log: o.Log, checks: make(chan struct{}, verifyAtOnce)}
	if p.now == nil {
		p.now = time.Now
	}
	if p.log == nil {
		p.log = zap.NewNop()
	}
	if o.Metrics == nil {
		o.Metrics = unmeasured{}
	}
	if err := p.connect(o); err != nil {
		return nil, err
	}
	return p, p.trust()
}

// connect makes what calls PayPal.
func (p *PayPal) connect(o Options) (err error) {
	transport := o.HTTP
	if transport == nil {
		if transport, err = newTransport(p.config.CAFile); err != nil {
			return err
		}
	}
	p.sender = newSender(transport, p.config.Timeout.Or(defaultTimeout), o.Metrics, p.now)
	if p.config.ClientID == "" {
		return nil
	}
	p.client = &client{sender: p.sender, origin: p.at.api, tokens: &tokens{sender: p.sender, url: p.at.api + tokenPath,
		id: p.config.ClientID, secret: p.config.ClientSecret, now: p.now, told: o.Metrics.Token}}
	return nil
}

// trust reads the certificates that the section names.
func (p *PayPal) trust() error {
	bundle, err := readCertificates(p.config.CABundle)
	if err != nil {
		return fmt.Errorf("read ca_bundle: %w", err)
	}
	p.authority = newAuthority(bundle)
	given, err := readGiven(p.config.Certificates)
	if err != nil {
		return fmt.Errorf("read certificates: %w", err)
	}
	p.certs = &certificates{given: given, sender: p.sender, now: p.now, known: make(map[string]remembered)}
	return nil
}

// Read authenticates a delivery in the way the account is set to, never in one that the delivery chooses, and says what it means.
func (p *PayPal) Read(ctx context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if d.Method != http.MethodPost || len(d.Body) == 0 || len(d.Body) > maxBody {
		return purchase.Reading{}, purchase.Forged(purchase.Malformed)
	}
	if p.config.Notifications == ipn {
		return p.readIPN(ctx, d)
	}
	return p.readWebhook(ctx, d)
}

// errNoCredentials: the account hears IPN only.
var errNoCredentials = errors.New("the account has no client_id and client_secret; add them")
