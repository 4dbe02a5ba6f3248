package dataverse

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A verdict is the outcome of a call that cannot be taken back and that brought no good answer.
type verdict struct {
	purchase.Outcome
	missing bool // Dynamics has no such action: the one case in which another may be called
}

// send makes a call that cannot be taken back: one attempt, which leaves before the given instant (zero: any) or not at all. A good
// answer has no verdict; the caller has to read it.
func (c *Client) send(ctx context.Context, k call, before time.Time) (reply, *verdict) {
	ctx, cancel := context.WithTimeout(withOperation(ctx, k.operation), c.cfg.timeout())
	defer cancel()
	token, err := c.tokens.get(ctx)
	if err != nil {
		return reply{}, &verdict{Outcome: unsent(err)}
	}
	r, sent, err := c.sendOnce(ctx, k, token, before)
	if r.status == http.StatusUnauthorized {
		c.tokens.reject(token)
	}
	switch {
	case err != nil && !sent:
		return r, &verdict{Outcome: unsent(err)}
	case err != nil:
		return r, &verdict{Outcome: purchase.Outcome{Result: purchase.Unknown, Reason: unanswered(err).reason}}
	case r.good() && sent:
		return r, nil
	}
	f := c.explain(k, r)
	o := f.outcome()
	if !sent {
		o.Result = purchase.Unsent
	}
	return r, &verdict{Outcome: o, missing: f.class == missing}
}

// sendOnce tells whether the transport took the body. While it did not, the server cannot have the whole request and so cannot
// have acted on it.
func (c *Client) sendOnce(ctx context.Context, k call, token string, before time.Time) (r reply, sent bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	g := newGuard(k.body, before, c.now, cancel)
	defer g.close()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address(k), g)
	if err != nil {
		return reply{}, false, err
	}
	req.ContentLength = int64(len(k.body)) // and no GetBody: the transport can never send it twice
	c.dress(req.Header, token, true)
	resp, err := c.once.Do(req)
	sent = g.close()
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errLate) {
			err = cause
		}
		return reply{}, sent, err
	}
	r, err = consume(resp)
	return r, sent, err
}

// unsent is the outcome of a call that never left.
func unsent(err error) purchase.Outcome {
	o := purchase.Outcome{Result: purchase.Unsent}
	var s *signInError
	var f *failure
	switch {
	case errors.Is(err, errLate):
		o.Reason = "late"
	case errors.As(err, &s):
		o.Reason, o.After = s.reason(), s.after
	case errors.As(err, &f):
		o.Reason, o.After = f.reason, f.after
	default:
		f := unanswered(err)
		o.Reason, o.After = f.reason, f.after
	}
	return o
}
