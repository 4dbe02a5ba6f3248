package dataverse_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/dataverse"
)

// inOrder answers one call after the other; the last answer stays.
func inOrder(answers ...func(*http.Request, int) (*http.Response, error)) func(*http.Request, int) (*http.Response, error) {
	return func(r *http.Request, n int) (*http.Response, error) { return answers[min(n, len(answers))-1](r, n) }
}

func broken(*http.Request, int) (*http.Response, error) {
	return nil, &net.OpError{Op: "read", Net: "tcp", Err: errors.New("connection reset by peer")}
}

const info = `{"EventName":"x","PurchaseAmount":45.00,"IsoCurrencyCode":"EUR"}`

func TestAReadIsRepeatedForASecondOrTwoAndOnlyWhereThatHelps(t *testing.T) {
	t.Parallel()
	good := always(200, nil, info)
	for name, row := range map[string]struct {
		first func(*http.Request, int) (*http.Response, error)
		calls int // of the purchase-info action
		fails bool
	}{
		"bad gateway":             {always(502, nil, html), 2, false},
		"gateway timeout":         {always(504, nil, html), 2, false},
		"unavailable":             {always(503, nil, ""), 2, false},
		"a broken connection":     {broken, 2, false},
		"unavailable for a while": {always(503, http.Header{"Retry-After": {"1"}}, ""), 1, true},
		"a pause":                 {func(*http.Request, int) (*http.Response, error) { return nil, pause{time.Second} }, 1, true},
		"too many requests":       {always(429, http.Header{"Retry-After": {"3600"}}, oops("0x80072322", "x")), 1, true},
		"a server error":          {always(500, nil, oops("0x80040224", "x")), 1, true},
		"a refusal":               {always(400, nil, oops("0x80048d19", "x")), 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bodies := 0
			s := &script{answer: func(r *http.Request, n int) (*http.Response, error) {
				if !strings.HasSuffix(r.URL.Path, "msevtmgt_ListDetailedPurchaseInfo") {
					return always(404, nil, forSegment(oops("0x8006088a", "Resource not found for the segment '%s'."), r.URL.Path))(r, n)
				}
				bodies++
				return inOrder(row.first, good)(r, n)
			}}
			began := time.Now()
			_, err := s.client(t, dataverse.DialectOutbound).Price(t.Context(), key(somePurchase))
			if (err != nil) != row.fails || bodies != row.calls || time.Since(began) > 3*time.Second {
				t.Errorf("%v after %d calls and %v", err, bodies, time.Since(began))
			}
		})
	}
}

func TestAReadThatNeverWorksEndsAfterThreeTries(t *testing.T) {
	t.Parallel()
	s := &script{answer: always(502, nil, html)}
	_, err := s.client(t, dataverse.DialectRealtime).Price(t.Context(), key(somePurchase))
	if _, again := purchase.Retry(err); err == nil || !again || len(s.calls) != 3 {
		t.Errorf("%v after %d calls", err, len(s.calls))
	}
}

func TestAReadEndsWithItsContext(t *testing.T) {
	t.Parallel()
	s := &script{answer: func(r *http.Request, _ int) (*http.Response, error) {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}}
	began := time.Now()
	_, err := s.client(t, dataverse.DialectRealtime).Price(within(t, 50*time.Millisecond), key(somePurchase))
	if err == nil || time.Since(began) > 2*time.Second || len(s.calls) != 1 {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	quick := (&script{answer: s.answer}).client(t, dataverse.DialectRealtime, func(c *dataverse.Config, _ *dataverse.Options) { c.Timeout = field.Duration(50 * time.Millisecond) })
	if _, err := quick.Price(t.Context(), key(somePurchase)); err == nil {
		t.Error("no timeout of its own")
	}
}

func TestAnEndlessAnswerIsCutOff(t *testing.T) {
	t.Parallel()
	s := &script{answer: always(200, nil, `{"status":"`+strings.Repeat("x", 2<<20))}
	c := s.client(t, dataverse.DialectOutbound)
	if _, err := c.Price(t.Context(), key(somePurchase)); err == nil || errors.Is(err, purchase.ErrNoPrice) {
		t.Errorf("%v", err)
	}
	if o := c.Finalize(t.Context(), final(time.Minute)); o.Result != purchase.Unknown {
		t.Errorf("%+v", o)
	}
}

func TestAnAnswerThatIsNoJSONIsNoPrice(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", html, "null", "[]", `{"PurchaseAmount":`, `{} {}`} {
		s := &script{answer: always(200, nil, body)}
		if offer, err := s.client(t, dataverse.DialectOutbound).Price(t.Context(), key(somePurchase)); err == nil {
			t.Errorf("%q: %v", body, offer.Money)
		}
		row := &script{answer: always(200, nil, body)}
		if offer, err := row.client(t, dataverse.DialectRealtime).Price(t.Context(), key(somePurchase)); err == nil {
			t.Errorf("%q: %v", body, offer.Money)
		}
	}
}

func TestACertificateThatIsNotTrustedIsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.cfg.CAFile = ""
	c, err := dataverse.New(w.cfg, dataverse.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	_, err = c.Organization(t.Context())
	if _, again := purchase.Retry(err); err == nil || again || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v", err)
	}
}
