package ingenico_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/ingenico"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providertest"
)

const (
	shared = "0123456789abcdef-is-secret"
	second = "fedcba9876543210-is-secret"
)

// sections are in order, one for each generation.
func sections(t *testing.T) map[string]ingenico.Config {
	keys := []ingenico.WebhookKey{{ID: "hook-1", Secret: providertest.Secret(t, shared)}, {ID: "hook-2", Secret: providertest.Secret(t, second)}}
	return map[string]ingenico.Config{
		"direct":  {PSPID: "contoso", APIKeyID: "A1", APISecret: providertest.Secret(t, shared), WebhookKeys: keys},
		"connect": {Generation: "connect", MerchantID: "1234", Host: "payment.connect.worldline-solutions.com", APIKeyID: "A1", APISecret: providertest.Secret(t, shared), WebhookKeys: keys},
		"ogone": {Generation: "ogone", PSPID: "contoso", SHAIn: providertest.Secret(t, shared), SHAOut: providertest.Secret(t, second), APIUser: "apiuser",
			APIPassword: providertest.Secret(t, shared)},
	}
}

func TestMistakesInTheSectionAreNamed(t *testing.T) {
	t.Parallel()
	secret := func(text string) field.Secret { return providertest.Secret(t, text) }
	type change func(*ingenico.Config)
	none := func(*ingenico.Config) {}
	live := func(of change) change { return func(c *ingenico.Config) { of(c); c.Timeout = liveMark } }
	for _, c := range []struct {
		name, generation string
		change           change
		want             string
	}{
		{"in order", "direct", none, ""},
		{"in order, live", "direct", live(none), ""},
		{"a bank's server", "direct", live(func(c *ingenico.Config) { c.Host, c.PageHost = "payment.cawl-solutions.fr", "pay.bank.example" }), ""},
		{"an older name", "direct", func(c *ingenico.Config) { c.Host = "payment.preprod.direct.ingenico.com" }, ""},
		{"a bank of no known name, in both", "direct", func(c *ingenico.Config) { c.Host = "payments.bank.example" }, ""},
		{"a simulator", "direct", func(c *ingenico.Config) { c.APIURL = "https://127.0.0.1:1" }, ""},
		{"nothing", "direct", func(c *ingenico.Config) { *c = ingenico.Config{} }, "api_key_id api_secret pspid webhook_keys"},
		{"no such generation", "direct", func(c *ingenico.Config) { c.Generation = "sips" }, "generation"},
		{"an odd merchant", "direct", func(c *ingenico.Config) { c.PSPID = "con toso" }, "pspid"},
		{"an odd key", "direct", func(c *ingenico.Config) { c.APIKeyID = "a/b" }, "api_key_id"},
		{"a short secret", "direct", func(c *ingenico.Config) { c.APISecret = secret("short") }, "api_secret"},
		{"a key without a secret", "direct", func(c *ingenico.Config) { c.WebhookKeys[0].Secret = field.Secret{} }, "webhook_keys.secret"},
		{"a key twice", "direct", func(c *ingenico.Config) { c.WebhookKeys[1].ID = "hook-1" }, "webhook_keys.id"},
		{"an odd id of a key", "direct", func(c *ingenico.Config) { c.WebhookKeys[1].ID = "a b" }, "webhook_keys.id"},
		{"no secret behind it", "direct", func(c *ingenico.Config) { c.APISecret = field.NewSecret("file:/no/such") }, "api_secret"},
		{"a test server in live", "direct", live(func(c *ingenico.Config) { c.Host = "payment.preprod.cawl-solutions.fr" }), "host"},
		{"a live server in sandbox", "direct", func(c *ingenico.Config) { c.Host = "payment.anzworldline-solutions.com.au" }, "host"},
		{"an address", "direct", func(c *ingenico.Config) { c.Host = "https://payment.bank.example/" }, "host"},
		{"a port", "direct", func(c *ingenico.Config) { c.PageHost = "pay.bank.example:8443" }, "page_host"},
		{"a long template", "direct", func(c *ingenico.Config) { c.Variant = strings.Repeat("x", 200) }, "variant"},
		{"keys of others", "direct", func(c *ingenico.Config) {
			c.MerchantID, c.SHA, c.SHAIn, c.APIUser, c.FeedbackOnly = "1", "sha1", secret(shared), "user", true
		},
			"api_user feedback_only merchant_id sha sha_in"},
		{"a key that everybody has, in sandbox", "direct", func(c *ingenico.Config) { c.APISecret = secret("secretApiKey") }, ""},
		{"a key that everybody has, in live", "direct", live(func(c *ingenico.Config) { c.WebhookKeys[0].Secret = secret("hello+world") }), "webhook_keys.secret"},
		{"a simulator in live", "direct", live(func(c *ingenico.Config) { c.APIURL = "https://127.0.0.1:1" }), "api_url"},
		{"too much patience", "direct", func(c *ingenico.Config) { c.Timeout = field.Duration(time.Hour) }, "timeout"},
		{"in order", "connect", live(none), ""},
		{"the older names", "connect", func(c *ingenico.Config) { c.Host = "eu.sandbox.api-ingenico.com" }, ""},
		{"no server", "connect", func(c *ingenico.Config) { c.Host = "" }, "host"},
		{"a live server in sandbox", "connect", none, "host"},
		{"a test server in live", "connect", live(func(c *ingenico.Config) { c.Host = "eu.sandbox.api-ingenico.com" }), "host"},
		{"the name of a merchant", "connect", live(func(c *ingenico.Config) { c.MerchantID = "contoso" }), "merchant_id"},
		{"a PSPID", "connect", live(func(c *ingenico.Config) { c.PSPID, c.APIPassword, c.SHAOut = "contoso", secret(shared), secret(second) }), "api_password pspid sha_out"},
		{"in order", "ogone", none, ""},
		{"in order, live", "ogone", live(none), ""},
		{"a brand", "ogone", live(func(c *ingenico.Config) { c.Host = "e-payment.bank.example" }), ""},
		{"the older test server", "ogone", func(c *ingenico.Config) { c.Host = "secure.ogone.com" }, ""},
		{"the test server in live", "ogone", live(func(c *ingenico.Config) { c.Host = "ogone.test.v-psp.com" }), "host"},
		{"one passphrase", "ogone", func(c *ingenico.Config) { c.SHAOut = c.SHAIn }, "sha_out"},
		{"a passphrase of the manual, in live", "ogone", live(func(c *ingenico.Config) { c.SHAIn = secret("Mysecretsig1875!?") }), "sha_in"},
		{"another hash", "ogone", func(c *ingenico.Config) { c.SHA = "md5" }, "sha"},
		{"nobody to ask", "ogone", func(c *ingenico.Config) { c.APIUser, c.APIPassword = "", field.Secret{} }, "api_user"},
		{"nobody to ask, and that is known", "ogone", func(c *ingenico.Config) { c.APIUser, c.APIPassword, c.FeedbackOnly = "", field.Secret{}, true }, ""},
		{"somebody to ask, who is not asked", "ogone", func(c *ingenico.Config) { c.FeedbackOnly = true }, "feedback_only"},
		{"half of an API user", "ogone", func(c *ingenico.Config) { c.APIPassword = field.Secret{} }, "api_user"},
		{"keys of Direct", "ogone", func(c *ingenico.Config) {
			c.APIKeyID, c.APISecret, c.Variant, c.PageHost, c.WebhookKeys = "A1", secret(shared), "1", "pay.bank.example", []ingenico.WebhookKey{{ID: "1"}}
		}, "api_key_id api_secret page_host variant webhook_keys"},
	} {
		config := sections(t)[c.generation]
		isLive := c.generation == "connect" && c.name == "in order"
		if c.change(&config); config.Timeout == liveMark {
			config.Timeout, isLive = 0, true
		}
		var p field.Problems
		config.Validate(&p, isLive)
		var got []string
		for _, problem := range p.List() {
			if strings.Contains(problem.Message, "secret-is") || strings.Contains(problem.Message, shared) || strings.Contains(problem.Message, second) {
				t.Errorf("%s, %s: a secret shows: %s", c.generation, c.name, problem)
			}
			if !strings.Contains(problem.Message, "; ") && !strings.Contains(problem.Message, "secret reference") {
				t.Errorf("%s does not say what to do", problem)
			}
			got = append(got, problem.Key)
		}
		if got = slices.Compact(got); strings.Join(got, " ") != c.want {
			t.Errorf("%s, %s: %v", c.generation, c.name, p.List())
		}
	}
}

// liveMark makes a case of the test live.
const liveMark = field.Duration(1)

func TestEachGenerationOpensItsOwnAccount(t *testing.T) {
	t.Parallel()
	all := sections(t)
	alone := all["ogone"]
	alone.APIUser, alone.APIPassword, alone.FeedbackOnly = "", field.Secret{}, true
	all["alone"] = alone
	for name, want := range map[string]string{"direct": "*ingenico.Worldline", "connect": "*ingenico.Worldline", "ogone": "*ingenico.DirectLink", "alone": "*ingenico.Ogone"} {
		config := all[name]
		var account protocol.Account
		account, err := config.Open(providertest.Options(t, nil))
		if err != nil || fmt.Sprintf("%T", account) != want {
			t.Errorf("%s: %T, %v", name, account, err)
		}
		if _, asks := account.(bridge.Asker); asks == (name == "alone") {
			t.Errorf("%s can be asked: %v", name, asks)
		}
		if len(config.ReferenceFields()) < 2 || len(config.Secrets()) < 4 {
			t.Errorf("%s: %v, %v", name, config.ReferenceFields(), config.Secrets())
		}
		live := providertest.Options(t, nil)
		live.Live = true
		if _, err := config.Open(live); err != nil {
			t.Errorf("%s, live: %v", name, err)
		}
		config.APIURL = "https://127.0.0.1:1"
		if _, err := config.Open(live); err == nil {
			t.Errorf("%s: a live account opens at a simulator", name)
		}
	}
	for _, lose := range []func(*ingenico.Config){func(c *ingenico.Config) { c.SHAIn = field.NewSecret("file:/no/such") }, func(c *ingenico.Config) { c.SHAOut = field.NewSecret("file:/no/such") }} {
		config := all["ogone"]
		if lose(&config); opens(t, config) {
			t.Error("an account opens without a passphrase")
		}
	}
	config := all["direct"]
	config.WebhookKeys = append(config.WebhookKeys, ingenico.WebhookKey{ID: "hook-3", Secret: field.NewSecret("file:/no/such")})
	if opens(t, config) {
		t.Error("an account opens without the secret of a key")
	}
}

func opens(t *testing.T, c ingenico.Config) bool {
	t.Helper()
	_, err := c.Open(providertest.Options(t, nil))
	return err == nil
}

// TestWhereThePayPagesMayBe is without a simulator: Worldline's own servers of the mode, and the bank's that the settings name.
func TestWhereThePayPagesMayBe(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		generation, host, pageHost, answer string
		live                               bool
		want                               string
	}{
		{"direct", "", "", `"redirectUrl":"https://payment.preprod.direct.worldline-solutions.com/hostedcheckout/x/1"`, false, "https://payment.preprod.direct.worldline-solutions.com/hostedcheckout/x/1"},
		{"direct", "", "", `"partialRedirectUrl":"preprod.direct.worldline-solutions.com/hostedcheckout/x/1"`, false, "https://payment.preprod.direct.worldline-solutions.com/hostedcheckout/x/1"},
		{"direct", "payment.direct.ingenico.com", "", `"redirectUrl":"https://payment.direct.worldline-solutions.com/x"`, true, "https://payment.direct.worldline-solutions.com/x"},
		{"direct", "", "", `"redirectUrl":"https://payment.direct.worldline-solutions.com/x"`, false, ""},
		{"direct", "", "", `"redirectUrl":"https://payment.preprod.direct.worldline-solutions.com/x"`, true, ""},
		{"direct", "payments.bank.example", "", `"redirectUrl":"https://payments.bank.example/x"`, true, "https://payments.bank.example/x"},
		{"direct", "payments.bank.example", "", `"redirectUrl":"https://pay.bank.example/x"`, true, ""},
		{"direct", "payments.bank.example", "pay.bank.example", `"redirectUrl":"https://pay.bank.example/x"`, true, "https://pay.bank.example/x"},
		{"direct", "", "", `"redirectUrl":"https://worldline-solutions.com.evil.example/x"`, true, ""},
		{"direct", "", "", `"redirectUrl":"https://evilworldline-solutions.com/x"`, true, ""},
		{"direct", "", "", `"redirectUrl":"https://payment.direct.worldline-solutions.com:8443/x"`, true, ""},
		{"direct", "", "", `"redirectUrl":"https://payment.direct.worldline-solutions.com@evil.example/x"`, true, ""},
		{"direct", "", "", `"redirectUrl":"http://payment.direct.worldline-solutions.com/x"`, true, ""},
		{"direct", "", "", `"hostedCheckoutId":"../x","redirectUrl":"https://payment.direct.worldline-solutions.com/x"`, true, ""},
		{"direct", "", "", `"x":""`, true, ""},
		{"connect", "payment.connect.worldline-solutions.com", "", `"partialRedirectUrl":"pay1.secured-by-ingenico.com:443/checkout/1-2:3"`, true, "https://payment.pay1.secured-by-ingenico.com:443/checkout/1-2:3"},
		{"connect", "eu.sandbox.api-ingenico.com", "", `"partialRedirectUrl":"pay1.sandbox.secured-by-ingenico.com/checkout/1"`, false, "https://payment.pay1.sandbox.secured-by-ingenico.com/checkout/1"},
		{"connect", "payment.connect.worldline-solutions.com", "", `"partialRedirectUrl":"pay1.sandbox.secured-by-ingenico.com/checkout/1"`, true, ""},
		{"connect", "payment.connect.worldline-solutions.com", "", `"partialRedirectUrl":"contoso.example/checkout/1"`, true, ""},
		{"connect", "payment.connect.worldline-solutions.com", "payment.contoso.example", `"partialRedirectUrl":"contoso.example/checkout/1"`, true, "https://payment.contoso.example/checkout/1"},
		{"connect", "payment.connect.worldline-solutions.com", "", `"partialRedirectUrl":".evil.example/checkout/1"`, true, ""},
	} {
		config := sections(t)[c.generation]
		config.Host, config.PageHost = c.host, c.pageHost
		o := providertest.Options(t, nil)
		o.Live = c.live
		id := `"hostedCheckoutId":"70000000001",`
		if strings.Contains(c.answer, "hostedCheckoutId") {
			id = ""
		}
		o.HTTP = said("{" + id + c.answer + "}")
		a, err := ingenico.NewWorldline(config, o)
		if err != nil {
			t.Fatal(err)
		}
		if made, err := a.Open(t.Context(), providertest.Order("open-1")); (err == nil) != (c.want != "") || made.URL != c.want {
			t.Errorf("%+v leads to %q, %v", c, made.URL, err)
		}
	}
}
