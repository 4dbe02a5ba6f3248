package redsys

import (
	"crypto/cipher"
	"crypto/des"
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Config is the redsys section of an account: one terminal of a merchant. The test and the live environment have keys of their own.
type Config struct {
	// MerchantCode is the merchant's number (FUC), up to nine digits.
	MerchantCode string `yaml:"merchant_code"`
	// Terminal is the terminal's number, up to three digits.
	Terminal string `yaml:"terminal"`
	// SecretKey is the terminal's key for HMAC SHA-256, 32 characters of base64, as the merchant portal shows it.
	SecretKey field.Secret `yaml:"secret_key"`
	// APIURL replaces Redsys' address, for a simulator. Sandbox only.
	APIURL string `yaml:"api_url,omitempty"`
}

// demoMerchant and demoKeys are printed in Redsys' documents and samples: anybody can sign with them.
const demoMerchant = "999008881"

var demoKeys = []string{"sq7HjrUOBfKmC576ILgskD5srU870gJ7", "Mk9m98IfEblmPfrpsawt7BmxObt98Jev"}

const (
	livePage = "https://sis.redsys.es"
	testPage = "https://sis-t.redsys.es:25443"
	payPath  = "/sis/realizarPago"
	keySize  = 24 // of triple DES
)

var (
	merchantCodes = regexp.MustCompile(`^[0-9]{1,9}$`)
	terminals     = regexp.MustCompile(`^[0-9]{1,3}$`)

	errKey  = errors.New("is not a key of 32 characters; copy it whole from the merchant portal")
	errDemo = errors.New("is the public key of Redsys' documents; copy your own from the merchant portal")
)

// Secrets are the secret references of the section.
func (c *Config) Secrets() []field.Secret { return []field.Secret{c.SecretKey} }

// ReferenceFields are the fields of a notification that can carry the organiser's ids. Order numbers have no room for them.
func (c *Config) ReferenceFields() []string { return []string{"Ds_MerchantData"} }

// Open makes the account.
func (c *Config) Open(o protocol.Options) (protocol.Account, error) { return New(*c, o) }

// Validate notes everything that is wrong with the section.
func (c *Config) Validate(p *field.Problems, live bool) {
	if !merchantCodes.MatchString(c.MerchantCode) {
		p.Add("merchant_code", "is not a merchant number; write the digits that the bank gave you, in quotes")
	}
	if live && c.MerchantCode == demoMerchant {
		p.Add("merchant_code", "is the merchant of Redsys' documents; write your own")
	}
	if !terminals.MatchString(c.Terminal) {
		p.Add("terminal", "is not the number of a terminal; write up to three digits, in quotes")
	}
	protocol.CheckSecret(p, "secret_key", c.SecretKey, true)
	if _, err := c.SecretKey.Reveal(); err == nil {
		if _, err := c.key(live); err != nil {
			p.Add("secret_key", "%v", err)
		}
	}
	c.endpoint().Validate(p, live)
}

// key is the terminal's key. The public ones are refused in live mode.
func (c *Config) key(live bool) (cipher.Block, error) {
	text, err := c.SecretKey.Reveal()
	if err != nil {
		return nil, fmt.Errorf("read the secret key: %w", err)
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	switch {
	case err != nil || len(raw) != keySize:
		return nil, errKey
	case live && slices.Contains(demoKeys, text):
		return nil, errDemo
	}
	return des.NewTripleDESCipher(raw)
}

func (c *Config) endpoint() protocol.Endpoint { return protocol.Endpoint{APIURL: c.APIURL} }

// page is the one address to which buyers are sent.
func (c *Config) page(live bool) (string, error) {
	own := testPage
	if live {
		own = livePage
	}
	origin, err := c.endpoint().Origin(own, live)
	return origin + payPath, err
}
