package main

import (
	"context"
	"time"

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
