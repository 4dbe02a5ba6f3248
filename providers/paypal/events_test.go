package paypal_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/providersim"
)

func newSecret() field.Secret { return field.Secret{} }

func providersimButton(value string) providersim.PayPalPayment {
	return providersim.PayPalPayment{CustomID: purchaseID, Value: value, Currency: "EUR"}
}

// nextForm waits for the delivery that is no JSON.
func (w *world) nextForm(t *testing.T) purchase.Delivery {
	t.Helper()
	for n := range 4 {
		if d := w.next(t, n); strings.HasPrefix(d.Header.Get("Content-Type"), "application/x-www-form") {
			return d
		}
	}
	t.Fatal("no form came")
	return purchase.Delivery{}
}

const (
	orderID   = "5AB00000CD000001E"
	captureID = "3CA00000PT000001R"
	refundID  = "6RF00000ND000001Q"
	holdID    = "8AU00000TH000001Z"
)

func holdResource(status string) string {
	return `{"id":"` + holdID + `","status":"` + status + `","custom_id":"` + purchaseID + `","amount":{"currency_code":"EUR","value":"45.00"},
		"supplementary_data":{"related_ids":{"order_id":"` + orderID + `"}},"create_time":"2026-11-22T10:04:00Z"}`
}

func eventOf(kind, resource string) string {
	return fmt.Sprintf(`{"id":"WH-1-1","event_version":"1.0","create_time":"2026-11-22T10:05:02.000Z","event_type":%q,"resource":%s}`, kind, resource)
}

func captureResource(status string) string {
	return `{"id":"` + captureID + `","status":"` + status + `","custom_id":"` + purchaseID + `","amount":{"currency_code":"EUR","value":"45.00"},
		"supplementary_data":{"related_ids":{"order_id":"` + orderID + `"}},"create_time":"2026-11-22T10:05:00Z"}`
}

func refundResource(status string) string {
	return `{"id":"` + refundID + `","status":"` + status + `","amount":{"currency_code":"EUR","value":"15.00"},"create_time":"2026-11-22T02:30:00-08:00",
		"links":[{"href":"https://api.sandbox.paypal.com/v2/payments/captures/` + captureID + `","rel":"up","method":"GET"}]}`
}

func orderResource(status, payments string) string {
	return `{"id":"` + orderID + `","intent":"CAPTURE","status":"` + status + `","create_time":"2026-11-22T10:00:00Z",
		"purchase_units":[{"reference_id":"default","custom_id":"` + purchaseID + `","amount":{"currency_code":"EUR","value":"45.00"},
		"payee":{"merchant_id":"MERCH0000001"}` + payments + `}]}`
}

func saleResource(state string) string {
	return `{"id":"9SA00000LE000001W","state":"` + state + `","parent_payment":"PAY-INVENTED0001","amount":{"total":"45.00","currency":"EUR"},
		"custom":"` + purchaseID + `","reason_code":"ECHECK","create_time":"2026-11-22T10:05:00Z"}`
}

func TestWhatEachEventTells(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	captured := "heard captured " + orderID + " " + captureID + " 45.00 EUR " + purchaseID
	for name, c := range map[string]struct {
		body string
		want []string
	}{
		"approved": {eventOf("CHECKOUT.ORDER.APPROVED", orderResource("APPROVED", "")), []string{"heard approved " + orderID + "  45.00 EUR " + purchaseID}},
		"order completed": {eventOf("CHECKOUT.ORDER.COMPLETED", orderResource("COMPLETED", `,"payments":{"captures":[`+captureResource("COMPLETED")+`]}`)),
			[]string{captured}},
		"order completed, captures not shown": {eventOf("CHECKOUT.ORDER.COMPLETED", orderResource("COMPLETED", "")), []string{"heard approved " + orderID + "  - " + purchaseID}},
		"approved, content not shown":         {eventOf("CHECKOUT.ORDER.APPROVED", `{"id":"`+orderID+`","status":"APPROVED"}`), []string{"heard approved " + orderID + "  -"}},
		"order voided":                        {eventOf("CHECKOUT.ORDER.VOIDED", orderResource("VOIDED", "")), []string{"heard lapsed " + orderID + "  - " + purchaseID}},
		"order saved":                         {eventOf("CHECKOUT.ORDER.SAVED", orderResource("SAVED", "")), nil},
		"approval reversed":                   {eventOf("CHECKOUT.PAYMENT-APPROVAL.REVERSED", `{"order_id":"`+orderID+`","purchase_units":[{"custom_id":"`+purchaseID+`"}]}`), []string{"heard lapsed " + orderID + "  - " + purchaseID}},
		"captured":                            {eventOf("PAYMENT.CAPTURE.COMPLETED", captureResource("COMPLETED")), []string{captured}},
		"pending, but already completed":      {eventOf("PAYMENT.CAPTURE.PENDING", captureResource("completed")), []string{captured}},
		"pending":                             {eventOf("PAYMENT.CAPTURE.PENDING", strings.Replace(captureResource("PENDING"), `"custom_id"`, `"status_details":{"reason":"ECHECK"},"custom_id"`, 1)), []string{"heard pending " + orderID + " " + captureID + " 45.00 EUR " + purchaseID + " ECHECK"}},
		"denied":                              {eventOf("PAYMENT.CAPTURE.DENIED", captureResource("DECLINED")), []string{"heard failed " + orderID + " " + captureID + " 45.00 EUR " + purchaseID}},
		"declined, without a status":          {eventOf("PAYMENT.CAPTURE.DECLINED", `{"id":"`+captureID+`"}`), []string{"heard failed " + captureID + " " + captureID + " -"}},
		"refunded":                            {eventOf("PAYMENT.CAPTURE.REFUNDED", refundResource("COMPLETED")), []string{"heard refunded " + captureID + " " + refundID + " 15.00 EUR"}},
		"reversed":                            {eventOf("PAYMENT.CAPTURE.REVERSED", refundResource("COMPLETED")), []string{"heard reversed " + captureID + " " + refundID + " 15.00 EUR"}},
		"refund failed":                       {eventOf("PAYMENT.REFUND.FAILED", refundResource("FAILED")), []string{"heard failed " + captureID + " " + refundID + " 15.00 EUR  refund_failed"}},
		"sale":                                {eventOf("PAYMENT.SALE.COMPLETED", saleResource("completed")), []string{"heard captured 9SA00000LE000001W 9SA00000LE000001W 45.00 EUR " + purchaseID + " "}},
		"sale pending":                        {eventOf("PAYMENT.SALE.PENDING", saleResource("pending")), []string{"heard pending 9SA00000LE000001W 9SA00000LE000001W 45.00 EUR " + purchaseID + " ECHECK"}},
		"sale refunded":                       {eventOf("PAYMENT.SALE.REFUNDED", `{"id":"9RF00000ND000001W","sale_id":"9SA00000LE000001W","state":"completed","amount":{"total":"-15.00","currency":"EUR"}}`), []string{"heard refunded 9SA00000LE000001W 9RF00000ND000001W 15.00 EUR"}},
		"sale reversed, sale not named":       {eventOf("PAYMENT.SALE.REVERSED", `{"id":"9RF00000ND000001W","state":"completed","amount":{"total":"-15.00","currency":"EUR"}}`), []string{"heard reversed 9RF00000ND000001W 9RF00000ND000001W 15.00 EUR"}},
		"whole yen":                           {eventOf("PAYMENT.CAPTURE.COMPLETED", `{"id":"`+captureID+`","status":"COMPLETED","amount":{"currency_code":"JPY","value":"1234"}}`), []string{"heard captured " + captureID + " " + captureID + " 1234 JPY"}},
		"whole forints":                       {eventOf("PAYMENT.CAPTURE.COMPLETED", `{"id":"`+captureID+`","status":"COMPLETED","amount":{"currency_code":"HUF","value":"1234"}}`), []string{"heard captured " + captureID + " " + captureID + " 1234.00 HUF"}},
		"reserved":                            {eventOf("PAYMENT.AUTHORIZATION.CREATED", holdResource("CREATED")), []string{"heard authorised " + orderID + " " + holdID + " 45.00 EUR " + purchaseID}},
		"reserved, but already given back":    {eventOf("PAYMENT.AUTHORIZATION.CREATED", holdResource("VOIDED")), []string{"heard failed " + orderID + " " + holdID + " 45.00 EUR " + purchaseID + " authorization_voided"}},
		"given back":                          {eventOf("PAYMENT.AUTHORIZATION.VOIDED", holdResource("VOIDED")), []string{"heard failed " + orderID + " " + holdID + " 45.00 EUR " + purchaseID + " authorization_voided"}},
		"let go":                              {eventOf("PAYMENT.AUTHORIZATION.VOIDED", holdResource("EXPIRED")), []string{"heard failed " + orderID + " " + holdID + " 45.00 EUR " + purchaseID + " authorization_expired"}},
		"a reservation in review":             {eventOf("PAYMENT.AUTHORIZATION.PENDING", holdResource("PENDING")), []string{"heard pending " + orderID + " " + holdID + " 45.00 EUR " + purchaseID}},
		"a reservation turned down":           {eventOf("PAYMENT.AUTHORIZATION.DENIED", holdResource("DENIED")), []string{"heard failed " + orderID + " " + holdID + " 45.00 EUR " + purchaseID + " authorization_denied"}},
		"a reservation that was taken":        {eventOf("PAYMENT.AUTHORIZATION.CAPTURED", holdResource("CAPTURED")), []string{"heard authorised " + orderID + " " + holdID + " 45.00 EUR " + purchaseID}},
		"taken from a reservation, no order":  {eventOf("PAYMENT.CAPTURE.COMPLETED", `{"id":"`+captureID+`","status":"COMPLETED","amount":{"currency_code":"EUR","value":"45.00"},"links":[{"rel":"up","href":"https://api.sandbox.paypal.com/v2/payments/authorizations/`+holdID+`"}]}`), []string{"heard captured " + holdID + " " + captureID + " 45.00 EUR"}},
		"an authorization":                    {eventOf("PAYMENT.AUTHORIZATION.CREATED", `{"id":"8AU00000TH000001Z"}`), []string{"heard authorised " + holdID + " " + holdID + " -"}},
		"a dispute":                           {eventOf("CUSTOMER.DISPUTE.CREATED", `{"dispute_id":"PP-D-1"}`), nil},
		"a family of tomorrow":                {eventOf("BILLING.PLAN.CREATED", `[]`), nil},
	} {
		reading, err := w.Read(t.Context(), w.signed(c.body))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := said(reading.Facts)
		for i := range c.want {
			c.want[i] = strings.TrimSpace(c.want[i])
		}
		if diff := cmp.Diff(c.want, got, cmpEmpty); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

var cmpEmpty = cmp.Comparer(func(a, b []string) bool { return strings.Join(a, "\n") == strings.Join(b, "\n") })

func TestGenuineButStrangeIsKeptForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, body := range map[string]string{
		"no JSON":                   `not json`,
		"no event":                  `{"hello":"world"}`,
		"an array":                  `[]`,
		"no resource":               eventOf("PAYMENT.CAPTURE.COMPLETED", `null`),
		"an unknown status":         eventOf("PAYMENT.CAPTURE.COMPLETED", captureResource("SIMMERING")),
		"an unknown reservation":    eventOf("PAYMENT.AUTHORIZATION.CREATED", holdResource("SIMMERING")),
		"a reservation of nothing":  eventOf("PAYMENT.AUTHORIZATION.CREATED", `null`),
		"no amount":                 eventOf("PAYMENT.CAPTURE.COMPLETED", `{"id":"`+captureID+`","status":"COMPLETED"}`),
		"an unknown currency":       eventOf("PAYMENT.CAPTURE.COMPLETED", strings.ReplaceAll(captureResource("COMPLETED"), "EUR", "QQQ")),
		"half a yen":                eventOf("PAYMENT.CAPTURE.COMPLETED", strings.NewReplacer("EUR", "JPY", "45.00", "45.5").Replace(captureResource("COMPLETED"))),
		"half a forint":             eventOf("PAYMENT.CAPTURE.COMPLETED", strings.NewReplacer("EUR", "HUF", "45.00", "45.50").Replace(captureResource("COMPLETED"))),
		"nothing captured":          eventOf("PAYMENT.CAPTURE.COMPLETED", strings.Replace(captureResource("COMPLETED"), "45.00", "0.00", 1)),
		"an id that is an address":  eventOf("PAYMENT.CAPTURE.COMPLETED", strings.Replace(captureResource("COMPLETED"), captureID, "../../v1/x", 1)),
		"a refund of nothing":       eventOf("PAYMENT.CAPTURE.REFUNDED", `{"id":"`+refundID+`","amount":{"currency_code":"EUR","value":"15.00"}}`),
		"a refund up to elsewhere":  eventOf("PAYMENT.CAPTURE.REFUNDED", strings.Replace(refundResource("COMPLETED"), "/captures/", "/elsewhere/", 1)),
		"an order without an id":    eventOf("CHECKOUT.ORDER.APPROVED", `{"status":"APPROVED"}`),
		"a lapse without an order":  eventOf("CHECKOUT.PAYMENT-APPROVAL.REVERSED", `{}`),
		"a sale without an id":      eventOf("PAYMENT.SALE.COMPLETED", `{"state":"completed"}`),
		"our family, unknown shape": eventOf("PAYMENT.TOMORROW.CREATED", `{"identifier":"x"}`),
	} {
		reading, err := w.Read(t.Context(), w.signed(body))
		if !errors.Is(err, purchase.ErrNotUnderstood) || len(reading.Facts) > 0 {
			t.Errorf("%s: %v, %v", name, reading.Facts, err)
		}
		if reading.Message == "" {
			t.Errorf("%s: the transmission is lost", name)
		}
	}
}

func TestMoneyOfAnotherMerchantIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *paypal.Config) { c.MerchantID = "SOMEBODYELSE1" })
	ours := `"payee":{"merchant_id":"MERCH0000001"},"custom_id"`
	for name, body := range map[string]string{
		"an order":      eventOf("CHECKOUT.ORDER.APPROVED", orderResource("APPROVED", "")),
		"a capture":     eventOf("PAYMENT.CAPTURE.COMPLETED", strings.Replace(captureResource("COMPLETED"), `"custom_id"`, ours, 1)),
		"a reservation": eventOf("PAYMENT.AUTHORIZATION.CREATED", strings.Replace(holdResource("CREATED"), `"custom_id"`, ours, 1)),
	} {
		if _, err := w.Read(t.Context(), w.signed(body)); refusal(t, err) != purchase.WrongMerchant {
			t.Errorf("%s: %v", name, err)
		}
	}
	order, capture, err := w.sim.Buy(providersimButton("45.00"))
	if err != nil {
		t.Fatal(err)
	}
	for _, ref := range []purchase.Ref{{Payment: order}, {Payment: capture, Object: capture}} {
		if facts, err := w.Ask(t.Context(), ref); !errors.Is(err, purchase.WrongMerchant) || len(facts) > 0 {
			t.Errorf("asking about %v: %v, %v", ref, facts, err)
		}
	}
}

func TestReferenceComesFromOurSealOrFromWhereTheSettingsSay(t *testing.T) {
	t.Parallel()
	sealed, err := testSeals(t).Seal(purchase.Reference{Purchase: purchaseID, Event: eventID, User: contactID}, 127)
	if err != nil {
		t.Fatal(err)
	}
	s := newStub(nil)
	bare := atStub(t, s, nil)
	for name, c := range map[string]struct {
		custom string
		want   purchase.Reference
	}{
		"sealed":        {sealed, purchase.Reference{Purchase: purchaseID, Event: eventID, User: contactID, Sealed: true}},
		"bare":          {strings.ToUpper(purchaseID), purchase.Reference{Purchase: purchaseID}},
		"damaged seal":  {sealed[:len(sealed)-1] + "_", purchase.Reference{}},
		"not an id":     {"order 7", purchase.Reference{}},
		"nothing there": {"", purchase.Reference{}},
	} {
		s.on("GET /v2/checkout/orders/"+orderID, strings.Replace(orderResource("APPROVED", ""), purchaseID, c.custom, 1))
		facts, err := bare.Ask(t.Context(), purchase.Ref{Payment: orderID})
		if err != nil || len(facts) != 1 {
			t.Fatalf("%s: %v, %v", name, facts, err)
		}
		f := facts[0]
		got := purchase.Reference{Purchase: f.Purchase.ID, Event: f.Detail.Event, User: f.Detail.User, Sealed: f.Detail.Sealed}
		if got != c.want || f.Purchase.Environment != "main" {
			t.Errorf("%s: %+v in %q, want %+v", name, got, f.Purchase.Environment, c.want)
		}
	}
}
