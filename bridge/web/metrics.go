package web

import (
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paybridge/paybridge/bridge"
)

// metrics counts what the public face does. Every label set exists from the start, and none is added.
type metrics struct {
	checkouts    *prometheus.CounterVec
	checkoutTime *prometheus.HistogramVec
	callbacks    *prometheus.CounterVec
	callbackTime *prometheus.HistogramVec
}

// other is the label of what is in no list.
const other = "other"

var (
	buckets  = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10}
	codes    = []int{200, 400, 401, 404, 405, 408, 413, 500, 503}
	outcomes = []bridge.CheckoutOutcome{bridge.Redirected, bridge.CheckoutExpired, bridge.UnknownPurchase, bridge.AlreadyPaid,
		bridge.DataverseError, bridge.ProviderError, bridge.BadRequest, bridge.TooMany}
)

func newMetrics(reg prometheus.Registerer, accounts []bridge.Account) *metrics {
	histogram := func(name, help string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets, NativeHistogramBucketFactor: 1.1,
			NativeHistogramMaxBucketNumber: 160, NativeHistogramMinResetDuration: time.Hour}, []string{"provider"})
	}
	m := &metrics{
		checkouts: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_checkouts_total",
			Help: "Buyers at the redirect leg, by where they went."}, []string{"provider", "account", "result"}),
		checkoutTime: histogram("paybridge_checkout_duration_seconds", "How long the redirect leg took."),
		callbacks: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_callback_requests_total",
			Help: "Requests to callback addresses, by the status they were answered with."}, []string{"provider", "code"}),
		callbackTime: histogram("paybridge_callback_request_duration_seconds", "How long a callback took, the commit included."),
	}
	reg.MustRegister(m.checkouts, m.checkoutTime, m.callbacks, m.callbackTime)
	m.start(bridge.Account{Kind: other, Name: other})
	for _, a := range accounts {
		m.start(a)
	}
	return m
}

func (m *metrics) start(a bridge.Account) {
	m.checkoutTime.WithLabelValues(a.Kind)
	m.callbackTime.WithLabelValues(a.Kind)
	for _, o := range outcomes {
		m.checkouts.WithLabelValues(a.Kind, a.Name, string(o))
	}
	for _, code := range codes {
		m.callbacks.WithLabelValues(a.Kind, strconv.Itoa(code))
	}
	m.callbacks.WithLabelValues(a.Kind, other)
}

func (m *metrics) callback(kind string, status int, took time.Duration) {
	code := other
	if slices.Contains(codes, status) {
		code = strconv.Itoa(status)
	}
	m.callbacks.WithLabelValues(kind, code).Inc()
	m.callbackTime.WithLabelValues(kind).Observe(took.Seconds())
}

func (m *metrics) checkout(a bridge.Account, o bridge.CheckoutOutcome, took time.Duration) {
	m.checkouts.WithLabelValues(a.Kind, a.Name, string(o)).Inc()
	m.checkoutTime.WithLabelValues(a.Kind).Observe(took.Seconds())
}
