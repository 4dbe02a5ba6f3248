// Package bridge is the engine: it receives what providers deliver, keeps it, and takes each purchase step by step to its seat.
// This page declares every port the engine needs; what flows through them is defined in package purchase.
package bridge

import (
	"context"
	"iter"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Provider is one merchant account at one payment provider. Reading is the one power it must have; the others are found by type
// assertion, so a Provider is never wrapped.
type Provider interface {
	// Read authenticates a delivery and says what it means. Nothing of an unauthentic delivery is looked at. Errors wrap
	// purchase.ErrForged (refused, with a purchase.Refusal), purchase.ErrNotUnderstood (kept for a person) or purchase.ErrUnchecked
	// (kept, read again); any other error counts as the last.
	Read(ctx context.Context, d purchase.Delivery) (purchase.Reading, error)
}

// An Answerer has a say in what its provider is answered, after the delivery was kept or refused, and which methods it listens to.
// Without it an account takes POST, answers 200 with an empty body to what was kept, and 401 to what was refused. An answer to what
// was refused must not be one that the provider takes for an acknowledgement.
type Answerer interface {
	Answer(d purchase.Delivery, kept bool) purchase.Answer
	Methods() []string
}

// An Asker reads a payment back: the truth, as proved facts, with Purchase.ID where the provider's record names one. A payment the
// provider does not know is purchase.ErrNoPayment. An account that cannot be asked must hear nothing but proof.
type Asker interface {
	Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error)
}

// An Opener creates a pay session: single use, ending before the order's deadline where the provider can. An order that names a
// payment is for the same session again, which only sessions that are reached by a form need.
type Opener interface {
	Open(ctx context.Context, order purchase.Order) (purchase.Checkout, error)
}

// A Reserver reserves the money of an approved payment of ours whose page cannot do it by itself, so that Capture takes it and Void gives
// it back later. It is one attempt, and the same key never reserves twice. It answers what the provider then shows: Authorised, Pending,
// or Failed together with an error that is final; after an error that may be tried again nobody knows whether it worked.
type Reserver interface {
	Reserve(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error)
}

// A Capturer takes the money of an approved payment. The same key never captures twice. It answers what the provider then shows.
type Capturer interface {
	Capture(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error)
}

// A Voider ends what is not paid: a pay session, so that nobody can pay it any more, or a reservation of money. Doing it twice is
// doing it once. It answers what the provider then shows: Lapsed, or that it was paid before, together with an error that is final.
type Voider interface {
	Void(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error)
}

// A Refunder sends money back. It is one attempt, and the same key never refunds twice within the provider's horizon. It answers what the
// provider then shows; a refund that is under way counts as gone.
type Refunder interface {
	Refund(ctx context.Context, ref purchase.Ref, amount purchase.Money, key string) ([]purchase.Fact, error)
}

// A Lister walks what happened at the account between two instants, oldest first; some walk the payments that were made then, whatever
// happened to them since. It tells the same objects and amounts as notifications and Ask do. An error ends the walk, and what was told
// before it stands.
type Lister interface {
	List(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Fact, error]
}

// An Inspector answers the doctor: credentials, registered callback, mode. The callback is our public address for the account.
type Inspector interface {
	Inspect(ctx context.Context, callback string) []purchase.Finding
}

// An Instructor knows what its provider's back office must be told, step by step. The callback is our public address for the account.
type Instructor interface {
	Instructions(callback string) []purchase.Instruction
}

// A Registrar is one Dynamics environment. Errors answer purchase.Retry.
type Registrar interface {
	// Price reads what Dynamics wants for the purchase. ErrNoPurchase where there is none (or not yet), ErrNoPrice where the answer
	// lacks a usable amount or currency.
	Price(ctx context.Context, key purchase.Key) (purchase.Offer, error)
	// Finalize turns the temporary registration into real ones: one attempt, never repeated inside. It always has an outcome.
	Finalize(ctx context.Context, call purchase.Final) purchase.Outcome
	// ReadBack says whose seats exist. SeatsUnsaid with a nil error means this environment cannot say, ever; an error means not now.
	ReadBack(ctx context.Context, key purchase.Key) (purchase.Seats, error)
	// Release gives the seat free early where the dialect can; Refused where it cannot. It is one attempt, which leaves before the given
	// instant or not at all, and doing it twice is doing it once. Like Finalize it always has an outcome.
	Release(ctx context.Context, key purchase.Key, sendBefore time.Time) purchase.Outcome
}

// A Roll is a Registrar that can list what was registered between two instants, for reconciliation. Where it never can, the error wraps
// purchase.ErrUnlisted; others answer purchase.Retry.
type Roll interface {
	Registrations(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Registration, error]
}

// An Addresser is a Registrar that knows how the payer of a purchase can be reached. A contact without an address means that Dynamics shows
// none; an error means not now.
type Addresser interface {
	Contact(ctx context.Context, key purchase.Key) (purchase.Contact, error)
}

// An Environment is one Dynamics organisation as the engine knows it.
type Environment struct {
	Name      string
	Live      bool
	Registrar Registrar
	Policy    purchase.Policy
}

// An Account is one merchant account as the engine knows it.
type Account struct {
	Name        string
	Kind        string // the provider: "paypal"
	Environment string
	Event       string // ReadableEventId of an account that sells one event only; "" otherwise
	Live        bool
	Provider    Provider
}

// A Clock is time as the engine sees it.
type Clock interface {
	Now() time.Time
	// Sleep returns nil after d, or the context's error as soon as it is done.
	Sleep(ctx context.Context, d time.Duration) error
}
