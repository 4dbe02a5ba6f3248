package protocol

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/paybridge/paybridge/config/field"
)

// An Endpoint is how a provider's API is reached. Every provider's section has these keys.
type Endpoint struct {
	// APIURL replaces the provider's address, for a simulator. Sandbox only.
	APIURL string `yaml:"api_url,omitempty"`
	// CAFile is a PEM file with the authority of api_url's certificate. Sandbox only.
	CAFile string `yaml:"ca_file,omitempty"`
	// Timeout bounds one request to the provider. Default 10s, at most 1m.
	Timeout field.Duration `yaml:"timeout,omitempty"`
}

const (
	defaultTimeout = 10 * time.Second
	maxTimeout     = time.Minute
)

// Validate notes everything that is wrong with the keys.
func (e Endpoint) Validate(p *field.Problems, live bool) {
	if d := time.Duration(e.Timeout); d < 0 || d > maxTimeout {
		p.Add("timeout", "is %s; write a duration up to %s, for example 10s", e.Timeout, field.Duration(maxTimeout))
	}
	if _, err := ReadCertificates(e.CAFile); err != nil {
		p.Add("ca_file", "%v; write the path of a PEM file with certificates", err)
	}
	if live {
		SandboxOnly(p, map[string]bool{"api_url": e.APIURL != "", "ca_file": e.CAFile != ""})
		return
	}
	switch {
	case e.APIURL == "" && e.CAFile != "":
		p.Add("ca_file", "serves api_url only; remove it")
	case e.APIURL != "" && !isOrigin(e.APIURL):
		p.Add("api_url", "is not the address of a server; write it like https://127.0.0.1:8443")
	}
}

// SandboxOnly notes each of the keys that is set although the account is live.
func SandboxOnly(p *field.Problems, set map[string]bool) {
	for key, is := range set {
		if is {
			p.Add(key, "is for sandbox only; remove it")
		}
	}
}

func isOrigin(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != "" && u.User == nil && strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == ""
}

// Origin is the address of a simulator where the section names one, else the provider's own: the one place where that is decided. An
// override in live mode is an error although settings refuse it already.
func (e Endpoint) Origin(own string, live bool) (string, error) {
	switch {
	case e.APIURL == "" && e.CAFile == "":
		return own, nil
	case live:
		return "", errors.New("use api_url and ca_file: they are for sandbox only")
	case e.APIURL == "":
		return own, nil
	case !isOrigin(e.APIURL):
		return "", errors.New("use api_url: it must be the https address of a server")
	}
	return strings.TrimSuffix(e.APIURL, "/"), nil
}

// ReadCertificates reads the certificates of a PEM file; none where the path is "".
func ReadCertificates(path string) ([]*x509.Certificate, error) {
	if path == "" {
		return nil, nil
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseCertificates(raw)
}

// ParseCertificates reads PEM; a text without any certificate is an error.
func ParseCertificates(raw []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for {
		var block *pem.Block
		if block, raw = pem.Decode(raw); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("read a certificate: %w", err)
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	return certs, nil
}

// CheckSecret notes what is wrong with a secret reference: missing where it is required, or leading nowhere.
func CheckSecret(p *field.Problems, key string, s field.Secret, required bool) {
	if !s.IsSet() {
		p.Require(key, !required, "put it into a file and write file:PATH")
		return
	}
	if _, err := s.Reveal(); err != nil {
		p.Add(key, "%v", err)
	}
}
