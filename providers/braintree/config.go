package braintree

import (
	"errors"
	"regexp"
	"slices"
	"time"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the braintree section of an account: one API key of a gateway. Sandbox and production are two gateways with keys of their
// own.
type Config struct {
	// PublicKey and PrivateKey are an API key of the gateway. Signatures by its other keys do not count.
	PublicKey  string       `yaml:"public_key"`
	PrivateKey field.Secret `yaml:"private_key"`
	// MerchantAccounts are the ids of the merchant accounts that sell for this environment. Transactions of others are not looked at.
	// Default: all of the gateway.
	MerchantAccounts []string `yaml:"merchant_accounts,omitempty"`
	// Tolerance is how old a notification may be. Braintree repeats one that was not taken every hour for a day, and may send it as it
	// first was. Default 25h, at most 72h.
	Tolerance field.Duration `yaml:"tolerance,omitempty"`
}

// demoPublic and demoPrivate are the keys in Braintree's libraries: anybody can sign with them.
const (
	demoPublic  = "integration_public_key"
	demoPrivate = "integration_private_key"
)

const (
	defaultTolerance = 25 * time.Hour
	maxTolerance     = 72 * time.Hour
	clockSkew        = 5 * time.Minute
	minPrivateKey    = 16
)

var (
	publicKeys = regexp.MustCompile(`^[A-Za-z0-9_]{8,64}$`)
	accountIDs = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

	errDemo = errors.New("the keys are those of Braintree's libraries; use your own")
)

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret { return []field.Secret{c.PrivateKey} }

// ReferenceFields are the fields of a transaction that can carry the organiser's ids. Custom fields have names of the organiser's
// choice: custom_fields.purchase_id.
func (c *Config) ReferenceFields() []string { return []string{"order_id", "custom_fields.*"} }

// Open makes the account.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) { return New(*c, o) }

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	if !publicKeys.MatchString(c.PublicKey) || live && c.PublicKey == demoPublic {
		p.Add("public_key", "is not the public key of your own API key; copy it from the Control Panel under Settings, API")
	}
	protocol.CheckSecret(p, "private_key", c.PrivateKey, true)
	if private, err := c.PrivateKey.Reveal(); err == nil && (len(private) < minPrivateKey || live && private == demoPrivate) {
		p.Add("private_key", "is not the private key of your own API key; copy it from the Control Panel under Settings, API")
	}
	if slices.ContainsFunc(c.MerchantAccounts, func(id string) bool { return !accountIDs.MatchString(id) }) {
		p.Add("merchant_accounts", "has an entry that is no id of a merchant account; copy them from Settings, Business")
	}
	if d := time.Duration(c.Tolerance); d < 0 || d > maxTolerance {
		p.Add("tolerance", "is %s; write a duration up to %s, for example %s", c.Tolerance, field.Duration(maxTolerance), field.Duration(defaultTolerance))
	}
}
