package main

import (
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// usual are the mishaps of every sale.
var usual = []turn{turnRepeated, turnLostWebhook, turnThrottled, turnTimedOut, turnDeclined, turnJustInTime, turnTooLate, turnLateApproval,
	turnWrongAmount, turnWrongCurrency, turnDouble, turnForged, turnCancelled, turnUnknown, turnOrphan}

// The rarer mishaps, which only a sale with all of them has.
const (
	turnGateway     turn = "gateway"      // Dynamics registers, and its gateway says that it failed
	turnUnavailable turn = "unavailable"  // Dynamics answers the finalize by 503
	turnPartial     turn = "partial"      // Dynamics registers the first attendee only
	turnAway        turn = "away"         // Dynamics does not answer for a while after the payment
	turnRepriced    turn = "repriced"     // the price goes up while the buyer is at the pay page
	turnReload      turn = "reload"       // opens the pay page again and again, then pays
	turnTwoPlaces   turn = "two_places"   // opens the pay pages of two providers and pays at both
	turnShaky       turn = "shaky"        // the provider drops calls after they took effect
	turnPending     turn = "pending"      // pays by something that takes its time, and in time
	turnBounced     turn = "bounced"      // pays by something that takes its time, and it fails
	turnPendingLate turn = "pending_late" // pays by something that takes its time, and too long
	turnOverpaid    turn = "overpaid"     // pays too much
	turnRefunded    turn = "refunded"     // gets the money back in the back office, after the seat
	turnPartBack    turn = "part_back"    // gets a part of it back, after the seat
	turnChargeback  turn = "chargeback"   // takes the money back through the bank, after the seat
	turnDecided     turn = "decided"      // pays too little, and a person sends it back
)

var rare = []turn{turnGateway, turnUnavailable, turnPartial, turnAway, turnRepriced, turnReload, turnTwoPlaces, turnShaky, turnPending, turnBounced,
	turnPendingLate, turnOverpaid, turnRefunded, turnPartBack, turnChargeback, turnDecided}

// mishapsOf are the mishaps by the flag's word.
func mishapsOf(which string) []turn {
	switch which {
	case "none":
		return nil
	case "all":
		return slices.Concat(usual, rare)
	}
	return usual
}

// byPage and byButton say by which ways a turn can go: through our redirect leg, on the organiser's own page. What is in neither needs
// no payment or one for nothing.
var (
	byPage = []turn{turnRedirect, turnRepeated, turnLostWebhook, turnThrottled, turnTimedOut, turnDeclined, turnJustInTime, turnLateApproval, turnCancelled,
		turnGateway, turnUnavailable, turnPartial, turnRepriced, turnReload, turnTwoPlaces, turnShaky}
	byButton = []turn{turnButton, turnRepeated, turnThrottled, turnTimedOut, turnJustInTime, turnTooLate, turnWrongAmount, turnWrongCurrency, turnDouble,
		turnAway, turnPending, turnBounced, turnPendingLate, turnOverpaid, turnRefunded, turnPartBack, turnChargeback, turnDecided}
)

// allowedRare is the law of the script for the rarer mishaps.
func allowedRare(t turn, x terms) []end {
	switch t {
	case turnGateway:
		return allowed(turnTimedOut, x, true)
	case turnUnavailable:
		if x.outbound {
			return []end{endDesk(purchase.CauseOutcomeUnknown)}
		}
	case turnPartial:
		return []end{endDesk(purchase.CausePartialSeats)}
	case turnRepriced: // what was not taken yet is not taken any more
		return []end{endDesk(purchase.CauseAmount), endAbandoned}
	case turnTwoPlaces: // the other session is ended, or its money is too much
		if !x.refunds {
			return []end{endSeat, seatDesk(purchase.CauseSecondPayment)}
		}
	case turnBounced:
		return []end{endAbandoned}
	case turnPendingLate:
		return allowed(turnTooLate, x, true)
	case turnOverpaid:
		return []end{endDesk(purchase.CauseAmount)}
	case turnRefunded:
		return []end{seatDesk(purchase.CauseSeatWithoutMoney)}
	case turnPartBack:
		return []end{seatDesk(purchase.CauseAmount)}
	case turnChargeback:
		return []end{seatDesk(purchase.CauseDisputed), seatDesk(purchase.CauseSeatWithoutMoney)}
	case turnDecided:
		return []end{endRefunded}
	}
	return []end{endSeat}
}
