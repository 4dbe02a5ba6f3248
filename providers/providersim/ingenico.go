package providersim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A worldline is what the simulators of Worldline Direct and Connect have in common: API keys and the signature of calls, webhook keys
// and the signature of events, the envelopes of both, and payments whose operations have ids of their own.
type worldline struct {
	*till
	connect         bool
	file            string // what the files of its settings begin with
	merchant        string
	keyID, secret   string
	hooks           []gcsKey // any may sign: keys are being changed
	variant         WorldlineVariant
	books           map[string]*gcsBook // by checkout or, without one, by payment
	refundReference string              // of the refund that is being made
}

type gcsKey struct{ id, secret string }

// WorldlineVariant is what Worldline leaves open, or what public sources contradict one another about. The zero value is what was seen
// most, or is the plainest.
type WorldlineVariant struct {
	Schedule   int    `json:"schedule"`    // 0: at once, then 5 min, 15 min, 1 h, 4 h, 24 h; 1: 10 min, 1 h, 2 h, 8 h, 24 h
	Tries      string `json:"tries"`       // what a payer's tries are called: "" as the first, "operation" by the next operation, "number" by another number
	Nulls      bool   `json:"nulls"`       // what an event is not about is null, not absent
	NoCheckout bool   `json:"no_checkout"` // payments do not name their hosted checkout
	NoTaken    bool   `json:"no_taken"`    // events do not say what was really taken
	Made       bool   `json:"made"`        // what is made is answered by 201, not 200
	Partial    bool   `json:"partial"`     // Direct: no redirectUrl
	Requested  bool   `json:"requested"`   // a sale is told as requested before it is captured
	Slow       bool   `json:"slow"`        // a capture stays requested until it is settled
	Gone       bool   `json:"gone"`        // a checkout that has ended is unknown
	Global     bool   `json:"global"`      // Direct: a payment's status is that of its last operation, a refund's too
	First      bool   `json:"first"`       // Direct: a checkout shows the operation that began the payment, and not how it went on
	Summary    bool   `json:"summary"`     // a refund is also told as a payment that was refunded
	Busy       int    `json:"busy"`        // so many calls under a key are answered: the first is still running
	Faulty     int    `json:"faulty"`      // so many are answered: a fault of ours, make it again under another key
}

// gcsVariant picks what is left open by the seed; 0 for the plainest.
func gcsVariant(seed uint64) WorldlineVariant {
	if seed == 0 {
		return WorldlineVariant{}
	}
	bit := func(n int) bool { return seed*0x9e3779b97f4a7c15>>(n+32)&1 == 1 }
	return WorldlineVariant{Schedule: int(seed & 1), Tries: []string{"", "operation", "number"}[seed%3], Nulls: bit(1), NoCheckout: bit(2), NoTaken: bit(3),
		Made: bit(4), Partial: bit(5), Requested: bit(6), Gone: bit(7), Global: bit(8), First: bit(9), Summary: bit(10)}
}

// SetVariant chooses what is left open.
func (w *worldline) SetVariant(v WorldlineVariant) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.variant = v
}

// ForgetKeys is the end of the time for which idempotence keys are remembered.
func (w *worldline) ForgetKeys() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.answers)
}

// A gcsBook is a payment with what was done: the payer's tries, captures, cancellations, refunds, in their order.
type gcsBook struct {
	p        *Payment
	number   string
	ops      []*gcsOp
	tries    int
	attempts int // that the checkout allows
	hooks    []string
	checkout bool // it has a page
}

type gcsOp struct {
	id, kind, status string
	code             int
	value            string
	reference        string
	refund           *Refund
}

func newWorldline(c Config, h house, file, merchant string) *worldline {
	w := &worldline{file: file, merchant: merchant, keyID: "5A1B2C3D4E5F6071", secret: "c2ltdWxhdGVkIEFQSSBzZWNyZXQgb2YgV29ybGRsaW5l",
		hooks:   []gcsKey{{"hook-2026-a", "simulated-webhook-secret-a-0123456789"}, {"hook-2026-b", "simulated-webhook-secret-b-9876543210"}},
		variant: gcsVariant(c.Seed), books: map[string]*gcsBook{}}
	w.till = newTill(c, h, func(try int) (time.Duration, bool) { return w.retry(try) })
	return w
}

// retry is one of the two schedules that are told of.
func (w *worldline) retry(try int) (time.Duration, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	steps := []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 4 * time.Hour, 24 * time.Hour}
	if w.variant.Schedule == 1 {
		steps = []time.Duration{10 * time.Minute, time.Hour, 2 * time.Hour, 8 * time.Hour, 24 * time.Hour}
	}
	if try > len(steps) {
		return 0, false
	}
	return steps[try-1], true
}

// section is the part of the settings that both generations have.
func (w *worldline) section(callback string) (string, map[string]string) {
	w.SetCallback(callback)
	files := map[string]string{w.file + "-api": w.secret + "\n"}
	var b strings.Builder
	fmt.Fprintf(&b, "api_key_id: %s\napi_secret: file:{dir}/%s-api\nwebhook_keys:\n", w.keyID, w.file)
	for i, k := range w.hooks {
		name := fmt.Sprintf("%s-hook-%d", w.file, i+1)
		files[name] = k.secret + "\n"
		fmt.Fprintf(&b, "  - {id: %s, secret: \"file:{dir}/%s\"}\n", k.id, name)
	}
	fmt.Fprintf(&b, "api_url: %s\nca_file: {ca}\n", w.ownOrigin())
	return b.String(), files
}

// HookKeys are the webhook keys by their ids.
func (w *worldline) HookKeys() map[string]string {
	keys := map[string]string{}
	for _, k := range w.hooks {
		keys[k.id] = k.secret
	}
	return keys
}

// API is the id and the secret of the API key.
func (w *worldline) API() (id, secret string) { return w.keyID, w.secret }

// calls serves calls that are signed, for the right merchant.
func (w *worldline) calls() *api {
	return &api{till: w.till, key: "X-Gcs-Idempotence-Key", signedIn: w.signedIn,
		stranger: w.failed(http.StatusForbidden, "9002", "MISSING_OR_INVALID_AUTHORIZATION"),
		limited:  w.failed(http.StatusTooManyRequests, "9429", "TOO_MANY_REQUESTS")}
}

// ofMerchant refuses a merchant that the key does not belong to, and has its moods about keyed calls.
func (w *worldline) ofMerchant(do func(r *http.Request, body []byte) reply) func(*http.Request, []byte) reply {
	return func(r *http.Request, body []byte) reply {
		keyed := r.Method == http.MethodPost && r.Header.Get("X-Gcs-Idempotence-Key") != ""
		switch {
		case !strings.EqualFold(r.PathValue("merchant"), w.merchant):
			return w.failed(http.StatusForbidden, "9007", "ACCESS_TO_MERCHANT_NOT_ALLOWED")
		case len(r.Header.Get("X-Gcs-Idempotence-Key")) > 40:
			return w.failed(http.StatusBadRequest, "1408", "INVALID_IDEMPOTENCE_KEY")
		case keyed && w.variant.Busy > 0:
			w.variant.Busy--
			return w.failed(http.StatusConflict, "1409", "DUPLICATE_REQUEST_IN_PROGRESS")
		case keyed && w.variant.Faulty > 0:
			w.variant.Faulty--
			answer := w.failed(http.StatusBadRequest, "9999", "TECHNICAL_FAULT")
			answer.body.(map[string]any)["errors"].([]any)[0].(map[string]any)["retriable"] = true
			w.answers[r.Header.Get("X-Gcs-Idempotence-Key")+" "+r.URL.Path] = answered{string(body), answer} // it stays so
			return answer
		}
		return do(r, body)
	}
}

// failed is the envelope of errors. Direct numbers them in errorCode as well.
func (w *worldline) failed(status int, code, id string) reply {
	e := map[string]any{"code": code, "id": id, "httpStatusCode": status, "message": "text for the log only"}
	if w.connect {
		e["requestId"] = "15eb83ba-0000-4000-8000-000000000001"
	} else {
		e["errorCode"], e["category"], e["retriable"], e["propertyName"] = code, "DIRECT_PLATFORM_ERROR", false, ""
	}
	return reply{status: status, body: map[string]any{"errorId": "00000000-0000-4000-8000-0000000000ee", "errors": []any{e}}}
}

func (w *worldline) invalid(what string) reply {
	return w.failed(http.StatusBadRequest, "21000020", "VALUE_"+strings.ToUpper(what)+"_NOT_ALLOWED")
}

// missing: Direct's body says another status than the answer.
func (w *worldline) missing() reply {
	answer := w.failed(http.StatusNotFound, "1002", "UNKNOWN_SERVER_ERROR")
	if !w.connect {
		answer.body.(map[string]any)["errors"].([]any)[0].(map[string]any)["httpStatusCode"] = 500
	}
	return answer
}

// made is the answer to what was made.
func (w *worldline) made(body any) reply {
	if w.variant.Made {
		return reply{status: http.StatusCreated, body: body}
	}
	return done(body)
}

// gcsDecode takes a body whose every property is known.
func gcsDecode(body []byte, into any) bool {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into) == nil
}

// digits is how many decimals an amount of the generation has.
func (w *worldline) digits(currency string) int {
	if w.connect {
		return 2
	}
	return decimals(currency)
}

// amount is a decimal as the generation writes it.
func (w *worldline) amount(value, currency string) map[string]any {
	return map[string]any{"amount": w.units(value, currency), "currencyCode": currency}
}

func (w *worldline) units(value, currency string) int64 {
	text, ok := minorUnits(value, w.digits(currency))
	if !ok { // more decimals than it has
		text, _ = minorUnits(value[:strings.IndexByte(value+".", '.')], w.digits(currency))
	}
	n, _ := strconv.ParseInt(text, 10, 64)
	return n
}

// value reads an amount; ok is false for one that the currency cannot have.
func (w *worldline) value(minor int64, currency string) (value string, ok bool) {
	value = decimalOf(strconv.FormatInt(minor, 10), w.digits(currency))
	_, exact := minorUnits(strings.TrimSuffix(value, ".00"), decimals(currency))
	return value, minor > 0 && len(currency) == 3 && strings.ToUpper(currency) == currency && exact
}

// orders adds what only these simulators take.
func (w *worldline) orders(mux *http.ServeMux) *http.ServeMux {
	order(mux, "/variant", func(v WorldlineVariant) (any, error) { w.SetVariant(v); return nil, nil })
	return mux
}
