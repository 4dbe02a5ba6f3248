package purchase

import (
	"slices"
	"strconv"
	"time"
)

// Terms are how an account sells on invoice: the buyer asks for one, and pays it later by a bank transfer that a person sees.
type Terms struct {
	AtOnce    bool            // the request alone is worth a seat; else a person approves it first
	Due       time.Duration   // after the request: the invoice is to be paid by then
	Grace     time.Duration   // after that, before a person looks
	Reminders []time.Duration // after the request, ascending: when the payer is reminded
}

// Bills tells whether the account sells on invoice, and how.
func (p Policy) Bills(account string) (Terms, bool) {
	t, ok := p.Invoicing[account]
	return t, ok
}

// An Invoice is what a payment by invoice amounts to. It is for a person to say what became of it.
type Invoice struct {
	Asked     *Fact // the buyer's request: the price then, and when
	Approved  *Fact // by a person
	Cancelled *Fact // by a person
	reminded  time.Time
}

func (v *Invoice) note(f *Fact) {
	later := func(have *Fact) bool { return have == nil || f.Number > have.Number }
	switch {
	case f.Kind == InvoiceRequested && (v.Asked == nil || f.Number < v.Asked.Number):
		v.Asked = f
	case f.Kind == InvoiceApproved && later(v.Approved):
		v.Approved = f
	case f.Kind == InvoiceCancelled && later(v.Cancelled):
		v.Cancelled = f
	case f.Kind == Reminded && f.Detail.Until.After(v.reminded):
		v.reminded = f.Detail.Until
	}
}

// Due is when the invoice is to be paid; zero if the account no longer bills.
func (p Purchase) Due(pay Payment) time.Time {
	terms, ok := p.policy.Bills(pay.Account)
	if !ok || pay.Invoice.Asked == nil {
		return time.Time{}
	}
	return pay.Invoice.Asked.At.Add(terms.Due)
}

// Billed tells whether the payment is an invoice that is still to be paid: asked for, not cancelled, and no money came.
func (p Payment) Billed() bool {
	return p.Invoice.Asked != nil && p.Invoice.Cancelled == nil && !p.Captured.Known()
}

// Billed tells whether the purchase waits for an invoice to be paid, and holds no other money.
func (p Purchase) Billed() bool { return !p.Net().Positive() && p.anyPayment(Payment.Billed) }

// promises tells whether the payment is an invoice that is worth a seat before it is paid: by the account's policy, or by a person's word.
func (p Purchase) promises(pay Payment) bool {
	terms, ok := p.policy.Bills(pay.Account)
	return ok && pay.Billed() && (terms.AtOnce || pay.Invoice.Approved != nil)
}

// invoiceState is the part of what is promised that a price is read for.
func (p Purchase) invoiceState() []string {
	var parts []string
	for _, pay := range p.Payments {
		if p.promises(pay) {
			parts = append(parts, "promised", pay.Account, pay.Ref, pay.Invoice.Asked.Money.String())
		}
	}
	return parts
}

// invoiceSight is what else of its invoices a place on the desk is judged by.
func (p Purchase) invoiceSight() string {
	sight := ""
	for _, pay := range p.Payments {
		if pay.Invoice.Asked != nil {
			sight += strconv.FormatBool(pay.Billed()) + strconv.FormatBool(pay.Invoice.Cancelled != nil)
		}
	}
	return sight
}

// billedBeside tells whether an invoice is still to be paid although another payment has the seat. No acceptance of money covers that.
func (p Purchase) billedBeside(pays Payment) bool {
	return p.anyPayment(func(pay Payment) bool { return pay.Billed() && !pay.is(pays) })
}

// planInvoice waits for a person to approve what is not worth a seat yet. Once the deadline has passed no seat can come of it.
func planInvoice(p Purchase, now time.Time) (Next, bool) {
	switch {
	case p.funded() || !p.anyPayment(Payment.Billed):
		return Next{}, false
	case now.Before(p.Deadline.At):
		return Next{Step: StepWait, Due: p.Deadline.At, Cause: CauseInvoicePending}, true
	}
	return p.handOver(CauseInvoiceLate, time.Time{}), true
}

// awaitPayment: the seat is there, and its invoice is to be paid. The payer is reminded; what is overdue is for a person.
func (p Purchase) awaitPayment(pay Payment, now time.Time) Next {
	terms, _ := p.policy.Bills(pay.Account)
	overdue := p.Due(pay).Add(terms.Grace)
	if !now.Before(overdue) {
		return p.handOver(CauseInvoiceOverdue, time.Time{})
	}
	next := overdue
	for _, after := range slices.Backward(terms.Reminders) {
		mark := pay.Invoice.Asked.At.Add(after)
		switch {
		case now.Before(mark):
			next = earlier(next, mark)
		case mark.After(pay.Invoice.reminded): // of several that were missed the last
			return Next{Step: StepRemind, Account: pay.Account, Payment: Ref{Payment: pay.Ref}, Due: mark}
		default:
			return Next{Step: StepWait, Due: next, Cause: CauseInvoicePending}
		}
	}
	return Next{Step: StepWait, Due: next, Cause: CauseInvoicePending}
}

// InvoiceCancelled tells whether a person cancelled an invoice of the purchase.
func (p Purchase) InvoiceCancelled() bool {
	return p.anyPayment(func(pay Payment) bool { return pay.Invoice.Cancelled != nil })
}

// over tells whether an invoice is: a person cancelled it, and no money came of it.
func (v Invoice) over() bool { return v.Asked != nil && v.Cancelled != nil }

// Invoices are the payments by invoice, and whether a person may approve, mark as paid, or cancel one of them.
func (p Purchase) Invoices() (all []Payment) {
	for _, pay := range p.Payments {
		if pay.Invoice.Asked != nil {
			all = append(all, pay)
		}
	}
	return all
}

// Approvable tells whether a person's word would make the invoice worth a seat.
func (p Purchase) Approvable(pay Payment) bool {
	_, ok := p.policy.Bills(pay.Account)
	return ok && pay.Billed() && !p.promises(pay) && !p.seated
}
