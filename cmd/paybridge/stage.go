package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A stage is the whole world in one process: the program as wire makes it, with its real adapters, its real client of Dynamics and its
// store in a file, on a network whose other hosts are the simulators. Time is the clock's it is given; with one that is virtual, an hour
// takes as long as what happens in it. What drives it, a script or chance, is somebody else's business.
type stage struct {
	*world
	options stageOptions
	dir     string
	net     *network
	post    *mailman
	clock   bridge.Clock
	berths  []*berth
	shared  *store.Store  // of several nodes; nil: the one node opens its own
	closed  chan struct{} // the play is over: nobody starts a node again
	served  int           // requests, which go round the nodes
	mu      sync.Mutex
	mending chan struct{} // the database is being put back, and no node starts before; nil: it is not
}

const (
	stageHost = "127.0.0.1:8080"
	restart   = 10 * time.Second // how soon a dead node is started again

	usualDelay = 2 * time.Second // how long a notification travels; the buyer's browser is faster
)

// stageOptions are what a stage begins with.
type stageOptions struct {
	outbound   bool
	providers  []string
	wishes     wishes
	window     time.Duration
	behaviours map[string]string
	seed       uint64
	nodes      int // how many share the store; 0 is one

	limits  dataversesim.Limits
	timing  timing
	token   time.Duration // how long a token of Dynamics lives; 0: as usual
	chaos   providersim.Chaos
	random  io.Reader     // ids of Dynamics; nil: the system's
	chance  bridge.Chance // of the daemon; nil: the system's
	weather weather       // what happens on the ways between the parts; nil: nothing, at once
	log     *zap.Logger   // of the daemon; nil: none
	keep    time.Duration // how long bodies of deliveries are kept; 0: as usual
}

// newStage builds the world in a folder and starts the daemon in it.
func newStage(dir string, o stageOptions, clock bridge.Clock) (*stage, error) {
	s := &stage{dir: dir, options: o, net: newNetwork(o.weather), clock: clock, closed: make(chan struct{})}
	s.post = &mailman{net: s.net, clock: clock, delay: usualDelay}
	s.world = &world{event: demoSale(), seed: o.seed, outbound: o.outbound, public: "http://" + stageHost, origin: "https://dynamics.test",
		seatFirst: o.wishes["capture"] == "after_registration",
		browser:   &http.Client{Transport: s.net, Timeout: 20 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	_, ca, err := dataversesim.SelfSigned("dynamics.test") // the settings want one; nothing is encrypted on this network
	if err != nil {
		return nil, err
	}
	files := simFiles{dir: dir, ca: ca, chance: o.chance, timing: o.timing}
	if err := errors.Join(s.openDynamics(files), s.openShops(files), files.settings(stageHost, "127.0.0.1:8081", filepath.Join(dir, databaseFile))); err != nil {
		return nil, err
	}
	return s, s.open()
}

func (s *stage) openDynamics(files simFiles) error {
	variant, dialect := dataversesim.VariantRealtime, "realtime"
	if s.outbound {
		variant, dialect = dataversesim.VariantOutbound, "outbound"
	}
	s.dynamics = dataversesim.New(dataversesim.Config{Now: s.clock.Now, Variant: variant, Window: s.options.window, Behaviours: s.options.behaviours,
		PaymentPage: s.public + "/pay/" + accountOf(s.options.providers[0]), Events: []dataversesim.Event{s.event}, Limits: s.options.limits, Random: s.options.random, TokenLifetime: s.options.token})
	s.net.serve("dynamics.test", s.dynamics.Handler())
	return files.dataverse(s.dynamics, s.origin, dialect, s.options.window)
}

func (s *stage) openShops(files simFiles) error {
	chaos := s.options.chaos
	chaos.Off = chaos == providersim.Chaos{}
	for i, name := range s.options.providers {
		sim, err := providersim.New(name, providersim.Config{Now: s.clock.Now, Seed: s.options.seed + uint64(i), Chaos: chaos, Deliver: s.post})
		if err != nil {
			return err
		}
		s.shops = append(s.shops, &shop{Simulator: sim, Name: name, paid: map[string]string{}})
		s.net.serve(name+".test", sim.Handler())
		sim.SetBaseURL("https://" + name + ".test")
		if err := files.account(name, sim, s.public, s.options.wishes); err != nil {
			return err
		}
	}
	return nil
}

// open opens the store that several nodes share, and starts them.
func (s *stage) open() error {
	n := max(s.options.nodes, 1)
	if err := s.share(n); err != nil {
		return err
	}
	for i := range n {
		p := &berth{stage: s, number: i}
		s.berths = append(s.berths, p)
		if err := p.start(); err != nil {
			return err
		}
	}
	return nil
}

// share opens the store for several nodes; one opens its own.
func (s *stage) share(nodes int) error {
	if nodes == 1 {
		return nil
	}
	settings, err := loadConfig(filepath.Join(s.dir, "paybridge.yaml"))
	if err != nil {
		return err
	}
	shared, err := store.Open(context.Background(), settings.Store, store.Options{Clock: s.clock, Policy: policies(settings), Rules: purchase.Rules})
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shared = shared
	return nil
}

// common is the store that several nodes share, or nil.
func (s *stage) common() *store.Store {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shared
}

// daemon is the node that lives now at the first berth.
func (s *stage) daemon() *node { return s.berths[0].now() }

// doomed sets the boundary at which the first node dies next.
func (s *stage) doomed(d doom) { s.daemon().doom.Store(&d) }

// store is what the nodes keep, seen past everything that stands in their way.
func (s *stage) store() *store.Store {
	if shared := s.common(); shared != nil {
		return shared
	}
	return s.daemon().program.store
}

// close ends the play.
func (s *stage) close() {
	close(s.closed)
	for _, p := range s.berths {
		p.leave()
	}
	s.stop()
	if s.shared != nil {
		_ = s.shared.Close()
	}
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
	ctx := calledBy(context.WithoutCancel(req.Context()), "post")
	if delay > 0 {
		_ = p.clock.Sleep(ctx, delay)
	}
	return p.net.RoundTrip(req.WithContext(ctx))
}
