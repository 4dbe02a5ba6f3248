// Package sips is a shop at Worldline Sips 2.0 under any of its names: Mercanet of BNP Paribas, Sherlock's, Sogenactif, Sips itself. It
// sends the buyer to the payment page, reads the sealed automatic responses, and asks, captures, cancels and refunds through Sips Office.
package sips

import (
	"context"
	"fmt"
	"strconv"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A Page is a shop whose contract has the payment page only: what its automatic responses do not tell, nobody can ask for. It is safe
// for concurrent use.
type Page struct {
	protocol.Options
	*protocol.Client
	config Config
	seals  seals
	page   string // origin of the payment page
}

// Sips is a shop with Sips Office. It is safe for concurrent use.
type Sips struct{ *Page }

// New makes the shop from a section that was validated. It reads the secret keys and calls nobody.
func New(c Config, o protocol.Options) (*Sips, error) {
	own := c.hosts(o.Live)
	page, err := c.Origin("https://"+own.page, o.Live)
	if err != nil {
		return nil, err
	}
	office, err := c.Origin("https://"+own.office, o.Live)
	if err != nil {
		return nil, err
	}
	p := &Page{Options: o.Filled(), config: c, seals: seals{plain: c.Seal == plainSeal}, page: page}
	for _, k := range c.SecretKeys {
		secret, err := k.Key.Reveal()
		if err != nil {
			return nil, fmt.Errorf("read secret key %d: %w", k.Version, err)
		}
		p.seals.keys = append(p.seals.keys, key{version: strconv.Itoa(k.Version), secret: []byte(secret)})
	}
	sender, err := protocol.NewSender("sips", c.Endpoint, p.Options)
	if err != nil {
		return nil, err
	}
	p.Client = &protocol.Client{Sender: sender, Origin: office,
		Authorise: func(*protocol.Request) error { return nil }, // each request carries its own seal
		Words:     func(protocol.Response) ([]string, string) { return nil, "" }}
	return &Sips{p}, nil
}

// Read authenticates an automatic response and says what it means. The seal covers all of Data, so what it says is proof. It covers
// neither InterfaceVersion, which is not read, nor Encode: but no Data reads both as fields and as base64. There is no time within
// which a response must come; one that is sent again says the same.
func (p *Page) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if err := protocol.Sized(d); err != nil {
		return purchase.Reading{}, err
	}
	form, err := protocol.ParseForm(string(d.Body))
	if err != nil {
		return purchase.Reading{}, err
	}
	text, version, err := p.seals.open(form)
	if err != nil {
		return purchase.Reading{}, err
	}
	r, err := parseResponse(text)
	if err != nil {
		return purchase.Reading{}, err
	}
	if err := p.isOurs(r, version); err != nil {
		return purchase.Reading{}, err
	}
	facts, err := p.tell(r)
	return purchase.Reading{Facts: facts}, err
}

// isOurs: shop and key belong to one environment of Sips each, so they prove the mode. A simulator calls itself whatever it likes, the
// production platform PROD.
func (p *Page) isOurs(r response, version string) error {
	platform := r.get("transactionPlatform")
	switch {
	case r.get("merchantId") != p.config.MerchantID:
		return purchase.Forged(purchase.WrongMerchant)
	case r.get("keyVersion") != version:
		return purchase.Forged(purchase.BadSignature)
	case p.Live && platform != "" && platform != "PROD":
		return purchase.Forged(purchase.WrongMode)
	}
	return nil
}
