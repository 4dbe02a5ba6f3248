package ingenico

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// The shapes of Direct and Connect, as far as they are read. Every field is optional there.
//
// Source: Worldline's SDKs for Direct and Connect.
type event struct {
	ID       string          `json:"id"`
	Created  string          `json:"created"`
	Merchant string          `json:"merchantId"`
	Type     string          `json:"type"`
	Payment  json.RawMessage `json:"payment"`
	Refund   json.RawMessage `json:"refund"`
}

type amount struct {
	Minor    *int64 `json:"amount"`
	Currency string `json:"currencyCode"`
}

type references struct {
	Merchant   string       `json:"merchantReference"`
	Parameters string       `json:"merchantParameters"` // Direct
	Order      *json.Number `json:"merchantOrderId"`    // Connect
}

type payment struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Checkout struct {
		ID string `json:"hostedCheckoutId"`
	} `json:"hostedCheckoutSpecificOutput"`
	Output struct {
		Asked      amount     `json:"amountOfMoney"`
		Acquired   amount     `json:"acquiredAmount"` // Direct
		Paid       *int64     `json:"amountPaid"`     // Connect
		Reversed   *int64     `json:"amountReversed"` // Connect
		References references `json:"references"`
	} `json:"paymentOutput"`
	Operations []operation `json:"Operations"` // Direct, in details
}

type operation struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Money  amount `json:"amountOfMoney"`
}

type refund struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Output struct {
		Money      amount     `json:"amountOfMoney"`
		References references `json:"references"`
	} `json:"refundOutput"`
}

type checkout struct {
	Status  string `json:"status"`
	Created struct {
		Payment *payment `json:"payment"`
	} `json:"createdPaymentOutput"`
}

func (r references) carried() carried {
	c := carried{reference: r.Merchant, extra: r.Parameters}
	if r.Order != nil {
		c.order = r.Order.String()
	}
	return c
}

// Ids are digits at Direct, with an operation behind an underscore where a payment is meant; at Connect a payment's are digits, and a
// checkout's have letters.
var (
	directPayments = regexp.MustCompile(`^[0-9]{1,20}_[0-9]{1,4}$`)
	directNumbers  = regexp.MustCompile(`^[0-9]{1,20}$`)
	connectIDs     = regexp.MustCompile(`^[0-9]{1,40}(-[0-9]{1,20})?$`)
	checkoutIDs    = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)
)

func (w *Worldline) isPayment(id string) bool {
	if w.connects() {
		return connectIDs.MatchString(id)
	}
	return directPayments.MatchString(id)
}

// number is what stays the same over the operations of a payment.
func (w *Worldline) number(id string) string {
	if w.connects() {
		return id
	}
	number, _, _ := strings.Cut(id, "_")
	return number
}

// first is the payment id that a number, or the id of an operation, leads to; "" for what is neither.
func (w *Worldline) first(id string) string {
	if w.connects() {
		if !connectIDs.MatchString(id) {
			return ""
		}
		return id
	}
	if number := w.number(id); directNumbers.MatchString(number) {
		return number + "_0"
	}
	return ""
}

// money reads an amount: in the currency's smallest unit at Direct, always with two decimals at Connect. None is no money.
func (w *Worldline) money(a amount) (purchase.Money, error) {
	if a.Minor == nil {
		return purchase.Money{}, nil
	}
	if w.connects() {
		return hundredths(a.Currency).Read(*a.Minor, a.Currency)
	}
	return smallest.Read(*a.Minor, a.Currency)
}

// minor writes one.
func (w *Worldline) minor(m purchase.Money) (amount, error) {
	units := smallest
	if w.connects() {
		units = hundredths(m.Currency)
	}
	minor, err := units.Write(m)
	return amount{&minor, m.Currency}, err
}

// instant reads the time of an event: Direct writes the zone with a colon, Connect without. What is no time is none: a signed event is
// never refused for its date.
func instant(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
