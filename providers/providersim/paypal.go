package providersim

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// PayPalConfig is how a simulated PayPal is set up. The zero value works.
type PayPalConfig struct {
	Config        // Retry nil: 25 tries over three days, each wait longer than the last
	ClientID      string
	ClientSecret  string
	MerchantID    string
	ReceiverEmail string
	// SameTransmission keeps a delivery's id and time over its retries; else each try is a transmission of its own.
	SameTransmission bool
	// VoidsOrder: an order whose authorization was voided is VOIDED as well; else it stays COMPLETED. The documents do not say; drawn
	// by Seed where it is not set.
	VoidsOrder bool
}

// A PayPal is one simulated merchant at PayPal: REST app, pay page, webhooks, certificates and IPN on one origin. Its methods may be
// called from any goroutine.
type PayPal struct {
	*till
	cfg PayPalConfig
	pki *pki

	tokens   map[string]time.Time
	orders   map[string]*Order
	captures map[string]*Capture
	holds    map[string]*Authorization
	returned map[string]*PayPalRefund
	hooks    []*Webhook
	events   []*webhookEvent
	declines map[string]int
	ipnURL   string
	ipnSent  map[string]bool
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
	Holds      []string  `json:"authorizations"`
	Organisers bool      `json:"organisers"` // made by the organiser's own page
	Declined   int       `json:"declined"`   // captures and authorizations that were declined
}

// A Capture is money taken.
type Capture struct {
	ID       string    `json:"id"`
	OrderID  string    `json:"order_id"`
	Hold     string    `json:"authorization_id,omitempty"`
	Status   string    `json:"status"`
	Reason   string    `json:"reason,omitempty"`
	CustomID string    `json:"custom_id,omitempty"`
	Amount   Amount    `json:"amount"`
	Refunded string    `json:"refunded,omitempty"` // decimal, sum of its refunds
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
}

// A PayPalRefund is money sent back, by the merchant or, reversed, by PayPal.
type PayPalRefund struct {
	ID        string    `json:"id"`
	CaptureID string    `json:"capture_id"`
	Status    string    `json:"status"`
	Amount    Amount    `json:"amount"`
	Reversal  bool      `json:"reversal"`
	Created   time.Time `json:"created"`
}

func init() {
	register("paypal", func(c Config) Simulator { return NewPayPal(PayPalConfig{Config: c}) })
}

// NewPayPal makes a simulator.
func NewPayPal(c PayPalConfig) *PayPal {
	c.ClientID = cmp.Or(c.ClientID, "AZ-simulated-app")
	c.ClientSecret = cmp.Or(c.ClientSecret, "EK-simulated-secret")
	c.MerchantID = cmp.Or(c.MerchantID, "SIMMERCHANT01")
	c.ReceiverEmail = cmp.Or(c.ReceiverEmail, "seller@example.org")
	p := &PayPal{till: newTill(c.Config, nil, ThreeDays), cfg: c, tokens: map[string]time.Time{}, orders: map[string]*Order{},
		captures: map[string]*Capture{}, holds: map[string]*Authorization{}, returned: map[string]*PayPalRefund{}, declines: map[string]int{}, ipnSent: map[string]bool{}}
	p.cfg.Config = p.till.cfg
	p.cfg.VoidsOrder = c.VoidsOrder || c.Seed%2 == 1
	p.pki = newPKI(c.Live, c.Seed, p.cfg.Now())
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

// CABundle is the PEM chain that webhook certificates hang from: intermediate and root.
func (p *PayPal) CABundle() []byte { return p.pki.bundle() }

// Orders are all orders, as made.
func (p *PayPal) Orders() []Order {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Order, 0, len(p.sequence))
	for _, id := range p.sequence {
		o := *p.orders[id]
		o.Captures, o.Holds = slices.Clone(o.Captures), slices.Clone(o.Holds)
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

// Refunds are all refunds and reversals, as PayPal has them.
func (p *PayPal) Refunds() []PayPalRefund {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []PayPalRefund
	for _, r := range p.returned {
		all = append(all, *r)
	}
	slices.SortFunc(all, func(a, b PayPalRefund) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return all
}

// DeclineNextCapture makes the next capture or authorization of the order fail with INSTRUMENT_DECLINED; of an authorization named by its
// id the next capture is made, and declined.
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
