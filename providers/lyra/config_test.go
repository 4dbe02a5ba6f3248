package lyra_test

import (
	"strings"
	"testing"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/lyra"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMistakesInTheSectionAreNamed(t *testing.T) {
	t.Parallel()
	const livePassword = "prodpassword_simulated0123456789"
	live := func(c *lyra.Config) { c.Password = providertest.Secret(t, livePassword) }
	liveWith := func(change func(*lyra.Config)) func(*lyra.Config) {
		return func(c *lyra.Config) { live(c); change(c) }
	}
	for name, c := range map[string]struct {
		notifications string
		change        func(*lyra.Config)
		live          bool
		want          string
	}{
		"in order":                       {"rest", func(*lyra.Config) {}, false, ""},
		"in order, form":                 {"form", func(*lyra.Config) {}, false, ""},
		"in order, live":                 {"rest", live, true, ""},
		"in order, trusted":              {"form", func(c *lyra.Config) { c.TrustForm, c.Password, c.Host = true, field.Secret{}, "" }, false, ""},
		"in order, no page":              {"rest", func(c *lyra.Config) { c.FormHost, c.HMACKey = "", field.Secret{} }, false, ""},
		"in order, sha1":                 {"form", func(c *lyra.Config) { c.Hash = "sha1" }, false, ""},
		"the demo shop, sandbox":         {"rest", func(c *lyra.Config) { c.ShopID = "69876357" }, false, ""},
		"nothing":                        {"", func(c *lyra.Config) { *c = lyra.Config{} }, false, "notifications shop_id"},
		"no host":                        {"rest", func(c *lyra.Config) { c.Host = "" }, false, "host"},
		"an address":                     {"rest", func(c *lyra.Config) { c.Host, c.FormHost = "https://api.payzen.eu", "secure.payzen.eu/vads" }, false, "form_host host"},
		"a host with a port":             {"rest", func(c *lyra.Config) { c.Host = "api.payzen.eu:8443" }, false, "host"},
		"a short shop":                   {"rest", func(c *lyra.Config) { c.ShopID = "1234" }, false, "shop_id"},
		"the demo shop":                  {"rest", liveWith(func(c *lyra.Config) { c.ShopID = "69876357" }), true, "shop_id"},
		"the demo shop's key":            {"rest", liveWith(func(c *lyra.Config) { c.HMACKey = providertest.Secret(t, "38453613e7f44dc58732bad3dca2bca3") }), true, "hmac_key"},
		"an example's key":               {"rest", liveWith(func(c *lyra.Config) { c.HMACKey = providertest.Secret(t, "1122334455667788") }), true, "hmac_key"},
		"another kind":                   {"soap", func(*lyra.Config) {}, false, "notifications"},
		"rest without a password":        {"rest", func(c *lyra.Config) { c.Password = field.Secret{} }, false, "password"},
		"form without a key":             {"form", func(c *lyra.Config) { c.HMACKey = field.Secret{} }, false, "hmac_key"},
		"form that nobody can ask about": {"form", func(c *lyra.Config) { c.Password = field.Secret{} }, false, "password"},
		"rest that trusts forms":         {"rest", func(c *lyra.Config) { c.TrustForm = true }, false, "trust_form"},
		"a page without a key":           {"rest", func(c *lyra.Config) { c.HMACKey = field.Secret{} }, false, "hmac_key"},
		"another algorithm":              {"form", func(c *lyra.Config) { c.Hash = "md5" }, false, "hash"},
		"a test password in live":        {"rest", func(*lyra.Config) {}, true, "password"},
		"a live password in sandbox":     {"rest", live, false, "password"},
		"another password":               {"rest", func(c *lyra.Config) { c.Password = providertest.Secret(t, "secret") }, false, "password"},
		"no password behind it":          {"rest", func(c *lyra.Config) { c.Password = field.NewSecret("file:/no/such") }, false, "password"},
		"a short key":                    {"form", func(c *lyra.Config) { c.HMACKey = providertest.Secret(t, "987654321") }, false, "hmac_key"},
		"no key behind it":               {"form", func(c *lyra.Config) { c.HMACKey = field.NewSecret("file:/no/such") }, false, "hmac_key"},
		"a simulator in live":            {"rest", liveWith(func(c *lyra.Config) { c.APIURL = "https://127.0.0.1:1" }), true, "api_url"},
		"a plain simulator":              {"rest", func(c *lyra.Config) { c.APIURL = "http://127.0.0.1:1" }, false, "api_url"},
	} {
		config := section(t, c.notifications)
		c.change(&config)
		var p field.Problems
		config.Validate(&p, c.live)
		keys := map[string]bool{}
		var got []string
		for _, problem := range p.List() {
			for _, secret := range []string{password, livePassword, key} {
				if strings.Contains(problem.Message, secret) {
					t.Errorf("%s: a secret shows: %s", name, problem)
				}
			}
			if !keys[problem.Key] {
				got = append(got, problem.Key)
			}
			keys[problem.Key] = true
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v", name, p.List())
		}
	}
	options := providertest.Options(t, nil)
	options.Live = true
	config := section(t, "rest")
	config.APIURL = "https://127.0.0.1:1"
	if _, err := lyra.New(config, options); err == nil {
		t.Error("a live account opens at a simulator")
	}
	for name, change := range map[string]func(*lyra.Config){"password": func(c *lyra.Config) { c.Password = field.NewSecret("file:/no/such") },
		"key": func(c *lyra.Config) { c.HMACKey = field.NewSecret("file:/no/such") }} {
		config := section(t, "rest")
		change(&config)
		if _, err := lyra.New(config, providertest.Options(t, nil)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("without a %s: %v", name, err)
		}
	}
}
