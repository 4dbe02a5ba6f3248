package monetico

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const macField = "MAC"

// authentic reads the form of a delivery and checks its MAC. The values are the bytes that were sent, in whatever charset.
//
// Pay forms are sealed with the same key in the same way, and they pass through the buyer's browser, so a right MAC alone proves
// nothing yet. The text that it covers must come apart in one way only, else who may write into a pay form (an e-mail address with an
// asterisk will do) could have a notification sealed; and a notification must tell a result, which no pay form has.
func (m *Monetico) authentic(d purchase.Delivery) (protocol.Form, error) {
	raw, err := payload(d)
	if err != nil {
		return protocol.Form{}, err
	}
	form, err := protocol.ParseForm(raw)
	if err != nil {
		return protocol.Form{}, err
	}
	given, err := hex.DecodeString(form.Get(macField))
	if err != nil || len(given) != sha1.Size {
		return protocol.Form{}, purchase.Forged(purchase.Malformed)
	}
	fields := sealedFields(form)
	switch {
	case !hmac.Equal(given, seal(m.key, fields)):
		return protocol.Form{}, purchase.Forged(purchase.BadSignature)
	case !comesApartOneWay(fields) || !form.Has(resultField):
		return protocol.Form{}, purchase.Forged(purchase.Malformed)
	case form.Get("TPE") != m.config.TPE:
		return protocol.Form{}, purchase.Forged(purchase.WrongMerchant)
	}
	return form, nil
}

// payload is the form of a delivery: the body, or the query where the bank calls by GET.
func payload(d purchase.Delivery) (string, error) {
	if d.Method != http.MethodGet {
		return string(d.Body), protocol.Sized(d)
	}
	if len(d.Body) > 0 || len(d.Query) > protocol.MaxBody {
		return "", purchase.Forged(purchase.Malformed)
	}
	return d.Query, nil
}

// sealedFields are all fields but the MAC.
func sealedFields(form protocol.Form) []purchase.Field {
	fields := make([]purchase.Field, 0, len(form.Names))
	for _, name := range form.Names {
		if name != macField {
			fields = append(fields, purchase.Field{Name: name, Value: form.Get(name)})
		}
	}
	return fields
}

// seal is the MAC over fields: in the order of the bytes of their names, each as name=value, with an asterisk between two.
//
// Source: Monetico Paiement technical documentation 2.0, computation of the seal, as public libraries quote it.
func seal(key []byte, fields []purchase.Field) []byte {
	fields = slices.SortedFunc(slices.Values(fields), func(a, b purchase.Field) int { return cmp.Compare(a.Name, b.Name) })
	h := hmac.New(sha1.New, key)
	for i, f := range fields {
		if i > 0 {
			io.WriteString(h, "*")
		}
		io.WriteString(h, f.Name+"="+f.Value)
	}
	return h.Sum(nil)
}

// comesApartOneWay: every part between two asterisks that has an equals sign must be the beginning of a field.
func comesApartOneWay(fields []purchase.Field) bool {
	for _, f := range fields {
		_, rest, _ := strings.Cut(f.Value, "*")
		if strings.ContainsAny(f.Name, "*=") || strings.Contains(rest, "=") {
			return false
		}
	}
	return true
}
