package purchase

import (
	"cmp"
	"slices"
	"time"
)

// A Payment is one attempt to pay a purchase, as far as it is proved, and what was heard of it beyond that.
type Payment struct {
	Account string
	Ref     string // the provider's reference
	Object  string // the latest object named, for asking

	Opened     *Fact // our own pay session, if we opened it
	Approved   bool  // the buyer agreed, no money moved
	Pending    string
	Authorised bool
	Reserved   Money     // what was authorised, whether or not it was taken since
	ReservedAt time.Time // when we first had proof of it
	Invoice    Invoice   // what the buyer asked to pay on; for payments of accounts that bill
	held       bool      // it was reserved once, whatever became of it
	heldAt     time.Time // when we last had proof of that
	failedAt   time.Time // when we last had proof that an attempt failed
	Captured   Money
	Refunded   Money
	Reversed   Money
	Failed     bool // an attempt took no money; another may follow
	Lapsed     bool // it can no longer be paid
	PaidAt     time.Time
	moved      []*Fact   // the proofs of money that came or went, an object each
	Since      time.Time // first seen
	LastHeard  time.Time // when something new was heard of it

	// Contradicted: two proofs about one object disagree and carry no version, or amounts of two currencies meet.
	Contradicted bool

	// Hearsay is a digest of what was heard and is not proved; "" when everything heard is answered by proof. AskedOf is the
	// hearsay that the last read-back answered, LastAsked when.
	Hearsay string
	AskedOf string
	// HeardReturn: the latest thing heard is that the buyer came back.
	HeardReturn bool
	HeardBy     Source // how the latest thing heard reached us
	LastAsked   time.Time
	asked       int64     // number of the last read-back
	order       *Fact     // the latest order of a person to send money back
	agreed      time.Time // when the buyer last agreed, or came back to pay

	Reserves []Attempt // our own intents to reserve the money of a session that the buyer agreed to
	Captures []Attempt // our own capture intents
	Voids    []Attempt // our own intents to end the session, or to give back what it reserved
	Refunds  []Attempt // our own intents to send back what was taken
}

// Net is what the payment holds: captured less refunded and reversed.
func (p Payment) Net() Money {
	net, _ := p.Captured.Minus(p.Refunded)
	net, _ = net.Minus(p.Reversed)
	return net
}

// named is how the provider is told which payment is meant.
func (p Payment) named() Ref {
	ref := Ref{Payment: p.Ref, Object: p.Object}
	if p.Opened != nil {
		ref.Session = p.Opened.Object
	}
	return ref
}

// Open tells whether the payment may still turn into money.
func (p Payment) Open() bool { return !p.Captured.Known() && !p.Lapsed }

// Moving tells whether the provider works on it, or holds the money reserved.
func (p Payment) Moving() bool { return p.Open() && (p.Pending != "" || p.Authorised) }

// Takings are our own attempts to reserve or to take the money, in the order of their numbers.
func (p Payment) Takings() []Attempt {
	takings := slices.Concat(p.Reserves, p.Captures)
	slices.SortFunc(takings, func(a, b Attempt) int { return cmp.Compare(a.Number, b.Number) })
	return takings
}

// MayBeCaptured tells whether a call of ours may have taken or reserved money that is not proved. A call that was confirmed without
// showing the money is such a one; a refusal settles what was tried before it, under the same key, and so does a reservation that was
// seen, whatever became of it.
func (p Payment) MayBeCaptured() bool {
	for _, a := range slices.Backward(p.Takings()) {
		switch {
		case !p.Open() || a.Result == Refused || (p.held && a.Step == StepReserve):
			return false
		case a.MayHaveWorked() || a.Result == Confirmed:
			return true
		}
	}
	return false
}

// GivenBack tells whether it can no longer be paid because we ended it.
func (p Payment) GivenBack() bool {
	last := lastOf(p.Voids)
	return p.Lapsed && last != nil && last.Result == Confirmed
}

// Declined tells whether the last call to reserve or to take the money was turned down and the buyer has not agreed anew since.
func (p Payment) Declined() bool {
	last := lastOf(p.Takings())
	return last != nil && last.Result == Refused && !p.agreed.After(last.At)
}

func lastOf(attempts []Attempt) *Attempt {
	if len(attempts) == 0 {
		return nil
	}
	return &attempts[len(attempts)-1]
}

// Attempts are all our own calls about the payment.
func (p Payment) Attempts() []Attempt {
	return slices.Concat(p.Reserves, p.Captures, p.Voids, p.Refunds)
}

// moneyState is the proved part that prices and decisions rest on.
func (p Payment) moneyState() []string {
	return []string{p.Account, p.Ref, p.Captured.String(), p.Refunded.String(), p.Reversed.String()}
}
