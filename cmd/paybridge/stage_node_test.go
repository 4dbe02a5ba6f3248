package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A node is one life of the daemon: the program as wire makes it, from its start to its end. It can be cut off at any boundary between
// engine and store without grace, as by kill -9: whatever of it comes by that boundary afterwards stops where it stands.
type node struct {
	program *program
	doom    atomic.Pointer[doom]
	dead    atomic.Bool
	end     context.CancelFunc
	life    context.Context
	ended   chan struct{}
}

// A doom is the boundary at which a node dies; the zero value is none.
type doom struct {
	step purchase.Step
	at   moment
}

// A moment is a boundary of a call that cannot be taken back.
type moment string

// The moments, in their order.
const (
	beforeIntent  moment = "before the intent is kept"
	beforeCall    moment = "after the intent, before the call"
	beforeOutcome moment = "after the call, before the outcome is kept"
	afterOutcome  moment = "after the outcome is kept"
)

// startNode runs the program of the settings in dir on a network.
func startNode(dir string, on *network, clock bridge.Clock) (*node, error) {
	settings, err := loadConfig(filepath.Join(dir, "paybridge.yaml"))
	if err != nil {
		return nil, err
	}
	n := &node{ended: make(chan struct{})}
	n.doom.Store(&doom{})
	n.life, n.end = context.WithCancel(context.Background())
	n.program, err = wire(n.life, settings, wiring{clock: unhurried{clock, n}, log: zap.NewNop(), registry: prometheus.NewRegistry(),
		network: leash{n, on}, door: func(s bridge.Store) bridge.Store { return &door{Store: s, node: n} }})
	if err != nil {
		n.end()
		return nil, err
	}
	on.serve(settings.Server.Listen, n.program.public)
	go func() {
		defer close(n.ended)
		_ = n.program.bridge.Run(n.life)
	}()
	return n, nil
}

// die cuts the node off.
func (n *node) die() {
	n.dead.Store(true)
	n.end()
}

// stop ends the node with grace, as a redeploy does.
func (n *node) stop() {
	n.end()
	<-n.ended
	n.program.close()
}

// A door is what the engine keeps its facts through. It closes at the moment that the doom names.
type door struct {
	bridge.Store
	node *node
}

// pass stops whoever is of a dead node.
func (d *door) pass() {
	if d.node.dead.Load() {
		runtime.Goexit()
	}
}

// Keep implements bridge.Store.
func (d *door) Keep(ctx context.Context, k bridge.Keeping) (bridge.Kept, error) {
	d.pass()
	if d.doomed(k, beforeIntent, beforeOutcome) {
		d.node.die()
	}
	d.pass()
	kept, err := d.Store.Keep(ctx, k)
	if err == nil && d.doomed(k, beforeCall, afterOutcome) {
		d.node.die()
	}
	d.pass()
	return kept, err
}

// doomed tells whether these facts are the intent or the outcome at whose moment the node dies.
func (d *door) doomed(k bridge.Keeping, intent, outcome moment) bool {
	doom := d.node.doom.Load()
	for _, f := range k.Facts {
		switch {
		case f.Detail.Step == "" || f.Detail.Step != doom.step:
		case f.Kind == purchase.Intended && doom.at == intent, f.Kind == purchase.Concluded && doom.at == outcome:
			return true
		}
	}
	return false
}

// Claim implements bridge.Store.
func (d *door) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]bridge.Claim, error) {
	d.pass()
	return d.Store.Claim(ctx, owner, n, lease)
}

// Settle implements bridge.Store.
func (d *door) Settle(ctx context.Context, c bridge.Claim, s bridge.Settlement) error {
	d.pass()
	return d.Store.Settle(ctx, c, s)
}

// Find implements bridge.Store.
func (d *door) Find(ctx context.Context, key purchase.Key) (bridge.Row, []purchase.Fact, error) {
	d.pass()
	return d.Store.Find(ctx, key)
}

// leash ends the calls of a dead node.
type leash struct {
	node *node
	next http.RoundTripper
}

func (l leash) RoundTrip(req *http.Request) (*http.Response, error) {
	if l.node.dead.Load() {
		return nil, errors.New("the node is dead")
	}
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	defer context.AfterFunc(l.node.life, func() {
		if l.node.dead.Load() {
			cancel()
		}
	})()
	return l.next.RoundTrip(req.WithContext(ctx))
}

// unhurried lets a node sleep until something is due, instead of looking four times a second: what wakes it meanwhile, wakes it.
type unhurried struct {
	bridge.Clock
	node *node
}

const (
	glance  = 250 * time.Millisecond // how long the engine rests
	longest = 10 * time.Minute       // what is not a purchase's due waits so long at most
)

// Sleep implements bridge.Clock.
func (p unhurried) Sleep(ctx context.Context, d time.Duration) error {
	if d == glance && p.node.program != nil {
		d = min(max(glance, p.node.rests(ctx, p.Now())), longest)
	}
	return p.Clock.Sleep(ctx, d)
}

// rests is how long nothing is due.
func (n *node) rests(ctx context.Context, now time.Time) time.Duration {
	rows, _, err := n.program.store.List(ctx, bridge.Query{Limit: 100})
	if err != nil {
		return 0
	}
	free := longest
	for _, r := range rows {
		switch r.Stage {
		case bridge.Waiting:
			free = min(free, r.Due.Sub(now))
		case bridge.Ready, bridge.Claimed:
			return 0
		}
	}
	return free
}
