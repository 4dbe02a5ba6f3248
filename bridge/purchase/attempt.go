package purchase

import (
	"cmp"
	"slices"
	"time"
)

// An Attempt is an intent and what became of it.
type Attempt struct {
	Number     int64
	Key        string // idempotency key towards a provider: the id of the intent
	Step       Step
	Account    string // of a payment's
	Payment    string
	Money      Money // Refund: what is to go back
	Left       Money // Refund: what the payment is to hold after it
	Order      int64 // Refund: the number of a person's order; 0: the policy's
	SendBefore time.Time
	Concluded  bool
	Result     Result // Unknown until concluded otherwise
	Reason     string
	At         time.Time // when it was concluded
	told       int64     // number of its last outcome
	notBefore  time.Time // the other side wants no repeat before this
	supposed   bool      // nobody knows whether it was made: see suppose
}

// MayHaveWorked tells whether nobody can say from the attempt alone whether it had its effect.
func (a Attempt) MayHaveWorked() bool {
	return !a.Concluded || a.Result == Unknown || a.Result == Acknowledged
}

// foldAttempts pairs the intents of one step with their outcomes, in the order of their numbers. Of several outcomes of one intent
// (a node that was thought dead may still tell) the surest counts.
func foldAttempts(facts []*Fact, step Step) []Attempt {
	var attempts []Attempt
	for _, f := range facts {
		if f.Kind == Intended && f.Detail.Step == step {
			attempts = append(attempts, Attempt{Number: f.Number, Key: f.ID, Step: step, Account: f.Account, Payment: f.Payment,
				Money: f.Money, Left: f.Detail.Left, Order: f.Attempt, SendBefore: f.Detail.SendBefore, Result: Unknown})
		}
	}
	slices.SortFunc(attempts, func(a, b Attempt) int { return cmp.Compare(a.Number, b.Number) })
	for i := range attempts {
		attempts[i].conclude(facts)
	}
	return attempts
}

// shareKeys gives an attempt the key of the one before it, unless that was refused or was about other money: so a repeat is the same
// operation to the provider, and a new try after a refusal is not.
func shareKeys(attempts []Attempt) []Attempt {
	for i := 1; i < len(attempts); i++ {
		before := attempts[i-1]
		if before.Result != Refused && before.Order == attempts[i].Order && before.Money == attempts[i].Money {
			attempts[i].Key = before.Key
		}
	}
	return attempts
}

var sureness = map[Result]int{Unknown: 1, Acknowledged: 2, Unsent: 3, Refused: 4, Confirmed: 5}

func (a *Attempt) conclude(facts []*Fact) {
	for _, f := range facts {
		if f.Kind != Concluded || f.Attempt != a.Number {
			continue
		}
		a.told = max(a.told, f.Number)
		if f.Detail.Until.After(a.notBefore) {
			a.notBefore = f.Detail.Until
		}
		better := sureness[f.Detail.Result] > sureness[a.Result]
		same := f.Detail.Result == a.Result && (a.At.IsZero() || f.At.Before(a.At))
		if !a.Concluded || better || same {
			a.Concluded, a.Result, a.Reason, a.At = true, f.Detail.Result, f.Detail.Reason, f.At
		}
	}
}

// A readBack is the fold of all read-backs after one attempt.
type readBack struct {
	attempt int64 // the finalize it was asked after, 0 for none
	seats   Seats
	at      time.Time // when the answer that counts was asked for
	last    time.Time // when any answer was asked for
	told    int64     // number of the last answer
	count   int
}

// foldReadBacks takes the best answer: all seats beat some, some beat none; of "none" the latest counts, since only a late one
// proves anything; "cannot say" counts when nothing else was said. What was said before a person's word no longer counts.
func foldReadBacks(facts []*Fact, attempt, word int64) readBack {
	order := map[Seats]int{seatsUnasked: 0, SeatsUnsaid: 1, SeatsNone: 2, SeatsSome: 3, SeatsAll: 4}
	rb := readBack{attempt: attempt}
	for _, f := range facts {
		if f.Kind != ReadBack || f.Attempt != attempt || f.Number < word {
			continue
		}
		rb.count++
		rb.told = max(rb.told, f.Number)
		if f.At.After(rb.last) {
			rb.last = f.At
		}
		if order[f.Detail.Seats] > order[rb.seats] {
			rb.seats, rb.at = f.Detail.Seats, f.At
			continue
		}
		later := f.At.After(rb.at)
		if f.Detail.Seats == rb.seats && later == (rb.seats != SeatsAll) {
			rb.at = f.At
		}
	}
	return rb
}
