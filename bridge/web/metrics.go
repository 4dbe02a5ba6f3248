package web

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paybridge/paybridge/bridge"
)

// metrics counts what the public face does. Every label set exists from the start.
type metrics struct {
	checkouts    *prometheus.CounterVec
	checkoutTime *prometheus.HistogramVec
	callbacks    *prometheus.CounterVec
	callbackTime *prometheus.HistogramVec
}

var buckets = []float64{0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10}

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
	m.start("other")
	for _, a := range accounts {
		m.start(a.Kind)
		for _, o := range []bridge.CheckoutOutcome{bridge.Redirected, bridge.CheckoutExpired, bridge.UnknownPurchase, bridge.AlreadyPaid,
			bridge.DataverseError, bridge.ProviderError, bridge.BadRequest} {
			m.checkouts.WithLabelValues(a.Kind, a.Name, string(o))
		}
	}
	return m
}

func (m *metrics) start(kind string) {
	m.checkoutTime.WithLabelValues(kind)
	m.callbackTime.WithLabelValues(kind)
	for _, code := range codes {
		m.callbacks.WithLabelValues(kind, strconv.Itoa(code))
	}
	m.callbacks.WithLabelValues(kind, "other")
}
