package dataversesim

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Sim is one simulated tenant with one organisation. Its methods may be called from any goroutine.
type Sim struct {
	cfg    Config
	events []*event
	self   identity

	mu          sync.Mutex
	offset      time.Duration
	variant     string
	behaviours  map[string]string
	paymentPage string
	chance      *rand.Rand
	tokens      map[string]time.Time
	purchases   map[string]*purchase
	order       []*purchase // as created
	open        []*purchase // as created, those that may still expire
	late        []effect
	faults      []*Fault
	memory      []*Request
	counters    Counters
	meter       meter
	guarded     int // calls that needed a privilege
}

// identity is who the application user is.
type identity struct{ businessUnit, user string }

// event is an Event with what the organisation adds to it.
type event struct {
	Event
	id, currencyID string
	passes         map[string]*pass
}

type pass struct {
	Pass
	price *big.Rat
	taken int
}

// New makes a simulator. It panics on a configuration that Validate refuses.
func New(cfg Config) *Sim {
	if err := cfg.Validate(); err != nil {
		panic(fmt.Sprintf("dataversesim: %v", err))
	}
	cfg = cfg.withDefaults()
	s := &Sim{
		cfg:         cfg,
		variant:     cfg.Variant,
		behaviours:  initialBehaviours(cfg),
		paymentPage: cfg.PaymentPage,
		chance:      rand.New(rand.NewPCG(cfg.Seed, 1)),
		tokens:      map[string]time.Time{},
		purchases:   map[string]*purchase{},
		counters:    newCounters(),
		meter:       meter{limits: cfg.Limits},
	}
	s.self = identity{businessUnit: s.guid(), user: s.guid()}
	s.events = s.admitEvents(cfg.Events)
	return s
}

func (s *Sim) admitEvents(given []Event) []*event {
	currencies := map[Currency]string{}
	var events []*event
	for _, g := range given {
		if currencies[g.Currency] == "" {
			currencies[g.Currency] = s.guid()
		}
		e := &event{Event: g, id: s.guid(), currencyID: currencies[g.Currency], passes: map[string]*pass{}}
		for _, p := range g.Passes {
			price, _ := decimal(p.Price)
			e.passes[p.ID] = &pass{Pass: p, price: price}
		}
		events = append(events, e)
	}
	return events
}

func (s *Sim) event(readableID string) *event {
	i := slices.IndexFunc(s.events, func(e *event) bool { return e.ReadableID == readableID })
	if i < 0 {
		return nil
	}
	return s.events[i]
}

// Config is the configuration in effect, defaults filled in: what a client needs to find its way.
func (s *Sim) Config() Config { return s.cfg }

// SetPaymentPage changes where the register answers after this call send the buyer.
func (s *Sim) SetPaymentPage(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paymentPage = url
}

// Handler serves Entra, the Web API and the event API, to be served over HTTPS. Where a fault drops the connection it
// panics with http.ErrAbortHandler, which net/http turns into one; a transport without a server has to do the same.
func (s *Sim) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", s.discovery)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", s.tokenEndpoint)
	mux.HandleFunc("/api/data/{version}/{rest...}", s.webAPI)
	for base, api := range map[string]eventAPI{"/EvtMgmt/api/v2.0": outboundAPI, "/api/v1.0/orgs/{org}/eventmanagement": realtimeAPI} {
		mux.HandleFunc("POST "+base+"/events/{event}/registrations", func(w http.ResponseWriter, r *http.Request) { s.registerEndpoint(w, r, api) })
		mux.HandleFunc("OPTIONS "+base+"/events/{event}/registrations", s.preflight)
	}
	mux.HandleFunc("GET /EvtMgmt/checkout/{purchase}", s.checkout)
	return mux
}

// guid draws a random version 4 id. Held: s.mu, but for New.
func (s *Sim) guid() string { return asGUID(s.draw(16)) }

// idOf is the id of something that has a name and never changes: a privilege, a solution.
func idOf(name string) string {
	digest := sha256.Sum256([]byte(name))
	return asGUID(digest[:16])
}

func asGUID(b []byte) string {
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (s *Sim) draw(n int) []byte {
	b := make([]byte, n)
	if _, err := io.ReadFull(s.cfg.Random, b); err != nil {
		panic(fmt.Sprintf("dataversesim: draw %d random bytes: %v", n, err))
	}
	return b
}
