package paypal

import (
	"regexp"
	"time"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the paypal section of an account. Client id, secret and webhook id belong to one REST app in one mode: never mix those
// of sandbox and live.
type Config struct {
	// ClientID and ClientSecret are those of the REST app (developer.paypal.com, Apps & Credentials, in the account's mode). They
	// may be left out with notifications: ipn only; then payments are not read back and no pay page is opened.
	ClientID     string       `yaml:"client_id"`
	ClientSecret field.Secret `yaml:"client_secret"`
	// WebhookID is the id that the REST app shows beside the callback address of this account. Signatures are checked for it.
	WebhookID string `yaml:"webhook_id"`
	// MerchantID is the merchant's PayPal account id. If it is set, payments to anybody else are refused.
	MerchantID string `yaml:"merchant_id"`
	// Verify says who checks the signature of a webhook: paypal (default; one call to PayPal for each delivery) or offline (here,
	// with the certificate that PayPal publishes; needs ca_bundle where PayPal does not send its intermediate).
	Verify string `yaml:"verify"`
	// Notifications says what PayPal sends: webhooks (default) or ipn, the older form. It is never guessed from the message.
	Notifications string `yaml:"notifications"`
	// Receiver is the merchant's account id or e-mail address as IPN names it. Needed with notifications: ipn.
	Receiver string `yaml:"receiver"`
	// AcceptSimulator takes the messages of the dashboard's webhook simulator, which are not signed for any account. Sandbox only.
	AcceptSimulator bool `yaml:"accept_simulator"`
	// CABundle is a PEM file for the certificates that sign webhooks: intermediates that PayPal does not send, and roots that the
	// system does not have. It adds to the system's roots.
	CABundle string `yaml:"ca_bundle"`
	// Certificates is a PEM file, or a folder of them, with signing certificates that need not be fetched. Each file is named after
	// the last part of the certificate's address: CERT-0000.pem.
	Certificates string `yaml:"certificates"`
	// BrandName is what the pay page shows as the seller, at most 127 characters. Default: the name of the PayPal account.
	BrandName string `yaml:"brand_name"`
	// How PayPal is reached.
	protocol.Endpoint `yaml:",inline"`
}

const (
	byPayPal = "paypal"
	offline  = "offline"
	webhooks = "webhooks"
	ipn      = "ipn"

	simulatorWebhook = "WEBHOOK_ID" // what simulator messages are signed for
	defaultTimeout   = 10 * time.Second
	maxTimeout       = time.Minute
	maxBrand         = 127
)

var (
	webhookIDs  = regexp.MustCompile(`^[A-Za-z0-9]{1,50}$`)
	merchantIDs = regexp.MustCompile(`^[A-Za-z0-9]{1,32}$`)
)

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret { return []field.Secret{c.ClientSecret} }

// ReferenceFields are the fields of a PayPal payment that can carry the organiser's ids. The names of REST and of IPN mean the same
// two fields and may be used with either.
func (c *Config) ReferenceFields() []string {
	return []string{"custom_id", "invoice_id", "custom", "invoice"}
}

// Reserves implements protocol.Reserver: our own calls reserve, so they need the credentials.
func (c *Config) Reserves() bool { return c.ClientID != "" && c.ClientSecret.IsSet() }

// Open makes the account.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) { return New(*c, o) }

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	c.validateChoices(p)
	c.validateCredentials(p)
	c.validateFiles(p)
	if c.MerchantID != "" && !merchantIDs.MatchString(c.MerchantID) {
		p.Add("merchant_id", "is not a PayPal account id; copy it from Account Settings, Business information")
	}
	if len(c.BrandName) > maxBrand {
		p.Add("brand_name", "is longer than %d characters; shorten it", maxBrand)
	}
	c.Endpoint.Validate(p, live)
	if live {
		protocol.SandboxOnly(p, map[string]bool{"accept_simulator": c.AcceptSimulator})
	}
}

func (c *Config) validateChoices(p *field.Problems) {
	if c.Verify != "" && c.Verify != byPayPal && c.Verify != offline {
		p.Add("verify", "is %q; write paypal or offline", c.Verify)
	}
	if c.Notifications != "" && c.Notifications != webhooks && c.Notifications != ipn {
		p.Add("notifications", "is %q; write webhooks or ipn", c.Notifications)
	}
}

func (c *Config) validateCredentials(p *field.Problems) {
	if c.Notifications == ipn {
		p.Require("receiver", c.Receiver != "", "IPN is not signed, so the merchant's account id or e-mail address must be compared")
		if (c.ClientID != "") != c.ClientSecret.IsSet() {
			p.Add("client_id", "and client_secret belong together; write both or none")
		}
	} else {
		p.Require("client_id", c.ClientID != "", "copy it from the REST app in the account's mode")
		c.validateWebhookID(p)
	}
	protocol.CheckSecret(p, "client_secret", c.ClientSecret, c.Notifications != ipn)
}

func (c *Config) validateWebhookID(p *field.Problems) {
	switch {
	case c.WebhookID == "":
		p.Require("webhook_id", false, "register the callback address at the REST app and copy the id that it shows")
	case c.WebhookID == simulatorWebhook:
		p.Add("webhook_id", "is the simulator's placeholder; write the id of your webhook, and accept_simulator: true for its messages")
	case !webhookIDs.MatchString(c.WebhookID):
		p.Add("webhook_id", "has letters and digits only; copy it from the REST app")
	}
}

func (c *Config) validateFiles(p *field.Problems) {
	for key, path := range map[string]string{"ca_bundle": c.CABundle} {
		if _, err := protocol.ReadCertificates(path); err != nil {
			p.Add(key, "%v; write the path of a PEM file with certificates", err)
		}
	}
	if _, err := readGiven(c.Certificates); err != nil {
		p.Add("certificates", "%v; write the path of a PEM file named after the certificate, or of a folder of them", err)
	}
}
