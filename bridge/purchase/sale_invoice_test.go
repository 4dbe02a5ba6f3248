package purchase_test

import (
	"maps"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// bills is the account that sells on invoice: nothing is asked there, a person says what came.
const bills = "bills"

// billing are its terms in this sale.
func (s *sale) billing() map[string]purchase.Terms {
	return map[string]purchase.Terms{bills: {AtOnce: s.pick(2, "invoices are worth a seat at once") == 1, Due: 30 * day, Grace: 5 * day,
		Reminders: []time.Duration{14 * day, 28 * day}}}
}

// askForInvoice is the buyer at our page, who asks to pay on invoice.
func (s *sale) askForInvoice() {
	p, ok := s.arrive(bills)
	if !ok {
		return
	}
	pay := s.shops[4].start(p.Offer.Money)
	pay.billed = true
	s.keep(-1, purchase.Fact{Purchase: s.key, Kind: purchase.InvoiceRequested, Standing: purchase.Own, Account: bills, Payment: pay.ref,
		Money: pay.money, At: s.now})
}

// onInvoice is a fair sale on invoice: approved in time where that is needed, and paid within the month.
func (s *sale) onInvoice(when time.Duration) {
	s.dynamics.away, s.dynamics.visible = nil, s.opening
	s.after(when, s.askForInvoice)
	s.after(when+5*time.Minute, func() { s.sayOfInvoice(purchase.InvoiceApproved, purchase.Purchase.Approvable) })
	s.after(20*day, s.markPaid)
}

// sayOfInvoice is a person's word on the first invoice that it makes sense for.
func (s *sale) sayOfInvoice(kind purchase.Kind, of func(purchase.Purchase, purchase.Payment) bool) {
	p := s.fold(s.key, s.ledger(s.key).facts, s.policy)
	for _, pay := range p.Invoices() {
		if of(p, pay) {
			if kind == purchase.InvoiceCancelled {
				s.shops[4].find(pay.Ref).cancelled = true
			}
			s.note("a person says: %s %s", pay.Ref, kind)
			s.keep(-1, purchase.Fact{Purchase: s.key, Kind: kind, Standing: purchase.Decided, Account: bills, Payment: pay.Ref, At: s.now})
			return
		}
	}
}

func (s *sale) approveInvoice() {
	s.sayOfInvoice(purchase.InvoiceApproved, purchase.Purchase.Approvable)
}

func (s *sale) cancelInvoice() {
	s.sayOfInvoice(purchase.InvoiceCancelled, func(_ purchase.Purchase, pay purchase.Payment) bool { return pay.Billed() })
}

// markPaid: a transfer came for an invoice, of the right amount or of another, and a person says so.
func (s *sale) markPaid() {
	pay := s.any(func(p *pay) bool { return p.billed })
	if pay == nil {
		return
	}
	money := pay.money
	if !s.fair && s.mishap(30, "another amount") {
		money.Minor -= 500
	}
	pay.move(pay.ref+"-transfer-"+string(rune('0'+len(pay.objects))), purchase.Captured, money)
}

// promised is what invoices promise that are worth a seat: by the policy or a person's word, not cancelled, and nothing came of them yet.
func (o *oracle) promised(facts []purchase.Fact) holdings {
	asked, worth, gone := holdings{}, map[string]bool{}, map[string]bool{}
	for _, f := range facts {
		name := f.Account + " " + f.Payment
		switch f.Kind {
		case purchase.InvoiceRequested:
			asked[name] = f.Money
			worth[name] = worth[name] || o.policy.Invoicing[bills].AtOnce
		case purchase.InvoiceApproved:
			worth[name] = true
		case purchase.InvoiceCancelled, purchase.Captured:
			gone[name] = true
		}
	}
	maps.DeleteFunc(asked, func(name string, _ purchase.Money) bool { return !worth[name] || gone[name] })
	return asked
}

// pledged is what is reserved and what is promised.
func (o *oracle) pledged(facts []purchase.Fact) holdings {
	all := reserved(facts)
	maps.Copy(all, o.promised(facts))
	return all
}

// invoicesAtRest: an invoice that nobody paid or cancelled is on the desk, and who has a seat for it was reminded each time.
func (o *oracle) invoicesAtRest(p purchase.Purchase) {
	facts := o.ledger(o.key).facts
	asked, said := holdings{}, map[string]map[time.Time]bool{}
	var since time.Time
	for _, f := range facts {
		switch f.Kind {
		case purchase.InvoiceRequested:
			asked[f.Payment], since = f.Money, f.At
		case purchase.InvoiceCancelled, purchase.Captured:
			delete(asked, f.Payment)
		case purchase.Reminded:
			if said[f.Payment] == nil {
				said[f.Payment] = map[time.Time]bool{}
			}
			said[f.Payment][f.Detail.Until] = true // two nodes may note the same
		}
	}
	looked := p.Desk != purchase.CauseNone || p.Closed()
	for ref := range asked {
		o.expect(lawInvoice, looked, "%s is neither paid nor cancelled, and nobody knows, in state %s", ref, p.State())
		if p.Desk == purchase.CauseInvoiceOverdue && p.SeatedAt.Before(since.Add(14*day)) {
			o.expect(lawInvoice, len(said[ref]) == 2, "the payer of %s was reminded %d times", ref, len(said[ref]))
		}
	}
	for ref, marks := range said {
		o.expect(lawInvoice, len(marks) <= 2, "the payer of %s was reminded %d times", ref, len(marks))
	}
}

// judgePromise: a seat that only a promise pays is for the price that was promised, by an invoice that is worth it now.
func (o *oracle) judgePromise(facts []purchase.Fact, held holdings, price purchase.Money) {
	if held.has(price) || reserved(facts).has(price) {
		return
	}
	o.expect(lawInvoice, o.promised(facts).has(price) || o.agreed(held, price), "a seat for an invoice that is not worth it")
}

// distrust takes requests for approved ones.
func distrust(p purchase.Policy) purchase.Policy {
	terms := p.Invoicing[bills]
	terms.AtOnce = true
	p.Invoicing = map[string]purchase.Terms{bills: terms}
	return p
}

// unapproved folds as if every request were worth a seat at once.
func unapproved(s *sale) {
	s.fold = func(key purchase.Key, facts []purchase.Fact, policy purchase.Policy) purchase.Purchase {
		return purchase.Fold(key, facts, distrust(policy))
	}
	billed(s)
}

// billed is buyers who ask for invoices, and persons who deal with them.
func billed(s *sale) {
	s.after(time.Minute, s.askForInvoice)
	s.after(5*time.Minute, []func(){s.approveInvoice, s.cancelInvoice, s.markPaid, func() {}}[s.pick(4, "what becomes of it")])
}

// uncancelled overlooks that a person cancelled.
func uncancelled(f purchase.Fact) *purchase.Fact {
	if f.Kind == purchase.InvoiceCancelled {
		return nil
	}
	return &f
}

// patientFor leaves a cause to itself.
func patientFor(c purchase.Cause) func(purchase.Purchase, time.Time, purchase.Next) purchase.Next {
	return func(_ purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
		if next.Cause == c {
			return purchase.Next{Step: purchase.StepDone}
		}
		return next
	}
}

// unreminding forgets to remind, and nagging does it at every look.
func unreminding(_ purchase.Purchase, now time.Time, next purchase.Next) purchase.Next {
	if next.Step == purchase.StepRemind {
		return purchase.Next{Step: purchase.StepWait, Due: now.Add(7 * day)}
	}
	return next
}

func nagging(p purchase.Purchase, now time.Time, next purchase.Next) purchase.Next {
	if next.Step == purchase.StepWait && next.Cause == purchase.CauseInvoicePending && p.Registered() {
		return purchase.Next{Step: purchase.StepRemind, Account: bills, Payment: purchase.Ref{Payment: p.Invoices()[0].Ref}, Due: now}
	}
	return next
}
