package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse"
)

// A node is one life of the daemon: the program as wire makes it, from its start to its end. It can be cut off at any boundary between
// engine, store and network without grace, as by kill -9: whatever of it comes by a boundary afterwards stops where it stands.
type node struct {
	berth   *berth
	program *program
	doom    atomic.Pointer[doom]
	fuse    atomic.Int64 // boundaries until it dies; 0: none
	dead    atomic.Bool
	dies    sync.Once
	killed  chan struct{} // it is dead
	final   atomic.Bool   // it was asked to end, and nobody starts another
	end     context.CancelFunc
	life    context.Context
	ended   chan struct{}
	closed  chan struct{} // nothing of it is open any more
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

// startNode runs the program of the stage's settings at a berth.
func startNode(p *berth) (*node, error) {
	settings, err := loadConfig(filepath.Join(p.dir, "paybridge.yaml"))
	if err != nil {
		return nil, err
	}
	n := &node{berth: p, killed: make(chan struct{}), ended: make(chan struct{}), closed: make(chan struct{})}
	n.doom.Store(&doom{})
	n.life, n.end = context.WithCancel(context.Background())
	log := p.options.log
	if log == nil {
		log = zap.NewNop()
	}
	n.program, err = wire(n.life, settings, wiring{clock: unhurried{localClock{p.clock, p}, n}, log: log, registry: prometheus.NewRegistry(), chance: p.options.chance,
		store: p.common(), network: leash{n, p.net}, registrar: func(c *dataverse.Client) bridge.Registrar { return registrar{c} },
		approach: func(governor http.RoundTripper) http.RoundTripper { return approach{p, governor} }, owner: fmt.Sprintf("node-%d-%d", p.number, p.lives+1), keep: p.options.keep,
		door: func(s bridge.Store) bridge.Store { return &door{Store: s, node: n, weather: p.options.weather} }})
	if err != nil {
		n.end()
		return nil, err
	}
	var runs sync.WaitGroup
	runs.Go(func() { _ = n.program.bridge.Run(n.life) })
	runs.Go(func() { _ = n.program.prune(n.life) })
	go func() {
		defer close(n.ended)
		runs.Wait()
	}()
	return n, nil
}

// die cuts the node off.
func (n *node) die() {
	n.dies.Do(func() {
		n.dead.Store(true)
		close(n.killed)
		n.end()
	})
}

// serve answers a request. When the node dies meanwhile, the connection is gone.
func (n *node) serve(w http.ResponseWriter, r *http.Request) {
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		n.program.public.ServeHTTP(w, r)
	}()
	select {
	case <-answered:
	case <-n.killed:
	}
	if n.dead.Load() {
		panic(http.ErrAbortHandler)
	}
}

// stop ends the node with grace and for good.
func (n *node) stop() {
	n.final.Store(true)
	n.end()
}

// redeploy ends the node with grace; the next one comes soon.
func (n *node) redeploy() { n.end() }

func (n *node) ends() bool { return n.final.Load() }

// burn brings the node a boundary nearer to its end.
func (n *node) burn() {
	if n.fuse.Load() > 0 && n.fuse.Add(-1) == 0 {
		n.die()
	}
}

// leash ends the calls of a dead node.
type leash struct {
	node *node
	next http.RoundTripper
}

func (l leash) RoundTrip(req *http.Request) (*http.Response, error) {
	l.node.berth.thaw()
	l.node.burn()
	if l.node.dead.Load() {
		return nil, errors.New("the node is dead")
	}
	ctx, cancel := context.WithCancel(calledBy(req.Context(), l.node.berth.name()))
	defer cancel()
	defer context.AfterFunc(l.node.life, func() {
		if l.node.dead.Load() {
			cancel()
		}
	})()
	resp, err := l.next.RoundTrip(req.WithContext(ctx))
	l.node.berth.thaw()
	l.node.burn()
	return resp, err
}

func (p *berth) name() string { return fmt.Sprintf("node %d", p.number) }

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
		d = min(max(glance, p.node.rests(ctx)), longest)
	}
	err := p.Clock.Sleep(ctx, d)
	if p.node.dead.Load() {
		runtime.Goexit()
	}
	p.node.berth.thaw()
	return err
}

// rests is how long nothing is due.
func (n *node) rests(ctx context.Context) time.Duration {
	due, err := n.program.store.NextDue(ctx)
	if err != nil {
		return 0
	}
	if due.IsZero() {
		return longest
	}
	now, err := n.program.store.Now(ctx)
	if err != nil {
		return 0
	}
	return due.Sub(now)
}
