// Package differential compares our verifiers of signatures with those of the libraries that the providers, or the authors of a
// specification, publish themselves.
package differential

import (
	"encoding/hex"
	"errors"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stripe/stripe-go/v82/webhook"
	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/generic"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/stripe"
)

const (
	stripeSecret   = "whsec_simulated0123456789abcdef"
	standardSecret = "whsec_bmV3LXNlY3JldC1vZi10aGUtc2ltdWxhdG9yMDI="
	window         = 5 * time.Minute
)

// A made is what the fuzzer makes of a delivery: a body that is signed when it is age old, then the signature cut, repeated, moved or changed.
type made struct {
	body          []byte
	age           int64 // seconds, before now; below zero: from the future
	before, after string
	flip          uint16 // 0: nothing is changed; else the byte of the signature's header
}

func add(f *testing.F, signature string) {
	for _, body := range []string{`{"id":"evt_1","object":"event","type":"payment_intent.succeeded","livemode":false,"data":{"object":{}}}`, "{}", "", "\x00\xff"} {
		for _, age := range []int64{0, 290, 310, -290, -310, 1 << 40, -1 << 62} {
			f.Add([]byte(body), age, "", "", uint16(0))
		}
		for _, around := range []string{",", signature, " ", "v0=00,", ",v0=00", "t=1,", ",t=1", "v1=zz,", " v1,AAAA", "v1,AAAA ", "v1a,AAAA ", "=", ",,", strings.Repeat(",v1="+strings.Repeat("0", 64), 9)} {
			f.Add([]byte(body), int64(0), around, "", uint16(0))
			f.Add([]byte(body), int64(0), "", around, uint16(0))
		}
		for flip := range uint16(40) {
			f.Add([]byte(body), int64(0), "", "", flip*2)
		}
	}
}

// header is the signature as it arrives.
func (m made) header(signature string) string {
	text := []byte(m.before + signature + m.after)
	if m.flip > 0 && len(text) > 0 {
		text[int(m.flip)%len(text)] ^= 1
	}
	return string(text)
}

// atTheEdge: the two read their clocks one after the other, so an age of nearly the window is nobody's.
func (m made) atTheEdge() bool {
	age := max(m.age, -m.age)
	return age > 290 && age < 310
}

// compare holds the law: what we take for genuine, the library takes for genuine; what it takes and we do not is refused for a reason that is named here,
// never as a wrong signature.
func compare(t *testing.T, p bridge.Provider, d purchase.Delivery, theirs error, stricter ...purchase.Refusal) {
	t.Helper()
	_, err := p.Read(t.Context(), d)
	ours := !errors.Is(err, purchase.ErrForged)
	var why purchase.Refusal
	errors.As(err, &why)
	switch {
	case ours && theirs != nil:
		t.Errorf("we take for genuine what the library refuses: %v\n%q %q", theirs, d.Header, d.Body)
	case !ours && theirs == nil:
		for _, s := range stricter {
			if why == s {
				return
			}
		}
		t.Errorf("we refuse as %s what the library takes for genuine\n%q %q", why, d.Header, d.Body)
	case !ours && !errors.Is(err, purchase.ErrForged):
		t.Errorf("an error of no kind: %v", err)
	}
}

// Stripe's library takes times of any future, several times in one header, capital digits in a signature, and any number of them; we do not. It looks at the
// signature only: mode, account and kind of the event are ours.
func FuzzStripe(f *testing.F) {
	c := stripe.Config{SecretKey: providertest.Secret(f, "sk_test_simulated51H"), WebhookSecrets: []field.Secret{providertest.Secret(f, stripeSecret)}}
	p, err := stripe.New(c, providertest.Options(f, map[string]string{"purchase": "metadata.purchase_id"}))
	if err != nil {
		f.Fatal(err)
	}
	add(f, ",v1="+strings.Repeat("0", 64))
	f.Fuzz(func(t *testing.T, body []byte, age int64, before, after string, flip uint16) {
		m := made{body, age, before, after, flip}
		if m.atTheEdge() {
			return
		}
		now := time.Now()
		at := time.Unix(now.Unix()-age, 0)
		header := m.header("t=" + strconv.FormatInt(at.Unix(), 10) + ",v1=" + hex.EncodeToString(webhook.ComputeSignature(at, body, stripeSecret)))
		d := purchase.Delivery{Account: "main", Received: now, Method: http.MethodPost, Header: http.Header{"Stripe-Signature": {header}}, Body: body}
		stricter := []purchase.Refusal{purchase.Malformed, purchase.WrongMode, purchase.WrongMerchant}
		if age < 0 || flip > 0 || strings.Contains(before+after, "t=") {
			stricter = append(stricter, purchase.Stale)
		}
		compare(t, p, d, webhook.ValidatePayloadWithTolerance(body, header, stripeSecret, window), stricter...)
	})
}

// The library of Standard Webhooks takes a time with a sign or zeros before it; we do not. It looks at the signature only.
func FuzzStandardWebhooks(f *testing.F) {
	p, err := generic.New(standardConfig(f), providertest.Options(f, nil))
	if err != nil {
		f.Fatal(err)
	}
	theirs, err := standardwebhooks.NewWebhook(standardSecret)
	if err != nil {
		f.Fatal(err)
	}
	add(f, " v1,"+strings.Repeat("A", 43)+"=")
	f.Fuzz(func(t *testing.T, body []byte, age int64, before, after string, flip uint16) {
		m := made{body, age, before, after, flip}
		if m.atTheEdge() {
			return
		}
		now := time.Now()
		at := time.Unix(now.Unix()-age, 0)
		signature, err := theirs.Sign("msg_1", at, body)
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		h.Set("Webhook-Id", "msg_1")
		h.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
		h.Set("Webhook-Signature", m.header(signature))
		d := purchase.Delivery{Account: "main", Received: now, Method: http.MethodPost, Header: h, Body: body}
		compare(t, p, d, theirs.Verify(body, h), purchase.Malformed, purchase.WrongMode, purchase.WrongMerchant)
	})
}

// standardConfig is the reference account, with one of its keys.
func standardConfig(f *testing.F) generic.Config {
	raw, err := os.ReadFile("../../deploy/accounts/generic-standard-webhooks.yaml")
	if err != nil {
		f.Fatal(err)
	}
	var file struct {
		Accounts map[string]struct {
			Generic generic.Config `yaml:"generic"`
		} `yaml:"accounts"`
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		f.Fatal(err)
	}
	c := file.Accounts["standard-webhooks-main"].Generic
	c.Auth.Keys = []field.Secret{providertest.Secret(f, standardSecret)}
	return c
}
