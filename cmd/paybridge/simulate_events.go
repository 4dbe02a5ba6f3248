package main

import (
	"context"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// trouble lets a trouble begin and end. Those that lie on the ways are the climate's.
func (s *simulation) trouble(ctx context.Context, t trouble) {
	if t.Kind == storeRestored {
		s.putBack(ctx, t)
		return
	}
	if sleepUntil(ctx, s.began.Add(t.At)) != nil {
		return
	}
	s.journal.note(s.climate.now(), "trouble", t.String())
	at := s.berths[t.Node%len(s.berths)]
	switch t.Kind {
	case dynamicsCommits:
		_ = s.dynamics.AddFault(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindCommit500, Times: t.Count})
	case dynamicsRefuses:
		_ = s.dynamics.AddFault(dataversesim.Fault{Kind: dataversesim.KindUnauthorized, Times: t.Count})
	case nodeCrash:
		at.now().fuse.Store(int64(t.Count))
	case nodeFreeze:
		at.freeze(t.For)
	case nodeSkew:
		at.warp(t.By)
		if sleepUntil(ctx, s.began.Add(t.At+t.For)) == nil {
			at.warp(0)
		}
	case nodeRedeploy:
		at.now().redeploy()
	case certificateTurn:
		for _, shop := range s.shops {
			if turner, ok := shop.Simulator.(interface{ RotateCertificate() }); ok {
				turner.RotateCertificate()
			}
		}
	}
}

// putBack copies the database, and puts the copy in its place later.
func (s *simulation) putBack(ctx context.Context, t trouble) {
	if sleepUntil(ctx, s.began.Add(t.At-t.For)) != nil {
		return
	}
	kept, err := s.backUp()
	if sleepUntil(ctx, s.began.Add(t.At)) != nil {
		return
	}
	s.journal.note(s.climate.now(), "trouble", t.String())
	if err == nil {
		err = s.restore(kept)
	}
	s.unmended = err
}

// catchesUpEvery is how long providers put off what they do not do at once.
const catchesUpEvery = 6*time.Minute + 13*time.Second

// slowProviders do what they put off.
func (s *simulation) slowProviders(ctx context.Context) {
	for n := 1; sleepUntil(ctx, s.began.Add(time.Duration(n)*catchesUpEvery)) == nil; n++ {
		for _, shop := range s.shops {
			if slow, ok := shop.Simulator.(interface{ CatchUp() }); ok {
				slow.CatchUp()
			}
		}
	}
}

// looksEvery is how often somebody looks at the desk.
const looksEvery = 11*time.Minute + 7*time.Second

// operator is the person at the desk: what was paid too little on purpose is sent back, what nobody can say is asked about again.
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
			if f.Turn != turnDecided || !ok || row.Cause != purchase.CauseAmount || decided[f.Purchase] {
				continue
			}
			d := bridge.Decision{Key: purchase.Key{Environment: demoEnvironment, ID: f.Purchase}, Action: purchase.ActRefund, By: "Camille", Reason: "paid too little"}
			if s.decide(ctx, d) {
				decided[f.Purchase] = true
			}
		}
	}
}

// decide hands a decision to whichever node lives.
func (s *simulation) decide(ctx context.Context, d bridge.Decision) bool {
	for _, b := range s.berths {
		if n := b.now(); n != nil && n.life.Err() == nil {
			done := make(chan error, 1)
			go func() {
				defer close(done)
				done <- n.program.bridge.Decide(ctx, d)
			}()
			err, answered := <-done
			s.journal.note(s.climate.now(), "desk", string(d.Action)+" "+d.Key.ID)
			return answered && err == nil
		}
	}
	return false
}
