package adyen

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A message of the standard webhook, as far as it is read.
//
// Source: Adyen's OpenAPI description of webhooks, version 1.
type message struct {
	Live  string `json:"live"`
	Items []struct {
		Item item `json:"NotificationRequestItem"`
	} `json:"notificationItems"`
}

type item struct {
	PSP       string `json:"pspReference"`
	Original  string `json:"originalReference"`
	Merchant  string `json:"merchantAccountCode"`
	Reference string `json:"merchantReference"`
	Amount    struct {
		Value    json.Number `json:"value"`
		Currency string      `json:"currency"`
	} `json:"amount"`
	Code       string `json:"eventCode"`
	Success    string `json:"success"`
	Additional struct {
		Signature string `json:"hmacSignature"`
	} `json:"additionalData"`
}

const (
	maxItems = 100             // Adyen sends one
	kept     = 5 * time.Minute // older than this a delivery is one of those that we keep
)

// checkLogin compares the webhook's user and password. Authenticity does not hang on them, the HMAC proves it: deliveries are kept without
// the header, and one that is read again, long after it was received and checked, is not refused for that.
func (r *Receiver) checkLogin(d purchase.Delivery) error {
	if len(protocol.Values(d.Header, "Authorization")) == 0 && r.Now().Sub(r.Received(d)) > kept {
		return nil
	}
	got, err := protocol.Once(d.Header, "Authorization")
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(digest(got), digest(r.login)) != 1 {
		return purchase.Forged(purchase.BadSignature)
	}
	return nil
}

func digest(s string) []byte {
	sum := sha256.Sum256([]byte(s))
	return sum[:]
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// open verifies every item and then the mode. Verifying is parsing: what is signed is not the body but what is in it.
func (r *Receiver) open(body []byte) ([]item, error) {
	var m message
	if protocol.Decode(body, &m) != nil || len(m.Items) == 0 || len(m.Items) > maxItems {
		return nil, purchase.Forged(purchase.Malformed)
	}
	items := make([]item, 0, len(m.Items))
	for _, wrapped := range m.Items {
		if !r.signed(wrapped.Item) {
			return nil, purchase.Forged(purchase.BadSignature)
		}
		items = append(items, wrapped.Item)
	}
	switch live, err := strconv.ParseBool(m.Live); {
	case err != nil || strconv.FormatBool(live) != m.Live:
		return nil, purchase.Forged(purchase.Malformed)
	case live != r.Live:
		return nil, purchase.Forged(purchase.WrongMode)
	}
	return items, nil
}

// signed compares the signature with that of each key. The text is compared, not what it decodes to, so there is one signature only.
func (r *Receiver) signed(i item) bool {
	text := i.signedText()
	for _, key := range r.keys {
		h := hmac.New(sha256.New, key)
		h.Write(text)
		if hmac.Equal([]byte(i.Additional.Signature), []byte(base64.StdEncoding.EncodeToString(h.Sum(nil)))) {
			return true
		}
	}
	return false
}

// signedText joins the signed fields by colons, as they are: nothing is escaped, what is missing is empty.
//
// Source: Adyen documentation, "Verify HMAC signatures"; Adyen's libraries.
func (i item) signedText() []byte {
	return []byte(strings.Join([]string{i.PSP, i.Original, i.Merchant, i.Reference, i.Amount.Value.String(), i.Amount.Currency, i.Code, i.Success}, ":"))
}

// ambiguous: because nothing is escaped, fields with a colon can be cut in other places under the same signature, and a backslash is
// escaped or not by whom you ask. Such an item is genuine and is not acted upon.
func (i item) ambiguous() bool {
	for _, field := range []string{i.PSP, i.Original, i.Merchant, i.Reference, i.Amount.Currency} {
		if strings.ContainsAny(field, `:\`) {
			return true
		}
	}
	return false
}
