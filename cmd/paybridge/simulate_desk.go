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
	decided := map[string]bool{}
	for n := 1; sleepUntil(ctx, s.began.Add(time.Duration(n)*looksEvery)) == nil; n++ {
		listed, err := s.listed(ctx)
		if err != nil {
			continue
		}
		for i := range s.Scenes {
			s.writing.Lock()
			f := s.fates[i]
			s.writing.Unlock()
			row, ok := listed[f.Purchase]
			if !ok || decided[f.Purchase] {
				continue
			}
			action, reason := s.judgement(f, row, n)
			if action != "" && s.decide(ctx, row, action, reason) {
				decided[f.Purchase] = action == purchase.ActRefund
			}
		}
	}
}

// judgement is what the person does about a purchase, "" for nothing. Whether it is allowed just then, the daemon knows.
func (s *simulation) judgement(f fate, row purchaseRow, look int) (action purchase.Action, reason string) {
	if f.Turn == turnDecided && row.Cause == purchase.CauseAmount {
		return purchase.ActRefund, "paid too little"
	}
	if !s.Busy || !row.OnDesk || s.climate.now() > s.end()-restsFor {
		return "", ""
	}
	mood := (&dice{key: fmt.Sprint("desk ", f.Purchase, " ", look), of: s.Seed}).float64()
	switch {
	case mood < 0.2:
		return purchase.ActAsk, ""
	case mood < 0.4:
		return purchase.ActRetry, ""
	case mood < 0.5 && !row.Registered:
		return purchase.ActRefund, "no seat any more"
	}
	return "", ""
}

// decide hands a decision to whichever node lives.
func (s *simulation) decide(ctx context.Context, row purchaseRow, action purchase.Action, reason string) bool {
	d := bridge.Decision{Key: purchase.Key{Environment: row.Environment, ID: row.Purchase}, Action: action, By: "Camille", Reason: reason}
	for _, b := range s.berths {
		if n := b.now(); n != nil && n.life.Err() == nil {
			done := make(chan error, 1)
			go func() {
				defer close(done)
				done <- n.program.bridge.Decide(ctx, d)
			}()
			err, answered := <-done
			s.journal.note(s.climate.now(), "desk", fmt.Sprintf("%s %s: %v", d.Action, d.Key.ID, answered && err == nil))
			return answered && err == nil
		}
	}
	return false
}
