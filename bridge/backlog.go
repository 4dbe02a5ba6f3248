package bridge

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// BacklogCollector computes the gauges of deadline and backlog from the store at each scrape. If the store cannot be read they are
// absent and paybridge_collector_up says so: a stale zero must never hide a lost seat. Several nodes report the same store, so
// these are aggregated by max or min, never by sum.
type BacklogCollector struct {
	bridge    *Bridge
	count     *prometheus.Desc
	atRisk    *prometheus.Desc
	remaining *prometheus.Desc
	oldest    *prometheus.Desc
	up        *prometheus.Desc
}

// NewBacklogCollector makes the collector; register it once.
func NewBacklogCollector(b *Bridge) *BacklogCollector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("paybridge_"+name, help, labels, nil)
	}
	return &BacklogCollector{
		bridge:    b,
		count:     desc("registrations", "Purchases that wait, by state (max over nodes).", "provider", "account", "state"),
		atRisk:    desc("registrations_at_risk", "Paid purchases without a seat and with at most this much time left (max).", "provider", "account", "remaining"),
		remaining: desc("registration_remaining_budget_seconds_min", "Least time left of a paid purchase without a seat; the window when none waits (min).", "provider", "account"),
		oldest:    desc("registrations_paid_unfinalized_oldest_age_seconds", "Age of the oldest payment without a seat; 0 when none (max).", "provider", "account"),
		up:        desc("collector_up", "Whether the collector could read its source.", "collector"),
	}
}

// Describe implements prometheus.Collector.
func (c *BacklogCollector) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.count, c.atRisk, c.remaining, c.oldest, c.up} {
		out <- d
	}
}

// scrapeWithin bounds how long a scrape may wait for the store.
const scrapeWithin = 5 * time.Second

// Collect implements prometheus.Collector.
func (c *BacklogCollector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeWithin)
	defer cancel()
	backlogs, err := c.bridge.Store.Backlog(ctx)
	now, nowErr := c.bridge.Store.Now(ctx)
	if err != nil || nowErr != nil {
		out <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, 0, "backlog")
		return
	}
	out <- prometheus.MustNewConstMetric(c.up, prometheus.GaugeValue, 1, "backlog")
	byAccount := make(map[string]Backlog, len(backlogs))
	for _, b := range backlogs {
		byAccount[b.Account] = b
	}
	for name, account := range c.bridge.accounts {
		c.collect(out, account, byAccount[name], now)
	}
}

var riskBands = []struct {
	label string
	left  time.Duration
}{{"30m", 30 * time.Minute}, {"20m", 20 * time.Minute}, {"10m", 10 * time.Minute}, {"5m", 5 * time.Minute}}

func (c *BacklogCollector) collect(out chan<- prometheus.Metric, a Account, b Backlog, now time.Time) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{a.Kind, a.Name}, labels...)...)
	}
	waiting := b.States[purchase.StateAwaitingPayment] + b.States[purchase.StatePaymentPending] + b.States[purchase.StateAuthorised]
	attention := b.States[purchase.StateHeld] + b.States[purchase.StateMismatch] + b.States[purchase.StatePaidLate] + b.States[purchase.StateDisputed]
	gauge(c.count, float64(waiting), "awaiting_payment")
	gauge(c.count, float64(b.States[purchase.StatePaidUnfinalized]-b.Working), "paid_unfinalized")
	gauge(c.count, float64(b.Working), "finalizing")
	gauge(c.count, float64(attention), "needs_attention")

	least := c.bridge.Policy(a.Environment).Window
	oldest := time.Duration(0)
	risk := make([]int, len(riskBands))
	for _, paid := range b.Paid {
		if paid.Held {
			continue
		}
		left := paid.Deadline.Sub(now)
		least, oldest = min(least, left), max(oldest, now.Sub(paid.Since))
		for i, band := range riskBands {
			if left <= band.left {
				risk[i]++
			}
		}
	}
	for i, band := range riskBands {
		gauge(c.atRisk, float64(risk[i]), band.label)
	}
	gauge(c.remaining, least.Seconds())
	gauge(c.oldest, oldest.Seconds())
}
