package providersim

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"time"
)

// A Delivery is one try to deliver a notification, with what it was answered (0: no answer).
type Delivery struct {
	At      time.Time   `json:"at"`
	Made    time.Time   `json:"made"` // when what it tells of happened
	URL     string      `json:"url"`
	Event   string      `json:"event"`
	Payment string      `json:"payment"`
	Try     int         `json:"try"`
	Method  string      `json:"method"`
	Query   string      `json:"query,omitempty"`
	Header  http.Header `json:"-"`
	Body    []byte      `json:"-"`
	Status  int         `json:"status"`
	Taken   bool        `json:"taken"` // it counts as acknowledged
}

// Shape says how the notifications of one payment travel.
type Shape struct {
	Drop    bool // none is sent
	Repeats int  // how many more times each is sent
	Reorder bool // the early ones are overtaken
}

// Deliveries is the history of all tries.
func (t *till) Deliveries() []Delivery {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Delivery(nil), t.history...)
}

const (
	answerWithin = 30 * time.Second
	maxReply     = 64 << 10
)

// A dresser makes a notification for one try: most providers sign each try anew. Tries count from 1.
type dresser func(at time.Time, try int) Notice

// send sends a notification of a payment to the callback address, as often and as crookedly as shape and chaos want; early ones are
// those that others may overtake. Held: mu.
func (t *till) send(payment, name string, early bool, dress dresser) {
	t.sendTo(t.callback, payment, name, early, dress)
}

// sendTo is send to an address of the provider's own choice. Held: mu.
func (t *till) sendTo(address, payment, name string, early bool, dress dresser) {
	shape := t.shapes[payment]
	if shape.Drop || address == "" {
		return
	}
	times := 1 + shape.Repeats
	delay := time.Duration(0)
	if c := t.cfg.Chaos; !c.Off && !t.queued {
		if t.chance.Float64() < c.Repeat {
			times++
		}
		delay = time.Duration(t.chance.Float64() * float64(c.Delay))
		if t.chance.Float64() < c.Reorder || shape.Reorder && early {
			delay += 2 * c.Delay
		}
	}
	made := t.cfg.Now()
	for i := range times {
		first := delay + time.Duration(i)*50*time.Millisecond
		t.post(func() { t.deliver(Delivery{Made: made, URL: address, Event: name, Payment: payment}, first, dress) })
	}
}

// post runs a delivery in the background: beside the others, or after those that came before. Held: mu.
func (t *till) post(deliver func()) {
	t.wg.Add(1)
	if !t.queued {
		go func() { defer t.wg.Done(); deliver() }()
		return
	}
	if t.line == nil {
		t.line = make(chan func(), 100_000)
		go t.inLine()
	}
	t.line <- deliver
}

// inLine delivers one after the other: one that is not taken holds up all behind it.
func (t *till) inLine() {
	for {
		select {
		case deliver := <-t.line:
			deliver()
			t.wg.Done()
		case <-t.stop:
			for {
				select {
				case <-t.line:
					t.wg.Done()
				default:
					return
				}
			}
		}
	}
}

// deliver tries until the notification is taken or the schedule ends.
func (t *till) deliver(d Delivery, delay time.Duration, dress dresser) {
	for try := 1; ; try++ {
		if !t.pause(delay) {
			return
		}
		d.Try = try
		if t.try(d, dress(t.cfg.Now(), try)) {
			return
		}
		var more bool
		if delay, more = t.schedule(try); !more {
			return
		}
	}
}

func (t *till) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-t.stop:
		return false
	}
}

// try is one HTTP request; its answer goes into the history.
func (t *till) try(d Delivery, notice Notice) bool {
	if notice.Method == "" {
		notice.Method = http.MethodPost
	}
	status, answer := t.roundTrip(d.URL, notice)
	d.Taken = t.Accepts(status, answer)
	t.mu.Lock()
	defer t.mu.Unlock()
	d.At, d.Method, d.Query, d.Header, d.Body, d.Status = t.cfg.Now(), notice.Method, notice.Query, notice.Header, notice.Body, status
	t.history = append(t.history, d)
	return d.Taken
}

func (t *till) roundTrip(address string, notice Notice) (status int, answer []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), answerWithin)
	defer cancel()
	go func() {
		select {
		case <-t.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	u, err := url.Parse(address)
	if err != nil {
		return 0, nil
	}
	if notice.Query != "" {
		u.RawQuery = notice.Query
	}
	req, err := http.NewRequestWithContext(ctx, notice.Method, u.String(), bytes.NewReader(notice.Body))
	if err != nil {
		return 0, nil
	}
	req.Header = notice.Header.Clone()
	resp, err := t.cfg.Deliver.RoundTrip(req)
	if err != nil {
		return 0, nil
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(resp.Body, maxReply))
	if err != nil {
		return 0, nil
	}
	return resp.StatusCode, answer
}
