package monetico

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"unicode/utf8"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the monetico section of an account. Test and production of one TPE have the same values in it: only the environment's mode
// says which payments count.
type Config struct {
	// TPE is the number of the terminal, seven characters.
	TPE string `yaml:"tpe"`
	// Key is the security key of the TPE as the bank gives it, 40 characters.
	Key field.Secret `yaml:"key"`
	// Company is the company code (code société). Without it the account only hears notifications: callback only.
	Company string `yaml:"company,omitempty"`
	// Billing is the address that every order names; needed with company.
	Billing Billing `yaml:"billing,omitempty"`
	// APIURL replaces the bank's address, for a simulator. Sandbox only.
	APIURL string `yaml:"api_url,omitempty"`
}

// Billing is the address that stands in for the payer's, whom paybridge does not know: write the organiser's. The bank's documents want
// all four in every order; whether it checks them is not said.
type Billing struct {
	// Address is number and street, at most 50 characters.
	Address string `yaml:"address"`
	// PostalCode has at most 10 characters.
	PostalCode string `yaml:"postal_code"`
	// City has at most 50 characters.
	City string `yaml:"city"`
	// Country is the ISO 3166-1 code in two capital letters.
	Country string `yaml:"country"`
}

const host = "https://p.monetico-services.com"

var (
	terminals = regexp.MustCompile(`^[A-Za-z0-9]{7}$`)
	companies = regexp.MustCompile(`^[A-Za-z0-9_.-]{1,50}$`)
	countries = regexp.MustCompile(`^[A-Z]{2}$`)
)

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret { return []field.Secret{c.Key} }

// ReferenceFields are the fields of an order that can carry the organiser's ids.
func (c *Config) ReferenceFields() []string { return []string{textField, referenceField} }

// Open makes the account.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) { return New(*c, o) }

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	if !terminals.MatchString(c.TPE) {
		p.Add("tpe", "is not the number of a TPE; copy its seven characters from what the bank sent")
	}
	protocol.CheckSecret(p, "key", c.Key, true)
	if given, err := c.Key.Reveal(); err == nil {
		validateKey(p, given, live)
	}
	switch {
	case c.Company != "":
		if !companies.MatchString(c.Company) {
			p.Add("company", "is not a company code; copy it from what the bank sent")
		}
		c.Billing.validate(p.At("billing"))
	case c.Billing != Billing{}:
		p.Add("billing", "serves the pay page only; write company as well, or remove it")
	}
	protocol.Endpoint{APIURL: c.APIURL}.Validate(p, live)
}

func validateKey(p *field.Problems, given string, live bool) {
	key, err := usableKey(given)
	switch {
	case err != nil:
		p.Add("key", "%v; copy it from the file that the bank sent", err)
	case live && isPrinted(key):
		p.Add("key", "is an example from a manual that everybody has; copy your own from the file that the bank sent")
	}
}

func (b Billing) validate(p *field.Problems) {
	for key, text := range map[string]string{"address": b.Address, "city": b.City, "postal_code": b.PostalCode} {
		limit := 50
		if key == "postal_code" {
			limit = 10
		}
		if n := utf8.RuneCountInString(text); n == 0 || n > limit {
			p.Add(key, "has %d characters; the pay page wants 1 to %d: write the organiser's address", n, limit)
		}
	}
	if !countries.MatchString(b.Country) {
		p.Add("country", "is not a country's code; write two capital letters, for example FR")
	}
}

// context is the address as the pay page wants it.
func (b Billing) context() string {
	raw, err := json.Marshal(map[string]any{"billing": map[string]string{"addressLine1": b.Address, "city": b.City, "postalCode": b.PostalCode, "country": b.Country}})
	if err != nil { // strings
		panic("write the address of an order: " + err.Error())
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// page is where orders go. The test page has a path of its own.
func (c *Config) page(live bool) (string, error) {
	origin, err := protocol.Endpoint{APIURL: c.APIURL}.Origin(host, live)
	if live {
		return origin + "/paiement.cgi", err
	}
	return origin + "/test/paiement.cgi", err
}
