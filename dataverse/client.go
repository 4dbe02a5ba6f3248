// Package dataverse is Dynamics 365 as paybridge needs it: what a purchase costs, turning a temporary registration into a real one,
// and whether that happened. It speaks both generations of paid events over the Dataverse Web API.
//
// A finalize or a release is one attempt, never repeated in here, and its outcome is exact: Unsent only if Dynamics certainly did
// nothing, Refused only if Dynamics itself said no, Confirmed only if it said yes; everything else may have happened.
package dataverse

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-retryablehttp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/sync/singleflight"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Options is what a client is given beside its settings.
type Options struct {
	Environment string // its name, for logs
	Version     string // of the program, for the User-Agent that administrators see; "" is "devel"
	Now         func() time.Time
	Chance      func() float64 // in [0,1): spreads repeats; nil is the system's
	Log         *zap.Logger    // nil: no logs
	Metrics     *Metrics       // one for all clients; nil: not counted anywhere
	// HTTP carries the requests; nil is a transport made from the settings.
	HTTP http.RoundTripper
	// Govern puts a governor before the requests to Dynamics; sign-in goes around it. nil: none.
	Govern func(http.RoundTripper) http.RoundTripper
}

// A Client is one organisation. It remembers what worked. All its methods may be called at once.
type Client struct {
	cfg       Config
	agent     string
	now       func() time.Time
	log       *zap.Logger
	metrics   *Metrics
	clock     *peerClock
	tokens    *tokens
	once      *http.Client // one attempt
	safe      *retryablehttp.Client
	evidence  evidence
	events    memory[event]
	outbound  *outbound
	realtime  *realtime
	transport http.RoundTripper

	detect  singleflight.Group
	mu      sync.Mutex
	current dialect // nil until it is known
}

// New makes a client; it asks nobody anything yet. The settings must be valid.
func New(cfg Config, o Options) (*Client, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Chance == nil {
		o.Chance = rand.Float64
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Version == "" {
		o.Version = "devel"
	}
	if o.Metrics == nil {
		o.Metrics = NewMetrics(prometheus.NewRegistry())
	}
	if o.HTTP == nil {
		t, err := cfg.transport()
		if err != nil {
			return nil, fmt.Errorf("make the client of dynamics: %w", err)
		}
		o.HTTP = t
	}
	return assemble(cfg, o), nil
}

func assemble(cfg Config, o Options) *Client {
	log := o.Log.With(zap.String("environment", o.Environment))
	clock := &peerClock{now: o.Now, gauge: o.Metrics.skew.WithLabelValues(peer)}
	direct := http.RoundTripper(watched{next: o.HTTP, metrics: o.Metrics, clock: clock})
	governed := direct
	if o.Govern != nil {
		governed = o.Govern(direct)
	}
	c := &Client{
		cfg: cfg, agent: "paybridge/" + o.Version, now: o.Now, log: log, metrics: o.Metrics, clock: clock, transport: o.HTTP,
		tokens:   &tokens{acquire: cfg.signIn(noRedirects(direct)), now: o.Now, log: log, metrics: o.Metrics},
		once:     noRedirects(governed),
		evidence: evidence{log: log, seen: map[string]bool{}},
	}
	c.safe = patient(c.once, o.Chance)
	c.outbound, c.realtime = &outbound{Client: c}, &realtime{Client: c}
	switch cfg.Dialect {
	case DialectOutbound:
		c.current = c.outbound
	case DialectRealtime:
		c.current = c.realtime
	}
	return c
}

// noRedirects never follows: where Dynamics sends a caller elsewhere, something is wrong, and the token must not go along.
func noRedirects(rt http.RoundTripper) *http.Client {
	return &http.Client{Transport: rt, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Close lets idle connections go. The client may still be used.
func (c *Client) Close() {
	(&http.Client{Transport: c.transport}).CloseIdleConnections()
}

// Price reads what the purchase costs. ErrNoPurchase: Dynamics knows no such purchase, or not yet; ErrNoPrice: its answer has no
// usable amount and currency. Other errors are for trying again, as purchase.Retry says.
func (c *Client) Price(ctx context.Context, key purchase.Key) (purchase.Offer, error) {
	id, err := purchase.ParseID(key.ID)
	if err != nil {
		return purchase.Offer{}, fmt.Errorf("read the price: %w: %w", purchase.ErrNoPurchase, err)
	}
	d, err := c.speak(ctx)
	if err != nil {
		return purchase.Offer{}, err
	}
	return d.price(ctx, id)
}

// Finalize turns the temporary registration into a real one for each attendee: at most one request is executed. Confirmed is said
// by the outbound dialect only; the real-time one merely acknowledges and is to be read back.
func (c *Client) Finalize(ctx context.Context, call purchase.Final) purchase.Outcome {
	id, err := purchase.ParseID(call.Key.ID)
	if err != nil {
		return purchase.Outcome{Result: purchase.Refused, Reason: "no_purchase_id"}
	}
	d, err := c.speak(ctx)
	if err != nil {
		return unsent(err)
	}
	return d.finalize(ctx, id, call)
}

// ReadBack says whose seats exist. SeatsUnsaid without an error: this environment shows nothing that would tell.
func (c *Client) ReadBack(ctx context.Context, key purchase.Key) (purchase.Seats, error) {
	id, err := purchase.ParseID(key.ID)
	if err != nil {
		return "", fmt.Errorf("read the registration back: %w", err)
	}
	d, err := c.speak(ctx)
	if err != nil {
		return "", err
	}
	return d.readBack(ctx, id)
}

// Release frees the seat before Dynamics would, in the real-time dialect: one attempt, which leaves before the given instant or not at
// all, acknowledged at best. The outbound dialect has no such call: Refused, dialect_cannot.
func (c *Client) Release(ctx context.Context, key purchase.Key, sendBefore time.Time) purchase.Outcome {
	id, err := purchase.ParseID(key.ID)
	if err != nil {
		return purchase.Outcome{Result: purchase.Refused, Reason: "no_purchase_id"}
	}
	d, err := c.speak(ctx)
	if err != nil {
		return unsent(err)
	}
	return d.release(ctx, id, sendBefore)
}
