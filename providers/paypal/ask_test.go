package paypal_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/paypal"
)

// payments is the payments part of a purchase unit.
func payments(captures, refunds string) string {
	return `,"payments":{"captures":[` + captures + `],"refunds":[` + refunds + `]}`
}

// holds is that part of an order that was reserved first.
func holds(status, captures string) string {
	return `,"payments":{"authorizations":[` + holdResource(status) + `],"captures":[` + captures + `]}`
}

const (
	getOrder   = "GET /v2/checkout/orders/" + orderID
	getCapture = "GET /v2/payments/captures/" + captureID
	getRefund  = "GET /v2/payments/refunds/" + refundID
	getHold    = "GET /v2/payments/authorizations/" + holdID
	getSale    = "GET /v1/payments/sale/9SA00000LE000001W"
)

func TestWhatReadingAPaymentBackProves(t *testing.T) {
	t.Parallel()
	captured := "proved captured " + orderID + " " + captureID + " 45.00 EUR " + purchaseID
	alone := strings.Replace(captureResource("COMPLETED"), orderID, "", 1)
	for name, c := range map[string]struct {
		answers map[string]string
		ref     purchase.Ref
		want    []string
	}{
		"nothing yet": {map[string]string{getOrder: orderResource("PAYER_ACTION_REQUIRED", "")}, purchase.Ref{Payment: orderID}, []string{}},
		"approved":    {map[string]string{getOrder: orderResource("APPROVED", "")}, purchase.Ref{Payment: orderID}, []string{"proved approved " + orderID + "  45.00 EUR " + purchaseID}},
		"captured":    {map[string]string{getOrder: orderResource("COMPLETED", payments(captureResource("COMPLETED"), ""))}, purchase.Ref{Payment: orderID}, []string{captured}},
		"pending": {map[string]string{getOrder: orderResource("COMPLETED", payments(strings.Replace(captureResource("PENDING"), `"custom_id"`, `"status_details":{"reason":"ECHECK"},"custom_id"`, 1), ""))},
			purchase.Ref{Payment: orderID}, []string{"proved pending " + orderID + " " + captureID + " 45.00 EUR " + purchaseID + " ECHECK"}},
		"voided": {map[string]string{getOrder: orderResource("VOIDED", "")}, purchase.Ref{Payment: orderID}, []string{"proved lapsed " + orderID + "  - " + purchaseID}},
		"only failed": {map[string]string{getOrder: orderResource("COMPLETED", payments(captureResource("DECLINED"), ""))}, purchase.Ref{Payment: orderID},
			[]string{"proved lapsed " + orderID + "  - " + purchaseID, "proved failed " + orderID + " " + captureID + " 45.00 EUR " + purchaseID}},
		"authorised": {map[string]string{getOrder: orderResource("COMPLETED", `,"payments":{"authorizations":[{"id":"8AU00000TH000001Z","status":"CREATED","amount":{"currency_code":"EUR","value":"45.00"}}]}`)},
			purchase.Ref{Payment: orderID}, []string{"proved authorised " + orderID + " 8AU00000TH000001Z 45.00 EUR " + purchaseID}},
		"given back": {map[string]string{getOrder: orderResource("COMPLETED", holds("VOIDED", ""))}, purchase.Ref{Payment: orderID},
			[]string{"proved lapsed " + orderID + "  - " + purchaseID, "proved failed " + orderID + " " + holdID + " 45.00 EUR " + purchaseID + " authorization_voided"}},
		"let go, whatever the order says": {map[string]string{getOrder: orderResource("APPROVED", holds("EXPIRED", ""))}, purchase.Ref{Payment: orderID},
			[]string{"proved lapsed " + orderID + "  - " + purchaseID, "proved failed " + orderID + " " + holdID + " 45.00 EUR " + purchaseID + " authorization_expired"}},
		"reserved and taken": {map[string]string{getOrder: orderResource("COMPLETED", holds("CAPTURED", captureResource("COMPLETED")))}, purchase.Ref{Payment: orderID},
			[]string{"proved authorised " + orderID + " " + holdID + " 45.00 EUR " + purchaseID, captured}},
		"reserved, and taking it failed": {map[string]string{getOrder: orderResource("COMPLETED", holds("CREATED", captureResource("DECLINED")))}, purchase.Ref{Payment: orderID},
			[]string{"proved authorised " + orderID + " " + holdID + " 45.00 EUR " + purchaseID, "proved failed " + orderID + " " + captureID + " 45.00 EUR " + purchaseID}},
		"in review": {map[string]string{getOrder: orderResource("COMPLETED", holds("PENDING", ""))}, purchase.Ref{Payment: orderID},
			[]string{"proved pending " + orderID + " " + holdID + " 45.00 EUR " + purchaseID}},
		"from the reservation to its order": {map[string]string{getHold: holdResource("CREATED"), getOrder: orderResource("COMPLETED", holds("CREATED", ""))}, purchase.Ref{Payment: holdID, Object: holdID},
			[]string{"proved authorised " + orderID + " " + holdID + " 45.00 EUR " + purchaseID}},
		"a reservation whose order is gone": {map[string]string{getHold: holdResource("VOIDED")}, purchase.Ref{Payment: holdID},
			[]string{"proved failed " + orderID + " " + holdID + " 45.00 EUR " + purchaseID + " authorization_voided"}},
		"partly refunded": {map[string]string{getOrder: orderResource("COMPLETED", payments(captureResource("PARTIALLY_REFUNDED"), refundResource("COMPLETED")))},
			purchase.Ref{Payment: orderID}, []string{"proved refunded " + orderID + " " + refundID + " 15.00 EUR " + purchaseID, captured}},
		"refunded beyond what is listed": {map[string]string{getOrder: orderResource("COMPLETED", payments(captureResource("REFUNDED"), refundResource("COMPLETED")))},
			purchase.Ref{Payment: orderID}, []string{"proved refunded " + orderID + " " + refundID + " 15.00 EUR " + purchaseID, captured,
				"proved refunded " + orderID + " " + captureID + "-unlisted 30.00 EUR " + purchaseID}},
		"from the capture to its order": {map[string]string{getCapture: captureResource("COMPLETED"), getOrder: orderResource("COMPLETED", payments(captureResource("COMPLETED"), ""))},
			purchase.Ref{Payment: captureID}, []string{captured}},
		"a capture whose order is gone":  {map[string]string{getCapture: captureResource("COMPLETED")}, purchase.Ref{Payment: orderID, Object: captureID}, []string{captured}},
		"a capture that has no order":    {map[string]string{getCapture: alone}, purchase.Ref{Payment: captureID, Object: captureID}, []string{"proved captured " + captureID + " " + captureID + " 45.00 EUR " + purchaseID}},
		"refunded, and there is no list": {map[string]string{getCapture: strings.Replace(alone, "COMPLETED", "REFUNDED", 1)}, purchase.Ref{Payment: captureID}, []string{"proved captured " + captureID + " " + captureID + " 45.00 EUR " + purchaseID, "proved refunded " + captureID + " " + captureID + "-unlisted 45.00 EUR " + purchaseID}},
		"from the refund to the capture": {map[string]string{getRefund: refundResource("COMPLETED"), getCapture: alone}, purchase.Ref{Payment: captureID + "X", Object: refundID}, []string{"proved captured " + captureID + " " + captureID + " 45.00 EUR " + purchaseID}},
		"an old sale":                    {map[string]string{getSale: saleResource("completed")}, purchase.Ref{Payment: "9SA00000LE000001W"}, []string{"proved captured 9SA00000LE000001W 9SA00000LE000001W 45.00 EUR " + purchaseID}},
		"an old sale that was reversed":  {map[string]string{getSale: saleResource("reversed")}, purchase.Ref{Payment: "9SA00000LE000001W"}, []string{"proved captured 9SA00000LE000001W 9SA00000LE000001W 45.00 EUR " + purchaseID, "proved refunded 9SA00000LE000001W 9SA00000LE000001W-unlisted 45.00 EUR " + purchaseID}},
	} {
		facts, err := atStub(t, newStub(c.answers), nil).Ask(t.Context(), c.ref)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(c.want, said(facts)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestAPaymentThatCannotBeToldProvesNothing(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string]map[string]string{
		"partly refunded without a list": {getOrder: orderResource("COMPLETED", payments(captureResource("PARTIALLY_REFUNDED"), ""))},
		"more refunded than captured":    {getOrder: orderResource("COMPLETED", payments(captureResource("REFUNDED"), strings.Replace(refundResource("COMPLETED"), "15.00", "46.00", 1)))},
		"an unknown reservation":         {getOrder: orderResource("COMPLETED", holds("SIMMERING", ""))},
		"a reservation of no amount":     {getOrder: orderResource("COMPLETED", strings.Replace(holds("CREATED", ""), `"45.00"`, `""`, 1))},
		"an unknown status":              {getOrder: orderResource("COMPLETED", payments(captureResource("SIMMERING"), ""))},
		"a strange amount":               {getOrder: orderResource("COMPLETED", payments(strings.Replace(captureResource("COMPLETED"), "45.00", "45.005", 1), ""))},
		"another order":                  {getOrder: strings.Replace(orderResource("APPROVED", ""), orderID, "5AB00000CD000002E", 1)},
		"no JSON":                        {getOrder: `<html>`},
	} {
		facts, err := atStub(t, newStub(answers), nil).Ask(t.Context(), purchase.Ref{Payment: orderID})
		if err == nil || errors.Is(err, purchase.ErrNoPayment) || len(facts) > 0 {
			t.Errorf("%s: %v, %v", name, said(facts), err)
		}
	}
}

func TestAbsenceIsSaidOnlyWhenPayPalSaysIt(t *testing.T) {
	t.Parallel()
	s := newStub(nil)
	p := atStub(t, s, nil)
	for _, ref := range []purchase.Ref{{Payment: orderID}, {Payment: captureID, Object: captureID}, {Payment: "../../v1/oauth2/token"}, {}} {
		if _, err := p.Ask(t.Context(), ref); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%v: %v", ref, err)
		}
	}
	for _, r := range s.asked {
		if strings.Contains(r.URL.Path, "..") {
			t.Errorf("asked for %s", r.URL.Path)
		}
	}
	s.do(getOrder, func(*http.Request, string) (int, string) { return http.StatusServiceUnavailable, "<html>" })
	_, err := p.Ask(t.Context(), purchase.Ref{Payment: orderID})
	if _, again := purchase.Retry(err); errors.Is(err, purchase.ErrNoPayment) || !again {
		t.Errorf("an outage is taken for absence: %v", err)
	}
}

func TestWhatIsRefundedIsTakenOffExactlyOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	order, capture, err := w.sim.Buy(providersimButton("45.00"))
	if err != nil {
		t.Fatal(err)
	}
	states := []func() error{
		func() error { return nil },
		func() error { return w.sim.GiveBack(capture, "15.00", false) },
		func() error { return w.sim.GiveBack(capture, "", true) },
	}
	facts, nets := []int{1, 2, 4}, []int64{4500, 3000, 0}
	for i, change := range states {
		if err := change(); err != nil {
			t.Fatal(err)
		}
		got, err := w.Ask(t.Context(), purchase.Ref{Payment: order})
		if err != nil || len(got) != facts[i] {
			t.Fatalf("state %d: %v, %v", i, said(got), err)
		}
		net := purchase.Money{}
		for _, f := range got {
			if f.Kind == purchase.Captured {
				net, _ = net.Plus(f.Money)
			} else {
				net, _ = net.Minus(f.Money)
			}
		}
		if net != euros(nets[i]) {
			t.Errorf("state %d: net %s, want %d", i, net, nets[i])
		}
	}
}

func TestAnAccountWithoutCredentialsLearnsNothingByAsking(t *testing.T) {
	t.Parallel()
	p := atStub(t, newStub(nil), func(c *paypal.Config) {
		c.Notifications, c.Receiver, c.ClientID, c.ClientSecret = "ipn", "seller@example.org", "", field.Secret{}
	})
	if facts, err := p.Ask(t.Context(), purchase.Ref{Payment: orderID}); facts != nil || err != nil {
		t.Errorf("Ask = %v, %v", facts, err)
	}
	if _, err := p.Open(t.Context(), order("k")); final(err) != true {
		t.Errorf("Open: %v", err)
	}
	if _, err := p.Capture(t.Context(), purchase.Ref{Payment: orderID}, "k"); !final(err) {
		t.Errorf("Capture: %v", err)
	}
	if _, err := p.Refund(t.Context(), purchase.Ref{Object: captureID}, euros(1), "k"); !final(err) {
		t.Errorf("Refund: %v", err)
	}
}

// final tells an error that no repetition mends.
func final(err error) bool {
	if err == nil {
		return false
	}
	_, again := purchase.Retry(err)
	return !again
}

func TestTokenIsFetchedOnceForAllAndReplacedWhenRefused(t *testing.T) {
	t.Parallel()
	s := newStub(map[string]string{getOrder: orderResource("APPROVED", "")})
	p := atStub(t, s, nil)
	done := make(chan error)
	for range 20 {
		go func() {
			_, err := p.Ask(context.WithoutCancel(t.Context()), purchase.Ref{Payment: orderID})
			done <- err
		}()
	}
	for range 20 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if n := s.count("POST /v1/oauth2/token"); n != 1 {
		t.Errorf("%d tokens for 20 calls", n)
	}
	refuse := true
	s.do(getOrder, func(*http.Request, string) (int, string) {
		if refuse {
			refuse = false
			return http.StatusUnauthorized, `{"error":"invalid_token"}`
		}
		return http.StatusOK, orderResource("APPROVED", "")
	})
	if _, err := p.Ask(t.Context(), purchase.Ref{Payment: orderID}); err != nil {
		t.Errorf("after one refusal: %v", err)
	}
	if n := s.count("POST /v1/oauth2/token"); n != 2 {
		t.Errorf("%d tokens after one was refused", n)
	}
}

func TestErrorsShowPayPalsWordsAndNoSecret(t *testing.T) {
	t.Parallel()
	s := newStub(nil)
	s.do(getOrder, func(*http.Request, string) (int, string) {
		return http.StatusBadRequest, `{"name":"INVALID_REQUEST","debug_id":"f00d","message":"` + appSecret + `","details":[{"issue":"INVALID_PARAMETER_SYNTAX","description":"` + appSecret + `","value":"` + appSecret + `"},{"issue":"` + appSecret + `"}]}`
	})
	p := atStub(t, s, nil)
	_, err := p.Ask(t.Context(), purchase.Ref{Payment: orderID})
	const want = "paypal get: 400 INVALID_REQUEST INVALID_PARAMETER_SYNTAX (trace f00d)"
	if err == nil || err.Error() != want || !final(err) {
		t.Errorf("%v", err)
	}
	s.do("POST /v1/oauth2/token", func(*http.Request, string) (int, string) { return 401, `{"error":"invalid_client"}` })
	_, err = atStub(t, s, nil).Ask(t.Context(), purchase.Ref{Payment: orderID})
	if err == nil || strings.Contains(err.Error(), appSecret) || !strings.Contains(err.Error(), "401 invalid_client") {
		t.Errorf("%v", err)
	}
	if after, again := purchase.Retry(err); !again || after == 0 {
		t.Errorf("wrong credentials can be mended: %v %v", after, again)
	}
}
