package bridge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// invoiceSaid makes the fact of what a person says of an invoice.
func (b *Bridge) invoiceSaid(d Decision, p purchase.Purchase, f purchase.Fact) ([]purchase.Fact, error) {
	pay, err := meant(d, p)
	if err != nil {
		return nil, err
	}
	f.Account, f.Payment = pay.Account, pay.Ref
	switch d.Action {
	case purchase.ActApprove:
		f.Kind = purchase.InvoiceApproved
	case purchase.ActCancel:
		f.Kind = purchase.InvoiceCancelled
	case purchase.ActPaid:
		if err := d.paid(pay, f.At); err != nil {
			return nil, err
		}
		f.Kind, f.Object, f.Money, f.At = purchase.Captured, transferPrefix+d.transfer(), d.Money, d.PaidAt
	}
	return []purchase.Fact{f}, nil
}

// transferPrefix keeps a bank's reference apart from what invoices are called.
const transferPrefix = "transfer "

// meant finds the invoice that the decision is about.
func meant(d Decision, p purchase.Purchase) (purchase.Payment, error) {
	some := slices.DeleteFunc(p.Invoices(), func(pay purchase.Payment) bool {
		open := pay.Billed()
		if d.Action == purchase.ActApprove {
			open = p.Approvable(pay)
		}
		return (d.Payment != "" && pay.Ref != d.Payment) || (d.Action != purchase.ActPaid && !open)
	})
	if d.Action == purchase.ActPaid && d.Payment == "" && len(some) > 1 { // the one that waits for it
		if open := slices.DeleteFunc(slices.Clone(some), func(pay purchase.Payment) bool { return !pay.Billed() }); len(open) == 1 {
			some = open
		}
	}
	switch len(some) {
	case 0:
		return purchase.Payment{}, fmt.Errorf("%s: %w; there is no such invoice", d.Action, ErrNotAllowed)
	case 1:
		return some[0], nil
	}
	return purchase.Payment{}, fmt.Errorf("%s: %w; name one of these invoices: %s", d.Action, ErrNotAllowed, names(some))
}

// transfer is the bank's reference as it is kept: blanks around it, and how many are in it, do not make it another.
func (d Decision) transfer() string { return strings.Join(strings.Fields(d.Transfer), " ") }

// paid checks what is said of the transfer. A bank's reference tells two transfers apart; what is said again of the same one corrects
// what was said before.
func (d Decision) paid(pay purchase.Payment, now time.Time) error {
	switch {
	case !d.Money.Positive():
		return fmt.Errorf("paid: %w; say how much came, with its currency", ErrNotAllowed)
	case d.transfer() == "" || len(d.Transfer) > nameUpTo:
		return fmt.Errorf("paid: %w; give the bank's reference of the transfer, of at most %d characters", ErrNotAllowed, nameUpTo)
	case d.PaidAt.IsZero() || d.PaidAt.After(now):
		return fmt.Errorf("paid: %w; give the day on which the money came, today or before", ErrNotAllowed)
	case d.PaidAt.Before(pay.Invoice.Asked.At.Add(-24 * time.Hour)):
		return fmt.Errorf("paid: %w; the invoice was asked for on %s, after that day", ErrNotAllowed, pay.Invoice.Asked.At.Format(time.DateOnly))
	}
	return nil
}
