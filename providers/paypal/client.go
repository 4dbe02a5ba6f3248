package paypal

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
)

// The operations, as they are counted.
const (
	opCreate  = "create"
	opGet     = "get"
	opCapture = "capture"
	opRefund  = "refund"
	opList    = "list"
	opVerify  = "verify"
)

// A client calls the REST API with the account's credentials.
type client struct {
	sender *sender
	tokens *tokens
	origin string
}

// A call is one REST call. With a key it is one operation at PayPal however often it is made.
type call struct {
	operation string
	method    string
	path      string
	query     url.Values
	key       string // PayPal-Request-Id
	body      []byte
}

// get reads an object.
func (c *client) get(ctx context.Context, path string, into any) error {
	return c.call(ctx, call{operation: opGet, method: http.MethodGet, path: path}, into)
}

// call makes the call and reads the answer. A token that PayPal refuses is replaced once: a call that was not authorised had no
// effect. Errors are *Error.
func (c *client) call(ctx context.Context, what call, into any) error {
	resp, err := c.authorised(ctx, what)
	if err != nil {
		return err
	}
	if resp.status < 200 || resp.status > 299 {
		return refused(what.operation, resp)
	}
	if err := json.Unmarshal(resp.body, into); err != nil {
		return unusable(what.operation, resp.status, errors.New("the answer cannot be read"))
	}
	return nil
}

func (c *client) authorised(ctx context.Context, what call) (response, error) {
	for again := true; ; again = false {
		token, err := c.tokens.get(ctx)
		if err != nil {
			return response{}, err
		}
		resp, err := c.sender.do(ctx, c.request(what, token))
		if err != nil || resp.status != http.StatusUnauthorized || !again {
			return resp, err
		}
		c.tokens.drop(token)
	}
}

func (c *client) request(what call, token string) request {
	h := jsonHeader()
	h.Set("Authorization", "Bearer "+token)
	if what.key != "" {
		h.Set("PayPal-Request-Id", what.key)
		h.Set("Prefer", "return=representation")
	}
	address := c.origin + what.path
	if len(what.query) > 0 {
		address += "?" + what.query.Encode()
	}
	repeatable := what.method == http.MethodGet || what.operation == opVerify
	return request{operation: what.operation, repeatable: repeatable, method: what.method, url: address, header: h, body: what.body}
}
