package adyen_test

import (
	"strings"
	"testing"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/adyen"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMistakesInTheSectionAreNamed(t *testing.T) {
	t.Parallel()
	secrets := func(texts ...string) (all []field.Secret) {
		for _, s := range texts {
			all = append(all, providertest.Secret(t, s))
		}
		return all
	}
	const public = "44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056"
	api := func(c *adyen.Config) { c.APIKey = secrets(apiKey)[0] }
	for name, c := range map[string]struct {
		change func(*adyen.Config)
		live   bool
		want   string
	}{
		"in order":                {func(*adyen.Config) {}, false, ""},
		"in order, live":          {func(*adyen.Config) {}, true, ""},
		"in order, with API":      {api, false, ""},
		"in order, live with API": {func(c *adyen.Config) { api(c); c.LivePrefix = "1797a841fbb37ca7-ContosoEvents" }, true, ""},
		"two keys":                {func(c *adyen.Config) { c.HMACKeys = secrets(hmacKey, strings.ToLower(strings.Repeat("1A", 32))) }, false, ""},
		"nothing":                 {func(c *adyen.Config) { *c = adyen.Config{} }, false, "finalize_on hmac_keys merchant_account password username"},
		"an odd merchant":         {func(c *adyen.Config) { c.MerchantAccount = "Contoso:Events" }, false, "merchant_account"},
		"a backslash":             {func(c *adyen.Config) { c.MerchantAccount = `Contoso\Events` }, false, "merchant_account"},
		"itself among the others": {func(c *adyen.Config) { c.OtherAccounts = []string{"Shop", merchant} }, false, "other_merchant_accounts"},
		"three keys":              {func(c *adyen.Config) { c.HMACKeys = secrets(hmacKey, hmacKey, hmacKey) }, false, "hmac_keys"},
		"a cut key":               {func(c *adyen.Config) { c.HMACKeys = secrets(hmacKey[2:]) }, false, "hmac_keys"},
		"no hexadecimal key":      {func(c *adyen.Config) { c.HMACKeys = secrets(strings.Repeat("xy", 32)) }, false, "hmac_keys"},
		"no key behind it":        {func(c *adyen.Config) { c.HMACKeys = []field.Secret{field.NewSecret("file:/no/such")} }, false, "hmac_keys"},
		"a printed key":           {func(c *adyen.Config) { c.HMACKeys = secrets(public) }, false, ""},
		"a printed key in live":   {func(c *adyen.Config) { c.HMACKeys = secrets(hmacKey, strings.ToLower(public)) }, true, "hmac_keys"},
		"a user with a colon":     {func(c *adyen.Config) { c.Username = "a:b" }, false, "username"},
		"no password behind it":   {func(c *adyen.Config) { c.Password = field.NewSecret("file:/no/such") }, false, "password"},
		"finalize whenever":       {func(c *adyen.Config) { c.FinalizeOn = "whenever" }, false, "finalize_on"},
		"no API key behind it":    {func(c *adyen.Config) { c.APIKey = field.NewSecret("file:/no/such") }, false, "api_key"},
		"no prefix in live":       {api, true, "live_prefix"},
		"a prefix in sandbox":     {func(c *adyen.Config) { c.LivePrefix = "1797a841fbb37ca7-ContosoEvents" }, false, "live_prefix"},
		"a host as prefix":        {func(c *adyen.Config) { api(c); c.LivePrefix = "evil.example.org/x" }, true, "live_prefix"},
		"an address":              {func(c *adyen.Config) { api(c); c.PayDomain = "https://pay.example.org/" }, false, "pay_domain"},
		"a page without API":      {func(c *adyen.Config) { c.PayDomain = "pay.example.org" }, false, "pay_domain"},
		"a simulator without API": {func(c *adyen.Config) { c.APIURL = "https://127.0.0.1:1" }, false, "api_url"},
		"a simulator in live":     {func(c *adyen.Config) { api(c); c.LivePrefix, c.APIURL = "1797a841fbb37ca7-X", "https://127.0.0.1:1" }, true, "api_url"},
		"a plain simulator":       {func(c *adyen.Config) { api(c); c.APIURL = "http://127.0.0.1:1" }, false, "api_url"},
	} {
		config := section(t)
		c.change(&config)
		if got := providertest.Mistakes(t, &config, c.live, hmacKey, password, apiKey, public); got != c.want {
			t.Errorf("%s: %s", name, got)
		}
	}
	live := providertest.Options(t, nil)
	live.Live = true
	for what, change := range map[string]func(*adyen.Config){
		"at a simulator":   func(c *adyen.Config) { api(c); c.LivePrefix, c.APIURL = "1797a841fbb37ca7-X", "https://127.0.0.1:1" },
		"without a prefix": api,
		"with a cut key":   func(c *adyen.Config) { c.HMACKeys = secrets(hmacKey[2:]) },
	} {
		config := section(t)
		change(&config)
		if _, err := adyen.New(config, live); err == nil || strings.Contains(err.Error(), hmacKey[2:]) {
			t.Errorf("a live account opens %s: %v", what, err)
		}
	}
}
