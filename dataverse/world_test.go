package dataverse_test

import (
	"context"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	concert     = "Paid_Event1479011247"
	tea         = "Tea_Ceremony1479011248"
	adult       = "0b9f7c1e-2d3a-4e5b-8c6d-7e8f9a0b1c2d"
	child       = "1c0a8d2f-3e4b-4f6c-9d7e-8f9a0b1c2d3e"
	teaSeat     = "2d1b9e3a-4f5c-4a7d-8e8f-9a0b1c2d3e4f"
	nobody      = "b3a1f0c2-0000-4000-8000-0123456789ab"
	buyer       = "ad2c9ee1-5a7a-43b5-8b43-0f5c8f9a7b61"
	environment = "main"
)

// A world is a simulated organisation and a client of it.
type world struct {
	*dataverse.Client
	t        *testing.T
	sim      *dataversesim.Sim
	server   *httptest.Server
	cfg      dataverse.Config
	registry *prometheus.Registry
	logs     *observer.ObservedLogs
}

// setup changes what a world is made of.
type setup func(sim *dataversesim.Config, cfg *dataverse.Config, o *dataverse.Options)

func variant(name string) setup {
	return func(sim *dataversesim.Config, _ *dataverse.Config, _ *dataverse.Options) { sim.Variant = name }
}

func behaves(name, variant string) setup {
	return func(sim *dataversesim.Config, _ *dataverse.Config, _ *dataverse.Options) {
		if sim.Behaviours == nil {
			sim.Behaviours = map[string]string{}
		}
		sim.Behaviours[name] = variant
	}
}

func settings(change func(*dataverse.Config)) setup {
	return func(_ *dataversesim.Config, cfg *dataverse.Config, _ *dataverse.Options) { change(cfg) }
}

func options(change func(*dataverse.Options)) setup {
	return func(_ *dataversesim.Config, _ *dataverse.Config, o *dataverse.Options) { change(o) }
}

func newWorld(t *testing.T, how ...setup) *world {
	t.Helper()
	simulated := dataversesim.Config{}
	w := &world{t: t, registry: prometheus.NewRegistry()}
	core, logs := observer.New(zap.DebugLevel)
	w.logs = logs
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.sim.Handler().ServeHTTP(rw, r) }))
	w.server.StartTLS()
	t.Cleanup(w.server.Close)
	dir := t.TempDir()
	w.cfg = dataverse.Config{URL: w.server.URL, Authority: w.server.URL, TenantID: dataversesim.DefaultTenantID, ClientID: dataversesim.DefaultClientID,
		ClientSecret: secret(t, dir, "secret", dataversesim.DefaultClientSecret), Window: field.Duration(50 * time.Minute), CAFile: caFile(t, dir, w.server)}
	o := dataverse.Options{Environment: environment, Version: "1.2.3", Log: zap.New(core), Metrics: dataverse.NewMetrics(w.registry)}
	for _, change := range how {
		change(&simulated, &w.cfg, &o)
	}
	w.sim = dataversesim.New(simulated)
	client, err := dataverse.New(w.cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	w.Client = client
	return w
}

func secret(t *testing.T, dir, name, value string) field.Secret {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte(value+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return field.NewSecret("file:" + path)
}

func caFile(t *testing.T, dir string, server *httptest.Server) string {
	t.Helper()
	path := filepath.Join(dir, "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(path, block, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// register makes a temporary registration of an adult and a child at the concert: 61.50 EUR.
func (w *world) register() purchase.Key {
	w.t.Helper()
	return w.registerFor(concert, "", adult, child)
}

func (w *world) registerFor(event, user string, passes ...string) purchase.Key {
	w.t.Helper()
	var attendees []dataversesim.Attendee
	for i, pass := range passes {
		attendees = append(attendees, dataversesim.Attendee{FirstName: "Ada", LastName: "Lovelace", Email: string(rune('a'+i)) + "@example.org", PassID: pass})
	}
	id, _, err := w.sim.Register(event, attendees, user)
	if err != nil {
		w.t.Fatal(err)
	}
	return key(id)
}

func key(id string) purchase.Key { return purchase.Key{Environment: environment, ID: id} }

// finalize is what the engine does: with an intent of two seconds.
func (w *world) finalize(k purchase.Key) purchase.Outcome {
	return w.Finalize(w.t.Context(), purchase.Final{Key: k, Event: concert, SendBefore: time.Now().Add(2 * time.Second)})
}

func (w *world) seats(k purchase.Key) int {
	w.t.Helper()
	p, ok := w.sim.Purchase(k.ID)
	if !ok {
		w.t.Fatalf("no purchase %s", k.ID)
	}
	return len(p.Seats)
}

func (w *world) fault(operation string, kind dataversesim.Kind, change ...func(*dataversesim.Fault)) {
	w.t.Helper()
	f := dataversesim.Fault{Operation: operation, Kind: kind}
	for _, c := range change {
		c(&f)
	}
	if err := w.sim.AddFault(f); err != nil {
		w.t.Fatal(err)
	}
}

// count is how often an operation was asked for.
func (w *world) count(operations ...string) int {
	n := 0
	for _, r := range w.sim.Requests() {
		for _, op := range operations {
			if r.Operation == op {
				n++
			}
		}
	}
	return n
}

func (w *world) finalizes() int {
	return w.count(dataversesim.OpFinalizeOutbound, dataversesim.OpFinalizeADX, dataversesim.OpFinalizeRealtime)
}

// stopped is a clock that stands until it is set.
type stopped struct {
	mu sync.Mutex
	at time.Time
}

func (c *stopped) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *stopped) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

// text is the world's metrics as they are scraped.
func (w *world) text() string {
	w.t.Helper()
	scrape := httptest.NewRecorder()
	promhttp.HandlerFor(w.registry, promhttp.HandlerOpts{}).ServeHTTP(scrape, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return scrape.Body.String()
}
