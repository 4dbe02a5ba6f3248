package providersim

import (
	"crypto/tls"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

// A till is what all simulated providers have in common: payments with memory, a pay page, notifications that travel badly, faults,
// and what was asked.
type till struct {
	cfg   Config
	house house // the provider it stands in

	mu       sync.Mutex
	base     string
	callback string // where notifications go
	chance   *rand.Rand
	serial   int
	payments map[string]*Payment
	sequence []string
	refunds  []*Refund
	answers  map[string]answered // by idempotency key and path
	shapes   map[string]Shape
	faults   []*Fault
	requests []Request
	history  []Delivery

	schedule func(try int) (time.Duration, bool)
	accepts  func(status int, body []byte) bool // nil: any 2xx is an acknowledgement
	queued   bool                               // notifications wait for one another
	returns  bool                               // a buyer who gives up may come again: the session stays open

	line chan func()
	stop chan struct{}
	wg   sync.WaitGroup
	once sync.Once
}

// A house is what only this provider does.
type house interface {
	// moved is told what became of a payment, to send the notifications. Held: till.mu.
	moved(p *Payment, e event)
	// back is where the browser is sent after the buyer did something at the pay page; the till knows the usual way. Held: till.mu.
	back(p *Payment, did action) way
}

// newTill makes the till of a house.
func newTill(c Config, h house, schedule func(int) (time.Duration, bool)) *till {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Retry == nil {
		c.Retry = schedule
	}
	if c.Deliver == nil {
		c.Deliver = &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 16} // its own host only
	}
	if c.Chaos == (Chaos{}) {
		c.Chaos = Chaos{Repeat: 0.1, Reorder: 0.1, Delay: 300 * time.Millisecond}
	}
	return &till{cfg: c, house: h, chance: rand.New(rand.NewPCG(c.Seed, 2)), payments: map[string]*Payment{}, answers: map[string]answered{},
		queued: c.InOrder, shapes: map[string]Shape{}, schedule: c.Retry, stop: make(chan struct{})}
}

// SetBaseURL tells the simulator its own origin.
func (t *till) SetBaseURL(origin string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.base = origin
}

// ownOrigin is where the simulator is served.
func (t *till) ownOrigin() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.base
}

// SetCallback says where notifications go; "" for nowhere.
func (t *till) SetCallback(address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.callback = address
}

// Accepts tells whether the provider takes such an answer for an acknowledgement.
func (t *till) Accepts(status int, body []byte) bool {
	if t.accepts != nil {
		return t.accepts(status, body)
	}
	return status >= 200 && status < 300
}

// Close ends all deliveries.
func (t *till) Close() {
	t.once.Do(func() { close(t.stop) })
	t.wg.Wait()
}

// Payments are all payments, as made.
func (t *till) Payments() []Payment {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Payment, 0, len(t.sequence))
	for _, id := range t.sequence {
		all = append(all, *t.payments[id])
	}
	return all
}

// Payment is one payment as it stands.
func (t *till) Payment(id string) (Payment, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.payments[id]; p != nil {
		return *p, true
	}
	return Payment{}, false
}

// Refunds are all refunds and reversals, as made.
func (t *till) Refunds() []Refund {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]Refund, 0, len(t.refunds))
	for _, r := range t.refunds {
		all = append(all, *r)
	}
	return all
}

// Shape says how the notifications of one payment travel from now on.
func (t *till) Shape(id string, s Shape) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.shapes[id] = s
}

const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZabcdefghjkmnpqrstvwxyz"

// id makes an id of letters and digits behind a prefix, n of them. Held: mu.
func (t *till) id(prefix string, n int) string {
	t.serial++
	b := []byte(fmt.Sprintf("%04d", t.serial))
	for len(b) < n {
		b = append(b, letters[t.chance.IntN(len(letters))])
	}
	return prefix + string(b[:n])
}

// number makes an id of n digits. Held: mu.
func (t *till) number(n int) string {
	t.serial++
	s := fmt.Sprintf("%d%06d", 1+t.chance.IntN(9), t.serial)
	for len(s) < n {
		s += string(rune('0' + t.chance.IntN(10)))
	}
	return s[:n]
}

// uuid makes a random UUID. Held: mu.
func (t *till) uuid() string {
	a, b := t.chance.Uint64(), t.chance.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-8%03x-%012x", uint32(a>>32), uint16(a>>16), uint16(a)&0xfff, uint16(b>>48)&0xfff, b&0xffffffffffff)
}
