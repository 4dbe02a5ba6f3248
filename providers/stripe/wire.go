package stripe

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// The shapes of Stripe's API, as far as they are read.
//
// Source: Stripe API reference, version below: events, Checkout Sessions, PaymentIntents, charges, refunds, disputes.
const apiVersion = "2026-08-26.dahlia"

type event struct {
	ID       string `json:"id"`
	Object   string `json:"object"`
	Type     string `json:"type"`
	Account  string `json:"account"`
	Created  int64  `json:"created"`
	LiveMode *bool  `json:"livemode"`
	Data     struct {
		Object json.RawMessage `json:"object"`
	} `json:"data"`
}

type session struct {
	ID         string            `json:"id"`
	Object     string            `json:"object"`
	URL        string            `json:"url"`
	Mode       string            `json:"mode"`
	Status     string            `json:"status"`         // open, complete, expired
	Paid       string            `json:"payment_status"` // paid, unpaid, no_payment_required
	Total      *int64            `json:"amount_total"`
	Currency   string            `json:"currency"`
	Conversion json.RawMessage   `json:"currency_conversion"`
	Reference  string            `json:"client_reference_id"`
	Metadata   map[string]string `json:"metadata"`
	Intent     intentRef         `json:"payment_intent"`
	Expires    int64             `json:"expires_at"`
	LiveMode   *bool             `json:"livemode"`
	Customer   struct {
		Address string `json:"email"`
	} `json:"customer_details"`
}

type intent struct {
	ID         string            `json:"id"`
	Object     string            `json:"object"`
	Status     string            `json:"status"`
	Received   int64             `json:"amount_received"`
	Capturable int64             `json:"amount_capturable"`
	Currency   string            `json:"currency"`
	Metadata   map[string]string `json:"metadata"`
	Charge     chargeRef         `json:"latest_charge"`
	Error      *struct {
		Code    string `json:"code"`
		Decline string `json:"decline_code"`
	} `json:"last_payment_error"`
	LiveMode *bool `json:"livemode"`
}

type charge struct {
	ID       string `json:"id"`
	Created  int64  `json:"created"`
	Refunded int64  `json:"amount_refunded"`
	Disputed bool   `json:"disputed"`
}

type refund struct {
	ID       string            `json:"id"`
	Status   string            `json:"status"` // pending, requires_action, succeeded, failed, canceled
	Amount   int64             `json:"amount"`
	Currency string            `json:"currency"`
	Intent   intentRef         `json:"payment_intent"`
	Created  int64             `json:"created"`
	Metadata map[string]string `json:"metadata"`
}

type dispute struct {
	ID       string    `json:"id"`
	Status   string    `json:"status"` // warning_…, needs_response, under_review, won, lost
	Amount   int64     `json:"amount"`
	Currency string    `json:"currency"`
	Intent   intentRef `json:"payment_intent"`
	Created  int64     `json:"created"`
}

type list[T any] struct {
	Data []T  `json:"data"`
	More bool `json:"has_more"`
}

// An intentRef is a PaymentIntent, by its id or expanded.
type intentRef struct{ intent }

// UnmarshalJSON takes both forms, and null.
func (r *intentRef) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &r.ID)
	}
	return json.Unmarshal(raw, &r.intent)
}

// A chargeRef is a charge, by its id or expanded.
type chargeRef struct{ charge }

// UnmarshalJSON takes both forms, and null.
func (r *chargeRef) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		return json.Unmarshal(raw, &r.ID)
	}
	return json.Unmarshal(raw, &r.charge)
}

var ids = regexp.MustCompile(`^(cs|pi|re|dp|du)_[A-Za-z0-9_]{1,250}$`)

func isSession(id string) bool { return ids.MatchString(id) && strings.HasPrefix(id, "cs_") }
func isIntent(id string) bool  { return ids.MatchString(id) && strings.HasPrefix(id, "pi_") }

// instant is a time of Stripe's; 0 is none.
func instant(unix int64) time.Time {
	if unix <= 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}

// units: amounts are in the currency's smallest unit, but for these. For the crowns and shillings the last two digits are always 0.
//
// Source: Stripe documentation, "Supported currencies", zero-decimal and special cases.
var units = protocol.Units{"ISK": 2, "UGX": 2, "MGA": 0}

func readMoney(minor int64, currency string) (purchase.Money, error) {
	if currency != strings.ToLower(currency) {
		return purchase.Money{}, purchase.ErrMoney
	}
	return units.Read(minor, strings.ToUpper(currency))
}

// writeMoney is the amount in Stripe's units. Currencies with three decimals end in 0 there.
func writeMoney(m purchase.Money) (int64, error) {
	minor, err := units.Write(m)
	if digits, _ := units.Digits(m.Currency); err == nil && digits == 3 && minor%10 != 0 {
		return 0, purchase.ErrMoney
	}
	return minor, err
}
