package dataverse

import (
	"context"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// The operations, as metrics name them.
const (
	opToken    = "token"
	opWhoAmI   = "whoami"
	opPrice    = "get_purchase"
	opFinalize = "finalize" // release too: it is the same action
	opReadBack = "get_registration"
	opMetadata = "metadata"
)

// Metrics counts what is asked of Dynamics and Entra, over all environments. Every label set exists from the start, so that a first
// event is seen as an increase.
type Metrics struct {
	requests  *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	throttled *prometheus.CounterVec
	remaining prometheus.Gauge
	seconds   prometheus.Gauge
	pause     prometheus.Gauge
	inFlight  prometheus.Gauge
	expiry    *prometheus.GaugeVec
	refreshes *prometheus.CounterVec
	skew      *prometheus.GaugeVec

	mu    sync.Mutex
	until time.Time // end of the pause that the gauge shows
}

const (
	peer       = "dataverse"
	signedInOK = "ok"
	signInBad  = "error"
	noCode     = "none"
)

var (
	operations   = []string{opToken, opWhoAmI, opPrice, opFinalize, opReadBack, opMetadata}
	codes        = []string{"200", "204", "400", "401", "403", "404", "408", "409", "412", "429", "500", "502", "503", "504"}
	callBuckets  = []float64{0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120}
	resultLabels = []string{signedInOK, signInBad}
)

// NewMetrics registers the metrics. Those that other clients have too are shared with them.
func NewMetrics(reg prometheus.Registerer) *Metrics {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_dataverse_requests_total",
			Help: "HTTP requests to Dynamics and to its sign-in, repeats included."}, []string{"operation", "code", "outcome"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "paybridge_dataverse_request_duration_seconds",
			Help: "How long Dynamics and its sign-in took to answer.", Buckets: callBuckets, NativeHistogramBucketFactor: 1.1,
			NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour}, []string{"operation"}),
		throttled: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_dataverse_throttled_total",
			Help: "Requests refused by service protection, by the limit that was exceeded."}, []string{"limit"}),
		remaining: prometheus.NewGauge(prometheus.GaugeOpts{Name: "paybridge_dataverse_ratelimit_remaining_requests",
			Help: "Requests left in the window, as the last answer said. For display only."}),
		seconds: prometheus.NewGauge(prometheus.GaugeOpts{Name: "paybridge_dataverse_ratelimit_remaining_execution_seconds",
			Help: "Execution time left in the window, as the last answer said. For display only."}),
		pause: prometheus.NewGauge(prometheus.GaugeOpts{Name: "paybridge_dataverse_retry_after_seconds",
			Help: "The pause that Dynamics asked for and that is not over, else 0."}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "paybridge_dataverse_inflight_requests",
			Help: "Requests to Dynamics that are under way."}),
		expiry: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "paybridge_oauth_token_expiry_timestamp_seconds",
			Help: "When the access token ends."}, []string{"client"}),
		refreshes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_oauth_token_refreshes_total",
			Help: "Access tokens asked for, by result."}, []string{"client", "result"}),
		skew: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "paybridge_clock_skew_seconds",
			Help: "How far the clock of a peer is ahead of ours, by its Date header."}, []string{"peer"}),
	}
	reg.MustRegister(m.requests, m.duration, m.throttled, m.remaining, m.seconds, m.pause, m.inFlight)
	m.expiry, m.refreshes, m.skew = shared(reg, m.expiry), shared(reg, m.refreshes), shared(reg, m.skew)
	m.start()
	return m
}

// shared registers a metric that several clients fill, each under its own label.
func shared[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	var there prometheus.AlreadyRegisteredError
	if err := reg.Register(c); errors.As(err, &there) {
		return there.ExistingCollector.(C)
	} else if err != nil {
		panic(err)
	}
	return c
}

func (m *Metrics) start() {
	for _, op := range operations {
		m.duration.WithLabelValues(op)
		for _, code := range codes {
			status, _ := strconv.Atoi(code)
			m.requests.WithLabelValues(op, code, outcomeOf(status, nil))
		}
		m.requests.WithLabelValues(op, noCode, "timeout")
		m.requests.WithLabelValues(op, noCode, "error")
	}
	for _, limit := range []string{"requests", "execution_time", "concurrency"} {
		m.throttled.WithLabelValues(limit)
	}
	for _, result := range resultLabels {
		m.refreshes.WithLabelValues(peer, result)
	}
}

func outcomeOf(status int, err error) string {
	var timeout net.Error
	switch {
	case errors.As(err, &timeout) && timeout.Timeout():
		return "timeout"
	case err != nil:
		return "error"
	case status == http.StatusTooManyRequests:
		return "throttled"
	case status >= 500:
		return "5xx"
	case status >= 400:
		return "4xx"
	case status >= 300:
		return "error"
	}
	return "ok"
}

// answered counts one request and what came of it.
func (m *Metrics) answered(op string, resp *http.Response, err error, took time.Duration) {
	m.duration.WithLabelValues(op).Observe(took.Seconds())
	code, status := noCode, 0
	if resp != nil {
		code, status = strconv.Itoa(resp.StatusCode), resp.StatusCode
	}
	m.requests.WithLabelValues(op, code, outcomeOf(status, err)).Inc()
}

// limits shows what the answer says of service protection.
func (m *Metrics) limits(h http.Header) {
	set := func(g prometheus.Gauge, header string) {
		if v, err := strconv.ParseFloat(strings.ReplaceAll(h.Get(header), ",", ""), 64); err == nil {
			g.Set(v)
		}
	}
	set(m.remaining, "X-Ms-Ratelimit-Burst-Remaining-Xrm-Requests")
	set(m.seconds, "X-Ms-Ratelimit-Time-Remaining-Xrm-Requests")
}

func (m *Metrics) refusedFor(code string) {
	if limit := limitOf(code); limit != "" {
		m.throttled.WithLabelValues(limit).Inc()
	}
}

// paused shows the pause that an answer asks for, and nothing once it is over.
func (m *Metrics) paused(status int, asked time.Duration, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case status == http.StatusTooManyRequests:
		m.until = now.Add(asked)
		m.pause.Set(asked.Seconds())
	case !now.Before(m.until):
		m.pause.Set(0)
	}
}

func (m *Metrics) signedIn(expires time.Time) {
	m.refreshes.WithLabelValues(peer, signedInOK).Inc()
	m.expiry.WithLabelValues(peer).Set(float64(expires.Unix()))
}

func (m *Metrics) signInFailed() { m.refreshes.WithLabelValues(peer, signInBad).Inc() }

type operationKey struct{}

// withOperation says which operation the requests of a context are.
func withOperation(ctx context.Context, op string) context.Context {
	return context.WithValue(ctx, operationKey{}, op)
}

func operationOf(ctx context.Context) string {
	op, ok := ctx.Value(operationKey{}).(string)
	if !ok {
		return opMetadata
	}
	return op
}
