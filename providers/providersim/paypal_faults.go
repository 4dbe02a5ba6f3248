package providersim

import (
	"net/http"
	"time"
)

// FaultKind is one way in which a call to the API can go wrong.
type FaultKind string

// The kinds. Those whose name begins with after take effect first.
const (
	RateLimit   FaultKind = "rate-limit"   // 429, without Retry-After
	ServerError FaultKind = "server-error" // 500 HTML
	BadGateway  FaultKind = "bad-gateway"  // 502 HTML
	Unavailable FaultKind = "unavailable"  // 503 HTML
	EdgeRefusal FaultKind = "edge-refusal" // 403 HTML of the network's edge
	Drop        FaultKind = "drop"         // no effect, the connection ends
	Slow        FaultKind = "slow"         // works Delay long
	AfterDrop   FaultKind = "after-drop"   // takes effect, the connection ends
	AfterError  FaultKind = "after-error"  // takes effect, 500
)

func (k FaultKind) after() bool { return k == AfterDrop || k == AfterError }

// A Fault spoils calls of one operation ("" for any): token, create, get, capture, refund, list, resend, verify.
type Fault struct {
	Operation string        `json:"operation"`
	Kind      FaultKind     `json:"kind"`
	Times     int           `json:"times"` // 0 means once
	Delay     time.Duration `json:"delay"`
}

// AddFault queues a fault.
func (p *PayPal) AddFault(f Fault) {
	f.Times = max(f.Times, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, &f)
}

// ClearFaults takes every waiting fault away.
func (p *PayPal) ClearFaults() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = nil
}

func (p *PayPal) misfortune(operation string) *Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i, f := range p.faults {
		if f.Operation != "" && f.Operation != operation {
			continue
		}
		used := *f
		if f.Times--; f.Times == 0 {
			p.faults = append(p.faults[:i], p.faults[i+1:]...)
		}
		return &used
	}
	return nil
}

// spoil answers instead of the call; false lets it go on.
func (p *PayPal) spoil(w http.ResponseWriter, r *http.Request, f *Fault, seen int) bool {
	if f == nil {
		return false
	}
	p.mu.Lock()
	p.requests[seen].Fault = f.Kind
	p.mu.Unlock()
	page := func(status int) reply {
		return reply{status: status, raw: []byte("<html><body><h1>" + http.StatusText(status) + "</h1></body></html>"), kind: "text/html"}
	}
	switch f.Kind {
	case RateLimit:
		p.write(w, seen, reply{status: http.StatusTooManyRequests, body: map[string]any{"name": "RATE_LIMIT_REACHED", "message": "Too many requests.",
			"debug_id": "f00d00000001", "links": []any{}}})
	case ServerError, AfterError:
		p.write(w, seen, page(http.StatusInternalServerError))
	case BadGateway:
		p.write(w, seen, page(http.StatusBadGateway))
	case Unavailable:
		p.write(w, seen, page(http.StatusServiceUnavailable))
	case EdgeRefusal:
		p.write(w, seen, page(http.StatusForbidden))
	case Drop, AfterDrop:
		panic(http.ErrAbortHandler)
	case Slow:
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
		}
		return false
	}
	return true
}
