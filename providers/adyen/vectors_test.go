package adyen_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/adyen"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

type vectors struct {
	Cases []struct {
		Name, HMAC, Expect string
		Key                string `json:"hmac_key_hex"`
		Text               string `json:"signed_string"`
		Item               map[string]any
	}
	Ambiguity struct {
		Key  string `json:"hmac_key_hex"`
		HMAC string
		A    map[string]any `json:"item_a"`
		B    map[string]any `json:"item_b"`
	}
	Unsigned []string `json:"unsigned_fields"`
}

func published(t *testing.T) (v vectors) {
	t.Helper()
	raw, err := os.ReadFile("testdata/adyen.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// merchantOf is an account of the merchant with the key of a vector beside another one.
func merchantOf(t *testing.T, merchant, key string) *adyen.Receiver {
	t.Helper()
	c := section(t)
	c.MerchantAccount, c.HMACKeys = merchant, []field.Secret{providertest.Secret(t, hmacKey), providertest.Secret(t, key)}
	a, err := adyen.New(c, providertest.Options(t, ownFields))
	if err != nil {
		t.Fatal(err)
	}
	return a.(*adyen.Receiver)
}

// sent is an item as it would arrive.
func sent(t *testing.T, live string, item map[string]any, hmac string) purchase.Delivery {
	t.Helper()
	item = maps.Clone(item)
	if hmac != "" {
		item["additionalData"] = map[string]any{"hmacSignature": hmac}
	}
	raw, err := json.Marshal(map[string]any{"live": live, "notificationItems": []any{map[string]any{"NotificationRequestItem": item}}})
	if err != nil {
		t.Fatal(err)
	}
	n := providersim.NewAdyen(providersim.Config{}).Message()
	n.Body = raw
	return providertest.Delivery(n, time.Now())
}

// whatCasesTell: authentic does not mean paid, nor acted upon.
var whatCasesTell = map[string]string{
	"published_doc_vector":     "[proved captured 7914073381342284 7914073381342284 11.30 EUR]",
	"published_library_vector": "[]",
	"refund_success":           "[proved refunded NC6HT9CRT65ZGN82 ZZ9DRSLLRCQ2WN82 42.00 EUR]",
	"authorisation_refused":    "[proved failed NC6HT9CRT65ZGN82 NC6HT9CRT65ZGN82 refused proved lapsed NC6HT9CRT65ZGN82]",
	"zero_amount":              "[]",

	"colon_in_reference_unescaped":     "not understood",
	"backslash_in_reference_unescaped": "not understood",
}

func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	v := published(t)
	for _, c := range v.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			want, known := whatCasesTell[c.Name]
			if !known || c.Expect != "ok" {
				t.Fatalf("nobody says what this case is to tell (it expects %s)", c.Expect)
			}
			checkSimulator(t, c.Item, c.Key, c.Text, c.HMAC)
			r := merchantOf(t, c.Item["merchantAccountCode"].(string), c.Key)
			reading, err := r.Read(t.Context(), sent(t, "false", c.Item, ""))
			got := fmt.Sprint(providertest.Said(reading.Facts))
			if errors.Is(err, purchase.ErrNotUnderstood) {
				got, err = "not understood", nil
			}
			if err != nil || got != want {
				t.Errorf("%v\n got %s\nwant %s", err, got, want)
			}
			wrong := strings.Repeat("A", 43) + "="
			if _, err := r.Read(t.Context(), sent(t, "false", c.Item, wrong)); !errors.Is(err, purchase.BadSignature) {
				t.Errorf("a made-up signature: %v", err)
			}
			if _, err := merchantOf(t, c.Item["merchantAccountCode"].(string), strings.Repeat("0A", 32)).Read(t.Context(), sent(t, "false", c.Item, "")); !errors.Is(err, purchase.BadSignature) {
				t.Errorf("another key: %v", err)
			}
		})
	}
	if len(v.Cases) != len(whatCasesTell) {
		t.Errorf("%d cases, of which %d are known", len(v.Cases), len(whatCasesTell))
	}
}

// checkSimulator: the simulator signs as published.
func checkSimulator(t *testing.T, item map[string]any, key, text, hmac string) {
	t.Helper()
	raw, err := json.Marshal(item)
	if err != nil {
		t.Fatal(err)
	}
	var i providersim.AdyenItem
	if err := json.Unmarshal(raw, &i); err != nil {
		t.Fatal(err)
	}
	if text != "" && i.SignedText() != text {
		t.Errorf("signed is %s, want %s", i.SignedText(), text)
	}
	if got := i.Signed(key).AdditionalData["hmacSignature"]; got != hmac {
		t.Errorf("the signature is %s, want %s", got, hmac)
	}
}

func TestTwoItemsUnderOneSignatureAreNeitherActedUpon(t *testing.T) {
	t.Parallel()
	v := published(t).Ambiguity
	r := merchantOf(t, "AcmeEvents", v.Key)
	for _, item := range []map[string]any{v.A, v.B} {
		checkSimulator(t, item, v.Key, "", v.HMAC)
	}
	if reading, err := r.Read(t.Context(), sent(t, "false", v.A, v.HMAC)); !errors.Is(err, purchase.ErrNotUnderstood) || len(reading.Facts) > 0 {
		t.Errorf("item a: %+v, %v", reading, err)
	}
	if _, err := r.Read(t.Context(), sent(t, "false", v.B, v.HMAC)); !errors.Is(err, purchase.ErrForged) || !errors.Is(err, purchase.WrongMerchant) {
		t.Errorf("item b: %v", err)
	}
}

func TestWhatIsNotSignedChangesNothing(t *testing.T) {
	t.Parallel()
	v := published(t)
	c := v.Cases[2] // a refund with every field
	r := merchantOf(t, c.Item["merchantAccountCode"].(string), c.Key)
	usual := sent(t, "false", c.Item, "")
	first, err := r.Read(t.Context(), usual)
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]func(map[string]any){
		"additionalData.*": func(i map[string]any) { i["additionalData"].(map[string]any)["modification.action"] = "cancel" },
		"metadata.*": func(i map[string]any) {
			i["additionalData"].(map[string]any)["metadata.purchase_id"] = providertest.PurchaseID
		},
		"eventDate":     func(i map[string]any) { i["eventDate"] = "1999-01-01T00:00:00+01:00" },
		"reason":        func(i map[string]any) { i["reason"] = "Approved" },
		"paymentMethod": func(i map[string]any) { i["paymentMethod"] = "ideal" },
		"operations":    func(i map[string]any) { i["operations"] = []string{} },
	}
	for _, name := range v.Unsigned {
		if name == "live" { // the signature still fits, but it must agree with our mode
			if _, err := r.Read(t.Context(), sent(t, "true", c.Item, "")); !errors.Is(err, purchase.WrongMode) {
				t.Errorf("live: %v", err)
			}
			continue
		}
		change := changes[name]
		if change == nil {
			t.Errorf("nobody says how to change %s", name)
			continue
		}
		item := maps.Clone(c.Item)
		item["additionalData"] = maps.Clone(item["additionalData"].(map[string]any))
		change(item)
		again, err := r.Read(t.Context(), sent(t, "false", item, ""))
		if err != nil || len(again.Facts) != 1 || purchase.Identify(again.Facts[0]).ID != purchase.Identify(first.Facts[0]).ID || again.Message != "" {
			t.Errorf("%s: %+v, %v", name, again, err)
		}
	}
}
