package sips

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// seals seal what goes to Sips and open what comes from it. The first key seals, all verify.
type seals struct {
	keys  []key
	plain bool // forms are sealed by SHA-256 of text and key instead of an HMAC; the JSON of Sips Office never is
}

type key struct {
	version string
	secret  []byte
}

// What Sips calls the two ways of sealing.
const (
	hmacAlgorithm  = "HMAC-SHA-256"
	plainAlgorithm = "SHA-256"
)

// open verifies an automatic response with each of the keys and returns its fields as text, with the version of the key that fits. The
// seal is over Data as it came, before it is decoded. The algorithm is that of the settings, whatever the message says.
//
// Source: BNP Paribas and Worldline, sample code of the POST connector.
func (s seals) open(form protocol.Form) (text, version string, err error) {
	data, seal := form.Get("Data"), form.Get("Seal")
	got, err := hex.DecodeString(seal)
	if data == "" || err != nil || len(got) != sha256.Size || strings.ToLower(seal) != seal {
		return "", "", purchase.Forged(purchase.Malformed)
	}
	for _, k := range s.keys {
		if hmac.Equal(got, s.form(k, data)) {
			text, err = decode(data, form.Get("Encode"))
			return text, k.version, err
		}
	}
	return "", "", purchase.Forged(purchase.BadSignature)
}

// form is the seal of a form's Data.
func (s seals) form(k key, data string) []byte {
	if s.plain {
		sum := sha256.Sum256(append([]byte(data), k.secret...))
		return sum[:]
	}
	return k.hmac(data)
}

func (k key) hmac(text string) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// decode undoes the encoding that a form names.
func decode(data, encoding string) (string, error) {
	alphabet := base64.RawStdEncoding
	switch encoding {
	case "":
		return data, nil
	case "base64":
	case "base64url":
		alphabet = base64.RawURLEncoding
	default:
		return "", purchase.Forged(purchase.Malformed)
	}
	raw, err := alphabet.Strict().DecodeString(strings.TrimRight(data, "="))
	if err != nil || strings.ContainsAny(data, "\r\n") {
		return "", purchase.Forged(purchase.Malformed)
	}
	return string(raw), nil
}
