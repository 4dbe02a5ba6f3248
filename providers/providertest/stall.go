package providertest

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
)

// What the tests of all adapters sell.
const (
	PurchaseID = "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60"
	ContactID  = "7e1d0000-aaaa-4bbb-8ccc-000000000001"
	EventID    = "Demo_Conference1479011250"
	Callback   = "https://pay.example.org/callback/main"
)

// Euros45 is the usual price.
var Euros45 = purchase.Money{Minor: 4500, Currency: "EUR"}

// A Stall is a simulated provider over TLS, and the callback to which it delivers: a shop to test an adapter at.
type Stall[S providersim.Simulator] struct {
	Sim    S
	Server *httptest.Server
	// Answer is what the callback answers; nil: 200 with an empty body.
	Answer func(d purchase.Delivery) (status int, body string)

	mu        sync.Mutex
	delivered []purchase.Delivery
}

// NewStall starts the simulator; it delivers everything once, in order, and never again.
func NewStall[S providersim.Simulator](t testing.TB, make func(providersim.Config) S) *Stall[S] {
	t.Helper()
	s := &Stall[S]{}
	s.Sim = make(providersim.Config{Deliver: callback[S]{s}, InOrder: true, Chaos: providersim.Chaos{Off: true}, Retry: func(int) (time.Duration, bool) { return 0, false }})
	t.Cleanup(s.Sim.Close)
	s.Server = httptest.NewTLSServer(s.Sim.Handler())
	t.Cleanup(s.Server.Close)
	s.Sim.SetBaseURL(s.Server.URL)
	return s
}

// callback is the daemon's side of the notifications.
type callback[S providersim.Simulator] struct{ stall *Stall[S] }

func (c callback[S]) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	d := purchase.Delivery{Account: "main", Received: time.Now(), Method: r.Method, Query: r.URL.RawQuery, Header: r.Header, Body: body}
	c.stall.mu.Lock()
	defer c.stall.mu.Unlock()
	c.stall.delivered = append(c.stall.delivered, d)
	status, text := http.StatusOK, ""
	if c.stall.Answer != nil {
		status, text = c.stall.Answer(d)
	}
	answer := httptest.NewRecorder()
	answer.WriteHeader(status)
	_, _ = answer.WriteString(text)
	return answer.Result(), nil
}

// Sell sells on the organiser's page, refunds a part and takes the rest back as a bank does. It returns the payment.
func (s *Stall[S]) Sell(t testing.TB) string {
	t.Helper()
	id, err := s.Sim.Button(providersim.ButtonPayment{Purchase: PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Sim.GiveBack(id, "15.00", false); err != nil {
		t.Fatal(err)
	}
	if err := s.Sim.GiveBack(id, "", true); err != nil {
		t.Fatal(err)
	}
	return id
}

// Delivered waits until n deliveries have come and returns all of them.
func (s *Stall[S]) Delivered(t testing.TB, n int) []purchase.Delivery {
	t.Helper()
	for range 1000 {
		s.mu.Lock()
		have := append([]purchase.Delivery(nil), s.delivered...)
		s.mu.Unlock()
		if len(have) >= n {
			return have
		}
		time.Sleep(5 * time.Millisecond)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	t.Fatalf("%d deliveries came, want %d", len(s.delivered), n)
	return nil
}

// Forged are the simulator's forgeries as deliveries.
func (s *Stall[S]) Forged() []purchase.Delivery {
	var all []purchase.Delivery
	for _, n := range s.Sim.Forgeries(providersim.Forgery{Purchase: PurchaseID, Value: "45.00", Currency: "EUR"}) {
		if !n.Harmless {
			all = append(all, Delivery(n, time.Now()))
		}
	}
	return all
}

// Delivery is a notice as it would arrive.
func Delivery(n providersim.Notice, at time.Time) purchase.Delivery {
	method := n.Method
	if method == "" {
		method = http.MethodPost
	}
	return purchase.Delivery{Account: "main", Received: at, Method: method, Query: n.Query, Header: n.Header, Body: n.Body}
}

// Options are an account's at this stall: its own seals, and ids of the organiser found by fields.
func (s *Stall[S]) Options(t testing.TB, fields map[string]string) protocol.Options {
	t.Helper()
	o := Options(t, fields)
	o.HTTP = s.Server.Client().Transport
	return o
}

// Options are those of a sandbox account without a network. Fields name where purchase, event and user are found.
func Options(t testing.TB, fields map[string]string) protocol.Options {
	t.Helper()
	seals, err := purchase.NewSeals([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	o := protocol.Options{Account: "main", Environment: "main", Callback: Callback, Seals: seals.For("main")}
	if len(fields) > 0 {
		o.Locate = func(read func(string) string) purchase.Reference {
			of := func(id string) string {
				if fields[id] == "" {
					return ""
				}
				return read(fields[id])
			}
			return purchase.Reference{Purchase: of("purchase"), Event: of("event"), User: of("user")}
		}
	}
	return o
}

// until is when all orders of a run end: two orders with one key are the same.
var until = time.Now().Add(40 * time.Minute)

// Order is the usual order, for one pay session.
func Order(key string) purchase.Order {
	return purchase.Order{Reference: purchase.Reference{Purchase: PurchaseID, Event: EventID, User: ContactID}, Money: Euros45,
		Description: "Demo conference", Until: until, Return: "https://pay.example.org/return/token", Language: "fr", Key: key}
}

// Secret is a reference to a file with the text.
func Secret(t testing.TB, text string) field.Secret {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return field.NewSecret("file:" + path)
}

// Press presses a button of the simulated pay page ("pay", "decline", "pend", "cancel") and returns where the browser is sent.
func (s *Stall[S]) Press(t testing.TB, payment, button string) string {
	t.Helper()
	client := s.Server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.PostForm(s.Server.URL+"/pay/"+payment, map[string][]string{"action": {button}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		t.Fatalf("the pay page answered %s", resp.Status)
	}
	return resp.Header.Get("Location")
}

// Said are facts in short, for comparing: standing, kind, payment, object, money, purchase, reason.
func Said(facts []purchase.Fact) []string {
	out := []string{}
	for _, f := range facts {
		text := string(f.Standing) + " " + string(f.Kind) + " " + f.Payment
		for _, more := range []string{f.Object, f.Money.String(), f.Purchase.ID, f.Detail.Reason} {
			if more != "" && more != "-" {
				text += " " + more
			}
		}
		out = append(out, text)
	}
	return out
}
