package main

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A turn is what happens to one purchase of the demo's sale.
type turn string

// The turns. The first ones are ordinary; the rest are the usual mishaps.
const (
	turnRedirect      turn = "redirect"       // registers, pays through our redirect leg
	turnButton        turn = "button"         // pays on the organiser's own page; we hear the callback only
	turnRepeated      turn = "repeated"       // every notification comes several times and out of order
	turnLostWebhook   turn = "lost_webhook"   // no notification ever comes and the buyer closes the browser
	turnThrottled     turn = "throttled"      // Dynamics answers 429 for a while
	turnTimedOut      turn = "timed_out"      // Dynamics registers and the answer is lost
	turnDeclined      turn = "declined"       // the first card is refused, the second is taken
	turnJustInTime    turn = "just_in_time"   // pays just before the deadline
	turnTooLate       turn = "too_late"       // pays on the organiser's page after the deadline
	turnLateApproval  turn = "late_approval"  // approves at our session after the deadline: never captured
	turnWrongAmount   turn = "wrong_amount"   // pays another amount
	turnWrongCurrency turn = "wrong_currency" // pays in another currency
	turnDouble        turn = "double"         // pays twice
	turnForged        turn = "forged"         // never pays; somebody forges the notifications
	turnCancelled     turn = "cancelled"      // turns back at the pay page
	turnUnknown       turn = "unknown"        // pays for a purchase that Dynamics does not know
	turnOrphan        turn = "orphan"         // pays without saying for what
)

// A booth is a provider as the script knows it.
type booth struct {
	Name string
	providersim.Manners
}

// ways are the ways in which the turn can go at the provider: by its page, by the organiser's.
func (b booth) ways(t turn) (ways []bool) {
	if slices.Contains(rare, t) && !(b.Reserves && b.AsksButton) {
		return nil // they need a provider that can do all that is done
	}
	if b.Page && slices.Contains(byPage, t) && (t != turnLostWebhook || b.AsksPage) {
		ways = append(ways, true)
	}
	plain := t == turnForged || t == turnUnknown || (t == turnOrphan && b.NamesNobody)
	if plain || (slices.Contains(byButton, t) && len(ways) == 0) {
		ways = append(ways, false)
	}
	return ways
}

// A scene is one purchase of the script: what happens, where and when, counted from the start of the sale and from its registration.
type scene struct {
	Number   int
	Turn     turn
	Provider string
	Page     bool          // through our redirect leg
	Begin    time.Duration // registers
	Pays     time.Duration // after registering
	Passes   []int         // one per attendee: which pass of the event
	Looks    int           `json:",omitempty"` // how often the buyer lets our page look for news
	Back     time.Duration `json:",omitempty"` // after registering: reloads that page, if it is open
	Allowed  []end
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

// terms are what a script depends on beside the providers.
type terms struct {
	purchases int
	seed      uint64
	window    time.Duration
	outbound  bool
	refunds   bool // the accounts send back by themselves what is late or too much
	mishaps   []turn
}

func (o demoOptions) terms() terms {
	return terms{o.purchases, o.seed, o.window, o.dialect == "outbound", o.sendsBack, mishapsOf(o.mishaps)}
}

// writeScript deals scenes over the providers. The seed fixes the script, not the timing of what happens then.
func writeScript(x terms, booths []booth) []scene {
	chance := rand.New(rand.NewPCG(x.seed, 0x70617962726964))
	scenes := deal(x, chance, booths)
	window := x.window
	for i := range scenes {
		s := &scenes[i]
		s.Number, s.Begin = i+1, time.Duration(chance.Int64N(int64(window*3/10)))
		s.Pays = time.Second/2 + time.Duration(chance.Int64N(int64(window/5)))
		s.Pays = payMoment(s.Turn, s.Pays, window)
		s.Passes, s.Looks = passes(chance), 4
		if s.Turn == turnPartial && len(s.Passes) == 1 {
			s.Passes = append(s.Passes, 0)
		}
		at := slices.IndexFunc(booths, func(b booth) bool { return b.Name == s.Provider })
		s.Allowed = allowed(s.Turn, x, booths[at].Ends)
	}
	return scenes
}

// deal shuffles n turns, half of them mishaps, each as often as the others. The ordinary ones go round all providers and their ways,
// the mishaps round the providers at which they can happen.
func deal(x terms, chance *rand.Rand, booths []booth) []scene {
	var scenes []scene
	round, n := 0, x.purchases
	most := max(n/2, min(n, len(x.mishaps))) // each at least once
	for len(scenes) < most && len(x.mishaps) > 0 {
		deck := slices.Clone(x.mishaps)
		chance.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		dealt := len(scenes)
		for _, t := range deck {
			if s, ok := place(t, booths, &round); ok && len(scenes) < most && !(x.outbound && t == turnPartial) {
				scenes = append(scenes, s)
			}
		}
		if len(scenes) == dealt {
			break
		}
	}
	stalls := ordinary(booths)
	for i := 0; len(scenes) < n; i++ {
		scenes = append(scenes, stalls[i%len(stalls)])
	}
	chance.Shuffle(n, func(i, j int) { scenes[i], scenes[j] = scenes[j], scenes[i] })
	return scenes
}

// place puts a turn at the next provider at which it can happen.
func place(t turn, booths []booth, round *int) (scene, bool) {
	for range booths {
		b := booths[*round%len(booths)]
		*round++
		if ways := b.ways(t); len(ways) > 0 {
			return scene{Turn: t, Provider: b.Name, Page: ways[0]}, true
		}
	}
	return scene{}, false
}

// ordinary are the plain sales, once by each way of each provider.
func ordinary(booths []booth) (scenes []scene) {
	for _, b := range booths {
		if b.Page {
			scenes = append(scenes, scene{Turn: turnRedirect, Provider: b.Name, Page: true})
		}
		scenes = append(scenes, scene{Turn: turnButton, Provider: b.Name})
	}
	return scenes
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
func allowed(t turn, x terms, ends bool) []end {
	if t == turnLateApproval && !ends { // nobody can keep the buyer from paying late there, unless the session happens to be over
		return append(allowed(turnTooLate, x, ends), endAbandoned)
	}
	if slices.Contains(rare, t) {
		return allowedRare(t, x)
	}
	switch t {
	case turnTimedOut:
		if x.outbound { // outbound cannot be read back, so a lost answer is for a person
			return []end{endSeat, seatDesk(purchase.CauseOutcomeUnknown)}
		}
	case turnTooLate:
		if x.refunds {
			return []end{endRefunded}
		}
		if x.outbound { // its creation time is not readable: what Dynamics answers decides
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
		if x.refunds {
			return []end{endSeat}
		}
		return []end{seatDesk(purchase.CauseSecondPayment)}
	case turnUnknown:
		if x.refunds {
			return []end{endRefunded}
		}
		return []end{endDesk(purchase.CauseUnknownPurchase)}
	case turnOrphan:
		return []end{endDesk(purchase.CauseOrphan)}
	}
	return []end{endSeat}
}
