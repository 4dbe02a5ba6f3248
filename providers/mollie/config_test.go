package mollie_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/mollie"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMistakesInTheSectionAreNamed(t *testing.T) {
	t.Parallel()
	ref := func(text string) field.Secret { return providertest.Secret(t, text) }
	live := func(c *mollie.Config) { c.APIKey = ref("live_0123456789abcdefghij") }
	signed := func(secrets ...field.Secret) func(*mollie.Config) {
		return func(c *mollie.Config) { c.Webhooks, c.SigningSecrets = "nextgen", secrets }
	}
	for name, c := range map[string]struct {
		change func(*mollie.Config)
		live   bool
		want   string
	}{
		"in order":              {func(*mollie.Config) {}, false, ""},
		"in order, live":        {live, true, ""},
		"in order, said":        {func(c *mollie.Config) { c.Webhooks, c.Profile = "classic", "pfl_0123456789" }, false, ""},
		"in order, signed":      {signed(ref(secret), ref(older)), false, ""},
		"nothing":               {func(c *mollie.Config) { *c = mollie.Config{} }, false, "api_key"},
		"a test key in live":    {func(*mollie.Config) {}, true, "api_key"},
		"a live key in sandbox": {live, false, "api_key"},
		"an access token":       {func(c *mollie.Config) { c.APIKey = ref("access_0123456789abcdefghij") }, false, "api_key"},
		"a cut key":             {func(c *mollie.Config) { c.APIKey = ref("test_01234") }, false, "api_key"},
		"the manual's key":      {func(c *mollie.Config) { c.APIKey = ref("live_dHar4XY7LxsDOtmnkVtjNVWXLSlXsM") }, true, "api_key"},
		"no key behind it":      {func(c *mollie.Config) { c.APIKey = field.NewSecret("file:/no/such") }, false, "api_key"},
		"another generation":    {func(c *mollie.Config) { c.Webhooks = "auto" }, false, "webhooks"},
		"no signing secret":     {signed(), false, "signing_secrets"},
		"a short one":           {signed(ref(secret), ref("short")), false, "signing_secrets"},
		"no secret behind it":   {signed(field.NewSecret("file:/no/such")), false, "signing_secrets"},
		"a secret for nothing":  {func(c *mollie.Config) { c.SigningSecrets = []field.Secret{ref(secret)} }, false, "signing_secrets"},
		"an odd profile":        {func(c *mollie.Config) { c.Profile = "main" }, false, "profile"},
		"an address":            {func(c *mollie.Config) { c.CheckoutDomains = []string{"https://pay.example.org/"} }, false, "checkout_domains"},
		"a host of nothing":     {func(c *mollie.Config) { c.CheckoutDomains = []string{""} }, false, "checkout_domains"},
		"less than nothing":     {func(c *mollie.Config) { c.ReadBacks = -1 }, false, "read_backs_per_minute"},
		"too much":              {func(c *mollie.Config) { c.ReadBacks = 1_000_000 }, false, "read_backs_per_minute"},
		"too much patience":     {func(c *mollie.Config) { c.Timeout = field.Duration(time.Hour) }, false, "timeout"},
		"a simulator in live":   {func(c *mollie.Config) { live(c); c.APIURL = "https://127.0.0.1:1" }, true, "api_url"},
		"a plain simulator":     {func(c *mollie.Config) { c.APIURL = "http://127.0.0.1:1" }, false, "api_url"},
	} {
		config := section(t)
		c.change(&config)
		var p field.Problems
		config.Validate(&p, c.live)
		keys := map[string]bool{}
		var got []string
		for _, problem := range p.List() {
			for _, hidden := range []string{key, secret, older, "dHar4XY7"} {
				if strings.Contains(problem.Message, hidden) {
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
}

func TestALiveAccountDoesNotOpenAtASimulator(t *testing.T) {
	t.Parallel()
	o := providertest.Options(t, nil)
	o.Live = true
	config := section(t)
	config.APIURL = "https://127.0.0.1:1"
	if _, err := mollie.New(config, o); err == nil {
		t.Error("it opens")
	}
	config = section(t)
	config.SigningSecrets = []field.Secret{field.NewSecret("file:/no/such")}
	if _, err := mollie.New(config, providertest.Options(t, nil)); err == nil {
		t.Error("an account without its secret opens")
	}
}
