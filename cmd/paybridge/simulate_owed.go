package main

import (
	"slices"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// What it takes for a seat to be owed: who paid in time gets it in time, if nothing was wrong for long enough.
const (
	ripple = 5 * time.Minute  // a trouble is felt so long after its end: leases, pauses, back-off
	enough = 12 * time.Minute // without any trouble, this is far more than a registration takes
)

// spare is what the daemon keeps for itself before the deadline.
func (p plan) spare() time.Duration { return max(3*time.Minute, p.Timing.Margin+time.Minute) }

// scarce tells whether Dynamics takes so little that the sale itself may be what makes a seat late.
func (p plan) scarce() bool { return p.Limits != dataversesim.Limits{} && !p.Limits.Off }

// plain are the turns in which buyers and providers do what they should.
var plain = []turn{turnRedirect, turnButton, turnRepeated, turnLostWebhook, turnReload, turnThrottled}

// inTime is the law that waits end before the deadline: a seat that could be had in time is had in time.
func (l *lawbook) inTime() {
	if !l.clearSighted() || l.scarce() {
		return
	}
	for i, f := range l.fates {
		made, ok := l.dynamics.Purchase(f.Purchase)
		if !ok || !slices.Contains(plain, f.Turn) || f.Captured < f.Price || f.Price == 0 || l.unheard(f) {
			continue
		}
		deadline := made.Created.Add(l.Window)
		paid := made.Created.Add(l.Scenes[i].Pays)
		if l.unsaid(made) {
			continue
		}
		if asks, lists := l.powers(f.Provider); !lists && (!(f.Page && asks) || l.forgotSession(f)) {
			paid, _ = l.heard(f.Provider, f.payment)
		}
		calm := l.calm(paid, deadline.Add(-l.spare()))
		if calm < enough || len(made.Seats) >= len(made.Attendees) && made.FinalizedAt.Before(deadline) {
			continue
		}
		l.breach("late: scene %d (%s at %s), purchase %s: paid %s before the deadline, nothing wrong for %s, and no seat in time (%s, desk %q)", f.Scene, f.Turn,
			f.Provider, f.Purchase, deadline.Sub(paid).Round(time.Second), calm.Round(time.Second), f.State, f.Desk)
	}
}

// unsaid tells whether Dynamics may have registered a purchase and the store have forgotten it, for all that it knows, and Dynamics cannot be
// read back: that is for a person.
func (l *lawbook) unsaid(made dataversesim.Purchase) bool {
	return l.Dialect == "outbound" && l.Behaviours[dataversesim.OutboundReadBack] == "none" && slices.ContainsFunc(l.Troubles, func(t trouble) bool {
		dated := l.Behaviours[dataversesim.OutboundCreated] == "readable"
		return t.Kind == storeRestored && (!dated || made.Created.Before(l.began.Add(t.At+looksAgain)))
	})
}

// clearSighted tells whether Dynamics is of a kind in which a faultless client brings every sale to its end.
func (l *lawbook) clearSighted() bool {
	for _, b := range dataversesim.Behaviours() {
		if slices.Contains(b.Blinding, l.Behaviours[b.Name]) {
			return false
		}
	}
	return l.Behaviours[dataversesim.Privileges] != "intermittent"
}

// calm is the longest time between two instants in which no trouble is felt. In outbound a call whose answer was lost is for a person, so
// there it must begin with the payment.
func (l *lawbook) calm(from, to time.Time) (longest time.Duration) {
	begins := from
	for begins.Before(to) {
		ends, next := to, to
		for _, t := range l.Troubles {
			wrong, right := t.span()
			starts, over := l.began.Add(wrong-time.Minute), l.began.Add(right+ripple+time.Duration(t.Count)*10*time.Second)
			switch {
			case !starts.After(begins) && over.After(begins): // it is felt already
				ends, next = begins, earlierOf(over, to)
			case starts.After(begins) && starts.Before(ends):
				ends, next = starts, starts
			}
			if ends.Equal(begins) {
				break
			}
		}
		longest = max(longest, ends.Sub(begins))
		if l.Dialect == "outbound" {
			return longest
		}
		begins = next
	}
	return longest
}

func earlierOf(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
