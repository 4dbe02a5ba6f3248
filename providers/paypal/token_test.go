package paypal_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// told remembers what the metrics were told.
type told struct {
	ok, failed int
	expires    time.Time
	requests   map[string]int
}

func (m *told) Requested(operation string, code int, _ time.Duration) {
	m.requests[operation+" "+http.StatusText(code)]++
}

func (m *told) Token(ok bool, expires time.Time) {
	m.expires = expires
	if ok {
		m.ok++
	} else {
		m.failed++
	}
}

func TestTokenIsRenewedEarlyAndTheOldOneServesWhileItIsGood(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	s := newStub(map[string]string{getOrder: orderResource("APPROVED", "")})
	m := &told{requests: map[string]int{}}
	p := open(t, section(t), protocol.Options{HTTP: s, Now: func() time.Time { return now }, Metrics: m})
	ask := func() error {
		_, err := p.Ask(t.Context(), purchase.Ref{Payment: orderID})
		return err
	}
	if err := ask(); err != nil || m.ok != 1 || !m.expires.Equal(now.Add(9*time.Hour)) {
		t.Fatalf("%v, %+v", err, m)
	}
	now = now.Add(9*time.Hour - 4*time.Minute)
	s.do("POST /v1/oauth2/token", func(*http.Request, string) (int, string) { return 400, `{"error":"temporarily"}` })
	if err := ask(); err != nil || m.failed != 1 {
		t.Errorf("a failed renewal costs the old token: %v, %+v", err, m)
	}
	if err := ask(); err != nil || m.failed != 1 {
		t.Errorf("a failed renewal is repeated at once: %v, %+v", err, m)
	}
	now = now.Add(5 * time.Minute)
	if err := ask(); err == nil {
		t.Error("a token is used after its end")
	}
	s.on("POST /v1/oauth2/token", `{"access_token":"A21AA-next","expires_in":32400}`)
	if err := ask(); err != nil || m.ok != 2 {
		t.Errorf("%v, %+v", err, m)
	}
	if got := s.asked[len(s.asked)-1].Header.Get("Authorization"); got != "Bearer A21AA-next" {
		t.Errorf("sent %s", got)
	}
	if m.requests["get OK"] != 4 || len(m.requests) != 1 {
		t.Errorf("%v", m.requests)
	}
}

func TestATokenAnswerWithoutATokenIsAnError(t *testing.T) {
	t.Parallel()
	for _, body := range []string{``, `{}`, `{"access_token":"x"}`, `{"access_token":"x","expires_in":-1}`, `<html>`} {
		s := newStub(map[string]string{"POST /v1/oauth2/token": body})
		if _, err := atStub(t, s, nil).Ask(t.Context(), purchase.Ref{Payment: orderID}); err == nil || final(err) {
			t.Errorf("%q: %v", body, err)
		}
	}
}
