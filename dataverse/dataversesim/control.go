package dataversesim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"time"
)

// State is everything that the control port shows at once.
type State struct {
	Variant    string            `json:"variant"`
	Behaviours map[string]string `json:"behaviours"`
	Now        time.Time         `json:"now"`
	Purchases  []Purchase        `json:"purchases"`
	Seats      int               `json:"seats"`
	Faults     []FaultForm       `json:"faults"` // those that still wait
	Counters   Counters          `json:"counters"`
}

// FaultForm is a Fault as the control port writes and reads it.
type FaultForm struct {
	Operation   string  `json:"operation"`
	Kind        Kind    `json:"kind"`
	Times       int     `json:"times,omitempty"`
	Purchase    string  `json:"purchase,omitempty"`
	Probability float64 `json:"probability,omitempty"`
	RetryAfter  string  `json:"retry_after,omitempty"`
	Delay       string  `json:"delay,omitempty"` // such as "2s"
}

// State takes a picture of the simulator.
func (s *Sim) State() State {
	st := State{Now: s.Now(), Purchases: s.Purchases(), Faults: []FaultForm{}}
	for _, f := range s.Faults() {
		form := FaultForm{Operation: f.Operation, Kind: f.Kind, Times: f.Times, Purchase: f.Purchase, Probability: f.Probability, RetryAfter: f.RetryAfter}
		if f.Delay > 0 {
			form.Delay = f.Delay.String()
		}
		st.Faults = append(st.Faults, form)
	}
	for _, p := range st.Purchases {
		st.Seats += len(p.Seats)
	}
	s.with(func(time.Time) {
		st.Variant, st.Behaviours = s.variant, maps.Clone(s.behaviours)
		st.Counters = s.counters
		st.Counters.Requests, st.Counters.Statuses, st.Counters.Faults = maps.Clone(s.counters.Requests), maps.Clone(s.counters.Statuses), maps.Clone(s.counters.Faults)
	})
	return st
}

// Control serves the control port. It asks nobody who they are: bind it to the loopback address.
func (s *Sim) Control() http.Handler {
	mux := http.NewServeMux()
	show := func(route string, what func(*http.Request) any) {
		mux.HandleFunc(route, func(w http.ResponseWriter, r *http.Request) { jsonReply(http.StatusOK, what(r)).write(w) })
	}
	show("GET /state", func(*http.Request) any { return s.State() })
	show("GET /behaviours", func(*http.Request) any { return Behaviours() })
	show("GET /requests", func(r *http.Request) any {
		return s.filtered(r.URL.Query().Get("operation"), r.URL.Query().Get("purchase"))
	})
	mux.HandleFunc("POST /variant", order(func(o struct {
		Variant string `json:"variant"`
	}) (any, error) {
		return nil, s.SetVariant(o.Variant)
	}))
	mux.HandleFunc("POST /behaviour", order(s.orderBehaviour))
	mux.HandleFunc("POST /fault", order(func(f FaultForm) (any, error) { return nil, s.orderFault(f) }))
	mux.HandleFunc("DELETE /faults", order(func(struct{}) (any, error) { s.ClearFaults(); return nil, nil }))
	mux.HandleFunc("DELETE /requests", order(func(struct{}) (any, error) { s.ForgetRequests(); return nil, nil }))
	mux.HandleFunc("POST /clock", order(s.orderClock))
	mux.HandleFunc("POST /purchases", order(s.orderPurchase))
	mux.HandleFunc("POST /payment-page", order(func(o struct {
		URL string `json:"url"`
	}) (any, error) {
		s.SetPaymentPage(o.URL)
		return nil, nil
	}))
	return mux
}

// order reads a JSON object without unknown fields, obeys it, and answers what came of it: 200 with a body, 204 without
// one, 400 with an error. A request without a body is an empty order.
func order[T any](obey func(T) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var given T
		d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		d.DisallowUnknownFields()
		var result any
		err := d.Decode(&given)
		if err == nil || r.ContentLength == 0 {
			result, err = obey(given)
		}
		switch {
		case err != nil:
			jsonReply(http.StatusBadRequest, map[string]string{"error": err.Error()}).write(w)
		case result == nil:
			answer{status: http.StatusNoContent}.write(w)
		default:
			jsonReply(http.StatusOK, result).write(w)
		}
	}
}

func (s *Sim) filtered(operation, purchase string) []Request {
	kept := []Request{}
	for _, r := range s.Requests() {
		if (operation == "" || r.Operation == operation) && (purchase == "" || r.Purchase == purchase) {
			kept = append(kept, r)
		}
	}
	return kept
}

type behaviourOrder struct {
	Name    string  `json:"name"`
	Variant string  `json:"variant"`
	Seed    *uint64 `json:"seed"`
}

// orderBehaviour switches one behaviour, or all of them by a seed; seed 0 brings the working assumptions back.
func (s *Sim) orderBehaviour(o behaviourOrder) (any, error) {
	if o.Seed == nil {
		return nil, s.SetBehaviour(o.Name, o.Variant)
	}
	chosen := DefaultBehaviours()
	if *o.Seed != 0 {
		chosen = BehavioursBySeed(*o.Seed)
	}
	s.with(func(time.Time) { s.behaviours = chosen })
	return maps.Clone(chosen), nil
}

func (s *Sim) orderFault(f FaultForm) error {
	fault := Fault{Operation: f.Operation, Kind: f.Kind, Times: f.Times, Purchase: f.Purchase, Probability: f.Probability, RetryAfter: f.RetryAfter}
	if f.Delay != "" {
		delay, err := time.ParseDuration(f.Delay)
		if err != nil {
			return fmt.Errorf("read the delay of a fault: %w", err)
		}
		fault.Delay = delay
	}
	return s.AddFault(fault)
}

type clockOrder struct {
	Advance string `json:"advance"`
}

func (s *Sim) orderClock(o clockOrder) (any, error) {
	d, err := time.ParseDuration(o.Advance)
	if err != nil {
		return nil, fmt.Errorf("read how far to advance the clock: %w", err)
	}
	s.Advance(d)
	return map[string]time.Time{"now": s.Now()}, nil
}

type purchaseOrder struct {
	Event     string     `json:"event"`
	Attendees []Attendee `json:"attendees"`
	User      string     `json:"user"`
}

func (s *Sim) orderPurchase(o purchaseOrder) (any, error) {
	id, redirect, err := s.Register(o.Event, o.Attendees, o.User)
	if err != nil {
		return nil, err
	}
	return map[string]string{"purchase_id": id, "redirect_url": redirect}, nil
}
