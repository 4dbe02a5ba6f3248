package dataverse

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// peerClock knows how far the clock of Dynamics is from ours, by the Date of its last answer.
type peerClock struct {
	now   func() time.Time
	skew  atomic.Int64 // theirs minus ours, in nanoseconds
	gauge prometheus.Gauge
}

// heard takes the Date of an answer. It has whole seconds and was written somewhere between request and answer, so it fits a range
// of differences: where the range holds zero the clocks agree, else the middle is taken.
func (p *peerClock) heard(h http.Header, began, ended time.Time) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return
	}
	least, most := date.Sub(ended), date.Add(time.Second).Sub(began)
	skew := (least + most) / 2
	if least <= 0 && most >= 0 {
		skew = 0
	}
	p.skew.Store(int64(skew))
	p.gauge.Set(skew.Seconds())
}

func (p *peerClock) ahead() time.Duration { return time.Duration(p.skew.Load()) }

// ours brings an instant of Dynamics to our clock; the zero time stays.
func (p *peerClock) ours(theirs time.Time) time.Time {
	if theirs.IsZero() {
		return theirs
	}
	return theirs.Add(-p.ahead())
}
