package paypal_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	purchaseID = "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60"
	contactID  = "7e1d0000-aaaa-4bbb-8ccc-000000000001"
	eventID    = "Demo_Conference1479011250"
	appID      = "the-client-id"
	appSecret  = "the-client-secret"
)

func euros(minor int64) purchase.Money { return purchase.Money{Minor: minor, Currency: "EUR"} }

func file(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func testSeals(t testing.TB) purchase.Seals {
	t.Helper()
	s, err := purchase.NewSeals([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// section is a valid section with credentials.
func section(t testing.TB) paypal.Config {
	t.Helper()
	return paypal.Config{ClientID: appID, ClientSecret: field.NewSecret("file:" + file(t, "secret", []byte(appSecret+"\n"))),
		WebhookID: "0WH00000ID000001K", Verify: "offline"}
}

func open(t testing.TB, c paypal.Config, o protocol.Options) *paypal.PayPal {
	t.Helper()
	o.Account, o.Environment = "paypal-main", "main"
	p, err := paypal.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// A world is an account at a simulated PayPal over TLS, and what was delivered to the callback.
type world struct {
	*paypal.PayPal
	sim    *providersim.PayPal
	server *httptest.Server
	config paypal.Config

	mu        sync.Mutex
	delivered []purchase.Delivery
}

const callback = "https://pay.example.org/callback/paypal-main"

// newWorld starts the simulator; change may change the section.
func newWorld(t testing.TB, change func(*paypal.Config)) *world {
	t.Helper()
	return newWorldWith(t, change, 0)
}

// newWorldWith draws what the documents leave open by the seed.
func newWorldWith(t testing.TB, change func(*paypal.Config), seed uint64) *world {
	t.Helper()
	w := &world{}
	w.sim = providersim.NewPayPal(providersim.PayPalConfig{ClientID: appID, ClientSecret: appSecret, Config: providersim.Config{Seed: seed, Deliver: w, Chaos: providersim.Chaos{Off: true},
		Retry: func(int) (time.Duration, bool) { return 0, false }}})
	t.Cleanup(w.sim.Close)
	w.server = httptest.NewTLSServer(w.sim.Handler())
	t.Cleanup(w.server.Close)
	w.sim.SetBaseURL(w.server.URL)
	w.config = section(t)
	w.config.APIURL = w.server.URL
	w.config.CABundle = file(t, "bundle.pem", w.sim.CABundle())
	w.config.WebhookID = w.sim.RegisterWebhook(callback, nil)
	if change != nil {
		change(&w.config)
	}
	w.PayPal = w.open(t)
	return w
}

func (w *world) open(t testing.TB) *paypal.PayPal {
	t.Helper()
	return open(t, w.config, protocol.Options{HTTP: w.server.Client().Transport, Seals: testSeals(t), Locate: bareID})
}

// bareID takes an unsealed PurchaseId out of custom_id.
func bareID(read func(string) string) purchase.Reference {
	return purchase.Reference{Purchase: read("custom_id")}
}

// RoundTrip is the callback.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.delivered = append(w.delivered, purchase.Delivery{Account: "paypal-main", Received: time.Now(), Method: r.Method, Header: r.Header, Body: body})
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

// next waits for the n-th delivery, from 0.
func (w *world) next(t testing.TB, n int) purchase.Delivery {
	t.Helper()
	for range 500 {
		w.mu.Lock()
		if len(w.delivered) > n {
			d := w.delivered[n]
			w.mu.Unlock()
			return d
		}
		w.mu.Unlock()
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("delivery %d did not come", n)
	return purchase.Delivery{}
}

// signed is a genuine delivery of any body.
func (w *world) signed(body string) purchase.Delivery {
	return purchase.Delivery{Account: "paypal-main", Received: time.Now(), Method: http.MethodPost, Body: []byte(body),
		Header: w.sim.Sign(w.config.WebhookID, []byte(body), time.Now())}
}

// order is what a pay session is opened for.
func order(key string) purchase.Order {
	return purchase.Order{Reference: purchase.Reference{Purchase: purchaseID, Event: eventID, User: contactID}, Money: euros(4500),
		Description: "Demo conference", Return: "https://pay.example.org/return/token", Language: "fr", Key: key}
}

// A stub is PayPal as canned answers, for what the simulator does not do. A path without an answer is 404.
type stub struct {
	mu      sync.Mutex
	answers map[string]func(*http.Request, string) (int, string)
	asked   []*http.Request
	bodies  []string
}

func newStub(answers map[string]string) *stub {
	s := &stub{answers: map[string]func(*http.Request, string) (int, string){}}
	s.on("POST /v1/oauth2/token", `{"access_token":"A21AA-stub","token_type":"Bearer","expires_in":32400}`)
	for path, body := range answers {
		s.on(path, body)
	}
	return s
}

func (s *stub) on(path, body string) {
	s.do(path, func(*http.Request, string) (int, string) { return http.StatusOK, body })
}

func (s *stub) do(path string, answer func(*http.Request, string) (int, string)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers[path] = answer
}

func (s *stub) RoundTrip(r *http.Request) (*http.Response, error) {
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.asked, s.bodies = append(s.asked, r), append(s.bodies, string(body))
	answer := s.answers[r.Method+" "+r.URL.Path]
	s.mu.Unlock()
	status, text := http.StatusNotFound, `{"name":"RESOURCE_NOT_FOUND","debug_id":"f00d","details":[{"issue":"INVALID_RESOURCE_ID"}]}`
	if answer != nil {
		if status, text = answer(r, string(body)); status == 0 {
			return nil, errors.New(text)
		}
	}
	header := http.Header{}
	if status == http.StatusFound {
		header.Set("Location", "https://evil.example.org"+r.URL.Path)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

// strayed tells whether anybody but PayPal was asked.
func (s *stub) strayed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.asked, func(r *http.Request) bool { return !strings.HasSuffix(r.URL.Host, ".paypal.com") })
}

// count is how often a path was asked.
func (s *stub) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, r := range s.asked {
		if r.Method+" "+r.URL.Path == path {
			n++
		}
	}
	return n
}

func atStub(t testing.TB, s *stub, change func(*paypal.Config)) *paypal.PayPal {
	t.Helper()
	c := section(t)
	if change != nil {
		change(&c)
	}
	return open(t, c, protocol.Options{HTTP: s, Seals: testSeals(t), Locate: bareID})
}

func optionsOf(s *stub) protocol.Options { return protocol.Options{HTTP: s, Locate: bareID} }

// forget lets go of what was asked so far.
func (s *stub) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked, s.bodies = nil, nil
}

// said are facts in short, for comparing.
func said(facts []purchase.Fact) []string {
	out := []string{}
	for _, f := range facts {
		text := strings.Join([]string{string(f.Standing), string(f.Kind), f.Payment, f.Object, f.Money.String(), f.Purchase.ID, f.Detail.Reason}, " ")
		out = append(out, strings.TrimSpace(text))
	}
	return out
}
