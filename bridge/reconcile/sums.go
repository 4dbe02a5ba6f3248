package reconcile

import "github.com/paybridge/paybridge/bridge/purchase"

// Sums are the money of a payment. Mixed says that amounts of two currencies met, or one too large: then the sums prove nothing.
type Sums struct {
	Captured purchase.Money `json:"captured,omitzero"`
	Refunded purchase.Money `json:"refunded,omitzero"`
	Reversed purchase.Money `json:"reversed,omitzero"`
	Mixed    bool           `json:"mixed,omitempty"`
}

// Net is what the payment holds.
func (s Sums) Net() purchase.Money {
	net, a := s.Captured.Minus(s.Refunded)
	net, b := net.Minus(s.Reversed)
	if s.Mixed || !a || !b {
		return purchase.Money{}
	}
	return net
}

func (s Sums) known() bool { return s.Captured.Known() || s.Refunded.Known() || s.Reversed.Known() }

func (s *Sums) add(e Entry) {
	into := &s.Captured
	switch e.Kind {
	case purchase.Refunded:
		into = &s.Refunded
	case purchase.Reversed:
		into = &s.Reversed
	}
	sum, ok := into.Plus(e.Money)
	*into, s.Mixed = sum, s.Mixed || !ok
}

// back is what went back to the payer in one way or another; some providers call a refund what others call a reversal.
func (s Sums) back() purchase.Money {
	sum, _ := s.Refunded.Plus(s.Reversed)
	return sum
}

// Totals sum up a report.
type Totals struct {
	Kinds      map[Kind]int
	Payments   int
	Registered int                // purchases with their seats
	Moved      map[string]Amounts // by currency: what moved in the period
	Difference map[string]int64   // by currency, in minor units: what the provider holds less what we know; none: no difference
}

// Amounts are minor units of one currency.
type Amounts struct{ Captured, Refunded, Reversed int64 }

// Differences is how many lines are differences.
func (t Totals) Differences() int {
	n := 0
	for kind, lines := range t.Kinds {
		if kind.Row().Difference {
			n += lines
		}
	}
	return n
}

func totals(lines []Line, listed map[string]bool) Totals {
	t := Totals{Kinds: map[Kind]int{}, Moved: map[string]Amounts{}, Difference: map[string]int64{}}
	seats := map[purchase.Key]bool{}
	for _, l := range lines {
		t.Kinds[l.Kind]++
		if l.Payment != "" {
			t.Payments++
		}
		if l.Registered && !seats[l.Purchase] {
			seats[l.Purchase] = true
			t.Registered++
		}
		t.move(l.Moved)
		if listed[l.Account] && l.Kind != OtherSale {
			t.differ(l.Listed, 1)
			t.differ(l.Known, -1)
		}
	}
	for currency, minor := range t.Difference {
		if minor == 0 {
			delete(t.Difference, currency)
		}
	}
	return t
}

func (t *Totals) move(s Sums) {
	for _, part := range []struct {
		money purchase.Money
		into  func(*Amounts) *int64
	}{
		{s.Captured, func(a *Amounts) *int64 { return &a.Captured }},
		{s.Refunded, func(a *Amounts) *int64 { return &a.Refunded }},
		{s.Reversed, func(a *Amounts) *int64 { return &a.Reversed }},
	} {
		if part.money.Known() {
			a := t.Moved[part.money.Currency]
			*part.into(&a) += part.money.Minor
			t.Moved[part.money.Currency] = a
		}
	}
}

func (t *Totals) differ(s Sums, sign int64) {
	if s.Captured.Known() {
		t.Difference[s.Captured.Currency] += sign * s.Captured.Minor
	}
	for _, m := range []purchase.Money{s.Refunded, s.Reversed} {
		if m.Known() {
			t.Difference[m.Currency] -= sign * m.Minor
		}
	}
}
