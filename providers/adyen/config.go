package adyen

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the adyen section of an account. The webhook is a Standard webhook of this merchant account, JSON, with an HMAC key and basic
// authentication; test and live have webhooks and keys of their own.
type Config struct {
	// MerchantAccount is the name of the merchant account, exactly as Adyen writes it in messages.
	MerchantAccount string `yaml:"merchant_account"`
	// HMACKeys are the webhook's HMAC keys (64 hexadecimal digits). While a key is changed there are two: what waits in Adyen's queue keeps
	// the old signature, for up to thirty days.
	HMACKeys []field.Secret `yaml:"hmac_keys"`
	// Username and Password are what the webhook signs in with (basic authentication).
	Username string       `yaml:"username"`
	Password field.Secret `yaml:"password"`
	// FinalizeOn says which message means that the money is taken: authorisation where the account captures automatically, capture where it
	// captures by hand or after a delay.
	FinalizeOn string `yaml:"finalize_on"`
	// APIKey is the key of an API credential with the Checkout webservice role. Without it the account only hears: it opens no pay pages,
	// and cannot be asked.
	APIKey field.Secret `yaml:"api_key,omitempty"`
	// LivePrefix is the prefix of the merchant's own live addresses: 1797a841fbb37ca7-ContosoEvents. Live only, with api_key.
	LivePrefix string `yaml:"live_prefix,omitempty"`
	// PayDomain is the host of the pay page, where it is none of Adyen's own. Default: test.adyen.link, live REGION.adyen.link
	PayDomain string `yaml:"pay_domain,omitempty"`
	// OtherAccounts are merchant accounts that share the webhook, because it is one of the company account. Their messages are answered and
	// let go. Messages of any other account are refused, and hold up what comes after them.
	OtherAccounts []string `yaml:"other_merchant_accounts,omitempty"`
	// How Adyen is reached.
	protocol.Endpoint `yaml:",inline"`
}

const (
	onAuthorisation = "authorisation"
	onCapture       = "capture"

	keySize = 32
	maxKeys = 2
	version = "/v72"
)

var (
	merchants  = regexp.MustCompile(`^[A-Za-z0-9_. -]{1,80}$`)
	prefixes   = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
	liveRegion = regexp.MustCompile(`^[a-z]{2,12}\.adyen\.link$`)
)

// publicKeys are printed in Adyen's documentation and the tests of its libraries.
var publicKeys = []string{
	"44782def547aaa06c910c43932b1eb0c71fc68d9d0c057550c48ec2acf6ba056",
	"dfb1eb5485895cfa84146406857104abb4cbcabdc8aaf103a624c8f6a3eaab00",
}

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret {
	return append([]field.Secret{c.Password, c.APIKey}, c.HMACKeys...)
}

// ReferenceFields are the fields of a payment that can carry the organiser's ids. Only the reference is signed; metadata is not, so it
// names no purchase.
func (c *Config) ReferenceFields() []string { return []string{merchantReference} }

// Reserves implements protocol.Reserver: links take what was reserved, or give it back, with an API key.
func (c *Config) Reserves() bool { return c.APIKey.IsSet() }

// Open makes the account.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) { return New(*c, o) }

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	p.Require("merchant_account", c.MerchantAccount != "", "copy the name of the merchant account from the Customer Area")
	for key, names := range map[string][]string{"merchant_account": {c.MerchantAccount}, "other_merchant_accounts": c.OtherAccounts} {
		for _, name := range names {
			if name != "" && !merchants.MatchString(name) || name == c.MerchantAccount && key != "merchant_account" {
				p.Add(key, "is %q; write the code of a merchant account as Adyen writes it", name)
			}
		}
	}
	c.validateKeys(p, live)
	p.Require("username", c.Username != "", "choose one at the webhook, under Security")
	if strings.ContainsAny(c.Username, ":\r\n") {
		p.Add("username", "holds a colon or a line break; choose another one at the webhook")
	}
	protocol.CheckSecret(p, "password", c.Password, true)
	p.Require("finalize_on", c.FinalizeOn != "", "write authorisation if the account captures automatically, else capture")
	if c.FinalizeOn != "" && c.FinalizeOn != onAuthorisation && c.FinalizeOn != onCapture {
		p.Add("finalize_on", "is %q; write authorisation or capture", c.FinalizeOn)
	}
	c.validateAPI(p, live)
	c.Endpoint.Validate(p, live)
}

func (c *Config) validateKeys(p *field.Problems, live bool) {
	p.Require("hmac_keys", len(c.HMACKeys) > 0, "generate the HMAC key of the webhook and copy it")
	if len(c.HMACKeys) > maxKeys {
		p.Add("hmac_keys", "are more than the old and the new one; remove those that sign nothing any more")
	}
	for _, ref := range c.HMACKeys {
		text, err := ref.Reveal()
		key, wrong := hex.DecodeString(text)
		switch {
		case err != nil:
			p.Add("hmac_keys", "%v", err)
		case wrong != nil || len(key) != keySize:
			p.Add("hmac_keys", "is not an HMAC key; copy all %d hexadecimal digits", 2*keySize)
		case live && isPublic(text):
			p.Add("hmac_keys", "is a key that Adyen's documentation prints; generate one of your own")
		}
	}
}

func isPublic(key string) bool {
	for _, public := range publicKeys {
		if strings.EqualFold(key, public) {
			return true
		}
	}
	return false
}

func (c *Config) validateAPI(p *field.Problems, live bool) {
	protocol.CheckSecret(p, "api_key", c.APIKey, false)
	switch {
	case c.LivePrefix != "" && !live:
		p.Add("live_prefix", "is for live only; remove it")
	case live && c.APIKey.IsSet():
		p.Require("live_prefix", c.LivePrefix != "", "copy it from the Customer Area under Developers, API URLs")
	}
	if c.LivePrefix != "" && (!prefixes.MatchString(c.LivePrefix) || len(c.LivePrefix) > 48) {
		p.Add("live_prefix", "is not a prefix; write it like 1797a841fbb37ca7-ContosoEvents")
	}
	if c.PayDomain != "" && strings.ContainsAny(c.PayDomain, "/:@ ") {
		p.Add("pay_domain", "is not a host name; write it like pay.example.org")
	}
	for key, set := range map[string]bool{"pay_domain": c.PayDomain != "", "api_url": c.APIURL != ""} {
		if set && !c.APIKey.IsSet() {
			p.Add(key, "is of no use without api_key; add that or remove this")
		}
	}
}

// pages tells whether the buyer may be sent to a host.
type pages func(host string) bool

// places are where the API is, and where pay pages are: Adyen's, by the mode, or the simulator's.
func (c *Config) places(live bool) (origin string, p pages, err error) {
	own, p := "https://checkout-test.adyen.com", exactly("test.adyen.link")
	if live {
		own = fmt.Sprintf("https://%s-checkout-live.adyenpayments.com/checkout", c.LivePrefix)
		p = func(host string) bool { return liveRegion.MatchString(host) && host != "test.adyen.link" }
	}
	if live && !prefixes.MatchString(c.LivePrefix) {
		return "", nil, fmt.Errorf("find the live address: live_prefix is missing or wrong")
	}
	if origin, err = c.Origin(own, live); err != nil {
		return "", nil, err
	}
	if u, err := url.Parse(origin); err == nil && c.APIURL != "" {
		p = exactly(u.Host)
	}
	if c.PayDomain != "" {
		p = exactly(c.PayDomain)
	}
	return origin + version, p, nil
}

func exactly(want string) pages { return func(host string) bool { return host == want } }
