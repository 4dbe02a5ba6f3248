package dataversesim

import (
	"encoding/json"
	"net/http"
	"time"
)

// Values of msevtmgt_paymentstatus. The lower one frees the seat.
// Source: Dynamics 365 Customer Insights - Journeys, payment gateway integration.
const (
	statusCancelled = 100000000
	statusCompleted = 100000001
)

// finalizeOutbound is the legacy finalize, under either of its names.
func (s *Sim) finalizeOutbound(q query, at time.Time, f Fault) (answer, error) {
	given, err := parameters(q, "PurchaseId", "ReadableEventId", "UserId")
	if err != nil {
		return answer{}, err
	}
	var values [3]string
	for i, name := range []string{"PurchaseId", "ReadableEventId", "UserId"} {
		if values[i], err = text(given, name); err != nil {
			return answer{}, err
		}
	}
	id, event, user := values[0], values[1], values[2]
	p := s.find(id)
	if p != nil {
		p.FinalizeCalls++
	}
	switch {
	case p == nil:
		return s.refuseOutbound(q, id, "PurchaseNotFound", "The temporary registration for the purchase was not found.")
	case event != p.EventID:
		return s.refuseOutbound(q, id, "EventMismatch", "The purchase does not belong to the event.")
	case p.Status == Registered:
		return s.again(q, p, at)
	case p.Status != Temporary:
		return s.refuseOutbound(q, id, "RegistrationExpired", "The temporary registration has expired.")
	}
	p.FinalizedAs = user
	s.seat(p, at, f)
	return s.accept(q)
}

// refuseOutbound takes the form of the behaviour "finalize-refusal".
func (s *Sim) refuseOutbound(q query, id, word, message string) (answer, error) {
	switch s.behaviours[FinalizeRefusal] {
	case "plugin-error":
		return answer{}, pluginError(message)
	case "not-found":
		return answer{}, noRecord("msevtmgt_eventpurchase", id)
	case "server-error":
		return answer{}, errUnexpected
	}
	return s.status(q, "Failed", word, message), nil
}

// again is a finalize of a purchase that has its seats, by the behaviour "second-finalize".
func (s *Sim) again(q query, p *purchase, at time.Time) (answer, error) {
	const message = "The purchase is finalized already."
	switch s.behaviours[SecondFinalize] {
	case "no-op":
		return s.accept(q)
	case "duplicate-seats":
		s.seat(p, at, Fault{})
		return s.accept(q)
	case "plugin-error":
		return answer{}, pluginError(message)
	}
	if q.segment == OpFinalizeRealtime { // it has no output to fail in
		return answer{}, pluginError(message)
	}
	return s.status(q, "Failed", "AlreadyFinalized", message), nil
}

// accept is the answer of a finalize that is content.
func (s *Sim) accept(q query) (answer, error) {
	if q.segment != OpFinalizeRealtime {
		word := "Success"
		if s.behaviours[FinalizeStatus] == "unknown-word" {
			word = "Registered"
		}
		return s.status(q, word, "", ""), nil
	}
	if s.behaviours[RealtimeAnswer] == "200" {
		return odata(q, "Microsoft.Dynamics.CRM."+q.segment+"Response", map[string]any{}), nil
	}
	return answer{status: http.StatusNoContent, header: http.Header{}}, nil
}

// status is a 2xx of the outbound finalize, in the form of the behaviour "finalize-status". Two forms tell nothing.
func (s *Sim) status(q query, word, code, message string) answer {
	body := map[string]any{"status": word}
	if message != "" {
		body["errorCode"], body["errorMessage"] = code, message
	}
	switch s.behaviours[FinalizeStatus] {
	case "no-content":
		return answer{status: http.StatusNoContent, header: http.Header{}}
	case "html":
		return page(http.StatusOK, "OK")
	case "nested-json":
		body = map[string]any{"Response": asString(body)}
	case "capitalised":
		body = map[string]any{"Status": word}
		if message != "" {
			body["ErrorCode"], body["ErrorMessage"] = code, message
		}
	}
	return odata(q, "Microsoft.Dynamics.CRM."+q.segment+"Response", body)
}

// finalizeRealtime is the custom API of real-time journeys: Completed makes the seats, Cancelled frees them.
func (s *Sim) finalizeRealtime(q query, at time.Time, f Fault) (answer, error) {
	given, err := parameters(q, "msevtmgt_purchaseid", "msevtmgt_paymentstatus")
	if err != nil {
		return answer{}, err
	}
	id, err := text(given, "msevtmgt_purchaseid")
	if err != nil {
		return answer{}, err
	}
	var paymentStatus int
	if err := json.Unmarshal(given["msevtmgt_paymentstatus"], &paymentStatus); err != nil {
		return answer{}, badPayload("Cannot convert the value of parameter 'msevtmgt_paymentstatus' to the expected type 'Edm.Int32'.")
	}
	p := s.find(id)
	if p == nil {
		return answer{}, s.unknownRealtime(id)
	}
	switch paymentStatus {
	case statusCompleted:
		return s.complete(q, p, at, f)
	case statusCancelled:
		return s.cancel(q, p)
	}
	return answer{}, pluginError("The payment status is not supported.")
}

func (s *Sim) unknownRealtime(id string) error {
	switch s.behaviours[FinalizeRefusal] {
	case "plugin-error":
		return pluginError("The event purchase was not found.")
	case "server-error":
		return errUnexpected
	}
	return noRecord("msevtmgt_eventpurchase", id)
}

func (s *Sim) complete(q query, p *purchase, at time.Time, f Fault) (answer, error) {
	p.FinalizeCalls++
	if p.Status == Registered {
		return s.again(q, p, at)
	}
	if p.Status == Temporary {
		s.seat(p, at, f)
		return s.accept(q)
	}
	switch s.behaviours[RealtimeLate] {
	case "no-effect":
		return s.accept(q)
	case "seat":
		s.seat(p, at, f)
		return s.accept(q)
	}
	return answer{}, pluginError("The event purchase is not active any more.")
}

func (s *Sim) cancel(q query, p *purchase) (answer, error) {
	p.CancelCalls++
	switch {
	case p.Status == Temporary:
		p.Status = Cancelled
		p.vacate()
		return s.accept(q)
	case p.Status == Registered && s.behaviours[SecondFinalize] != "no-op":
		return answer{}, pluginError("The purchase is finalized already.")
	case p.Status != Registered && s.behaviours[RealtimeLate] == "plugin-error":
		return answer{}, pluginError("The event purchase is not active any more.")
	}
	return s.accept(q) // without effect
}
