package purchase

import (
	"slices"
	"time"
)

// A Policy is what an environment's settings say of time and risk. All durations are positive.
type Policy struct {
	Window      time.Duration // how long Dynamics keeps a temporary registration: 50m
	Margin      time.Duration // taken off a deadline that rests on our own first sight: 2m
	Quiet       time.Duration // after the last possible send of an unknown finalize, before a repeat may be thought of: 5m
	SendWithin  time.Duration // how long after its intent a call may still leave: 2s
	Reserve     time.Duration // money is not captured or reserved by us with less time left than this: 30s
	MinTimeLeft time.Duration // a buyer is not sent to pay with less time left than this: 10m
	Repeat      Repeat
	Releases    bool             // the seat is given free before the deadline once nobody can pay for it any more
	Unaskable   []string         // accounts whose payments cannot be read back; the bridge knows them
	Reserving   []string         // accounts that reserve the money first and take it once the seat is there
	Invoicing   map[string]Terms // accounts that sell on invoice
	RefundLate  []string         // accounts whose money goes back by itself when it came too late for a seat
	RefundExtra []string         // accounts whose money goes back by itself when another payment has the seat
}

// SeatFirst tells whether an account reserves the money first and takes it once the seat is there.
func (p Policy) SeatFirst(account string) bool { return slices.Contains(p.Reserving, account) }

// Repeat says whether an unknown finalize may be sent again in an environment that cannot be read back.
type Repeat string

// RepeatNever sends the purchase to the desk, RepeatAfterQuiet tries again after Policy.Quiet; seats may then be doubled.
const (
	RepeatNever      Repeat = "never"
	RepeatAfterQuiet Repeat = "after_quiet"
)

// DefaultPolicy fits a window of this length; the shorter reserves shrink with it so that a short window still sells.
func DefaultPolicy(window time.Duration) Policy {
	share := func(d time.Duration, part int64) time.Duration { return min(d, window/time.Duration(part)) }
	return Policy{
		Window:      window,
		Margin:      share(2*time.Minute, 25),
		Quiet:       5 * time.Minute,
		SendWithin:  2 * time.Second,
		Reserve:     share(30*time.Second, 20),
		MinTimeLeft: share(10*time.Minute, 5),
		Repeat:      RepeatNever,
	}
}
