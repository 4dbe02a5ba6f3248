package paypal_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/protocol"
)

func keysOf(c paypal.Config, live bool) []string {
	var p field.Problems
	c.Validate(p.At("paypal"), live)
	keys := []string{}
	for _, problem := range p.List() {
		keys = append(keys, strings.TrimPrefix(problem.Key, "paypal."))
	}
	return keys
}

func TestEveryMistakeInTheSectionIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*paypal.Config)
		live   bool
		want   []string
	}{
		"in order":                  {func(*paypal.Config) {}, false, []string{}},
		"in order, live":            {func(*paypal.Config) {}, true, []string{}},
		"nothing":                   {func(c *paypal.Config) { *c = paypal.Config{} }, false, []string{"client_id", "client_secret", "webhook_id"}},
		"no secret behind it":       {func(c *paypal.Config) { c.ClientSecret = field.NewSecret("file:/no/such/file") }, false, []string{"client_secret"}},
		"the secret itself":         {func(c *paypal.Config) { c.ClientSecret = field.NewSecret(appSecret) }, false, []string{"client_secret"}},
		"unknown choices":           {func(c *paypal.Config) { c.Verify, c.Notifications = "never", "both" }, false, []string{"notifications", "verify"}},
		"the simulator's webhook":   {func(c *paypal.Config) { c.WebhookID = "WEBHOOK_ID" }, false, []string{"webhook_id"}},
		"a webhook's address":       {func(c *paypal.Config) { c.WebhookID = "https://x" }, false, []string{"webhook_id"}},
		"IPN without a receiver":    {func(c *paypal.Config) { c.Notifications, c.WebhookID = "ipn", "" }, false, []string{"receiver"}},
		"IPN alone":                 {ipnOnly, false, []string{}},
		"IPN with half credentials": {func(c *paypal.Config) { ipnOnly(c); c.ClientID = "x" }, false, []string{"client_id"}},
		"sandbox things in live": {func(c *paypal.Config) {
			c.APIURL, c.CAFile, c.AcceptSimulator = "https://127.0.0.1:8443", file(t, "ca.pem", []byte(loadVectors(t).Certificates[0].PEM)), true
		}, true, []string{"accept_simulator", "api_url", "ca_file"}},
		"a plain address":         {func(c *paypal.Config) { c.APIURL = "http://127.0.0.1" }, false, []string{"api_url"}},
		"an address with a path":  {func(c *paypal.Config) { c.APIURL = "https://127.0.0.1/v2" }, false, []string{"api_url"}},
		"authority for nothing":   {func(c *paypal.Config) { c.CAFile = file(t, "ca.pem", []byte(loadVectors(t).Certificates[0].PEM)) }, false, []string{"ca_file"}},
		"files that are not":      {func(c *paypal.Config) { c.CABundle, c.Certificates = "/no/such", "/no/such" }, false, []string{"ca_bundle", "certificates"}},
		"a folder without any":    {func(c *paypal.Config) { c.Certificates = t.TempDir() }, false, []string{"certificates"}},
		"an odd merchant":         {func(c *paypal.Config) { c.MerchantID = "me@example.org" }, false, []string{"merchant_id"}},
		"a long brand":            {func(c *paypal.Config) { c.BrandName = strings.Repeat("x", 128) }, false, []string{"brand_name"}},
		"patience without bounds": {func(c *paypal.Config) { c.Timeout = field.Duration(time.Hour) }, false, []string{"timeout"}},
	} {
		config := section(t)
		c.change(&config)
		if diff := cmp.Diff(c.want, keysOf(config, c.live)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestWhatLiveForbidsDoesNotOpenInLive(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*paypal.Config){
		"api_url":          func(c *paypal.Config) { c.APIURL = "https://127.0.0.1:8443" },
		"accept_simulator": func(c *paypal.Config) { c.AcceptSimulator = true },
		"ca_file":          func(c *paypal.Config) { c.CAFile = "ca.pem" },
		"no credentials":   func(c *paypal.Config) { c.ClientID = "" },
	} {
		c := section(t)
		change(&c)
		if _, err := paypal.New(c, protocol.Options{Live: true, HTTP: newStub(nil)}); err == nil {
			t.Errorf("%s opens in live", name)
		}
	}
}

func TestEveryKeyHasAYAMLName(t *testing.T) {
	t.Parallel()
	section := reflect.TypeFor[paypal.Config]()
	for i := range section.NumField() {
		if f := section.Field(i); f.Tag.Get("yaml") == "" {
			t.Errorf("%s has no name in the file", f.Name)
		}
	}
}

func TestAnOrderIsNotOpenedWithoutASealOrAReturnAddress(t *testing.T) {
	t.Parallel()
	p := open(t, section(t), protocol.Options{HTTP: newStub(nil)})
	if _, err := p.Open(t.Context(), order("k")); !final(err) {
		t.Errorf("without a seal key: %v", err)
	}
	p = atStub(t, newStub(nil), nil)
	o := order("k")
	o.Return = "/return/token"
	if _, err := p.Open(t.Context(), o); !final(err) {
		t.Errorf("without a return address: %v", err)
	}
	for _, key := range []string{"", strings.Repeat("k", 109)} {
		if _, err := p.Open(t.Context(), order(key)); !final(err) {
			t.Errorf("with a key of %d characters: %v", len(key), err)
		}
	}
}
