package main

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge"
)

// A berth is where a node runs, with its own clock and a service manager that starts the next one soon after one died.
type berth struct {
	*stage
	number int

	mu     sync.Mutex
	node   *node
	lives  int
	broken error         // the daemon did not start again
	skew   time.Duration // how much its clock is fast
	frozen time.Time     // until when nothing of it moves, as a machine that is suspended
	keeper sync.WaitGroup
}

// start starts a node and sees to it that another comes when it died.
func (p *berth) start() error {
	n, err := startNode(p)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.node = n
	p.lives++
	p.mu.Unlock()
	p.serve()
	p.keeper.Go(func() { p.keep(n) })
	return nil
}

// keep is the service manager.
func (p *berth) keep(n *node) {
	<-n.life.Done()
	p.serve()
	<-n.ended
	n.program.close()
	close(n.closed)
	if n.ends() {
		return
	}
	_ = p.clock.Sleep(context.Background(), restart+time.Duration(p.number)*37*time.Millisecond) // no two start at one instant
	p.mended()
	select {
	case <-p.closed:
		return
	default:
	}
	if err := p.start(); err != nil {
		p.mu.Lock()
		p.broken = err
		p.mu.Unlock()
	}
}

// now is the node that lives.
func (p *berth) now() *node {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.node
}

// leave ends the berth.
func (p *berth) leave() {
	if n := p.now(); n != nil {
		n.stop()
	}
	p.keeper.Wait()
}

// warp sets the berth's clock.
func (p *berth) warp(skew time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.skew = skew
}

// freeze lets nothing of the berth move for a while.
func (p *berth) freeze(d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frozen = p.clock.Now().Add(d)
}

// thaw waits until the berth moves. Who came at different instants goes on at different instants.
func (p *berth) thaw() {
	for {
		p.mu.Lock()
		left := p.frozen.Sub(p.clock.Now())
		p.mu.Unlock()
		if left <= 0 {
			return
		}
		_ = p.clock.Sleep(context.Background(), left+p.apart("thaw", 50*time.Millisecond))
	}
}

// A localClock is the clock on the wall of a berth. Sleeping takes as long as it takes.
type localClock struct {
	bridge.Clock
	berth *berth
}

// Now implements bridge.Clock.
func (c localClock) Now() time.Time {
	c.berth.mu.Lock()
	defer c.berth.mu.Unlock()
	return c.Clock.Now().Add(c.berth.skew)
}

// Sleep implements bridge.Clock. Of two that sleep until the same instant nobody knows which wakes first, so in a simulation none do.
func (c localClock) Sleep(ctx context.Context, d time.Duration) error {
	return c.Clock.Sleep(ctx, d+c.berth.apart(d.String()+" "+sakeOf(ctx), 10*time.Microsecond))
}

// serve puts the public face where buyers and providers find it, as long as a node lives. Requests go round the nodes.
func (s *stage) serve() {
	for _, p := range s.berths {
		if n := p.now(); n != nil && n.life.Err() == nil {
			s.net.serve(stageHost, http.HandlerFunc(s.front))
			return
		}
	}
	s.net.serve(stageHost, nil)
}

func (s *stage) front(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.served++
	at := s.served
	s.mu.Unlock()
	for i := range s.berths {
		p := s.berths[(at+i)%len(s.berths)]
		if n := p.now(); n != nil && n.life.Err() == nil {
			p.thaw()
			n.serve(w, r)
			return
		}
	}
	panic(http.ErrAbortHandler)
}
