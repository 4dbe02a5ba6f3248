package braintree

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const maxPairs = 16

// Challenges and payloads are signed alike, so an answered challenge must never be a payload: what fits here begins no XML in base64.
var (
	challenges = regexp.MustCompile(`^[a-f0-9]{20,32}$`)
	payloads   = regexp.MustCompile(`^[A-Za-z0-9+/=\n]+$`)
)

// challenge is what Braintree asks when a destination is registered.
func challenge(d purchase.Delivery) (asked string, ok bool) {
	q, err := protocol.ParseForm(d.Query)
	asked = q.Get("bt_challenge")
	return asked, err == nil && len(d.Body) == 0 && challenges.MatchString(asked)
}

// check verifies the signature of a notification over its payload as received, and decodes it.
//
// Source: Braintree's server libraries, webhook notification gateway.
func (b *Braintree) check(body []byte) ([]byte, error) {
	form, err := protocol.ParseForm(string(body))
	if err != nil {
		return nil, err
	}
	payload := form.Get("bt_payload")
	if !payloads.MatchString(payload) || !form.Has("bt_signature") {
		return nil, purchase.Forged(purchase.Malformed)
	}
	signature, err := b.ours(form.Get("bt_signature"))
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(signature), []byte(b.sign(payload))) {
		return nil, purchase.Forged(purchase.BadSignature)
	}
	raw, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		return nil, protocol.NotUnderstood("the payload is not base64")
	}
	return raw, nil
}

// ours is the one signature of our key. Braintree signs with every key that the gateway has.
func (b *Braintree) ours(pairs string) (signature string, err error) {
	all := strings.Split(pairs, "&")
	if len(all) > maxPairs {
		return "", purchase.Forged(purchase.Malformed)
	}
	found := 0
	for _, pair := range all {
		key, value, ok := strings.Cut(pair, "|")
		switch {
		case !ok:
			return "", purchase.Forged(purchase.Malformed)
		case key == b.config.PublicKey:
			signature = value
			found++
		}
	}
	switch found {
	case 0:
		return "", purchase.Forged(purchase.WrongMerchant)
	case 1:
		return signature, nil
	}
	return "", purchase.Forged(purchase.Malformed)
}

func (b *Braintree) sign(text string) string {
	h := hmac.New(sha1.New, b.key[:])
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil))
}

// fresh refuses a notification that is older than Braintree repeats one, or from the future.
func (b *Braintree) fresh(at, received time.Time) error {
	if age := received.Sub(at); age > b.config.Tolerance.Or(defaultTolerance) || age < -clockSkew {
		return purchase.Forged(purchase.Stale)
	}
	return nil
}
