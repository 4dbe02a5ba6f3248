package providersim

import (
	"math/rand/v2"
	"net/http"
	"regexp"
	"time"
)

// A Mollie is one simulated account at Mollie: a website profile. Its notifications are classic ones, or signed events.
type Mollie struct {
	*till
	key     string
	secrets []string // that sign events, the newest first
	signs   bool     // events instead of classic notifications
	vary    MollieVariant

	captures map[string][]*mollieCapture // by payment
	stands   map[string]string           // the status of refunds and chargebacks, by their ids
	notes    map[string]mollieNote       // what the merchant wrote into refunds
	groups   map[string][]string         // the payments of payment links and orders
	events   map[string][]byte           // with their entities, by their ids
	asked    map[string]bool             // payments whose money is to be released, and is not yet
	keys     map[string]time.Time        // when idempotency keys were first seen
}

// A MollieVariant is what Mollie's documents leave open, or make depend on the payment method. The zero value is the usual.
type MollieVariant struct {
	Cancelable   bool `json:"cancelable"`    // payments that are not paid can be canceled
	Final        bool `json:"final"`         // a declined card ends the payment
	SlowRelease  bool `json:"slow_release"`  // a release is only asked for, until it is turned
	SlowCapture  bool `json:"slow_capture"`  // a capture is pending, until it is turned
	CountsQueued bool `json:"counts_queued"` // amountRefunded counts refunds that are under way
	Bare         bool `json:"bare"`          // nothing is embedded, whatever was asked for
	Full         bool `json:"full"`          // events carry their entity
	Prefixed     bool `json:"prefixed"`      // signatures begin with sha256=
	Rolling      bool `json:"rolling"`       // events are signed with two secrets
	Closed       bool `json:"closed"`        // the key may see neither events nor webhooks
}

// mollieVariant is chosen by the seed.
func mollieVariant(seed uint64) MollieVariant {
	if seed == 0 {
		return MollieVariant{}
	}
	chance := rand.New(rand.NewPCG(seed, 3))
	coin := func() bool { return chance.IntN(2) == 0 }
	return MollieVariant{Cancelable: coin(), Final: coin(), SlowRelease: coin(), SlowCapture: coin(), CountsQueued: coin(), Bare: coin(), Full: coin(),
		Prefixed: coin(), Rolling: coin(), Closed: coin()}
}

type mollieCapture struct {
	id, value, status string
	metadata          any
	created           time.Time
}

type mollieNote struct {
	description string
	metadata    any
}

func init() {
	register("mollie", func(c Config) Simulator { return NewMollie(c) })
	register("mollie-nextgen", func(c Config) Simulator { return NewMollieEvents(c) })
}

// NewMollie makes a simulator with classic notifications.
func NewMollie(c Config) *Mollie {
	mode := "test"
	if c.Live {
		mode = "live"
	}
	m := &Mollie{key: mode + "_SimulatedMollieKey0123456789ab", vary: mollieVariant(c.Seed),
		secrets:  []string{"mollie-simulated-secret-2", "mollie-simulated-secret-1"},
		captures: map[string][]*mollieCapture{}, stands: map[string]string{}, asked: map[string]bool{}, notes: map[string]mollieNote{}, groups: map[string][]string{},
		events: map[string][]byte{}, keys: map[string]time.Time{}}
	m.till = newTill(c, m, mollieRetries)
	m.accepts = func(status int, _ []byte) bool { return status == http.StatusOK }
	return m
}

// NewMollieEvents makes a simulator with signed events.
func NewMollieEvents(c Config) *Mollie {
	m := NewMollie(c)
	m.signs = true
	return m
}

// mollieRetries: ten calls in 26 hours.
//
// Source: Mollie documentation, webhooks.
func mollieRetries(try int) (time.Duration, bool) {
	minutes := []int{1, 2, 4, 8, 16, 29, 60, 120, 22 * 60}
	if try > len(minutes) {
		return 0, false
	}
	return time.Duration(minutes[try-1]) * time.Minute, true
}

// Manners implements Simulator.
func (m *Mollie) Manners() Manners {
	return Manners{Page: true, AsksPage: true, AsksButton: true, Ends: m.variant().Cancelable, NamesNobody: true,
		Reserves: !m.variant().SlowCapture, AsksTaken: true}
}

func (m *Mollie) variant() MollieVariant {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.vary
}

// Vary changes what is left open from now on.
func (m *Mollie) Vary(v MollieVariant) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.vary = v
}

// Settings implements Simulator.
func (m *Mollie) Settings(callback string) Settings {
	m.SetCallback(callback)
	s := Settings{Kind: "mollie", Reference: "{purchase: metadata.purchase_id}",
		Section: "api_key: file:{dir}/mollie-key\napi_url: " + m.ownOrigin() + "\nca_file: {ca}\n",
		Files:   map[string]string{"mollie-key": m.key + "\n"}}
	if m.signs {
		s.Section += "webhooks: nextgen\nsigning_secrets: [file:{dir}/mollie-secret, file:{dir}/mollie-secret-old]\n"
		s.Files["mollie-secret"], s.Files["mollie-secret-old"] = m.secrets[0]+"\n", m.secrets[1]+"\n"
	}
	return s
}

// Handler implements Simulator.
func (m *Mollie) Handler() http.Handler {
	mux := http.NewServeMux()
	conflict := mollieError(http.StatusUnprocessableEntity, "Unprocessable Entity", "")
	a := &api{till: m.till, key: "Idempotency-Key", conflict: &conflict,
		signedIn: func(r *http.Request, _ []byte) bool { return r.Header.Get("Authorization") == "Bearer "+m.key },
		stranger: mollieError(http.StatusUnauthorized, "Unauthorized Request", ""),
		limited:  mollieError(http.StatusTooManyRequests, "Too Many Requests", "")}
	a.handle(mux, "POST /v2/payments", "create", m.createPayment)
	a.handle(mux, "GET /v2/payments", "list", m.listPayments)
	a.handle(mux, "GET /v2/payments/{id}", "get", m.ofPayment(m.getPayment))
	a.handle(mux, "DELETE /v2/payments/{id}", "void", m.ofPayment(m.cancelPayment))
	a.handle(mux, "POST /v2/payments/{id}/release-authorization", "void", m.ofPayment(m.releasePayment))
	a.handle(mux, "POST /v2/payments/{id}/captures", "capture", m.ofPayment(m.createCapture))
	a.handle(mux, "GET /v2/payments/{id}/captures", "list", m.ofPayment(m.listParts("captures")))
	a.handle(mux, "POST /v2/payments/{id}/refunds", "refund", m.ofPayment(m.createRefund))
	a.handle(mux, "GET /v2/payments/{id}/refunds", "list", m.ofPayment(m.listParts("refunds")))
	a.handle(mux, "GET /v2/payments/{id}/chargebacks", "list", m.ofPayment(m.listParts("chargebacks")))
	a.handle(mux, "GET /v2/refunds", "list", m.listAll("refunds"))
	a.handle(mux, "GET /v2/chargebacks", "list", m.listAll("chargebacks"))
	a.handle(mux, "GET /v2/payment-links/{id}/payments", "list", m.listGroup)
	a.handle(mux, "GET /v2/orders/{id}", "list", m.listGroup)
	a.handle(mux, "GET /v2/events/{id}", "get", m.getEvent)
	a.handle(mux, "GET /v2/webhooks", "list", m.listWebhooks)
	a.handle(mux, "GET /v2/profiles/me", "get", m.getProfile)
	m.servePages(mux, "Mollie")
	return m.forgetful(mux)
}

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

// forgetful refuses idempotency keys of another form and forgets them after an hour.
func (m *Mollie) forgetful(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if key := r.Header.Get("Idempotency-Key"); key != "" && !uuid4.MatchString(key) {
			http.Error(w, "the idempotency key is no UUID v4", http.StatusBadRequest)
			return
		}
		m.mu.Lock()
		now := m.cfg.Now()
		for name := range m.answers {
			if since, seen := m.keys[name]; !seen {
				m.keys[name] = now
			} else if now.Sub(since) > time.Hour {
				delete(m.answers, name)
				delete(m.keys, name)
			}
		}
		m.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// Control implements Simulator. Beside what all simulators understand:
//
//	POST /turn     {"id": "re_…", "status": "failed"}: a refund, chargeback, capture or reservation goes on
//	POST /variant  what the documents leave open, from now on
func (m *Mollie) Control() http.Handler {
	mux := control(m, func() any {
		return map[string]any{"payments": m.Payments(), "refunds": m.Refunds(), "variant": m.variant()}
	})
	order(mux, "/turn", func(o struct{ ID, Status string }) (any, error) { return nil, m.Turn(o.ID, o.Status) })
	order(mux, "/variant", func(v MollieVariant) (any, error) { m.Vary(v); return nil, nil })
	return mux
}
