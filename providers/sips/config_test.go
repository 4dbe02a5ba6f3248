package sips_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/sips"
)

func TestMistakesInTheSectionAreNamed(t *testing.T) {
	t.Parallel()
	key := func(version int, text string) sips.Key {
		return sips.Key{Version: version, Key: providertest.Secret(t, text)}
	}
	for name, c := range map[string]struct {
		change func(*sips.Config)
		live   bool
		want   string
	}{
		"in order":        {func(*sips.Config) {}, false, ""},
		"in order, live":  {func(*sips.Config) {}, true, ""},
		"in order, plain": {func(c *sips.Config) { c.Seal, c.Bank = "sha256", "sips" }, true, ""},
		"a bank of its own": {func(c *sips.Config) {
			c.Bank, c.PageHost, c.OfficeHost = "", "page.bank.example", "office.bank.example"
		}, true, ""},
		"tests of its own": {func(c *sips.Config) {
			c.Bank, c.PageHost, c.OfficeHost = "", "page-simu.bank.example", "office.test.bank.example"
		}, false, ""},
		"without Office": {func(c *sips.Config) { c.Bank, c.PageHost, c.NoOffice = "", "page.bank.example", true }, true, ""},
		"a public shop in sandbox": {func(c *sips.Config) {
			c.MerchantID, c.SecretKeys = "002001000000001", []sips.Key{key(1, "002001000000001_KEY1")}
		}, false, ""},
		"nothing":                    {func(c *sips.Config) { *c = sips.Config{} }, false, "bank merchant_id seal secret_keys"},
		"a short shop":               {func(c *sips.Config) { c.MerchantID = "2001000000001" }, false, "merchant_id"},
		"a public shop":              {func(c *sips.Config) { c.MerchantID = "002001000000002" }, true, "merchant_id"},
		"a public shop of Mercanet":  {func(c *sips.Config) { c.MerchantID = "211000021310001" }, true, "merchant_id"},
		"a public shop of LCL":       {func(c *sips.Config) { c.MerchantID = "002016000000001" }, true, "merchant_id"},
		"a public key":               {func(c *sips.Config) { c.SecretKeys = []sips.Key{key(1, "002001000000001_KEY1")} }, true, "secret_keys.key"},
		"another public key":         {func(c *sips.Config) { c.SecretKeys = []sips.Key{key(1, "002001000000002_KEY1")} }, true, "secret_keys.key"},
		"the public key of Mercanet": {func(c *sips.Config) { c.SecretKeys = []sips.Key{key(1, "S9i8qClCnb2CZU3y3Vn0toIOgz3z_aBi79akR30vM9o")} }, true, "secret_keys.key"},
		"a version twice":            {func(c *sips.Config) { c.SecretKeys = append(c.SecretKeys, key(2, "another_0123456789")) }, false, "secret_keys.version"},
		"no version":                 {func(c *sips.Config) { c.SecretKeys[1].Version = 0 }, false, "secret_keys.version"},
		"a short key":                {func(c *sips.Config) { c.SecretKeys[1] = key(1, "tiny") }, false, "secret_keys.key"},
		"no key behind it":           {func(c *sips.Config) { c.SecretKeys[1].Key = field.NewSecret("file:/no/such") }, false, "secret_keys.key"},
		"no key":                     {func(c *sips.Config) { c.SecretKeys[1].Key = field.Secret{} }, false, "secret_keys.key"},
		"another seal":               {func(c *sips.Config) { c.Seal = "HMAC-SHA-256" }, false, "seal"},
		"another bank":               {func(c *sips.Config) { c.Bank = "bnp" }, false, "bank"},
		"half a bank":                {func(c *sips.Config) { c.Bank, c.PageHost = "", "page-simu.bank.example" }, false, "bank"},
		"an address":                 {func(c *sips.Config) { c.PageHost = "https://page-simu.bank.example" }, false, "page_host"},
		"a test page in live":        {func(c *sips.Config) { c.PageHost = "payment-webinit.simu.sips-services.com" }, true, "page_host"},
		"a test office in live":      {func(c *sips.Config) { c.OfficeHost = "office-server.test.sips-services.com" }, true, "office_host"},
		"a live page in sandbox":     {func(c *sips.Config) { c.PageHost = "payment-webinit.sips-services.com" }, false, "page_host"},
		"an office too many":         {func(c *sips.Config) { c.NoOffice, c.OfficeHost = true, "office.test.bank.example" }, false, "office_host"},
		"too much time":              {func(c *sips.Config) { c.Timeout = field.Duration(time.Hour) }, false, "timeout"},
		"a simulator in live":        {func(c *sips.Config) { c.APIURL = "https://127.0.0.1:1" }, true, "api_url"},
		"a plain simulator":          {func(c *sips.Config) { c.APIURL = "http://127.0.0.1:1" }, false, "api_url"},
	} {
		config := section(t)
		c.change(&config)
		var p field.Problems
		config.Validate(&p, c.live)
		keys := map[string]bool{}
		var got []string
		for _, problem := range p.List() {
			for _, k := range config.SecretKeys {
				if text, err := k.Key.Reveal(); err == nil && strings.Contains(problem.Message, text) {
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
	live := providertest.Options(t, nil)
	live.Live = true
	config := section(t)
	config.APIURL = "https://127.0.0.1:1"
	if _, err := sips.New(config, live); err == nil {
		t.Error("a live shop opens at a simulator")
	}
	if n := len(config.Secrets()); n != 2 {
		t.Errorf("%d secrets", n)
	}
}
