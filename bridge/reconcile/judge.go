package reconcile

import (
	"cmp"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// invoiced is the state of a purchase that has its seat and waits for an invoice to be paid.
const invoiced = purchase.State("awaiting_invoice")

// line says what becomes of one payment.
func (t *table) line(p *pair, held map[purchase.Key]*pair) Line {
	l := Line{Account: p.account, Payment: p.ref, At: p.at, Listed: p.listed, Moved: p.moved}
	l.Purchase = t.purchaseOf(p)
	if k := p.known; k != nil {
		l.Payment, l.Ask, l.Known = k.Ref, k.Ask, k.Sums
		if l.At.IsZero() {
			l.At = k.PaidAt
		}
		if !t.Listed[p.account] { // our own word is all there is
			l.Moved = k.Sums
		}
	}
	if sale := t.sales[l.Purchase]; sale != nil {
		l.OnFile, l.Cause, l.Price = true, sale.Cause, sale.Price
	}
	seat, rolled := t.seats[l.Purchase]
	if rolled && seat.Price.Known() {
		l.Price = seat.Price
	}
	l.Registered = t.registered(l.Purchase)
	l.Kind = t.judge(p, l, held)
	return l
}

func (t *table) purchaseOf(p *pair) purchase.Key {
	switch {
	case p.sale != nil && !(p.sale.Key.Orphaned() && p.names != ""):
		return p.sale.Key
	case p.names != "":
		return purchase.Key{Environment: t.Environments[p.account], ID: p.names}
	}
	return purchase.Key{}
}

// judge is the table of the kinds for payments; the first that holds is it.
func (t *table) judge(p *pair, l Line, held map[purchase.Key]*pair) Kind {
	if kind, differs := t.compared(p, l); differs {
		return kind
	}
	sums := l.Known
	if t.Listed[p.account] && p.shown && p.known == nil {
		sums = l.Listed
	}
	switch net := sums.Net(); {
	case l.Purchase.Orphaned() && net.Positive():
		return OrphanPayment
	case !net.Positive() && l.Registered && held[l.Purchase] == nil:
		return RefundedRegistered
	case !net.Positive():
		return Matched
	case held[l.Purchase] != p:
		return DuplicatePayment
	case !l.Registered && t.working(l.Purchase):
		return InProgress
	case !l.Registered:
		return PaidNotRegistered
	case l.Price.Known() && net != l.Price && !t.accepted(l.Purchase):
		return PriceDiffers
	}
	return Matched
}

// compared holds the provider's word against ours.
func (t *table) compared(p *pair, l Line) (Kind, bool) {
	switch {
	case !t.Listed[p.account]:
		return "", false
	case p.known == nil && l.Purchase.ID == "":
		return OtherSale, true
	case p.listed.Captured.Known() && !l.Known.Captured.Known():
		return PaidNotKnown, true
	case !p.listed.Captured.Known() && l.Known.Captured.Known() && (!p.shown || t.within(l.At)):
		return KnownNotAtProvider, true
	case p.listed.Mixed || l.Known.Mixed:
		return AmountDiffers, true
	case p.listed.Captured.Known() && p.listed.Captured != l.Known.Captured:
		return AmountDiffers, true
	}
	listed, known := p.listed.back(), l.Known.back()
	switch {
	case listed == known || (!listed.Positive() && !known.Positive()):
		return "", false
	case listed.Minor > known.Minor || (listed.Known() && known.Known() && listed.Currency != known.Currency):
		return RefundNotKnown, true
	case !p.listed.Captured.Known(): // a list by the date of payments shows no later refund of an older one
		return "", false
	}
	return RefundNotAtProvider, true
}

// working: there is time left, and nobody has said yet that the seats are there. A seat that is gone again is no progress.
func (t *table) working(key purchase.Key) bool {
	sale := t.sales[key]
	return sale != nil && !sale.Registered && t.Now.Before(sale.Deadline)
}

func (t *table) accepted(key purchase.Key) bool {
	sale := t.sales[key]
	return sale != nil && sale.Accepted
}

// registered: who was read back one by one is known best; then the list of Dynamics; then what we saw ourselves, if the list need not
// show it.
func (t *table) registered(key purchase.Key) bool {
	if seats, read := t.Confirmed[key]; read {
		return seats
	}
	if seat, listed := t.seats[key]; listed {
		return seat.Registered
	}
	sale := t.sales[key]
	return sale != nil && sale.Registered && !(t.Rolled[key.Environment] && t.within(sale.SeatedAt))
}

// holders are the payments that stand for a seat: of several that hold money the one that makes the price, else the first.
func (t *table) holders() map[purchase.Key]*pair {
	held := map[purchase.Key]*pair{}
	for _, p := range t.pairs {
		if key := t.purchaseOf(p); key.ID != "" && holds(p).Positive() && t.before(p, held[key], key) {
			held[key] = p
		}
	}
	return held
}

func holds(p *pair) purchase.Money {
	if p.known != nil && p.known.Sums.known() {
		return p.known.Sums.Net()
	}
	return p.listed.Net()
}

func (t *table) before(p, other *pair, key purchase.Key) bool {
	if other == nil {
		return true
	}
	if sale := t.sales[key]; sale != nil && sale.Price.Known() && (holds(p) == sale.Price) != (holds(other) == sale.Price) {
		return holds(p) == sale.Price
	}
	return cmp.Or(paidAt(p).Compare(paidAt(other)), p.name.compare(other.name)) < 0
}

func paidAt(p *pair) time.Time {
	if p.known != nil && !p.known.PaidAt.IsZero() {
		return p.known.PaidAt
	}
	return p.at
}
