package sips

import (
	"encoding/hex"
	"strings"
)

// SealOf is the seal of a request of Sips Office.
func SealOf(secret string, request map[string]any) string {
	k := key{secret: []byte(secret)}
	return hex.EncodeToString(k.hmac(values(object(request), strings.Compare)))
}
