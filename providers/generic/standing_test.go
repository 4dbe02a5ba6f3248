package generic_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providertest"
)

const longKey = "a-key-of-more-than-sixteen-bytes"

func digest(of func() hash.Hash, text string) []byte {
	h := hmac.New(of, []byte(longKey))
	h.Write([]byte(text))
	return h.Sum(nil)
}

func hexed(text string) string { return hex.EncodeToString(digest(sha256.New, text)) }

// opened is an account by its section, KEY behind a file, whose PurchaseId is in the field reference.
func opened(t testing.TB, section, reference string) (protocol.Account, error) {
	t.Helper()
	path := providertest.Secret(t, longKey)
	var c config
	decode(t, strings.ReplaceAll(section, "KEY", path.String()), &c)
	var p field.Problems
	if c.Validate(&p, false); len(p.List()) > 0 {
		return nil, fmt.Errorf("%v", p.List())
	}
	return c.Open(providertest.Options(t, map[string]string{"purchase": reference}))
}

const confirmed = "confirm: {url: \"https://api.example.org/{payment}\", secret: KEY}\n"

const byFields = `
format: form
auth:
  kind: hmac
  keys: [KEY]
  signature: {from: form:mac}
  content: [form:order, "text:|", form:sum, "text:|", form:state]
payment: order
amount: {value: sum, form: decimal+currency}
tells: [{fact: paid, when: [state == paid]}]
`

func TestWhatIsNotSignedIsHearsayOrNothing(t *testing.T) {
	t.Parallel()
	body := func(order, sum, state, more string) string {
		return "order=" + order + "&sum=" + sum + "&state=" + state + more + "&mac=" + hexed(order+"|"+sum+"|"+state)
	}
	for name, c := range map[string]struct {
		section, reference, body string
		want                     string // facts, or what is said instead
	}{
		"all that counts is signed":                     {byFields, "order", body("O1", "45.00EUR", "paid", ""), "[proved captured O1 O1 45.00 EUR]"},
		"more than counts is not":                       {byFields, "order", body("O1", "45.00EUR", "paid", "&note=x"), "[proved captured O1 O1 45.00 EUR]"},
		"the reference is not, and nobody can be asked": {byFields, "note", body("O1", "45.00EUR", "paid", "&note="+providertest.PurchaseID), "the field \"note\" under reference"},
		"the reference is not":                          {byFields + confirmed, "note", body("O1", "45.00EUR", "paid", "&note="+providertest.PurchaseID), "[heard captured O1 O1 45.00 EUR " + providertest.PurchaseID + "]"},
		"the currency is not": {strings.Replace(byFields, "{value: sum, form: decimal+currency}", "{value: sum, form: decimal-string, currency: code}", 1), "order",
			body("O1", "45.00", "paid", "&code=EUR"), "auth.content"},
		"the currency is not, and it can be asked": {strings.Replace(byFields, "{value: sum, form: decimal+currency}", "{value: sum, form: decimal-string, currency: code}", 1) + confirmed,
			"order", body("O1", "45.00", "paid", "&code=EUR"), "[heard captured O1 O1 45.00 EUR]"},
		"it can be cut in two ways":                          {byFields, "order", body("O|1", "45.00EUR", "paid", ""), "not understood"},
		"it can be cut in two ways, and it can be asked":     {byFields + confirmed, "order", body("O|1", "45.00EUR", "paid", ""), "[heard captured O|1 O|1 45.00 EUR]"},
		"it could be cut in two ways, and tells nothing":     {byFields, "order", body("O|1", "45.00EUR", "open", ""), "[]"},
		"values without their names, and nobody to be asked": {strings.Replace(lyra[:strings.Index(lyra, "confirm:")], "{KEY}", "KEY", 1), "vads_order_id", "", "auth.form_sorted"},
	} {
		a, err := opened(t, c.section, c.reference)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
			continue
		}
		reading, err := a.Read(t.Context(), post(time.Now(), c.body))
		got := fmt.Sprint(providertest.Said(reading.Facts))
		if errors.Is(err, purchase.ErrNotUnderstood) {
			got = "not understood"
		} else if err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

const byJSON = `
payment: id
amount: {value: amount, currency: currency}
tells: [{fact: paid, when: [status == paid]}]
`

func TestTokensAndNothingAreHearsay(t *testing.T) {
	t.Parallel()
	const body = `{"id":"p1","amount":4500,"currency":"EUR","status":"paid"}`
	bearer := byJSON + confirmed + "auth: {kind: token, keys: [KEY], signature: {from: header:Authorization, prefix: \"Bearer \"}}"
	basic := byJSON + confirmed + "auth: {kind: token, keys: [KEY], signature: {from: header:Authorization, layout: basic}}"
	nothing := byJSON + confirmed + "auth: {kind: none}"
	heard := "[heard captured p1 p1 45.00 EUR]"
	for name, c := range map[string]struct {
		section  string
		delivery purchase.Delivery
		want     string
	}{
		"a token":              {bearer, post(time.Now(), body, "Authorization", "Bearer "+longKey), heard},
		"another token":        {bearer, post(time.Now(), body, "Authorization", "Bearer "+longKey+"x"), "bad_signature"},
		"no token":             {bearer, post(time.Now(), body), "malformed"},
		"two tokens":           {bearer, changed(post(time.Now(), body), func(d *purchase.Delivery) { d.Header["Authorization"] = []string{"Bearer " + longKey, "x"} }), "malformed"},
		"a password":           {basic, post(time.Now(), body, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(longKey))), heard},
		"the password plainly": {basic, post(time.Now(), body, "Authorization", "Basic "+longKey), "bad_signature"},
		"a token and no JSON":  {bearer, post(time.Now(), "{", "Authorization", "Bearer "+longKey), "not understood"},
		"nothing":              {nothing, post(time.Now(), body), heard},
		"nothing, and no JSON": {nothing, post(time.Now(), "{"), "malformed"},
		"nothing, and no id":   {nothing, post(time.Now(), `{"status":"paid"}`), "malformed"},
		"nothing of concern":   {nothing, post(time.Now(), `{"status":"open"}`), "[]"},
	} {
		a, err := opened(t, c.section, "")
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, asks := a.(bridge.Asker); !asks {
			t.Errorf("%s: it cannot be asked", name)
		}
		reading, err := a.Read(t.Context(), c.delivery)
		if got := said(reading, err); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// said is what a reading tells, or why it was refused.
func said(reading purchase.Reading, err error) string {
	var why purchase.Refusal
	switch {
	case errors.As(err, &why):
		return string(why)
	case errors.Is(err, purchase.ErrNotUnderstood):
		return "not understood"
	case err != nil:
		return err.Error()
	}
	return fmt.Sprint(providertest.Said(reading.Facts))
}

func TestAnAccountWithoutConfirmCannotBeAsked(t *testing.T) {
	t.Parallel()
	for _, s := range senders {
		w := newWorld(t, s)
		if _, asks := w.account.(bridge.Asker); asks != (w.config.Confirm != nil) {
			t.Errorf("%s asks: %v", s, asks)
		}
		for _, power := range []bool{is[bridge.Opener](w.account), is[bridge.Refunder](w.account), is[bridge.Capturer](w.account), is[bridge.Voider](w.account), is[bridge.Lister](w.account)} {
			if power {
				t.Errorf("%s has a power that nobody gave it", s)
			}
		}
	}
}

func is[T any](a protocol.Account) bool {
	_, ok := a.(T)
	return ok
}

func TestWaysToSign(t *testing.T) {
	t.Parallel()
	const body = `{"id":"p1","amount":4500,"currency":"EUR","status":"paid","sig":"SIG","when":"2026-11-22T10:00:00Z","n":7}`
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	proved := "[proved captured p1 p1 45.00 EUR]"
	signedBy := func(of func() hash.Hash, text string) string { return hex.EncodeToString(digest(of, text)) }
	for name, c := range map[string]struct {
		auth     string
		delivery purchase.Delivery
		want     string
	}{
		"SHA-384":                {"{kind: hmac, algorithm: sha384, keys: [KEY], signature: {from: header:X-S}, content: [body]}", post(at, body, "X-S", signedBy(sha512.New384, body)), proved},
		"SHA-256 for SHA-384":    {"{kind: hmac, algorithm: sha384, keys: [KEY], signature: {from: header:X-S}, content: [body]}", post(at, body, "X-S", hexed(body)), "bad_signature"},
		"capital letters":        {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [body]}", post(at, body, "X-S", strings.ToUpper(hexed(body))), "malformed"},
		"capitals where allowed": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S, encoding: hex-any-case}, content: [body]}", post(at, body, "X-S", strings.ToUpper(hexed(body))), proved},
		"base64url": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S, encoding: base64url}, content: [body]}",
			post(at, body, "X-S", base64.RawURLEncoding.EncodeToString(digest(sha256.New, body))), proved},
		"base64url, padded": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S, encoding: base64url}, content: [body]}",
			post(at, body, "X-S", base64.URLEncoding.EncodeToString(digest(sha256.New, body))), proved},
		"method and address": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [method, \"text: \", public_url, \"text:\\n\", body]}",
			post(at, body, "X-S", hexed("POST "+providertest.Callback+"\n"+body)), proved},
		"a header": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [header:x-host, \"text:;\", body]}",
			post(at, body, "X-S", hexed("shop;"+body), "X-Host", "shop"), proved},
		"a header that holds what parts it": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [header:x-host, \"text:;\", body]}",
			post(at, body, "X-S", hexed("sh;op;"+body), "X-Host", "sh;op"), "malformed"},
		"a time in words": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [header:x-at, \"text:.\", body], timestamp: {from: header:x-at, unit: rfc3339}}",
			post(at, body, "X-S", hexed("2026-11-22T10:04:00Z."+body), "X-At", "2026-11-22T10:04:00Z"), proved},
		"a time in words, stale": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [header:x-at, \"text:.\", body], timestamp: {from: header:x-at, unit: rfc3339}}",
			post(at, body, "X-S", hexed("2026-11-22T09:54:00Z."+body), "X-At", "2026-11-22T09:54:00Z"), "stale_timestamp"},
		"a time in the body": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [body], timestamp: {from: json:/when, unit: rfc3339}}",
			post(at, body, "X-S", hexed(body)), proved},
		"a time that is none": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [timestamp, body], timestamp: {from: header:x-at}}",
			post(at, body, "X-S", hexed("soon"+body), "X-At", "soon"), "malformed"},
		"a time in another spelling": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [timestamp, body], timestamp: {from: header:x-at}}",
			post(time.Unix(1700000000, 0), body, "X-S", hexed("01700000000"+body), "X-At", "01700000000"), "malformed"},
		"fields of JSON": {"{kind: hmac, keys: [KEY], signature: {from: json:/sig}, content: [json:/id, \"text:-\", json:/amount, \"text:-\", json:/currency, \"text:-\", json:/status]}",
			post(at, strings.Replace(body, "SIG", hexed("p1-4500-EUR-paid"), 1)), proved},
		"fields of JSON, another one": {"{kind: hmac, keys: [KEY], signature: {from: json:/sig}, content: [json:/id, \"text:-\", json:/amount, \"text:-\", json:/currency, \"text:-\", json:/status]}",
			post(at, strings.Replace(strings.Replace(body, "SIG", hexed("p1-4500-EUR-paid"), 1), "4500", "4501", 1)), "bad_signature"},
		"a key twice before it is signed": {"{kind: hmac, keys: [KEY], signature: {from: json:/sig}, content: [json:/id, \"text:-\", json:/amount, \"text:-\", json:/currency, \"text:-\", json:/status]}",
			post(at, strings.Replace(strings.Replace(body, "SIG", hexed("p1-4500-EUR-paid"), 1), `"n":7`, `"amount":1`, 1)), "malformed"},
		"a key twice under a signature": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S}, content: [body]}",
			post(at, `{"id":"p1","id":"p2"}`, "X-S", hexed(`{"id":"p1","id":"p2"}`)), "not understood"},
		"a signature of nothing":  {"{kind: hmac, keys: [KEY], signature: {from: header:X-S, prefix: sha256=}, content: [body]}", post(at, body, "X-S", "sha256="), "malformed"},
		"nine signatures":         {"{kind: hmac, keys: [KEY], signature: {from: header:X-S, layout: kv-comma, element: v1}, content: [body]}", post(at, body, "X-S", strings.Repeat("v1=ab,", 8)+"v1="+hexed(body)), "malformed"},
		"a signature without end": {"{kind: hmac, keys: [KEY], signature: {from: header:X-S, layout: kv-comma, element: v1}, content: [body]}", post(at, body, "X-S", "v1="+hexed(body)+","+strings.Repeat("x", 5000)), "malformed"},
	} {
		a, err := opened(t, byJSON+"auth: "+c.auth, "")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		reading, err := a.Read(t.Context(), c.delivery)
		if got := said(reading, err); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestNotificationsByGET(t *testing.T) {
	t.Parallel()
	a, err := opened(t, strings.Replace(byFields, "format: form", "format: query", 1), "order")
	if err != nil {
		t.Fatal(err)
	}
	query := "order=O1&sum=45.00EUR&state=paid&mac=" + hexed("O1|45.00EUR|paid")
	get := purchase.Delivery{Method: http.MethodGet, Received: time.Now(), Query: query}
	for name, c := range map[string]struct {
		delivery purchase.Delivery
		want     string
	}{
		"as it comes":   {get, "[proved captured O1 O1 45.00 EUR]"},
		"with a body":   {changed(get, func(d *purchase.Delivery) { d.Body = []byte("x") }), "malformed"},
		"by POST":       {changed(get, func(d *purchase.Delivery) { d.Method = http.MethodPost }), "malformed"},
		"a field twice": {changed(get, func(d *purchase.Delivery) { d.Query += "&sum=1.00EUR" }), "malformed"},
		"another sum":   {changed(get, func(d *purchase.Delivery) { d.Query = strings.Replace(query, "45", "46", 1) }), "bad_signature"},
	} {
		reading, err := a.Read(t.Context(), c.delivery)
		if got := said(reading, err); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	if got := a.(bridge.Answerer).Methods(); !slices.Equal(got, []string{http.MethodGet}) {
		t.Errorf("it listens to %v", got)
	}
}

func TestAMessageIsKnownByItsIDOverAllTries(t *testing.T) {
	t.Parallel()
	w := newWorld(t, find(t, "standard-webhooks-0"))
	w.button(t, "")
	first := w.Delivered(t, 1)[0]
	again := w.signedBody(time.Now().Add(time.Minute), string(first.Body))
	again.Header.Set("Webhook-Id", "msg_another")
	reading, err := w.account.Read(t.Context(), first)
	if err != nil || reading.Message == "" || reading.Message != first.Header.Get("Webhook-Id") {
		t.Errorf("%+v, %v", reading, err)
	}
	if reading, err := w.account.Read(t.Context(), again); err == nil {
		t.Errorf("under another id: %+v", reading)
	}
	for _, s := range senders[2:] {
		other := newWorld(t, s)
		other.button(t, "")
		if reading, err := other.account.Read(t.Context(), other.Delivered(t, 1)[0]); err != nil || reading.Message != "" {
			t.Errorf("%s: %+v, %v", s, reading, err)
		}
	}
}

func TestOurOwnSealIsKnownWhereverItIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, find(t, "checkout-com-0"))
	options := w.options(t)
	sealed, err := options.Seals.Seal(purchase.Reference{Purchase: providertest.PurchaseID, Event: providertest.EventID, User: providertest.ContactID}, 255)
	if err != nil {
		t.Fatal(err)
	}
	w.button(t, "")
	usual := w.Delivered(t, 1)[0].Body
	body := bytes.ReplaceAll(usual, []byte(providertest.PurchaseID), []byte(sealed))
	reading, err := w.account.Read(t.Context(), w.signedBody(time.Now(), string(body)))
	want := purchase.Detail{Event: providertest.EventID, User: providertest.ContactID, Sealed: true}
	if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Purchase.ID != providertest.PurchaseID || reading.Facts[0].Detail != want {
		t.Errorf("%+v, %v", reading, err)
	}
	bare, err := w.account.Read(t.Context(), w.signedBody(time.Now(), string(usual)))
	if err != nil || bare.Facts[0].Purchase.ID != providertest.PurchaseID || bare.Facts[0].Detail.Sealed {
		t.Errorf("%+v, %v", bare, err)
	}
}
