package bridge

import (
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Receipt is what became of a delivery. It exists only after whatever it promises is durable.
type Receipt struct {
	Outcome    ReceiptOutcome
	Answer     purchase.Answer // what the provider wants to hear; Status 0 is the usual one
	Refusal    purchase.Refusal
	RetryAfter time.Duration // Full, Unavailable
}

// ReceiptOutcome is a closed list: each has one HTTP status.
type ReceiptOutcome string

// The outcomes. Accepted, Duplicate, KeptUnchecked and KeptPuzzling are positive acknowledgements: the delivery is durable. Answered
// is one as well, for what holds nothing to keep.
const (
	Accepted      ReceiptOutcome = "accepted"
	Duplicate     ReceiptOutcome = "duplicate"
	KeptUnchecked ReceiptOutcome = "kept_unchecked"
	KeptPuzzling  ReceiptOutcome = "kept_puzzling"
	Answered      ReceiptOutcome = "answered"
	RefusedForged ReceiptOutcome = "refused_forged"
	Full          ReceiptOutcome = "full"
	Unavailable   ReceiptOutcome = "unavailable"
)

// A CheckoutRequest is a buyer at the redirect leg.
type CheckoutRequest struct {
	Account    string
	PurchaseID string // as purchase.ParseID spells it
	Event      string // ReadableEventId, as the address said
	User       string // contact id, as the address said
	ReturnURL  string // already checked against the allowed origins
	Language   string // "fr" or "en"
}

// A CheckoutResult says where the buyer goes.
type CheckoutResult struct {
	Outcome  CheckoutOutcome
	Redirect string           // Redirected: the provider's page; AlreadyPaid: our return page
	Form     []purchase.Field // what the browser posts to the provider's page; none: it just goes there
}

// CheckoutOutcome is a closed list, and the label of paybridge_checkouts_total.
type CheckoutOutcome string

// The outcomes of the redirect leg.
const (
	Redirected      CheckoutOutcome = "redirected"
	CheckoutExpired CheckoutOutcome = "expired"
	UnknownPurchase CheckoutOutcome = "unknown_purchase"
	AlreadyPaid     CheckoutOutcome = "already_paid"
	DataverseError  CheckoutOutcome = "dataverse_error"
	ProviderError   CheckoutOutcome = "provider_error"
	BadRequest      CheckoutOutcome = "bad_request"
	TooMany         CheckoutOutcome = "rate_limited" // from one address; said by the public face
)

// A Visit is what a buyer sees who came back.
type Visit struct {
	State     BuyerState
	Reference string        // short, for talking to support: "PB-7K2M"
	TimeLeft  time.Duration // until the deadline, where paying again is possible
	Retry     string        // address to pay again, "" where that is not offered
	Return    string        // address of the event's site, "" for none
	Language  string
	Noted     bool // the return is kept: whoever opens the page again just looks
}

// BuyerState is one of the thirteen things a buyer can be told.
type BuyerState string

// The states of the return page.
const (
	BuyerConfirmed  BuyerState = "confirmed"
	BuyerConfirming BuyerState = "confirming"
	BuyerPending    BuyerState = "pending"
	BuyerCancelled  BuyerState = "cancelled"
	BuyerRefused    BuyerState = "refused"
	BuyerOneRefused BuyerState = "one_refused" // an attempt was; whether another was taken since, nobody can be asked
	BuyerExpired    BuyerState = "expired"
	BuyerLate       BuyerState = "late"
	BuyerRefunded   BuyerState = "refunded"

	BuyerOnInvoice        BuyerState = "on_invoice"        // registered, the invoice is to be paid
	BuyerInvoiceAsked     BuyerState = "invoice_asked"     // not registered yet
	BuyerInvoiceCancelled BuyerState = "invoice_cancelled" // by a person, and there is no registration
	BuyerUnknown          BuyerState = "unknown"
)
