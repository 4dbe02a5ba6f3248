package providersim

import (
	"net/http"
	"slices"
	"time"
)

// FaultKind is one way in which a call to the API can go wrong.
type FaultKind string

// The kinds. Those whose name begins with after take effect first.
const (
	RateLimit   FaultKind = "rate-limit"   // 429
	ServerError FaultKind = "server-error" // 500 HTML
	BadGateway  FaultKind = "bad-gateway"  // 502 HTML
	Unavailable FaultKind = "unavailable"  // 503 HTML
	EdgeRefusal FaultKind = "edge-refusal" // 403 HTML of the network's edge
	Garbage     FaultKind = "garbage"      // 200 with a body that is no answer
	Drop        FaultKind = "drop"         // no effect, the connection ends
	Slow        FaultKind = "slow"         // works Delay long
	AfterDrop   FaultKind = "after-drop"   // takes effect, the connection ends
	AfterError  FaultKind = "after-error"  // takes effect, 500
)

func (k FaultKind) after() bool { return k == AfterDrop || k == AfterError }

// A Fault spoils calls of one operation ("" for any): create, get, reserve, capture, void, refund, list, verify, token, as the provider has them.
type Fault struct {
	Operation string        `json:"operation"`
	Kind      FaultKind     `json:"kind"`
	Times     int           `json:"times"` // 0 means once
	Delay     time.Duration `json:"delay"`
}

// AddFault queues a fault.
func (t *till) AddFault(f Fault) {
	f.Times = max(f.Times, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = append(t.faults, &f)
}

// ClearFaults takes every waiting fault away.
func (t *till) ClearFaults() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = nil
}

func (t *till) misfortune(operation string) *Fault {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i, f := range t.faults {
		if f.Operation != "" && f.Operation != operation {
			continue
		}
		used := *f
		if f.Times--; f.Times == 0 {
			t.faults = slices.Delete(t.faults, i, i+1)
		}
		return &used
	}
	return nil
}

// spoil answers instead of the call; false lets it go on.
func (t *till) spoil(w http.ResponseWriter, r *http.Request, f *Fault, seen int, limited reply) bool {
	if f == nil {
		return false
	}
	t.mu.Lock()
	t.requests[seen].Fault = f.Kind
	t.mu.Unlock()
	page := func(status int) reply {
		return reply{status: status, raw: []byte("<html><body><h1>" + http.StatusText(status) + "</h1></body></html>"), kind: "text/html"}
	}
	switch f.Kind {
	case RateLimit:
		t.write(w, seen, limited)
	case ServerError, AfterError:
		t.write(w, seen, page(http.StatusInternalServerError))
	case BadGateway:
		t.write(w, seen, page(http.StatusBadGateway))
	case Unavailable:
		t.write(w, seen, page(http.StatusServiceUnavailable))
	case EdgeRefusal:
		t.write(w, seen, page(http.StatusForbidden))
	case Garbage:
		t.write(w, seen, page(http.StatusOK))
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
