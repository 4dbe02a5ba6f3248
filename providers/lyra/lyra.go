// Package lyra is a shop on the payment platform of Lyra, which banks sell under their own names: PayZen, Systempay, Sogecommerce,
// Scellius, Clic&Pay, Monetico Retail and others. Only the hosts differ, and those are settings. The account reads either kind of
// notification, leads buyers to the bank's payment page by a signed form, and reads payments back, captures, cancels and refunds them.
package lyra

import (
	"context"
	"fmt"
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A shop is what every account can do: hear, answer, and say what the back office must be told. It is safe for concurrent use.
type shop struct {
	protocol.Options
	config   Config
	password []byte // signs REST notifications
	key      []byte // signs form notifications and the form that leads to the pay page
}

// What an account can do beyond that depends on its settings, and is a type of its own: a password asks, a form_host opens pay pages.
type (
	asking struct {
		*shop
		*protocol.Client
	}
	showing struct {
		*shop
		page
	}
	askingAndShowing struct {
		*asking
		page
	}
)

// New makes the account from a section that was validated. It reads the secrets and calls nobody.
func New(c Config, o protocol.Options) (protocol.Account, error) {
	origin, err := c.Origin("https://"+c.Host, o.Live)
	if err != nil {
		return nil, err
	}
	s := &shop{Options: o.Filled(), config: c}
	if s.password, err = reveal(c.Password); err != nil {
		return nil, fmt.Errorf("read the password: %w", err)
	}
	if s.key, err = reveal(c.HMACKey); err != nil {
		return nil, fmt.Errorf("read the key: %w", err)
	}
	sender, err := protocol.NewSender("lyra", c.Endpoint, s.Options)
	if err != nil {
		return nil, err
	}
	a := &asking{shop: s}
	a.Client = &protocol.Client{Sender: sender, Origin: origin, Authorise: a.authorise, Words: noWords}
	p := page{of: s, sender: sender, address: c.pageOn(origin), reserves: c.asks()}
	switch {
	case c.asks() && c.shows():
		return askingAndShowing{a, p}, nil
	case c.asks():
		return a, nil
	case c.shows():
		return showing{s, p}, nil
	}
	return s, nil
}

// Read authenticates a notification and says what it means. Lyra sends no id of a transmission.
func (s *shop) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if err := protocol.Sized(d); err != nil {
		return purchase.Reading{}, err
	}
	form, err := protocol.ParseForm(string(d.Body))
	if err != nil {
		return purchase.Reading{}, err
	}
	read := s.readREST
	if s.config.Notifications == byForm {
		read = s.readForm
	}
	facts, err := read(form)
	return purchase.Reading{Facts: facts}, err
}

// Answer is a short text for what was kept, which the back office shows beside the notification. The payer waits for it. Lyra takes
// redirects for an acknowledgement too, so there is none.
//
// Source: Lyra documentation, instant payment notification, automatic retry in case of failure.
func (s *shop) Answer(_ purchase.Delivery, kept bool) purchase.Answer {
	if !kept {
		return purchase.Answer{}
	}
	return purchase.Answer{ContentType: "text/plain; charset=utf-8", Body: []byte("OK")}
}

// Methods are those that notifications come by.
func (s *shop) Methods() []string { return []string{http.MethodPost} }

// mode is the account's mode as Lyra writes it.
func (s *shop) mode() string {
	if s.Live {
		return "PRODUCTION"
	}
	return "TEST"
}

// ours refuses what is of another mode or another shop. Both modes share hosts and shop ids: what is signed says which one it is of,
// and the secrets of the two modes differ.
func (s *shop) ours(mode, shopID string) error {
	switch {
	case mode != s.mode():
		return purchase.Forged(purchase.WrongMode)
	case shopID != s.config.ShopID:
		return purchase.Forged(purchase.WrongMerchant)
	}
	return nil
}
