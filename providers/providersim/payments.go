package providersim

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"
)

// Payment is one payment, whatever the provider calls it.
type Payment struct {
	ID         string            `json:"id"`
	Names      map[string]string `json:"names,omitempty"` // what else the provider calls it or its parts, by their kinds
	Value      string            `json:"value"`           // decimal
	Currency   string            `json:"currency"`
	Fields     map[string]string `json:"fields,omitempty"` // what the merchant wrote into it
	Status     status            `json:"status"`
	Reason     string            `json:"reason,omitempty"` // why it is pending or failed
	Captured   string            `json:"captured,omitempty"`
	Refunded   string            `json:"refunded,omitempty"`
	Failures   int               `json:"failures,omitempty"` // attempts that took no money
	Organisers bool              `json:"organisers"`         // made by the organiser's own page
	Reserve    bool              `json:"reserve,omitempty"`  // paying only reserves the money
	Return     string            `json:"-"`
	Cancel     string            `json:"-"` // where a buyer goes who gave up; "": Return
	Until      time.Time         `json:"until,omitzero"`
	Created    time.Time         `json:"created"`
	Updated    time.Time         `json:"updated"`
}

// status is where a payment stands.
type status string

// The statuses.
const (
	isOpen       status = "open"
	isPending    status = "pending"
	isAuthorised status = "authorised"
	isCaptured   status = "captured"
	isFailed     status = "failed"
	isCancelled  status = "cancelled"
	isExpired    status = "expired"
)

// Open tells whether the payment may still be paid.
func (p Payment) Open() bool { return p.Status == isOpen }

// A Refund is money sent back, by the merchant or, reversed, by a bank.
type Refund struct {
	ID       string    `json:"id"`
	Payment  string    `json:"payment"`
	Value    string    `json:"value"`
	Status   string    `json:"status"` // done, pending or failed
	Reversal bool      `json:"reversal"`
	Created  time.Time `json:"created"`
}

// An event is what became of a payment.
type event struct {
	kind   eventKind
	refund *Refund
}

type eventKind string

// The kinds. An event's words are the provider's own.
const (
	wasAuthorised eventKind = "authorised"
	wasCaptured   eventKind = "captured"
	wasPending    eventKind = "pending"
	wasFailed     eventKind = "failed"
	wasCancelled  eventKind = "cancelled"
	wasExpired    eventKind = "expired"
	wasVoided     eventKind = "voided"
	wasRefunded   eventKind = "refunded"
	wasReversed   eventKind = "reversed"
)

// What cannot be done.
var (
	ErrNoPayment = errors.New("there is no such payment")
	ErrTooLate   = errors.New("the payment can no longer be paid")
	errNotNow    = errors.New("the payment does not stand so")
	errTooMuch   = errors.New("more than is left")
)

// begin adds a payment. Held: mu.
func (t *till) begin(p *Payment) *Payment {
	p.Status, p.Created, p.Updated = isOpen, t.now(), t.now()
	if p.Names == nil {
		p.Names = map[string]string{}
	}
	t.payments[p.ID] = p
	t.sequence = append(t.sequence, p.ID)
	return p
}

// named finds a payment by its id or by any of its names. Held: mu.
func (t *till) named(name string) *Payment {
	if p := t.payments[name]; p != nil || name == "" {
		return p
	}
	for _, id := range t.sequence {
		for _, n := range t.payments[id].Names {
			if n == name {
				return t.payments[id]
			}
		}
	}
	return nil
}

// now is the simulator's time in whole seconds.
func (t *till) now() time.Time { return t.cfg.Now().UTC().Truncate(time.Second) }

// move changes where a payment stands and tells of it. Held: mu.
func (t *till) move(p *Payment, to status, e event) {
	p.Status, p.Updated = to, t.now()
	t.house.moved(p, e)
}

// paid is the buyer's yes, or the end of what was pending. Held: mu.
func (t *till) paid(p *Payment) error {
	t.lapse(p)
	if p.Status != isOpen && p.Status != isPending {
		return ErrTooLate
	}
	p.Reason = ""
	if p.Reserve {
		t.move(p, isAuthorised, event{kind: wasAuthorised})
		return nil
	}
	p.Captured = p.Value
	t.move(p, isCaptured, event{kind: wasCaptured})
	return nil
}

// lapse lets a payment's time run out. Held: mu.
func (t *till) lapse(p *Payment) {
	if p.Status == isOpen && !p.Until.IsZero() && !t.cfg.Now().Before(p.Until) {
		t.move(p, isExpired, event{kind: wasExpired})
	}
}

// failed is an attempt that took no money; final ends the payment. Held: mu.
func (t *till) failed(p *Payment, reason string, final bool) error {
	t.lapse(p)
	if p.Status != isOpen && p.Status != isPending {
		return ErrTooLate
	}
	p.Failures++
	p.Reason = reason
	to := isOpen
	if final {
		to = isFailed
	}
	t.move(p, to, event{kind: wasFailed})
	return nil
}

// take captures what was reserved, all of it or a part. Held: mu.
func (t *till) take(p *Payment, value string) error {
	if p.Status != isAuthorised {
		return errNotNow
	}
	if value == "" {
		value = p.Value
	}
	if rat(value).Sign() <= 0 || rat(value).Cmp(rat(p.Value)) > 0 {
		return errTooMuch
	}
	p.Captured = value
	t.move(p, isCaptured, event{kind: wasCaptured})
	return nil
}

// end ends what is not paid: a session, or a reservation. Held: mu.
func (t *till) end(p *Payment) error {
	switch p.Status {
	case isOpen:
		t.move(p, isExpired, event{kind: wasExpired})
	case isAuthorised:
		t.move(p, isCancelled, event{kind: wasVoided})
	case isExpired, isCancelled:
	default:
		return errNotNow
	}
	return nil
}

// giveBack refunds or reverses a value of what was captured, the rest where none is named. Held: mu.
func (t *till) giveBack(p *Payment, value string, reversal bool) (*Refund, error) {
	if p.Captured == "" {
		return nil, errNotNow
	}
	_, fraction, _ := strings.Cut(p.Captured, ".")
	digits := len(fraction)
	rest := minus(p.Captured, zero(p.Refunded), digits)
	value = cmp.Or(value, rest)
	if rat(value).Sign() <= 0 || rat(value).Cmp(rat(rest)) > 0 {
		return nil, errTooMuch
	}
	r := &Refund{ID: t.id("re_", 24), Payment: p.ID, Value: value, Status: "done", Reversal: reversal, Created: t.now()}
	t.refunds = append(t.refunds, r)
	p.Refunded = minus(zero(p.Refunded), "-"+value, digits)
	kind := wasRefunded
	if reversal {
		kind = wasReversed
	}
	t.move(p, p.Status, event{kind: kind, refund: r})
	return r, nil
}

// refundsOf are a payment's refunds and reversals. Held: mu.
func (t *till) refundsOf(p *Payment) []*Refund {
	return slices.DeleteFunc(slices.Clone(t.refunds), func(r *Refund) bool { return r.Payment != p.ID })
}

// Settle ends a pending payment: paid, or failed.
func (t *till) Settle(id string, paid bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.named(id)
	switch {
	case p == nil:
		return ErrNoPayment
	case p.Status != isPending:
		return errNotNow
	case paid:
		return t.paid(p)
	}
	return t.failed(p, "refused", true)
}

// GiveBack refunds in the back office, or takes the money back as a bank does.
func (t *till) GiveBack(id, value string, reversal bool) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.named(id)
	if p == nil {
		return ErrNoPayment
	}
	_, err := t.giveBack(p, value, reversal)
	return err
}

// Expire lets go of what a payment reserves before anybody took it, as a bank does whose customer's limit was needed elsewhere.
func (t *till) Expire(id string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.named(id)
	switch {
	case p == nil:
		return ErrNoPayment
	case p.Status != isAuthorised:
		return errNotNow
	}
	return t.end(p)
}

// Take is the merchant's back office taking what a payment reserves, or a part of it.
func (t *till) Take(id, value string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	p := t.named(id)
	if p == nil {
		return ErrNoPayment
	}
	return t.take(p, value)
}

// pay is a button payment from its beginning to its end. Held: mu.
func (t *till) pay(p *Payment, b ButtonPayment) (string, error) {
	p.Organisers, p.Value, p.Currency = true, b.Value, b.Currency
	t.shapes[p.ID] = b.Shape
	t.begin(p)
	if b.Pending != "" {
		p.Reason = b.Pending
		t.move(p, isPending, event{kind: wasPending})
		return p.ID, nil
	}
	return p.ID, t.paid(p)
}
