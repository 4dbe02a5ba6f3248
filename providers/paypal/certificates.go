package paypal

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/paybridge/paybridge/providers/protocol"
)

// certificates finds signing certificates: those given, those remembered, and the rest at PayPal. What strangers can make it do is
// bounded: answers are remembered, the bad ones for a short time, and only so many are fetched in a minute.
type certificates struct {
	given  map[string]*chain
	sender *protocol.Sender
	now    func() time.Time

	mu      sync.Mutex
	known   map[string]remembered
	window  time.Time
	fetched int
	flight  singleflight.Group
}

type remembered struct {
	chain *chain
	err   error
	until time.Time
}

var (
	// errNoCertificate: PayPal says that there is no such certificate. Whoever named it made it up.
	errNoCertificate = errors.New("PayPal has no such certificate")
	errTooMany       = errors.New("too many certificates were asked for in a minute")

	certIDs = regexp.MustCompile(`^CERT-[A-Za-z0-9-]{1,120}$`)
)

const (
	certPath        = "/v1/notifications/certs/"
	certWithin      = 5 * time.Second
	certMax         = 64 << 10
	certGoodFor     = 24 * time.Hour
	certAbsentFor   = time.Minute
	certTroubleFor  = 5 * time.Second
	certsRemembered = 256
	certsPerMinute  = 100
)

// find returns the certificate of an address that was already checked. errNoCertificate means that the delivery is false; any other
// error means that it cannot be told now.
func (c *certificates) find(ctx context.Context, address, id string) (*chain, error) {
	if have, ok := c.given[id]; ok {
		return have, nil
	}
	if r, ok := c.recall(address); ok {
		return r.chain, r.err
	}
	done := c.flight.DoChan(address, func() (any, error) {
		if r, ok := c.recall(address); ok {
			return r.chain, r.err
		}
		if !c.mayFetch() {
			return (*chain)(nil), errTooMany
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), certWithin)
		defer cancel()
		found, err := c.fetch(ctx, address)
		c.remember(address, found, err)
		return found, err
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case r := <-done:
		found, _ := r.Val.(*chain)
		return found, r.Err
	}
}

func (c *certificates) fetch(ctx context.Context, address string) (*chain, error) {
	resp, err := c.sender.Do(ctx, protocol.Request{Operation: protocol.Verify, Method: http.MethodGet, URL: address})
	switch {
	case err != nil:
		return nil, err
	case resp.Status == http.StatusNotFound || resp.Status == http.StatusGone:
		return nil, errNoCertificate
	case resp.Status != http.StatusOK:
		return nil, refused(c.sender, protocol.Verify, resp)
	case len(resp.Body) > certMax:
		return nil, c.sender.Unusable(protocol.Verify, resp.Status, errors.New("the certificate is too large"))
	}
	found, err := parseChain(resp.Body)
	if err != nil {
		return nil, c.sender.Unusable(protocol.Verify, resp.Status, err)
	}
	return found, nil
}

func (c *certificates) recall(address string) (remembered, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.known[address]
	return r, ok && c.now().Before(r.until)
}

func (c *certificates) remember(address string, found *chain, err error) {
	keep := certGoodFor
	switch {
	case errors.Is(err, errNoCertificate):
		keep = certAbsentFor
	case err != nil:
		keep = certTroubleFor
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.known) >= certsRemembered {
		c.forget()
	}
	c.known[address] = remembered{chain: found, err: err, until: c.now().Add(keep)}
}

// forget makes room: good certificates stay.
func (c *certificates) forget() {
	for address, r := range c.known {
		if r.err != nil || !c.now().Before(r.until) {
			delete(c.known, address)
		}
	}
	if len(c.known) >= certsRemembered {
		clear(c.known)
	}
}

func (c *certificates) mayFetch() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.window) >= time.Minute {
		c.window, c.fetched = now, 0
	}
	c.fetched++
	return c.fetched <= certsPerMinute
}
