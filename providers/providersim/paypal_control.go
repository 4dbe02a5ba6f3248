package providersim

import (
	"encoding/json"
	"net/http"
)

// Control takes orders as JSON:
//
//	GET    /state       orders, captures, refunds, webhooks
//	GET    /requests    what was asked of the API
//	GET    /deliveries  every try to deliver a notification, and its answer
//	POST   /pay         {"order": "…"}: the buyer approves
//	POST   /button      a payment on the organiser's own page: {"custom_id", "invoice_id", "value", "currency", "pending"}
//	POST   /settle      {"capture": "…", "paid": true}: ends a pending capture
//	POST   /refund      {"capture": "…", "value": "", "reversal": false}
//	POST   /webhook     {"url": "…"}: answers {"id": …}
//	POST   /ipn         {"url": "…"}
//	POST   /fault       {"operation", "kind", "times", "delay"}
//	DELETE /faults
func (p *PayPal) Control() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		say(w, map[string]any{"orders": p.Orders(), "captures": p.Captures(), "refunds": p.Refunds(), "webhooks": p.Webhooks()}, nil)
	})
	mux.HandleFunc("GET /requests", func(w http.ResponseWriter, _ *http.Request) { say(w, p.Requests(), nil) })
	mux.HandleFunc("GET /deliveries", func(w http.ResponseWriter, _ *http.Request) { say(w, p.Deliveries(), nil) })
	mux.HandleFunc("DELETE /faults", func(w http.ResponseWriter, _ *http.Request) { p.ClearFaults(); say(w, nil, nil) })
	order(mux, "/pay", func(o struct{ Order string }) (any, error) { return nil, p.Approve(o.Order) })
	order(mux, "/button", func(o ButtonPayment) (any, error) {
		id, capture, err := p.Button(o)
		return map[string]string{"order": id, "capture": capture}, err
	})
	order(mux, "/settle", func(o struct {
		Capture string
		Paid    bool
	}) (any, error) {
		return nil, p.Settle(o.Capture, o.Paid)
	})
	order(mux, "/refund", func(o struct {
		Capture, Value string
		Reversal       bool
	}) (any, error) {
		return nil, p.GiveBack(o.Capture, o.Value, o.Reversal)
	})
	order(mux, "/webhook", func(o struct{ URL string }) (any, error) {
		return map[string]string{"id": p.RegisterWebhook(o.URL, nil)}, nil
	})
	order(mux, "/ipn", func(o struct{ URL string }) (any, error) { p.SetIPN(o.URL); return nil, nil })
	order(mux, "/fault", func(f Fault) (any, error) { p.AddFault(f); return nil, nil })
	return mux
}

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
