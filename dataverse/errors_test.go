package dataverse_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse"
)

const (
	finishOutbound = "msevtmgt_FinalizeExternalRegistrationRequest"
	finishADX      = "adx_FinalizeExternalRegistrationRequest"
	somePurchase   = "ab62525b-7a63-47c0-b6e8-17ad1a2c67a6"
	html           = "<!DOCTYPE html><html><body>Bad Gateway</body></html>"
)

// errorRows is every error that Dynamics is known to give, with what it proves of a finalize and what it means for a read.
// Source: Dataverse Web API client errors; service protection API limits.
var errorRows = []struct {
	name    string
	status  int
	header  http.Header
	body    string
	result  purchase.Result
	reason  string
	after   time.Duration
	again   bool          // for a read
	pause   time.Duration // for a read
	nothing bool          // for a read: ErrNoPurchase
}{
	{name: "missing segment", status: 404, body: oops("0x8006088a", "Resource not found for the segment '%s'."), result: purchase.Refused, reason: "action_missing"},
	{name: "missing segment, other code, no dot", status: 404, body: oops("0x80060888", "Resource not found for the segment '%s'"), result: purchase.Refused, reason: "action_missing"},
	{name: "another segment is missing", status: 404, body: oops("0x8006088a", "Resource not found for the segment 'contacts'."), result: purchase.Refused, reason: "0x8006088a"},
	{name: "bad path", status: 404, body: oops("0x80060888", "ODataUnrecognizedPathException"), result: purchase.Refused, reason: "0x80060888"},
	{name: "unknown property", status: 400, body: oops("0x80060888", "Could not find a property named 'x'"), result: purchase.Refused, reason: "0x80060888"},
	{name: "unsupported operation", status: 405, body: oops("0x80060888", "The requested resource does not support it"), result: purchase.Refused, reason: "0x80060888"},
	{name: "wrong verb", status: 404, body: oops("", "No HTTP resource was found that matches the request URI 'x'."), result: purchase.Refused, reason: "http_404"},
	{name: "a 404 of somebody else", status: 404, body: html, result: purchase.Unknown, reason: "http_404"},
	{name: "no record", status: 404, body: oops("0x80040217", "msevtmgt_eventpurchase With Id = x Does Not Exist"), result: purchase.Refused, reason: "0x80040217", again: true, nothing: true},
	{name: "bad payload", status: 400, body: oops("0x80048d19", "Error identified in Payload"), result: purchase.Refused, reason: "0x80048d19"},
	{name: "unexpected plug-in error", status: 500, body: oops("0x80040224", "An unexpected error occurred from ISV code."), result: purchase.Unknown, reason: "0x80040224", again: true},
	{name: "an unexpected plug-in error as a 400", status: 400, body: oops("0x80040224", "An unexpected error occurred from ISV code."), result: purchase.Unknown, reason: "0x80040224"},
	{name: "a code nobody knows", status: 400, body: oops("0x80044331", "?"), result: purchase.Unknown, reason: "0x80044331"},
	{name: "a code in decimal", status: 400, body: oops("-2147220891", "plug-in"), result: purchase.Refused, reason: "0x80040265", nothing: true, again: true},
	{name: "missing privilege", status: 403, body: oops("0x80040220", "Principal user (Id=1, type=8) is missing prvReadmsevtmgt_EventPurchase privilege (Id=2) on OTC=1"), result: purchase.Unsent,
		reason: "0x80040220", after: time.Minute, pause: time.Minute},
	{name: "not a member", status: 403, body: oops("0x80072560", "The user is not a member of the organization."), result: purchase.Unsent, reason: "0x80072560",
		after: 30 * time.Second, again: true, pause: 30 * time.Second},
	{name: "application restricted", status: 403, body: oops("0x80095ffc", "restricted"), result: purchase.Unsent, reason: "0x80095ffc", after: time.Minute, pause: time.Minute},
	{name: "ip firewall", status: 403, body: oops("0x80095ffe", "blocked"), result: purchase.Unsent, reason: "0x80095ffe", after: time.Minute, pause: time.Minute},
	{name: "a 403 of somebody else", status: 403, body: html, result: purchase.Unsent, reason: "http_403", after: time.Minute, pause: time.Minute},
	{name: "duplicate key", status: 412, body: oops("0x80040237", "duplicate"), result: purchase.Unknown, reason: "0x80040237"},
	{name: "duplicate record", status: 409, body: oops("0x80040237", "duplicate"), result: purchase.Unknown, reason: "0x80040237"},
	{name: "too many requests", status: 429, header: http.Header{"Retry-After": {"17"}}, body: oops("0x80072322", "x"), result: purchase.Unsent,
		reason: "throttled_requests", after: 17 * time.Second, again: true, pause: 17 * time.Second},
	{name: "too much execution time", status: 429, header: http.Header{"Retry-After": {"99999999"}}, body: oops("0x80072321", "x"), result: purchase.Unsent,
		reason: "throttled_execution_time", after: 10 * time.Minute, again: true, pause: 10 * time.Minute},
	{name: "too many at once, in decimal", status: 429, body: oops("-2147015898", "x"), result: purchase.Unsent, reason: "throttled_concurrency", again: true},
	{name: "a 429 without a word", status: 429, result: purchase.Unsent, reason: "throttled", again: true},
	{name: "unauthorized", status: 401, body: "HTTP Error 401 - Unauthorized: Access is denied", result: purchase.Unsent, reason: "http_401"},
	{name: "server error", status: 500, body: oops("", "x"), result: purchase.Unknown, reason: "http_500", again: true},
	{name: "server error, html", status: 500, body: html, result: purchase.Unknown, reason: "http_500", again: true},
	{name: "bad gateway", status: 502, body: html, result: purchase.Unknown, reason: "http_502", again: true},
	{name: "unavailable for a while", status: 503, header: http.Header{"Retry-After": {"5"}}, result: purchase.Unknown, reason: "http_503", after: 5 * time.Second, again: true, pause: 5 * time.Second},
	{name: "gateway timeout", status: 504, body: html, result: purchase.Unknown, reason: "http_504", again: true},
	{name: "request timeout", status: 408, result: purchase.Unknown, reason: "http_408", again: true},
	{name: "redirected to a sign-in page", status: 302, header: http.Header{"Location": {"https://login.example.org/"}}, result: purchase.Unknown, reason: "http_302"},
}

// forSegment writes the segment that was asked for into the rows about missing ones.
func forSegment(body, path string) string {
	if !strings.Contains(body, "%s") {
		return body
	}
	segment, _, _ := strings.Cut(path[strings.LastIndex(path, "/")+1:], "(")
	return fmt.Sprintf(body, segment)
}

func TestEveryKnownErrorProvesWhatItProvesOfAFinalize(t *testing.T) {
	t.Parallel()
	for _, row := range errorRows {
		for _, dialect := range []dataverse.Dialect{dataverse.DialectOutbound, dataverse.DialectRealtime} {
			t.Run(row.name+"/"+string(dialect), func(t *testing.T) {
				t.Parallel()
				s := &script{answer: func(r *http.Request, n int) (*http.Response, error) {
					return always(row.status, row.header, forSegment(row.body, r.URL.Path))(r, n)
				}}
				c := s.client(t, dialect)
				got := c.Finalize(t.Context(), purchase.Final{Key: key(somePurchase), Event: concert, SendBefore: time.Now().Add(time.Minute)})
				if want := (purchase.Outcome{Result: row.result, Reason: row.reason, After: row.after}); got != want {
					t.Errorf("got %+v, want %+v", got, want)
				}
				wantCalls := 1
				if row.reason == "action_missing" && dialect == dataverse.DialectOutbound {
					wantCalls = 2
				}
				if len(s.calls) != wantCalls {
					t.Errorf("%d calls: %v", len(s.calls), s.calls)
				}
			})
		}
	}
}

func TestEveryKnownErrorIsExplainedToAReader(t *testing.T) {
	t.Parallel()
	for _, row := range errorRows {
		for _, dialect := range []dataverse.Dialect{dataverse.DialectOutbound, dataverse.DialectRealtime} {
			if dialect == dataverse.DialectRealtime && row.reason == "0x80040265" {
				continue // a table has no plug-in that refuses
			}
			t.Run(row.name+"/"+string(dialect), func(t *testing.T) {
				t.Parallel()
				s := &script{answer: func(r *http.Request, n int) (*http.Response, error) {
					return always(row.status, row.header, forSegment(row.body, r.URL.Path))(r, n)
				}}
				_, err := s.client(t, dialect).Price(t.Context(), key(somePurchase))
				after, again := purchase.Retry(err)
				if err == nil || again != row.again || after != row.pause || errors.Is(err, purchase.ErrNoPurchase) != row.nothing {
					t.Errorf("%v: after %v, again %v; want %v, %v", err, after, again, row.pause, row.again)
				}
				if strings.Contains(err.Error(), "Principal") || strings.Contains(err.Error(), "html") || strings.Contains(err.Error(), "token-") {
					t.Errorf("the answer or the token leaks: %v", err)
				}
			})
		}
	}
}

func TestOnlyTheExactAnswerLeadsToTheOlderAction(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]struct {
		status int
		body   string
		falls  bool
	}{
		"0x8006088a with a dot":    {404, oops("0x8006088a", "Resource not found for the segment '"+finishOutbound+"'."), true},
		"0x80060888 without a dot": {404, oops("0x80060888", "Resource not found for the segment '"+finishOutbound+"'"), true},
		"a 404 alone":              {404, "", false},
		"the code alone":           {404, oops("0x8006088a", "Not found"), false},
		"another segment":          {404, oops("0x8006088a", "Resource not found for the segment 'contacts'."), false},
		"no record":                {404, oops("0x80040217", "x Does Not Exist"), false},
		"not a 404":                {400, oops("0x8006088a", "Resource not found for the segment '"+finishOutbound+"'."), false},
		"the words without a code": {404, oops("", "Resource not found for the segment '"+finishOutbound+"'."), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &script{answer: func(r *http.Request, n int) (*http.Response, error) {
				if strings.HasSuffix(r.URL.Path, finishADX) {
					return always(200, nil, `{"status":"Success"}`)(r, n)
				}
				return always(first.status, nil, first.body)(r, n)
			}}
			c := s.client(t, dataverse.DialectOutbound)
			call := purchase.Final{Key: key(somePurchase), Event: concert, SendBefore: time.Now().Add(time.Minute)}
			got := c.Finalize(t.Context(), call)
			if fell := got.Result == purchase.Confirmed; fell != first.falls || len(s.calls) > 2 {
				t.Errorf("%+v after %v", got, s.calls)
			}
			if first.falls {
				if got := c.Finalize(t.Context(), call); got.Result != purchase.Confirmed || len(s.calls) != 3 {
					t.Errorf("what worked is not remembered: %+v after %v", got, s.calls)
				}
			}
		})
	}
}

func TestAMissingPrivilegeIsNamedAndNothingElseOfTheMessage(t *testing.T) {
	t.Parallel()
	s := &script{answer: always(403, nil, oops("0x80040220", "Principal user (Id=8d1, type=8, Ada Lovelace) is missing prvReadTransactionCurrency privilege (Id=2)"))}
	_, err := s.client(t, dataverse.DialectRealtime).Price(t.Context(), key(somePurchase))
	if err == nil || !strings.Contains(err.Error(), "prvReadTransactionCurrency") || strings.Contains(err.Error(), "Ada") {
		t.Errorf("%v", err)
	}
	if len(s.calls) != 2 {
		t.Errorf("asked %d times; caches that warm up want two", len(s.calls))
	}
}
