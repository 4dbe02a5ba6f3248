package mollie

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// The shapes of Mollie's API, as far as they are read.
//
// Source: Mollie API reference, version 2: payments, captures, refunds, chargebacks.

type payment struct {
	ID          string          `json:"id"`
	Mode        string          `json:"mode"`   // test, live
	Status      string          `json:"status"` // open, pending, authorized, paid, canceled, expired, failed
	Method      string          `json:"method"`
	Profile     string          `json:"profileId"`
	Description string          `json:"description"`
	Metadata    json.RawMessage `json:"metadata"` // any JSON
	CaptureMode string          `json:"captureMode"`
	Cancelable  bool            `json:"isCancelable"`

	Amount      amount  `json:"amount"`
	Captured    *amount `json:"amountCaptured"`
	Refunded    *amount `json:"amountRefunded"`
	Remaining   *amount `json:"amountRemaining"`
	ChargedBack *amount `json:"amountChargedBack"`

	Created    string `json:"createdAt"`
	Authorised string `json:"authorizedAt"`
	Paid       string `json:"paidAt"`
	Expires    string `json:"expiresAt"`
	Expired    string `json:"expiredAt"`
	Canceled   string `json:"canceledAt"`
	Failed     string `json:"failedAt"`

	Details  json.RawMessage `json:"details"`
	Embedded struct {
		Captures    []capture    `json:"captures"`
		Refunds     []refund     `json:"refunds"`
		Chargebacks []chargeback `json:"chargebacks"`
	} `json:"_embedded"`
	Links struct {
		Checkout    link `json:"checkout"`
		Captures    link `json:"captures"` // these three where there are any
		Refunds     link `json:"refunds"`
		Chargebacks link `json:"chargebacks"`
	} `json:"_links"`
}

type capture struct {
	ID       string          `json:"id"`
	Status   string          `json:"status"` // pending, succeeded, failed
	Amount   amount          `json:"amount"`
	Metadata json.RawMessage `json:"metadata"`
}

type refund struct {
	ID       string          `json:"id"`
	Status   string          `json:"status"` // queued, pending, processing, refunded, failed, canceled
	Amount   amount          `json:"amount"`
	Metadata json.RawMessage `json:"metadata"`
	Created  string          `json:"createdAt"`
}

type chargeback struct {
	ID       string `json:"id"`
	Amount   amount `json:"amount"`
	Created  string `json:"createdAt"`
	Reversed string `json:"reversedAt"` // when the bank gave the money back again
}

type amount struct {
	Currency string `json:"currency"`
	Value    string `json:"value"` // decimal, with exactly the currency's decimals
}

type link struct {
	Href string `json:"href"`
}

// The statuses that say that nobody can pay any more.
const (
	isCanceled = "canceled"
	isExpired  = "expired"
	isFailed   = "failed"
)

func (o payment) ended() bool {
	return o.Status == isCanceled || o.Status == isExpired || o.Status == isFailed
}

// ids are those that notifications name: payments, payment links and orders.
//
// Source: Mollie documentation, webhooks.
var (
	ids       = regexp.MustCompile(`^(tr|pl|ord)_[A-Za-z0-9]{6,40}$`)
	objectIDs = regexp.MustCompile(`^[a-z]{2,8}_[A-Za-z0-9]{4,60}$`) // of refunds, chargebacks, captures, events
)

func isPayment(id string) bool { return ids.MatchString(id) && strings.HasPrefix(id, "tr_") }

// instant is a time of Mollie's; what cannot be read is none.
func instant(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

var units protocol.Units // Mollie follows ISO 4217

// read takes an amount in its one form. Errors wrap purchase.ErrMoney.
func (a amount) read() (purchase.Money, error) {
	m, err := units.ReadDecimal(a.Value, a.Currency)
	if err != nil || m.Decimal() != a.Value {
		return purchase.Money{}, purchase.ErrMoney
	}
	return m, nil
}

func write(m purchase.Money) (amount, error) {
	text, err := units.WriteDecimal(m)
	return amount{Currency: m.Currency, Value: text}, err
}

// texts are the texts and numbers of metadata that is an object, by their names, and the whole of metadata that is one text.
func texts(raw json.RawMessage) (named map[string]string, whole string) {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &whole) == nil || json.Unmarshal(raw, &object) != nil {
		return nil, whole
	}
	named = make(map[string]string, len(object))
	for name, value := range object {
		var text string
		var number json.Number
		if json.Unmarshal(value, &text) == nil {
			named[name] = text
		} else if json.Unmarshal(value, &number) == nil {
			named[name] = number.String()
		}
	}
	return named, ""
}
