package dataversesim

import (
	"maps"
	"net/http"
	"strings"
	"time"
)

// Request is one request that came in. Secrets and tokens are struck out.
type Request struct {
	Time      time.Time   `json:"time"`
	Method    string      `json:"method"`
	Path      string      `json:"path"`
	Query     string      `json:"query,omitempty"`
	Operation string      `json:"operation"`
	Purchase  string      `json:"purchase,omitempty"`
	Header    http.Header `json:"header"`
	Body      string      `json:"body,omitempty"`
	Status    int         `json:"status"`          // 0 while it is served and when the connection was dropped
	Fault     Kind        `json:"fault,omitempty"` // what spoiled it
}

// Counters add up over the life of the simulator.
type Counters struct {
	Requests  map[string]int `json:"requests"` // by operation
	Statuses  map[int]int    `json:"statuses"` // answered; 0 is a dropped connection
	Faults    map[Kind]int   `json:"faults"`
	Throttled int            `json:"throttled"` // by service protection, not by faults
	Tokens    int            `json:"tokens"`    // issued
}

func newCounters() Counters {
	return Counters{Requests: map[string]int{}, Statuses: map[int]int{}, Faults: map[Kind]int{}}
}

const (
	struckOut     = "***"
	rememberedMax = 64 << 10
)

// Requests are those remembered, oldest first.
func (s *Sim) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Request, 0, len(s.memory))
	for _, r := range s.memory {
		all = append(all, *r)
	}
	return all
}

// Counted is how many requests came in, by operation.
func (s *Sim) Counted() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counters.Requests)
}

// ForgetRequests empties the memory; the counters stay.
func (s *Sim) ForgetRequests() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory = nil
}

func (s *Sim) remember(r *http.Request, c call) *Request {
	header := r.Header.Clone()
	for _, secret := range []string{"Authorization", "Cookie"} {
		if header.Get(secret) != "" {
			header.Set(secret, struckOut)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := &Request{
		Time: s.now(), Method: r.Method, Path: r.URL.Path, Query: strikeToken(r.URL.RawQuery), Header: header,
		Operation: c.operation, Purchase: c.purchase, Body: c.remember[:min(len(c.remember), rememberedMax)],
	}
	s.memory = append(s.memory, seen)
	if len(s.memory) > s.cfg.Memory {
		s.memory = s.memory[1:]
	}
	s.counters.Requests[c.operation]++
	return seen
}

func (s *Sim) answered(seen *Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen.Status = status
	s.counters.Statuses[status]++
}

func strikeToken(query string) string {
	parts := strings.Split(query, "&")
	for i, p := range parts {
		if strings.HasPrefix(p, tokenParameter+"=") {
			parts[i] = tokenParameter + "=" + struckOut
		}
	}
	return strings.Join(parts, "&")
}
