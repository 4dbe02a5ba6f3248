package reconcile

import (
	"cmp"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A pair is one payment from both sides.
type pair struct {
	name    name
	listed  Sums
	moved   Sums
	shown   bool   // the provider tells of it
	ref     string // what the provider calls it where it tells of the money, else anywhere
	names   string // the purchase that it names
	at      time.Time
	inside  bool
	taken   bool // ref is from where it tells of the capture
	known   *Payment
	sale    *Sale
	account string
}

// A table is what a comparison works on.
type table struct {
	*Evidence
	sales map[purchase.Key]*Sale
	seats map[purchase.Key]Seat
	pairs map[name]*pair
	joint joint
}

// Match compares. Every payment that moved money in the period is on exactly one line, and so is every registration of the period that
// no payment stands for. The order of what it is given cannot matter.
func Match(e Evidence) Report {
	t := &table{Evidence: &e, sales: map[purchase.Key]*Sale{}, seats: map[purchase.Key]Seat{}, pairs: map[name]*pair{}, joint: joint{}}
	t.gather()
	held := t.holders()
	var lines []Line
	for _, p := range t.pairs {
		if p.inside && (p.listed.known() || (p.known != nil && p.known.Sums.known())) {
			lines = append(lines, t.line(p, held))
		}
	}
	lines = append(lines, t.unpaid()...)
	slices.SortFunc(lines, compareLines)
	return Report{From: e.From, To: e.To, Lines: lines, Totals: totals(lines, e.Listed)}
}

func compareLines(a, b Line) int {
	return cmp.Or(cmp.Compare(rank(a.Kind), rank(b.Kind)), a.At.Compare(b.At), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Payment, b.Payment),
		cmp.Compare(a.Purchase.Environment, b.Purchase.Environment), cmp.Compare(a.Purchase.ID, b.Purchase.ID))
}

// gather brings the names of each payment together first, then its money.
func (t *table) gather() {
	entries := distinct(t.Entries)
	for _, e := range entries {
		t.joint.join(name{e.Account, e.Payment}, name{e.Account, cmp.Or(e.Object, e.Payment)})
	}
	for i := range t.Sales {
		s := &t.Sales[i]
		t.sales[s.Key] = s
		for _, p := range s.Payments {
			for _, other := range p.Names {
				t.joint.join(name{p.Account, p.Ref}, name{p.Account, other})
			}
		}
	}
	for i := range t.Sales {
		for k := range t.Sales[i].Payments {
			t.know(&t.Sales[i], &t.Sales[i].Payments[k])
		}
	}
	for _, e := range entries {
		t.list(e)
	}
	for _, s := range t.Seats {
		t.seats[s.Key] = both(s, t.seats[s.Key])
	}
}

// both is what two rows of one purchase say together: any seat counts, and the earliest time.
func both(a, b Seat) Seat {
	a.Registered = a.Registered || b.Registered
	if cmp.Or(cmp.Compare(a.Price.Currency, b.Price.Currency), cmp.Compare(a.Price.Minor, b.Price.Minor)) < 0 {
		a.Price = b.Price
	}
	if a.Created.IsZero() || (!b.Created.IsZero() && b.Created.Before(a.Created)) {
		a.Created = b.Created
	}
	return a
}

// distinct keeps one of the entries that tell of one object: the last word of the provider.
func distinct(entries []Entry) []Entry {
	type object struct {
		name
		kind purchase.Kind
	}
	last := map[object]Entry{}
	for _, e := range entries {
		o := object{name{e.Account, cmp.Or(e.Object, e.Payment)}, e.Kind}
		if have, known := last[o]; !known || compareEntries(e, have) > 0 {
			e.Purchase = max(e.Purchase, have.Purchase)
			last[o] = e
		} else {
			have.Purchase = max(e.Purchase, have.Purchase)
			last[o] = have
		}
	}
	out := make([]Entry, 0, len(last))
	for _, e := range last {
		out = append(out, e)
	}
	return out
}

func compareEntries(a, b Entry) int {
	return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Money.Minor, b.Money.Minor), cmp.Compare(a.Money.Currency, b.Money.Currency), cmp.Compare(a.Payment, b.Payment))
}

func (t *table) pair(account, id string) *pair {
	root := t.joint.root(name{account, id})
	p := t.pairs[root]
	if p == nil {
		p = &pair{name: root, account: account}
		t.pairs[root] = p
	}
	return p
}

// know puts our payment beside the provider's. Two of ours that go by one name are the same: the one with money counts.
func (t *table) know(s *Sale, k *Payment) {
	if _, compared := t.Environments[k.Account]; !compared {
		return
	}
	p := t.pair(k.Account, k.Ref)
	if p.known != nil && compareKnown(s, k, p.sale, p.known) <= 0 {
		return
	}
	p.known, p.sale = k, s
	p.inside = k.Sums.known() && !k.PaidAt.IsZero() && t.within(k.PaidAt)
}

// compareKnown prefers money, then a real purchase to an orphan, then the smaller name.
func compareKnown(s *Sale, k *Payment, s2 *Sale, k2 *Payment) int {
	flag := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	return cmp.Or(flag(k.Sums.known())-flag(k2.Sums.known()), flag(!s.Key.Orphaned())-flag(!s2.Key.Orphaned()),
		-cmp.Compare(s.Key.String(), s2.Key.String()), -cmp.Compare(k.Ref, k2.Ref))
}

func (t *table) list(e Entry) {
	p := t.pair(e.Account, e.Payment)
	p.shown, p.names = true, max(p.names, e.Purchase)
	if taken := e.Kind == purchase.Captured; p.ref == "" || taken && !p.taken || taken == p.taken && e.Payment < p.ref {
		p.ref, p.taken = e.Payment, taken
	}
	if !e.moves() {
		return
	}
	p.listed.add(e)
	if t.within(e.At) {
		p.inside = true
		p.moved.add(e)
	}
	if e.Kind == purchase.Captured && (p.at.IsZero() || e.At.Before(p.at)) {
		p.at = e.At
	}
}
