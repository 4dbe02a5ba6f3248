package lyra

import (
	"encoding/json"
	"regexp"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// The shapes of Lyra's REST API V4, as far as they are read.
//
// Source: Lyra documentation, REST API V4: Payment, OrderTransactions, Transaction, transaction lifecycle.

// An answer is what a notification says of one payment.
type answer struct {
	Type         string        `json:"_type"`
	ShopID       string        `json:"shopId"`
	Cycle        string        `json:"orderCycle"`  // OPEN, CLOSED
	Status       string        `json:"orderStatus"` // PAID, UNPAID, RUNNING, PARTIALLY_PAID, ABANDONED
	Order        order         `json:"orderDetails"`
	Customer     customer      `json:"customer"`
	Transactions []transaction `json:"transactions"`
}

// An orderList is what is known under an order id.
type orderList struct {
	ShopID       string        `json:"shopId"`
	OrderID      string        `json:"orderId"`
	Transactions []transaction `json:"transactions"`
}

type order struct {
	ID       string          `json:"orderId"`
	Total    *int64          `json:"orderTotalAmount"`
	Currency string          `json:"orderCurrency"`
	Mode     string          `json:"mode"` // TEST, PRODUCTION
	Metadata map[string]word `json:"metadata"`
}

type customer struct {
	Reference string `json:"reference"`
}

// A transaction is one attempt to take money, or one refund. A notification says order and customer once, for all of them.
type transaction struct {
	ShopID    string          `json:"shopId"`
	UUID      uuid            `json:"uuid"`
	PaymentID string          `json:"paymentId"`     // shared by all attempts at one pay page; older servers do not say
	Operation string          `json:"operationType"` // DEBIT, CREDIT, VERIFICATION
	Status    string          `json:"detailedStatus"`
	Amount    *int64          `json:"amount"`
	Currency  string          `json:"currency"`
	Created   instant         `json:"creationDate"`
	Metadata  map[string]word `json:"metadata"`
	Order     order           `json:"orderDetails"`
	Customer  customer        `json:"customer"`
	Details   struct {
		Sequence int64 `json:"sequenceNumber"`
		Parent   uuid  `json:"parentTransactionUuid"` // of a refund: what it gives back
		Card     struct {
			Capture struct {
				Refunded int64 `json:"refundAmount"`
			} `json:"captureResponse"`
		} `json:"cardDetails"`
	} `json:"transactionDetails"`
}

func (t transaction) credit() bool { return t.Operation == "CREDIT" }

// field reads a field that can carry the organiser's ids.
func (t transaction) field(name string) string {
	switch name {
	case "order_id":
		return t.Order.ID
	case "customer.reference":
		return t.Customer.Reference
	}
	key := strings.TrimPrefix(name, "metadata.")
	for info, field := range infoFields {
		if strings.TrimPrefix(field, fieldPrefix) == name {
			key = info
		}
	}
	if own, ok := t.Metadata[key]; ok {
		return string(own)
	}
	return string(t.Order.Metadata[key])
}

// infoFields are the three texts about an order, by their names in the REST API's metadata.
var infoFields = map[string]string{"orderInfo": "vads_order_info", "orderInfo2": "vads_order_info2", "orderInfo3": "vads_order_info3"}

// A uuid is Lyra's id of a transaction: 32 hexadecimal digits, sometimes written with dashes.
type uuid string

var uuids = regexp.MustCompile(`^[0-9a-f]{32}$`)

// UnmarshalJSON brings both spellings to one, and takes null.
func (u *uuid) UnmarshalJSON(raw []byte) error {
	var text string
	err := json.Unmarshal(raw, &text)
	*u = toUUID(text)
	return err
}

func toUUID(text string) uuid { return uuid(strings.ToLower(strings.ReplaceAll(text, "-", ""))) }

func (u uuid) ok() bool { return uuids.MatchString(string(u)) }

// A word is a text of the merchant's choice; what is no text reads as none.
type word string

// UnmarshalJSON takes anything.
func (w *word) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		*w = word(text)
	}
	return nil
}

// An instant is a time that may be missing; what is no time reads as none.
type instant struct{ time.Time }

// UnmarshalJSON takes anything.
func (i *instant) UnmarshalJSON(raw []byte) error {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		if at, err := time.Parse(time.RFC3339, text); err == nil {
			i.Time = at.UTC()
		}
	}
	return nil
}

// A state is what a status means for a debit, and where it stands in the order in which one can follow another: an authorisation can
// still be held up, cancelled or turned down at the bank, and what failed at the bank can be presented again.
type state struct {
	kind purchase.Kind
	rank int64
}

const lastRank = 6

// states are the statuses that are understood. Authorised money is sent to the bank by Lyra itself, so it counts as taken, unless the
// merchant must still validate it.
var states = map[string]state{
	"INITIAL":                           {purchase.Pending, 1},
	"PENDING":                           {purchase.Pending, 1},
	"WAITING_FOR_PAYMENT":               {purchase.Pending, 1},
	"WAITING_AUTHORISATION":             {purchase.Pending, 1},
	"WAITING_AUTHORISATION_TO_VALIDATE": {purchase.Pending, 1},
	"REFUND_TO_RETRY":                   {purchase.Pending, 1},
	"AUTHORISED_TO_VALIDATE":            {purchase.Authorised, 2},
	"AUTHORISED":                        {purchase.Captured, 3},
	"ACCEPTED":                          {purchase.Captured, 3},
	"UNDER_VERIFICATION":                {purchase.Pending, 4},
	"SUSPENDED":                         {purchase.Pending, 4},
	"ABANDONED":                         {purchase.Failed, 5},
	"CANCELLED":                         {purchase.Failed, 5},
	"CAPTURE_FAILED":                    {purchase.Failed, 5},
	"ERROR":                             {purchase.Failed, 5},
	"EXPIRED":                           {purchase.Failed, 5},
	"NOT_CREATED":                       {purchase.Failed, 5},
	"REFUSED":                           {purchase.Failed, 5},
	"CAPTURED":                          {purchase.Captured, lastRank},
}
