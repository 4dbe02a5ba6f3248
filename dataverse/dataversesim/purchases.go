package dataversesim

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Status is where a purchase stands in truth, whatever the rows that a client can read say.
type Status string

// The states of a purchase.
const (
	Temporary  Status = "temporary"  // made by register; ends by finalize, Cancelled or its window
	Registered Status = "registered" // has its seats; stays so
	Cancelled  Status = "cancelled"  // freed by a real-time Cancelled; a late finalize may revive it, by behaviour
	Expired    Status = "expired"    // the window passed; a late finalize may revive it, by behaviour
)

// Purchase is one purchase as Dynamics holds it.
type Purchase struct {
	ID        string     `json:"id"`
	EventID   string     `json:"event_id"` // readable
	UserID    string     `json:"user_id"`  // contact of the buyer, "" for a guest
	Amount    string     `json:"amount"`   // decimal, with the decimals of the currency
	Currency  string     `json:"currency"` // ISO code
	Attendees []Attendee `json:"attendees"`
	Created   time.Time  `json:"created"`
	Expires   time.Time  `json:"expires"`
	Status    Status     `json:"status"`
	// Seats are the registration records: one per attendee in the good case, more after a duplicating finalize.
	Seats []Seat `json:"seats"`
	// FinalizeCalls counts the finalize calls that reached this purchase, refused ones too; CancelCalls those with Cancelled.
	FinalizeCalls int `json:"finalize_calls"`
	CancelCalls   int `json:"cancel_calls"`
	// FinalizedAt is when the seats were made, FinalizedAs the UserId an outbound finalize brought.
	FinalizedAt time.Time `json:"finalized_at,omitzero"`
	FinalizedAs string    `json:"finalized_as,omitempty"`
	Paid        bool      `json:"paid"`
	Processed   bool      `json:"processed"`
}

// Seat is one registration record.
type Seat struct {
	RegistrationID string    `json:"registration_id"`
	ContactID      string    `json:"contact_id"`
	Attendee       int       `json:"attendee"` // index in Purchase.Attendees
	Email          string    `json:"email"`
	Created        time.Time `json:"created"`
}

// Errors of Register.
var (
	ErrUnknownEvent = errors.New("the event is unknown")
	ErrUnknownPass  = errors.New("the event has no such pass")
	ErrSoldOut      = errors.New("the pass is sold out")
	ErrNoAttendee   = errors.New("a registration needs at least one attendee")
)

// purchase is a Purchase with what only the organisation knows.
type purchase struct {
	Purchase
	event *event
	rows  []string // ids of the attendee rows
	holds bool     // counted in the capacity of its passes
}

// Purchases are all purchases, as created. What is returned is a copy.
func (s *Sim) Purchases() []Purchase {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	all := make([]Purchase, 0, len(s.order))
	for _, p := range s.order {
		all = append(all, p.snapshot())
	}
	return all
}

// Purchase is one purchase, found by its id.
func (s *Sim) Purchase(id string) (Purchase, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settle()
	p := s.find(id)
	if p == nil {
		return Purchase{}, false
	}
	return p.snapshot(), true
}

// Reprice changes what a purchase costs, as an organiser does who edits it; the price is checked as that of a pass is.
func (s *Sim) Reprice(id, price string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.find(id)
	if p == nil {
		return fmt.Errorf("reprice %s: there is no such purchase", id)
	}
	if err := checkPrice(price, p.event.Currency.Precision); err != nil {
		return fmt.Errorf("reprice %s: %w", id, err)
	}
	p.Amount = price
	return nil
}

// Seat registers a purchase as an organiser does by hand, whatever became of it.
func (s *Sim) Seat(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.settle()
	p := s.find(id)
	if p == nil {
		return fmt.Errorf("seat %s: there is no such purchase", id)
	}
	s.seat(p, at, Fault{})
	return nil
}

// Register makes a temporary registration, as the event API does, and says where the buyer is sent to pay. A free one is
// registered at once and sends nobody anywhere. The userID is the contact of a buyer who is signed in, "" for a guest.
func (s *Sim) Register(eventID string, attendees []Attendee, userID string) (purchaseID, redirectURL string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, err := s.register(s.settle(), eventID, attendees, userID)
	if err != nil {
		return "", "", err
	}
	return p.ID, s.redirect(p, s.cfg.Resource), nil
}

// register is what both event APIs and Register do. Held: s.mu.
func (s *Sim) register(at time.Time, eventID string, attendees []Attendee, userID string) (*purchase, error) {
	e := s.event(eventID)
	if e == nil {
		return nil, fmt.Errorf("register for %q: %w", eventID, ErrUnknownEvent)
	}
	if err := e.reserve(attendees); err != nil {
		return nil, fmt.Errorf("register for %q: %w", eventID, err)
	}
	p := &purchase{event: e, holds: true, Purchase: Purchase{
		ID: s.guid(), EventID: eventID, UserID: userID, Attendees: append([]Attendee(nil), attendees...),
		Amount: e.total(attendees), Currency: e.Currency.Code,
		Created: at, Expires: at.Add(s.cfg.Window), Status: Temporary,
	}}
	for range attendees {
		p.rows = append(p.rows, s.guid())
	}
	s.purchases[p.ID], s.order, s.open = p, append(s.order, p), append(s.open, p)
	if isZero(p.Amount) {
		s.seat(p, at, Fault{})
	}
	return p, nil
}

// reserve takes the attendees' passes out of the capacity, all or none.
func (e *event) reserve(attendees []Attendee) error {
	if len(attendees) == 0 {
		return ErrNoAttendee
	}
	wanted := map[string]int{}
	for _, a := range attendees {
		p := e.passes[a.PassID]
		if p == nil {
			return fmt.Errorf("pass %q: %w", a.PassID, ErrUnknownPass)
		}
		wanted[a.PassID]++
		if p.Capacity > 0 && p.taken+wanted[a.PassID] > p.Capacity {
			return fmt.Errorf("pass %q: %w", p.Name, ErrSoldOut)
		}
	}
	e.take(attendees, 1)
	return nil
}

func (e *event) take(attendees []Attendee, n int) {
	for _, a := range attendees {
		e.passes[a.PassID].taken += n
	}
}

// vacate gives the capacity back.
func (p *purchase) vacate() {
	if p.holds {
		p.event.take(p.Attendees, -1)
		p.holds = false
	}
}

// seat makes the registration records: one per attendee, whatever is there already.
func (s *Sim) seat(p *purchase, at time.Time, f Fault) {
	if !p.holds {
		p.event.take(p.Attendees, 1) // revived late: oversold rather than refused
		p.holds = true
	}
	for i, a := range p.Attendees {
		if f.Kind == KindPartialSeats && i > 0 {
			break
		}
		p.Seats = append(p.Seats, Seat{RegistrationID: s.guid(), ContactID: s.guid(), Attendee: i, Email: a.Email, Created: at})
	}
	p.Status, p.Paid, p.Processed = Registered, true, true
	if p.FinalizedAt.IsZero() {
		p.FinalizedAt = at
	}
}

// find takes an id in any casing. Held: s.mu.
func (s *Sim) find(id string) *purchase { return s.purchases[strings.ToLower(id)] }

func (p *purchase) snapshot() Purchase {
	c := p.Purchase
	c.Attendees = append([]Attendee{}, p.Attendees...)
	c.Seats = append([]Seat{}, p.Seats...)
	return c
}
