package reconcile

import (
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// SaleOf is a purchase as a comparison needs it, from its fold and its facts.
func SaleOf(p purchase.Purchase, facts []purchase.Fact) Sale {
	sum := p.Summary()
	s := Sale{Key: p.Key, State: sum.State, Cause: sum.Cause, Registered: sum.Registered, SeatedAt: sum.RegisteredAt, Price: sum.Price, Deadline: sum.Deadline.At,
		Accepted: p.AcceptedOf != "" && p.AcceptedOf == p.Matter()}
	for _, pay := range p.Payments {
		ask := purchase.Ref{Payment: pay.Ref, Object: pay.Object}
		if pay.Opened != nil {
			ask.Session = pay.Opened.Object
		}
		s.Payments = append(s.Payments, Payment{Ask: ask, Account: pay.Account, Ref: pay.Ref, Names: namesOf(pay, facts), PaidAt: pay.PaidAt,
			Sums: Sums{Captured: pay.Captured, Refunded: pay.Refunded, Reversed: pay.Reversed, Mixed: pay.Contradicted}})
	}
	return s
}

// namesOf are all references and objects by which the facts know the payment.
func namesOf(pay purchase.Payment, facts []purchase.Fact) []string {
	names := []string{pay.Ref}
	for more := true; more; {
		more = false
		for _, f := range facts {
			if f.Account != pay.Account || f.Payment == "" || !slices.Contains(names, f.Payment) && !slices.Contains(names, f.Object) {
				continue
			}
			for _, name := range []string{f.Payment, f.Object} {
				if name != "" && !slices.Contains(names, name) {
					names, more = append(names, name), true
				}
			}
		}
	}
	slices.Sort(names)
	return names
}

// EntryOf is a fact that a provider told as a comparison needs it.
func EntryOf(account string, f purchase.Fact) Entry {
	return Entry{Account: account, Payment: f.Payment, Object: f.Object, Kind: f.Kind, Money: f.Money, At: f.At, Purchase: f.Purchase.ID}
}

// SeatOf is a registration of an environment as a comparison needs it.
func SeatOf(environment string, r purchase.Registration) Seat {
	return Seat{Key: purchase.Key{Environment: environment, ID: r.Purchase}, Price: r.Price, Registered: r.Registered, Created: r.Created}
}
