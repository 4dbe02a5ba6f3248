package dataversesim

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// answer is a response that is not written yet, so that a fault can still spoil it.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call is one request of any face, understood far enough to be admitted, remembered and spoiled. Its functions run with
// s.mu held.
type call struct {
	operation string
	origin    string // scheme and host it was sent to
	purchase  string // the purchase it is about, "" if it names none
	remember  string // its body, secrets struck out
	metered   bool   // counts for service protection
	admit     func(at time.Time) (refused *answer)
	act       func(at time.Time, f Fault) answer
	dress     func(a *answer)
}

// serve takes one request through admission, service protection, faults and its operation. A connection is dropped by
// panicking with http.ErrAbortHandler, as net/http wants it.
func (s *Sim) serve(w http.ResponseWriter, r *http.Request, c call) {
	seen := s.remember(r, c)
	a, sent := s.treat(r.Context(), c, seen)
	if !sent {
		s.answered(seen, 0)
		panic(http.ErrAbortHandler)
	}
	if c.dress != nil {
		s.with(func(time.Time) { c.dress(&a) })
	}
	s.answered(seen, a.status)
	a.write(w)
}

func (s *Sim) treat(ctx context.Context, c call, seen *Request) (a answer, sent bool) {
	refused, f := s.enter(c, seen)
	if refused != nil {
		return *refused, true
	}
	if c.metered {
		began := s.cfg.Now() // Advance is no work
		defer func() { s.with(func(at time.Time) { s.meter.leave(s.cfg.Now().Sub(began), at) }) }()
	}
	return s.endure(ctx, c, f)
}

// enter asks who it is, how much was asked already, and whether a fault waits for it.
func (s *Sim) enter(c call, seen *Request) (refused *answer, f Fault) {
	s.with(func(at time.Time) {
		if c.admit != nil {
			refused = c.admit(at)
		}
		if refused == nil && c.metered {
			refused = s.throttle(at)
		}
		if refused == nil {
			f = s.misfortune(c)
			seen.Fault = f.Kind
		}
	})
	return refused, f
}

// with runs do at the settled time, under the lock.
func (s *Sim) with(do func(at time.Time)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do(s.settle())
}

func (s *Sim) act(c call, f Fault) (a answer) {
	s.with(func(at time.Time) { a = c.act(at, f) })
	return a
}

func (a answer) write(w http.ResponseWriter) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client that left is no concern of a server
}

func reply(status int, contentType, body string) answer {
	h := http.Header{}
	if contentType != "" {
		h.Set("Content-Type", contentType)
	}
	return answer{status: status, header: h, body: []byte(body)}
}

func jsonReply(status int, v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("dataversesim: encode an answer: %v", err)) // only values of this package come here
	}
	return reply(status, "application/json; charset=utf-8", string(body))
}

// wait pauses for d, or for ever if d is 0, and says whether the client was still there at the end.
func wait(ctx context.Context, d time.Duration) bool {
	if d == 0 {
		<-ctx.Done()
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// origin is the scheme and host that a request was sent to.
func origin(r *http.Request) string {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	} else if r.URL.Scheme != "" {
		scheme = r.URL.Scheme
	}
	return scheme + "://" + r.Host
}
