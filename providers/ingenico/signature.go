package ingenico

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	keyIDHeader     = "X-Gcs-Keyid"
	signatureHeader = "X-Gcs-Signature"
)

// check verifies an event's signature: over the body as received, with the secret of the key that the event names. There is no time in
// it, and no mode: keys belong to one merchant in one environment, so an event of another one has a key that is not ours.
//
// Source: Worldline Connect and Direct documentation, webhooks.
func (w *Worldline) check(d purchase.Delivery) error {
	id, err := protocol.Once(d.Header, keyIDHeader)
	if err != nil {
		return err
	}
	text, err := protocol.Once(d.Header, signatureHeader)
	if err != nil {
		return err
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(signature) != sha256.Size || strings.ContainsAny(text, "\r\n") {
		return purchase.Forged(purchase.Malformed)
	}
	secret, known := w.keys[id]
	if !known || !hmac.Equal(signature, macOf(secret, d.Body)) {
		return purchase.Forged(purchase.BadSignature)
	}
	return nil
}

func macOf(secret, text []byte) []byte {
	h := hmac.New(sha256.New, secret)
	h.Write(text)
	return h.Sum(nil)
}
