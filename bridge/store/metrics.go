package store

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics counts operations; a nil one counts nothing.
type metrics struct {
	duration *prometheus.HistogramVec
	errors   *prometheus.CounterVec
}

var operations = []string{"keep", "claim", "settle", "reconsider", "probe", "quarantine", "prune", "find", "resolve", "find_token", "unchecked", "list", "backlog",
	"claim_list", "settle_list", "epoch", "claim_messages", "settle_message", "messages", "contact", "erase", "find_billing", "erase_billings", "next"}

func newMetrics(reg prometheus.Registerer) *metrics {
	if reg == nil {
		return nil
	}
	m := &metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "paybridge_store_operation_duration_seconds",
			Help:    "How long the store took, the wait for its turn and the flush included.",
			Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1},
		}, []string{"operation"}),
		errors: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_store_errors_total",
			Help: "Operations of the store that failed."}, []string{"operation"}),
	}
	reg.MustRegister(m.duration, m.errors)
	for _, op := range operations {
		m.duration.WithLabelValues(op)
		m.errors.WithLabelValues(op)
	}
	return m
}

// begin starts the measurement of one operation; what it returns ends it.
func (m *metrics) begin(operation string) func(error) {
	if m == nil {
		return func(error) {}
	}
	timer := prometheus.NewTimer(m.duration.WithLabelValues(operation))
	return func(err error) {
		timer.ObserveDuration()
		if err != nil && !expected(err) && !errors.Is(err, context.Canceled) {
			m.errors.WithLabelValues(operation).Inc()
		}
	}
}

// failed counts a failure of what nobody waits for.
func (m *metrics) failed(operation string) {
	if m != nil {
		m.errors.WithLabelValues(operation).Inc()
	}
}
