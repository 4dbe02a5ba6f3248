package paypal_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// checkReading holds a reading of anything at all to what must be true of every reading.
func checkReading(t *testing.T, reading purchase.Reading, err error) {
	t.Helper()
	if err != nil {
		if len(reading.Facts) > 0 {
			t.Errorf("refused and believed: %v", err)
		}
		known := false
		for _, kind := range []error{purchase.ErrForged, purchase.ErrUnchecked, purchase.ErrNotUnderstood} {
			known = known || errors.Is(err, kind)
		}
		if !known {
			t.Errorf("an error of no kind: %v", err)
		}
		return
	}
	for _, f := range reading.Facts {
		moving := f.Kind == purchase.Captured || f.Kind == purchase.Refunded || f.Kind == purchase.Reversed
		switch {
		case f.Payment == "" || strings.ContainsAny(f.Payment+f.Object, "/?#%. \n"):
			t.Errorf("payment %q, object %q", f.Payment, f.Object)
		case moving && (!f.Money.Known() || f.Money.Minor < 0):
			t.Errorf("%s of %s", f.Kind, f.Money)
		case f.Kind == purchase.Captured && !f.Money.Positive():
			t.Errorf("captured %s", f.Money)
		}
		if f.Purchase.ID != "" {
			if id, err := purchase.ParseID(f.Purchase.ID); err != nil || id != f.Purchase.ID {
				t.Errorf("purchase %q", f.Purchase.ID)
			}
		}
		purchase.Identify(f)
	}
}

func FuzzRead(f *testing.F) {
	v := loadVectors(f)
	for _, one := range v.Vectors {
		f.Add([]byte(one.Body), one.Headers["PAYPAL-TRANSMISSION-ID"], one.Headers["PAYPAL-CERT-URL"], one.Headers["PAYPAL-TRANSMISSION-SIG"])
	}
	for _, kind := range []string{"CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.COMPLETED"} {
		f.Add([]byte(eventOf(kind, orderResource("COMPLETED", payments(captureResource("REFUNDED"), refundResource("PENDING"))))), "a", "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1", "AAAA")
	}
	f.Add([]byte(eventOf("PAYMENT.SALE.REFUNDED", saleResource("completed"))), "a", "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1", "AAAA")
	s := newStub(map[string]string{"POST /v1/notifications/verify-webhook-signature": `{"verification_status":"SUCCESS"}`})
	c := section(f)
	c.Verify = "paypal"
	p := open(f, c, optionsOf(s))
	offline := v.account(f, v.Vectors[0], nil)
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, body []byte, id, cert, signature string) {
		h := http.Header{"Paypal-Transmission-Id": {id}, "Paypal-Transmission-Time": {at.Format(time.RFC3339)}, "Paypal-Transmission-Sig": {signature},
			"Paypal-Cert-Url": {cert}, "Paypal-Auth-Algo": {"SHA256withRSA"}}
		d := purchase.Delivery{Received: at, Method: http.MethodPost, Header: h, Body: body}
		reading, err := p.Read(t.Context(), d)
		checkReading(t, reading, err)
		if _, err := offline.Read(t.Context(), d); err == nil {
			t.Error("a made-up signature is genuine")
		}
		s.forget()
	})
}

func FuzzIPN(f *testing.F) {
	f.Add([]byte(ipnForm(nil).Body))
	f.Add([]byte(ipnForm(map[string]string{"payment_status": "Refunded", "parent_txn_id": "61E67681CH3238416", "mc_gross": "-45.00"}).Body))
	f.Add([]byte("txn_id=1&test_ipn=1&charset=gb2312&custom=%ff%fe"))
	s := verifying()
	c := section(f)
	ipnOnly(&c)
	p := open(f, c, optionsOf(s))
	f.Fuzz(func(t *testing.T, body []byte) {
		reading, err := p.Read(t.Context(), purchase.Delivery{Received: time.Now(), Method: http.MethodPost, Body: body})
		checkReading(t, reading, err)
		s.forget()
	})
}
