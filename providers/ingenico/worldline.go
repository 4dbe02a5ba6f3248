package ingenico

import (
	"context"
	"fmt"
	"net/http"
	"regexp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Worldline is one account at Worldline Direct or Connect. It is safe for concurrent use.
type Worldline struct {
	protocol.Options
	*protocol.Client
	config Config
	keys   map[string][]byte // of the webhooks, by their ids
	turns  turns
}

// NewWorldline makes the account from a section that was validated. It reads the secrets and calls nobody.
func NewWorldline(c Config, o protocol.Options) (*Worldline, error) {
	origin, err := c.Origin("https://"+c.host(o.Live), o.Live)
	if err != nil {
		return nil, err
	}
	w := &Worldline{Options: o.Filled(), config: c, keys: map[string][]byte{}}
	for _, k := range c.WebhookKeys {
		secret, err := k.Secret.Reveal()
		if err != nil {
			return nil, fmt.Errorf("read the secret of webhook key %s: %w", k.ID, err)
		}
		w.keys[k.ID] = []byte(secret)
	}
	sender, err := protocol.NewSender("ingenico", c.Endpoint, w.Options)
	if err != nil {
		return nil, err
	}
	w.Client = &protocol.Client{Sender: sender, Origin: origin + w.base(), Authorise: w.authorise, Words: words}
	return w, nil
}

// connects tells whether the account is at Connect; else it is at Direct.
func (w *Worldline) connects() bool { return w.config.generation() == connect }

func (w *Worldline) merchant() string {
	if w.connects() {
		return w.config.MerchantID
	}
	return w.config.PSPID
}

// base is what all paths begin with.
func (w *Worldline) base() string {
	if w.connects() {
		return "/v1/" + w.merchant()
	}
	return "/v2/" + w.merchant()
}

const verificationHeader = "X-Gcs-Webhooks-Endpoint-Verification"

// echoes are what a verification of the endpoint may hold: it comes back as it is, so it must mean nothing to anybody else.
var echoes = regexp.MustCompile(`^[A-Za-z0-9._~:/+=-]{1,256}$`)

// Read authenticates an event and says what it means, or recognises the question whether this endpoint is one. All of an event's body
// is signed, so what it says is proof; but where it does not say what was really taken, it is hearsay of what was asked for. An
// event's id is no id of its bytes: nobody says that a repeat is not written anew.
func (w *Worldline) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if d.Method == http.MethodGet {
		_, err := echo(d)
		return purchase.Reading{Unkept: err == nil}, err
	}
	if err := protocol.Sized(d); err != nil {
		return purchase.Reading{}, err
	}
	if err := w.check(d); err != nil {
		return purchase.Reading{}, err
	}
	facts, err := w.readEvent(d.Body)
	return purchase.Reading{Facts: facts}, err
}

// echo is the value that a verification of the endpoint wants back.
func echo(d purchase.Delivery) (string, error) {
	value, err := protocol.Once(d.Header, verificationHeader)
	if err != nil || !echoes.MatchString(value) || len(d.Body) > 0 {
		return "", purchase.Forged(purchase.Malformed)
	}
	return value, nil
}

// Answer gives a verification its value back. An event is answered in the usual way.
func (w *Worldline) Answer(d purchase.Delivery, kept bool) purchase.Answer {
	if d.Method != http.MethodGet || !kept {
		return purchase.Answer{}
	}
	value, err := echo(d)
	if err != nil {
		return purchase.Answer{}
	}
	return purchase.Answer{ContentType: "text/plain", Body: []byte(value)}
}

// Methods are GET for the verification of the endpoint, POST for events.
func (w *Worldline) Methods() []string { return []string{http.MethodGet, http.MethodPost} }
