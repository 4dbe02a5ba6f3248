// Package reconcile compares three witnesses of a period: what a provider lists, what we know, and what Dynamics has registered. It is
// pure: who calls it fetches, and confirms what it doubts. It also reads the settlement files of providers that have no list.
package reconcile

import (
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// An Entry is one thing that a provider tells of a payment: money that moved, or only which purchase it names.
type Entry struct {
	Account  string         `json:"account"`
	Payment  string         `json:"payment"`
	Object   string         `json:"object,omitempty"`
	Kind     purchase.Kind  `json:"kind"` // Captured, Refunded and Reversed move money
	Money    purchase.Money `json:"money,omitzero"`
	At       time.Time      `json:"at,omitzero"` // the provider's time; zero: some time in the period
	Purchase string         `json:"purchase,omitempty"`
}

func (e Entry) moves() bool {
	return e.Kind == purchase.Captured || e.Kind == purchase.Refunded || e.Kind == purchase.Reversed
}

// A Sale is one purchase as we know it.
type Sale struct {
	Key        purchase.Key   `json:"key"`
	State      purchase.State `json:"state"`
	Cause      purchase.Cause `json:"cause,omitempty"` // of the desk
	Registered bool           `json:"registered,omitempty"`
	SeatedAt   time.Time      `json:"seated_at,omitzero"`
	Accepted   bool           `json:"accepted,omitempty"` // a person accepted that the money is not the price
	Price      purchase.Money `json:"price,omitzero"`
	Deadline   time.Time      `json:"deadline,omitzero"`
	Payments   []Payment      `json:"payments,omitempty"`
}

// A Payment is one payment of a sale as we know it.
type Payment struct {
	Account string       `json:"account"`
	Ref     string       `json:"ref"`
	Names   []string     `json:"names,omitempty"` // everything it goes by at its account
	Ask     purchase.Ref `json:"ask,omitzero"`    // by which its provider can be asked about it
	Sums    Sums         `json:"sums"`
	PaidAt  time.Time    `json:"paid_at,omitzero"`
}

// A Seat is what Dynamics has of one purchase.
type Seat struct {
	Key        purchase.Key   `json:"key"`
	Price      purchase.Money `json:"price,omitzero"`
	Registered bool           `json:"registered,omitempty"`
	Created    time.Time      `json:"created,omitzero"`
}

// Evidence is everything that a comparison rests on. It may reach beyond the period: what lies outside only explains what lies inside.
type Evidence struct {
	From, To     time.Time         // the period: From is in it, To is not
	Now          time.Time         // what is still in progress then is no difference
	Environments map[string]string // of each account that is compared
	Listed       map[string]bool   // accounts whose list was read whole
	Rolled       map[string]bool   // environments whose registrations were listed whole
	Entries      []Entry
	Sales        []Sale
	Seats        []Seat
	Confirmed    map[purchase.Key]bool // purchases that were read back one by one: whether all have their seats
}

func (e *Evidence) within(at time.Time) bool {
	return at.IsZero() || (!at.Before(e.From) && at.Before(e.To))
}

// A Line is what becomes of one payment, or of one registration without a payment.
type Line struct {
	Kind       Kind
	Account    string
	Payment    string // "": a registration without a payment
	Ask        purchase.Ref
	Purchase   purchase.Key
	At         time.Time
	Listed     Sums // over the whole payment, as the provider says
	Known      Sums // over the whole payment, as we know it
	Moved      Sums // inside the period
	Price      purchase.Money
	Registered bool
	OnFile     bool           // the purchase is known here
	Cause      purchase.Cause // why it is on the desk
}

// A Report is the outcome.
type Report struct {
	From, To time.Time
	Lines    []Line // differences first, then by time and name
	Totals   Totals
}
