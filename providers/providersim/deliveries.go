package providersim

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"time"
)

// A Delivery is one try to deliver a notification, with what it was answered (0: no answer).
type Delivery struct {
	At     time.Time   `json:"at"`
	URL    string      `json:"url"`
	Event  string      `json:"event"`
	Order  string      `json:"order"`
	Try    int         `json:"try"`
	Header http.Header `json:"-"`
	Body   []byte      `json:"-"`
	Status int         `json:"status"`
}

// Deliveries is the history of all tries.
func (p *PayPal) Deliveries() []Delivery {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Delivery(nil), p.history...)
}

const answerWithin = 30 * time.Second

// dispatch sends an event to one webhook, as often and as crookedly as shape and chaos want. Held: p.mu.
func (p *PayPal) dispatch(e *event, h *Webhook) {
	shape := p.shapes[e.order]
	if shape.Drop {
		return
	}
	times := 1 + shape.Repeats
	delay := time.Duration(0)
	if c := p.cfg.Chaos; !c.Off {
		if p.chance.Float64() < c.Repeat {
			times++
		}
		delay = time.Duration(p.chance.Float64() * float64(c.Delay))
		if p.chance.Float64() < c.Reorder || shape.Reorder && strings.HasSuffix(e.kind, "APPROVED") {
			delay += 2 * c.Delay
		}
	}
	for i := range times {
		p.send(h.URL, e, delay+time.Duration(i)*50*time.Millisecond, func(at time.Time, transmission string) (http.Header, []byte) {
			return p.signed(transmission, h.ID, e.body, at), e.body
		})
	}
}

// send delivers in the background until it is answered 2xx or the schedule ends. Held: p.mu.
func (p *PayPal) send(url string, e *event, delay time.Duration, dress func(at time.Time, transmission string) (http.Header, []byte)) {
	transmission := p.uuid()
	at := p.now()
	p.wg.Add(1)
	go func() {
		defer p.wg.Done()
		for try := 1; ; try++ {
			if !p.pause(delay) {
				return
			}
			header, body := dress(at, transmission)
			if status := p.try(url, e, try, header, body); status >= 200 && status < 300 {
				return
			}
			var more bool
			if delay, more = p.cfg.Retry(try); !more {
				return
			}
			if !p.cfg.SameTransmission {
				p.mu.Lock()
				transmission, at = p.uuid(), p.now().Add(delay)
				p.mu.Unlock()
			}
		}
	}()
}

func (p *PayPal) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.stop:
		return false
	}
}

// try is one HTTP request; its answer goes into the history.
func (p *PayPal) try(url string, e *event, n int, header http.Header, body []byte) int {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	go func() {
		select {
		case <-p.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	status := 0
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err == nil {
		req.Header = header
		resp, err := p.cfg.Deliver.RoundTrip(req)
		if err == nil {
			status = resp.StatusCode
			resp.Body.Close()
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.history = append(p.history, Delivery{At: p.cfg.Now(), URL: url, Event: e.kind, Order: e.order, Try: n, Header: header, Body: body, Status: status})
	return status
}
