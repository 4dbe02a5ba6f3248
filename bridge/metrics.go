package bridge

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Metrics counts what the engine does. Every label set exists from the start, so that a first event is seen as an increase.
type Metrics struct {
	verifications *prometheus.CounterVec
	events        *prometheus.CounterVec
	lastOK        *prometheus.GaugeVec
	discovered    *prometheus.CounterVec
	lists         *prometheus.CounterVec
	listedFacts   *prometheus.CounterVec
	listedTo      *prometheus.GaugeVec
	mismatches    *prometheus.CounterVec
	late          *prometheus.CounterVec
	finalized     *prometheus.CounterVec
	expired       *prometheus.CounterVec
	released      *prometheus.CounterVec
	sinceRegister *prometheus.HistogramVec
	sincePaid     *prometheus.HistogramVec
	slo           *prometheus.CounterVec
	objective     *prometheus.GaugeVec
	actions       *prometheus.CounterVec
}

// The buckets hold every objective as an exact bound.
var (
	registerBuckets = []float64{15, 30, 60, 120, 300, 600, 900, 1200, 1500, 1800, 2100, 2400, 2700, 2820, 2940, 3000, 3300, 3600}
	paidBuckets     = []float64{0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 2400, 3000}
	fastEnough      = 120 * time.Second
)

// NewMetrics registers the engine's metrics with every label set that the accounts can produce.
func NewMetrics(reg prometheus.Registerer, accounts []Account) *Metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_" + name, Help: help}, labels)
		reg.MustRegister(c)
		return c
	}
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "paybridge_" + name, Help: help}, labels)
		reg.MustRegister(g)
		return g
	}
	histogram := func(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
		h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "paybridge_" + name, Help: help, Buckets: buckets,
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour}, labels)
		reg.MustRegister(h)
		return h
	}
	m := &Metrics{
		verifications: counter("callback_verifications_total", "Callbacks by what authentication said.", "provider", "account", "result"),
		events:        counter("callback_events_total", "Events in accepted callbacks.", "provider", "account", "type", "outcome"),
		lastOK:        gauge("callback_last_ok_timestamp_seconds", "When the last authentic callback was kept.", "provider", "account"),
		discovered:    counter("payments_discovered_total", "Captured payments by how they were learned of.", "provider", "account", "source"),
		lists:         counter("lists_total", "Readings of a provider's list, to catch up with what was not heard.", "provider", "account", "result"),
		listedFacts:   counter("listed_facts_total", "What lists told, by whether it was news.", "provider", "account", "outcome"),
		listedTo:      gauge("listed_until_timestamp_seconds", "Everything that happened at the account before was listed (max over nodes).", "provider", "account"),
		mismatches:    counter("amount_mismatches_total", "Payments that differ from the price.", "provider", "account", "kind"),
		late:          counter("late_payments_total", "Payments taken after the deadline.", "provider", "account"),
		finalized:     counter("registrations_finalized_total", "Registrations with their seats.", "provider", "account", "outcome"),
		expired:       counter("registrations_expired_total", "Paid purchases whose deadline passed without a seat.", "provider", "account", "stage"),
		released:      counter("seats_released_total", "Seats that nobody could pay for any more, given free before the deadline.", "provider", "account", "outcome"),
		sinceRegister: histogram("registration_finalization_duration_seconds", "From the registration to the seat: the latency budget used.", registerBuckets, "provider"),
		sincePaid:     histogram("payment_finalization_duration_seconds", "From the provider's capture to the seat.", paidBuckets, "provider", "source"),
		slo:           counter("slo_events_total", "Events that the objectives count.", "slo", "result"),
		actions:       counter("operator_actions_total", "Decisions of a person.", "action"),
		objective:     gauge("slo_objective_ratio", "The objectives.", "slo"),
	}
	m.start(accounts)
	return m
}

func (m *Metrics) start(accounts []Account) {
	for _, a := range accounts {
		p, n := a.Kind, a.Name
		m.lastOK.WithLabelValues(p, n)
		m.startLists(a)
		m.late.WithLabelValues(p, n)
		m.sinceRegister.WithLabelValues(p)
		each(func(v string) { m.verifications.WithLabelValues(p, n, v) }, verdicts...)
		each(func(v string) { m.mismatches.WithLabelValues(p, n, v) }, "amount", "currency")
		each(func(v string) { m.finalized.WithLabelValues(p, n, v) }, "in_window", "late", "already_finalized", "manual")
		each(func(v string) { m.expired.WithLabelValues(p, n, v) }, "no_callback", "verification", "amount_check", "dataverse", "manual_hold")
		each(func(v string) { m.released.WithLabelValues(p, n, v) }, "confirmed", "acknowledged", "refused", "unknown", "unsent")
		each(func(v string) {
			m.discovered.WithLabelValues(p, n, v)
			m.sincePaid.WithLabelValues(p, v)
		}, "callback", "poll", "return", "import")
		each(func(t string) {
			each(func(o string) { m.events.WithLabelValues(p, n, t, o) }, "new", "duplicate", "ignored")
		}, "payment_succeeded", "payment_pending", "payment_failed", "refund", "dispute", "other")
	}
	m.verifications.WithLabelValues("other", "other", "unknown_account")
	each(func(a string) { m.actions.WithLabelValues(a) }, purchase.AllActions()...)
	for slo, ratio := range map[string]float64{"finalize_in_window": 0.999, "finalize_fast": 0.99, "callback_accept": 0.999} {
		m.objective.WithLabelValues(slo).Set(ratio)
		each(func(r string) { m.slo.WithLabelValues(slo, r) }, "good", "bad")
	}
}

var verdicts = []string{"ok", "bad_signature", "stale_timestamp", "replayed", "wrong_mode", "unknown_account", "malformed", "verifier_unavailable"}

func each(do func(string), values ...string) {
	for _, v := range values {
		do(v)
	}
}

func (m *Metrics) decided(a purchase.Action) { m.actions.WithLabelValues(string(a)).Inc() }

func (m *Metrics) unknownAccount() {
	m.verifications.WithLabelValues("other", "other", "unknown_account").Inc()
}

func (m *Metrics) verified(a Account, r Receipt) {
	result := "ok"
	switch r.Outcome {
	case RefusedForged:
		result = refusalLabel(r.Refusal)
	case KeptUnchecked, Full:
		result = "verifier_unavailable"
	case Answered: // nobody vouched for it, and nothing was kept
		return
	case Unavailable:
		m.slo.WithLabelValues("callback_accept", "bad").Inc()
		return
	default:
		m.slo.WithLabelValues("callback_accept", "good").Inc()
	}
	m.verifications.WithLabelValues(a.Kind, a.Name, result).Inc()
}

// refusalLabel maps refusals to the catalogue; a delivery for another merchant is a matter of mode and credentials.
func refusalLabel(r purchase.Refusal) string {
	switch r {
	case purchase.Stale, purchase.Replayed, purchase.WrongMode, purchase.Malformed:
		return string(r)
	case purchase.WrongMerchant:
		return string(purchase.WrongMode)
	}
	return string(purchase.BadSignature)
}

// received counts the events of a kept delivery.
func (m *Metrics) received(a Account, facts []purchase.Fact, kept Kept, now time.Time) {
	m.lastOK.WithLabelValues(a.Kind, a.Name).Set(float64(now.Unix()))
	if len(facts) == 0 {
		m.events.WithLabelValues(a.Kind, a.Name, "other", "ignored").Inc()
		return
	}
	outcome := "new"
	if len(kept.New) == 0 {
		outcome = "duplicate"
	}
	m.events.WithLabelValues(a.Kind, a.Name, eventType(facts), outcome).Inc()
}

func eventType(facts []purchase.Fact) string {
	kind := facts[0].Kind
	for _, f := range facts {
		if f.Kind == purchase.Captured {
			kind = f.Kind
		}
	}
	switch kind {
	case purchase.Captured:
		return "payment_succeeded"
	case purchase.Pending, purchase.Approved, purchase.Authorised:
		return "payment_pending"
	case purchase.Failed, purchase.Lapsed:
		return "payment_failed"
	case purchase.Refunded:
		return "refund"
	case purchase.Reversed:
		return "dispute"
	}
	return "other"
}

// freed counts what became of a call that gives a seat free.
func (m *Metrics) freed(a Account, r purchase.Result) {
	m.released.WithLabelValues(a.Kind, a.Name, string(r)).Inc()
}

// learned counts newly proved captures by their source.
func (m *Metrics) learned(accounts map[string]Account, facts []purchase.Fact) {
	for _, f := range facts {
		if f.Kind == purchase.Captured && (f.Standing == purchase.Proved || f.Standing == purchase.Decided) && f.Source != "" {
			m.discovered.WithLabelValues(accounts[f.Account].Kind, f.Account, string(f.Source)).Inc()
		}
	}
}

// moved counts what changed between two folds of one purchase.
func (m *Metrics) moved(accounts map[string]Account, before, after purchase.Purchase, now time.Time) {
	was, is := before.Summary(), after.Summary()
	a := accounts[is.Account]
	if is.Registered && !was.Registered {
		m.registered(a, after, is)
	}
	if is.Cause != was.Cause && is.Cause != purchase.CauseNone {
		m.held(a, after, is, now)
	}
}

func (m *Metrics) registered(a Account, p purchase.Purchase, s purchase.Summary) {
	outcome, window := "in_window", "good"
	switch {
	case len(p.Finalizes) == 0:
		outcome = "already_finalized"
	case s.RegisteredAt.After(s.Deadline.At):
		outcome, window = "late", "bad"
	}
	m.finalized.WithLabelValues(a.Kind, a.Name, outcome).Inc()
	m.slo.WithLabelValues("finalize_in_window", window).Inc()
	m.sinceRegister.WithLabelValues(a.Kind).Observe(s.RegisteredAt.Sub(p.Registering()).Seconds())
	if s.PaidAt.IsZero() { // reserved, or on invoice: nothing was taken yet
		return
	}
	took := s.RegisteredAt.Sub(s.PaidAt)
	m.sincePaid.WithLabelValues(a.Kind, string(p.LearnedBy())).Observe(max(0, took.Seconds()))
	fast := "good"
	if took > fastEnough {
		fast = "bad"
	}
	m.slo.WithLabelValues("finalize_fast", fast).Inc()
}

func (m *Metrics) held(a Account, p purchase.Purchase, s purchase.Summary, now time.Time) {
	switch s.Cause {
	case purchase.CauseAmount:
		m.mismatches.WithLabelValues(a.Kind, a.Name, "amount").Inc()
	case purchase.CauseCurrency:
		m.mismatches.WithLabelValues(a.Kind, a.Name, "currency").Inc()
	case purchase.CausePaidLate:
		if s.PaidAt.After(s.Deadline.At) {
			m.late.WithLabelValues(a.Kind, a.Name).Inc()
			return
		}
	}
	if s.Registered || !s.Paid.Positive() || now.Before(s.Deadline.At) || s.PaidAt.After(s.Deadline.At) {
		return
	}
	m.expired.WithLabelValues(a.Kind, a.Name, stage(p, s)).Inc()
	m.slo.WithLabelValues("finalize_in_window", "bad").Inc()
	m.slo.WithLabelValues("finalize_fast", "bad").Inc()
}

// stage says what a paid purchase was waiting for when its deadline passed.
func stage(p purchase.Purchase, s purchase.Summary) string {
	switch {
	case s.Cause == purchase.CauseAmount || s.Cause == purchase.CauseCurrency:
		return "amount_check"
	case s.Cause == purchase.CauseUnproved:
		return "verification"
	case len(p.Finalizes) == 0 && p.LearnedLate():
		return "no_callback"
	}
	return "dataverse"
}
