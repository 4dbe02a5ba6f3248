package dataversesim_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

const (
	concert = "Paid_Event1479011247"
	openDay = "Open_Day1479011249"
	adult   = "0b9f7c1e-2d3a-4e5b-8c6d-7e8f9a0b1c2d"
	child   = "1c0a8d2f-3e4b-4f6c-9d7e-8f9a0b1c2d3e"
	free    = "3e2cae4b-5a6d-4b8e-9f9a-0b1c2d3e4f5a"
	nobody  = "00000000-0000-4000-8000-000000000000"
	contact = "ad2c9ee1-5a7a-43b5-8b43-0f5c8f9a7b61"
)

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

// world is a simulator that is served over HTTPS, and a client that is signed in.
type world struct {
	t      *testing.T
	sim    *dataversesim.Sim
	clock  *stopped
	server *httptest.Server
	token  string
}

func newWorld(t *testing.T, cfg dataversesim.Config) *world {
	t.Helper()
	clock := &stopped{at: noon}
	if cfg.Now == nil {
		cfg.Now = clock.now
	}
	w := &world{t: t, sim: dataversesim.New(cfg), clock: clock}
	w.server = httptest.NewUnstartedServer(w.sim.Handler())
	w.server.StartTLS()
	t.Cleanup(w.server.Close)
	w.signIn()
	return w
}

func (w *world) signIn() {
	w.t.Helper()
	got := w.postForm(w.tokenURL(), w.tokenForm())
	w.token, _ = got.json()["access_token"].(string)
	if w.token == "" {
		w.t.Fatalf("sign in: %d %s", got.status, got.body)
	}
}

func (w *world) tokenURL() string {
	return w.server.URL + "/" + w.sim.Config().TenantID + "/oauth2/v2.0/token"
}

func (w *world) tokenForm() url.Values {
	c := w.sim.Config()
	return url.Values{
		"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret},
		"scope": {w.server.URL + "/.default openid offline_access profile"},
	}
}

// reply is an answer that was read to its end.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (r reply) json() map[string]any {
	r.t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(r.body), &v); err != nil {
		r.t.Fatalf("the answer %d %q is not a JSON object: %v", r.status, r.body, err)
	}
	return v
}

// code is error.code, message is error.message.
func (r reply) code() string    { return r.errorField("code") }
func (r reply) message() string { return r.errorField("message") }

func (r reply) errorField(name string) string {
	r.t.Helper()
	e, _ := r.json()["error"].(map[string]any)
	v, _ := e[name].(string)
	return v
}

func (w *world) send(r *http.Request) (reply, error) {
	w.t.Helper()
	resp, err := w.server.Client().Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{t: w.t, status: resp.StatusCode, header: resp.Header, body: string(body)}, err
}

func (w *world) must(r *http.Request) reply {
	w.t.Helper()
	got, err := w.send(r)
	if err != nil {
		w.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return got
}

func (w *world) request(method, target, body string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, target, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) postForm(target string, form url.Values) reply {
	w.t.Helper()
	r := w.request(http.MethodPost, target, form.Encode())
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return w.must(r)
}

// api is a request to the Web API with the token and the headers that it wants.
func (w *world) api(method, route, body string) *http.Request {
	w.t.Helper()
	r := w.request(method, w.server.URL+"/api/data/v9.2/"+strings.ReplaceAll(route, " ", "%20"), body)
	r.Header.Set("Authorization", "Bearer "+w.token)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("OData-Version", "4.0")
	r.Header.Set("OData-MaxVersion", "4.0")
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	return r
}

func (w *world) get(route string) reply {
	w.t.Helper()
	return w.must(w.api(http.MethodGet, route, ""))
}

func (w *world) call(action, body string) reply {
	w.t.Helper()
	return w.must(w.api(http.MethodPost, action, body))
}

func (w *world) outbound(purchase, event, user string) reply {
	w.t.Helper()
	return w.call(dataversesim.OpFinalizeOutbound, outboundBody(purchase, event, user))
}

func outboundBody(purchase, event, user string) string {
	b, _ := json.Marshal(map[string]string{"PurchaseId": purchase, "ReadableEventId": event, "UserId": user})
	return string(b)
}

func (w *world) complete(purchase string) reply {
	w.t.Helper()
	return w.call(dataversesim.OpFinalizeRealtime, realtimeBody(purchase, 100000001))
}

func (w *world) cancel(purchase string) reply {
	w.t.Helper()
	return w.call(dataversesim.OpFinalizeRealtime, realtimeBody(purchase, 100000000))
}

func realtimeBody(purchase string, status int) string {
	b, _ := json.Marshal(map[string]any{"msevtmgt_purchaseid": purchase, "msevtmgt_paymentstatus": status})
	return string(b)
}

func (w *world) info(purchase string) reply {
	w.t.Helper()
	return w.call(dataversesim.OpListDetailed, `{"PurchaseId":"`+purchase+`"}`)
}

func couple() []dataversesim.Attendee {
	return []dataversesim.Attendee{
		{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.org", PassID: adult},
		{FirstName: "Byron", LastName: "King", Email: "byron@example.org", PassID: child},
	}
}

// buy makes a purchase for two, 61.50 EUR.
func (w *world) buy() string {
	w.t.Helper()
	id, _, err := w.sim.Register(concert, couple(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	return id
}

func (w *world) purchase(id string) dataversesim.Purchase {
	w.t.Helper()
	p, known := w.sim.Purchase(id)
	if !known {
		w.t.Fatalf("purchase %s is unknown", id)
	}
	return p
}

func (w *world) behave(name, variant string) {
	w.t.Helper()
	if err := w.sim.SetBehaviour(name, variant); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) spoil(f dataversesim.Fault) {
	w.t.Helper()
	if err := w.sim.AddFault(f); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) switchTo(variant string) {
	w.t.Helper()
	if err := w.sim.SetVariant(variant); err != nil {
		w.t.Fatal(err)
	}
}

// within bounds a request, for answers that do not come.
func within(r *http.Request, d time.Duration) (*http.Request, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(r.Context(), d)
	return r.WithContext(ctx), cancel
}

func eventually(t *testing.T, what string, true func() bool) {
	t.Helper()
	for range 500 {
		if true() {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("it never came true that %s", what)
}

// control gives an order to the control port.
func (w *world) control(method, target, body string) reply {
	w.t.Helper()
	rec := httptest.NewRecorder()
	w.sim.Control().ServeHTTP(rec, httptest.NewRequest(method, target, bytes.NewReader([]byte(body))))
	return reply{t: w.t, status: rec.Code, header: rec.Header(), body: rec.Body.String()}
}

func isTimeout(err error) bool { return errors.Is(err, context.DeadlineExceeded) }
