package ingenico

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A reference of ours is what Direct and Connect call merchantReference and Ogone ORDERID: the PurchaseId as 22 characters of
// base64url, a hyphen, and four characters that tell the sessions of a purchase apart, with three that check the rest, so that an
// organiser's own references are not taken for ours. It is not a secret and proves nothing: the price hangs on it.
//
// Source: 30 characters of letters, digits, hyphen and underscore are what all generations of the engine take.
const (
	packedID     = 22
	packedLength = packedID + 1 + packedTurn + packedCheck
	packedTurn   = 4
	packedCheck  = 3
)

// pack makes the reference of one session, or of one refund: the same key gives the same one. ok is false for a purchase that is no GUID.
func pack(purchaseID, key string) (reference string, ok bool) {
	id, err := purchase.ParseID(purchaseID)
	if err != nil {
		return "", false
	}
	raw, err := hex.DecodeString(strings.ReplaceAll(id, "-", ""))
	if err != nil {
		return "", false
	}
	head := base64.RawURLEncoding.EncodeToString(raw) + "-" + digest("turn", key)[:packedTurn]
	return head + digest("check", head)[:packedCheck], true
}

// unpack reads the PurchaseId out of a reference of ours.
func unpack(reference string) (purchaseID string, ok bool) {
	if len(reference) != packedLength {
		return "", false
	}
	head, check := reference[:packedLength-packedCheck], reference[packedLength-packedCheck:]
	if digest("check", head)[:packedCheck] != check || head[packedID] != '-' {
		return "", false
	}
	return shortID(head[:packedID])
}

// shortID reads a GUID of 22 characters.
func shortID(text string) (id string, ok bool) {
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(raw) != 16 || strings.ContainsAny(text, "\r\n") {
		return "", false
	}
	s := hex.EncodeToString(raw)
	id, err = purchase.ParseID(s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:])
	return id, err == nil
}

func digest(of, text string) string {
	sum := sha256.Sum256([]byte("paybridge " + of + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// carried is what a payment carries of the merchant's.
type carried struct {
	reference string // merchantReference, ORDERID
	order     string // merchantOrderId
	extra     string // merchantParameters, COMPLUS
}

// sealKey is the merchant parameter with our sealed reference.
const sealKey = "paybridge"

// about begins a fact about a payment. Which purchase it names stands under our seal, else where the settings say, else in a reference of
// ours.
func about(o protocol.Options, standing purchase.Standing, payment string, c carried) purchase.Fact {
	f := o.About(standing, payment, c.field, c.extra, c.parameter(sealKey))
	if id, ok := unpack(c.reference); ok && f.Purchase.ID == "" {
		f.Purchase.ID = id
	}
	return f
}

// field reads what the settings may name.
func (c carried) field(name string) string {
	switch name {
	case "merchantReference", "orderID":
		if len(c.reference) >= packedID && (len(c.reference) == packedID || c.reference[packedID] == '-') {
			if id, ok := shortID(c.reference[:packedID]); ok {
				return id
			}
		}
		return c.reference
	case "merchantOrderId":
		return c.order
	case "merchantParameters", "COMPLUS":
		return c.extra
	}
	if key, ok := strings.CutPrefix(name, "merchantParameters."); ok {
		return c.parameter(key)
	}
	return ""
}

func (c carried) parameter(key string) string {
	values, err := url.ParseQuery(c.extra)
	if err != nil {
		return ""
	}
	return values.Get(key)
}
