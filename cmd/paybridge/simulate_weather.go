package main

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A climate is the weather of a simulation: every way takes its time, which no other call shares, and the plan's troubles lie on it. What
// it does to a call depends on the seed and the call alone, so that calls of one instant do not disturb one another.
type climate struct {
	seed     uint64
	began    time.Time
	clock    bridge.Clock
	troubles []trouble

	mu      sync.Mutex
	seen    map[string]int // calls by their key, so that the same call again is another
	journal *journal
	secrets *eavesdropper // is told what calls sign in with; nil: nobody is
}

func newClimate(p plan, clock bridge.Clock, j *journal) *climate {
	return &climate{seed: p.Seed, began: clock.Now(), clock: clock, troubles: p.Troubles, seen: map[string]int{}, journal: j}
}

// A dice gives the chances of one call, one after the other.
type dice struct {
	key string
	n   int
	of  uint64
}

// dice for the n-th call of a key.
func (c *climate) dice(key string) *dice {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[key]++
	return &dice{key: fmt.Sprint(key, " ", c.seen[key]), of: c.seed}
}

func (d *dice) float64() float64 {
	d.n++
	h := fnv.New64a()
	fmt.Fprint(h, d.of, " ", d.key, " ", d.n)
	x := h.Sum64()
	x ^= x >> 33 // the low bits of the last bytes would hardly reach the high ones
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

// between is a time between two, to the nanosecond: hardly ever do two calls end at one instant.
func (d *dice) between(least, most time.Duration) time.Duration {
	return least + time.Duration(d.float64()*float64(most-least))
}

// now is the time of the plan.
func (c *climate) now() time.Duration { return c.clock.Now().Sub(c.began) }

// call implements weather.
func (c *climate) call(from string, req *http.Request) passage {
	if c.secrets != nil {
		c.secrets.carried(req)
	}
	d := c.dice(strings.Join([]string{from, req.Method, req.URL.Host, req.URL.Path, req.URL.RawQuery, contentOfRequest(req), sakeOf(req.Context())}, " "))
	p := passage{there: d.between(10*time.Millisecond, 60*time.Millisecond), back: d.between(20*time.Millisecond, 250*time.Millisecond), address: addressOf(from), journey: d.key}
	for _, t := range c.troubles {
		if t.during(c.now()) && (t.Share == 0 || d.float64() < t.Share) {
			t.spoil(&p, from, req, d)
		}
	}
	return p
}

// apart implements weather. Of two that begin to wait for the same thing at one instant neither is the first, so they go on at one, too.
func (c *climate) apart(what string, most time.Duration) time.Duration {
	d := dice{key: fmt.Sprint("apart ", what, " ", int64(c.now())), of: c.seed}
	return d.between(1, most)
}

// contentOfRequest tells requests to one address apart.
func contentOfRequest(req *http.Request) string {
	if req.GetBody == nil {
		return ""
	}
	body, err := req.GetBody()
	if err != nil {
		return ""
	}
	defer body.Close()
	h := fnv.New64a()
	_, _ = io.Copy(h, body)
	return fmt.Sprintf("%x", h.Sum64())
}

// addressOf gives every buyer an address.
func addressOf(from string) string {
	var n int
	if _, err := fmt.Sscanf(from, "buyer %d", &n); err != nil {
		return ""
	}
	return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255)
}

var outages = map[string]fateOfCall{"refuse": callRefused, "hang": callHangs, "drop": callDropped}

// spoil does to a call what the trouble does.
func (t trouble) spoil(p *passage, from string, req *http.Request, d *dice) {
	host := req.URL.Host
	signIn := host == "dynamics.test" && !strings.HasPrefix(req.URL.Path, "/api/")
	node := strings.HasPrefix(from, "node ")
	switch {
	case t.Kind == dynamicsOutage && host == "dynamics.test", t.Kind == entraOutage && signIn && node,
		t.Kind == providerOutage && host == t.Where+".test" && node, t.Kind == endpointOutage && host == stageHost:
		p.fate = outages[t.How]
	case t.Kind == dynamicsThrottle && host == "dynamics.test" && node && !signIn:
		p.fate, p.pause = callThrottled, 1+int(d.float64()*30)
	case t.Kind == dynamicsDeaf && host == "dynamics.test" && node, t.Kind == providerDeaf && host == t.Where+".test" && node:
		p.fate = callAnswerLost
		if t.How == heldUp {
			p.fate = callAnswerHangs
		}
	case t.Kind == dynamicsSlow && host == "dynamics.test" && node:
		p.back += d.between(time.Second, 40*time.Second)
	case t.Kind == postLost && from == "post":
		p.fate = callDropped
	case t.Kind == postLate && from == "post":
		p.there += d.between(time.Second, 20*time.Minute)
	}
}

var (
	errStoreAway = errors.New("the store cannot be reached")
	errStoreFull = errors.New("the database or disk is full")
)

// store implements weather.
func (c *climate) store(node, operation, about string) (time.Duration, error) {
	d := c.dice(strings.Join([]string{"store", node, operation, about}, " "))
	delay := d.between(200*time.Microsecond, 4*time.Millisecond)
	var err error
	for _, t := range c.troubles {
		switch {
		case !t.during(c.now()):
		case t.Kind == storeAway:
			err = errStoreAway
		case t.Kind == storeFull && operation != "find" && operation != "resolve" && operation != "token":
			err = errStoreFull
		case t.Kind == storeSlow:
			delay += d.between(100*time.Millisecond, 3*time.Second)
		}
	}
	return delay, err
}

// answered implements weather.
func (c *climate) answered(from string, req *http.Request, status int, err error) {
	what := fmt.Sprint(req.Method, " ", req.URL.Host, req.URL.Path)
	if err != nil {
		c.journal.note(c.now(), from, fmt.Sprintf("%s: no answer", what))
		return
	}
	c.journal.note(c.now(), from, fmt.Sprintf("%s: %d", what, status))
}

// kept implements weather.
func (c *climate) kept(node string, facts []purchase.Fact) {
	for _, f := range facts {
		c.journal.note(c.now(), node, "keeps "+factLine(f))
	}
}

// factLine tells a fact in one line.
func factLine(f purchase.Fact) string {
	parts := []string{string(f.Standing), string(f.Kind)}
	add := func(is bool, text string) {
		if is {
			parts = append(parts, text)
		}
	}
	add(f.Detail.Step != "", string(f.Detail.Step))
	add(f.Detail.Result != "", string(f.Detail.Result))
	add(f.Detail.Seats != "", "seats "+string(f.Detail.Seats))
	add(f.Detail.Cause != "", string(f.Detail.Cause))
	add(f.Detail.Reason != "", f.Detail.Reason)
	add(f.Money.Known(), f.Money.Decimal()+" "+f.Money.Currency)
	add(f.Payment != "", "payment "+f.Payment)
	add(f.Number != 0, fmt.Sprintf("#%d", f.Number))
	add(f.Attempt != 0, fmt.Sprintf("of #%d", f.Attempt))
	return fmt.Sprintf("%s: %s", clipID(f.Purchase.ID), strings.Join(parts, " "))
}
