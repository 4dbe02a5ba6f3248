package stripe

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	signatureHeader = "Stripe-Signature"
	maxHeader       = 2048
	maxSignatures   = 8
)

// check verifies the signature of a delivery: over the time and the body as received, with any of the endpoint's secrets, by any
// signature of scheme v1. The time must be about when we received it.
//
// Source: Stripe documentation, "Verify webhook signatures manually".
func (s *Stripe) check(d purchase.Delivery) error {
	header, err := protocol.Once(d.Header, signatureHeader)
	if err != nil || len(header) > maxHeader {
		return purchase.Forged(purchase.Malformed)
	}
	at, signatures, ok := parseSignature(header)
	if !ok {
		return purchase.Forged(purchase.Malformed)
	}
	if err := protocol.Fresh(at, s.Received(d), s.config.Tolerance.Or(defaultTolerance)); err != nil {
		return err
	}
	for _, secret := range s.secrets {
		want := sign(secret, at, d.Body)
		for _, got := range signatures {
			if hmac.Equal(got, want) {
				return nil
			}
		}
	}
	return purchase.Forged(purchase.BadSignature)
}

// parseSignature reads t=…,v1=…: one time, at least one signature of scheme v1. Other schemes do not count.
func parseSignature(header string) (at time.Time, signatures [][]byte, ok bool) {
	times := 0
	for part := range strings.SplitSeq(header, ",") {
		name, value, paired := strings.Cut(part, "=")
		if !paired || strings.Contains(value, "=") { // Stripe's own library refuses the whole header too
			return at, nil, false
		}
		switch name {
		case "t":
			seconds, err := strconv.ParseInt(value, 10, 64)
			if err != nil || strconv.FormatInt(seconds, 10) != value {
				return at, nil, false
			}
			at = time.Unix(seconds, 0)
			times++
		case "v1":
			raw, err := hex.DecodeString(value)
			if err != nil || strings.ToLower(value) != value || len(raw) != sha256.Size {
				return at, nil, false
			}
			signatures = append(signatures, raw)
		}
	}
	return at, signatures, times == 1 && len(signatures) > 0 && len(signatures) <= maxSignatures
}

func sign(secret []byte, at time.Time, body []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write(strconv.AppendInt(nil, at.Unix(), 10))
	h.Write([]byte("."))
	h.Write(body)
	return h.Sum(nil)
}
