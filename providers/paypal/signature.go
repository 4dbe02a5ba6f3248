package paypal

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A transmission is what the headers of a webhook say.
type transmission struct {
	id        string
	time      string // as written: this is what is signed
	signature string
	raw       []byte // the signature, decoded
	cert      string // address
	certID    string
	certName  string // DNS name that the certificate must have
	at        time.Time
	simulated bool
}

const (
	algorithm    = "SHA256withRSA"
	tooOld       = 3*24*time.Hour + time.Hour // PayPal repeats for three days
	tooEarly     = 5 * time.Minute
	maxSignature = 500
	maxCertURL   = 500
)

var transmissionIDs = regexp.MustCompile(`^[A-Za-z0-9-]{1,50}$`)

// readTransmission takes each header exactly once and accepts only the one algorithm, the account's own hosts, and times about now.
// The time is compared with when we received the delivery, so that one that is read again later is judged the same.
//
// Source: PayPal developer documentation, webhook message signatures; PayPal's server SDKs.
func (p *PayPal) readTransmission(d purchase.Delivery) (transmission, error) {
	var t transmission
	var algo string
	for name, into := range map[string]*string{"Paypal-Transmission-Id": &t.id, "Paypal-Transmission-Time": &t.time,
		"Paypal-Transmission-Sig": &t.signature, "Paypal-Cert-Url": &t.cert, "Paypal-Auth-Algo": &algo} {
		values := protocol.Values(d.Header, name)
		if len(values) != 1 || values[0] == "" {
			return t, purchase.Forged(purchase.Malformed)
		}
		*into = values[0]
	}
	var err error
	if t.raw, err = base64.StdEncoding.Strict().DecodeString(t.signature); err != nil || len(t.signature) > maxSignature ||
		strings.ContainsAny(t.signature, "\r\n") || !transmissionIDs.MatchString(t.id) {
		return t, purchase.Forged(purchase.Malformed)
	}
	if algo != algorithm {
		return t, purchase.Forged(purchase.BadSignature)
	}
	if t.at, err = time.Parse(time.RFC3339, t.time); err != nil {
		return t, purchase.Forged(purchase.Malformed)
	}
	if age := p.Received(d).Sub(t.at); age > tooOld || age < -tooEarly {
		return t, purchase.Forged(purchase.Stale)
	}
	return t, p.locate(&t)
}

// locate pins the certificate's address to the account's mode. Messages of the dashboard's simulator name the live address even in
// sandbox.
func (p *PayPal) locate(t *transmission) error {
	u, err := url.Parse(t.cert)
	if err != nil || len(t.cert) > maxCertURL {
		return purchase.Forged(purchase.Malformed)
	}
	t.certID = strings.TrimPrefix(u.Path, certPath)
	if !certIDs.MatchString(t.certID) || t.cert != "https://"+u.Host+certPath+t.certID {
		return purchase.Forged(purchase.BadSignature)
	}
	t.certName = p.at.cert
	switch {
	case slices.Contains(p.at.certs, u.Host):
		return nil
	case p.config.AcceptSimulator && !p.Live && slices.Contains(livePlaces.certs, u.Host):
		t.simulated, t.certName = true, livePlaces.cert
		return nil
	case slices.Contains(placesOf(!p.Live).certs, u.Host):
		return purchase.Forged(purchase.WrongMode)
	}
	return purchase.Forged(purchase.BadSignature)
}

// checkOffline verifies the signature with PayPal's certificate. It covers the transmission and a CRC-32 of the body: it proves that
// PayPal sent such a message at that time, not what it said.
func (p *PayPal) checkOffline(ctx context.Context, t transmission, body []byte) error {
	found, err := p.certs.find(ctx, t.cert, t.certID)
	switch {
	case errors.Is(err, errNoCertificate):
		return purchase.Forged(purchase.BadSignature)
	case err != nil:
		return fmt.Errorf("%w: fetch the certificate: %w", purchase.ErrUnchecked, err)
	}
	key, err := p.authority.key(found, t.certName, t.at)
	switch {
	case errors.Is(err, errUntrusted):
		return fmt.Errorf("%w: %w", purchase.ErrUnchecked, err)
	case err != nil:
		return purchase.Forged(purchase.BadSignature)
	}
	webhook := p.config.WebhookID
	if t.simulated {
		webhook = simulatorWebhook
	}
	switch {
	case t.signedFor(key, webhook, body):
		return nil
	case t.signedFor(key, simulatorWebhook, body):
		return purchase.Forged(purchase.WrongMode)
	}
	return purchase.Forged(purchase.BadSignature)
}

// signedFor checks the signature for one webhook id.
func (t transmission) signedFor(key *rsa.PublicKey, webhook string, body []byte) bool {
	message := make([]byte, 0, 160)
	for _, part := range []string{t.id, t.time, webhook} {
		message = append(append(message, part...), '|')
	}
	message = strconv.AppendUint(message, uint64(crc32.ChecksumIEEE(body)), 10)
	sum := sha256.Sum256(message)
	return rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], t.raw) == nil
}
