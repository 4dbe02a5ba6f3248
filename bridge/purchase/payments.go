package purchase

import (
	"cmp"
	"slices"
	"strings"
)

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
	goesBy := make(map[paymentID]paymentID) // what a reference goes by whose objects all go by another
	for _, f := range facts {
		if f.Payment == "" || f.Object == "" || f.Standing == Heard {
			continue
		}
		id, to := paymentID{f.Account, f.Payment}, best[object{f.Account, f.Object}].paymentID
		if have, ok := goesBy[id]; ok && have != to {
			to = id
		}
		goesBy[id] = to
	}
	return func(f *Fact) paymentID {
		id := paymentID{f.Account, f.Payment}
		if by, ok := best[object{f.Account, f.Object}]; ok && f.Object != "" {
			id = by.paymentID
		}
		if to, ok := goesBy[id]; ok && f.Object == "" && f.Numbered() { // our calls and a person's orders follow their money
			return to
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
			p.LastHeard, p.HeardReturn, p.HeardBy = f.Seen, f.Kind == Returned, f.Source
		}
		if at := f.agreed(); at.After(p.agreed) {
			p.agreed = at
		}
		p.note(f, objects)
	}
	p.settle(objects)
	p.Hearsay = hearsay(facts, objects, p)
	p.Reserves = shareKeys(foldAttempts(facts, StepReserve))
	p.Captures = shareKeys(foldAttempts(facts, StepCapture))
	p.Voids = shareKeys(foldAttempts(facts, StepVoid))
	p.Refunds = shareKeys(foldAttempts(facts, StepRefund))
	p.Object = askable(objects)
	return p
}

// note takes in what does not depend on other facts.
func (p *Payment) note(f *Fact, objects map[string]*object) {
	p.Invoice.note(f)
	switch f.Kind {
	case Opened:
		if p.Opened == nil || f.Number < p.Opened.Number {
			p.Opened = f
		}
	case RefundOrdered:
		if p.order == nil || f.Number > p.order.Number {
			p.order = f
		}
	case Asked:
		if f.Number > p.asked {
			p.asked, p.LastAsked, p.AskedOf = f.Number, f.At, f.Detail.Basis
		}
	case Pending, Authorised, Captured, Failed, Refunded, Reversed:
		id := objectID(f)
		o := objects[id]
		if o == nil {
			o = &object{id: id}
			objects[id] = o
		}
		o.take(f)
	}
	if f.proof() {
		p.Approved = p.Approved || f.Kind == Approved
		p.Lapsed = p.Lapsed || f.Kind == Lapsed
		p.held = p.held || f.Kind == Authorised
		if f.Kind == Authorised && f.Seen.After(p.heldAt) {
			p.heldAt = f.Seen
		}
		if f.Kind == Failed && f.Seen.After(p.failedAt) {
			p.failedAt = f.Seen
		}
	}
}

// settle adds up the objects.
func (p *Payment) settle(objects map[string]*object) {
	for _, id := range sortedKeys(objects) {
		o := objects[id]
		p.Contradicted = p.Contradicted || o.contradicted
		f := o.proof
		if f == nil || o.supposed(objects) {
			continue
		}
		switch f.Kind {
		case Captured, Refunded, Reversed:
			p.moved = append(p.moved, f)
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

// take: what a person decided counts as proof until the provider itself proves as much, or a person corrects it.
func (o *object) take(f *Fact) {
	switch {
	case !f.proof():
		o.heard = append(o.heard, f)
	case o.proof != nil && corrects(f, o.proof):
		o.proof = f
	case o.proof != nil && corrects(o.proof, f):
	case o.proof == nil || further(f, o.proof) || (!further(o.proof, f) && surer(f, o.proof)):
		o.proof, o.contradicted = f, false
	case further(o.proof, f) || surer(o.proof, f):
	case f.Money != o.proof.Money || !sameWay(f, o.proof):
		o.contradicted = true
		if f.ID < o.proof.ID {
			o.proof = f
		}
	}
}

// corrects tells whether a is a person's later word on what b says.
func corrects(a, b *Fact) bool {
	return a.Standing == Decided && b.Standing == Decided && a.Kind == b.Kind && a.Number > b.Number
}

func surer(a, b *Fact) bool { return a.Standing == Proved && b.Standing == Decided }

const nameless = "\x00"

// objectID: a person who vouches for money cannot always name the provider's object. Then it is about all that the payment moved that way.
func objectID(f *Fact) string {
	if f.Standing == Decided && f.Object == "" {
		return nameless + string(f.Kind)
	}
	return f.Object
}

// supposed tells that an object without a name stands for one that is proved by now: the same money must not count twice.
func (o *object) supposed(objects map[string]*object) bool {
	if !strings.HasPrefix(o.id, nameless) {
		return false
	}
	for _, other := range objects {
		if other != o && other.proof != nil && other.proof.Kind == o.proof.Kind {
			return true
		}
	}
	return false
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
