// Package providersim is the payment providers, simulated over HTTP: servers with memory that authenticate as the originals do, keep
// every request, misbehave a little by default and a lot on demand. They know the protocols from the providers' documents, never
// from the adapters that are tested against them.
package providersim

import (
	"cmp"
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// PayPalConfig is how a simulated PayPal is set up. The zero value works.
type PayPalConfig struct {
	Now           func() time.Time // nil: time.Now
	Live          bool             // the mode it pretends to be of
	BaseURL       string           // its own origin; see SetBaseURL
	ClientID      string
	ClientSecret  string
	MerchantID    string
	ReceiverEmail string
	Seed          uint64
	// Retry is how long to wait after the n-th try (from 1) of a delivery that was not answered 2xx; false ends it. Nil: 25 tries
	// over three days, each wait longer than the last.
	Retry func(try int) (time.Duration, bool)
	// SameTransmission keeps a delivery's id and time over its retries; else each try is a transmission of its own.
	SameTransmission bool
	Chaos            Chaos
	Deliver          http.RoundTripper // how notifications travel; nil: directly, trusting any certificate on loopback
}

// Chaos is how much notifications misbehave: chances in [0,1], and the longest random delay. The zero value misbehaves a little.
type Chaos struct {
	Repeat  float64
	Reorder float64
	Delay   time.Duration
	Off     bool
}

// A PayPal is one simulated merchant at PayPal: REST app, pay page, webhooks, certificates and IPN on one origin. Its methods may be
// called from any goroutine.
type PayPal struct {
	cfg PayPalConfig
	pki *pki

	mu       sync.Mutex
	base     string
	chance   *rand.Rand
	serial   int
	tokens   map[string]time.Time
	answers  map[string]remembered // by PayPal-Request-Id
	busy     map[string]bool
	orders   map[string]*Order
	captures map[string]*Capture
	refunds  map[string]*Refund
	sequence []string // order ids as made
	hooks    []*Webhook
	events   []*event
	shapes   map[string]Shape
	declines map[string]int
	faults   []*Fault
	requests []Request
	history  []Delivery
	ipnURL   string
	ipnSent  map[string]bool

	stop chan struct{}
	wg   sync.WaitGroup
	once sync.Once
}

// Amount is money as PayPal writes it.
type Amount struct {
	CurrencyCode string `json:"currency_code"`
	Value        string `json:"value"`
}

// An Order is a pay session.
type Order struct {
	ID         string    `json:"id"`
	Intent     string    `json:"intent"`
	Status     string    `json:"status"`
	CustomID   string    `json:"custom_id,omitempty"`
	InvoiceID  string    `json:"invoice_id,omitempty"`
	Amount     Amount    `json:"amount"`
	ReturnURL  string    `json:"return_url,omitempty"`
	CancelURL  string    `json:"cancel_url,omitempty"`
	Created    time.Time `json:"created"`
	ByWallet   bool      `json:"by_wallet"` // made with payment_source
	Captures   []string  `json:"captures"`
	Organisers bool      `json:"organisers"` // made by the organiser's own page
}

// A Capture is money taken.
type Capture struct {
	ID       string    `json:"id"`
	OrderID  string    `json:"order_id"`
	Status   string    `json:"status"`
	Reason   string    `json:"reason,omitempty"`
	CustomID string    `json:"custom_id,omitempty"`
	Amount   Amount    `json:"amount"`
	Refunded string    `json:"refunded,omitempty"` // decimal, sum of its refunds
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
}

// A Refund is money sent back, by the merchant or, reversed, by PayPal.
type Refund struct {
	ID        string    `json:"id"`
	CaptureID string    `json:"capture_id"`
	Status    string    `json:"status"`
	Amount    Amount    `json:"amount"`
	Reversal  bool      `json:"reversal"`
	Created   time.Time `json:"created"`
}

// Shape says how the notifications of one order travel.
type Shape struct {
	Drop    bool // none is sent
	Repeats int  // how many more times each is sent
	Reorder bool // later ones overtake earlier ones
}

// A Request is one API call, remembered.
type Request struct {
	At        time.Time `json:"at"`
	Operation string    `json:"operation"`
	Method    string    `json:"method"`
	Path      string    `json:"path"`
	RequestID string    `json:"request_id,omitempty"`
	Body      string    `json:"body,omitempty"`
	Status    int       `json:"status"`
	Fault     FaultKind `json:"fault,omitempty"`
}

// NewPayPal makes a simulator.
func NewPayPal(c PayPalConfig) *PayPal {
	if c.Now == nil {
		c.Now = time.Now
	}
	c.ClientID = cmp.Or(c.ClientID, "AZ-simulated-app")
	c.ClientSecret = cmp.Or(c.ClientSecret, "EK-simulated-secret")
	c.MerchantID = cmp.Or(c.MerchantID, "SIMMERCHANT01")
	c.ReceiverEmail = cmp.Or(c.ReceiverEmail, "seller@example.org")
	if c.Retry == nil {
		c.Retry = ThreeDays
	}
	if c.Deliver == nil {
		c.Deliver = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 16} // its own host only
	}
	if c.Chaos == (Chaos{}) {
		c.Chaos = Chaos{Repeat: 0.1, Reorder: 0.1, Delay: 300 * time.Millisecond}
	}
	p := &PayPal{cfg: c, pki: newPKI(c.Live, c.Now()), base: c.BaseURL, chance: rand.New(rand.NewPCG(c.Seed, 2)), tokens: map[string]time.Time{},
		answers: map[string]remembered{}, busy: map[string]bool{}, orders: map[string]*Order{}, captures: map[string]*Capture{},
		refunds: map[string]*Refund{}, shapes: map[string]Shape{}, declines: map[string]int{}, ipnSent: map[string]bool{}, stop: make(chan struct{})}
	return p
}

// ThreeDays is 25 tries over three days; the single steps are an assumption.
func ThreeDays(try int) (time.Duration, bool) {
	if try >= 25 {
		return 0, false
	}
	return min(time.Duration(try*try)*30*time.Second, 4*time.Hour), true
}

// Config is the configuration in effect, defaults filled in.
func (p *PayPal) Config() PayPalConfig { return p.cfg }

// SetBaseURL tells the simulator its own origin, which it writes into links and certificate addresses.
func (p *PayPal) SetBaseURL(origin string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.base = origin
}

// CABundle is the PEM chain that webhook certificates hang from: intermediate and root.
func (p *PayPal) CABundle() []byte { return p.pki.bundle() }

// Close ends all deliveries.
func (p *PayPal) Close() {
	p.once.Do(func() { close(p.stop) })
	p.wg.Wait()
}

// Orders are all orders, as made.
func (p *PayPal) Orders() []Order {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Order, 0, len(p.sequence))
	for _, id := range p.sequence {
		o := *p.orders[id]
		o.Captures = slices.Clone(o.Captures)
		all = append(all, o)
	}
	return all
}

// Order is one order as it stands.
func (p *PayPal) Order(id string) (Order, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.orders[id]
	if o == nil {
		return Order{}, false
	}
	return *o, true
}

// Captures are all captures.
func (p *PayPal) Captures() []Capture {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Capture
	for _, id := range p.sequence {
		for _, c := range p.orders[id].Captures {
			all = append(all, *p.captures[c])
		}
	}
	return all
}

// Refunds are all refunds and reversals.
func (p *PayPal) Refunds() []Refund {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Refund
	for _, r := range p.refunds {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b Refund) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return all
}

// Requests are the API calls so far.
func (p *PayPal) Requests() []Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Shape says how the notifications of one order travel from now on.
func (p *PayPal) Shape(order string, s Shape) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shapes[order] = s
}

// DeclineNextCapture makes the next capture of the order fail with INSTRUMENT_DECLINED.
func (p *PayPal) DeclineNextCapture(order string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.declines[order]++
}

// id makes an id of PayPal's usual 17 characters. Held: p.mu.
func (p *PayPal) id(kind string) string {
	p.serial++
	return fmt.Sprintf("%s%07d%08X", kind, p.serial, p.chance.Uint32())
}

func (p *PayPal) now() time.Time { return p.cfg.Now().UTC().Truncate(time.Second) }

func (p *PayPal) origin() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.base
}
