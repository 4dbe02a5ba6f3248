package sips

import (
	"cmp"
	"regexp"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the sips section of an account: one shop, at one bank.
type Config struct {
	// MerchantID is the shop's number, 15 digits. Simulation and production have shops of their own.
	MerchantID string `yaml:"merchant_id"`
	// SecretKeys are the shop's secret keys. The first seals what we send, all verify what comes: while a key is renewed there are two.
	SecretKeys []Key `yaml:"secret_keys"`
	// Seal is how forms are sealed: hmac (HMAC-SHA-256) or sha256 (SHA-256 of text and key, what Sips does unless it is told otherwise).
	// A page of the organiser's own must ask for the same. Nothing else is taken, whatever a message says of itself.
	Seal string `yaml:"seal"`
	// Bank chooses the hosts: mercanet (BNP Paribas) or sips (Worldline).
	Bank string `yaml:"bank,omitempty"`
	// PageHost is the host of the payment page where it is not the bank's usual one.
	PageHost string `yaml:"page_host,omitempty"`
	// OfficeHost is the host of Sips Office where it is not the bank's usual one.
	OfficeHost string `yaml:"office_host,omitempty"`
	// NoOffice says that the contract has no Sips Office: payments are not asked about, captured, cancelled or refunded by us.
	NoOffice bool `yaml:"no_office,omitempty"`
	// How Sips is reached.
	protocol.Endpoint `yaml:",inline"`
}

// A Key is one of a shop's secret keys.
type Key struct {
	// Version is what Sips calls the key: keyVersion.
	Version int `yaml:"version"`
	// Key is the key itself.
	Key field.Secret `yaml:"key"`
}

// The values of Seal.
const (
	hmacSeal  = "hmac"
	plainSeal = "sha256"
)

// hosts are where a shop is served.
type hosts struct{ page, office string }

// banks are the usual hosts, in production and for tests. Of test platforms Mercanet has one, Sips has a simulation with public shops.
//
// Source: Mercanet documentation, Paypage and Office (M2M), endpoints; Worldline, Sips SDK, environments.
var banks = map[string]struct{ live, sandbox hosts }{
	"mercanet": {
		live:    hosts{page: "payment-webinit.mercanet.bnpparibas.net", office: "office-server.mercanet.com"},
		sandbox: hosts{page: "payment-webinit-mercanet.test.sips-services.com", office: "office-server-mercanet.test.sips-services.com"},
	},
	"sips": {
		live:    hosts{page: "payment-webinit.sips-services.com", office: "office-server.sips-services.com"},
		sandbox: hosts{page: "payment-webinit.simu.sips-services.com", office: "office-server.simu.sips-services.com"},
	},
}

// hosts are those of the bank, but for those that are named.
func (c *Config) hosts(live bool) hosts {
	usual := banks[c.Bank].sandbox
	if live {
		usual = banks[c.Bank].live
	}
	return hosts{page: cmp.Or(c.PageHost, usual.page), office: cmp.Or(c.OfficeHost, usual.office)}
}

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret {
	all := make([]field.Secret, 0, len(c.SecretKeys))
	for _, k := range c.SecretKeys {
		all = append(all, k.Key)
	}
	return all
}

// ReferenceFields are the fields of a payment that can carry the organiser's ids. In one that takes letters and digits only, a GUID is
// 32 hexadecimal digits.
func (c *Config) ReferenceFields() []string {
	return []string{"orderId", "returnContext", "customerId", "statementReference", "transactionReference"}
}

// Reserves implements protocol.Reserver: what is reserved is taken and given back through Sips Office.
func (c *Config) Reserves() bool { return !c.NoOffice }

// Open makes the account: with Sips Office, or without.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) {
	s, err := New(*c, o)
	switch {
	case err != nil:
		return nil, err
	case c.NoOffice:
		return s.Page, nil
	}
	return s, nil
}

var (
	shops     = regexp.MustCompile(`^[0-9]{15}$`)
	hostNames = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.[a-z]{2,}$`)
	// testHosts have a word of tests in their name.
	testHosts = regexp.MustCompile(`(^|[.-])(test|simu)([.-]|$)`)
	// publicShops and publicKeys are those of the simulations, which everybody knows.
	//
	// Source: Worldline, Sips SDK and simulation environment; BNP Paribas, Mercanet modules; LCL, Sherlock's simulation.
	publicShops = regexp.MustCompile(`^(002[0-9]{3}0{8}[0-9]|21100002131000[0-9])$`)
	publicKeys  = regexp.MustCompile(`^([0-9]{15}_KEY[0-9]+|S9i8qClCnb2CZU3y3Vn0toIOgz3z_aBi79akR30vM9o)$`)
)

const (
	maxKeyVersion = 999_999_999
	minKey        = 16
)

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	switch {
	case !shops.MatchString(c.MerchantID):
		p.Add("merchant_id", "is not the number of a shop; copy its 15 digits from the contract")
	case live && publicShops.MatchString(c.MerchantID):
		p.Add("merchant_id", "is a public shop of the simulation; copy the number from the contract")
	}
	c.validateKeys(p, live)
	if c.Seal != hmacSeal && c.Seal != plainSeal {
		p.Add("seal", "is %q; write hmac, or sha256 where a page of your own seals so", c.Seal)
	}
	c.validateHosts(p, live)
	c.Endpoint.Validate(p, live)
}

func (c *Config) validateKeys(p *field.Problems, live bool) {
	p.Require("secret_keys", len(c.SecretKeys) > 0, "list the key that the bank's download site shows, with its version")
	seen := map[int]bool{}
	for _, k := range c.SecretKeys {
		if k.Version < 1 || k.Version > maxKeyVersion || seen[k.Version] {
			p.Add("secret_keys.version", "is %d; write the version that stands beside the key, each once", k.Version)
		}
		seen[k.Version] = true
		protocol.CheckSecret(p, "secret_keys.key", k.Key, true)
		switch secret, err := k.Key.Reveal(); {
		case err != nil:
		case len(secret) < minKey:
			p.Add("secret_keys.key", "is shorter than %d characters; copy all of it", minKey)
		case live && publicKeys.MatchString(secret):
			p.Add("secret_keys.key", "is a public key of the simulation; have a key of your own made")
		}
	}
}

// validateHosts: what is called must be known, and of the account's mode.
func (c *Config) validateHosts(p *field.Problems, live bool) {
	if _, known := banks[c.Bank]; !known && (c.Bank != "" || c.PageHost == "" || c.OfficeHost == "" && !c.NoOffice) {
		p.Add("bank", "is %q; write mercanet or sips, or name page_host and office_host", c.Bank)
	}
	wrong := "is a production host in sandbox; write one of the test platform, with test or simu in its name"
	if live {
		wrong = "is a host of the test platform; write the production host"
	}
	for name, host := range map[string]string{"page_host": c.PageHost, "office_host": c.OfficeHost} {
		switch {
		case host == "":
		case !hostNames.MatchString(host):
			p.Add(name, "is not a host name; write it like %s", banks["sips"].live.page)
		case testHosts.MatchString(host) == live:
			p.Add(name, "%s", wrong)
		}
	}
	if c.NoOffice && c.OfficeHost != "" {
		p.Add("office_host", "is for Sips Office; remove it, or no_office")
	}
}
