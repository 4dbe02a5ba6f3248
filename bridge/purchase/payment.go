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
	held       bool      // it was reserved once, whatever became of it
	Captured   Money
	Refunded   Money
	Reversed   Money
	Failed     bool // an attempt took no money; another may follow
	Lapsed     bool // it can no longer be paid
	PaidAt     time.Time
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
	LastAsked   time.Time
	asked       int64     // number of the last read-back
	agreed      time.Time // when we last learned that the buyer agreed or came back

	Reserves []Attempt // our own intents to reserve the money of a session that the buyer agreed to
	Captures []Attempt // our own capture intents
	Voids    []Attempt // our own intents to end the session, or to give back what it reserved
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

// declined tells whether the last call to reserve or to take the money was turned down and the buyer has not been back since.
func (p Payment) declined() bool {
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
func (p Payment) Attempts() []Attempt { return slices.Concat(p.Reserves, p.Captures, p.Voids) }

// moneyState is the proved part that prices and decisions rest on.
func (p Payment) moneyState() []string {
	return []string{p.Account, p.Ref, p.Captured.String(), p.Refunded.String(), p.Reversed.String()}
}

type paymentID struct{ account, ref string }

// foldPayments gathers the facts of each payment. Facts that name the same object of the same account belong to one payment even
// where they name it by different references (a capture heard before its order was known).
func foldPayments(facts []*Fact) []Payment {
	name := nameObjects(facts)
	groups := make(map[paymentID][]*Fact)
	for _, f := range facts {
		if f.Payment != "" {
			id := name(f)
			groups[id] = append(groups[id], f)
		}
	}
	payments := make([]Payment, 0, len(groups))
	for id, group := range groups {
		if slices.ContainsFunc(group, func(f *Fact) bool { return f.Kind != Asked }) { // else all that it was asked for goes by another name
			payments = append(payments, foldPayment(id, group))
		}
	}
	slices.SortFunc(payments, func(a, b Payment) int {
		return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Ref, b.Ref))
	})
	return payments
}

// nameObjects finds, for each object, the one reference all its facts go by: the session we opened if there is one, else the one
// that proof names, else the smallest. Hearsay names what was only heard of: it never moves proved money to another payment.
func nameObjects(facts []*Fact) func(*Fact) paymentID {
	type object struct{ account, id string }
	type name struct {
		paymentID
		rank int
	}
	const proof = 3 // more than any rank of a payment
	rank := make(map[paymentID]int)
	best := make(map[object]name)
	for _, f := range facts {
		id := paymentID{f.Account, f.Payment}
		switch {
		case f.Kind == Opened:
			rank[id] = 2
		case f.Standing == Proved:
			rank[id] = max(rank[id], 1)
		}
	}
	for _, f := range facts {
		if f.Payment == "" || f.Object == "" {
			continue
		}
		id, of := paymentID{f.Account, f.Payment}, object{f.Account, f.Object}
		by := name{id, rank[id]}
		if f.Standing != Heard {
			by.rank += proof
		}
		have, ok := best[of]
		if !ok || by.rank > have.rank || (by.rank == have.rank && id.ref < have.ref) {
			best[of] = by
		}
	}
	return func(f *Fact) paymentID {
		id := paymentID{f.Account, f.Payment}
		if by, ok := best[object{f.Account, f.Object}]; ok && f.Object != "" {
			id = by.paymentID
		}
		// A reference that is itself an object of another payment (a capture's own id) goes by that payment.
		if by, ok := best[object{id.account, id.ref}]; ok && (by.rank >= proof || f.Standing == Heard) {
			return by.paymentID
		}
		return id
	}
}

func foldPayment(id paymentID, facts []*Fact) Payment {
	p := Payment{Account: id.account, Ref: id.ref}
	objects := make(map[string]*object)
	for i := range facts {
		f := facts[i]
		if p.Since.IsZero() || f.Seen.Before(p.Since) {
			p.Since = f.Seen
		}
		if f.Standing == Heard && f.Seen.After(p.LastHeard) {
			p.LastHeard, p.HeardReturn = f.Seen, f.Kind == Returned
		}
		if (f.Kind == Approved || f.Kind == Returned) && f.Seen.After(p.agreed) {
			p.agreed = f.Seen
		}
		p.note(f, objects)
	}
	p.settle(objects)
	p.Hearsay = hearsay(facts, objects)
	p.Reserves = shareKeys(foldAttempts(facts, StepReserve))
	p.Captures = shareKeys(foldAttempts(facts, StepCapture))
	p.Voids = shareKeys(foldAttempts(facts, StepVoid))
	p.Object = askable(objects)
	return p
}

// note takes in what does not depend on other facts.
func (p *Payment) note(f *Fact, objects map[string]*object) {
	switch f.Kind {
	case Opened:
		if p.Opened == nil || f.Number < p.Opened.Number {
			p.Opened = f
		}
	case Asked:
		if f.Number > p.asked {
			p.asked, p.LastAsked, p.AskedOf = f.Number, f.At, f.Detail.Basis
		}
	case Pending, Authorised, Captured, Failed, Refunded, Reversed:
		o := objects[f.Object]
		if o == nil {
			o = &object{id: f.Object}
			objects[f.Object] = o
		}
		o.take(f)
	}
	if f.Standing == Proved {
		p.Approved = p.Approved || f.Kind == Approved
		p.Lapsed = p.Lapsed || f.Kind == Lapsed
		p.held = p.held || f.Kind == Authorised
	}
}

// settle adds up the objects.
func (p *Payment) settle(objects map[string]*object) {
	for _, id := range sortedKeys(objects) {
		o := objects[id]
		p.Contradicted = p.Contradicted || o.contradicted
		f := o.proof
		if f == nil {
			continue
		}
		switch f.Kind {
		case Captured, Refunded, Reversed:
			p.Contradicted = !p.add(f) || p.Contradicted
		case Authorised:
			p.Authorised = true
			p.reserve(f)
		case Pending:
			p.Pending = cmp.Or(f.Detail.Reason, "pending")
		case Failed:
			p.Failed = true
		}
	}
	if _, ok := p.Captured.Minus(p.Refunded); !ok {
		p.Contradicted = true
	}
	if _, ok := p.Captured.Minus(p.Reversed); !ok {
		p.Contradicted = true
	}
}

// reserve adds up what is reserved. Some providers say so without an amount, of a thing whose money goes by another name.
func (p *Payment) reserve(f *Fact) {
	if !f.Money.Known() {
		return
	}
	sum, ok := p.Reserved.Plus(f.Money)
	p.Reserved, p.ReservedAt = sum, earlier(p.ReservedAt, f.Seen)
	p.Contradicted = p.Contradicted || !ok
}

// add adds up money that moved; ok is false where the amount is missing or negative, or cannot be added to the others.
func (p *Payment) add(f *Fact) (ok bool) {
	sum := &p.Captured
	switch f.Kind {
	case Refunded:
		sum = &p.Refunded
	case Reversed:
		sum = &p.Reversed
	default:
		at := f.At
		if at.IsZero() { // not every provider says when
			at = f.Seen
		}
		p.PaidAt = earlier(p.PaidAt, at)
	}
	*sum, ok = sum.Plus(f.Money)
	return ok && f.Money.Known() && f.Money.Minor >= 0
}

// An object is one thing at the provider: a capture, a refund. The furthest proof counts; a higher version beats a lower one. It is
// contradicted if two equally far proofs differ.
type object struct {
	id           string
	proof        *Fact
	heard        []*Fact
	contradicted bool
}

func (o *object) take(f *Fact) {
	if f.Standing != Proved {
		o.heard = append(o.heard, f)
		return
	}
	switch {
	case o.proof == nil || further(f, o.proof):
		o.proof, o.contradicted = f, false
	case !further(o.proof, f) && (f.Money != o.proof.Money || !sameWay(f, o.proof)):
		o.contradicted = true
		if f.ID < o.proof.ID {
			o.proof = f
		}
	}
}

// progress orders what can become of one object. What the provider said later cannot be told from arrival: it is told from this
// order, unless the provider numbers its versions.
var progress = map[Kind]int{Opened: 1, Approved: 2, Pending: 3, Authorised: 4, Failed: 5, Captured: 6, Refunded: 6, Reversed: 6}

// sameWay tells of two equally far facts whether both took money or both gave it back.
func sameWay(a, b *Fact) bool { return (a.Kind == Captured) == (b.Kind == Captured) }

func further(a, b *Fact) bool {
	if a.Version != b.Version {
		return a.Version > b.Version
	}
	return progress[a.Kind] > progress[b.Kind]
}
