package providers

import (
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paybridge/paybridge/providers/protocol"
)

// Metrics counts what is asked of providers, over all accounts.
type Metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	expiry   *prometheus.GaugeVec
	tokens   *prometheus.CounterVec
}

// The closed lists of labels. An answer that is not in the list of codes is "other"; no answer at all is "error".
var (
	operations = []string{protocol.Create, protocol.Get, protocol.Reserve, protocol.Capture, protocol.Void, protocol.Refund, protocol.List, protocol.Verify}
	codes      = []string{"200", "201", "204", "400", "401", "403", "404", "409", "422", "429", "500", "502", "503", "error", "other"}
)

// NewMetrics registers them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	return &Metrics{
		requests: register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_provider_requests_total",
			Help: "Requests to providers, each attempt counted."}, []string{"provider", "operation", "code"})),
		duration: register(reg, prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "paybridge_provider_request_duration_seconds",
			Help: "How long providers take to answer.", Buckets: []float64{0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120},
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour},
			[]string{"provider", "operation"})),
		expiry: register(reg, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "paybridge_oauth_token_expiry_timestamp_seconds",
			Help: "When the access token ends."}, []string{"client"})),
		tokens: register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_oauth_token_refreshes_total",
			Help: "Access tokens asked for, by result."}, []string{"client", "result"})),
	}
}

// register shares a metric that another part of the program registered under the same name, labels and help: the tokens of Dynamics
// are counted beside those of the providers.
func register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	err := reg.Register(c)
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		if shared, ok := already.ExistingCollector.(C); ok {
			return shared
		}
	}
	if err != nil {
		panic(err) // two parts of the program disagree about a metric: a mistake in the program
	}
	return c
}

// accountMetrics is the share of one account.
type accountMetrics struct {
	*Metrics
	provider string
	account  string
}

// account makes the account's share, with every label set in place, so that a first event is seen as an increase.
func (m *Metrics) account(provider, account string) accountMetrics {
	for _, operation := range operations {
		for _, code := range codes {
			m.requests.WithLabelValues(provider, operation, code)
		}
		m.duration.WithLabelValues(provider, operation)
	}
	for _, result := range []string{"ok", "error"} {
		m.tokens.WithLabelValues(account, result)
	}
	m.expiry.WithLabelValues(account)
	return accountMetrics{m, provider, account}
}

// Requested counts a request to the provider.
func (m accountMetrics) Requested(operation string, code int, took time.Duration) {
	label := strconv.Itoa(code)
	switch {
	case code == 0:
		label = "error"
	case !slices.Contains(codes, label):
		label = "other"
	}
	m.requests.WithLabelValues(m.provider, operation, label).Inc()
	m.duration.WithLabelValues(m.provider, operation).Observe(took.Seconds())
}

// Token notes a request for an access token.
func (m accountMetrics) Token(ok bool, expires time.Time) {
	result := "ok"
	if !ok {
		result = "error"
	}
	m.tokens.WithLabelValues(m.account, result).Inc()
	if !expires.IsZero() {
		m.expiry.WithLabelValues(m.account).Set(float64(expires.Unix()))
	}
}
