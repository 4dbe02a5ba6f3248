package mollie_test

import (
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestADoctorsQuestions(t *testing.T) {
	t.Parallel()
	verdicts := func(w *world, callback string) string {
		var all []string
		for _, f := range w.Inspect(t.Context(), callback) {
			all = append(all, f.Check+" "+string(f.Status))
			if f.Status != purchase.Pass && f.Fix == "" && f.Status != purchase.Skip {
				t.Errorf("%s does not say what to do", f.Check)
			}
		}
		return strings.Join(all, ", ")
	}
	expect := func(w *world, callback, want string) {
		t.Helper()
		if got := verdicts(w, callback); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	w := newWorld(t)
	expect(w, providertest.Callback, "PRV-01 pass, PRV-02 pass, PRV-03 skip, PRV-04 skip")
	expect(w, "http://127.0.0.1:8080/callback/main", "PRV-01 pass, PRV-02 fail, PRV-03 skip, PRV-04 skip")
	w.way.can("/v2/profiles/me", `{"id":"pfl_Simulated01","mode":"live","status":"verified"}`)
	expect(w, providertest.Callback, "PRV-01 fail, PRV-02 pass, PRV-03 skip, PRV-04 skip")

	s := newEventsWorld(t)
	expect(s, providertest.Callback, "PRV-01 pass, PRV-02 pass, PRV-03 pass, PRV-04 manual")
	expect(s, "https://elsewhere.example.org/", "PRV-01 pass, PRV-02 fail, PRV-03 skip, PRV-04 manual")
	hook := func(more object) string {
		o := object{"url": providertest.Callback, "status": "enabled", "mode": "test", "eventTypes": "payment.*,payment-link.paid,refund.failed,chargeback.*"}
		for k, v := range more {
			o[k] = v
		}
		return text(object{"_embedded": object{"webhooks": []object{o}}})
	}
	s.way.can("/v2/webhooks", hook(nil))
	expect(s, providertest.Callback, "PRV-01 pass, PRV-02 pass, PRV-03 pass, PRV-04 manual")
	s.way.can("/v2/webhooks", hook(object{"status": "disabled", "eventTypes": []string{"payment.paid"}}))
	expect(s, providertest.Callback, "PRV-01 pass, PRV-02 fail, PRV-03 fail, PRV-04 manual")
	s.way.can("/v2/webhooks", hook(object{"mode": "live"}))
	expect(s, providertest.Callback, "PRV-01 pass, PRV-02 fail, PRV-03 skip, PRV-04 manual")
	s = newEventsWorld(t)
	s.vary(func(v *providersim.MollieVariant) { v.Closed = true })
	expect(s, providertest.Callback, "PRV-01 pass, PRV-02 manual, PRV-03 manual, PRV-04 manual")
	s.config.Profile = "pfl_Another001"
	s.Mollie = s.open(t)
	expect(s, providertest.Callback, "PRV-01 fail, PRV-02 manual, PRV-03 manual, PRV-04 manual")
	s.config.APIKey = providertest.Secret(t, "test_wrong")
	s.Mollie = s.open(t)
	expect(s, providertest.Callback, "PRV-01 fail")
}
