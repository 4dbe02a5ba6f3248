package adyen_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/adyen"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestAmountsGoOutInAdyensUnits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for currency, c := range map[string]struct {
		minor int64
		want  string
	}{"EUR": {4500, "4500"}, "JPY": {4500, "4500"}, "KWD": {45123, "45123"}, "ISK": {4500, "450000"}, "CLP": {4500, "450000"}, "CVE": {4500, "45"}, "IDR": {4500000, "45000"}} {
		order := providertest.Order("open-" + currency)
		order.Money = purchase.Money{Minor: c.minor, Currency: currency}
		made, err := w.Open(t.Context(), order)
		if err != nil {
			t.Errorf("%s: %v", currency, err)
			continue
		}
		if sent := w.Sim.Requests()[len(w.Sim.Requests())-1].Body; !strings.Contains(sent, `"value":`+c.want+`,"currency":"`+currency) {
			t.Errorf("%s goes out as %s", order.Money, sent)
		}
		w.Press(t, made.Session, "pay")
		if facts, err := w.Ask(t.Context(), w.ref(made)); err != nil || facts[0].Money != order.Money {
			t.Errorf("%s comes back as %v, %v", order.Money, facts, err)
		}
	}
	for _, m := range []purchase.Money{{Minor: 4550, Currency: "CVE"}, {Minor: 4550, Currency: "IDR"}, {Minor: 0, Currency: "EUR"}, {Minor: -1, Currency: "EUR"}, {}} {
		order := providertest.Order("open-odd")
		order.Money = m
		if _, err := w.Open(t.Context(), order); !providertest.Final(err) {
			t.Errorf("%s: %v", m, err)
		}
		if _, err := w.Refund(t.Context(), purchase.Ref{Payment: pay}, m, "refund-odd"); !providertest.Final(err) {
			t.Errorf("%s goes back: %v", m, err)
		}
	}
}

func TestALinkEndsInTimeAndIsForOneBuyer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := providertest.Order("open-1")
	o.Description = strings.Repeat("Conférence ", 60)
	made := w.opened(t, o)
	sent := w.Sim.Requests()[0].Body
	for _, text := range []string{`"reusable":false`, `"shopperLocale":"fr-FR"`, `"expiresAt":"` + made.Until.Format("2006-01-02T15:04:05Z") + `"`, `"returnUrl":"https://pay.example.org/return/token"`} {
		if !strings.Contains(sent, text) {
			t.Errorf("%s is not in %s", text, sent)
		}
	}
	if made.Until.After(o.Until) {
		t.Errorf("it ends at %s, after %s", made.Until, o.Until)
	}
	late := providertest.Order("open-2")
	late.Until = late.Until.AddDate(-1, 0, 0)
	if _, err := w.Open(t.Context(), late); !providertest.Final(err) {
		t.Errorf("a link that is over: %v", err)
	}
	early := providertest.Order("open-3")
	early.Until = early.Until.AddDate(1, 0, 0)
	if made, err := w.Open(t.Context(), early); err != nil || made.Until.After(early.Until.AddDate(0, -9, 0)) {
		t.Errorf("a link for a year: %+v, %v", made, err)
	}
	nobody := providertest.Order("open-4")
	nobody.Reference.Purchase = "somebody"
	if _, err := w.Open(t.Context(), nobody); !providertest.Final(err) {
		t.Errorf("a link for no purchase: %v", err)
	}
	if _, err := w.Refund(t.Context(), purchase.Ref{Payment: pay}, providertest.Euros45, strings.Repeat("x", 65)); !providertest.Final(err) {
		t.Errorf("a key that Adyen does not take: %v", err)
	}
}

func TestOddNamesAreNotAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.opened(t, providertest.Order("open-1"))
	before := len(w.Sim.Requests())
	for _, ref := range []purchase.Ref{{}, {Payment: pay}, {Payment: made.Payment}, {Payment: made.Payment, Object: pay}, {Payment: "x", Session: "PL../../payments"}, {Session: "PL"}} {
		if _, err := w.Ask(t.Context(), ref); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%+v: %v", ref, err)
		}
	}
	for _, ref := range []purchase.Ref{{}, {Payment: "../x"}, {Payment: made.Payment, Session: made.Session, Object: made.Payment}} {
		if _, err := w.Capture(t.Context(), ref, "capture-1"); !providertest.Final(err) {
			t.Errorf("%+v is captured: %v", ref, err)
		}
	}
	if _, err := w.Void(t.Context(), purchase.Ref{Payment: made.Payment}, "void-1"); !providertest.Final(err) {
		t.Errorf("a link without its name is ended: %v", err)
	}
	if len(w.Sim.Requests()) != before {
		t.Errorf("Adyen was asked: %+v", w.Sim.Requests()[before:])
	}
	if _, err := w.Ask(t.Context(), purchase.Ref{Payment: made.Payment, Session: "PLNOBODYKNOWSIT01"}); !errors.Is(err, purchase.ErrNoPayment) {
		t.Errorf("a link that Adyen does not know: %v", err)
	}
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: "another", Session: made.Session}); err == nil || errors.Is(err, purchase.ErrNoPayment) {
		t.Errorf("the link of another payment: %v, %v", facts, err)
	}
	stranger := newWorld(t, func(c *adyen.Config) { c.MerchantAccount = "SomebodyElse" })
	if _, err := stranger.Open(t.Context(), providertest.Order("open-1")); err == nil {
		t.Error("a link of another merchant account is opened")
	}
}
