package paypal

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/paybridge/paybridge/providers/protocol"
)

// A client calls the REST API with the account's credentials.
type client struct {
	*protocol.Sender
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
	return c.call(ctx, call{operation: protocol.Get, method: http.MethodGet, path: path}, into)
}

// call makes the call and reads the answer, if there is one. A token that PayPal refuses is replaced once: a call that was not authorised had no
// effect. Errors are *protocol.Error.
func (c *client) call(ctx context.Context, what call, into any) error {
	resp, err := c.authorised(ctx, what)
	if err != nil {
		return err
	}
	if resp.Status < 200 || resp.Status > 299 {
		return refused(c.Sender, what.operation, resp)
	}
	if resp.Status == http.StatusNoContent {
		return nil
	}
	if err := json.Unmarshal(resp.Body, into); err != nil {
		return c.Unusable(what.operation, resp.Status, errors.New("the answer cannot be read"))
	}
	return nil
}

func (c *client) authorised(ctx context.Context, what call) (protocol.Response, error) {
	for again := true; ; again = false {
		token, err := c.tokens.get(ctx)
		if err != nil {
			return protocol.Response{}, err
		}
		resp, err := c.Do(ctx, c.request(what, token))
		if err != nil || resp.Status != http.StatusUnauthorized || !again {
			return resp, err
		}
		c.tokens.drop(token)
	}
}

func (c *client) request(what call, token string) protocol.Request {
	h := http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "Authorization": {"Bearer " + token}}
	if what.key != "" {
		h.Set("PayPal-Request-Id", what.key)
		h.Set("Prefer", "return=representation")
	}
	address := c.origin + what.path
	if len(what.query) > 0 {
		address += "?" + what.query.Encode()
	}
	repeatable := what.method == http.MethodGet || what.operation == protocol.Verify
	return protocol.Request{Operation: what.operation, Repeatable: repeatable, Method: what.method, URL: address, Header: h, Body: what.body}
}
