package dataversesim

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// Limits are those of service protection, enforced per application user on a sliding window.
type Limits struct {
	Requests    int           // per window; 0 means 6000
	Execution   time.Duration // added up over the window; 0 means 1200 s
	Per         time.Duration // the window; 0 means 300 s
	Concurrency int           // at once; 0 means 52
	Off         bool          // nothing is enforced; the headers still count
}

func (l Limits) withDefaults() Limits {
	l.Requests = cmp.Or(l.Requests, 6000)
	l.Execution = cmp.Or(l.Execution, 1200*time.Second)
	l.Per = cmp.Or(l.Per, 300*time.Second)
	l.Concurrency = cmp.Or(l.Concurrency, 52)
	return l
}

// meter counts what one application user asked for. Held: Sim.mu.
type meter struct {
	limits   Limits
	began    []time.Time // requests of the window, oldest first
	worked   []stretch   // execution times of the window, as they ended
	total    time.Duration
	inFlight int
	pushes   int // refusals since the last request that was let in
}

type stretch struct {
	ended time.Time
	took  time.Duration
}

// leastWork is what even an instant answer costs, so that the remaining time is seen to fall.
const leastWork = 10 * time.Millisecond

func (m *meter) slide(at time.Time) {
	edge := at.Add(-m.limits.Per)
	for len(m.began) > 0 && !m.began[0].After(edge) {
		m.began = m.began[1:]
	}
	for len(m.worked) > 0 && !m.worked[0].ended.After(edge) {
		m.total -= m.worked[0].took
		m.worked = m.worked[1:]
	}
}

// over says which limit a request would exceed now, "" if none.
func (m *meter) over() Kind {
	switch {
	case m.limits.Off:
		return ""
	case len(m.began) >= m.limits.Requests:
		return KindTooMany
	case m.total >= m.limits.Execution:
		return KindExecutionTime
	case m.inFlight >= m.limits.Concurrency:
		return KindConcurrent
	}
	return ""
}

// pause is how long the user should stay away; it grows while the user keeps pushing.
func (m *meter) pause(at time.Time, kind Kind) time.Duration {
	wait := time.Second
	switch {
	case kind == KindTooMany && len(m.began) > 0:
		wait = m.began[0].Add(m.limits.Per).Sub(at)
	case kind == KindExecutionTime && len(m.worked) > 0:
		wait = m.worked[0].ended.Add(m.limits.Per).Sub(at)
	}
	return min(wait.Truncate(time.Second)+time.Duration(m.pushes)*time.Second, m.limits.Per)
}

func (m *meter) leave(took time.Duration, ended time.Time) {
	took = max(took, leastWork)
	m.worked = append(m.worked, stretch{ended: ended, took: took})
	m.total += took
	m.inFlight--
}

// throttle lets a request in or answers 429. Held: s.mu.
func (s *Sim) throttle(at time.Time) *answer {
	s.meter.slide(at)
	kind := s.meter.over()
	if kind == "" {
		s.meter.began = append(s.meter.began, at)
		s.meter.inFlight++
		s.meter.pushes = 0
		return nil
	}
	s.meter.pushes++
	s.counters.Throttled++
	a := failure(s.overLimit(kind))
	a.header.Set("Retry-After", strconv.Itoa(int(s.meter.pause(at, kind)/time.Second)))
	return &a
}

// remaining writes the two headers that count down.
func (m *meter) remaining(h http.Header) {
	h.Set("x-ms-ratelimit-burst-remaining-xrm-requests", strconv.Itoa(max(m.limits.Requests-len(m.began), 0)))
	left := max(m.limits.Execution-m.total, 0)
	h.Set("x-ms-ratelimit-time-remaining-xrm-requests", fmt.Sprintf("%s.%02d", grouped(int64(left/time.Second)), left%time.Second/(10*time.Millisecond)))
}

// grouped writes a number with a comma between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
