package ingenico

import (
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A meaning is what a status says, in whichever words the generation has. Zero is a status that nobody knows.
type meaning int

const (
	silent     meaning = iota + 1 // the payer is at it
	pending                       // the provider works on it
	authorised                    // reserved
	captured                      // taken
	refused                       // this try took nothing; the payer may try again while the page lives
	ended                         // what was reserved was given up, or could not be taken
	returning                     // money goes back by the merchant's wish
	returned                      // it went back
	kept                          // it did not go back after all
	reversing                     // a bank takes it back
	reversed                      // it took it back
)

// versions order the states of money that goes back: no generation numbers them.
var versions = map[meaning]int64{returning: 1, returned: 2, kept: 3, reversing: 1, reversed: 2}

// A deed is one thing that the provider says of a payment. Tries of one payment may share its number, so a try that is pending or
// refused is an object of its own: it never hides money that a later try reserves or takes. That money is one object, under the
// number, however it is told: by the try, by a capture's own operation, or by the payment as a whole.
type deed struct {
	about  purchase.Fact // standing, payment, purchase, time
	means  meaning
	number string // object of the money
	try    string // object of the try
	back   string // object of money that goes back
	money  purchase.Money
	reason string // why it is pending, or took nothing
}

// facts is the deed as facts.
func (d deed) facts() ([]purchase.Fact, error) {
	f := d.about
	f.Object, f.Detail.Reason = d.try, protocol.Word(d.reason)
	switch d.means {
	case silent:
		return nil, nil
	case pending:
		f.Kind = purchase.Pending
	case refused:
		f.Kind = purchase.Failed
	case ended: // and the try with it
		f.Kind = purchase.Failed
		if d.try != d.number {
			whole := f
			whole.Object = d.number
			return []purchase.Fact{whole, f}, nil
		}
	default:
		return d.moved(f)
	}
	return []purchase.Fact{f}, nil
}

// moved is a deed that is about an amount.
func (d deed) moved(f purchase.Fact) ([]purchase.Fact, error) {
	f.Object, f.Money, f.Version, f.Detail.Reason = d.back, d.money, versions[d.means], ""
	switch d.means {
	case authorised:
		f.Kind, f.Object = purchase.Authorised, d.number
	case captured:
		f.Kind, f.Object = purchase.Captured, d.number
	case returning, returned:
		f.Kind = purchase.Refunded
	case kept:
		f.Kind, f.Detail.Reason = purchase.Failed, "refund_refused"
	case reversing, reversed:
		f.Kind, f.Detail.Reason = purchase.Reversed, "reversal"
	default:
		return nil, protocol.NotUnderstood("the status of a payment")
	}
	if !f.Money.Positive() || f.Object == "" {
		return nil, protocol.NotUnderstood("money that moved, without an amount or a number")
	}
	return []purchase.Fact{f}, nil
}

func holds(facts []purchase.Fact, kinds ...purchase.Kind) bool {
	return slices.ContainsFunc(facts, func(f purchase.Fact) bool { return slices.Contains(kinds, f.Kind) })
}

// smallest are units of the currency's own decimals: Direct's amounts, and those that Ogone sends.
var smallest protocol.Units

// hundredths are units of two decimals whatever the currency: Connect's amounts, and those that Ogone is sent.
func hundredths(currency string) protocol.Units { return protocol.Units{currency: 2} }
