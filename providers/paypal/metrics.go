package paypal

import (
	"net/http"
	"time"
)

// Metrics is told of every request, repeats included, and of the tokens.
type Metrics interface {
	// Requested: operation is create, get, capture, refund, list or verify; code is the status, or 0 when there was no answer.
	Requested(operation string, code int, took time.Duration)
	// Token: a token was fetched, good until expires; or it was not.
	Token(ok bool, expires time.Time)
}

// unmeasured measures nothing.
type unmeasured struct{}

func (unmeasured) Requested(string, int, time.Duration) {}
func (unmeasured) Token(bool, time.Time)                {}

// counted tells the metrics of each attempt. Tokens are counted apart.
type counted struct {
	next    http.RoundTripper
	metrics Metrics
	now     func() time.Time
}

func (c counted) RoundTrip(req *http.Request) (*http.Response, error) {
	begun := c.now()
	resp, err := c.next.RoundTrip(req)
	if r, ok := req.Context().Value(requestKey{}).(request); ok && r.operation != opToken {
		code := 0
		if err == nil {
			code = resp.StatusCode
		}
		c.metrics.Requested(r.operation, code, c.now().Sub(begun))
	}
	return resp, err
}
