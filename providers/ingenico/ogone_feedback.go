package ingenico

import (
	"regexp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// statusMeans says what a STATUS means. Uncertain ones (52, 92) are pending: a second payment must not begin. A deleted payment (7) was
// taken and goes back before it reaches the merchant.
//
// Source: Ogone e-Commerce guide, possible statuses.
var statusMeans = map[string]meaning{
	"46": silent, "63": silent, // 3-D Secure; a cancellation was refused, so nothing changed
	"4": pending, "40": pending, "41": pending, "50": pending, "51": pending, "52": pending, "55": pending, "61": pending, "62": pending,
	"91": pending, "92": pending, "99": pending,
	"5": authorised, "9": captured, "95": captured,
	"0": refused, "1": refused, "2": refused,
	"6": ended, "64": ended, "93": ended,
	"71": returning, "72": returning, "81": returning, "82": returning,
	"7": returned, "74": returned, "75": returned, "8": returned, "85": returned,
	"73": kept, "83": kept, "94": kept,
	"84": reversed, // the acquirer took it back after a 9
}

var (
	orderIDs = regexp.MustCompile(`^[!-~][ -~]{0,49}$`)
	payIDs   = regexp.MustCompile(`^[0-9]{1,20}$`)
	subIDs   = regexp.MustCompile(`^[0-9]{1,4}$`)
)

// A record is what Ogone says of an order: in feedback, or in an answer of DirectLink.
type record struct {
	order, pay, sub  string // ORDERID, PAYID, PAYIDSUB
	status           string
	amount, currency string
	extra            string // COMPLUS
}

// money is the amount, decimal in the currency's own decimals; none where amount or currency are not there.
func (r record) money() (purchase.Money, error) {
	if r.amount == "" || r.currency == "" {
		return purchase.Money{}, nil
	}
	money, err := smallest.ReadDecimal(r.amount, r.currency)
	if err != nil {
		return money, protocol.NotUnderstood("the amount or the currency of an order")
	}
	return money, nil
}

// back is the object of money that goes back: of the operation by which it does, the first of which is 0, or of the acquirer's doing.
func (r record) back() string {
	switch {
	case statusMeans[r.status] == reversed:
		return r.pay + ":reversal"
	case r.sub == "":
		return r.pay + ":back"
	}
	return r.pay + "_" + r.sub
}

func (a *Ogone) deed(r record, money purchase.Money) deed {
	return deed{about: about(a.Options, purchase.Proved, r.order, carried{reference: r.order, extra: r.extra}), means: statusMeans[r.status],
		number: r.pay, try: r.pay + "_0", back: r.back(), money: money, reason: "status_" + r.status}
}

// feedback says what signed fields tell. Which fields are sent is chosen in the back office. Without amount or currency, and of money
// that goes back, feedback is hearsay, and asked about; where nothing can be asked it is kept for a person.
func (a *Ogone) feedback(fields map[string]string) ([]purchase.Fact, error) {
	r := record{order: fields["ORDERID"], pay: fields["PAYID"], sub: fields["PAYIDSUB"], status: fields["STATUS"],
		amount: fields["AMOUNT"], currency: fields["CURRENCY"], extra: fields["COMPLUS"]}
	if !orderIDs.MatchString(r.order) || r.pay != "" && !payIDs.MatchString(r.pay) || r.sub != "" && !subIDs.MatchString(r.sub) {
		return nil, protocol.NotUnderstood("the order or the payment of feedback")
	}
	money, err := r.money()
	if err != nil {
		return nil, err
	}
	d := a.deed(r, money)
	proved := r.pay != "" && provable(d)
	switch {
	case d.means == 0 || proved:
		return d.facts()
	case !a.asks:
		return nil, protocol.NotUnderstood("feedback that proves nothing and cannot be asked about: have PAYID, amount and currency sent, or add api_user")
	}
	return heard(d, r)
}

// provable tells whether feedback says all that its meaning needs. Of a refund nobody knows whether it names the refund's amount.
func provable(d deed) bool {
	switch d.means {
	case authorised, captured, reversed:
		return d.money.Positive()
	case returning, returned, kept:
		return false
	}
	return true
}

// heard is feedback that makes us ask: of money that moves where it says how much, else that something is under way.
func heard(d deed, r record) ([]purchase.Fact, error) {
	d.about.Standing = purchase.Heard
	switch {
	case r.pay == "":
		f := d.about
		f.Kind = purchase.Approved
		return []purchase.Fact{f}, nil
	case !d.money.Positive():
		d.try = d.back
		if d.means < returning {
			d.try = d.number
		}
		d.means, d.reason = pending, "amount_not_sent"
	}
	return d.facts()
}
