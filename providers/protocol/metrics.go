package protocol

import (
	"net/http"
	"time"
)

// The operations of an account, as they are counted and named in errors.
const (
	Create  = "create"
	Get     = "get"
	Reserve = "reserve"
	Capture = "capture"
	Void    = "void"
	Refund  = "refund"
	List    = "list"
	Verify  = "verify"
	Token   = "token" // counted apart
)

// Metrics is told of every request, repeats included, and of access tokens.
type Metrics interface {
	// Requested: operation is one of those above but Token; code is the status, or 0 when there was no answer.
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
	if r, ok := req.Context().Value(requestKey{}).(Request); ok && r.Operation != Token {
		code := 0
		if err == nil {
			code = resp.StatusCode
		}
		c.metrics.Requested(r.Operation, code, c.now().Sub(begun))
	}
	return resp, err
}
