package sips_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/sips"
)

func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/sips_mercanet.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Cases []struct{ Name, Algorithm, Key, Data, Encode, Seal, Expect string }
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	const refusedBySettings = "refuse when the configuration says HMAC-SHA-256"
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			config := section(t)
			_, rest, _ := strings.Cut(c.Data, "merchantId=")
			config.MerchantID = rest[:15]
			config.SecretKeys = []sips.Key{{Version: 1, Key: providertest.Secret(t, c.Key)}}
			config.Seal = map[string]string{"HMAC-SHA-256": "hmac", "SHA-256 (data+key)": "sha256"}[c.Algorithm]
			switch {
			case config.Seal == "":
				t.Fatalf("an algorithm that the test does not know: %s", c.Algorithm)
			case strings.HasPrefix(c.Expect, refusedBySettings):
				config.Seal = "hmac"
			case c.Expect != "" && !strings.HasPrefix(c.Expect, "refuse: seal is right but a key occurs twice"):
				t.Fatalf("an expectation that the test does not know: %s", c.Expect)
			}
			s, err := sips.New(config, providertest.Options(t, ownFields))
			if err != nil {
				t.Fatal(err)
			}
			form := url.Values{"Data": {c.Data}, "Encode": {c.Encode}, "Seal": {c.Seal}, "InterfaceVersion": {"HP_2.0"}}
			d := purchase.Delivery{Method: http.MethodPost, Header: http.Header{"Content-Type": {protocol.FormType}}, Body: []byte(form.Encode())}
			reading, err := s.Read(t.Context(), d)
			if (err == nil) != (c.Expect == "") {
				t.Fatalf("%v, want %q", err, c.Expect)
			}
			for _, f := range reading.Facts {
				if (f.Kind == purchase.Captured) != strings.Contains(c.Data, "|responseCode=00|") {
					t.Errorf("%+v", f)
				}
			}
			d = edited(d, func(f url.Values) { f.Set("Data", f.Get("Data")+"1") })
			if _, err := s.Read(t.Context(), d); err == nil {
				t.Error("it is taken with a byte more")
			}
		})
	}
}

func TestThePublishedSealOfARequest(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/office_seal.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Key, Seal string
		Request   map[string]any
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if got := sips.SealOf(file.Key, file.Request); got != file.Seal {
		t.Errorf("%s, want %s", got, file.Seal)
	}
}
