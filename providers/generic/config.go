package generic

import (
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the generic section of an account: how a provider's notifications are authenticated, and what they mean.
//
// A field of a notification is named by a JSON pointer, /data/object/id, or by its plain name where it is a field of a form or a key
// at the top of the JSON. The shared key reference names its fields in the same way, any of them.
type Config struct {
	// Provider is its name for people: Checkout.com.
	Provider string `yaml:"provider,omitempty"`
	// Format is how notifications are written: json, form, or query for a GET with the fields in its address. Default json.
	Format string `yaml:"format,omitempty"`
	// Auth says how a notification is authenticated.
	Auth Auth `yaml:"auth"`
	// Live are conditions that all hold for messages of live mode and for no others. Without it the mode is proved by the key alone:
	// every provider has another one for each mode.
	Live []string `yaml:"live,omitempty"`
	// Merchant is what names the merchant account. A message that names another one is refused.
	Merchant Merchant `yaml:"merchant,omitempty"`
	// Payment is the field with the provider's id of the payment.
	Payment string `yaml:"payment"`
	// Amount says where the amount of money is and how it is written.
	Amount Amount `yaml:"amount,omitempty"`
	// Decimals are how many decimals the provider gives currencies for which it does not follow ISO 4217: {CLP: 2}
	Decimals map[string]int `yaml:"decimals,omitempty"`
	// At says where the provider's own time of what happened is. It must be the same in every repeat of a message.
	At At `yaml:"at,omitempty"`
	// Tells are the rules: what a message tells, and when. Every rule whose conditions hold tells its fact; a message for which none
	// hold tells nothing.
	Tells []Rule `yaml:"tells"`
	// Answer is what the provider wants to hear.
	Answer Answers `yaml:"answer,omitempty"`
	// Confirm says how a payment is read back with our own credentials. It is needed where the signature does not cover everything
	// that counts.
	Confirm *Confirm `yaml:"confirm,omitempty"`
	// How the address under confirm is reached.
	protocol.Endpoint `yaml:",inline"`
}

// Merchant is a field and the one value that it must have.
type Merchant struct {
	Field string `yaml:"field"`
	Is    string `yaml:"is"`
}

// The formats.
const (
	asJSON  = "json"
	asForm  = "form"
	asQuery = "query"
)

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret {
	all := c.Auth.secrets()
	if c.Confirm != nil {
		all = append(all, c.Confirm.Secret)
	}
	return all
}

// ReferenceFields are none in particular: the organiser's ids may be in any field.
func (c *Config) ReferenceFields() []string { return nil }

// Open makes the account: one that can be asked where the section says how.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) {
	if c.Confirm == nil {
		return New(*c, o)
	}
	return NewAsking(*c, o)
}

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	c.compile(p)
	c.Auth.validateKeys(p.At("auth"), live)
	if c.Confirm == nil && c.Endpoint != (protocol.Endpoint{}) {
		p.Add("", "has api_url, ca_file or timeout, which serve confirm only; remove them")
	}
	c.Endpoint.Validate(p, live)
	c.Answer.validate(p.At("answer"))
}
