package mollie

import (
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the mollie section of an account. Keys of test and live mode differ, and each sees the payments of its own mode only.
type Config struct {
	// APIKey is the API key of the website profile (test_…, live_…). It is not an access token of the organisation.
	APIKey field.Secret `yaml:"api_key"`
	// Webhooks says which notifications come: classic, where each payment names our address and the notification names the payment, or
	// nextgen, signed events of a webhook in the Dashboard. Default: classic
	Webhooks string `yaml:"webhooks,omitempty"`
	// SigningSecrets sign the events of nextgen. While a secret is rolled there are two.
	SigningSecrets []field.Secret `yaml:"signing_secrets,omitempty"`
	// Profile is the id of the website profile (pfl_…). Payments of another one are refused. Default: whatever the key sees
	Profile string `yaml:"profile,omitempty"`
	// CheckoutDomains are hosts of the pay page beside mollie.com and what is under it.
	CheckoutDomains []string `yaml:"checkout_domains,omitempty"`
	// ReadBacks is how many notifications a minute make us ask Mollie; those beyond it wait. Anybody can post a payment's id to a
	// classic account. Default: 300
	ReadBacks int `yaml:"read_backs_per_minute,omitempty"`
	// How Mollie is reached.
	protocol.Endpoint `yaml:",inline"`
}

const (
	classic = "classic"
	nextgen = "nextgen"

	minSecret     = 16
	minKey        = 20
	mostReadBacks = 100_000

	printedKey = "dHar4XY7LxsDOtmnkVtjNVWXLSlXsM" // what Mollie's own manuals show
)

var profileIDs = regexp.MustCompile(`^pfl_[A-Za-z0-9]{6,40}$`)

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret {
	return append([]field.Secret{c.APIKey}, c.SigningSecrets...)
}

// ReferenceFields are the fields of a payment that can carry the organiser's ids. Metadata is an object with names of the organiser's
// choice (metadata.purchase_id), or one text (metadata).
func (c *Config) ReferenceFields() []string { return []string{"metadata.*", "metadata", "description"} }

// Reserves implements protocol.Reserver: payments whose method allows it are captured by hand.
func (c *Config) Reserves() bool { return true }

// Open makes the account.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) { return New(*c, o) }

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	protocol.CheckSecret(p, "api_key", c.APIKey, true)
	if key, err := c.APIKey.Reveal(); err == nil {
		validateKey(p, key, live)
	}
	c.validateWebhooks(p)
	if c.Profile != "" && !profileIDs.MatchString(c.Profile) {
		p.Add("profile", "is not the id of a website profile; it begins with pfl_")
	}
	for _, host := range c.CheckoutDomains {
		if host == "" || strings.ContainsAny(host, "/:@ ") {
			p.Add("checkout_domains", "%q is not a host name; write it like pay.example.org", host)
		}
	}
	if c.ReadBacks < 0 || c.ReadBacks > mostReadBacks {
		p.Add("read_backs_per_minute", "is %d; write a number up to %d", c.ReadBacks, mostReadBacks)
	}
	c.Endpoint.Validate(p, live)
}

// validateKey: the key says of which mode it is.
func validateKey(p *field.Problems, key string, live bool) {
	switch prefix := modeOf(live) + "_"; {
	case !strings.HasPrefix(key, prefix) || len(key) < minKey:
		p.Add("api_key", "is not an API key of %s mode; copy the one that begins with %s", modeOf(live), prefix)
	case strings.HasSuffix(key, printedKey):
		p.Add("api_key", "is the key that Mollie's manuals show; copy your own")
	}
}

// modeOf is what Mollie calls the mode.
func modeOf(live bool) string {
	if live {
		return "live"
	}
	return "test"
}

func (c *Config) validateWebhooks(p *field.Problems) {
	switch c.Webhooks {
	case "", classic:
		if len(c.SigningSecrets) > 0 {
			p.Add("signing_secrets", "serves nextgen only; remove it, or write webhooks: nextgen")
		}
	case nextgen:
		p.Require("signing_secrets", len(c.SigningSecrets) > 0, "create the webhook in the Dashboard under Developers, Webhooks, and copy its signing secret")
	default:
		p.Add("webhooks", "is %q; write classic or nextgen", c.Webhooks)
	}
	for _, ref := range c.SigningSecrets {
		if secret, err := ref.Reveal(); err != nil {
			p.Add("signing_secrets", "%v", err)
		} else if len(secret) < minSecret {
			p.Add("signing_secrets", "is shorter than %d characters; copy the webhook's signing secret", minSecret)
		}
	}
}
