package mollie

import (
	"context"
	"errors"
	"sync"
	"time"
)

// A gate bounds what strangers can make us ask of Mollie: so many payments are read back at once and so many in a minute, and an id that
// Mollie did not know is not asked for again at once.
type gate struct {
	now    func() time.Time
	places chan struct{}
	most   int // in a minute

	mu      sync.Mutex
	minute  time.Time // when the present one began
	used    int       // in it
	unknown map[string]time.Time
}

const (
	atOnce         = 8
	usualReadBacks = 300
	unknownFor     = 30 * time.Second
	mostUnknown    = 4096
)

var errBusy = errors.New("too many payments are being read back")

func newGate(now func() time.Time, perMinute int) *gate {
	if perMinute == 0 {
		perMinute = usualReadBacks
	}
	return &gate{now: now, places: make(chan struct{}, atOnce), most: perMinute, unknown: map[string]time.Time{}}
}

// enter waits for a place; who was let in leaves again. An error means not now.
func (g *gate) enter(ctx context.Context) error {
	if !g.spend() {
		return errBusy
	}
	select {
	case g.places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return errors.Join(errBusy, ctx.Err())
	}
}

func (g *gate) leave() { <-g.places }

// spend takes one of the minute's questions.
func (g *gate) spend() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if now := g.now(); now.Sub(g.minute) >= time.Minute || now.Before(g.minute) {
		g.minute, g.used = now, 0
	}
	if g.used >= g.most {
		return false
	}
	g.used++
	return true
}

// stranger tells whether Mollie did not know the id a moment ago.
func (g *gate) stranger(id string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	until, ok := g.unknown[id]
	return ok && g.now().Before(until)
}

// turnAway remembers for a moment that Mollie does not know the id. Who fills the memory only empties it.
func (g *gate) turnAway(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.unknown) >= mostUnknown {
		clear(g.unknown)
	}
	g.unknown[id] = g.now().Add(unknownFor)
}
