package paypal

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	tokenEarly    = 5 * time.Minute  // a token is renewed this long before it ends
	tokenHold     = 30 * time.Second // a renewal that failed is tried again after this long, while the old one is good
	tokenWithin   = 15 * time.Second
	tokenPath     = "/v1/oauth2/token"
	tokenEarliest = 10 // of its life at most one part in this many is given up to be early
)

// tokens is the source of access tokens: one request at a time for everybody who waits, early renewal, and the old token as long as
// it is good. The secret is read for each request, so that a changed file needs no restart.
//
// Source: PayPal developer documentation, authentication.
type tokens struct {
	sender *protocol.Sender
	url    string
	id     string
	secret field.Secret
	now    func() time.Time
	told   func(ok bool, expires time.Time)

	mu      sync.Mutex
	value   string
	renew   time.Time
	expires time.Time
	flight  singleflight.Group
}

// get returns a token that is good now. Who gives up waiting does not stop the request of the others.
func (t *tokens) get(ctx context.Context) (string, error) {
	t.mu.Lock()
	value, fresh := t.value, t.now().Before(t.renew)
	t.mu.Unlock()
	if value != "" && fresh {
		return value, nil
	}
	done := t.flight.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tokenWithin)
		defer cancel()
		return t.fetch(ctx)
	})
	select {
	case <-ctx.Done():
		return "", t.sender.Unanswered(protocol.Token, ctx.Err())
	case r := <-done:
		value, _ := r.Val.(string)
		return value, r.Err
	}
}

// drop forgets a token that PayPal no longer takes, unless another one has come meanwhile.
func (t *tokens) drop(value string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.value == value {
		t.value, t.renew, t.expires = "", time.Time{}, time.Time{}
	}
}

func (t *tokens) fetch(ctx context.Context) (string, error) {
	value, life, err := t.request(ctx)
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	if err != nil {
		t.told(false, t.expires)
		if t.value != "" && now.Before(t.expires) {
			t.renew = now.Add(tokenHold)
			return t.value, nil
		}
		return "", err
	}
	t.value, t.expires = value, now.Add(life)
	t.renew = t.expires.Add(-min(tokenEarly, life/tokenEarliest))
	t.told(true, t.expires)
	return value, nil
}

func (t *tokens) request(ctx context.Context) (value string, life time.Duration, err error) {
	secret, err := t.secret.Reveal()
	if err != nil {
		return "", 0, t.sender.Unanswered(protocol.Token, err)
	}
	req := protocol.Request{Operation: protocol.Token, Repeatable: true, Method: http.MethodPost, URL: t.url,
		Header: http.Header{"Content-Type": {protocol.FormType}, "Accept": {"application/json"}}, Body: []byte("grant_type=client_credentials")}
	basic := &http.Request{Header: req.Header}
	basic.SetBasicAuth(t.id, secret)
	resp, err := t.sender.Do(ctx, req)
	if err != nil {
		return "", 0, err
	}
	if resp.Status != http.StatusOK {
		return "", 0, refused(t.sender, protocol.Token, resp)
	}
	var said struct {
		Value   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	if json.Unmarshal(resp.Body, &said) != nil || said.Value == "" || said.Seconds <= 0 {
		return "", 0, t.sender.Unusable(protocol.Token, resp.Status, errors.New("the answer holds no token"))
	}
	return said.Value, time.Duration(min(said.Seconds, int64(24*time.Hour/time.Second))) * time.Second, nil
}
