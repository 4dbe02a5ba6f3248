package providersim

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A Stripe is one simulated account at Stripe. Payments of its own pages are Checkout Sessions; those of the organiser's page are
// PaymentIntents without a session.
type Stripe struct {
	*till
	key, secret string
	disputes    []*Refund
	refundKeys  map[string]string // the metadata that tells refunds apart
	events      []stripeEvent
}

type stripeEvent struct {
	id      string
	kind    string
	created int64
	body    json.RawMessage
}

func init() { register("stripe", func(c Config) Simulator { return NewStripe(c) }) }

// NewStripe makes a simulator.
func NewStripe(c Config) *Stripe {
	mode := "test"
	if c.Live {
		mode = "live"
	}
	s := &Stripe{key: "sk_" + mode + "_simulated51H", secret: "whsec_simulated0123456789abcdef", refundKeys: map[string]string{}}
	s.till = newTill(c, s, stripeRetries(c.Live))
	s.returns = true
	return s
}

// stripeRetries: exponential back-off over three days in live mode, three tries over a few hours in test mode.
//
// Source: Stripe documentation, webhook delivery behaviours. The single steps are an assumption.
func stripeRetries(live bool) func(int) (time.Duration, bool) {
	return func(try int) (time.Duration, bool) {
		if !live {
			return time.Duration(try) * time.Hour, try < 3
		}
		return min(time.Minute<<min(try, 10), 12*time.Hour), try < 16
	}
}

// Manners implements Simulator.
func (s *Stripe) Manners() Manners {
	return Manners{Page: true, AsksPage: true, AsksButton: true, Ends: true, NamesNobody: true, Reserves: true, AsksTaken: true}
}

// Secret signs the events.
func (s *Stripe) Secret() string { return s.secret }

// Settings implements Simulator.
func (s *Stripe) Settings(callback string) Settings {
	s.SetCallback(callback)
	return Settings{Kind: "stripe", Reference: "{purchase: metadata.purchase_id}",
		Section: "secret_key: file:{dir}/stripe-key\nwebhook_secrets: [file:{dir}/stripe-webhook]\napi_url: " + s.ownOrigin() + "\nca_file: {ca}\n",
		Files:   map[string]string{"stripe-key": s.key + "\n", "stripe-webhook": s.secret + "\n"}}
}

// Control implements Simulator.
func (s *Stripe) Control() http.Handler { return control(s, s.state) }

// Handler implements Simulator.
func (s *Stripe) Handler() http.Handler {
	mux := http.NewServeMux()
	conflict := stripeError(http.StatusBadRequest, "idempotency_error", "")
	a := &api{till: s.till, key: "Idempotency-Key", conflict: &conflict,
		signedIn: func(r *http.Request, _ []byte) bool { return r.Header.Get("Authorization") == "Bearer "+s.key },
		stranger: stripeError(http.StatusUnauthorized, "invalid_request_error", ""),
		limited:  stripeError(http.StatusTooManyRequests, "invalid_request_error", "rate_limit"),
		dress:    func(w http.ResponseWriter) { w.Header().Set("Request-Id", "req_simulated0001") }}
	a.handle(mux, "POST /v1/checkout/sessions", "create", s.createSession)
	a.handle(mux, "GET /v1/checkout/sessions/{id}", "get", s.getSession)
	a.handle(mux, "POST /v1/checkout/sessions/{id}/expire", "void", s.expireSession)
	a.handle(mux, "GET /v1/payment_intents/{id}", "get", s.getIntent)
	a.handle(mux, "POST /v1/payment_intents/{id}/capture", "capture", s.captureIntent)
	a.handle(mux, "POST /v1/payment_intents/{id}/cancel", "void", s.cancelIntent)
	a.handle(mux, "POST /v1/refunds", "refund", s.createRefund)
	a.handle(mux, "GET /v1/refunds", "list", s.listRefunds)
	a.handle(mux, "GET /v1/disputes", "list", s.listDisputes)
	a.handle(mux, "GET /v1/events", "list", s.listEvents)
	a.handle(mux, "GET /v1/webhook_endpoints", "list", s.listEndpoints)
	s.servePages(mux, "Stripe")
	return mux
}

// moved sends the events of both families, as Stripe does to an endpoint that listens to all.
func (s *Stripe) moved(p *Payment, e event) {
	bySession := strings.HasPrefix(p.ID, "cs_")
	if e.kind != wasExpired && p.Names["intent"] == "" {
		p.Names["intent"] = s.id("pi_", 24)
	}
	if e.kind == wasCaptured || e.kind == wasPending || e.kind == wasAuthorised || e.kind == wasFailed {
		p.Names["charge"] = cmp.Or(p.Names["charge"], s.id("ch_", 24))
	}
	session := func(kind string) {
		if bySession {
			s.emit(p, "checkout.session."+kind, false, s.sessionJSON(p, nil))
		}
	}
	intent := func(kind string, early bool) { s.emit(p, "payment_intent."+kind, early, s.intentJSON(p, false)) }
	waited := p.Fields["waited"] != ""
	switch e.kind {
	case wasCaptured:
		intent("succeeded", true)
		switch {
		case waited:
			session("async_payment_succeeded")
		case !p.Reserve: // else it was completed when the money was reserved
			session("completed")
		}
	case wasAuthorised:
		intent("amount_capturable_updated", true)
		session("completed")
	case wasPending:
		p.Fields["waited"] = "yes"
		intent("processing", true)
		session("completed")
	case wasFailed:
		intent("payment_failed", true)
		if waited {
			session("async_payment_failed")
		}
	case wasExpired:
		session("expired")
	case wasVoided:
		intent("canceled", false)
	case wasRefunded:
		s.emit(p, "refund.created", false, s.refundJSON(p, e.refund))
		s.emit(p, "charge.refunded", false, s.chargeJSON(p))
	case wasReversed:
		e.refund.ID = s.id("dp_", 24)
		s.disputes = append(s.disputes, e.refund)
		s.emit(p, "charge.dispute.created", false, s.disputeJSON(p, e.refund))
	}
}

func (s *Stripe) emit(p *Payment, kind string, early bool, object map[string]any) {
	e := stripeEvent{id: s.id("evt_", 24), kind: kind, created: s.now().Unix()}
	raw, err := json.Marshal(map[string]any{"id": e.id, "object": "event", "api_version": "2026-08-26.dahlia", "created": e.created, "livemode": s.cfg.Live,
		"pending_webhooks": 1, "request": map[string]any{"id": nil, "idempotency_key": nil}, "type": kind, "data": map[string]any{"object": object}})
	if err != nil {
		panic(fmt.Sprintf("providersim: write an event: %v", err))
	}
	e.body = raw
	s.events = append(s.events, e)
	s.send(p.ID, kind, early, func(at time.Time, _ int) Notice { return s.signed(at, raw) })
}

// Signed is a genuine delivery of any body, sent at that time.
func (s *Stripe) Signed(at time.Time, body []byte) Notice { return s.signed(at, body) }

func (s *Stripe) signed(at time.Time, body []byte) Notice {
	return Notice{Body: body, Header: stripeHeader(s.secret, "v1", at, body)}
}

func stripeHeader(secret, scheme string, at time.Time, body []byte) http.Header {
	h := hmac.New(sha256.New, []byte(secret))
	fmt.Fprintf(h, "%d.%s", at.Unix(), body)
	return http.Header{"Content-Type": {"application/json; charset=utf-8"}, "User-Agent": {"Stripe/1.0 (simulated)"},
		"Stripe-Signature": {fmt.Sprintf("t=%d,%s=%s", at.Unix(), scheme, hex.EncodeToString(h.Sum(nil)))}}
}

// Button implements Simulator: a PaymentIntent of the organiser's own page.
func (s *Stripe) Button(b ButtonPayment) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := s.id("pi_", 24)
	p := &Payment{ID: id, Names: map[string]string{"intent": id}, Fields: map[string]string{}}
	if b.Purchase != "" {
		p.Fields["metadata intent purchase_id"] = b.Purchase
	}
	return s.pay(p, b)
}

// Forgeries implements Simulator: unsigned, signed with another secret, by a dead scheme, stale, of the other mode, and changed.
func (s *Stripe) Forgeries(f Forgery) []Notice {
	body := func(live bool) []byte {
		raw, err := json.Marshal(map[string]any{"id": "evt_forged", "object": "event", "type": "payment_intent.succeeded", "livemode": live, "created": s.now().Unix(),
			"data": map[string]any{"object": map[string]any{"id": "pi_forged", "object": "payment_intent", "status": "succeeded", "livemode": live,
				"amount_received": stripeAmount(f.Value, f.Currency), "currency": strings.ToLower(f.Currency), "metadata": map[string]string{"purchase_id": f.Purchase}}}})
		if err != nil {
			panic(fmt.Sprintf("providersim: write a forgery: %v", err))
		}
		return raw
	}
	ours, now := body(s.cfg.Live), s.cfg.Now()
	changed := s.signed(now, ours)
	changed.Body = []byte(strings.Replace(string(ours), "forged", "forger", 1))
	return []Notice{
		{Header: http.Header{"Content-Type": {"application/json"}}, Body: ours},
		{Header: stripeHeader("whsec_somebody_else", "v1", now, ours), Body: ours},
		{Header: stripeHeader(s.secret, "v0", now, ours), Body: ours},
		s.signed(now.Add(-time.Hour), ours),
		s.signed(now, body(!s.cfg.Live)),
		changed,
	}
}
