package providersim_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/providers/providersim"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"), goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"))
}

// A merchant talks to a simulator over HTTPS and hears its notifications.
type merchant struct {
	t      *testing.T
	sim    *providersim.PayPal
	server *httptest.Server
	token  string
	hook   string

	mu    sync.Mutex
	heard []heard
	deny  int // how many notifications to answer with 500
}

type heard struct {
	header http.Header
	body   []byte
}

func open(t *testing.T, c providersim.PayPalConfig) *merchant {
	t.Helper()
	m := &merchant{t: t, sim: providersim.NewPayPal(c)}
	m.server = httptest.NewTLSServer(m.sim.Handler())
	m.sim.SetBaseURL(m.server.URL)
	ear := httptest.NewServer(http.HandlerFunc(m.hear))
	m.hook = m.sim.RegisterWebhook(ear.URL, nil)
	m.sim.SetIPN(ear.URL + "/ipn")
	t.Cleanup(func() { m.sim.Close(); m.server.Close(); ear.Close() })
	var answer struct {
		Token string `json:"access_token"`
	}
	form := strings.NewReader("grant_type=client_credentials")
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, m.server.URL+"/v1/oauth2/token", form)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(m.sim.Config().ClientID, m.sim.Config().ClientSecret)
	m.do(req, &answer)
	m.token = answer.Token
	return m
}

func quiet() providersim.PayPalConfig {
	return providersim.PayPalConfig{Config: providersim.Config{Chaos: providersim.Chaos{Off: true}, Retry: func(n int) (time.Duration, bool) { return 10 * time.Millisecond, n < 5 }}}
}

func (m *merchant) hear(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = append(m.heard, heard{r.Header.Clone(), body})
	if m.deny > 0 {
		m.deny--
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// awaits waits for so many notifications whose body has the text.
func (m *merchant) awaits(n int, text string) []heard {
	m.t.Helper()
	var found []heard
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		found = nil
		m.mu.Lock()
		for _, h := range m.heard {
			if bytes.Contains(h.body, []byte(text)) {
				found = append(found, h)
			}
		}
		m.mu.Unlock()
		if len(found) >= n {
			return found
		}
	}
	m.t.Fatalf("%d notifications with %q, want %d", len(found), text, n)
	return nil
}

func (m *merchant) do(req *http.Request, into any) int {
	m.t.Helper()
	resp, err := m.server.Client().Do(req)
	if err != nil {
		m.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		m.t.Fatal(err)
	}
	if into != nil {
		if err := json.Unmarshal(raw, into); err != nil {
			m.t.Fatalf("%s: %s", resp.Status, raw)
		}
	}
	return resp.StatusCode
}

type object struct {
	ID     string `json:"id"`
	Status string `json:"status"`
	Name   string `json:"name"`
	Links  []struct{ Href, Rel string }
	Units  []struct {
		Payments struct {
			Authorizations []struct{ ID, Status string }
			Captures       []struct{ ID, Status string }
			Refunds        []struct{ ID string }
		}
	} `json:"purchase_units"`
	Details []struct{ Issue string }
	Verdict string `json:"verification_status"`
}

func (m *merchant) call(method, path, key, body string) (object, int) {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), method, m.server.URL+path, strings.NewReader(body))
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("PayPal-Request-Id", key)
	}
	var o object
	status := m.do(req, &o)
	return o, status
}

// bare makes a call whose answer has no body.
func (m *merchant) bare(method, path, key string) int {
	m.t.Helper()
	req, err := http.NewRequestWithContext(m.t.Context(), method, m.server.URL+path, nil)
	if err != nil {
		m.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+m.token)
	req.Header.Set("PayPal-Request-Id", key)
	return m.do(req, nil)
}

const orderBody = `{"intent":"CAPTURE","purchase_units":[{"custom_id":"REG-1","amount":{"currency_code":"EUR","value":"45.00"}}],
	"payment_source":{"paypal":{"experience_context":{"return_url":"https://shop.example/back?x=1","cancel_url":"https://shop.example/cancel"}}}}`

func (m *merchant) order(key string) object {
	m.t.Helper()
	o, status := m.call("POST", "/v2/checkout/orders", key, orderBody)
	if status != 200 || o.Status != "PAYER_ACTION_REQUIRED" {
		m.t.Fatalf("create: %d %+v", status, o)
	}
	return o
}

func issue(o object) string {
	if len(o.Details) == 0 {
		return ""
	}
	return o.Details[0].Issue
}

func TestAnOrderIsPaidThroughThePayPage(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	o := m.order("k1")
	if again := m.order("k1"); again.ID != o.ID {
		t.Error("the same request id made another order")
	}
	if early, status := m.call("POST", "/v2/checkout/orders/"+o.ID+"/capture", "c0", "{}"); status != 422 || issue(early) != "ORDER_NOT_APPROVED" {
		t.Errorf("capture before approval: %d %s", status, issue(early))
	}
	browser := &http.Client{Transport: m.server.Client().Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.PostForm(m.server.URL+"/checkoutnow?token="+o.ID, url.Values{"action": {"pay"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if to := resp.Header.Get("Location"); resp.StatusCode != 303 || !strings.HasPrefix(to, "https://shop.example/back?") || !strings.Contains(to, "token="+o.ID) || !strings.Contains(to, "x=1") {
		t.Errorf("sent back to %s (%s)", to, resp.Status)
	}
	done, status := m.call("POST", "/v2/checkout/orders/"+o.ID+"/capture", "c1", "{}")
	if status != 201 || done.Status != "COMPLETED" || len(done.Units[0].Payments.Captures) != 1 {
		t.Fatalf("capture: %d %+v", status, done)
	}
	if same, status := m.call("POST", "/v2/checkout/orders/"+o.ID+"/capture", "c1", "{}"); status != 200 || same.Units[0].Payments.Captures[0].ID != done.Units[0].Payments.Captures[0].ID {
		t.Errorf("the same capture again: %d", status)
	}
	if twice, status := m.call("POST", "/v2/checkout/orders/"+o.ID+"/capture", "c2", "{}"); status != 422 || issue(twice) != "ORDER_ALREADY_CAPTURED" {
		t.Errorf("another capture: %d %s", status, issue(twice))
	}
	m.awaits(1, "CHECKOUT.ORDER.APPROVED")
	m.awaits(1, "PAYMENT.CAPTURE.COMPLETED")
}

func TestRefusalsAreThoseOfPayPal(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	swap := func(old, with string) string { return strings.Replace(orderBody, old, with, 1) }
	for name, c := range map[string]struct {
		key, body, issue string
		status           int
	}{
		"no request id":        {"", orderBody, "PAYPAL_REQUEST_ID_REQUIRED", 400},
		"not JSON":             {"a", "{", "MALFORMED_REQUEST_JSON", 400},
		"too precise":          {"b", swap("45.00", "45.001"), "DECIMAL_PRECISION", 422},
		"yen with decimals":    {"c", strings.Replace(swap("EUR", "JPY"), "45.00", "45.5", 1), "DECIMAL_PRECISION", 422},
		"forint with decimals": {"d", strings.Replace(swap("EUR", "HUF"), "45.00", "45.5", 1), "DECIMAL_PRECISION", 422},
		"unknown currency":     {"e", swap("EUR", "XXX"), "INVALID_CURRENCY_CODE", 422},
		"nothing":              {"f", swap("45.00", "0.00"), "CANNOT_BE_ZERO_OR_NEGATIVE", 422},
	} {
		t.Run(name, func(t *testing.T) {
			if o, status := m.call("POST", "/v2/checkout/orders", c.key, c.body); status != c.status || issue(o) != c.issue {
				t.Errorf("%d %s, want %d %s", status, issue(o), c.status, c.issue)
			}
		})
	}
	if o, status := m.call("GET", "/v2/payments/captures/NONE", "", ""); status != 404 || o.Name != "RESOURCE_NOT_FOUND" {
		t.Errorf("unknown capture: %d %s", status, o.Name)
	}
	m.token = "stolen"
	if _, status := m.call("GET", "/v2/checkout/orders/x", "", ""); status != 401 {
		t.Errorf("a wrong token: %d", status)
	}
}

func TestNotificationsAreSignedAsPayPalSigns(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	if _, _, err := m.sim.Buy(providersim.PayPalPayment{CustomID: "REG-é", Value: "45.00", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	h := m.awaits(1, "PAYMENT.CAPTURE.COMPLETED")[0]
	resp, err := m.server.Client().Get(h.header.Get("PAYPAL-CERT-URL"))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	block, rest := pem.Decode(raw)
	if block == nil || len(bytes.TrimSpace(rest)) > 0 {
		t.Fatal("not one leaf")
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	pool, roots := x509.NewCertPool(), x509.NewCertPool()
	pool.AppendCertsFromPEM(m.sim.CABundle())
	roots.AppendCertsFromPEM(m.sim.CABundle())
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: pool, DNSName: "messageverificationcerts.sandbox.paypal.com"}); err != nil {
		t.Errorf("the chain: %v", err)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%s|%d", h.header.Get("PAYPAL-TRANSMISSION-ID"), h.header.Get("PAYPAL-TRANSMISSION-TIME"), m.hook, crc32.ChecksumIEEE(h.body)))
	sig, _ := base64.StdEncoding.DecodeString(h.header.Get("PAYPAL-TRANSMISSION-SIG"))
	if err := rsa.VerifyPKCS1v15(leaf.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], sig); err != nil {
		t.Errorf("the signature: %v", err)
	}
	ask := func(hook string, body []byte) string {
		o, _ := m.call("POST", "/v1/notifications/verify-webhook-signature", "", fmt.Sprintf(
			`{"auth_algo":"SHA256withRSA","cert_url":%q,"transmission_id":%q,"transmission_sig":%q,"transmission_time":%q,"webhook_id":%q,"webhook_event":%s}`,
			h.header.Get("PAYPAL-CERT-URL"), h.header.Get("PAYPAL-TRANSMISSION-ID"), h.header.Get("PAYPAL-TRANSMISSION-SIG"),
			h.header.Get("PAYPAL-TRANSMISSION-TIME"), hook, body))
		return o.Verdict
	}
	if ask(m.hook, h.body) != "SUCCESS" || ask("ANOTHER", h.body) != "FAILURE" || ask(m.hook, bytes.Replace(h.body, []byte("45.00"), []byte("45.01"), 1)) != "FAILURE" {
		t.Error("the verify call answers wrongly")
	}
}

func TestUnansweredNotificationsComeAgain(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	m.deny = 3
	if _, _, err := m.sim.Buy(providersim.PayPalPayment{CustomID: "REG-1", Value: "45.00", Currency: "EUR", Shape: providersim.Shape{Repeats: 0}}); err != nil {
		t.Fatal(err)
	}
	all := m.awaits(2, "PAYMENT.CAPTURE.COMPLETED")
	if all[0].header.Get("PAYPAL-TRANSMISSION-ID") == all[1].header.Get("PAYPAL-TRANSMISSION-ID") {
		t.Error("a retry is a transmission of its own")
	}
}

func TestShapesDropAndRepeat(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	pay := func(id string, s providersim.Shape) {
		if _, _, err := m.sim.Buy(providersim.PayPalPayment{CustomID: id, Value: "45.00", Currency: "EUR", Shape: s}); err != nil {
			t.Fatal(err)
		}
	}
	pay("DROPPED", providersim.Shape{Drop: true})
	pay("REPEATED", providersim.Shape{Repeats: 2})
	m.awaits(3, "REPEATED")
	for _, d := range m.sim.Deliveries() {
		if d.Event != "IPN" && bytes.Contains(d.Body, []byte("DROPPED")) {
			t.Error("a dropped notification was sent")
		}
	}
}

func TestMoneyGoesBackAndIsTold(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	order, capture, err := m.sim.Buy(providersim.PayPalPayment{CustomID: "REG-1", Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	part := `{"amount":{"currency_code":"EUR","value":"15.00"}}`
	if r, status := m.call("POST", "/v2/payments/captures/"+capture+"/refund", "r1", part); status != 201 || r.Status != "COMPLETED" {
		t.Errorf("refund: %d %+v", status, r)
	}
	if r, status := m.call("POST", "/v2/payments/captures/"+capture+"/refund", "r1", part); status != 200 || r.Status != "COMPLETED" {
		t.Errorf("the same refund: %d", status)
	}
	if r, status := m.call("POST", "/v2/payments/captures/"+capture+"/refund", "r2", `{"amount":{"currency_code":"EUR","value":"31.00"}}`); status != 422 || issue(r) != "REFUND_AMOUNT_EXCEEDED" {
		t.Errorf("too much: %d %s", status, issue(r))
	}
	if c, _ := m.call("GET", "/v2/payments/captures/"+capture, "", ""); c.Status != "PARTIALLY_REFUNDED" {
		t.Errorf("status %s", c.Status)
	}
	if err := m.sim.GiveBack(capture, "", true); err != nil {
		t.Fatal(err)
	}
	if c, _ := m.call("GET", "/v2/payments/captures/"+capture, "", ""); c.Status != "REFUNDED" {
		t.Errorf("status %s", c.Status)
	}
	if o, _ := m.call("GET", "/v2/checkout/orders/"+order, "", ""); len(o.Units[0].Payments.Refunds) != 2 {
		t.Errorf("%d refunds in the order", len(o.Units[0].Payments.Refunds))
	}
	m.awaits(1, "PAYMENT.CAPTURE.REFUNDED")
	m.awaits(1, "PAYMENT.CAPTURE.REVERSED")
}

func TestIPNIsVerifiedByteForByte(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	if _, _, err := m.sim.Buy(providersim.PayPalPayment{CustomID: "REG-1", Value: "45.00", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	sent := m.awaits(1, "payment_status=Completed")[0].body
	check := func(body []byte, agent string) string {
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, m.server.URL+"/cgi-bin/webscr", bytes.NewReader(append([]byte("cmd=_notify-validate&"), body...)))
		req.Header.Set("User-Agent", agent)
		resp, err := m.server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		raw, _ := io.ReadAll(resp.Body)
		return fmt.Sprint(resp.StatusCode, " ", string(raw))
	}
	if got := check(sent, "test"); got != "200 VERIFIED" {
		t.Error(got)
	}
	if got := check(bytes.Replace(sent, []byte("45.00"), []byte("1.00"), 1), "test"); got != "200 INVALID" {
		t.Error(got)
	}
	if got := check(sent, ""); !strings.HasPrefix(got, "403") {
		t.Error(got)
	}
}

func TestFaultsSpoilWhatTheySay(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	for kind, status := range map[providersim.FaultKind]int{providersim.ServerError: 500, providersim.Unavailable: 503, providersim.EdgeRefusal: 403} {
		m.sim.AddFault(providersim.Fault{Operation: "create", Kind: kind})
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, m.server.URL+"/v2/checkout/orders", strings.NewReader(orderBody))
		req.Header.Set("Authorization", "Bearer "+m.token)
		req.Header.Set("PayPal-Request-Id", string(kind))
		if got := m.do(req, nil); got != status {
			t.Errorf("%s: %d", kind, got)
		}
	}
	before := len(m.sim.Orders())
	m.sim.AddFault(providersim.Fault{Operation: "create", Kind: providersim.AfterDrop})
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, m.server.URL+"/v2/checkout/orders", strings.NewReader(orderBody))
	req.Header.Set("Authorization", "Bearer "+m.token)
	req.Header.Set("PayPal-Request-Id", "lost")
	if resp, err := m.server.Client().Do(req); err == nil {
		resp.Body.Close()
		t.Error("the connection did not end")
	}
	if len(m.sim.Orders()) != before+1 {
		t.Error("the effect did not come")
	}
	if m.order("lost"); len(m.sim.Orders()) != before+1 {
		t.Error("the same request id made a second order after a lost answer")
	}
}

func TestPendingMoneySettlesLater(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	for _, paid := range []bool{true, false} {
		_, capture, err := m.sim.Buy(providersim.PayPalPayment{CustomID: "REG-1", Value: "45.00", Currency: "EUR", Pending: "ECHECK"})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.sim.Settle(capture, paid); err != nil {
			t.Fatal(err)
		}
	}
	m.awaits(2, "PAYMENT.CAPTURE.PENDING")
	m.awaits(1, "PAYMENT.CAPTURE.DENIED")
	m.awaits(1, "PAYMENT.CAPTURE.COMPLETED")
}

func TestOrdersAreTakenByThePort(t *testing.T) {
	t.Parallel()
	m := open(t, quiet())
	control := httptest.NewServer(m.sim.Control())
	defer control.Close()
	resp, err := http.Post(control.URL+"/button", "application/json", strings.NewReader(`{"purchase":"REG-9","value":"5.00","currency":"EUR"}`))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	bad, err := http.Post(control.URL+"/button", "application/json", strings.NewReader(`{"custom":"REG-9"}`))
	if err != nil {
		t.Fatal(err)
	}
	bad.Body.Close()
	if resp.StatusCode != 200 || bad.StatusCode != 400 || len(m.sim.Captures()) != 1 {
		t.Errorf("%s, %s, %d captures", resp.Status, bad.Status, len(m.sim.Captures()))
	}
}
