package dataversesim

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"time"
)

// validity is how far a certificate reaches to both sides of now, so that clocks may be set.
const validity = 10 * 365 * 24 * time.Hour

// SelfSigned makes a certificate for the hosts (names and IP addresses) and the authority that issued it, whose PEM a
// client has to trust.
func SelfSigned(hosts ...string) (leaf tls.Certificate, caPEM []byte, err error) {
	if len(hosts) == 0 {
		return leaf, nil, errors.New("make a certificate: it needs a host")
	}
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return leaf, nil, fmt.Errorf("make the key of the authority: %w", err)
	}
	ca := certificate("Simulated authority")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return leaf, nil, fmt.Errorf("sign the authority: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return leaf, nil, fmt.Errorf("make the key of %s: %w", hosts[0], err)
	}
	served := certificate(hosts[0])
	served.KeyUsage, served.ExtKeyUsage = x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	name(served, hosts)
	der, err := x509.CreateCertificate(rand.Reader, served, ca, &key.PublicKey, caKey)
	if err != nil {
		return leaf, nil, fmt.Errorf("sign the certificate of %s: %w", hosts[0], err)
	}
	leaf = tls.Certificate{Certificate: [][]byte{der, caDER}, PrivateKey: key}
	return leaf, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: caDER}), nil
}

func certificate(commonName string) *x509.Certificate {
	var serial [16]byte
	_, _ = rand.Read(serial[:]) // never fails
	serial[0] &= 0x7f
	now := time.Now()
	return &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:]), Subject: pkix.Name{CommonName: commonName},
		NotBefore: now.Add(-validity), NotAfter: now.Add(validity),
	}
}

func name(c *x509.Certificate, hosts []string) {
	for _, h := range hosts {
		if ip := net.ParseIP(h); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, h)
		}
	}
}
