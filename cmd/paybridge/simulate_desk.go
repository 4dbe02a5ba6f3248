package main

import (
	"context"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// looksEvery is how often somebody looks at the desk.
const looksEvery = 11*time.Minute + 7*time.Second

// restsFor is how long before the end of everything nobody tries anything any more: what was tried has come to an end by then.
const restsFor = 90 * time.Minute

// operator is the person at the desk: what was paid too little on purpose is sent back, and of all else one or the other thing is tried where
// the plan says so.
func (s *simulation) operator(ctx context.Context) {
	done := map[string]bool{}
	for n := 1; sleepUntil(ctx, s.began.Add(time.Duration(n)*looksEvery)) == nil; n++ {
		listed, err := s.listed(ctx)
		if err != nil {
			continue
		}
		for i := range s.Scenes {
			s.writing.Lock()
			f := s.fates[i]
			s.writing.Unlock()
			if done[f.Purchase] {
				continue
			}
			d := s.judgement(f, listed, n)
			if d.Action == "" || !s.decide(ctx, d) {
				continue
			}
			done[f.Purchase] = d.Action.Moves()
			if paid := listed[f.Purchase].Paid; d.Action == purchase.ActAccept && paid != nil {
				s.accepted[f.Purchase] = paid.Minor
			}
		}
	}
}

// judgement is what the person does about a fate, without an action for nothing. Whether it is allowed just then, the daemon knows.
func (s *simulation) judgement(f fate, listed map[string]purchaseRow, look int) bridge.Decision {
	row, ok := listed[f.Purchase]
	d := bridge.Decision{Key: purchase.Key{Environment: demoEnvironment, ID: f.Purchase}, By: "Camille", Reason: "looked at it"}
	mood := (&dice{key: fmt.Sprint("desk ", f.Purchase, " ", look), of: s.Seed}).float64()
	works := s.Busy && s.climate.now() < s.end()-restsFor
	switch {
	case f.Turn == turnDecided && row.Cause == purchase.CauseAmount:
		d.Action = purchase.ActRefund
	case !works || !ok || !row.OnDesk:
	case mood < 0.2:
		d.Action = purchase.ActAsk
	case mood < 0.4:
		d.Action = purchase.ActRetry
	case mood < 0.5 && !row.Registered:
		d.Action = purchase.ActRefund
	case mood < 0.6:
		d.Action = purchase.ActAccept
	case mood < 0.7:
		d.Action, d.Seats = purchase.ActSeats, s.shown(f)
	}
	return d
}

// shown is what a person sees who looks at Dynamics.
func (s *simulation) shown(f fate) purchase.Seats {
	made, ok := s.dynamics.Purchase(f.Purchase)
	switch {
	case ok && len(made.Seats) == 0:
		return purchase.SeatsNone
	case ok && len(made.Seats) >= len(made.Attendees):
		return purchase.SeatsAll
	}
	return purchase.SeatsSome
}

// decide hands a decision to whichever node lives, and tells whether it may have been taken: a node that dies may have kept it before.
func (s *simulation) decide(ctx context.Context, d bridge.Decision) bool {
	for _, b := range s.berths {
		if n := b.now(); n != nil && n.life.Err() == nil {
			done := make(chan error, 1)
			go func() {
				defer close(done)
				done <- n.program.bridge.Decide(ctx, d)
			}()
			err, answered := <-done
			word := "decided"
			switch {
			case !answered:
				word = "no answer" // the node died
			case err != nil:
				word = err.Error()
			}
			s.journal.note(s.climate.now(), "desk", fmt.Sprintf("%s %s: %s", d.Action, d.Key.ID, word))
			return err == nil
		}
	}
	return false
}
