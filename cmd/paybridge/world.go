package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A world is the simulated outside of one demo: Dynamics and PayPal over HTTPS on loopback, and a browser that trusts them.
type world struct {
	dynamics   *dataversesim.Sim
	paypal     *providersim.PayPal
	event      dataversesim.Event
	browser    *http.Client
	origin     string // of Dynamics
	public     string // address of the daemon's public face
	operations string // host and port of its operations face
	seed       uint64
	outbound   bool

	mu       sync.Mutex
	sessions map[string]string // order to purchase, as the buyers saw it
	forged   int
	accepted int
	servers  []*http.Server
}

const (
	demoEnvironment = "main"
	demoAccount     = "paypal-main"
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
	w := &world{event: demoSale(), sessions: map[string]string{}, seed: o.seed, outbound: o.dialect == "outbound"}
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
	variant := dataversesim.VariantRealtime
	if w.outbound {
		variant = dataversesim.VariantOutbound
	}
	w.dynamics = dataversesim.New(dataversesim.Config{Variant: variant, Window: o.window, Seed: 0,
		PaymentPage: w.public + "/pay/" + demoAccount, Events: []dataversesim.Event{w.event}})
	if w.origin, err = w.serve("127.0.0.1:0", cert, w.dynamics.Handler()); err != nil {
		return nil, err
	}
	w.paypal = providersim.NewPayPal(providersim.PayPalConfig{Seed: o.seed, Retry: quickRetries})
	origin, err := w.serve("127.0.0.1:0", cert, w.paypal.Handler())
	if err != nil {
		return nil, err
	}
	w.paypal.SetBaseURL(origin)
	files := simFiles{dir: dir, ca: ca}
	if err := errors.Join(
		files.dataverse(w.dynamics, w.origin, o.dialect, o.window),
		files.paypal(w.paypal, origin, w.public+"/callback/"+demoAccount),
		files.settings(strings.TrimPrefix(w.public, "http://"), w.operations, cmp.Or(o.db, filepath.Join(dir, "paybridge.db"))),
	); err != nil {
		w.stop()
		return nil, err
	}
	return w, nil
}

// quickRetries fit the demo's short window as PayPal's three days fit a real one badly.
func quickRetries(try int) (time.Duration, bool) {
	return min(time.Duration(try)*time.Second, 10*time.Second), try < 25
}

// serve serves a simulator over HTTPS and returns its origin.
func (w *world) serve(address string, cert tls.Certificate, handler http.Handler) (string, error) {
	server, origin, err := serveTLS(address, cert, handler)
	if err == nil {
		w.servers = append(w.servers, server)
	}
	return origin, err
}

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
	if w.paypal != nil {
		w.paypal.Close()
	}
	for _, s := range w.servers {
		_ = s.Close()
	}
}

func demoBrowser(ca []byte) *http.Client {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return &http.Client{Timeout: 20 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// freeAddresses finds ports that nobody listens on: the daemon must come back to the same ones after it was killed.
func freeAddresses(n int) ([]string, error) {
	addresses := make([]string, 0, n)
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
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

// held is what Dynamics holds of a purchase.
type held struct {
	seats int
	used  time.Duration // from its registration to its seats
}

func (w *world) seats() map[string]held {
	all := map[string]held{}
	for _, p := range w.dynamics.Purchases() {
		h := held{seats: len(p.Seats)}
		if len(p.Seats) > 0 {
			h.used = p.FinalizedAt.Sub(p.Created)
		}
		all[p.ID] = h
	}
	return all
}

// taken is what PayPal holds of a purchase, in minor units whatever the currency.
type taken struct{ captured, refunded int64 }

// money adds up the captures at PayPal by what they were paid for; money for nothing is counted under the orphan it must become.
func (w *world) money() map[string]taken {
	orders := map[string]providersim.Order{}
	for _, o := range w.paypal.Orders() {
		orders[o.ID] = o
	}
	all := map[string]taken{}
	for _, c := range w.paypal.Captures() {
		if c.Status != "COMPLETED" && c.Status != "REFUNDED" && c.Status != "PARTIALLY_REFUNDED" {
			continue
		}
		name := w.paidFor(orders[c.OrderID])
		t := all[name]
		t.captured += minor(c.Amount.Value)
		t.refunded += minor(c.Refunded)
		all[name] = t
	}
	return all
}

// paidFor is the purchase an order pays: the organiser's page writes it openly, our own sessions are remembered by who opened them.
func (w *world) paidFor(o providersim.Order) string {
	if !o.Organisers {
		w.mu.Lock()
		defer w.mu.Unlock()
		return w.sessions[o.ID]
	}
	if o.CustomID == "" {
		return orphanOf(o.ID)
	}
	return o.CustomID
}

func minor(decimal string) int64 {
	m, err := purchase.ParseMoney(cmp.Or(decimal, "0"), "EUR")
	if err != nil {
		return 0
	}
	return m.Minor
}

func (w *world) forgeries() (sent, accepted int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.forged, w.accepted
}

// strangeID is a PurchaseId that Dynamics never gave.
func strangeID(n int, seed uint64) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "strange %d %d", n, seed))
	s := fmt.Sprintf("%x", sum[:16])
	return s[:8] + "-" + s[8:12] + "-4" + s[13:16] + "-8" + s[17:20] + "-" + s[20:32]
}

// forge posts callbacks that PayPal never sent, for a purchase that nobody paid.
func (b *buyer) forge(ctx context.Context) error {
	for _, d := range b.paypal.Forgeries(b.purchase, b.price, "EUR") {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, b.public+"/callback/"+demoAccount, strings.NewReader(string(d.Body)))
		if err != nil {
			return err
		}
		req.Header = d.Header
		resp, err := b.browser.Do(req)
		if err != nil {
			b.trouble = err.Error()
			continue
		}
		resp.Body.Close()
		b.mu.Lock()
		b.forged++
		if resp.StatusCode < 300 {
			b.accepted++
		}
		b.mu.Unlock()
	}
	return nil
}

func writeSecret(dir, name, value string) error {
	if err := os.WriteFile(filepath.Join(dir, name), []byte(value+"\n"), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
