package purchase

import (
	"errors"
	"time"
)

// What a Provider's Read may say of a delivery it makes no facts of. Anything else is an error of the same kind as ErrUnchecked.
var (
	// ErrForged: the delivery is false: unsigned, wrongly signed, stale, of the wrong mode or merchant. It is refused.
	ErrForged = errors.New("delivery is not genuine")
	// ErrUnchecked: it cannot be checked now (a certificate or a verify service is out of reach). It is kept and read again.
	ErrUnchecked = errors.New("delivery cannot be checked now")
	// ErrNotUnderstood: genuine, but not of a shape this version knows. It is kept whole for a person and for a later version.
	ErrNotUnderstood = errors.New("delivery is genuine but not understood")
)

// What the other ports may say.
var (
	// ErrNoPurchase: Dynamics knows no purchase under this id, or not yet.
	ErrNoPurchase = errors.New("dynamics knows no such purchase")
	// ErrNoPayment: the provider knows no payment under this reference.
	ErrNoPayment = errors.New("the provider knows no such payment")
	// ErrNoPrice: Dynamics answered, but amount or currency cannot be told from it.
	ErrNoPrice = errors.New("the answer has no usable amount and currency")
)

// Refusal is why a delivery was refused, for counting; it is wrapped together with ErrForged.
type Refusal string

// The refusals, as metrics name them.
const (
	BadSignature  Refusal = "bad_signature"
	Stale         Refusal = "stale_timestamp"
	Replayed      Refusal = "replayed"
	WrongMode     Refusal = "wrong_mode"
	WrongMerchant Refusal = "wrong_merchant"
	Malformed     Refusal = "malformed"
)

func (r Refusal) Error() string { return string(r) }

// Forged is ErrForged with its cause, for errors.Is and errors.As alike.
func Forged(r Refusal) error { return errors.Join(ErrForged, r) }

// Retrier is implemented by errors from outside: whether the same call may be tried again, and not before how long. A zero
// duration with again true leaves the pause to the caller.
type Retrier interface {
	Retry() (after time.Duration, again bool)
}

// Retry asks an error the one question. An error that does not say may be tried again: only what is known to be permanent is final.
func Retry(err error) (after time.Duration, again bool) {
	var r Retrier
	if errors.As(err, &r) {
		return r.Retry()
	}
	return 0, true
}
