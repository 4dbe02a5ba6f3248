package lyra

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the lyra section of an account. One host and one shop id serve both modes; the secrets of the modes differ and never mix.
type Config struct {
	// Host is the bank's REST server, as the back office shows it beside the REST API keys: api.payzen.eu, api.systempay.fr.
	Host string `yaml:"host"`
	// FormHost is the host of the bank's payment page: secure.payzen.eu, paiement.systempay.fr. Without it no pay page is opened.
	FormHost string `yaml:"form_host,omitempty"`
	// ShopID is the shop's number, eight digits.
	ShopID string `yaml:"shop_id"`
	// Notifications is the kind that the back office is told to send: rest or form.
	Notifications string `yaml:"notifications"`
	// Password is the REST API password (testpassword_…, prodpassword_…). It signs REST notifications and reads payments back.
	Password field.Secret `yaml:"password,omitempty"`
	// HMACKey is the shop's key of the mode, for form notifications and for the pay page.
	HMACKey field.Secret `yaml:"hmac_key,omitempty"`
	// Hash is the algorithm that the back office shows beside that key: hmac_sha256 (default), or sha1, which is deprecated.
	Hash string `yaml:"hash,omitempty"`
	// TrustForm believes form notifications without reading the payment back. Their signature covers values and not the names of the
	// fields, so whoever gets one text of their own into any form that the shop signs can make one up. It is for shops without REST
	// API whose forms hold no text of buyers.
	TrustForm bool `yaml:"trust_form,omitempty"`
	// How Lyra is reached.
	protocol.Endpoint `yaml:",inline"`
}

const (
	byREST = "rest"
	byForm = "form"

	hashHMAC = "hmac_sha256"
	hashSHA1 = "sha1"

	minKey = 16
)

var (
	shopIDs = regexp.MustCompile(`^[0-9]{8}$`)
	hosts   = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)+$`)
)

// demoShop is open to everybody; the keys are those of the demo shop and of examples in documents.
const demoShop = "69876357"

var publicKeys = []string{"38453613e7f44dc58732bad3dca2bca3", "1122334455667788"}

// asks tells whether payments can be read back, shows whether pay pages are opened.
func (c *Config) asks() bool  { return c.Password.IsSet() }
func (c *Config) shows() bool { return c.HMACKey.IsSet() && c.FormHost != "" }

// pageOn is the address of the payment page: the bank's, or the simulator's at origin.
func (c *Config) pageOn(origin string) string {
	if c.APIURL != "" {
		return origin + "/vads-payment/"
	}
	return (&url.URL{Scheme: "https", Host: c.FormHost, Path: "/vads-payment/"}).String()
}

// reveal reads a secret that may be missing.
func reveal(s field.Secret) ([]byte, error) {
	if !s.IsSet() {
		return nil, nil
	}
	text, err := s.Reveal()
	return []byte(text), err
}

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret { return []field.Secret{c.Password, c.HMACKey} }

// ReferenceFields are the fields that can carry the organiser's ids, by the same names for both kinds of notification. In a form
// metadata.x is called vads_ext_info_x, and customer.reference vads_cust_id.
func (c *Config) ReferenceFields() []string {
	return []string{"order_id", "order_info", "order_info2", "order_info3", "customer.reference", "metadata.*"}
}

// Reserves implements protocol.Reserver: what is reserved is validated or cancelled with the password.
func (c *Config) Reserves() bool { return c.asks() }

// Open makes the account.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) { return New(*c, o) }

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	c.validatePlaces(p, live)
	c.validateWays(p)
	if c.asks() {
		c.validatePassword(p, live)
	}
	if c.HMACKey.IsSet() {
		c.validateKey(p, live)
	}
	c.Endpoint.Validate(p, live)
}

func (c *Config) validatePlaces(p *field.Problems, live bool) {
	switch {
	case c.Host == "" && !c.asks():
	case !hosts.MatchString(c.Host):
		p.Add("host", "is not the bank's REST server; copy it from the back office, like api.payzen.eu")
	}
	if c.FormHost != "" && !hosts.MatchString(c.FormHost) {
		p.Add("form_host", "is not the host of the bank's payment page; write it like secure.payzen.eu")
	}
	switch {
	case !shopIDs.MatchString(c.ShopID):
		p.Add("shop_id", "is not a shop's number; it has eight digits")
	case live && c.ShopID == demoShop:
		p.Add("shop_id", "is the public demo shop; write your own")
	}
}

// validateWays: each kind of notification needs its secret, and what can be made up needs a way to ask.
func (c *Config) validateWays(p *field.Problems) {
	switch c.Notifications {
	case byREST:
		p.Require("password", c.Password.IsSet(), "it signs REST notifications; put it into a file and write file:PATH")
		if c.TrustForm {
			p.Add("trust_form", "is for form notifications; remove it")
		}
	case byForm:
		p.Require("hmac_key", c.HMACKey.IsSet(), "it signs form notifications; put it into a file and write file:PATH")
		p.Require("password", c.Password.IsSet() || c.TrustForm, "form notifications are confirmed by the REST API; without one, see trust_form")
	default:
		p.Add("notifications", "is %q; write rest or form", c.Notifications)
	}
	if c.FormHost != "" && c.Notifications != byForm {
		p.Require("hmac_key", c.HMACKey.IsSet(), "it signs the form that leads to form_host; put it into a file and write file:PATH")
	}
	if c.Hash != "" && c.Hash != hashHMAC && c.Hash != hashSHA1 {
		p.Add("hash", "is %q; write %s or %s", c.Hash, hashHMAC, hashSHA1)
	}
}

// validatePassword: the password says of which mode it is.
func (c *Config) validatePassword(p *field.Problems, live bool) {
	prefix := "testpassword_"
	if live {
		prefix = "prodpassword_"
	}
	switch password, err := c.Password.Reveal(); {
	case err != nil:
		p.Add("password", "%v", err)
	case !strings.HasPrefix(password, prefix):
		p.Add("password", "is not the REST API password of this mode; copy the one that begins with %s", prefix)
	}
}

func (c *Config) validateKey(p *field.Problems, live bool) {
	switch key, err := c.HMACKey.Reveal(); {
	case err != nil:
		p.Add("hmac_key", "%v", err)
	case len(key) < minKey:
		p.Add("hmac_key", "has fewer than %d characters; copy the key of this mode from the back office, tab Keys", minKey)
	case live && slices.Contains(publicKeys, key):
		p.Add("hmac_key", "is a public example; copy the shop's own")
	}
}
