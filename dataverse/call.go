package dataverse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/hashicorp/go-retryablehttp"
)

// A call is one request to the Web API.
type call struct {
	doing     string // "read the price"
	operation string // for metrics
	segment   string // the action, function or table
	rest      string // what follows the segment in the address
	body      []byte // nil: GET
	page      int    // rows of a page; 0: as Dynamics likes
}

// A reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) good() bool { return r.status >= 200 && r.status < 300 }

func (k call) method() string {
	if k.body == nil {
		return http.MethodGet
	}
	return http.MethodPost
}

const apiPath = "/api/data/v9.2/"

func (c *Client) address(k call) string { return c.cfg.origin() + apiPath + k.segment + k.rest }

// dress adds the headers of every request.
// Source: Dataverse Web API, compose HTTP requests and handle errors.
func (c *Client) dress(h http.Header, token string, hasBody bool) {
	h.Set("Authorization", "Bearer "+token)
	h.Set("Accept", "application/json")
	h.Set("OData-MaxVersion", "4.0")
	h.Set("OData-Version", "4.0")
	h.Set("If-None-Match", "null")
	h.Set("User-Agent", c.agent)
	if hasBody {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
}

// read makes a call that changes nothing, with short repeats inside. A token that was turned down is renewed once; a missing
// privilege is asked about twice, because caches that are only warming up are reported to say so too. Errors are *failure or
// *signInError.
func (c *Client) read(ctx context.Context, k call) (reply, error) {
	ctx, cancel := context.WithTimeout(withOperation(ctx, k.operation), min(readWithin, c.cfg.timeout()))
	defer cancel()
	for again := true; ; again = false {
		token, err := c.tokens.get(ctx)
		if err != nil {
			return reply{}, c.failed(k, err)
		}
		r, err := c.ask(ctx, k, token)
		if err != nil {
			return reply{}, c.failed(k, err)
		}
		if r.good() {
			return r, nil
		}
		f := c.explain(k, r)
		switch {
		case r.status == http.StatusUnauthorized && c.tokens.reject(token) && again:
		case f.code == codePrivilege && again:
		default:
			return reply{}, f
		}
	}
}

// explain reads a failing answer to a call, and counts the limit that it was refused for.
func (c *Client) explain(k call, r reply) *failure {
	f := explain(r, k.segment, c.now())
	f.doing = k.doing
	if f.class == throttled {
		c.metrics.refusedFor(f.code)
	}
	return f
}

// failed names the call in an error that has no answer to explain.
func (c *Client) failed(k call, err error) error {
	var s *signInError
	if errors.As(err, &s) {
		return s
	}
	f := unanswered(err)
	f.doing = k.doing
	return f
}

func (c *Client) ask(ctx context.Context, k call, token string) (reply, error) {
	var body any
	if k.body != nil {
		body = k.body
	}
	req, err := retryablehttp.NewRequestWithContext(ctx, k.method(), c.address(k), body)
	if err != nil {
		return reply{}, err
	}
	c.dress(req.Header, token, k.body != nil)
	if k.page > 0 {
		req.Header.Set("Prefer", "odata.maxpagesize="+strconv.Itoa(k.page))
	}
	resp, err := c.safe.Do(req)
	if err != nil {
		return reply{}, err
	}
	return consume(resp)
}

func consume(resp *http.Response) (reply, error) {
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err
	}
	return reply{status: resp.StatusCode, header: resp.Header, body: bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))}, nil
}

const (
	repeats   = 2
	leastWait = 200 * time.Millisecond
	mostWait  = time.Second
)

// patient repeats calls that change nothing, for a second or two. Longer waits belong to the schedule of the purchase.
func patient(once *http.Client, chance func() float64) *retryablehttp.Client {
	return &retryablehttp.Client{HTTPClient: once, RetryMax: repeats, RetryWaitMin: leastWait, RetryWaitMax: mostWait,
		CheckRetry: worthRepeating, Backoff: spread(chance), ErrorHandler: retryablehttp.PassthroughErrorHandler}
}

// worthRepeating: a broken connection or a front end without a server behind it, unless there is no time or a pause was asked for.
func worthRepeating(ctx context.Context, resp *http.Response, err error) (bool, error) {
	if ctx.Err() != nil {
		return false, nil
	}
	if end, ok := ctx.Deadline(); ok && time.Until(end) < 2*mostWait {
		return false, nil
	}
	if err != nil {
		f := unanswered(err)
		return f.again && f.after == 0, nil
	}
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return resp.Header.Get("Retry-After") == "", nil
	}
	return false, nil
}

// spread doubles the wait and takes up to half of it off by chance.
func spread(chance func() float64) retryablehttp.Backoff {
	return func(least, most time.Duration, attempt int, _ *http.Response) time.Duration {
		wait := min(least<<min(attempt, 10), most)
		return wait - time.Duration(chance()*float64(wait/2))
	}
}
