package monetico_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/monetico"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMistakesInTheSectionAreNamed(t *testing.T) {
	t.Parallel()
	given := func(text string) func(*monetico.Config) {
		return func(c *monetico.Config) { c.Key = providertest.Secret(t, text) }
	}
	for name, c := range map[string]struct {
		change func(*monetico.Config)
		live   bool
		want   string
	}{
		"in order":                {func(*monetico.Config) {}, false, ""},
		"in order, live":          {func(*monetico.Config) {}, true, ""},
		"callback only":           {func(c *monetico.Config) { c.Company, c.Billing = "", monetico.Billing{} }, true, ""},
		"nothing":                 {func(c *monetico.Config) { *c = monetico.Config{} }, false, "key tpe"},
		"six characters":          {func(c *monetico.Config) { c.TPE = "123456" }, false, "tpe"},
		"an odd TPE":              {func(c *monetico.Config) { c.TPE = "123-567" }, false, "tpe"},
		"no key behind it":        {func(c *monetico.Config) { c.Key = field.NewSecret("file:/no/such") }, false, "key"},
		"a short key":             {given(key[:39]), false, "key"},
		"no hexadecimal digit":    {given("Z" + key[1:]), false, "key"},
		"an odd last digit":       {given(key[:38] + "Q0"), false, "key"},
		"an example":              {given("12345678901234567890123456789012345678P0"), false, ""},
		"an example, live":        {given("12345678901234567890123456789012345678P0"), true, "key"},
		"what it stands for":      {given("1234567890123456789012345678901234567890"), true, "key"},
		"of the vectors":          {given("1036DEFD9175F29EE9337A1F284BDF781D5A4048"), true, "key"},
		"in small letters":        {given("1036defd9175f29ee9337a1f284bdf781d5a4048"), true, "key"},
		"an odd company":          {func(c *monetico.Config) { c.Company = "asso gala" }, false, "company"},
		"no address":              {func(c *monetico.Config) { c.Billing = monetico.Billing{} }, false, "billing.address billing.city billing.country billing.postal_code"},
		"an address for nothing":  {func(c *monetico.Config) { c.Company = "" }, false, "billing"},
		"a long street":           {func(c *monetico.Config) { c.Billing.Address = strings.Repeat("é", 51) }, false, "billing.address"},
		"the longest street":      {func(c *monetico.Config) { c.Billing.Address = strings.Repeat("é", 50) }, false, ""},
		"a long postal code":      {func(c *monetico.Config) { c.Billing.PostalCode = "68100 CEDEX" }, false, "billing.postal_code"},
		"a country by its name":   {func(c *monetico.Config) { c.Billing.Country = "France" }, false, "billing.country"},
		"a country in small":      {func(c *monetico.Config) { c.Billing.Country = "fr" }, false, "billing.country"},
		"a simulator":             {func(c *monetico.Config) { c.APIURL = "https://127.0.0.1:1" }, false, ""},
		"a simulator in live":     {func(c *monetico.Config) { c.APIURL = "https://127.0.0.1:1" }, true, "api_url"},
		"a plain simulator":       {func(c *monetico.Config) { c.APIURL = "http://127.0.0.1:1" }, false, "api_url"},
		"a page of the simulator": {func(c *monetico.Config) { c.APIURL = "https://127.0.0.1:1/test/" }, false, "api_url"},
	} {
		config := section(t)
		c.change(&config)
		var p field.Problems
		config.Validate(&p, c.live)
		var got []string
		for _, problem := range p.List() {
			got = append(got, problem.Key)
			if strings.Contains(problem.Message, key[:38]) {
				t.Errorf("%s: a secret shows: %s", name, problem)
			}
		}
		slices.Sort(got)
		if strings.Join(slices.Compact(got), " ") != c.want {
			t.Errorf("%s: %v", name, p.List())
		}
	}
}

func TestAnAccountIsNotMadeOfWhatWasNotValidated(t *testing.T) {
	t.Parallel()
	live := providertest.Options(t, nil)
	live.Live = true
	elsewhere, unusable, missing := section(t), section(t), section(t)
	elsewhere.APIURL = "https://127.0.0.1:1"
	unusable.Key = providertest.Secret(t, "Z"+key[1:])
	missing.Key = field.NewSecret("file:/no/such")
	for name, c := range map[string]monetico.Config{"a live account at a simulator": elsewhere, "a key that is none": unusable, "no key": missing} {
		if account, err := monetico.New(c, live); err == nil || account != nil || strings.Contains(err.Error(), key[1:38]) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
