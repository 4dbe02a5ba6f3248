package providersim

import (
	"encoding/json"
	"net/http"
)

// control takes orders as JSON, which every simulator understands:
//
//	GET    /state       the payments and refunds
//	GET    /requests    what was asked of the API
//	GET    /deliveries  every try to deliver a notification, and its answer
//	POST   /button      a payment on the organiser's own page: {"purchase", "value", "currency", "pending"}; answers {"id": …}
//	POST   /settle      {"id": "…", "paid": true}: ends a pending payment
//	POST   /refund      {"id": "…", "value": "", "reversal": false}
//	POST   /fault       {"operation", "kind", "times", "delay"}
//	DELETE /faults
func control(s Simulator, state func() any) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) { say(w, state(), nil) })
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { say(w, s.Requests(), nil) })
	mux.HandleFunc("GET /deliveries", func(w http.ResponseWriter, _ *http.Request) { say(w, s.Deliveries(), nil) })
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) { s.ClearFaults(); say(w, nil, nil) })
	order(mux, "/button", func(o ButtonPayment) (any, error) {
		id, err := s.Button(o)
		return map[string]string{"id": id}, err
	})
	order(mux, "/settle", func(o struct {
		ID   string
		Paid bool
	}) (any, error) {
		return nil, s.Settle(o.ID, o.Paid)
	})
	order(mux, "/refund", func(o struct {
		ID, Value string
		Reversal  bool
	}) (any, error) {
		return nil, s.GiveBack(o.ID, o.Value, o.Reversal)
	})
	order(mux, "/fault", func(f Fault) (any, error) { s.AddFault(f); return nil, nil })
	return mux
}

// state is what a till shows of itself.
func (t *till) state() any { return map[string]any{"payments": t.Payments(), "refunds": t.Refunds()} }

// order is one order by POST, refused with 400 where it cannot be read or carried out.
func order[T any](mux *http.ServeMux, path string, do func(T) (any, error)) {
	mux.HandleFunc("POST "+path, func(w http.ResponseWriter, r *http.Request) {
		var o T
		decoder := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&o); err != nil {
			say(w, nil, err)
			return
		}
		answer, err := do(o)
		say(w, answer, err)
	})
}

func say(w http.ResponseWriter, answer any, err error) {
	if answer == nil && err == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]string{"error": err.Error()}
	}
	_ = json.NewEncoder(w).Encode(answer) // the asker went away
}
