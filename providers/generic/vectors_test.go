package generic_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providertest"
)

// vectors reads a file whose every field is known.
func vectors(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

// account opens an account whose section is written out, with KEY and the others of keys behind files. It need not be valid: published
// keys are short.
func account(t testing.TB, section string, keys map[string]string) protocol.Account {
	t.Helper()
	dir := folder(t, keys)
	for name := range keys {
		section = strings.ReplaceAll(section, "{"+name+"}", "file:"+dir+"/"+name)
	}
	var c config
	decode(t, section, &c)
	a, err := c.Open(providertest.Options(t, map[string]string{"purchase": "metadata"}))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// a vector is one published message and what is to become of it.
type vector struct {
	account   protocol.Account
	delivery  purchase.Delivery
	authentic bool
	tells     []string
	ignores   string // the change of check below that touches nothing signed
}

// check reads the vector, and what it becomes when it is changed.
func (v vector) check(t *testing.T) {
	t.Helper()
	reading, err := v.account.Read(t.Context(), v.delivery)
	if forged := errors.Is(err, purchase.ErrForged); forged == v.authentic {
		t.Fatalf("%v, want authentic: %v", err, v.authentic)
	}
	if got := providertest.Said(reading.Facts); !slices.Equal(got, v.tells) && len(got)+len(v.tells) > 0 {
		t.Errorf("it tells %q, want %q", got, v.tells)
	}
	if !v.authentic {
		return
	}
	for what, change := range map[string]func(*purchase.Delivery){
		"a longer body": func(d *purchase.Delivery) { d.Body = append(d.Body, "&vads_x=1"...) },
		"another body":  func(d *purchase.Delivery) { d.Body = append([]byte("1"), d.Body...) },
		"no header":     func(d *purchase.Delivery) { d.Header = http.Header{} },
		"two headers": func(d *purchase.Delivery) {
			for name, values := range d.Header {
				d.Header[name] = append(values, values...)
			}
		},
		"an empty header": func(d *purchase.Delivery) {
			for name := range d.Header {
				d.Header[name] = []string{""}
			}
		},
		"a cut header": func(d *purchase.Delivery) {
			for name, values := range d.Header {
				d.Header[name] = []string{values[0][:len(values[0])-1]}
			}
		},
	} {
		forged := changed(v.delivery, change)
		if strings.Contains(what, "header") && len(v.delivery.Header) == 0 || what == v.ignores {
			continue
		}
		if reading, err := v.account.Read(t.Context(), forged); !errors.Is(err, purchase.ErrForged) || len(reading.Facts) > 0 {
			t.Errorf("%s: %v, %v", what, reading, err)
		}
	}
}

func post(at time.Time, body string, header ...string) purchase.Delivery {
	d := purchase.Delivery{Method: http.MethodPost, Received: at, Header: http.Header{}, Body: []byte(body)}
	for i := 0; i+1 < len(header); i += 2 {
		if header[i+1] != "" {
			d.Header.Set(header[i], header[i+1])
		}
	}
	return d
}

// paymentJSON is the mapping of the bodies that the one-line schemes sign.
const paymentJSON = `
payment: /data/id
amount: {value: /data/amount, currency: /data/currency}
tells: [{fact: paid, when: [/type == payment_captured]}]
`

// nothingJSON and nothingForm are mappings of bodies that tell nothing.
const (
	nothingJSON = "payment: id\ntells: [{fact: failed, when: [id absent, id exists]}]\n"
	nothingForm = "format: form\npayment: order_id\ntells: [{fact: failed, when: [order_id absent]}]\n"
)

func TestPublishedOneLineSchemes(t *testing.T) {
	t.Parallel()
	var file struct {
		About string `json:"_about"`
		Cases []struct {
			Name, Doc, Header, Scheme, Key, Body, Signature string
			KeyID                                           string `json:"key_id"`
			Timestamp                                       int64
		}
	}
	vectors(t, "generic_hmac.json", &file)
	paid := []string{"proved captured pay_1 pay_1 42.00 EUR"}
	schemes := map[string]struct {
		section string
		tells   []string
	}{
		"hipay_sha256": {nothingForm + "auth: {kind: hash_suffix, keys: [{KEY}], signature: {from: header:x-allopass-signature}, content: [body]}", nil},
		"hipay_sha512": {nothingForm + "auth: {kind: hash_suffix, algorithm: sha512, keys: [{KEY}], signature: {from: header:x-allopass-signature}, content: [body]}", nil},
		"worldline_gcs": {paymentJSON + "auth: {kind: hmac, named_keys: {kid: {KEY}}, key_id: header:X-GCS-KeyId, " +
			"signature: {from: header:X-GCS-Signature, encoding: base64}, content: [body]}", paid},
		"timestamp_dot_body_hex": {paymentJSON + "auth: {kind: hmac, keys: [{KEY}], signature: {from: header:X-Signature, layout: kv-comma, element: v1}, " +
			`content: [timestamp, "text:.", body], timestamp: {from: signature:t}}`, paid},
		"sha1_hex_prefix": {paymentJSON + "auth: {kind: hmac, algorithm: sha1, keys: [{KEY}], signature: {from: header:X-Sig, prefix: sha1=}, content: [body]}", paid},
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			scheme, known := schemes[c.Name]
			if !known {
				t.Fatal("the test does not know this case")
			}
			header, signature := c.Header, c.Signature
			if name, _, pairs := strings.Cut(c.Header, ": t="); pairs {
				header, signature = name, fmt.Sprintf("t=%d,v1=%s", c.Timestamp, c.Signature)
			}
			vector{account: account(t, scheme.section, map[string]string{"KEY": c.Key}), authentic: true, tells: scheme.tells,
				delivery: post(time.Unix(c.Timestamp, 0), c.Body, header, signature, "X-GCS-KeyId", c.KeyID)}.check(t)
		})
	}
}

const standardAuth = `
auth:
  kind: KIND
  keys: [{OTHER}, {KEY}]
  key_encoding: ENCODING
  signature: {from: header:webhook-signature, layout: space-versioned, element: VERSION, encoding: base64}
  content: [id, "text:.", timestamp, "text:.", body]
  id: header:webhook-id
  timestamp: {from: header:webhook-timestamp}
`

func TestPublishedStandardWebhooks(t *testing.T) {
	t.Parallel()
	type one struct {
		Name, Secret, ID, Body, Signature, Expect string
		PublicKey                                 string `json:"public_key"`
		Timestamp                                 int64
	}
	var file struct {
		About             string `json:"_about"`
		Cases, Asymmetric []one
	}
	vectors(t, "standard_webhooks.json", &file)
	shared := strings.NewReplacer("KIND", "hmac", "ENCODING", "whsec", "VERSION", "v1").Replace(standardAuth)
	pair := strings.NewReplacer("KIND", "ed25519", "ENCODING", "whpk", "VERSION", "v1a").Replace(standardAuth)
	run := func(c one, section string, keys map[string]string) {
		t.Run(c.Name, func(t *testing.T) {
			a := account(t, nothingJSON+section, keys)
			at := time.Unix(c.Timestamp, 0)
			of := func(at time.Time, id, signature string) purchase.Delivery {
				return post(at, c.Body, "webhook-id", id, "webhook-timestamp", strconv.FormatInt(c.Timestamp, 10), "webhook-signature", signature)
			}
			vector{account: a, delivery: of(at, c.ID, c.Signature), authentic: c.Expect == "ok"}.check(t)
			vector{account: a, delivery: of(at, c.ID, "v1,AAAA v1a,AAAA "+c.Signature), authentic: true}.check(t)
			for what, d := range map[string]purchase.Delivery{
				"late":             of(at.Add(6*time.Minute), c.ID, c.Signature),
				"early":            of(at.Add(-6*time.Minute), c.ID, c.Signature),
				"another id":       of(at, c.ID+"x", c.Signature),
				"an id with a dot": of(at, c.ID+".1", c.Signature),
				"another version":  of(at, c.ID, "v2"+c.Signature[strings.Index(c.Signature, ","):]),
			} {
				if _, err := a.Read(t.Context(), d); !errors.Is(err, purchase.ErrForged) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
	for _, c := range file.Cases {
		run(c, shared, map[string]string{"KEY": c.Secret, "OTHER": "whsec_b3RoZXItc2VjcmV0LW9mLXNvbWVib2R5LTAwMDE="})
	}
	for _, c := range file.Asymmetric {
		run(c, pair, map[string]string{"KEY": c.PublicKey, "OTHER": "whpk_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="})
	}
}

func TestStripesVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		About  string `json:"_about"`
		Secret string
		Cases  []struct {
			Name, Payload, Header, Expect, Why string
			At                                 int64
			Tolerance                          int64 `json:"tolerance_s"`
		}
	}
	vectors(t, "stripe.json", &file)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			a := account(t, fmt.Sprintf(`
auth:
  kind: hmac
  keys: [{OTHER}, {KEY}]
  signature: {from: header:Stripe-Signature, layout: kv-comma, element: v1}
  content: [timestamp, "text:.", body]
  timestamp: {from: signature:t, tolerance: %ds}
live: [/livemode == true]
payment: /data/object/id
amount: {value: /data/object/amount_received, currency: /data/object/currency}
tells:
  - {fact: paid, when: [/type == payment_intent.succeeded, /data/object/status == succeeded]}
  - {fact: paid, when: [/type == checkout.session.completed, /data/object/payment_status == paid], object: /data/object/payment_intent, amount: {value: /data/object/amount_total}}
  - {fact: pending, when: [/type == checkout.session.completed, /data/object/payment_status == unpaid], object: /data/object/payment_intent}
`, c.Tolerance), map[string]string{"KEY": file.Secret, "OTHER": "whsec_not_this_one_12345"})
			v := vector{account: a, delivery: post(time.Unix(c.At, 0), c.Payload, "Stripe-Signature", c.Header), authentic: c.Expect == "ok"}
			if c.Name == "v0_ignored" {
				v.ignores = "a cut header" // v0 comes last
			}
			switch {
			case !v.authentic:
			case strings.Contains(c.Payload, "unpaid"):
				v.tells = []string{"proved pending cs_test_a1 pi_3Qa pending"}
			default:
				v.tells = []string{"proved captured pi_3Qa pi_3Qa 42.00 EUR"}
			}
			v.check(t)
		})
	}
}

func TestWorldlinesWebhookVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		About    string
		Webhooks []struct {
			Name, Secret, Body, Signature, Source, Note string
			KeyID                                       string `json:"key_id"`
			Bytes                                       int    `json:"body_bytes"`
			Digest                                      string `json:"body_sha256"`
			Valid                                       bool
		}
		Calls     any `json:"api_auth"`
		Canonical any `json:"header_value_canonicalisation"`
	}
	vectors(t, "worldline-gcs-hmac.json", &file)
	for _, c := range file.Webhooks {
		t.Run(c.Name, func(t *testing.T) {
			a := account(t, `
auth:
  kind: hmac
  named_keys: {other: {OTHER}, dummy-key-id: {KEY}}
  key_id: header:X-GCS-KeyId
  signature: {from: header:X-GCS-Signature, encoding: base64}
  content: [body]
merchant: {field: merchantId, is: "20000"}
payment: /payment/id
amount: {value: /payment/paymentOutput/amountOfMoney/amount, currency: /payment/paymentOutput/amountOfMoney/currencyCode}
tells: [{fact: paid, when: [type == payment.captured]}]
`, map[string]string{"KEY": c.Secret, "OTHER": "another-secret-of-it"})
			d := post(time.Now(), c.Body, "X-GCS-Signature", c.Signature, "X-GCS-KeyId", c.KeyID)
			vector{account: a, delivery: d, authentic: c.Valid}.check(t)
			for _, id := range []string{"other", "nobody"} {
				if _, err := a.Read(t.Context(), changed(d, func(d *purchase.Delivery) { d.Header.Set("X-GCS-KeyId", id) })); !errors.Is(err, purchase.BadSignature) {
					t.Errorf("under the key %s: %v", id, err)
				}
			}
		})
	}
}

func TestMolliesNextGenerationVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		About string `json:"_about"`
		Cases []struct {
			Name, Secret, Body, Signature string
			Forms                         []string `json:"header_forms"`
		}
		Refuse []string
	}
	vectors(t, "mollie_nextgen.json", &file)
	if len(file.Refuse) != 3 {
		t.Errorf("the test knows three refusals, not %q", file.Refuse)
	}
	for _, c := range file.Cases {
		for _, form := range c.Forms {
			t.Run(c.Name, func(t *testing.T) {
				a := account(t, nothingJSON+"auth: {kind: hmac, keys: [{KEY}], signature: {from: header:X-Mollie-Signature, prefix: sha256=}, content: [body]}", map[string]string{"KEY": c.Secret})
				vector{account: a, delivery: post(time.Now(), c.Body, "X-Mollie-Signature", form), authentic: true}.check(t)
				for what, d := range map[string]purchase.Delivery{
					"no header":              post(time.Now(), c.Body),
					"capital letters":        post(time.Now(), c.Body, "X-Mollie-Signature", strings.ToUpper(form)),
					"a body written anew":    post(time.Now(), c.Body+"\n", "X-Mollie-Signature", form),
					"a prefix of the digest": post(time.Now(), c.Body, "X-Mollie-Signature", form[:len(form)-2]),
				} {
					if _, err := a.Read(t.Context(), d); !errors.Is(err, purchase.ErrForged) {
						t.Errorf("%s: %v", what, err)
					}
				}
			})
		}
	}
}

// form is a body of those fields.
func form(fields map[string]string) string {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	return values.Encode()
}

const lyra = `
format: form
auth:
  kind: hmac
  keys: [{KEY}]
  signature: {from: form:signature, encoding: base64}
  content: [form_sorted]
  form_sorted: {prefix: vads_, join: "+", suffix_key: true}
payment: vads_order_id
amount: {value: vads_amount, currency: vads_currency, currency_form: numeric}
tells: [{fact: paid, when: [vads_operation_type == DEBIT, vads_trans_status in AUTHORISED|CAPTURED|ACCEPTED, vads_result == 00], object: vads_trans_uuid}]
confirm: {url: "https://api.payzen.eu/api-payment/V4/Order/Get", method: POST, body: '{"orderId":"{payment}"}', scheme: basic, user: "12345678", secret: {KEY}, document: /answer}
`

func TestLyrasFormVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		About string `json:"_about"`
		Cases []struct {
			Name, Source, Key, Why string
			Published              bool
			Fields                 map[string]string
			Text                   string `json:"signed_string"`
			Signature              string `json:"signature_hmac_sha256_b64"`
			Deprecated             string `json:"signature_sha1_hex_deprecated"`
		}
	}
	vectors(t, "lyra_vads_ipn.json", &file)
	tells := map[string][]string{
		"ekyna_payum_test_vector":                nil, // no order
		"own_ipn_with_empty_value_plus_and_utf8": {"heard captured 0f6a3c1e-5d2b-4b7a-9c11-8e2f6a1b2c3d c97b7e6f3dbc4c239baf283654f34710 42.00 EUR"},
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			want, known := tells[c.Name]
			if !known {
				t.Fatal("the test does not know this case")
			}
			c.Fields["signature"] = c.Signature
			a := account(t, lyra, map[string]string{"KEY": c.Key})
			vector{account: a, delivery: post(time.Now(), form(c.Fields)), authentic: true, tells: want, ignores: "another body"}.check(t) // another name in front
			for name := range c.Fields {
				if !strings.HasPrefix(name, "vads_") {
					continue
				}
				was := c.Fields[name]
				c.Fields[name] = was + "1"
				if _, err := a.Read(t.Context(), post(time.Now(), form(c.Fields))); !errors.Is(err, purchase.BadSignature) {
					t.Errorf("with another %s: %v", name, err)
				}
				c.Fields[name] = was
			}
			c.Fields["signature"] = c.Deprecated
			if _, err := a.Read(t.Context(), post(time.Now(), form(c.Fields))); !errors.Is(err, purchase.ErrForged) {
				t.Errorf("by SHA-1: %v", err)
			}
		})
	}
}

const monetico = `
format: form
auth:
  kind: hmac
  algorithm: sha1
  keys: [{KEY}]
  key_encoding: hex
  signature: {from: form:MAC, encoding: hex-any-case}
  content: [form_sorted]
  form_sorted: {join: "*", with_names: true}
live: [code-retour != payetest]
merchant: {field: TPE, is: "TERMINAL"}
payment: reference
amount: {value: montant, form: decimal+currency}
tells:
  - {fact: paid, when: [code-retour in paiement|payetest]}
  - {fact: failed, when: [code-retour == Annulation], reason: motifrefus}
answer:
  kept: {body: "version=2\ncdr=0\n"}
  refused: {status: 200, body: "version=2\ncdr=1\n"}
`

func TestMoneticosVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		About  string `json:"_about"`
		Usable []struct {
			Key    string
			Usable string `json:"usable_hex"`
		} `json:"usable_key"`
		Cases []struct {
			Name, Source, Key, MAC string
			Published              bool
			Fields                 map[string]string
			Text                   string `json:"signed_string"`
		}
		OK  string `json:"ack_ok"`
		Bad string `json:"ack_bad_mac"`
	}
	vectors(t, "monetico.json", &file)
	usable := map[string]string{}
	for _, k := range file.Usable {
		usable[k.Key] = k.Usable
	}
	tells := map[string][]string{
		"monetico_php_1_payetest":             {"proved captured 12345678 12345678 42.42 EUR"},
		"monetico_php_2_Annulation":           nil, // of live mode, and this is a sandbox account
		"own_payetest_utf8_and_unknown_field": {"proved captured D3D2o8Hl0rS3 D3D2o8Hl0rS3 42.00 EUR"},
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			want, known := tells[c.Name]
			if !known {
				t.Fatal("the test does not know this case")
			}
			c.Fields["MAC"] = c.MAC
			a := account(t, strings.Replace(monetico, "TERMINAL", c.Fields["TPE"], 1), map[string]string{"KEY": usable[c.Key]})
			d := post(time.Now(), form(c.Fields))
			if want == nil {
				if _, err := a.Read(t.Context(), d); !errors.Is(err, purchase.WrongMode) {
					t.Errorf("%v", err)
				}
				return
			}
			vector{account: a, delivery: d, authentic: true, tells: want}.check(t)
			for _, kept := range []bool{true, false} {
				if got, want := string(answer(a, kept).Body), map[bool]string{true: file.OK, false: file.Bad}[kept]; got != want {
					t.Errorf("it is answered %q, want %q", got, want)
				}
			}
			c.Fields["texte-libre"] += "*usage=debit" // as if another field were in it: signed anew it would fit both
			if _, err := a.Read(t.Context(), post(time.Now(), form(c.Fields))); !errors.Is(err, purchase.BadSignature) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestMultiSafepaysPrintedExample(t *testing.T) {
	t.Parallel()
	var file struct {
		About string `json:"_about"`
		Cases []struct {
			Name, Key, Auth, Body string
			Published             bool
			Timestamp             int64
		}
	}
	vectors(t, "multisafepay.json", &file)
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			config := shipped(t, "multisafepay")
			config.Auth.Keys[0] = providertest.Secret(t, c.Key)
			a, err := config.Open(providertest.Options(t, map[string]string{"purchase": "/var1"}))
			if err != nil {
				t.Fatal(err)
			}
			d := post(time.Unix(c.Timestamp, 0), c.Body, "Auth", c.Auth)
			d.Query = "transactionid=my-order-id&timestamp=1641218884"
			vector{account: a, delivery: d, authentic: true}.check(t)
		})
	}
}
