package lyra_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/lyra"
	"github.com/paybridge/paybridge/providers/providertest"
)

func load(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatal(err)
	}
}

// account is one with these secrets, for what was published about its shop.
func account(t *testing.T, c lyra.Config) bridge.Provider {
	t.Helper()
	a, err := lyra.New(c, providertest.Options(t, ownFields))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func posted(fields url.Values) purchase.Delivery {
	return purchase.Delivery{Method: http.MethodPost, Header: http.Header{}, Body: []byte(fields.Encode())}
}

// refusal is why a delivery was refused, "" if it was not.
func refusal(err error) purchase.Refusal {
	var why purchase.Refusal
	if errors.Is(err, purchase.ErrForged) {
		errors.As(err, &why)
	}
	return why
}

const vectorPurchase = "0f6a3c1e-5d2b-4b7a-9c11-8e2f6a1b2c3d"

func TestPublishedRESTVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		About string `json:"_about"`
		Cases []struct {
			Name      string
			Published bool
			Source    string
			HashKey   string `json:"kr-hash-key"`
			Algorithm string `json:"kr-hash-algorithm"`
			Type      string `json:"kr-answer-type"`
			HMACKey   string `json:"hmac_key"`
			Answer    string `json:"kr-answer"`
			Hash      string `json:"kr-hash"`
			Valid     any    `json:"valid_hmac"`
			Expect    string `json:"expect_on_ipn_endpoint"`
		}
	}
	load(t, "lyra_rest_ipn.json", &file)
	paid := []string{"proved captured c97b7e6f3dbc4c239baf283654f34710 c97b7e6f3dbc4c239baf283654f34710 42.00 EUR " + vectorPurchase}
	want := map[string]struct {
		why   purchase.Refusal
		facts []string
	}{
		"lyra_demo_shop_sha256_hmac":      {why: purchase.BadSignature},
		"own_password_key_utf8_and_slash": {facts: paid},
		"own_escaped_slashes":             {facts: paid},
		"own_tampered_amount":             {why: purchase.BadSignature},
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			expected, known := want[c.Name]
			if !known || (expected.why != "") != strings.HasPrefix(c.Expect, "refuse") {
				t.Fatalf("the case is not known as it is: %s", c.Expect)
			}
			a := account(t, lyra.Config{ShopID: "12345678", Host: "api.payzen.eu", Notifications: "rest", Password: providertest.Secret(t, c.HMACKey)})
			fields := url.Values{"kr-hash": {c.Hash}, "kr-hash-key": {c.HashKey}, "kr-hash-algorithm": {c.Algorithm}, "kr-answer-type": {c.Type}, "kr-answer": {c.Answer}}
			reading, err := a.Read(t.Context(), posted(fields))
			if got := providertest.Said(reading.Facts); refusal(err) != expected.why || err != nil && expected.why == "" || fmt.Sprint(got) != fmt.Sprint(append([]string{}, expected.facts...)) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
	demo := file.Cases[0] // its hash fits under its key: it is refused for the key that it names, and no other
	a := account(t, lyra.Config{ShopID: "69876357", Host: "api.payzen.eu", Notifications: "rest", Password: providertest.Secret(t, demo.HMACKey)})
	fields := url.Values{"kr-hash": {demo.Hash}, "kr-hash-key": {"password"}, "kr-hash-algorithm": {demo.Algorithm}, "kr-answer": {demo.Answer}}
	reading, err := a.Read(t.Context(), posted(fields))
	if got := fmt.Sprint(providertest.Said(reading.Facts)); err != nil || got != "[proved captured c97b7e6f3dbc4c239baf283654f34710 c97b7e6f3dbc4c239baf283654f34710 2.50 EUR]" {
		t.Errorf("a genuine answer: %s, %v", got, err)
	}
}

func TestPublishedFormVectors(t *testing.T) {
	t.Parallel()
	var file struct {
		About string `json:"_about"`
		Cases []struct {
			Name      string
			Published bool
			Source    string
			Key       string
			Fields    map[string]string
			Text      string `json:"signed_string"`
			Signature string `json:"signature_hmac_sha256_b64"`
			SHA1      string `json:"signature_sha1_hex_deprecated"`
			Why       string
		}
	}
	load(t, "lyra_vads_ipn.json", &file)
	want := map[string]struct {
		why   purchase.Refusal // behind the signature
		facts string
	}{
		"ekyna_payum_test_vector": {why: purchase.WrongMode}, // fields of a request, not of a notification
		"own_ipn_with_empty_value_plus_and_utf8": {facts: "[heard captured c97b7e6f3dbc4c239baf283654f34710 c97b7e6f3dbc4c239baf283654f34710 42.00 EUR " +
			vectorPurchase + "]"},
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			expected, known := want[c.Name]
			if !known {
				t.Fatal("the case is not known")
			}
			config := section(t, "form")
			config.HMACKey = providertest.Secret(t, c.Key)
			read := func(hash, signature string) (string, error) {
				config.Hash = hash
				fields := url.Values{}
				for name, value := range c.Fields {
					fields.Set(name, value)
				}
				fields.Set("signature", signature)
				reading, err := account(t, config).Read(t.Context(), posted(fields))
				return fmt.Sprint(providertest.Said(reading.Facts)), err
			}
			got, err := read("", c.Signature)
			if refusal(err) != expected.why || expected.why == "" && (err != nil || got != expected.facts) {
				t.Errorf("%s, %v", got, err)
			}
			for name, wrong := range map[string]string{"empty": "", "cut": c.Signature[:20], "changed": "A" + c.Signature[1:], "SHA-1": c.SHA1} {
				if _, err := read("", wrong); refusal(err) != purchase.BadSignature && refusal(err) != purchase.Malformed {
					t.Errorf("a signature that is %s: %v", name, err)
				}
			}
			if c.SHA1 == "" {
				return
			}
			if _, err := read("sha1", c.SHA1); refusal(err) != expected.why {
				t.Errorf("SHA-1 where it is asked for: %v", err)
			}
			if _, err := read("sha1", c.Signature); refusal(err) != purchase.BadSignature {
				t.Errorf("HMAC where SHA-1 is asked for: %v", err)
			}
		})
	}
}
