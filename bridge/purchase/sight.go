package purchase

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Basis is a digest of the money, taken, reserved and promised, and of the last finalize: a price answers for exactly the basis it was read on.
func (p Purchase) Basis() string {
	last := int64(0)
	if n := len(p.Finalizes); n > 0 {
		last = p.Finalizes[n-1].Number
	}
	return digest(slices.Concat(p.moneyState(), p.reserveState(), p.invoiceState(), []string{strconv.FormatInt(last, 10)})...)
}

// Matter is a digest of the proved money and of the price: what a person accepts who accepts a difference.
func (p Purchase) Matter() string {
	price := "unasked"
	if p.Offer != nil {
		price = p.Offer.Money.String() + "|" + p.Offer.Detail.Event + "|" + p.Offer.Detail.Reason
	}
	return digest(append(p.moneyState(), price)...)
}

// Sight is what a place on the desk is judged by: Basis, Matter, the seats and whether they were given free, and whatever else can give a
// reason to be there or take it away.
func (p Purchase) Sight() string { return p.sightOf(p.readBack.seats) }

// sightOf is the sight with these seats read back.
func (p Purchase) sightOf(seats Seats) string {
	contradicted := p.anyPayment(func(pay Payment) bool { return pay.Contradicted })
	flags := fmt.Sprint(p.seated, p.Unsettled() != nil, p.accepted(), p.rumoured(), contradicted, p.retried)
	if p.Released() {
		flags += " released"
	}
	flags += p.invoiceSight()
	return digest(p.Basis(), p.Matter(), flags, string(seats), p.claimedEvent, p.TiedTo)
}

func (p Purchase) moneyState() []string {
	var parts []string
	for _, pay := range p.Payments {
		if pay.Captured.Known() || pay.Refunded.Known() || pay.Reversed.Known() {
			parts = append(parts, pay.moneyState()...)
		}
	}
	return parts
}

// reserveState is the proved part of what is reserved and can pay a seat.
func (p Purchase) reserveState() []string {
	var parts []string
	for _, pay := range p.Payments {
		if p.reserves(pay) {
			parts = append(parts, "reserved", pay.Account, pay.Ref, pay.Reserved.String())
		}
	}
	return parts
}

// Net is all the money the purchase holds, over all its payments. Of amounts in several currencies the first counts: none of them
// can be the price together with the others.
func (p Purchase) Net() Money {
	var sum Money
	for _, pay := range p.Payments {
		net := pay.Net()
		net.Minor = max(net.Minor, 0) // what gave back more than it took holds nothing, and takes nothing from the others
		if sum.Minor == 0 && net.Minor != 0 {
			sum = net // whatever was there has gone back
			continue
		}
		if s, ok := sum.Plus(net); ok {
			sum = s
		}
	}
	return sum
}

// Settled tells whether paying again would be wrong: there is a seat, or money taken, on its way, or billed.
func (p Purchase) Settled() bool {
	return p.seated || p.anyPayment(func(pay Payment) bool {
		return pay.Net().Positive() || pay.Moving() || pay.MayBeCaptured() || pay.Billed()
	})
}

// Unasked tells whether something was heard of a payment of it, or a look was ordered, and the provider was not asked since.
func (p Purchase) Unasked(pay Payment) bool {
	return pay.Hearsay != "" && pay.Hearsay != pay.AskedOf || pay.asked < p.askOrdered
}

// Session is the pay session that a buyer at the account can still be sent to, or nil.
func (p Purchase) Session(account string, now time.Time) *Fact {
	for _, pay := range p.Payments {
		f := pay.Opened
		used := f != nil && f.Detail.OneTry && pay.Failed
		if pay.Account == account && f != nil && pay.Open() && !used && f.Detail.URL != "" && (f.Detail.Until.IsZero() || now.Before(f.Detail.Until)) {
			return f
		}
	}
	return nil
}

// Owns tells whether the payment is this purchase's: we opened it for it, or proof of its money named the purchase.
func (p Purchase) Owns(account, ref string) bool {
	return p.anyPayment(func(pay Payment) bool {
		return pay.Account == account && pay.Ref == ref && (pay.Opened != nil || pay.Captured.Known() || pay.Authorised)
	})
}

// Registering is the instant the latency budget is counted from: the start of the window.
func (p Purchase) Registering() time.Time {
	start := p.Deadline.At.Add(-p.policy.Window)
	if !p.Deadline.Certain {
		start = start.Add(p.policy.Margin)
	}
	return start
}

// LearnedBy is how the first proved capture reached us.
func (p Purchase) LearnedBy() Source { return cmp.Or(p.learnedBy, ByPoll) }

// LearnedLate tells whether the money became known only after the deadline.
func (p Purchase) LearnedLate() bool { return p.learnedAt.After(p.Deadline.At) }
