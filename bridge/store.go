package bridge

import (
	"context"
	"errors"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Store keeps facts and schedules purchases. Every method may be called from many goroutines and, where the database allows it,
// from many nodes. "Durable" means: survives the loss of power once the call has returned.
//
// All times that are compared with one another (leases, due, send-before, quiet) are the store's clock.
type Store interface {
	// Now is the store's clock.
	Now(ctx context.Context) (time.Time, error)

	// Keep is the one door. It appends everything of k in one transaction, all or nothing, and what it returned is durable. Facts
	// already known add nothing. Each purchase that got a new fact is folded again and becomes ready at once, unless it is claimed:
	// then Settle makes it ready again. Keep is never fenced by leases.
	//
	// It returns ErrChanged if k.If no longer holds, ErrIntentOpen if an intent is kept while another is open, ErrReplayed if the
	// delivery's Message was seen with other bytes, ErrFull if an unchecked delivery exceeds the account's bounds. Any other error
	// means that nothing is known to be durable; the caller may repeat the same call.
	Keep(ctx context.Context, k Keeping) (Kept, error)

	// Claim promotes what waited until now, takes back what a lease let go, and hands out up to n ready purchases, the earliest
	// deadline first, each to one owner until the lease ends. Where the database was put back from a backup since the purchase was last
	// claimed, its facts say so first: purchase.Restored.
	Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]Claim, error)

	// Settle ends a claim: it says when the purchase is looked at next. If facts came since the plan was made (s.Head is not the
	// purchase's head) it is ready at once instead. ErrLost means that the claim was no longer ours and nothing was changed.
	Settle(ctx context.Context, c Claim, s Settlement) error

	// Find returns one purchase with all its facts, oldest first; ErrNotFound if there is none.
	Find(ctx context.Context, key purchase.Key) (Row, []purchase.Fact, error)

	// Resolve returns the purchase that a payment belongs to, named by its reference or by one of its objects; ErrNotFound if none is
	// known. A payment belongs to the purchase of the first fact that named it, until an own or proved fact names it under another:
	// proof beats hearsay, and a real purchase beats an orphan.
	Resolve(ctx context.Context, account, payment string) (purchase.Key, error)

	// List returns rows, latest change first, and the cursor of the next page ("" at the end).
	List(ctx context.Context, q Query) (rows []Row, next string, err error)

	// Backlog sums up, per account, what waits. It reads, never locks.
	Backlog(ctx context.Context) ([]Backlog, error)

	// Unchecked returns up to n deliveries that are due to be read again, earliest first.
	Unchecked(ctx context.Context, n int) ([]purchase.Delivery, error)

	// Reconsider makes the puzzling deliveries due to be read again: this version may understand them.
	Reconsider(ctx context.Context) (int, error)

	// Quarantine puts a refused delivery aside for a week, within bounds, best effort; nothing waits for it.
	Quarantine(ctx context.Context, d purchase.Delivery, why purchase.Refusal) error

	// FindToken returns what a return token stands for; ErrNotFound if it is unknown or expired.
	FindToken(ctx context.Context, hash string) (Token, error)

	// ClaimList hands the account's list to one owner until the lease ends, so that one node at a time reads it at the provider.
	// ErrNotFound: it is not due, or somebody has it. A store that one process owns makes every list due when it is opened.
	ClaimList(ctx context.Context, account, owner string, lease time.Duration) (Listing, error)

	// SettleList gives the list back: l.Complete and l.Failures are durable, and it is due again at that time. ErrLost means that the
	// lease was no longer ours and nothing was changed.
	SettleList(ctx context.Context, l Listing, due time.Time) error

	// FindBilling returns what an invoice of the purchase needs, empty but for its number if it was erased; ErrNotFound if there is none.
	FindBilling(ctx context.Context, key purchase.Key, invoice string) (Billing, error)

	// EraseBillings empties what the purchase's invoices need of a person, and says how many there were. Facts stay.
	EraseBillings(ctx context.Context, key purchase.Key) (int, error)

	// Prune removes settled deliveries and expired tokens from before the instant, and quarantine older than a week. Facts stay.
	Prune(ctx context.Context, before time.Time) (deliveries int, err error)

	Close() error
}

// What a Store may answer.
var (
	ErrNotFound   = errors.New("not found")
	ErrChanged    = errors.New("the purchase changed since it was read")
	ErrIntentOpen = errors.New("an intent of the purchase is open")
	ErrReplayed   = errors.New("the message was seen before with other bytes")
	ErrFull       = errors.New("too many unchecked deliveries")
	ErrLost       = errors.New("the claim was lost")
	ErrErased     = errors.New("it was erased")
)

// A Keeping is what is kept in one transaction.
type Keeping struct {
	// Delivery, if any, with what became of it. A delivery that is already there is kept once; its state may move on from unchecked or
	// puzzling, and back to them when the same bytes came again and cannot be checked or understood this time.
	Delivery *purchase.Delivery
	State    DeliveryState
	Message  string    // the provider's id of the transmission, unique per account
	Due      time.Time // Unchecked: when to read it again

	// Facts, each with its Purchase key, Kind and Standing. Keep gives own and decided ones their Number, then all their ID.
	Facts []purchase.Fact

	// If is the head the caller planned on; "" keeps unconditionally. It holds for the purchase of the first fact.
	If string

	// Token, if any, is a return token to remember.
	Token *Token

	// Billing, if any, is what an invoice needs; the first of each invoice is kept.
	Billing *Billing
}

// Kept is what Keep did.
type Kept struct {
	New       []purchase.Fact // those that were not known before, complete with ID, Number and Seen
	Duplicate bool            // the delivery was there already
	Head      string          // of the first fact's purchase, after keeping
	Facts     []purchase.Fact // all of the first fact's purchase, after keeping, oldest first
}

// DeliveryState says what became of a delivery.
type DeliveryState string

// The states of a delivery. Unchecked ones are read again; Puzzling ones wait for a person and a later version; False ones are
// unchecked ones that proved to be forged.
const (
	Read      DeliveryState = "read"
	Unchecked DeliveryState = "unchecked"
	Puzzling  DeliveryState = "puzzling"
	False     DeliveryState = "false"
)

// Stage is where a purchase stands in the schedule. Ready: somebody should claim it. Waiting: until Due. Claimed: until the lease
// ends; a crash leaves it so, and the next Claim after that takes it back. Idle: until a new fact.
type Stage string

// The stages.
const (
	Ready   Stage = "ready"
	Waiting Stage = "waiting"
	Claimed Stage = "claimed"
	Idle    Stage = "idle"
)

// A Row is a purchase as lists show it: its schedule, and what was folded from its facts.
type Row struct {
	Key      purchase.Key
	Summary  purchase.Summary
	Stage    Stage
	Due      time.Time // Waiting
	Waits    purchase.Cause
	Failures int // in a row, of the last step
	Facts    int
	Head     string
	Created  time.Time
	Updated  time.Time
}

// A Claim is a purchase in the hands of one owner.
type Claim struct {
	Row     Row
	Facts   []purchase.Fact
	Owner   string
	Attempt int       // counts claims; with Owner it fences Settle
	Until   time.Time // end of the lease
	Now     time.Time // the store's clock when it was claimed
}

// A Settlement says when to look again: zero Due means not before a new fact.
type Settlement struct {
	Head     string
	Due      time.Time
	Waits    purchase.Cause
	Failures int
}

// A Query selects rows. Empty fields select everything.
type Query struct {
	Environment string
	Account     string
	States      []purchase.State
	Limit       int // 0: 100
	Cursor      string
}

// A Listing is how far an account's list was read at its provider, in the hands of one owner.
type Listing struct {
	Account  string
	Complete time.Time // everything that happened before was listed; zero: nothing was yet
	Failures int       // in a row
	Owner    string
	Attempt  int       // counts claims; with Owner it fences SettleList
	Now      time.Time // the store's clock when it was claimed
}

// A Backlog is what waits at one account.
type Backlog struct {
	Account string
	States  map[purchase.State]int
	Working int    // paid, without a seat, and in somebody's hands just now
	Paid    []Paid // paid and without a seat, earliest deadline first
}

// Paid is one paid purchase without a seat yet.
type Paid struct {
	Deadline time.Time
	Since    time.Time // when the money was taken
	Held     bool      // it is on the desk
}

// A Token is what a return address stands for. Only the hash of the token is ever stored.
type Token struct {
	Hash     string
	Purchase purchase.Key
	Account  string
	Payment  string
	Language string
	Return   string // where the event's site wants the buyer back; "" for none
	Expires  time.Time
}
