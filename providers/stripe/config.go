package stripe

import (
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the stripe section of an account. Keys and endpoint secrets of test and live mode differ and never mix.
type Config struct {
	// SecretKey is the account's secret key (sk_test_…, sk_live_…), or a restricted key (rk_…) that may write Checkout Sessions and
	// read and write PaymentIntents and refunds.
	SecretKey field.Secret `yaml:"secret_key"`
	// WebhookSecrets are the signing secrets of the webhook endpoint (whsec_…). While a secret is rolled there are two.
	WebhookSecrets []field.Secret `yaml:"webhook_secrets"`
	// Tolerance is how old an event's signature may be, and how far in the future. Default 5m, at most 1h.
	Tolerance field.Duration `yaml:"tolerance,omitempty"`
	// Account is the connected account (acct_…) whose events are meant, for an endpoint that listens to connected accounts. Events that
	// name another one are refused; without this key, events that name any.
	Account string `yaml:"account,omitempty"`
	// CheckoutDomain is the host of the pay page, for accounts with a custom domain. Default: checkout.stripe.com
	CheckoutDomain string `yaml:"checkout_domain,omitempty"`
	// How Stripe is reached.
	protocol.Endpoint `yaml:",inline"`
}

const (
	defaultTolerance = 5 * time.Minute
	maxTolerance     = time.Hour
	minSecret        = 16
)

var accountIDs = regexp.MustCompile(`^acct_[A-Za-z0-9]{6,40}$`)

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret {
	return append([]field.Secret{c.SecretKey}, c.WebhookSecrets...)
}

// ReferenceFields are the fields of a session or a PaymentIntent that can carry the organiser's ids. Metadata has names of the
// organiser's choice: metadata.purchase_id.
func (c *Config) ReferenceFields() []string { return []string{"client_reference_id", "metadata.*"} }

// Reserves implements protocol.Reserver: Checkout takes money that way where the buyer's method can.
func (c *Config) Reserves() bool { return true }

// Open makes the account.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) { return New(*c, o) }

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	protocol.CheckSecret(p, "secret_key", c.SecretKey, true)
	if key, err := c.SecretKey.Reveal(); err == nil {
		c.validateMode(p, key, live)
	}
	p.Require("webhook_secrets", len(c.WebhookSecrets) > 0, "add the endpoint in the Dashboard under Developers, Webhooks, and copy its signing secret")
	for _, s := range c.WebhookSecrets {
		c.validateWebhookSecret(p, s)
	}
	if d := time.Duration(c.Tolerance); d < 0 || d > maxTolerance {
		p.Add("tolerance", "is %s; write a duration up to %s, for example 5m", c.Tolerance, field.Duration(maxTolerance))
	}
	if c.Account != "" && !accountIDs.MatchString(c.Account) {
		p.Add("account", "is not the id of a connected account; it begins with acct_")
	}
	if c.CheckoutDomain != "" && strings.ContainsAny(c.CheckoutDomain, "/:@ ") {
		p.Add("checkout_domain", "is not a host name; write it like pay.example.org")
	}
	c.Endpoint.Validate(p, live)
}

// validateMode: the key says of which mode it is.
func (c *Config) validateMode(p *field.Problems, key string, live bool) {
	mode := "test"
	if live {
		mode = "live"
	}
	if !strings.HasPrefix(key, "sk_"+mode+"_") && !strings.HasPrefix(key, "rk_"+mode+"_") {
		p.Add("secret_key", "is not a secret or restricted key of %s mode; copy the one that begins with sk_%s_ or rk_%s_", mode, mode, mode)
	}
}

func (c *Config) validateWebhookSecret(p *field.Problems, ref field.Secret) {
	secret, err := ref.Reveal()
	switch {
	case err != nil:
		p.Add("webhook_secrets", "%v", err)
	case !strings.HasPrefix(secret, "whsec_") || len(secret) < minSecret:
		p.Add("webhook_secrets", "is not a signing secret; copy the one of the endpoint, which begins with whsec_")
	}
}

// pages are the hosts of the pay page: Stripe's or the account's own, or the simulator's.
func (c *Config) pages(origin string) []string {
	if u, err := url.Parse(origin); err == nil && c.APIURL != "" {
		return []string{u.Host}
	}
	if c.CheckoutDomain != "" {
		return []string{c.CheckoutDomain}
	}
	return []string{"checkout.stripe.com"}
}
