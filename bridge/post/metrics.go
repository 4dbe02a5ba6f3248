package post

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// metrics counts tries by how they ended, and shows what waits.
type metrics struct{ messages *prometheus.CounterVec }

// families are the channels as labels; ends are the ends of a try.
var (
	families = []string{"mail", "webhook"}
	ends     = map[bridge.MessageState]string{bridge.MessageSent: "sent", bridge.MessagePending: "retried", bridge.MessageGivenUp: "given_up", bridge.MessageDropped: "dropped"}
)

func family(channel string) string {
	name, _, _ := strings.Cut(channel, ":")
	return name
}

func newMetrics(reg prometheus.Registerer, outbox bridge.Outbox) *metrics {
	m := &metrics{messages: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_messages_total",
		Help: "Tries to send a message, by how they ended."}, []string{"channel", "kind", "result"})}
	for _, channel := range families {
		for _, row := range purchase.NoticeKinds() {
			for _, end := range ends {
				m.messages.WithLabelValues(channel, string(row.Kind), end)
			}
		}
	}
	if reg != nil {
		reg.MustRegister(m.messages, waiting{outbox})
	}
	return m
}

func (m *metrics) concluded(message bridge.Message, state bridge.MessageState) {
	m.messages.WithLabelValues(family(message.Channel), string(message.Notice.Kind), ends[state]).Inc()
}

// waiting reads the outbox when it is scraped. Where that cannot be read its values are absent.
type waiting struct{ outbox bridge.Outbox }

var (
	waitingDesc = prometheus.NewDesc("paybridge_messages_waiting", "Messages that are not settled.", []string{"channel"}, nil)
	oldestDesc  = prometheus.NewDesc("paybridge_messages_oldest_timestamp_seconds", "When the oldest message that waits was made; absent when none does.", []string{"channel"}, nil)
)

// Describe implements prometheus.Collector.
func (waiting) Describe(ch chan<- *prometheus.Desc) {
	ch <- waitingDesc
	ch <- oldestDesc
}

const scrapeWithin = 5 * time.Second

// Collect implements prometheus.Collector.
func (w waiting) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	sums, err := w.outbox.MessageBacklog(ctx)
	if err != nil {
		return
	}
	counts, oldest := map[string]int{}, map[string]time.Time{}
	for _, s := range sums {
		name := family(s.Channel)
		counts[name] += s.Waiting
		if at := oldest[name]; at.IsZero() || s.Oldest.Before(at) {
			oldest[name] = s.Oldest
		}
	}
	for _, name := range families {
		ch <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(counts[name]), name)
		if at := oldest[name]; !at.IsZero() {
			ch <- prometheus.MustNewConstMetric(oldestDesc, prometheus.GaugeValue, float64(at.Unix()), name)
		}
	}
}
