package main

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A stage is the whole world in one process: the program as wire makes it, with its real adapters, its real client of Dynamics and its
// store in a file, on a network whose other hosts are the simulators. Time is the clock's it is given; with one that is virtual, an hour
// takes as long as what happens in it. What drives it, a script or chance, is somebody else's business.
type stage struct {
	*world
	dir   string
	net   *network
	post  *mailman
	clock bridge.Clock

	mu     sync.Mutex
	node   *node
	lives  int
	broken error         // the daemon did not start again
	closed chan struct{} // the play is over: nobody starts it again
	keeper sync.WaitGroup
}

const (
	stageHost = "127.0.0.1:8080"
	restart   = 10 * time.Second // how soon a dead node is started again
)

// stageOptions are what a stage begins with.
type stageOptions struct {
	outbound   bool
	providers  []string
	wishes     wishes
	window     time.Duration
	behaviours map[string]string
	seed       uint64
}

// newStage builds the world in a folder and starts the daemon in it.
func newStage(dir string, o stageOptions, clock bridge.Clock) (*stage, error) {
	s := &stage{dir: dir, net: newNetwork(), clock: clock, closed: make(chan struct{})}
	s.post = &mailman{net: s.net, clock: clock, delay: usualDelay}
	s.world = &world{event: demoSale(), seed: o.seed, outbound: o.outbound, public: "http://" + stageHost, origin: "https://dynamics.test",
		browser: &http.Client{Transport: s.net, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	_, ca, err := dataversesim.SelfSigned("dynamics.test") // the settings want one; nothing is encrypted on this network
	if err != nil {
		return nil, err
	}
	files := simFiles{dir: dir, ca: ca}
	if err := errors.Join(s.openDynamics(files, o), s.openShops(files, o),
		files.settings(stageHost, "127.0.0.1:8081", filepath.Join(dir, "paybridge.db"))); err != nil {
		return nil, err
	}
	return s, s.start()
}

func (s *stage) openDynamics(files simFiles, o stageOptions) error {
	variant, dialect := dataversesim.VariantRealtime, "realtime"
	if o.outbound {
		variant, dialect = dataversesim.VariantOutbound, "outbound"
	}
	s.dynamics = dataversesim.New(dataversesim.Config{Now: s.clock.Now, Variant: variant, Window: o.window, Behaviours: o.behaviours,
		PaymentPage: s.public + "/pay/" + accountOf(o.providers[0]), Events: []dataversesim.Event{s.event}})
	s.net.serve("dynamics.test", s.dynamics.Handler())
	return files.dataverse(s.dynamics, s.origin, dialect, o.window)
}

func (s *stage) openShops(files simFiles, o stageOptions) error {
	for _, name := range o.providers {
		sim, err := providersim.New(name, providersim.Config{Now: s.clock.Now, Seed: o.seed, Chaos: providersim.Chaos{Off: true}, Deliver: s.post})
		if err != nil {
			return err
		}
		s.shops = append(s.shops, &shop{Simulator: sim, Name: name, paid: map[string]string{}})
		s.net.serve(name+".test", sim.Handler())
		sim.SetBaseURL("https://" + name + ".test")
		if err := files.account(name, sim, s.public, o.wishes); err != nil {
			return err
		}
	}
	return nil
}

// start starts the daemon and sees to it that it comes back, soon after it died.
func (s *stage) start() error {
	n, err := startNode(s.dir, s.net, s.clock)
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.node = n
	s.lives++
	s.mu.Unlock()
	s.keeper.Go(func() { s.keep(n) })
	return nil
}

// keep is the service manager.
func (s *stage) keep(n *node) {
	<-n.life.Done()
	if !n.dead.Load() {
		return
	}
	s.net.serve(stageHost, nil)
	<-n.ended
	n.program.close()
	_ = s.clock.Sleep(context.Background(), restart)
	select {
	case <-s.closed:
	default:
		if err := s.start(); err != nil {
			s.mu.Lock()
			s.broken = err
			s.mu.Unlock()
		}
	}
}

// daemon is the node that lives now.
func (s *stage) daemon() *node {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.node
}

// doomed sets the boundary at which the daemon dies next.
func (s *stage) doomed(d doom) { s.daemon().doom.Store(&d) }

// close ends the play.
func (s *stage) close() {
	close(s.closed)
	if n := s.daemon(); n != nil && !n.dead.Load() {
		n.stop()
	}
	s.keeper.Wait()
	s.stop()
}

// A mailman carries the notifications; it can lose them, or keep them for a while.
type mailman struct {
	net   *network
	clock bridge.Clock

	mu    sync.Mutex
	lost  bool
	delay time.Duration
}

func (p *mailman) set(lost bool, delay time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lost, p.delay = lost, delay
}

func (p *mailman) RoundTrip(req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	lost, delay := p.lost, p.delay
	p.mu.Unlock()
	if lost {
		return nil, errors.New("lost on the way")
	}
	ctx := context.WithoutCancel(req.Context())
	if delay > 0 {
		_ = p.clock.Sleep(ctx, delay)
	}
	return p.net.RoundTrip(req.WithContext(ctx))
}
