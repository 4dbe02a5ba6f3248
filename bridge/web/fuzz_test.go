package web

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"golang.org/x/net/html"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

const providersPage = "https://provider.example/pay?a=1&b=2"

// moods are what the engine may say to buyers.
var moods = []engine{
	{checkout: bridge.CheckoutResult{Outcome: bridge.Redirected, Redirect: providersPage}, visit: bridge.Visit{State: bridge.BuyerConfirmed, Return: "https://events.example.org/x"}, form: openForm(true), answer: bridge.FormOpen},
	{checkout: bridge.CheckoutResult{Outcome: bridge.Redirected, Redirect: providersPage, Form: []purchase.Field{{Name: "A", Value: "1"}}}, visit: bridge.Visit{State: bridge.BuyerConfirming}, form: bridge.InvoiceForm{State: bridge.FormOver}},
	{checkout: bridge.CheckoutResult{Outcome: bridge.BadRequest}, err: bridge.ErrNotFound},
	{checkout: bridge.CheckoutResult{Outcome: bridge.UnknownPurchase}, visit: bridge.Visit{State: bridge.BuyerRefused, Retry: "https://pay.example.org/pay/shop?purchaseId=1", TimeLeft: time.Hour}, form: openForm(false), answer: bridge.FormOver},
	{checkout: bridge.CheckoutResult{Outcome: bridge.TooMany}, visit: bridge.Visit{State: bridge.BuyerUnknown, Language: "fr"}, form: openForm(false)},
}

// Whatever is asked of the public face, in whatever form: it is answered, never by an error of ours; nobody is sent anywhere but to the provider or
// to a page of ours; and a page is made of our own elements, whatever the address or the form brought.
func FuzzPublic(f *testing.F) {
	const id = "ab62525b-7a63-47c0-b6e8-17ad1a2c67a6"
	for _, s := range []string{
		"GET /pay/shop?purchaseId=" + id + "&returnUrl=https://events.example.org/x%3Fa%3Db HTTP/1.1\r\nHost: pay\r\n\r\n",
		"GET /pay/shop?purchaseId=" + id + "&returnUrl=https://events.example.org.evil.example/ HTTP/1.1\r\nHost: pay\r\n\r\n",
		"GET /pay/shop?purchaseId=" + id + "&returnUrl=https://events.example.org%5C@evil.example/ HTTP/1.1\r\nHost: pay\r\n\r\n",
		"GET /pay/shop?purchaseId=" + id + "&returnUrl=javascript:alert(1)//https://events.example.org HTTP/1.1\r\nHost: pay\r\n\r\n",
		"GET /pay/shop?purchaseId=" + id + "&readableEventId=%22%3E%3Cscript%3E&userId=%3Cimg%20src=x%20onerror=a%3E&lang=fr HTTP/1.1\r\nHost: pay\r\nAccept-Language: fr\r\n\r\n",
		"GET /pay/shop?purchaseId=%7B" + strings.ToUpper(id) + "%7D&PURCHASEID=" + id + " HTTP/1.1\r\nHost: pay\r\n\r\n", "HEAD /pay/shop?purchaseId=" + id + " HTTP/1.1\r\nHost: pay\r\n\r\n",
		"GET /pay/shop%22%3E%3Cscript%3E HTTP/1.1\r\nHost: pay\r\n\r\n", "GET /pay/shop?%zz&;a=b HTTP/1.1\r\nHost: pay\r\n\r\n", "POST /pay/shop HTTP/1.1\r\nHost: pay\r\n\r\n",
		"GET /return/token?cancel=1&n=3&lang=fr HTTP/1.1\r\nHost: pay\r\n\r\n", "GET /return/%3Cscript%3E?cancel=%3Cscript%3E&n=-9 HTTP/1.1\r\nHost: pay\r\n\r\n",
		"POST /return/token?cancel=%0d%0aX:y&lang=//evil.example HTTP/1.1\r\nHost: pay\r\nContent-Length: 3\r\n\r\na=b", "POST /return//evil.example/ HTTP/1.1\r\nHost: pay\r\n\r\n",
		"POST //evil.example/return/x HTTP/1.1\r\nHost: pay\r\n\r\n", "POST /return/..%2f..%2fx HTTP/1.1\r\nHost: pay\r\n\r\n", "POST http://evil.example/return/x HTTP/1.1\r\nHost: evil.example\r\n\r\n",
		"POST /return/x HTTP/1.1\r\nHost: evil.example\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: javascript\r\nForwarded: host=evil.example\r\n\r\n",
		"GET /invoice/token?lang=fr HTTP/1.1\r\nHost: pay\r\n\r\n", "HEAD /invoice/token HTTP/1.1\r\nHost: pay\r\n\r\n",
		"POST /invoice/token HTTP/1.1\r\nHost: pay\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 59\r\n\r\nname=%3C%2Ftextarea%3E%3Cscript%3E&address=%3Cscript%3E&x=y",
		"POST /invoice/token HTTP/1.1\r\nHost: pay\r\nSec-Fetch-Site: cross-site\r\nOrigin: https://evil.example\r\nContent-Length: 0\r\n\r\n", "POST /invoice/..%2f%2fevil.example HTTP/1.1\r\nHost: pay\r\n\r\n",
		"POST /invoice/token HTTP/1.1\r\nHost: pay\r\nContent-Type: multipart/form-data; boundary=a\r\nContent-Length: 6\r\n\r\n--a--\r",
		"POST /callback/shop?a=b HTTP/1.1\r\nHost: pay\r\nContent-Length: 2\r\n\r\n{}", "PUT /callback/shop HTTP/1.1\r\nHost: pay\r\n\r\n", "BREW /callback/nobody HTTP/1.0\r\n\r\n", "OPTIONS * HTTP/1.1\r\nHost: pay\r\n\r\n",
		"POST /callback/shop/ HTTP/1.1\r\nHost: pay\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", "GET /\xff%00%ff HTTP/1.1\r\nHost: \xff\r\nCookie: \x80\r\n\r\n",
	} {
		for mood := range uint8(len(moods)) {
			f.Add([]byte(s), mood)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, mood uint8) {
		req, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(raw)))
		if err != nil {
			return // the server answers those itself
		}
		req.RemoteAddr = "192.0.2.7:1234"
		e := moods[int(mood)%len(moods)]
		e.receipt = bridge.Receipt{Outcome: bridge.Accepted}
		face := NewPublic(Options{Config: Config{PublicURL: "https://pay.example.org", ReturnOrigins: []string{"https://events.example.org"}}, Bridge: &e, Log: zap.NewNop(),
			Accounts: []bridge.Account{{Name: "shop", Kind: "paypal"}}, Registerer: prometheus.NewRegistry(), Now: time.Now})
		answer := httptest.NewRecorder()
		face.ServeHTTP(answer, req)
		checkAnswer(t, answer.Result())
		for _, d := range e.received {
			if d.Account != "shop" || d.ID == "" || d.Method != http.MethodPost || len(d.Body) > maxDelivery {
				t.Errorf("handed on: %+v", d)
			}
		}
		for _, asked := range e.asked {
			if _, err := purchase.ParseID(asked.PurchaseID); err != nil || asked.Account != "shop" || !ourSite(asked.ReturnURL) {
				t.Errorf("asked for %+v", asked)
			}
		}
	})
}

// ourSite tells whether a browser that goes there ends at the event's site; "" is nowhere.
func ourSite(address string) bool {
	u, err := url.Parse(address)
	return address == "" || (err == nil && u.Scheme == "https" && strings.TrimSuffix(strings.ToLower(u.Host), ":443") == "events.example.org" && u.User == nil && !strings.ContainsAny(address, "\\\r\n\t"))
}

func checkAnswer(t *testing.T, r *http.Response) {
	if r.StatusCode >= 500 && r.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("answered %s", r.Status)
	}
	for name, values := range r.Header {
		if strings.ContainsAny(name+strings.Join(values, ""), "\r\n\x00") {
			t.Errorf("header %q: %q", name, values)
		}
	}
	switch to := r.Header.Get("Location"); r.StatusCode / 100 {
	case 3:
		page := &url.URL{Scheme: "https", Host: "pay.example.org"}
		if there, err := page.Parse(strings.ReplaceAll(to, "\\", "/")); to != providersPage && (err != nil || there.Host != page.Host || there.Scheme != "https" || !strings.HasPrefix(there.Path, "/return/")) {
			t.Errorf("sent to %q", to)
		}
	default:
		if to != "" {
			t.Errorf("%s, and sent to %q", r.Status, to)
		}
	}
	body, _ := io.ReadAll(r.Body)
	if strings.HasPrefix(r.Header.Get("Content-Type"), "text/html") {
		checkPage(t, body)
		if !strings.Contains(r.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Error("a page without a policy")
		}
	} else if bytes.ContainsAny(body, "<>") {
		t.Errorf("%q", body)
	}
}

var (
	ourElements   = strings.Fields("html head meta title style body main svg circle path h1 p strong form input button script a footer span b label textarea div")
	ourAttributes = strings.Fields("lang charset name content http-equiv class viewbox aria-hidden focusable cx cy r d method action type value href hreflang data-says for id rows maxlength autocomplete " +
		"required aria-invalid aria-describedby role")
)

// checkPage walks through a page as a browser would.
func checkPage(t *testing.T, page []byte) {
	for z := html.NewTokenizer(bytes.NewReader(page)); ; {
		switch z.Next() {
		case html.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) {
				t.Errorf("a page ends by %v", z.Err())
			}
			return
		case html.CommentToken:
			t.Errorf("a comment: %q", z.Raw())
		case html.StartTagToken, html.SelfClosingTagToken:
			token := z.Token()
			if !slices.Contains(ourElements, token.Data) {
				t.Errorf("an element that is none of ours: %q", token)
			}
			for _, a := range token.Attr {
				leads := (a.Key == "href" || a.Key == "action") && a.Val != providersPage && !strings.HasPrefix(a.Val, "?") && !strings.HasPrefix(a.Val, "https://pay.example.org/pay/shop?") && !ourSite(a.Val)
				if leads || !slices.Contains(ourAttributes, a.Key) {
					t.Errorf("an attribute that is none of ours: %q", token)
				}
			}
		case html.TextToken:
			if name := z.Raw(); bytes.Contains(bytes.ToLower(name), []byte("<script")) {
				t.Errorf("a script as text: %q", name)
			}
		}
	}
}

// ledger is a decider with memory.
type ledger struct {
	decisions []bridge.Decision
	imports   []bridge.Import
	err       error
}

func (l *ledger) Decide(_ context.Context, d bridge.Decision) error {
	l.decisions = append(l.decisions, d)
	return l.err
}

func (l *ledger) Import(_ context.Context, i bridge.Import) (bridge.ImportResult, error) {
	l.imports = append(l.imports, i)
	return bridge.ImportResult{}, l.err
}

// Whatever comes to the control's socket: what is taken for a decision or an import is one JSON object, whole, with nothing after it, and says
// when it is read again what was understood.
func FuzzControl(f *testing.F) {
	for _, s := range []string{`{"Key":{"Environment":"main","ID":"ab62525b-7a63-47c0-b6e8-17ad1a2c67a6"},"Action":"refund","By":"ada","Reason":"x","Money":{"minor":4500,"currency":"EUR"}}`,
		`{"account":"shop","by":"ada","source":"f.csv","lines":[{"line":2,"kind":"captured","payment":"P1","money":{"minor":4500,"currency":"EUR"},"at":"2026-11-02T00:00:00Z"}]}`,
		`{}{}`, `{"Action":"refund"}{"Action":"close"}`, `{} x`, `{}]`, `null`, `[]`, `"x"`, `{"Nonsense":1}`, `{"Money":{"minor":1e400}}`, `{"Money":{"minor":4.5}}`, `{"PaidAt":"soon"}`, `{"Action":"refund","action":"close"}`,
		strings.Repeat("[", 20000), strings.Repeat(`{"Key":`, 20000), `{"By":"` + strings.Repeat("a", decisionUpTo) + `"}`, "\xff", ""} {
		for what := range uint8(4) {
			f.Add([]byte(s), what)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte, what uint8) {
		l := &ledger{err: []error{nil, bridge.ErrNotFound, bridge.ErrChanged, bridge.ErrNotAllowed, &bridge.ImportError{Line: 2, Problem: "x"}, errors.New("disk full")}[int(what)/2%6]}
		path := []string{"/decide", "/import"}[what%2]
		answer := httptest.NewRecorder()
		NewControl(l, zap.NewNop()).ServeHTTP(answer, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body)))
		if answer.Code == http.StatusInternalServerError || len(l.decisions)+len(l.imports) > 1 {
			t.Errorf("%s: %d, %d decisions, %d imports", path, answer.Code, len(l.decisions), len(l.imports))
		}
		if len(l.decisions)+len(l.imports) == 0 {
			if answer.Code != http.StatusBadRequest {
				t.Errorf("%s: nothing was taken and the answer is %d", path, answer.Code)
			}
			return
		}
		if !json.Valid(body) || !strings.HasPrefix(strings.TrimSpace(string(body)), "{") {
			t.Errorf("%s: taken from %q", path, body)
		}
		if l.err == nil && answer.Code/100 != 2 || l.err != nil && answer.Code < 400 {
			t.Errorf("%s: %v is answered %d", path, l.err, answer.Code)
		}
	})
}
