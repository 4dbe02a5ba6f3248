package main

import (
	"context"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// An outcome is what became of a simulation.
type outcome struct {
	Verdict  verdict       `json:"verdict"`
	Broken   []string      `json:"broken,omitempty"` // laws
	Unheard  int           `json:"unheard"`          // fates that no provider managed to tell us, and that could not be asked about
	Late     int           `json:"late"`             // paid in time, and no seat in time
	Requests int           `json:"requests"`         // to Dynamics' Web API
	Tightest time.Duration `json:"tightest"`         // the least that was left before the deadline when a seat was there; -1 without seats
	Troubles int           `json:"troubles"`
	Digest   string        `json:"digest"` // of everything that happened
	Seats    []seatPoint   `json:"seats"`
}

// A seatPoint is a seat in the plot: when it was there since the sale began, and how much of its window was used.
type seatPoint struct {
	At   time.Duration `json:"at"`
	Used time.Duration `json:"used"`
}

// outcome sums up what both sides hold.
func (s *simulation) outcome() *outcome {
	if s.unmended != nil {
		s.laws.breach("unmended: %v", s.unmended)
	}
	listed, err := s.listed(context.Background())
	if err != nil {
		s.laws.breach("unreadable: the store cannot be read: %v", err)
	}
	s.world.judge(s.fates, listed, s.Window, func(i int) []end { return s.Scenes[i].Allowed })
	s.laws.finally()
	o := &outcome{Broken: s.laws.said, Unheard: s.laws.deaf, Troubles: len(s.Troubles), Requests: s.requests(), Tightest: -1}
	o.Verdict = verdict{SchemaVersion: schemaVersion, Dialect: s.Dialect, Capture: s.Capture, Seed: s.Seed, WindowSeconds: s.Window.Seconds(), Mishaps: "all"}
	o.Verdict.Forged, o.Verdict.ForgedAccepted = s.forgeries()
	o.Verdict.count(s.fates)
	s.seats(o)
	o.Digest = s.journal.sum()
	return o
}

// requests counts what was asked of Dynamics, without sign-in and the event page.
func (s *simulation) requests() (n int) {
	for operation, times := range s.dynamics.Counted() {
		switch operation {
		case dataversesim.OpToken, dataversesim.OpRegister, dataversesim.OpDiscovery:
		default:
			n += times
		}
	}
	return n
}

// seats finds when the seats were there, and who paid in time and has none in time.
func (s *simulation) seats(o *outcome) {
	for _, f := range s.fates {
		p, ok := s.dynamics.Purchase(f.Purchase)
		if !ok {
			continue
		}
		deadline := p.Created.Add(s.Window)
		seated := len(p.Seats) >= len(p.Attendees) && len(p.Seats) > 0
		if seated {
			o.Seats = append(o.Seats, seatPoint{At: p.FinalizedAt.Sub(s.began), Used: p.FinalizedAt.Sub(p.Created)})
			if left := deadline.Sub(p.FinalizedAt); o.Tightest < 0 || left < o.Tightest {
				o.Tightest = max(left, 0)
			}
		}
		pays := p.Created.Add(s.paysAfter(f.Scene))
		if f.Captured+f.Refunded > 0 && pays.Before(deadline) && (!seated || p.FinalizedAt.After(deadline)) && f.Captured >= f.Price {
			o.Late++
		}
	}
}

// paysAfter is when a buyer pays, after registering.
func (s *simulation) paysAfter(number int) time.Duration {
	for _, sc := range s.Scenes {
		if sc.Number == number {
			return sc.Pays
		}
	}
	return 0
}
