package paypal

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/paybridge/paybridge/providers/protocol"
)

// A chain is a signing certificate with whatever came along, and the spans of time in which it was found to be trusted.
type chain struct {
	leaf   *x509.Certificate
	others []*x509.Certificate

	mu    sync.Mutex
	spans []span
}

type span struct {
	name     string
	from, to time.Time
}

// An authority says which signing certificates are trusted.
type authority struct {
	roots   *x509.CertPool
	middles []*x509.Certificate
}

const minKeyBits = 2048

var errUntrusted = errors.New("the certificate's issuer is not known; put it into ca_bundle")

// newAuthority takes the system's roots, where it has any, and the bundle: what signed itself is a root, the rest goes between.
func newAuthority(bundle []*x509.Certificate) authority {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	a := authority{roots: roots}
	for _, c := range bundle {
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			a.roots.AddCert(c)
		} else {
			a.middles = append(a.middles, c)
		}
	}
	return a
}

// key is the key of a certificate that was trusted for the name at that time. An issuer that is not known is errUntrusted: the
// certificate came from PayPal's address or from the settings, so the bundle is what is incomplete. Any other flaw is the
// certificate's own.
func (a authority) key(c *chain, name string, at time.Time) (*rsa.PublicKey, error) {
	key, ok := c.leaf.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minKeyBits {
		return nil, errors.New("the certificate has no RSA key of 2048 bits or more")
	}
	if c.trusted(name, at) {
		return key, nil
	}
	middles := x509.NewCertPool()
	for _, m := range append(c.others, a.middles...) {
		middles.AddCert(m)
	}
	chains, err := c.leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: a.roots, Intermediates: middles, CurrentTime: at,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var unknown x509.UnknownAuthorityError
	switch {
	case errors.As(err, &unknown):
		return nil, errUntrusted
	case err != nil:
		return nil, errors.New("the certificate was not good for the sender at that time")
	}
	c.remember(name, chains)
	return key, nil
}

func (c *chain) trusted(name string, at time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if s.name == name && !at.Before(s.from) && !at.After(s.to) {
			return true
		}
	}
	return false
}

// remember notes when all certificates of a chain are valid together: within it the answer is the same.
func (c *chain) remember(name string, chains [][]*x509.Certificate) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, line := range chains {
		s := span{name: name, from: line[0].NotBefore, to: line[0].NotAfter}
		for _, cert := range line[1:] {
			if cert.NotBefore.After(s.from) {
				s.from = cert.NotBefore
			}
			if cert.NotAfter.Before(s.to) {
				s.to = cert.NotAfter
			}
		}
		c.spans = append(c.spans, s)
	}
}

func parseChain(raw []byte) (*chain, error) {
	certs, err := protocol.ParseCertificates(raw)
	if err != nil {
		return nil, err
	}
	return &chain{leaf: certs[0], others: certs[1:len(certs):len(certs)]}, nil
}

// readGiven reads the certificates that need not be fetched, by the name that ends their address.
func readGiven(path string) (map[string]*chain, error) {
	if path == "" {
		return nil, nil
	}
	files := []string{path}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		if files, err = filepath.Glob(filepath.Join(path, "CERT-*")); err != nil {
			return nil, err
		}
	}
	given := make(map[string]*chain, len(files))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		c, err := parseChain(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Base(file), err)
		}
		id := strings.TrimSuffix(filepath.Base(file), filepath.Ext(file))
		if !certIDs.MatchString(id) {
			return nil, fmt.Errorf("%s is not named after a certificate", filepath.Base(file))
		}
		given[id] = c
	}
	if len(given) == 0 {
		return nil, errors.New("there is no file named CERT-… in it")
	}
	return given, nil
}
