package ingenico

import (
	"cmp"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the ingenico section of an account, whatever its generation: a key of another generation is refused. Keys, secrets and
// passphrases differ from merchant to merchant and between test and live, and never mix.
type Config struct {
	// Generation is direct (Worldline Direct, the default), connect (Worldline Connect, GlobalCollect) or ogone (Ogone e-Commerce, which
	// Worldline announced as ended). PSPID with API keys is direct, a numeric merchant id is connect, PSPID with SHA passphrases is ogone.
	Generation string `yaml:"generation,omitempty"`
	// PSPID is the merchant's name at direct and ogone.
	PSPID string `yaml:"pspid,omitempty"`
	// MerchantID is the merchant's number at connect.
	MerchantID string `yaml:"merchant_id,omitempty"`
	// Host is the provider's or the bank's server. Default: Worldline's own for direct and ogone; needed for connect.
	Host string `yaml:"host,omitempty"`
	// PageHost is the host of the pay page where it is neither Host nor one of Worldline's own. Direct and connect.
	PageHost string `yaml:"page_host,omitempty"`
	// APIKeyID and APISecret sign our calls. Direct and connect.
	APIKeyID  string       `yaml:"api_key_id,omitempty"`
	APISecret field.Secret `yaml:"api_secret,omitempty"`
	// WebhookKeys check the provider's notifications, by their ids. While keys are changed there are two. Direct and connect.
	WebhookKeys []WebhookKey `yaml:"webhook_keys,omitempty"`
	// Variant names the template of the pay page. Direct and connect.
	Variant string `yaml:"variant,omitempty"`
	// SHAIn and SHAOut are the passphrases that sign what we send and what we hear. They are two, and differ between test and live. Ogone.
	SHAIn  field.Secret `yaml:"sha_in,omitempty"`
	SHAOut field.Secret `yaml:"sha_out,omitempty"`
	// SHA is the account's hash: sha512 (default), sha256 or sha1. It is never chosen by a message. Ogone.
	SHA string `yaml:"sha,omitempty"`
	// APIUser and APIPassword are those of an API user, for DirectLink: reading payments back, captures and refunds. Ogone.
	APIUser     string       `yaml:"api_user,omitempty"`
	APIPassword field.Secret `yaml:"api_password,omitempty"`
	// FeedbackOnly accepts that nothing can be read back: feedback that lacks amount or currency then waits for a person, and feedback
	// that is lost stays lost. Needed where there is no APIUser. Ogone.
	FeedbackOnly bool `yaml:"feedback_only,omitempty"`
	// How the provider is reached.
	protocol.Endpoint `yaml:",inline"`
}

// A WebhookKey is one pair of webhook keys.
type WebhookKey struct {
	ID     string       `yaml:"id"`
	Secret field.Secret `yaml:"secret"`
}

func (c *Config) generation() string { return cmp.Or(c.Generation, direct) }

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret {
	all := []field.Secret{c.APISecret, c.SHAIn, c.SHAOut, c.APIPassword}
	for _, k := range c.WebhookKeys {
		all = append(all, k.Secret)
	}
	return all
}

// Reserves implements protocol.Reserver: what is reserved is taken or given back by the API, at Ogone by DirectLink.
func (c *Config) Reserves() bool { return c.generation() != ogone || c.APIUser != "" }

// ReferenceFields are the fields of a payment that can carry the organiser's ids. merchantParameters may be read whole, or as a query:
// merchantParameters.purchase_id. A PurchaseId may be written as 22 characters of base64url in the merchant reference or the order id.
// What Ogone answers to DirectLink names the order id only, so COMPLUS alone serves feedback that carries the amount.
func (c *Config) ReferenceFields() []string {
	switch c.generation() {
	case connect:
		return []string{"merchantReference", "merchantOrderId"}
	case ogone:
		return []string{"orderID", "COMPLUS"}
	}
	return []string{"merchantReference", "merchantParameters", "merchantParameters.*"}
}
