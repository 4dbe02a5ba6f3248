package bridge

import "time"

// startLists makes the label sets of an account that can be listed.
func (m *Metrics) startLists(a Account) {
	if _, ok := a.Provider.(Lister); !ok {
		return
	}
	each(func(v string) { m.lists.WithLabelValues(a.Kind, a.Name, v) }, "ok", "failed")
	each(func(v string) { m.listedFacts.WithLabelValues(a.Kind, a.Name, v) }, "new", "known", "unrelated")
}

func (m *Metrics) listing(a Account, result string) {
	m.lists.WithLabelValues(a.Kind, a.Name, result).Inc()
}

func (m *Metrics) listed(a Account, t tally) {
	m.listedFacts.WithLabelValues(a.Kind, a.Name, "new").Add(float64(t.fresh))
	m.listedFacts.WithLabelValues(a.Kind, a.Name, "known").Add(float64(t.known))
	m.listedFacts.WithLabelValues(a.Kind, a.Name, "unrelated").Add(float64(t.unrelated))
}

func (m *Metrics) listedUntil(a Account, at time.Time) {
	m.listedTo.WithLabelValues(a.Kind, a.Name).Set(float64(at.Unix()))
}
