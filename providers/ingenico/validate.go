package ingenico

import (
	"regexp"
	"slices"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

var (
	pspids      = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,30}$`)
	merchantIDs = regexp.MustCompile(`^[0-9]{1,20}$`)
	keyIDs      = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)
	apiUsers    = regexp.MustCompile(`^[A-Za-z0-9_.@-]{2,20}$`)
)

const minSecret = 16

// demo are keys and passphrases that manuals and SDK tests print. Everybody has them.
var demo = []string{"hello+world", "secretApiKey", "6Kj5HT0MQKC6D8eb7W3lTg71kVKVDSt1", "I42Zf4pVnRdroHfuHnRiJjJ2B6+22h0yQt/R3nZR8Xg=",
	"Mysecretsig1875!?", "sha_in", "sha_out"}

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	switch c.generation() {
	case direct, connect:
		c.validateWorldline(p, live)
	case ogone:
		c.validateOgone(p, live)
	default:
		p.Add("generation", "is %q; write direct, connect or ogone", c.Generation)
		return
	}
	c.validateForeign(p)
	c.validateHosts(p, live)
	c.Endpoint.Validate(p, live)
}

// validateForeign: a key that another generation has shows a mistaken generation.
func (c *Config) validateForeign(p *field.Problems) {
	worldline := []string{direct, connect}
	for _, k := range []struct {
		key string
		set bool
		of  []string
	}{
		{"pspid", c.PSPID != "", []string{direct, ogone}},
		{"merchant_id", c.MerchantID != "", []string{connect}},
		{"page_host", c.PageHost != "", worldline},
		{"api_key_id", c.APIKeyID != "", worldline},
		{"api_secret", c.APISecret.IsSet(), worldline},
		{"webhook_keys", len(c.WebhookKeys) > 0, worldline},
		{"variant", c.Variant != "", worldline},
		{"sha_in", c.SHAIn.IsSet(), []string{ogone}},
		{"sha_out", c.SHAOut.IsSet(), []string{ogone}},
		{"sha", c.SHA != "", []string{ogone}},
		{"api_user", c.APIUser != "", []string{ogone}},
		{"api_password", c.APIPassword.IsSet(), []string{ogone}},
		{"feedback_only", c.FeedbackOnly, []string{ogone}},
	} {
		if k.set && !slices.Contains(k.of, c.generation()) {
			p.Add(k.key, "is a key of generation %s; remove it, or correct generation, which is %s", k.of[0], c.generation())
		}
	}
}

func (c *Config) validateWorldline(p *field.Problems, live bool) {
	if c.generation() == connect {
		named(p, "merchant_id", c.MerchantID, merchantIDs, "copy the number from the Configuration Center")
	} else {
		named(p, "pspid", c.PSPID, pspids, "copy it from the Merchant Portal")
	}
	named(p, "api_key_id", c.APIKeyID, keyIDs, "make an API key in the back office and copy its id")
	secret(p, "api_secret", c.APISecret, live)
	p.Require("webhook_keys", len(c.WebhookKeys) > 0, "make webhook keys in the back office, and copy the id and, at once, the secret")
	seen := map[string]bool{}
	for _, k := range c.WebhookKeys {
		at := p.At("webhook_keys")
		named(at, "id", k.ID, keyIDs, "copy the id of the webhook key")
		secret(at, "secret", k.Secret, live)
		if seen[k.ID] {
			at.Add("id", "is there twice; each pair of keys has its own id")
		}
		seen[k.ID] = true
	}
	if c.Variant != "" && (len(c.Variant) > 128 || protocol.Clip(c.Variant, 128) != c.Variant) {
		p.Add("variant", "is not the name of a template; copy it from the back office")
	}
}

func (c *Config) validateOgone(p *field.Problems, live bool) {
	named(p, "pspid", c.PSPID, pspids, "it is the name that you sign in with")
	secret(p, "sha_in", c.SHAIn, live)
	secret(p, "sha_out", c.SHAOut, live)
	if in, err := c.SHAIn.Reveal(); err == nil {
		if out, err := c.SHAOut.Reveal(); err == nil && in == out {
			p.Add("sha_out", "is the passphrase of sha_in; choose two that differ, else what we send could be played back to us")
		}
	}
	if c.SHA != "" && hashes[c.SHA] == nil {
		p.Add("sha", "is %q; write sha512, sha256 or sha1, as the account is set", c.SHA)
	}
	switch {
	case (c.APIUser != "") != c.APIPassword.IsSet():
		p.Add("api_user", "and api_password belong together; write both or none")
	case c.APIUser != "" && c.FeedbackOnly:
		p.Add("feedback_only", "is for accounts without api_user; remove one of the two")
	case c.APIUser == "" && !c.FeedbackOnly:
		p.Add("api_user", "is required, to read payments back; without it write feedback_only: true, and have amount and currency sent in the feedback")
	}
	if c.APIUser != "" {
		named(p, "api_user", c.APIUser, apiUsers, "")
		protocol.CheckSecret(p, "api_password", c.APIPassword, false)
	}
}

func named(p *field.Problems, key, value string, of *regexp.Regexp, todo string) {
	switch {
	case value == "":
		p.Require(key, false, todo)
	case !of.MatchString(value):
		p.Add(key, "has characters or a length that it cannot have; copy it again")
	}
}

// secret notes what is wrong with a signing secret: missing, short, or known to everybody.
func secret(p *field.Problems, key string, ref field.Secret, live bool) {
	protocol.CheckSecret(p, key, ref, true)
	switch value, err := ref.Reveal(); {
	case err != nil:
	case slices.Contains(demo, value):
		if live {
			p.Add(key, "is printed in a manual, so everybody knows it; make a new one")
		}
	case len(value) < minSecret:
		p.Add(key, "has fewer than %d characters; make a longer one", minSecret)
	}
}
