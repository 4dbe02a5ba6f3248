// Package adyen is a merchant account at Adyen: it reads the messages of the standard webhook, and, with an API key, opens payment links,
// reads them back and ends them, and captures and gives back what was paid.
package adyen

import (
	"context"
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A Receiver is a merchant account without an API key: it only hears. It is safe for concurrent use.
type Receiver struct {
	protocol.Options
	config Config
	keys   [][]byte // of the webhook; any may sign
	login  string   // what the webhook sends as Authorization
}

// Adyen is a merchant account with an API key. Adyen shows payment links, not payments, so what links do not show is learned from
// messages only. It is safe for concurrent use.
type Adyen struct {
	*Receiver
	*protocol.Client
	pages pages
}

// New makes the account from a section that was validated. It reads the secrets and calls nobody.
func New(c Config, o protocol.Options) (protocol.Account, error) {
	r, err := newReceiver(c, o.Filled())
	if err != nil || !c.APIKey.IsSet() {
		return r, err
	}
	origin, pages, err := c.places(o.Live)
	if err != nil {
		return nil, err
	}
	sender, err := protocol.NewSender("adyen", c.Endpoint, r.Options)
	if err != nil {
		return nil, err
	}
	a := &Adyen{Receiver: r, pages: pages}
	a.Client = &protocol.Client{Sender: sender, Origin: origin, Authorise: a.authorise, Words: words}
	return a, nil
}

func newReceiver(c Config, o protocol.Options) (*Receiver, error) {
	r := &Receiver{Options: o, config: c}
	for i, ref := range c.HMACKeys {
		text, err := ref.Reveal()
		if err != nil {
			return nil, fmt.Errorf("read HMAC key %d: %w", i+1, err)
		}
		key, err := hex.DecodeString(text)
		if err != nil || len(key) != keySize {
			return nil, fmt.Errorf("read HMAC key %d: it is not a hexadecimal key of %d bytes", i+1, keySize)
		}
		r.keys = append(r.keys, key)
	}
	password, err := c.Password.Reveal()
	if err != nil {
		return nil, fmt.Errorf("read the webhook's password: %w", err)
	}
	r.login = basic(c.Username, password)
	return r, nil
}

// Read authenticates a message and says what it means. Adyen signs of each item the pspReference, originalReference, merchant account,
// merchantReference, amount, currency, event and success, and nothing else is believed: not the date, the reason, the payment method or
// additionalData with the metadata in it. live is not signed either, but must agree with our mode, of which the key is the proof. Items
// come in one piece: one that is false makes the message false, and one that is not understood keeps all of it for a person.
//
// A message that is repeated has another date, so it is known by what it says and not by its bytes.
func (r *Receiver) Read(_ context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if err := protocol.Sized(d); err != nil {
		return purchase.Reading{}, err
	}
	if err := r.checkLogin(d); err != nil {
		return purchase.Reading{}, err
	}
	items, err := r.open(d.Body)
	if err != nil {
		return purchase.Reading{}, err
	}
	reading := purchase.Reading{Unkept: true}
	for _, i := range items {
		facts, err := r.tell(i)
		if err != nil {
			return purchase.Reading{}, err
		}
		reading.Facts = append(reading.Facts, facts...)
		reading.Unkept = reading.Unkept && r.ofOthers(i)
	}
	return reading, nil
}

// Methods are what Adyen sends messages by.
func (r *Receiver) Methods() []string { return []string{http.MethodPost} }

// Answer is the word that endpoints made before 2024 wait for; newer ones look at the status only. What was refused is not told it: it
// comes again, after what is wrong here was mended, and holds up what comes after it.
func (r *Receiver) Answer(_ purchase.Delivery, kept bool) purchase.Answer {
	if !kept {
		return purchase.Answer{}
	}
	return purchase.Answer{Status: http.StatusOK, ContentType: "text/plain", Body: []byte("[accepted]")}
}
