package providersim

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

// A reply is an answer that is not written yet, so that a fault can still spoil it.
type reply struct {
	status int
	body   any
	raw    []byte
	kind   string // content type of raw
}

// remembered is what an idempotent POST was answered before.
type remembered struct {
	path, body string
	reply      reply
}

const maxBody = 1 << 20

// Handler serves the API, the pay page, the certificates and the check of IPN.
func (p *PayPal) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/oauth2/token", p.token)
	mux.HandleFunc("GET /v1/notifications/certs/{id}", p.serveCertificate)
	mux.HandleFunc("GET /checkoutnow", p.showPage)
	mux.HandleFunc("POST /checkoutnow", p.pressButton)
	mux.HandleFunc("POST /cgi-bin/webscr", p.checkIPN)
	api := func(pattern, operation string, do func(*http.Request, []byte) reply) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) { p.api(w, r, operation, do) })
	}
	api("POST /v2/checkout/orders", "create", p.createOrder)
	api("GET /v2/checkout/orders/{id}", "get", p.getOrder)
	api("POST /v2/checkout/orders/{id}/capture", "capture", p.captureOrder)
	api("GET /v2/payments/captures/{id}", "get", p.getCapture)
	api("POST /v2/payments/captures/{id}/refund", "refund", p.refundCapture)
	api("GET /v2/payments/refunds/{id}", "get", p.getRefund)
	api("GET /v1/notifications/webhooks", "list", p.listWebhooks)
	api("POST /v1/notifications/webhooks", "create", p.createWebhook)
	api("GET /v1/notifications/webhooks-events", "list", p.listEvents)
	api("POST /v1/notifications/webhooks-events/{id}/resend", "resend", p.resendEvent)
	api("POST /v1/notifications/verify-webhook-signature", "verify", p.verifySignature)
	return mux
}

// token signs the app in.
func (p *PayPal) token(w http.ResponseWriter, r *http.Request) {
	seen := p.remember(r, "token", nil)
	f := p.misfortune("token")
	if p.spoil(w, r, f, seen) {
		return
	}
	id, secret, _ := r.BasicAuth()
	if id != p.cfg.ClientID || secret != p.cfg.ClientSecret || r.FormValue("grant_type") != "client_credentials" {
		p.write(w, seen, reply{status: http.StatusUnauthorized, body: map[string]string{"error": "invalid_client", "error_description": "Client Authentication failed"}})
		return
	}
	p.mu.Lock()
	word := p.id("A21AA") + p.uuid()
	p.tokens[word] = p.cfg.Now().Add(9 * time.Hour)
	p.mu.Unlock()
	p.write(w, seen, reply{status: http.StatusOK, body: map[string]any{"access_token": word, "token_type": "Bearer", "expires_in": 32400,
		"scope": "https://uri.paypal.com/services/payments/payment", "app_id": "APP-SIMULATED"}})
}

// api is the frame of every call: who asks, whether it was asked before under the same request id, and whether a fault waits.
func (p *PayPal) api(w http.ResponseWriter, r *http.Request, operation string, do func(*http.Request, []byte) reply) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	seen := p.remember(r, operation, body)
	switch {
	case err != nil:
		p.write(w, seen, failure(http.StatusBadRequest, "INVALID_REQUEST", "MALFORMED_REQUEST_JSON"))
		return
	case !p.signedIn(r):
		p.write(w, seen, reply{status: http.StatusUnauthorized, body: map[string]string{"error": "invalid_token", "error_description": "Token signature verification failed"}})
		return
	}
	f := p.misfortune(operation)
	if f != nil && !f.Kind.after() && p.spoil(w, r, f, seen) {
		return
	}
	answer := p.idempotent(r, body, do)
	if f != nil && f.Kind.after() && p.spoil(w, r, f, seen) {
		return
	}
	p.write(w, seen, answer)
}

func (p *PayPal) signedIn(r *http.Request) bool {
	word, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	p.mu.Lock()
	defer p.mu.Unlock()
	until, known := p.tokens[word]
	return ok && known && p.cfg.Now().Before(until)
}

// idempotent answers a POST with a request id that was seen before as it was answered then.
func (p *PayPal) idempotent(r *http.Request, body []byte, do func(*http.Request, []byte) reply) reply {
	key := r.Header.Get("PayPal-Request-Id")
	if r.Method != http.MethodPost || key == "" {
		return do(r, body)
	}
	if len(key) > 108 {
		return failure(http.StatusBadRequest, "INVALID_REQUEST", "INVALID_PARAMETER_SYNTAX")
	}
	p.mu.Lock()
	if was, ok := p.answers[key]; ok && was.path == r.URL.Path {
		p.mu.Unlock()
		if was.reply.status == http.StatusCreated {
			was.reply.status = http.StatusOK
		}
		return was.reply
	}
	if p.busy[key] {
		p.mu.Unlock()
		return failure(http.StatusConflict, "RESOURCE_CONFLICT", "PREVIOUS_REQUEST_IN_PROGRESS")
	}
	p.busy[key] = true
	p.mu.Unlock()
	answer := do(r, body)
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.busy, key)
	if answer.status < 300 {
		p.answers[key] = remembered{path: r.URL.Path, body: string(body), reply: answer}
	}
	return answer
}

func (p *PayPal) write(w http.ResponseWriter, seen int, a reply) {
	p.mu.Lock()
	p.requests[seen].Status = a.status
	p.mu.Unlock()
	raw, kind := a.raw, a.kind
	if raw == nil && a.body != nil {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetEscapeHTML(false)
		_ = enc.Encode(a.body) // maps, strings and numbers
		raw, kind = b.Bytes(), "application/json"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Paypal-Debug-Id", "f00d00000001")
	w.WriteHeader(a.status)
	w.Write(raw)
}

// remember keeps a request and returns its place.
func (p *PayPal) remember(r *http.Request, operation string, body []byte) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, Request{At: p.cfg.Now(), Operation: operation, Method: r.Method, Path: r.URL.Path,
		RequestID: r.Header.Get("PayPal-Request-Id"), Body: string(body)})
	return len(p.requests) - 1
}

// failure is PayPal's envelope of errors.
func failure(status int, name, issue string) reply {
	return reply{status: status, body: map[string]any{"name": name, "message": "The request could not be carried out.", "debug_id": "f00d00000001",
		"details": []map[string]string{{"issue": issue, "description": "See the documentation of the issue."}}, "links": []any{}}}
}

func unprocessable(issue string) reply {
	return failure(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", issue)
}

var notFound = failure(http.StatusNotFound, "RESOURCE_NOT_FOUND", "INVALID_RESOURCE_ID")

// decimals: PayPal takes none for three currencies, whatever ISO 4217 says.
func decimals(currency string) int {
	switch currency {
	case "HUF", "JPY", "TWD":
		return 0
	}
	return 2
}

var currencies = regexp.MustCompile(`^(AUD|BRL|CAD|CNY|CZK|DKK|EUR|HKD|HUF|ILS|JPY|MYR|MXN|TWD|NZD|NOK|PHP|PLN|GBP|SGD|SEK|CHF|THB|USD)$`)
var values = regexp.MustCompile(`^[0-9]{1,28}(\.[0-9]{1,3})?$`)

// check says what PayPal has against an amount, "" for nothing.
func (a Amount) check() string {
	_, fraction, _ := strings.Cut(a.Value, ".")
	switch {
	case !currencies.MatchString(a.CurrencyCode):
		return "INVALID_CURRENCY_CODE"
	case !values.MatchString(a.Value):
		return "INVALID_PARAMETER_SYNTAX"
	case len(fraction) > decimals(a.CurrencyCode):
		return "DECIMAL_PRECISION"
	case strings.Trim(a.Value, "0.") == "":
		return "CANNOT_BE_ZERO_OR_NEGATIVE"
	}
	return ""
}
