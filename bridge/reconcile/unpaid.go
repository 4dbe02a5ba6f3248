package reconcile

import "github.com/paybridge/paybridge/bridge/purchase"

// unpaid are the registrations of the period that no payment stands for, paid now or once.
func (t *table) unpaid() []Line {
	paid := map[purchase.Key]bool{}
	for _, p := range t.pairs {
		if p.listed.known() || (p.known != nil && p.known.Sums.known()) {
			paid[t.purchaseOf(p)] = true
		}
	}
	for key, sale := range t.sales { // also at an account that is not compared
		for _, p := range sale.Payments {
			paid[key] = paid[key] || p.Sums.known()
		}
	}
	var lines []Line
	for key, seat := range t.seats {
		if t.compares(key.Environment) && !paid[key] && t.within(seat.Created) && t.registered(key) {
			lines = append(lines, t.seatLine(key, seat))
		}
	}
	for key, sale := range t.sales {
		if _, listed := t.seats[key]; !listed && t.compares(key.Environment) && !paid[key] && !sale.SeatedAt.IsZero() && t.within(sale.SeatedAt) && t.registered(key) {
			lines = append(lines, t.seatLine(key, Seat{Key: key, Price: sale.Price, Created: sale.SeatedAt}))
		}
	}
	return lines
}

// compares tells whether an account of the environment is compared.
func (t *table) compares(environment string) bool {
	for _, of := range t.Environments {
		if of == environment {
			return true
		}
	}
	return false
}

func (t *table) seatLine(key purchase.Key, seat Seat) Line {
	l := Line{Purchase: key, At: seat.Created, Price: seat.Price, Registered: true, Kind: RegisteredNotKnown}
	sale := t.sales[key]
	if sale != nil {
		l.Kind, l.OnFile, l.Cause = RegisteredNotPaid, true, sale.Cause
	}
	switch {
	case seat.Price.Known() && seat.Price.Minor == 0:
		l.Kind = Matched
	case sale != nil && sale.State == invoiced:
		l.Kind = AwaitingInvoice
	}
	return l
}
