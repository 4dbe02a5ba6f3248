package braintree_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/braintree"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMistakesInTheSectionAreNamed(t *testing.T) {
	t.Parallel()
	const own = "0123456789abcdef0123456789abcdef"
	demo := func(c *braintree.Config) {
		c.PublicKey, c.PrivateKey = "integration_public_key", providertest.Secret(t, "integration_private_key")
	}
	for name, c := range map[string]struct {
		change func(*braintree.Config)
		live   bool
		want   string
	}{
		"in order":                  {func(*braintree.Config) {}, false, ""},
		"in order, live":            {func(*braintree.Config) {}, true, ""},
		"nothing":                   {func(c *braintree.Config) { *c = braintree.Config{} }, false, "private_key public_key"},
		"the libraries' keys":       {demo, false, ""},
		"the libraries' keys, live": {demo, true, "private_key public_key"},
		"a short private key":       {func(c *braintree.Config) { c.PrivateKey = providertest.Secret(t, "short") }, false, "private_key"},
		"no key behind it":          {func(c *braintree.Config) { c.PrivateKey = field.NewSecret("file:/no/such") }, false, "private_key"},
		"a pair for a key":          {func(c *braintree.Config) { c.PublicKey = "0123456789|abcdef" }, false, "public_key"},
		"an odd merchant account":   {func(c *braintree.Config) { c.MerchantAccounts = []string{"contoso", "a b"} }, false, "merchant_accounts"},
		"too much patience":         {func(c *braintree.Config) { c.Tolerance = field.Duration(100 * time.Hour) }, false, "tolerance"},
	} {
		config := braintree.Config{PublicKey: "0123456789abcdef", PrivateKey: providertest.Secret(t, own)}
		c.change(&config)
		var p field.Problems
		config.Validate(&p, c.live)
		var got []string
		for _, problem := range p.List() {
			if strings.Contains(problem.Message, own) || strings.Contains(problem.Message, "integration_private_key") {
				t.Errorf("%s: a secret shows: %s", name, problem)
			}
			got = append(got, problem.Key)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v", name, p.List())
		}
		o := providertest.Options(t, nil)
		o.Live = c.live
		if _, err := braintree.New(config, o); err == nil && c.live && c.want != "" {
			t.Errorf("%s: the account opens", name)
		}
	}
}
