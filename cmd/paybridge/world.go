package main

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A world is the simulated outside of one demo: Dynamics and payment providers over HTTPS on loopback, and a browser that trusts them.
type world struct {
	dynamics   *dataversesim.Sim
	shops      []*shop
	event      dataversesim.Event
	browser    *http.Client
	origin     string // of Dynamics
	public     string // address of the daemon's public face
	operations string // host and port of its operations face
	seed       uint64
	outbound   bool
	seatFirst  bool
	server     *http.Server // of Dynamics

	mu     sync.Mutex
	forged int
	taken  []deceit
}

// A deceit is a forged notification that was acknowledged.
type deceit struct {
	scene              int
	provider, purchase string
	at                 time.Time
}

// A shop is one account at a simulated provider.
type shop struct {
	providersim.Simulator
	Name   string // of the simulator
	server *http.Server

	mu   sync.Mutex
	paid map[string]string // payment to purchase, as the buyers know it
}

// account is what settings call it.
func (s *shop) account() string { return accountOf(s.Name) }

// pays remembers what a payment is for.
func (s *shop) pays(payment, purchase string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paid[payment] = purchase
}

// paysFor are the payments of a fate, at this shop.
func (s *shop) paysFor(f fate) []string {
	ids := []string{f.payment}
	for _, id := range s.paysOf(f.Purchase) {
		if id != f.payment {
			ids = append(ids, id)
		}
	}
	return ids
}

// paysOf are the payments for a purchase.
func (s *shop) paysOf(purchase string) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, of := range s.paid {
		if of == purchase {
			ids = append(ids, id)
		}
	}
	return ids
}

const (
	demoEnvironment = "main"
	demoPasses      = 3
	demoEvent       = "Demo_Conference1479011250"
)

func demoSale() dataversesim.Event {
	return dataversesim.Event{ReadableID: demoEvent, Name: "Demo conference",
		Currency: dataversesim.Currency{Code: "EUR", Symbol: "€", Name: "Euro", Precision: 2},
		Passes: []dataversesim.Pass{
			{ID: "4f3dbf5c-6b7e-4c9f-8a0b-1c2d3e4f5a6b", Name: "Day", Price: "45.00"},
			{ID: "5a4ec06d-7c8f-4da0-9b1c-2d3e4f5a6b7c", Name: "Two days", Price: "80.00"},
			{ID: "6b5fd17e-8d90-4eb1-8c2d-3e4f5a6b7c8d", Name: "Gala", Price: "120.50"},
		}}
}

// startWorld starts the simulators and writes the daemon's settings into dir.
func startWorld(dir string, o demoOptions) (*world, error) {
	w := &world{event: demoSale(), seed: o.seed, outbound: o.dialect == "outbound", seatFirst: o.capture == "after_registration"}
	addresses, err := freeAddresses(2)
	if err != nil {
		return nil, err
	}
	w.public, w.operations = "http://"+addresses[0], addresses[1]
	cert, ca, err := dataversesim.SelfSigned("127.0.0.1", "localhost")
	if err != nil {
		return nil, err
	}
	w.browser = demoBrowser(ca)
	files := simFiles{dir: dir, ca: ca}
	if err := errors.Join(w.openDynamics(files, cert, o), w.openShops(files, cert, o),
		files.settings(addresses[0], w.operations, cmp.Or(o.db, filepath.Join(dir, "paybridge.db")))); err != nil {
		w.stop()
		return nil, err
	}
	return w, nil
}

func (w *world) openDynamics(files simFiles, cert tls.Certificate, o demoOptions) (err error) {
	variant := dataversesim.VariantRealtime
	if w.outbound {
		variant = dataversesim.VariantOutbound
	}
	w.dynamics = dataversesim.New(dataversesim.Config{Variant: variant, Window: o.window, Seed: 0,
		PaymentPage: w.public + "/pay/" + accountOf(o.providers[0]), Events: []dataversesim.Event{w.event}})
	if w.server, w.origin, err = serveTLS("127.0.0.1:0", cert, w.dynamics.Handler()); err != nil {
		return err
	}
	return files.dataverse(w.dynamics, w.origin, o.dialect, o.window)
}

func (w *world) openShops(files simFiles, cert tls.Certificate, o demoOptions) error {
	for i, name := range o.providers {
		sim, err := providersim.New(name, providersim.Config{Seed: o.seed + uint64(i), Retry: quickRetries})
		if err != nil {
			return err
		}
		s := &shop{Simulator: sim, Name: name, paid: map[string]string{}}
		w.shops = append(w.shops, s)
		server, origin, err := serveTLS("127.0.0.1:0", cert, sim.Handler())
		if err != nil {
			return err
		}
		s.server = server
		sim.SetBaseURL(origin)
		if err := files.account(name, sim, w.public, o.wishes()); err != nil {
			return err
		}
	}
	return nil
}

// wishes are what the accounts do with money.
func (o demoOptions) wishes() wishes {
	w := wishes{"capture": o.capture}
	if o.sendsBack {
		w["late"], w["surplus"] = "refund", "refund"
	}
	return w
}

// quickRetries fit the demo's short window as PayPal's three days fit a real one badly.
func quickRetries(try int) (time.Duration, bool) {
	return min(time.Duration(try)*time.Second, 10*time.Second), try < 25
}

// shop is the account at a provider's simulator.
func (w *world) shop(name string) *shop {
	for _, s := range w.shops {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// booths are the providers as the script knows them. Where money is reserved first, what is reserved too late is given back, so nobody
// pays late; and where nobody says whether it was taken, a lost message leaves that open.
func (w *world) booths() []booth {
	all := make([]booth, 0, len(w.shops))
	for _, s := range w.shops {
		m := s.Manners()
		if w.seatFirst && m.Reserves {
			m.Ends, m.AsksPage = true, m.AsksPage && m.AsksTaken
		}
		all = append(all, booth{s.Name, m})
	}
	return all
}

// serveTLS serves a simulator over HTTPS and returns its origin.
func serveTLS(address string, cert tls.Certificate, handler http.Handler) (*http.Server, string, error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, "", fmt.Errorf("listen for a simulator: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second, TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}},
		ErrorLog: quietLog()}
	go func() { _ = server.ServeTLS(listener, "", "") }()
	return server, "https://" + listener.Addr().String(), nil
}

// stop ends the simulators.
func (w *world) stop() {
	for _, s := range w.shops {
		s.Close()
		if s.server != nil {
			_ = s.server.Close()
		}
	}
	if w.server != nil {
		_ = w.server.Close()
	}
}

func demoBrowser(ca []byte) *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &http.Client{Timeout: 20 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// freeAddresses finds ports that nobody listens on. The daemon must come back to the same ones after it was killed, so they are not of those
// that systems give to connections outward.
func freeAddresses(n int) ([]string, error) {
	const lowest, highest = 10_000, 32_000
	addresses := make([]string, 0, n)
	var err error
	for tries := 0; len(addresses) < n && tries < 1000; tries++ {
		var l net.Listener
		if l, err = net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", lowest+rand.IntN(highest-lowest))); err != nil {
			continue
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	if len(addresses) < n {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	return addresses, nil
}

func (w *world) registerURL() string {
	c := w.dynamics.Config()
	path := "/api/v1.0/orgs/" + c.OrganizationID + "/eventmanagement/events/"
	if w.outbound {
		path = "/EvtMgmt/api/v2.0/events/"
	}
	return w.origin + path + w.event.ReadableID + "/registrations?emApplicationtoken=" + url.QueryEscape(c.EventToken)
}

// invitation is a command that starts a purchase by hand.
func (w *world) invitation() string {
	return fmt.Sprintf(`curl -sk -H 'Origin: %s' -d '{"attendees":[{"firstName":"A","lastName":"B","email":"a@example.org","passId":"%s"}]}' '%s'`,
		w.dynamics.Config().Origin, w.event.Passes[0].ID, w.registerURL())
}

func writeSecret(dir, name, value string) error {
	if err := os.WriteFile(filepath.Join(dir, name), []byte(value+"\n"), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
