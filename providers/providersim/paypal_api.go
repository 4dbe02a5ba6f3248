package providersim

import (
	"net/http"
	"regexp"
	"strings"
	"time"
)

// Handler serves the API, the pay page, the certificates and the check of IPN.
func (p *PayPal) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/oauth2/token", p.token)
	mux.HandleFunc("GET /v1/notifications/certs/{id}", p.serveCertificate)
	mux.HandleFunc("GET /checkoutnow", p.showPage)
	mux.HandleFunc("POST /checkoutnow", p.pressButton)
	mux.HandleFunc("POST /cgi-bin/webscr", p.checkIPN)
	a := p.api()
	api := func(pattern, operation string, do func(*http.Request, []byte) reply) {
		a.handle(mux, pattern, operation, do)
	}
	api("POST /v2/checkout/orders", "create", p.createOrder)
	api("GET /v2/checkout/orders/{id}", "get", p.getOrder)
	api("POST /v2/checkout/orders/{id}/capture", "capture", p.captureOrder)
	api("POST /v2/checkout/orders/{id}/authorize", "reserve", p.authorizeOrder)
	api("GET /v2/payments/authorizations/{id}", "get", p.getAuthorization)
	api("POST /v2/payments/authorizations/{id}/capture", "capture", p.captureAuthorization)
	api("POST /v2/payments/authorizations/{id}/void", "void", p.voidAuthorization)
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
	seen := p.remember(r, "token", "", nil)
	f := p.misfortune("token")
	if p.spoil(w, r, f, seen, rateLimited) {
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

func (p *PayPal) api() *api {
	return &api{till: p.till, signedIn: func(r *http.Request, _ []byte) bool { return p.signedIn(r) }, key: "PayPal-Request-Id",
		stranger: reply{status: http.StatusUnauthorized, body: map[string]string{"error": "invalid_token", "error_description": "Token signature verification failed"}},
		limited:  rateLimited,
		again: func(first reply) reply {
			if first.status == http.StatusCreated {
				first.status = http.StatusOK
			}
			return first
		},
		dress: func(w http.ResponseWriter) { w.Header().Set("Paypal-Debug-Id", "f00d00000001") }}
}

var rateLimited = reply{status: http.StatusTooManyRequests, body: map[string]any{"name": "RATE_LIMIT_REACHED", "message": "Too many requests.",
	"debug_id": "f00d00000001", "links": []any{}}}

func (p *PayPal) signedIn(r *http.Request) bool {
	word, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	p.mu.Lock()
	defer p.mu.Unlock()
	until, known := p.tokens[word]
	return ok && known && p.cfg.Now().Before(until)
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

// payPalDecimals: PayPal takes none for three currencies, whatever ISO 4217 says.
func payPalDecimals(currency string) int {
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
	case len(fraction) > payPalDecimals(a.CurrencyCode):
		return "DECIMAL_PRECISION"
	case strings.Trim(a.Value, "0.") == "":
		return "CANNOT_BE_ZERO_OR_NEGATIVE"
	}
	return ""
}
