package redsys_test

import (
	"strings"
	"testing"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/redsys"
)

const (
	ownKey    = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
	publicKey = "sq7HjrUOBfKmC576ILgskD5srU870gJ7"
)

func TestMistakesInTheSectionAreNamed(t *testing.T) {
	t.Parallel()
	key := func(text string) func(*redsys.Config) {
		return func(c *redsys.Config) { c.SecretKey = providertest.Secret(t, text) }
	}
	for name, c := range map[string]struct {
		change func(*redsys.Config)
		live   bool
		want   string
	}{
		"in order":                   {func(*redsys.Config) {}, false, ""},
		"in order, live":             {func(*redsys.Config) {}, true, ""},
		"nothing":                    {func(c *redsys.Config) { *c = redsys.Config{} }, false, "merchant_code secret_key terminal"},
		"the public key":             {key(publicKey), false, ""},
		"the public key, live":       {key(publicKey), true, "secret_key"},
		"the older public key, live": {key("Mk9m98IfEblmPfrpsawt7BmxObt98Jev"), true, "secret_key"},
		"a short key":                {key("c2hvcnQ="), false, "secret_key"},
		"no base64":                  {key("0123456789abcdef0123456789abcde!"), false, "secret_key"},
		"no key behind it":           {func(c *redsys.Config) { c.SecretKey = field.NewSecret("file:/no/such") }, false, "secret_key"},
		"the public merchant":        {func(c *redsys.Config) { c.MerchantCode = "999008881" }, false, ""},
		"the public merchant, live":  {func(c *redsys.Config) { c.MerchantCode = "999008881" }, true, "merchant_code"},
		"a name for a merchant":      {func(c *redsys.Config) { c.MerchantCode = "contoso" }, false, "merchant_code"},
		"a long terminal":            {func(c *redsys.Config) { c.Terminal = "0001" }, false, "terminal"},
		"a simulator in live":        {func(c *redsys.Config) { c.APIURL = "https://127.0.0.1:1" }, true, "api_url"},
		"a plain simulator":          {func(c *redsys.Config) { c.APIURL = "http://127.0.0.1:1" }, false, "api_url"},
		"a path":                     {func(c *redsys.Config) { c.APIURL = "https://127.0.0.1:1/sis" }, false, "api_url"},
	} {
		config := redsys.Config{MerchantCode: "327234688", Terminal: "001", SecretKey: providertest.Secret(t, ownKey)}
		c.change(&config)
		var p field.Problems
		config.Validate(&p, c.live)
		var got []string
		for _, problem := range p.List() {
			if strings.Contains(problem.Message, ownKey) || strings.Contains(problem.Message, publicKey) {
				t.Errorf("%s: a secret shows: %s", name, problem)
			}
			got = append(got, problem.Key)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v", name, p.List())
		}
		o := providertest.Options(t, nil)
		o.Live = c.live
		if _, err := redsys.New(config, o); (err == nil) && (c.want == "secret_key" || c.want == "api_url") {
			t.Errorf("%s: the account opens", name)
		}
	}
}
