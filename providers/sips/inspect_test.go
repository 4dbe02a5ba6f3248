package sips_test

import (
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/sips"
)

func TestADoctorsQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	verdicts := func() string {
		var all []string
		for _, f := range w.Inspect(t.Context(), providertest.Callback) {
			all = append(all, f.Check+" "+string(f.Status))
			if f.Status != purchase.Pass && f.Fix == "" && f.Status != purchase.Skip {
				t.Errorf("%s does not say what to do", f.Check)
			}
			if strings.Contains(f.Detail+f.Fix, secret) {
				t.Errorf("%s shows a secret", f.Check)
			}
		}
		return strings.Join(all, ", ")
	}
	if got := verdicts(); got != "PRV-01 pass, PRV-02 manual, PRV-03 skip, PRV-04 manual" {
		t.Error(got)
	}
	w.Sim.AddFault(providersim.Fault{Operation: "get", Kind: providersim.EdgeRefusal})
	if got := verdicts(); got != "PRV-01 fail" {
		t.Error(got)
	}
	for _, change := range []func(*sips.Config){
		func(c *sips.Config) {
			c.SecretKeys = []sips.Key{{Version: 2, Key: providertest.Secret(t, "another_0123456789")}}
		},
		func(c *sips.Config) { c.SecretKeys = []sips.Key{{Version: 3, Key: providertest.Secret(t, secret)}} },
		func(c *sips.Config) { c.MerchantID = "211000000000043" },
	} {
		config := w.config
		change(&w.config)
		w.Sips = w.open(t)
		if got := verdicts(); got != "PRV-01 fail" {
			t.Error(got)
		}
		w.config = config
	}
}
