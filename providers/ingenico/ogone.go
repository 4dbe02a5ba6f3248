package ingenico

import (
	"context"
	"fmt"
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Ogone is one account at Ogone e-Commerce that only opens its payment page and reads its feedback: what it hears is proof, or nothing.
// It is safe for concurrent use.
type Ogone struct {
	protocol.Options
	config  Config
	in, out signer
	base    string // of all pages and calls, with the mode in its path
	asks    bool   // there is DirectLink: what is not proved can be asked about, what is reserved can be captured
}

// NewOgone makes the account from a section that was validated. It reads the passphrases and calls nobody.
func NewOgone(c Config, o protocol.Options) (*Ogone, error) {
	origin, err := c.Origin("https://"+c.host(o.Live), o.Live)
	if err != nil {
		return nil, err
	}
	a := &Ogone{Options: o.Filled(), config: c, base: origin + "/ncol/test/"}
	if o.Live {
		a.base = origin + "/ncol/prod/"
	}
	if a.in, err = newSigner(c.SHA, c.SHAIn); err != nil {
		return nil, fmt.Errorf("read sha_in: %w", err)
	}
	if a.out, err = newSigner(c.SHA, c.SHAOut); err != nil {
		return nil, fmt.Errorf("read sha_out: %w", err)
	}
	return a, nil
}

const maxFeedback = 64 << 10

// Read authenticates feedback, by GET or by POST, and says what it means. The passphrase belongs to one merchant in one mode, so it
// proves both; the signature covers order, amount, currency, status and payment. It does not cover the address, the headers, or fields
// that Ogone does not sign, among them all that was sent as PARAMPLUS: those are not looked at.
func (a *Ogone) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	raw := d.Query
	switch {
	case d.Method == http.MethodPost:
		raw = string(d.Body)
	case d.Method != http.MethodGet || len(d.Body) > 0:
		return purchase.Reading{}, purchase.Forged(purchase.Malformed)
	}
	if raw == "" || len(raw) > maxFeedback {
		return purchase.Reading{}, purchase.Forged(purchase.Malformed)
	}
	form, err := protocol.ParseForm(raw)
	if err != nil {
		return purchase.Reading{}, err
	}
	signed, err := a.out.check(form)
	if err != nil {
		return purchase.Reading{}, err
	}
	facts, err := a.feedback(signed)
	return purchase.Reading{Facts: facts}, err
}

// Answer is a plain word: in Ogone's online timing a page or a redirect of ours would be shown to the buyer who waits.
func (a *Ogone) Answer(_ purchase.Delivery, kept bool) purchase.Answer {
	if !kept {
		return purchase.Answer{}
	}
	return purchase.Answer{ContentType: "text/plain; charset=utf-8", Body: []byte("OK\n")}
}

// Methods are both that feedback may come by: the back office chooses.
func (a *Ogone) Methods() []string { return []string{http.MethodGet, http.MethodPost} }
