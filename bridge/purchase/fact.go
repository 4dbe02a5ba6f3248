package purchase

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"
)

// A Fact is one thing that is known about one purchase. Facts are never changed: what is learned later is another fact, and what a
// purchase amounts to is folded from all of them, in any order.
type Fact struct {
	// ID is given by Identify: a digest of everything below but Purchase, Seen and Source, so that two messages that say the same
	// are one fact and two contents never hide each other.
	ID       string   `json:"id"`
	Purchase Key      `json:"-"`
	Kind     Kind     `json:"kind"`
	Standing Standing `json:"standing"`

	// Account and Payment say which payment the fact is about: the merchant account's name and the provider's reference. Both are
	// empty in a fact about the purchase as a whole.
	Account string `json:"account,omitempty"`
	Payment string `json:"payment,omitempty"`
	// Object is the provider's object that the fact describes (a capture, a refund), not the message that told of it.
	Object string `json:"object,omitempty"`
	Money  Money  `json:"money,omitzero"`

	// At is the source's own time; Seen is ours, when the fact was kept, and not part of the content.
	At   time.Time `json:"at,omitzero"`
	Seen time.Time `json:"-"`
	// Source is how the fact reached us. It is for counting, not content.
	Source Source `json:"-"`
	// Payer is where the provider's payer can be written to, "" where it does not say. It is no part of the fact: Store.Keep puts it
	// aside, where it can be erased, and facts come back without it.
	Payer Address `json:"-"`

	// Version is the provider's version of the object, for providers that number them; 0 means none.
	Version int64 `json:"version,omitempty"`
	// Number is given by the store, under the purchase's lock, to own and decided facts: their order is content.
	Number int64 `json:"number,omitempty"`
	// Attempt is the Number of the intent that an outcome or a read-back belongs to, or of the order that a refund's intent carries out.
	Attempt int64 `json:"attempt,omitempty"`

	Detail Detail `json:"detail,omitzero"`
}

// Detail holds what only some kinds of facts say. Which kind uses which field is written at the kinds.
type Detail struct {
	Reason     string    `json:"reason,omitempty"`
	Step       Step      `json:"step,omitempty"`
	Result     Result    `json:"result,omitempty"`
	Cause      Cause     `json:"cause,omitempty"`
	Basis      string    `json:"basis,omitempty"`
	SendBefore time.Time `json:"send_before,omitzero"`
	Until      time.Time `json:"until,omitzero"`
	URL        string    `json:"url,omitempty"`
	Event      string    `json:"event,omitempty"`
	EventName  string    `json:"event_name,omitempty"`
	User       string    `json:"user,omitempty"`
	Sealed     bool      `json:"sealed,omitempty"`
	Created    time.Time `json:"created,omitzero"`
	Seats      Seats     `json:"seats,omitempty"`
	Attendees  int       `json:"attendees,omitempty"`
	Capturable bool      `json:"capturable,omitempty"`
	Voidable   bool      `json:"voidable,omitempty"`
	Form       bool      `json:"form,omitempty"`
	Unaskable  bool      `json:"unaskable,omitempty"`
	OneTry     bool      `json:"one_try,omitempty"`
	By         string    `json:"by,omitempty"`
	Left       Money     `json:"left,omitzero"`
}

// Standing is what a fact rests on. The order is that of trust.
type Standing string

const (
	// Heard: a notification whose signature does not cover what matters, or the buyer's own word.
	Heard Standing = "heard"
	// Proved: signed in full, or read back with our own credentials.
	Proved Standing = "proved"
	// Own: intents and outcomes of ours.
	Own Standing = "own"
	// Decided: by a person.
	Decided Standing = "decided"
)

// Source is how a payment was learned of.
type Source string

// The sources, as they are counted.
const (
	ByCallback Source = "callback"
	ByPoll     Source = "poll"
	ByReturn   Source = "return"
	ByImport   Source = "import"
)

// Kind is what a fact says.
type Kind string

// Facts about a payment. Heard or proved; Opened is own.
const (
	// Opened: we made a pay session (Money asked, Object what the provider calls the session where that is not the payment's
	// reference, Detail.URL where the buyer pays, Until when it ends, Capturable when only our own capture can take the money,
	// Voidable when we can end it, Form when the buyer gets there by a form that is made anew each time, Unaskable when its account
	// cannot be asked what became of it, OneTry when an attempt that failed may use it up).
	Opened Kind = "opened"
	// Approved: the buyer agreed to pay; no money has moved.
	Approved Kind = "approved"
	// Pending: the provider works on it, Detail.Reason says why.
	Pending Kind = "pending"
	// Authorised: the money is reserved, Object is the authorisation.
	Authorised Kind = "authorised"
	// Captured: the money was taken, Object is the capture.
	Captured Kind = "captured"
	// Failed: this attempt took no money, Object is the capture that failed. The same payment may still be tried again.
	Failed Kind = "failed"
	// InvoiceRequested: the buyer asked to pay on invoice (own; Payment is our number of the invoice, Money the price then, At when).
	InvoiceRequested Kind = "invoice_requested"
	// InvoiceApproved: a person decided that the invoice is worth a seat before it is paid.
	InvoiceApproved Kind = "invoice_approved"
	// InvoiceCancelled: a person decided that the invoice is not to be paid.
	InvoiceCancelled Kind = "invoice_cancelled"
	// Reminded: it was time to remind the payer of the invoice (own); Detail.Until is when it was.
	Reminded Kind = "reminded"
	// Lapsed: the payment can no longer be paid.
	Lapsed Kind = "lapsed"
	// Refunded: money went back by the merchant's wish, Object is the refund.
	Refunded Kind = "refunded"
	// Reversed: money was taken back by the provider or the payer's bank, Object is the reversal.
	Reversed Kind = "reversed"
)

// Return is how a buyer came to the return page.
type Return string

// The returns. Only the first may mean that the buyer agreed: who gives up did not, and a page that looks again by itself is nobody's
// wish.
const (
	ReturnPaying  Return = ""
	ReturnGivenUp Return = "given_up"
	ReturnLooking Return = "looking"
)

// toldAfter is how long after an approval a provider may say that it was.
const toldAfter = 10 * time.Second

// agreed is when the buyer agreed to pay, as far as the fact tells. An approval that is told of late is as old as it says, and older, if
// what it says is when it was told.
func (f *Fact) agreed() time.Time {
	switch {
	case f.Kind == Approved:
		return earlier(f.At, f.Seen).Add(-toldAfter)
	case f.Kind == Returned && Return(f.Detail.Reason) == ReturnPaying:
		return f.Seen
	}
	return time.Time{}
}

// Facts about the buyer and our own work.
const (
	// Arrived: the buyer came to the redirect leg (heard; Detail.Event and User as the address said).
	Arrived Kind = "arrived"
	// Returned: the buyer came back from the provider (heard; Detail.Reason is the Return).
	Returned Kind = "returned"
	// Asked: we read the payment back and learned what stands beside this fact; Detail.Basis is the hearsay it answers.
	Asked Kind = "asked"
	// Offered: what Dynamics said of the purchase: Money, Detail.Event, User, Created, Attendees, Seats; Basis is what was known of
	// the money when it was asked. Reason is set, and Money is not, where Dynamics knows no such purchase.
	Offered Kind = "offered"
	// Intended: written before a call that cannot be taken back: Detail.Step, SendBefore, and the payment if it is about one. Of a
	// refund also Money, what the payment is to hold after it (Detail.Left), and Attempt, the person's order; 0 is the policy's.
	Intended Kind = "intended"
	// Concluded: what became of the intent named by Attempt: Detail.Result, Reason; Until where it must not be repeated before.
	Concluded Kind = "concluded"
	// ReadBack: which seats Dynamics shows: Detail.Seats, Attempt the finalize it was asked after (0: none), At our time of asking.
	ReadBack Kind = "read_back"
	// Handed: the purchase was put on the desk, Detail.Cause and the Basis it was judged by.
	Handed Kind = "handed"
	// Abandoned: the deadline passed and no money can come any more.
	Abandoned Kind = "abandoned"
	// Tied: the orphaned payment was found to belong to the purchase named in Detail.Reason.
	Tied Kind = "tied"
	// Restored: the store was put back from a backup, At then (own): whatever was learned and done between the two is forgotten.
	Restored Kind = "restored"
)

// Decisions of a person: Detail.By says who, Detail.Reason why. A person may also say what Dynamics shows (a decided ReadBack) and which
// purchase an orphan pays (a decided Tied).
const (
	// Accepted: exactly the difference that Detail.Basis, a Matter, names.
	Accepted Kind = "accepted"
	// Retried: what was refused, given up or waits is to be tried again now.
	Retried Kind = "retried"
	// AskOrdered: the providers are to be asked about every payment now.
	AskOrdered Kind = "ask_ordered"
	// RefundOrdered: Money of the payment is to go back, Detail.Seats is all where there was a seat. It lapses unless it is begun while the Sight is Detail.Basis.
	RefundOrdered Kind = "refund_ordered"
	// ReleaseOrdered: the seat is to be given free as soon as nobody can pay for it. It lapses unless the Sight is Detail.Basis.
	ReleaseOrdered Kind = "release_ordered"
	// Closed: nothing more is to be done for what Detail.Basis, a Sight, names.
	Closed Kind = "closed"
	// Noted: a note, in Detail.Reason. It changes nothing.
	Noted Kind = "noted"
)

// Result is what became of an intent.
type Result string

const (
	// Confirmed: done, the other side said so.
	Confirmed Result = "confirmed"
	// Acknowledged: taken without a word on the effect; only a read-back confirms it.
	Acknowledged Result = "acknowledged"
	// Refused: the other side said no, for good.
	Refused Result = "refused"
	// Unknown: it may have happened or not.
	Unknown Result = "unknown"
	// Unsent: it certainly had no effect (never left, or was turned away unprocessed); it may be tried again.
	Unsent Result = "unsent"
)

// Seats is what a read-back shows.
type Seats string

// The four answers of a read-back.
const (
	SeatsAll     Seats = "all"
	SeatsSome    Seats = "some"
	SeatsNone    Seats = "none"
	SeatsUnsaid  Seats = "cannot_say"
	seatsUnasked Seats = ""
)

// Identify returns the fact with its ID. Store.Keep calls it after it gave own facts their Number.
func Identify(f Fact) Fact {
	f.ID = ""
	f.At, f.Detail = Instant(f.At), f.Detail.instants()
	content, err := json.Marshal(f)
	if err != nil { // a struct of strings, numbers and times with four-digit years
		panic(fmt.Sprintf("write fact of kind %s: %v", f.Kind, err))
	}
	sum := sha256.Sum256(content)
	f.ID = string(f.Kind) + "-" + hex.EncodeToString(sum[:16])
	return f
}

func (d Detail) instants() Detail {
	d.SendBefore, d.Until, d.Created = Instant(d.SendBefore), Instant(d.Until), Instant(d.Created)
	return d
}

// Instant brings a time to the one form that facts hold: UTC, whole microseconds. A time that cannot be written with a four-digit
// year is nonsense from outside and becomes the zero time.
func Instant(t time.Time) time.Time {
	t = t.UTC().Truncate(time.Microsecond)
	if t.Year() < 1 || t.Year() > 9999 {
		return time.Time{}
	}
	return t
}

// proof tells whether the fact says what is so: by the provider's proof, or by the word of a person who answers for it.
func (f Fact) proof() bool { return f.Standing == Proved || f.Standing == Decided }

// Numbered tells whether the store gives the fact a number: its order among the purchase's own facts is content.
func (f Fact) Numbered() bool {
	return f.Standing == Own || f.Standing == Decided
}
