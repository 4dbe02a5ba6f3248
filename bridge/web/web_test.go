package web

import (
	"context"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// engine is a Bridge with memory that answers as it is told.
type engine struct {
	form     bridge.InvoiceForm
	answer   bridge.FormState
	billings []bridge.Billing
	receipt  bridge.Receipt
	checkout bridge.CheckoutResult
	visit    bridge.Visit
	returns  []purchase.Return
	err      error
	received []purchase.Delivery
	asked    []bridge.CheckoutRequest
	stray    int
}

func (e *engine) Account(name string) (bridge.Account, bool) {
	return bridge.Account{Name: "shop", Kind: "paypal"}, name == "shop"
}
func (e *engine) UnknownAccount() { e.stray++ }
func (e *engine) Receive(_ context.Context, d purchase.Delivery) bridge.Receipt {
	e.received = append(e.received, d)
	return e.receipt
}
func (e *engine) Checkout(_ context.Context, r bridge.CheckoutRequest) (bridge.CheckoutResult, error) {
	e.asked = append(e.asked, r)
	return e.checkout, e.err
}
func (e *engine) InvoiceForm(context.Context, string) (bridge.InvoiceForm, error) {
	return e.form, e.err
}
func (e *engine) RequestInvoice(_ context.Context, _ string, b bridge.Billing) (bridge.InvoiceForm, error) {
	e.billings = append(e.billings, b)
	return bridge.InvoiceForm{State: e.answer}, e.err
}
func (e *engine) Visit(_ context.Context, _ string, how purchase.Return) (bridge.Visit, error) {
	e.returns = append(e.returns, how)
	return e.visit, e.err
}

func face(t *testing.T, e *engine, log *zap.Logger) *httptest.Server {
	t.Helper()
	return faceWith(t, e, log, Config{ReturnOrigins: []string{"https://events.example.org"}})
}

func faceWith(t *testing.T, e *engine, log *zap.Logger, c Config) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(NewPublic(Options{Config: c, Bridge: e, Log: log,
		Accounts: []bridge.Account{{Name: "shop", Kind: "paypal"}}, Registerer: prometheus.NewRegistry(), Now: time.Now}))
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, address string, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = header
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(raw)
}

func TestEveryOutcomeHasItsStatus(t *testing.T) {
	t.Parallel()
	for outcome, want := range map[bridge.ReceiptOutcome]int{bridge.Accepted: 200, bridge.Duplicate: 200, bridge.KeptUnchecked: 200, bridge.KeptPuzzling: 200, bridge.Answered: 200,
		bridge.RefusedForged: 401, bridge.Full: 503, bridge.Unavailable: 503} {
		e := &engine{receipt: bridge.Receipt{Outcome: outcome, RetryAfter: time.Minute}}
		server := face(t, e, zap.NewNop())
		resp, err := http.Post(server.URL+"/callback/shop?a=1", "application/json", strings.NewReader("raw \x00 bytes"))
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want || (want == 503) != (resp.Header.Get("Retry-After") == "60") {
			t.Errorf("%s: %s, Retry-After %q", outcome, resp.Status, resp.Header.Get("Retry-After"))
		}
		if d := e.received[0]; string(d.Body) != "raw \x00 bytes" || d.Query != "a=1" || d.ID == "" || d.Account != "shop" {
			t.Errorf("the delivery is %+v", d)
		}
	}
}

func TestAProvidersOwnAnswerIsGiven(t *testing.T) {
	t.Parallel()
	e := &engine{receipt: bridge.Receipt{Outcome: bridge.Accepted, Answer: purchase.Answer{ContentType: "text/plain", Body: []byte("[accepted]")}}}
	resp, err := http.Post(face(t, e, zap.NewNop()).URL+"/callback/shop", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if string(raw) != "[accepted]" || resp.Header.Get("Content-Type") != "text/plain" || resp.Header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("%q %s", raw, resp.Header.Get("Content-Type"))
	}
}

func TestARefusalIsAnsweredInTheProvidersOwnWords(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer purchase.Answer
		status int
		kind   string
		body   string
	}{
		"nothing":           {purchase.Answer{}, 401, "text/plain; charset=UTF-8", "Unauthorized\n"},
		"words":             {purchase.Answer{ContentType: "text/plain", Body: []byte("version=2\ncdr=1\n")}, 401, "text/plain", "version=2\ncdr=1\n"},
		"words of no kind":  {purchase.Answer{Body: []byte("no")}, 401, "text/plain; charset=utf-8", "no"},
		"words at a status": {purchase.Answer{Status: 200, ContentType: "text/plain", Body: []byte("cdr=1")}, 200, "text/plain", "cdr=1"},
		"a status alone":    {purchase.Answer{Status: 403}, 403, "", ""},
	} {
		e := &engine{receipt: bridge.Receipt{Outcome: bridge.RefusedForged, Refusal: purchase.BadSignature, Answer: c.answer}}
		resp, err := http.Post(face(t, e, zap.NewNop()).URL+"/callback/shop", "", strings.NewReader("forged"))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != c.status || resp.Header.Get("Content-Type") != c.kind || string(raw) != c.body {
			t.Errorf("%s: %s, %q, %q, %v", name, resp.Status, resp.Header.Get("Content-Type"), raw, err)
		}
	}
}

func TestEveryMessageIsThereInBothLanguages(t *testing.T) {
	t.Parallel()
	for key, m := range messages {
		for _, text := range []Text{m.En, m.Fr} {
			if text.Title == "" || text.Body == "" {
				t.Errorf("%s lacks a text", key)
			}
		}
	}
	for _, state := range []bridge.BuyerState{bridge.BuyerConfirmed, bridge.BuyerConfirming, bridge.BuyerPending, bridge.BuyerCancelled, bridge.BuyerRefused, bridge.BuyerOneRefused,
		bridge.BuyerExpired, bridge.BuyerLate, bridge.BuyerRefunded, bridge.BuyerUnknown,
		bridge.BuyerOnInvoice, bridge.BuyerInvoiceAsked, bridge.BuyerInvoiceCancelled} {
		m, ok := messages[string(state)]
		if !ok {
			t.Errorf("%s has no message", state)
		}
		uncharged := strings.Contains(m.En.Title+m.En.Body, "Nothing was charged")
		if certain := state == bridge.BuyerCancelled || state == bridge.BuyerRefused || state == bridge.BuyerExpired; uncharged != certain {
			t.Errorf("%s: says uncharged %v", state, uncharged)
		}
	}
}

func TestTheReturnPageKeepsToItself(t *testing.T) {
	t.Parallel()
	core, seen := observer.New(zap.DebugLevel)
	e := &engine{visit: bridge.Visit{State: bridge.BuyerConfirming, Reference: "PB-7K2M", Language: "fr", Return: "https://events.example.org/x"}}
	server := face(t, e, zap.New(core))
	resp, page := get(t, server.URL+"/return/the-secret-token", nil)
	for _, want := range []string{`<html lang="fr">`, "Ne payez pas une seconde fois", "PB-7K2M", `http-equiv="refresh"`, "https://events.example.org/x", "noindex"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"} {
		if resp.Header.Get(name) != want {
			t.Errorf("%s: %q", name, resp.Header.Get(name))
		}
	}
	if strings.Contains(page, "<script") || !strings.Contains(resp.Header.Get("Content-Security-Policy"), "default-src 'none'") {
		t.Error("the page may do more than show itself")
	}
	for _, entry := range seen.All() {
		for _, f := range entry.Context {
			if strings.Contains(f.String, "the-secret-token") {
				t.Errorf("the log has the token: %s %s", entry.Message, f.String)
			}
		}
	}
}

func TestOnlyWhoArrivesComesBackToPay(t *testing.T) {
	t.Parallel()
	e := &engine{visit: bridge.Visit{State: bridge.BuyerConfirming, Noted: true}}
	server := face(t, e, zap.NewNop())
	_, page := get(t, server.URL+"/return/token?PayerID=x", nil)
	links := regexp.MustCompile(`(?:href="|url=)(\?[^"]*)"`).FindAllStringSubmatch(page, -1)
	if len(links) != 3 { // the page looks again, the buyer looks again, the buyer wants the other language
		t.Fatalf("%q", links)
	}
	for _, link := range links {
		get(t, server.URL+"/return/token"+html.UnescapeString(link[1]), nil)
	}
	get(t, server.URL+"/return/token?cancel=1&n=2&seen=1", nil)
	want := []purchase.Return{purchase.ReturnPaying, purchase.ReturnLooking, purchase.ReturnLooking, purchase.ReturnLooking, purchase.ReturnGivenUp}
	if !slices.Equal(e.returns, want) {
		t.Errorf("%q", e.returns)
	}
}

func TestWhoCouldNotBeNotedStillComesBackToPay(t *testing.T) {
	t.Parallel()
	e := &engine{visit: bridge.Visit{State: bridge.BuyerUnknown}}
	if _, page := get(t, face(t, e, zap.NewNop()).URL+"/return/token", nil); strings.Contains(page, "seen=") || !strings.Contains(page, `http-equiv="refresh"`) {
		t.Error("the next look is taken for one at a page of ours")
	}
}

func TestAnUnknownTokenIsAPage(t *testing.T) {
	t.Parallel()
	resp, page := get(t, face(t, &engine{err: bridge.ErrNotFound}, zap.NewNop()).URL+"/return/guess", http.Header{"Accept-Language": {"de, en;q=0.5"}})
	if resp.StatusCode != 404 || !strings.Contains(page, `<html lang="en">`) {
		t.Errorf("%s %s", resp.Status, page)
	}
}

func TestEveryCheckoutOutcomeIsAPageOrARedirect(t *testing.T) {
	t.Parallel()
	const id = "ab62525b-7a63-47c0-b6e8-17ad1a2c67a6"
	for outcome, want := range map[bridge.CheckoutOutcome]int{bridge.CheckoutExpired: 410, bridge.UnknownPurchase: 404, bridge.BadRequest: 400,
		bridge.DataverseError: 503, bridge.ProviderError: 503, bridge.TooMany: 429} {
		resp, page := get(t, face(t, &engine{checkout: bridge.CheckoutResult{Outcome: outcome}}, zap.NewNop()).URL+"/pay/shop?purchaseId="+id, nil)
		if resp.StatusCode != want || !strings.Contains(page, "<h1>") || resp.Header.Get("Location") != "" {
			t.Errorf("%s: %s", outcome, resp.Status)
		}
	}
	e := &engine{checkout: bridge.CheckoutResult{Outcome: bridge.Redirected, Redirect: "https://provider.example/pay"}}
	resp, _ := get(t, face(t, e, zap.NewNop()).URL+"/pay/shop?PURCHASEID=%7B"+strings.ToUpper(id)+"%7D&ReadableEventId=E1&amount=1&returnUrl=https://events.example.org/x?y", nil)
	if resp.StatusCode != 302 || resp.Header.Get("Location") != "https://provider.example/pay" {
		t.Errorf("%s to %s", resp.Status, resp.Header.Get("Location"))
	}
	if r := e.asked[0]; r.PurchaseID != id || r.Event != "E1" || r.ReturnURL != "https://events.example.org/x?y" {
		t.Errorf("asked %+v", r)
	}
}

func TestAProvidersFormSendsItselfAndNothingElse(t *testing.T) {
	t.Parallel()
	e := &engine{checkout: bridge.CheckoutResult{Outcome: bridge.Redirected, Redirect: "https://provider.example/order?a=1&b=2",
		Form: []purchase.Field{{Name: "ORDERID", Value: `"><script>alert(1)</script>`}, {Name: "AMOUNT", Value: "4500"}}}}
	resp, page := get(t, face(t, e, zap.NewNop()).URL+"/pay/shop?purchaseId=ab62525b-7a63-47c0-b6e8-17ad1a2c67a6&lang=fr", nil)
	for _, want := range []string{`method="post" action="https://provider.example/order?a=1&amp;b=2"`, `name="AMOUNT" value="4500"`,
		`value="&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"`, "Continuer vers le paiement", "<script>document.forms[0].submit()</script>"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	rules := resp.Header.Get("Content-Security-Policy")
	if resp.StatusCode != 200 || strings.Count(page, "<script>") != 1 || !strings.Contains(rules, "script-src 'sha256-") || !strings.Contains(rules, "form-action https:") {
		t.Errorf("%s, %s", resp.Status, rules)
	}
	if resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("Referrer-Policy") != "origin" {
		t.Errorf("%v", resp.Header)
	}
}

func TestABuyerMayComeBackByAForm(t *testing.T) {
	t.Parallel()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.PostForm(face(t, &engine{}, zap.NewNop()).URL+"/return/token?cancel=1&x=y", map[string][]string{"Data": {"anything"}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/return/token?cancel=1" {
		t.Errorf("%s to %s", resp.Status, resp.Header.Get("Location"))
	}
}

func TestALinkCheckerOpensNothing(t *testing.T) {
	t.Parallel()
	e := &engine{}
	resp, err := http.Head(face(t, e, zap.NewNop()).URL + "/pay/shop?purchaseId=ab62525b-7a63-47c0-b6e8-17ad1a2c67a6")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != 200 || len(e.asked) != 0 {
		t.Errorf("%s, %d checkouts", resp.Status, len(e.asked))
	}
}

func TestOperationsTellWhetherDeliveriesCanBeKept(t *testing.T) {
	t.Parallel()
	var err error
	server := httptest.NewServer(NewOperations(prometheus.NewRegistry(), func(context.Context) error { return err }))
	defer server.Close()
	for path, want := range map[string]int{"/livez": 200, "/readyz": 200, "/metrics": 200, "/debug/pprof/": 404} {
		if resp, _ := get(t, server.URL+path, nil); resp.StatusCode != want {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
	err = context.DeadlineExceeded
	if resp, _ := get(t, server.URL+"/readyz", nil); resp.StatusCode != 503 {
		t.Errorf("not ready: %s", resp.Status)
	}
}
