package dataverse

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A dialect is one of the two generations of paid events. Ids are as purchase.ParseID writes them.
type dialect interface {
	name() Dialect
	readable(ctx context.Context) error // nil, or why purchases cannot be read
	finishes() []string                 // the actions that finalize, today's first
	price(ctx context.Context, id string) (purchase.Offer, error)
	finalize(ctx context.Context, id string, call purchase.Final) purchase.Outcome
	readBack(ctx context.Context, id string) (purchase.Seats, error)
	release(ctx context.Context, id string, before time.Time) purchase.Outcome
	roll(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Registration, error]
	address(ctx context.Context, id string) (purchase.Address, error) // of the payer; "" where none is shown
}

// Dialect is what the organisation is known to speak: one of the two, or auto while nobody has asked it yet.
func (c *Client) Dialect() Dialect {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		return DialectAuto
	}
	return c.current.name()
}

// speak returns the dialect of the organisation, and finds it out if need be: by reading, never by a finalize. Whoever asks
// meanwhile waits for the same answer.
func (c *Client) speak(ctx context.Context) (dialect, error) {
	c.mu.Lock()
	d := c.current
	c.mu.Unlock()
	if d != nil {
		return d, nil
	}
	found := c.detect.DoChan("", func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readWithin)
		defer cancel()
		return c.findDialect(ctx)
	})
	select {
	case result := <-found:
		d, _ := result.Val.(dialect)
		return d, result.Err
	case <-ctx.Done():
		return nil, c.failed(call{doing: "find the dialect"}, ctx.Err())
	}
}

// findDialect: an organisation with a purchase-info action of outbound marketing speaks outbound, since that module is taken away
// where it is not used; else one whose purchases carry a price speaks real-time. What could not be asked decides nothing.
func (c *Client) findDialect(ctx context.Context) (dialect, error) {
	there, err := c.outbound.present(ctx)
	if err != nil {
		return nil, err
	}
	var d dialect = c.outbound
	if !there {
		if there, err = c.realtime.present(ctx); err != nil {
			return nil, err
		}
		d = c.realtime
	}
	if !there {
		return nil, &failure{doing: "find the dialect", class: refused, reason: "dialect_unknown", after: deniedPause,
			cause: "the organisation has paid events neither of real-time journeys nor of outbound marketing",
			fix:   "switch payments in real-time journeys on in its feature switches, or compare url"}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.current = d
	return d, nil
}

// forget makes the next call find the dialect out again: what worked is gone.
func (c *Client) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cfg.Dialect != DialectOutbound && c.cfg.Dialect != DialectRealtime {
		c.current = nil
	}
}

// exists draws the conclusion of a probe: whether what was asked is there. An error means that nobody can say now.
func exists(err error) (bool, error) {
	var f *failure
	switch {
	case err == nil:
		return true, nil
	case !errors.As(err, &f) || f.status == 0:
		return false, err
	case f.class == missing:
		return false, nil
	case f.class == absent, f.class == refused, f.code == codePrivilege, f.code == codeUnexpected:
		return true, nil
	}
	return false, err
}

// body writes the parameters of an action.
func body(parameters map[string]any) []byte {
	raw, err := json.Marshal(parameters)
	if err != nil { // strings and numbers
		panic(err)
	}
	return raw
}
