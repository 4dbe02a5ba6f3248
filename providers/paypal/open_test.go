package paypal_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/providersim"
)

func TestOpenCaptureAndRefundAtTheSimulator(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made, err := w.Open(t.Context(), order("open-1"))
	if err != nil {
		t.Fatal(err)
	}
	page, err := url.Parse(made.URL)
	if err != nil || page.Query().Get("token") != made.Payment || !made.Capturable {
		t.Fatalf("%+v", made)
	}
	if again, err := w.Open(t.Context(), order("open-1")); err != nil || again.Payment != made.Payment || again.URL != made.URL {
		t.Errorf("the same key opened %+v, %v", again, err)
	}
	ref := purchase.Ref{Payment: made.Payment}
	if _, err := w.Capture(t.Context(), ref, "capture-0"); !final(err) {
		t.Errorf("captured without approval: %v", err)
	}
	if err := w.sim.Approve(made.Payment); err != nil {
		t.Fatal(err)
	}
	approved, err := w.Ask(t.Context(), ref)
	if err != nil || len(approved) != 1 || approved[0].Kind != purchase.Approved || !approved[0].Detail.Capturable {
		t.Fatalf("%v, %v", said(approved), err)
	}
	captured, err := w.Capture(t.Context(), ref, "capture-1")
	if err != nil || len(captured) != 1 || captured[0].Kind != purchase.Captured {
		t.Fatalf("%v, %v", said(captured), err)
	}
	if f := captured[0]; f.Purchase.ID != purchaseID || f.Detail.Event != eventID || f.Detail.User != contactID || !f.Detail.Sealed {
		t.Errorf("the reference did not travel: %+v", f)
	}
	if got := captured[0].Payer.Reveal(); got != "payer@example.org" {
		t.Errorf("the payer is %q", got)
	}
	for _, key := range []string{"capture-1", "capture-2"} {
		again, err := w.Capture(t.Context(), ref, key)
		if diff := cmp.Diff(captured, again); err != nil || diff != "" {
			t.Errorf("capturing again with %s: %v\n%s", key, err, diff)
		}
	}
	w.refundTwice(t, captured[0])
	if n := len(w.sim.Captures()); n != 1 {
		t.Errorf("%d captures", n)
	}
}

func (w *world) refundTwice(t *testing.T, captured purchase.Fact) {
	t.Helper()
	ref := purchase.Ref{Payment: captured.Payment, Object: captured.Object}
	back, err := w.Refund(t.Context(), ref, euros(1500), "refund-1")
	if err != nil || len(back) != 1 || back[0].Kind != purchase.Refunded || back[0].Money != euros(1500) {
		t.Fatalf("%v, %v", said(back), err)
	}
	again, err := w.Refund(t.Context(), ref, euros(1500), "refund-1")
	if diff := cmp.Diff(back, again); err != nil || diff != "" {
		t.Errorf("refunding again with the same key: %v\n%s", err, diff)
	}
	rest, err := w.Refund(t.Context(), purchase.Ref{Payment: captured.Payment}, euros(3000), "refund-2")
	if err != nil || len(rest) != 1 {
		t.Errorf("refund by order: %v, %v", said(rest), err)
	}
	if _, err := w.Refund(t.Context(), ref, euros(1), "refund-3"); !final(err) {
		t.Errorf("refunded more than there was: %v", err)
	}
	if n := len(w.sim.Refunds()); n != 2 {
		t.Errorf("%d refunds", n)
	}
}

func TestWhatAnOrderSaysToPayPal(t *testing.T) {
	t.Parallel()
	s := newStub(map[string]string{"POST /v2/checkout/orders": `{"id":"` + orderID + `","status":"CREATED","links":[{"href":"https://www.sandbox.paypal.com/checkoutnow?token=` + orderID + `","rel":"approve"}]}`})
	p := atStub(t, s, func(c *paypal.Config) { c.BrandName = "Example Events" })
	o := order("open-1")
	o.Description = strings.Repeat("é", 200)
	o.Return = "https://pay.example.org/return/token?lang=fr"
	if _, err := p.Open(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	r := s.asked[len(s.asked)-1]
	if r.Header.Get("PayPal-Request-Id") != "open-1" || r.Header.Get("Prefer") != "return=representation" || r.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%v", r.Header)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(s.bodies[len(s.bodies)-1]), &got); err != nil {
		t.Fatal(err)
	}
	unit := got["purchase_units"].([]any)[0].(map[string]any)
	custom := unit["custom_id"].(string)
	if ref, ok := testSeals(t).Open(custom); !ok || ref.Purchase != purchaseID || len(custom) > 127 {
		t.Errorf("custom_id %q", custom)
	}
	delete(unit, "custom_id")
	want := map[string]any{"intent": "CAPTURE",
		"purchase_units": []any{map[string]any{"description": strings.Repeat("é", 126) + "…", "amount": map[string]any{"currency_code": "EUR", "value": "45.00"}}},
		"payment_source": map[string]any{"paypal": map[string]any{"experience_context": map[string]any{
			"return_url": "https://pay.example.org/return/token?lang=fr", "cancel_url": "https://pay.example.org/return/token?cancel=1&lang=fr",
			"user_action": "PAY_NOW", "payment_method_preference": "IMMEDIATE_PAYMENT_REQUIRED", "shipping_preference": "NO_SHIPPING",
			"locale": "fr-FR", "brand_name": "Example Events"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestBuyersAreSentToPayPalOnly(t *testing.T) {
	t.Parallel()
	for _, href := range []string{"https://www.paypal.com/checkoutnow", "http://www.sandbox.paypal.com/", "https://www.sandbox.paypal.com.example.org/",
		"https://me@www.sandbox.paypal.com/", "https://evil.example.org/", "javascript:alert(1)", ""} {
		s := newStub(map[string]string{"POST /v2/checkout/orders": `{"id":"` + orderID + `","links":[{"href":"` + href + `","rel":"payer-action"}]}`})
		if made, err := atStub(t, s, nil).Open(t.Context(), order("k")); err == nil {
			t.Errorf("%s: %+v", href, made)
		}
	}
}

func TestAmountsThatPayPalCannotSayAreNotOpened(t *testing.T) {
	t.Parallel()
	s := newStub(map[string]string{"POST /v2/checkout/orders": `{"id":"` + orderID + `","links":[{"href":"https://www.sandbox.paypal.com/","rel":"approve"}]}`})
	p := atStub(t, s, nil)
	for money, want := range map[purchase.Money]string{
		euros(4500):                         "45.00",
		{Minor: 1234, Currency: "JPY"}:      "1234",
		{Minor: 123400, Currency: "HUF"}:    "1234",
		{Minor: 123450, Currency: "HUF"}:    "",
		{Minor: 999900, Currency: "TWD"}:    "9999",
		{Minor: 1, Currency: "TWD"}:         "",
		{Minor: 12340, Currency: "KWD"}:     "12.34",
		{Minor: 12345, Currency: "KWD"}:     "",
		{Minor: 0, Currency: "EUR"}:         "",
		{Minor: -100, Currency: "EUR"}:      "",
		{}:                                  "",
		{Minor: 5, Currency: "USD"}:         "0.05",
		{Minor: 100000000, Currency: "EUR"}: "1000000.00",
	} {
		o := order("k")
		o.Money = money
		_, err := p.Open(t.Context(), o)
		if (err == nil) != (want != "") || (err != nil && !final(err)) {
			t.Errorf("%s: %v", money, err)
		}
		if err == nil && !strings.Contains(s.bodies[len(s.bodies)-1], `"value":"`+want+`"`) {
			t.Errorf("%s is written %s", money, s.bodies[len(s.bodies)-1])
		}
	}
}

func TestAnOrderForAnotherMerchantIsNotOpened(t *testing.T) {
	t.Parallel()
	s := newStub(map[string]string{"POST /v2/checkout/orders": `{"id":"` + orderID + `","purchase_units":[{"payee":{"merchant_id":"OTHER"}}],"links":[{"href":"https://www.sandbox.paypal.com/","rel":"approve"}]}`})
	p := atStub(t, s, func(c *paypal.Config) { c.MerchantID = "MERCH0000001" })
	if _, err := p.Open(t.Context(), order("k")); !final(err) {
		t.Error(err)
	}
}

func TestReadingIsRepeatedForAMoment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	order, _, err := w.sim.Buy(providersimButton("45.00"))
	if err != nil {
		t.Fatal(err)
	}
	w.sim.AddFault(providersim.Fault{Operation: "get", Kind: providersim.Unavailable})
	w.sim.AddFault(providersim.Fault{Operation: "get", Kind: providersim.Drop})
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: order}); err != nil || len(facts) != 1 {
		t.Errorf("%v, %v", said(facts), err)
	}
	w.sim.AddFault(providersim.Fault{Operation: "get", Kind: providersim.Slow, Delay: time.Minute})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := w.Ask(ctx, purchase.Ref{Payment: order}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a caller who gives up: %v", err)
	}
}
