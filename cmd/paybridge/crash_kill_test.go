//go:build linux

package main

import (
	"context"
	"slices"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// dieAgain kills the next daemon too, while it makes good what the first one left.
func (s *crashSale) dieAgain(ctx context.Context, b boundary, r *crashReport) {
	s.t.Helper()
	s.beginMortal(ctx, b)
	s.daemon.mu.Lock()
	done := s.daemon.done
	s.daemon.mu.Unlock()
	select {
	case <-done:
		r.torn += s.tear(b, false)
		r.again = true
	case <-time.After(crashWindow / 6):
		s.t.Log("the second instant was not reached in this sale")
		s.daemon.kill()
	}
}

// killInFlight kills the daemon while a call waits for its answer.
func (s *crashSale) killInFlight(ctx context.Context, call string, dynamics dataversesim.Kind, provider providersim.FaultKind) {
	const (
		slow   = 500 * time.Millisecond
		slower = 2500 * time.Millisecond // later than a call may leave, and within the quiet after that
	)
	if call == "finalize" {
		if err := s.world.dynamics.AddFault(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dynamics, Delay: slower}); err != nil {
			s.t.Error(err)
		}
	}
	for _, shop := range s.world.shops {
		shop.AddFault(providersim.Fault{Operation: call, Kind: provider, Delay: slow})
	}
	for ; ctx.Err() == nil && !s.killed(); time.Sleep(2 * time.Millisecond) {
		if s.waits(call) {
			s.daemon.kill()
			return
		}
	}
}

// waits tells whether a call has come to its simulator and has no answer yet.
func (s *crashSale) waits(call string) bool {
	if call == "finalize" {
		return slices.ContainsFunc(s.world.dynamics.Requests(), func(r dataversesim.Request) bool {
			return r.Operation == dataversesim.OpFinalizeRealtime && r.Status == 0
		})
	}
	return slices.ContainsFunc(s.world.shops, func(shop *shop) bool {
		return slices.ContainsFunc(shop.Requests(), func(r providersim.Request) bool { return r.Operation == call && r.Status == 0 })
	})
}
