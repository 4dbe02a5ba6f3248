package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/web"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

var paypalAccount = accountOf("paypal")

// A town is the simulated world with the daemon inside this process, on real listeners.
type town struct {
	*world
	paypal   *providersim.PayPal
	t        *testing.T
	program  *program
	registry *prometheus.Registry
	dir      string
	socket   string                          // of the daemon's control
	front    func(http.Handler) http.Handler // stands before the public face
}

func newTown(t *testing.T, dir string) *town {
	t.Helper()
	w, err := startWorld(dir, demoOptions{seed: 1, window: time.Minute, dialect: "realtime", providers: []string{"paypal"}, db: filepath.Join(dir, "data", "paybridge.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.stop)
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	return &town{world: w, paypal: w.shops[0].Simulator.(*providersim.PayPal), t: t, dir: dir}
}

// open starts the daemon; it ends with the test.
func (c *town) open() {
	c.t.Helper()
	c.t.Cleanup(c.start())
}

// start starts the daemon and returns what ends it.
func (c *town) start() (end func()) {
	c.t.Helper()
	settings, err := loadConfig(filepath.Join(c.dir, "paybridge.yaml"))
	if err != nil {
		c.t.Fatal(err)
	}
	settings.Server.ReturnOrigins = []string{"https://events.example.org"}
	c.registry = prometheus.NewRegistry()
	if c.program, err = wire(c.t.Context(), settings, wiring{clock: wallClock{}, log: zap.NewNop(), registry: c.registry}); err != nil {
		c.t.Fatal(err)
	}
	if c.front != nil {
		c.program.public = c.front(c.program.public)
	}
	public, err := net.Listen("tcp", settings.Server.Listen)
	if err != nil {
		c.t.Fatal(err)
	}
	operations, err := net.Listen("tcp", settings.Operations.Listen)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	control := c.listenControl()
	go func() { ended <- c.program.run(ctx, public, operations, control) }()
	return func() {
		stop()
		if err := <-ended; err != nil {
			c.t.Errorf("the daemon ended badly: %v", err)
		}
		c.program.close()
	}
}

// listenControl opens the daemon's socket in a directory whose name is short enough for one.
func (c *town) listenControl() net.Listener {
	c.t.Helper()
	dir, err := os.MkdirTemp("", "pb")
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c.socket = filepath.Join(dir, "control")
	listener, err := web.ListenControl(c.socket)
	if err != nil {
		c.t.Fatal(err)
	}
	return listener
}

func (c *town) callback() string { return c.public + "/callback/" + paypalAccount }

func (c *town) post(address string, header http.Header, body []byte) *http.Response {
	c.t.Helper()
	resp, _ := c.call(http.MethodPost, address, header, bytes.NewReader(body))
	return resp
}

func (c *town) get(address string, header http.Header) (*http.Response, string) {
	c.t.Helper()
	return c.call(http.MethodGet, address, header, nil)
}

// call makes a request and reads the whole answer.
func (c *town) call(method, address string, header http.Header, body io.Reader) (*http.Response, string) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, address, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header = header
	resp, err := c.browser.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, string(page)
}

func (c *town) rows() []bridge.Row {
	c.t.Helper()
	rows, _, err := c.program.store.List(c.t.Context(), bridge.Query{})
	if err != nil {
		c.t.Fatal(err)
	}
	return rows
}

func (c *town) register() (id, redirect string) {
	c.t.Helper()
	id, redirect, err := c.dynamics.Register(demoEvent, []dataversesim.Attendee{{FirstName: "A", LastName: "B", Email: "a@example.org", PassID: c.event.Passes[0].ID}}, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return id, redirect
}

func (c *town) await(id string, want purchase.State) bridge.Row {
	c.t.Helper()
	var row bridge.Row
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		var err error
		if row, _, err = c.program.store.Find(c.t.Context(), purchase.Key{Environment: demoEnvironment, ID: id}); err == nil && row.Summary.State == want {
			return row
		}
	}
	c.t.Fatalf("purchase %s is %s (%s), want %s", id, row.Summary.State, row.Summary.Cause, want)
	return row
}

// counted is a counter's value, summed over the label values that fit.
func (c *town) counted(name string, labels ...string) float64 {
	c.t.Helper()
	families, err := c.registry.Gather()
	if err != nil {
		c.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
	metrics:
		for _, m := range f.GetMetric() {
			for i := 0; i < len(labels); i += 2 {
				fits := false
				for _, l := range m.GetLabel() {
					fits = fits || l.GetName() == labels[i] && l.GetValue() == labels[i+1]
				}
				if !fits {
					continue metrics
				}
			}
			sum += m.GetCounter().GetValue()
		}
	}
	return sum
}

func TestBadDeliveriesGetTheirAnswersOverRealHTTP(t *testing.T) {
	t.Parallel()
	c := newTown(t, t.TempDir())
	c.open()
	hook := c.paypal.Webhooks()[0].ID
	genuine := []byte(`{"id":"WH-1","event_type":"PAYMENT.CAPTURE.COMPLETED","resource_type":"capture","resource_version":"2.0","resource":{"id":17}}`)

	if r := c.post(c.public+"/callback/nobody", nil, genuine); r.StatusCode != http.StatusNotFound {
		t.Errorf("unknown account: %s", r.Status)
	}
	if n := c.counted("paybridge_callback_verifications_total", "result", "unknown_account"); n != 1 {
		t.Errorf("unknown account counted %v times", n)
	}
	id, _ := c.register()
	for i, forged := range c.paypal.Forgeries(providersim.Forgery{Purchase: id, Value: "45.00", Currency: "EUR"}) {
		if r := c.post(c.callback(), forged.Header, forged.Body); r.StatusCode != http.StatusUnauthorized {
			t.Errorf("forgery %d: %s", i, r.Status)
		}
	}
	if len(c.rows()) != 0 {
		t.Error("refused deliveries left a purchase")
	}
	if n := c.counted("paybridge_callback_verifications_total", "account", paypalAccount, "result", "bad_signature") +
		c.counted("paybridge_callback_verifications_total", "account", paypalAccount, "result", "malformed"); n != 4 {
		t.Errorf("forgeries counted %v times", n)
	}
	if r := c.post(c.callback(), c.paypal.Sign(hook, genuine, time.Now()), genuine); r.StatusCode != http.StatusOK {
		t.Errorf("genuine, not understood: %s", r.Status)
	}
	stale := c.paypal.Sign(hook, genuine, time.Now().Add(-4*24*time.Hour))
	if r := c.post(c.callback(), stale, genuine); r.StatusCode != http.StatusUnauthorized {
		t.Errorf("stale: %s", r.Status)
	}
	if r := c.post(c.callback(), nil, make([]byte, 1<<20+1)); r.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: %s", r.Status)
	}
	if r, _ := c.get(c.callback(), nil); r.StatusCode != http.StatusMethodNotAllowed || r.Header.Get("Allow") != "POST" {
		t.Errorf("odd method: %s, Allow %q", r.Status, r.Header.Get("Allow"))
	}
}

func TestASlowBodyIsGivenUp(t *testing.T) {
	t.Parallel()
	c := newTown(t, t.TempDir())
	c.open()
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.public, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /callback/%s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{", paypalAccount)
	_ = conn.SetReadDeadline(time.Now().Add(15 * time.Second))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusRequestTimeout {
		t.Errorf("slow body: %s", resp.Status)
	}
}

func TestABadPaymentLinkIsAPageAndNoRedirect(t *testing.T) {
	t.Parallel()
	c := newTown(t, t.TempDir())
	c.open()
	id, _ := c.register()
	for name, q := range map[string]struct {
		query  string
		status int
	}{
		"no id":           {"", 400},
		"not a GUID":      {"purchaseId=17", 400},
		"nil GUID":        {"purchaseId=00000000-0000-0000-0000-000000000000", 400},
		"twice":           {"purchaseId=" + id + "&purchaseId=" + id, 400},
		"twice, by case":  {"purchaseId=" + id + "&PurchaseID=" + id, 400},
		"foreign site":    {"purchaseId=" + id + "&returnUrl=https://evil.example.org/", 400},
		"prefix of ours":  {"purchaseId=" + id + "&returnUrl=https://events.example.org.evil.example/", 400},
		"user info":       {"purchaseId=" + id + "&returnUrl=https://events.example.org@evil.example/", 400},
		"no scheme":       {"purchaseId=" + id + "&returnUrl=//evil.example.org/", 400},
		"script":          {"purchaseId=" + id + "&returnUrl=javascript:alert(1)", 400},
		"backslash":       {"purchaseId=" + id + `&returnUrl=https://events.example.org\@evil.example/`, 400},
		"another event":   {"purchaseId=" + id + "&readableEventId=Another_Event", 400},
		"unknown to them": {"purchaseId=12345678-1234-4234-8234-123456789012", 404},
	} {
		t.Run(name, func(t *testing.T) {
			r, page := c.get(c.public+"/pay/"+paypalAccount+"?"+q.query, http.Header{"Accept-Language": {"fr-FR,fr;q=0.9,en;q=0.5"}})
			if r.StatusCode != q.status || r.Header.Get("Location") != "" {
				t.Errorf("%s, Location %q", r.Status, r.Header.Get("Location"))
			}
			if !strings.Contains(page, `<html lang="fr">`) || !strings.Contains(r.Header.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
				t.Errorf("not a page for a French buyer: %.200s", page)
			}
		})
	}
	if r, _ := c.get(c.public+"/pay/"+paypalAccount+"?purchaseId="+id+"&returnUrl=https://events.example.org/thanks", nil); r.StatusCode != http.StatusFound {
		t.Errorf("a good link: %s", r.Status)
	}
}

// certificates can be put out of reach.
type unreachable struct {
	next http.Handler
	away atomic.Bool
}

func (u *unreachable) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if u.away.Load() && strings.Contains(r.URL.Path, "/certs/") {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	u.next.ServeHTTP(w, r)
}

func TestADeliveryIsKeptWhileItsCertificateIsOutOfReach(t *testing.T) {
	t.Parallel()
	c := newTown(t, t.TempDir())
	gate := &unreachable{next: c.paypal.Handler()}
	gate.away.Store(true)
	c.shops[0].server.Handler = gate
	c.open()
	id, _ := c.register()
	if _, err := c.paypal.Button(providersim.ButtonPayment{Purchase: id, Value: "45.00", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	acknowledged := func() bool {
		for _, d := range c.paypal.Deliveries() {
			if d.Status == http.StatusOK {
				return true
			}
		}
		return false
	}
	for end := time.Now().Add(10 * time.Second); !acknowledged(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("it was not acknowledged")
		}
	}
	if len(c.rows()) != 0 {
		t.Error("an unchecked delivery was believed")
	}
	gate.away.Store(false)
	c.await(id, purchase.StateFinalized)
}

func TestAFullDiskIsNotAcknowledgedAndRecovers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.MkdirAll(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", data).CombinedOutput(); err != nil {
		t.Skipf("SKIPPED LOUDLY: a small disk cannot be mounted here (%v: %s); run as root to test a full disk", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", data).Run() })
	c := newTown(t, dir)
	c.open()
	hook := c.paypal.Webhooks()[0].ID
	ready := func() int { r, _ := c.get("http://"+c.operations+"/readyz", nil); return r.StatusCode }
	if ready() != http.StatusOK {
		t.Fatal("not ready on an empty disk")
	}
	filler := filepath.Join(data, "filler")
	if err := os.WriteFile(filler, make([]byte, 4<<20), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	body := fmt.Appendf(nil, `{"id":"WH-1","event_type":"CUSTOMER.DISPUTE.CREATED","resource_type":"dispute","resource":{"note":%q}}`, strings.Repeat("x", 300<<10))
	header := c.paypal.Sign(hook, body, time.Now())
	if r := c.post(c.callback(), header.Clone(), body); r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" {
		t.Errorf("full disk: %s", r.Status)
	}
	if ready() != http.StatusServiceUnavailable {
		t.Error("ready on a full disk")
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if r := c.post(c.callback(), header.Clone(), body); r.StatusCode != http.StatusOK {
		t.Errorf("after space came back: %s", r.Status)
	}
	if ready() != http.StatusOK {
		t.Error("not ready after space came back")
	}
}

func TestSettingsWithMistakesStartNothing(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(path, []byte("version: 1\nserver: {listn: x}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--config", path}, {"config", "check", path}, {"purchase", "list", "--config", path}} {
		if code := run(args); code != exitUsage {
			t.Errorf("%v: exit %d, want %d", args, code, exitUsage)
		}
	}
}

func TestEveryMetricHasAName(t *testing.T) {
	t.Parallel()
	c := newTown(t, t.TempDir())
	c.open()
	problems, err := testutil.GatherAndLint(c.registry)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	families, err := c.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	series := 0
	for _, f := range families {
		series += len(f.GetMetric())
	}
	if series > 2000 {
		t.Errorf("%d series for one account", series)
	}
}

func TestADoctorFindsThisHouseInOrder(t *testing.T) {
	t.Parallel()
	c := newTown(t, t.TempDir())
	c.open()
	report, err := examine(t.Context(), filepath.Join(c.dir, "paybridge.yaml"), "all")
	if err != nil {
		t.Fatal(err)
	}
	if report.Summary[purchase.Fail] > 0 || report.Summary[purchase.Pass] < 8 {
		raw, _ := json.MarshalIndent(report, "", " ")
		t.Errorf("%s", raw)
	}
}
