package mollie

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	signatureHeader = "X-Mollie-Signature"
	maxHeader       = 1024
	maxSignatures   = 8
)

// check verifies that one of the account's secrets signed the body as received. All of the body is signed and nothing else: no header and
// no time, so an old event can be sent again, and leads to the payment as it stands now. While a secret is rolled there are several signatures, in one header or in several; the same
// one twice is no such thing.
//
// Source: Mollie documentation, next-gen webhooks.
func (m *Mollie) check(d purchase.Delivery) error {
	given, ok := signatures(d.Header)
	if !ok {
		return purchase.Forged(purchase.Malformed)
	}
	for _, secret := range m.secrets {
		h := hmac.New(sha256.New, secret)
		h.Write(d.Body)
		want := h.Sum(nil)
		for _, got := range given {
			if hmac.Equal(got, want) {
				return nil
			}
		}
	}
	return purchase.Forged(purchase.BadSignature)
}

// signatures are those of the one scheme there is: SHA-256 in small hexadecimal digits, with or without its name before it. Others do
// not count. An account of signed events without a signature is sent nothing genuine.
func signatures(h http.Header) (all [][]byte, ok bool) {
	values := strings.Join(protocol.Values(h, signatureHeader), ",")
	if values == "" || len(values) > maxHeader {
		return nil, false
	}
	var seen []string
	for text := range strings.SplitSeq(values, ",") {
		text = strings.TrimPrefix(strings.TrimSpace(text), "sha256=")
		raw, err := hex.DecodeString(text)
		if err != nil || len(raw) != sha256.Size || strings.ToLower(text) != text {
			continue
		}
		if slices.Contains(seen, text) || len(seen) == maxSignatures {
			return nil, false
		}
		seen, all = append(seen, text), append(all, raw)
	}
	return all, len(all) > 0
}
