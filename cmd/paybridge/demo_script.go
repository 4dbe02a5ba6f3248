package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A turn is what happens to one purchase of the demo's sale.
type turn string

// The turns. The first ones are ordinary; the rest are the usual mishaps.
const (
	turnRedirect      turn = "redirect"       // registers, pays through our redirect leg
	turnButton        turn = "button"         // pays on the organiser's own page; we hear the callback only
	turnRepeated      turn = "repeated"       // every webhook comes several times and out of order
	turnLostWebhook   turn = "lost_webhook"   // no webhook ever comes and the buyer closes the browser
	turnThrottled     turn = "throttled"      // Dynamics answers 429 for a while
	turnTimedOut      turn = "timed_out"      // Dynamics registers and the answer is lost
	turnDeclined      turn = "declined"       // the first card is refused, the second is taken
	turnJustInTime    turn = "just_in_time"   // pays just before the deadline
	turnTooLate       turn = "too_late"       // pays on the organiser's page after the deadline
	turnLateApproval  turn = "late_approval"  // approves at our session after the deadline: never captured
	turnWrongAmount   turn = "wrong_amount"   // pays another amount
	turnWrongCurrency turn = "wrong_currency" // pays in another currency
	turnDouble        turn = "double"         // pays twice
	turnForged        turn = "forged"         // never pays; somebody forges the webhooks
	turnCancelled     turn = "cancelled"      // turns back at the pay page
	turnUnknown       turn = "unknown"        // pays for a purchase that Dynamics does not know
	turnOrphan        turn = "orphan"         // pays without saying for what
)

// mishaps are dealt like a deck of cards until half the sale is mishaps.
var mishaps = []turn{turnRepeated, turnLostWebhook, turnThrottled, turnTimedOut, turnDeclined, turnJustInTime, turnTooLate, turnLateApproval,
	turnWrongAmount, turnWrongCurrency, turnDouble, turnForged, turnCancelled, turnUnknown, turnOrphan}

// A scene is one purchase of the script: what happens and when, counted from the start of the sale and from its registration.
type scene struct {
	Number  int
	Turn    turn
	Begin   time.Duration // registers
	Pays    time.Duration // after registering
	Passes  []int         // one per attendee: which pass of the event
	Allowed []end
}

// An end is what may become of a purchase.
type end string

const (
	endSeat      end = "seat"
	endAbandoned end = "abandoned"
	endRefunded  end = "refunded"
)

func endDesk(cause purchase.Cause) end { return end("desk:" + string(cause)) }

// seatDesk is a seat whose purchase is on the desk all the same.
func seatDesk(cause purchase.Cause) end { return end("seat+desk:" + string(cause)) }

// writeScript deals n scenes. The seed fixes the script, not the timing of what happens then.
func writeScript(n int, seed uint64, window time.Duration, outbound bool) []scene {
	chance := rand.New(rand.NewPCG(seed, 0x70617962726964))
	turns := deal(n, chance)
	scenes := make([]scene, n)
	for i, t := range turns {
		scenes[i] = scene{Number: i + 1, Turn: t,
			Begin:  time.Duration(chance.Int64N(int64(window * 3 / 10))),
			Pays:   time.Second/2 + time.Duration(chance.Int64N(int64(window/5))),
			Passes: passes(chance)}
		scenes[i].Pays = payMoment(t, scenes[i].Pays, window)
		scenes[i].Allowed = allowed(t, outbound)
	}
	return scenes
}

// deal shuffles n turns, half of them mishaps, each as often as the others.
func deal(n int, chance *rand.Rand) []turn {
	var turns []turn
	for len(turns) < n/2 {
		deck := slices.Clone(mishaps)
		chance.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		turns = append(turns, deck[:min(len(deck), n/2-len(turns))]...)
	}
	for i := len(turns); i < n; i++ {
		ordinary := turnRedirect
		if i%4 == 0 {
			ordinary = turnButton
		}
		turns = append(turns, ordinary)
	}
	chance.Shuffle(n, func(i, j int) { turns[i], turns[j] = turns[j], turns[i] })
	return turns
}

// passes picks one to three attendees' passes; most buyers come alone.
func passes(chance *rand.Rand) []int {
	picked := []int{chance.IntN(demoPasses)}
	for len(picked) < 3 && chance.IntN(4) == 0 {
		picked = append(picked, chance.IntN(demoPasses))
	}
	return picked
}

// payMoment places the payments that are about the deadline.
func payMoment(t turn, usual, window time.Duration) time.Duration {
	switch t {
	case turnJustInTime:
		return window * 86 / 100
	case turnTooLate, turnLateApproval:
		return window * 103 / 100
	}
	return usual
}

// allowed is the law of the script: paid right and in time with Dynamics reachable means a seat and nothing else.
func allowed(t turn, outbound bool) []end {
	switch t {
	case turnTimedOut:
		if outbound { // outbound cannot be read back, so a lost answer is for a person
			return []end{endSeat, seatDesk(purchase.CauseOutcomeUnknown)}
		}
	case turnTooLate:
		if outbound { // its creation time is not readable: what Dynamics answers decides
			return []end{endDesk(purchase.CausePaidLate), endDesk(purchase.CauseRefused), endDesk(purchase.CauseUnknownPurchase)}
		}
		return []end{endDesk(purchase.CausePaidLate)}
	case turnLateApproval, turnForged, turnCancelled:
		return []end{endAbandoned}
	case turnWrongAmount:
		return []end{endDesk(purchase.CauseAmount)}
	case turnWrongCurrency:
		return []end{endDesk(purchase.CauseCurrency)}
	case turnDouble:
		return []end{seatDesk(purchase.CauseSecondPayment)}
	case turnUnknown:
		return []end{endDesk(purchase.CauseUnknownPurchase)}
	case turnOrphan:
		return []end{endDesk(purchase.CauseOrphan)}
	}
	return []end{endSeat}
}
