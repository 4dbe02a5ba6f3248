package redsys

import (
	"crypto/cipher"
	"crypto/des"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// The fields of both forms, ours and Redsys'.
const (
	versionField    = "Ds_SignatureVersion"
	parametersField = "Ds_MerchantParameters"
	signatureField  = "Ds_Signature"

	version = "HMAC_SHA256_V1"
)

var orders = regexp.MustCompile(`^[0-9A-Za-z]{1,12}$`)

// check verifies the signature of a notification over its parameters as received. Each order has a key of its own, so the order's
// number is read before anything is proved; nothing else is.
//
// Source: Redsys, migration to the signature HMAC SHA-256, connection by redirection.
func (r *Redsys) check(body []byte) (parameters, error) {
	form, err := protocol.ParseForm(string(body))
	if err != nil {
		return nil, err
	}
	text, signature := form.Get(parametersField), form.Get(signatureField)
	if !form.Has(versionField) || text == "" || signature == "" {
		return nil, purchase.Forged(purchase.Malformed)
	}
	p, err := readParameters(text)
	if err != nil || !orders.MatchString(p[order]) {
		return nil, purchase.Forged(purchase.Malformed)
	}
	if form.Get(versionField) != version || !fits(signature, r.sign(p[order], text)) {
		return nil, purchase.Forged(purchase.BadSignature)
	}
	return p, nil
}

// fits compares a signature as it travels, in URL-safe base64 with or without padding, with what it must be.
func fits(signature string, want []byte) bool {
	got, err := base64.RawURLEncoding.Strict().DecodeString(strings.TrimSuffix(signature, "="))
	return err == nil && !strings.ContainsAny(signature, "\r\n") && hmac.Equal(got, want)
}

// sign signs parameters with the key of their order: the order's number, filled up with zeros, encrypted with the terminal's key.
func (r *Redsys) sign(order, parameters string) []byte {
	key := make([]byte, (len(order)+des.BlockSize-1)/des.BlockSize*des.BlockSize)
	copy(key, order)
	cipher.NewCBCEncrypter(r.key, make([]byte, des.BlockSize)).CryptBlocks(key, key)
	h := hmac.New(sha256.New, key)
	h.Write([]byte(parameters))
	return h.Sum(nil)
}
