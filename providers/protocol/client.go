package protocol

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// A Client calls one provider's API with the account's credentials.
type Client struct {
	*Sender
	Origin string // scheme, host and what all paths begin with
	// Authorise adds the credentials. It sees the request as it will be sent.
	Authorise func(r *Request) error
	// Words reads the provider's closed words, and what its support asks for, out of an answer that is no success.
	Words func(r Response) (words []string, trace string)
}

// A Call is one call of an API. Path must be made of checked parts only.
type Call struct {
	Operation string
	Method    string // default: GET without a body, POST with one
	Path      string
	Query     url.Values
	Header    http.Header
	JSON      any        // the body, or
	Form      url.Values // the body
	// Repeatable says that doing it twice is doing it once. Reading always is; a call under an idempotency key is.
	Repeatable bool
}

// Call makes the call and reads the JSON of a 2xx answer into into, unless that is nil. Errors are *Error.
func (c *Client) Call(ctx context.Context, what Call, into any) error {
	r, err := c.request(what)
	if err != nil {
		return c.Never(what.Operation, err)
	}
	if err := c.Authorise(&r); err != nil {
		return c.Unanswered(what.Operation, err)
	}
	resp, err := c.Do(ctx, r)
	if err != nil {
		return err
	}
	if resp.Status < 200 || resp.Status > 299 {
		words, trace := c.Words(resp)
		return c.Refused(what.Operation, resp, words, trace)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(resp.Body, into); err != nil {
		return c.Unusable(what.Operation, resp.Status, errors.New("the answer cannot be read"))
	}
	return nil
}

func (c *Client) request(what Call) (Request, error) {
	r := Request{Operation: what.Operation, Method: what.Method, URL: c.Origin + what.Path, Header: http.Header{}, Repeatable: what.Repeatable}
	for name, values := range what.Header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	r.Header.Set("Accept", "application/json")
	switch {
	case what.JSON != nil:
		raw, err := json.Marshal(what.JSON)
		if err != nil {
			return r, err
		}
		r.Body = raw
		r.Header.Set("Content-Type", "application/json")
	case what.Form != nil:
		r.Body = []byte(what.Form.Encode())
		r.Header.Set("Content-Type", FormType)
	}
	if len(what.Query) > 0 {
		r.URL += "?" + what.Query.Encode()
	}
	if r.Method == "" {
		r.Method = http.MethodGet
		if r.Body != nil {
			r.Method = http.MethodPost
		}
	}
	r.Repeatable = r.Repeatable || r.Method == http.MethodGet
	return r, nil
}

// Find reads an object; found is false where the provider says that there is none.
func (c *Client) Find(ctx context.Context, what Call, into any) (found bool, err error) {
	err = c.Call(ctx, what, into)
	if IsStatus(err, http.StatusNotFound) {
		return false, nil
	}
	return err == nil, err
}
