package mollie_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/mollie"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	key    = "test_SimulatedMollieKey0123456789ab"
	secret = "mollie-simulated-secret-2"
	older  = "mollie-simulated-secret-1"
)

var ownFields = map[string]string{"purchase": "metadata.purchase_id"}

// A world is an account at a simulated Mollie.
type world struct {
	*mollie.Mollie
	*providertest.Stall[*providersim.Mollie]
	config mollie.Config
	way    *way
	now    func() time.Time
}

func newWorld(t testing.TB) *world { return openWorld(t, providersim.NewMollie, section(t)) }
func newEventsWorld(t testing.TB) *world {
	return openWorld(t, providersim.NewMollieEvents, eventsSection(t))
}

func openWorld(t testing.TB, make func(providersim.Config) *providersim.Mollie, c mollie.Config) *world {
	t.Helper()
	w := &world{Stall: providertest.NewStall(t, make), config: c}
	w.Sim.Settings(providertest.Callback)
	w.config.APIURL = w.Server.URL
	w.way = &way{next: w.Server.Client().Transport, canned: map[string]string{}, status: map[string]int{}, edits: map[string][2]string{}}
	w.Mollie = w.open(t)
	return w
}

func (w *world) options(t testing.TB) protocol.Options {
	o := providertest.Options(t, ownFields)
	o.HTTP, o.Now = w.way, w.now
	return o
}

func (w *world) open(t testing.TB) *mollie.Mollie {
	t.Helper()
	return mustOpen(t, w.config, w.options(t))
}

func section(t testing.TB) mollie.Config {
	t.Helper()
	return mollie.Config{APIKey: providertest.Secret(t, key), ReadBacks: 100_000}
}

func eventsSection(t testing.TB) mollie.Config {
	t.Helper()
	c := section(t)
	c.Webhooks = "nextgen"
	c.SigningSecrets = []field.Secret{providertest.Secret(t, secret), providertest.Secret(t, older)}
	return c
}

// A way is the network to Mollie: some answers come from the test instead, or are changed on the way.
type way struct {
	next   http.RoundTripper
	mu     sync.Mutex
	canned map[string]string    // by path
	status map[string]int       // of canned answers, by path; 200 where it is not there
	edits  map[string][2]string // by path: what is replaced by what
	asked  []string
	wait   chan struct{} // where set, answers wait for it
}

func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.asked = append(w.asked, r.Method+" "+r.URL.Path)
	body, ok := w.canned[r.URL.Path]
	status := w.status[r.URL.Path]
	edit, wait := w.edits[r.URL.Path], w.wait
	w.mu.Unlock()
	if wait != nil {
		select {
		case <-wait:
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if ok {
		resp := answer(r, body)
		resp.StatusCode = max(status, http.StatusOK)
		return resp, nil
	}
	resp, err := w.next.RoundTrip(r)
	if err != nil || edit[0] == "" {
		return resp, err
	}
	raw, err := io.ReadAll(resp.Body)
	resp.Body.Close()
	changed := answer(r, strings.ReplaceAll(string(raw), edit[0], edit[1]))
	changed.StatusCode = resp.StatusCode
	return changed, err
}

// direct asks the simulator without a network: for fuzzing, which wants to be quick and always the same.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	if r = r.Clone(r.Context()); r.Body == nil {
		r.Body = http.NoBody
	}
	d.ServeHTTP(recorder, r)
	return recorder.Result(), nil
}

func answer(r *http.Request, body string) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r}
}

func (w *way) can(path, body string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.canned[path] = body
}

// refuse answers a path with an error of Mollie's, or with a page of the network's edge.
func (w *way) refuse(path string, status int, byMollie bool) {
	body := "<html><body><h1>Error</h1></body></html>"
	if byMollie {
		body = fmt.Sprintf(`{"status":%d,"title":"Some Title","detail":"Whatever it was."}`, status)
	}
	w.can(path, body)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.status[path] = status
}

func (w *way) edit(path, old, by string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.edits[path] = [2]string{old, by}
}

// questions are the calls since the last time.
func (w *way) questions() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	asked := w.asked
	w.asked = nil
	return asked
}

func (w *world) bare(id string) purchase.Delivery {
	return providertest.Delivery(w.Sim.Bare(id), time.Now())
}

func (w *world) signed(body string) purchase.Delivery {
	return providertest.Delivery(w.Sim.Signed([]byte(body)), time.Now())
}

// sold is a payment of the organiser's page, paid.
func (w *world) sold(t testing.TB) string {
	t.Helper()
	id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// final tells whether an error is one that no repetition mends.
func final(err error) bool {
	_, again := purchase.Retry(err)
	return err != nil && !again
}

// vary changes the simulator's variant.
func (w *world) vary(change func(*providersim.MollieVariant)) {
	var v providersim.MollieVariant
	change(&v)
	w.Sim.Vary(v)
}

var _ protocol.Account = (*mollie.Mollie)(nil)

func mustOpen(t testing.TB, c mollie.Config, o protocol.Options) *mollie.Mollie {
	t.Helper()
	m, err := mollie.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
