package stripe_test

import (
	"testing"
	"time"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/stripe"
)

func TestMistakesInTheSectionAreNamed(t *testing.T) {
	t.Parallel()
	secrets := func(texts ...string) (all []field.Secret) {
		for _, s := range texts {
			all = append(all, providertest.Secret(t, s))
		}
		return all
	}
	for name, c := range map[string]struct {
		change func(*stripe.Config)
		live   bool
		want   string
	}{
		"in order":              {func(*stripe.Config) {}, false, ""},
		"in order, live":        {func(c *stripe.Config) { c.SecretKey = secrets("rk_live_x")[0] }, true, ""},
		"nothing":               {func(c *stripe.Config) { *c = stripe.Config{} }, false, "secret_key webhook_secrets"},
		"a test key in live":    {func(*stripe.Config) {}, true, "secret_key"},
		"a live key in sandbox": {func(c *stripe.Config) { c.SecretKey = secrets("sk_live_x")[0] }, false, "secret_key"},
		"a publishable key":     {func(c *stripe.Config) { c.SecretKey = secrets("pk_test_x")[0] }, false, "secret_key"},
		"another kind of key":   {func(c *stripe.Config) { c.WebhookSecrets = secrets(secret, "sk_test_0123456789") }, false, "webhook_secrets"},
		"a short secret":        {func(c *stripe.Config) { c.WebhookSecrets = secrets("whsec_1") }, false, "webhook_secrets"},
		"no secret behind it":   {func(c *stripe.Config) { c.WebhookSecrets = []field.Secret{field.NewSecret("file:/no/such")} }, false, "webhook_secrets"},
		"too much patience":     {func(c *stripe.Config) { c.Tolerance = field.Duration(2 * time.Hour) }, false, "tolerance"},
		"an odd account":        {func(c *stripe.Config) { c.Account = "main" }, false, "account"},
		"an address":            {func(c *stripe.Config) { c.CheckoutDomain = "https://pay.example.org/" }, false, "checkout_domain"},
		"a simulator in live": {func(c *stripe.Config) {
			c.SecretKey, c.APIURL, c.CAFile = secrets("sk_live_x")[0], "https://127.0.0.1:1", ""
		}, true, "api_url"},
		"a plain simulator": {func(c *stripe.Config) { c.APIURL = "http://127.0.0.1:1" }, false, "api_url"},
	} {
		config := section(t)
		c.change(&config)
		if got := providertest.Mistakes(t, &config, c.live, secret, key); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	live := providertest.Options(t, nil)
	live.Live = true
	config := section(t)
	config.APIURL = "https://127.0.0.1:1"
	if _, err := stripe.New(config, live); err == nil {
		t.Error("a live account opens at a simulator")
	}
}
