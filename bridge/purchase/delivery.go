package purchase

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"
)

// A Delivery is one HTTP request of a provider, kept as bytes.
type Delivery struct {
	ID       string // ours: a digest of account, method, query, header and body; the same bytes are the same delivery
	Account  string
	Received time.Time // our time
	Method   string
	Query    string // raw
	Header   http.Header
	Body     []byte // as received, at most 1 MiB
}

// A Reading is what a provider made of a genuine delivery.
type Reading struct {
	// Message is the provider's own id of this transmission, from what its signature covers; "" where it has none. A second
	// delivery with the same Message and other bytes is a replay and refused by the store.
	Message string
	// Unkept: it is a question that the provider only wants answered, or it is about nothing that is ours, and nothing of it is kept.
	// Then there are no facts.
	Unkept bool
	// Facts may lack Purchase.ID where the message does not say it. They need no ID, Seen or Source: the engine gives them.
	Facts []Fact
}

// An Answer is what a provider wants to hear. Status 0 means the usual one for what became of the delivery.
type Answer struct {
	Status      int
	ContentType string
	Body        []byte
}

// Ref names a payment at the account it is asked of: Payment is the provider's reference, Object the narrower object that hearsay
// named (a capture, a transaction), which an adapter may need where the two differ, Session what Checkout.Session was.
type Ref struct {
	Payment string
	Object  string
	Session string
}

// Reference is what of Dynamics travels through the provider with a payment.
type Reference struct {
	Purchase string // PurchaseId
	Event    string // ReadableEventId
	User     string // the contact's id; "" for a guest
	Sealed   bool   // it came under our own seal; else Event and User are what somebody claims
}

// An Order is what a pay session is opened for.
type Order struct {
	Reference   Reference
	Money       Money
	Description string    // the event's name, for the payer
	Until       time.Time // the session should end before this
	Return      string    // https address where the buyer comes back; with cancel=1 who did not pay, if the account cannot be asked
	Language    string    // "fr" or "en"
	Key         string    // idempotency key: the same key never opens two sessions
	Payment     string    // the session of ours that is to be shown again; "" for a new one
	Reserve     bool      // the money is to be reserved only, until the seat is there
}

// A Checkout is an open pay session.
type Checkout struct {
	Payment    string    // the provider's reference, by which notifications know the payment too
	Session    string    // what the provider calls the session, where it can only be asked about by another name; "" where by Payment
	URL        string    // where to send the buyer
	Form       []Field   // what the buyer's browser posts there; none: it just goes there
	Until      time.Time // when the provider ends it; zero where it does not say
	Capturable bool      // money moves only when we capture
	Voidable   bool      // we can end it
	OneTry     bool      // an attempt that failed may use it up: who is sent to pay again needs another
}

// A Field is one field of a form, in its place.
type Field struct{ Name, Value string }

// An Offer is what Dynamics wants for a purchase and says of it.
type Offer struct {
	Money     Money
	Event     string    // ReadableEventId, "" where the dialect does not give it
	EventName string    // for people
	User      string    // the contact's id, "" for a guest or where not readable
	Created   time.Time // when the temporary registration was made, on our clock; zero where not readable
	Attendees int       // 0 where not readable
	Seats     Seats     // where the same call shows it; "" else
}

// An Outcome is what became of a call that cannot be taken back.
type Outcome struct {
	Result Result
	Reason string        // a closed or redacted word for people: an error code, a status; never a body
	After  time.Duration // Unsent: not before this long
}

// A Final is a Finalize call: everything the dialects need.
type Final struct {
	Key        Key
	Event      string    // ReadableEventId
	User       string    // "" for a guest
	SendBefore time.Time // checked right before the request is written; later than this it is Unsent
}

// A Finding is one line of the doctor.
type Finding struct {
	Check  string // "PRV-02"
	Status Verdict
	Detail string // what was seen
	Fix    string // what to do; "" when it passed
}

// An Instruction is one thing to set up in the provider's back office: what to do there, in both languages, and what to paste.
type Instruction struct {
	En    string `json:"en"`
	Fr    string `json:"fr"`
	Value string `json:"value,omitempty"` // "" where there is nothing to paste
}

// Verdict of a check.
type Verdict string

// The verdicts, as operations names them.
const (
	Pass   Verdict = "pass"
	Warn   Verdict = "warn"
	Fail   Verdict = "fail"
	Skip   Verdict = "skip"
	Manual Verdict = "manual" // a person must look
)

// DeliveryID is a digest of everything that was received: account, method, query, header and body. Where it came from and when do
// not count, so the same bytes sent twice are one delivery.
func DeliveryID(d Delivery) string {
	sum := sha256.New()
	write := func(s string) {
		binary.Write(sum, binary.BigEndian, uint64(len(s)))
		io.WriteString(sum, s)
	}
	write(d.Account)
	write(d.Method)
	write(d.Query)
	for _, name := range slices.Sorted(maps.Keys(d.Header)) {
		if hopHeader[name] {
			continue
		}
		write(name)
		for _, v := range d.Header[name] {
			write(v)
		}
	}
	write(string(d.Body))
	return hex.EncodeToString(sum.Sum(nil)[:20])
}

// hopHeader names headers that the way adds, not the provider.
var hopHeader = map[string]bool{"Authorization": true, "Cookie": true, "X-Forwarded-For": true, "X-Forwarded-Proto": true, "X-Real-Ip": true,
	"X-Request-Id": true, "Traceparent": true, "Tracestate": true, "Forwarded": true, "Via": true, "Connection": true}
