package dataversesim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// eventAPI is which of the two public registration interfaces a request came in by.
type eventAPI string

const (
	outboundAPI eventAPI = "outbound"
	realtimeAPI eventAPI = "real-time"
)

const (
	tokenParameter = "emApplicationtoken"
	// ContactHeader lets a registration act as a signed-in contact, in place of the portal's session. The field contactId
	// of the body does the same.
	ContactHeader = "X-Sim-Contact"
)

// registration is the body of the register call. What else a real page sends (hipObject, responses, sessions) is ignored.
type registration struct {
	Attendees []Attendee `json:"attendees"`
	ContactID string     `json:"contactId"`
}

// registered is the answer of the outbound register call.
type registered struct {
	Status       string  `json:"status"`
	ErrorMessage *string `json:"errorMessage"`
	ErrorCode    *string `json:"errorCode"`
	RedirectURL  *string `json:"redirectUrl"`
	PurchaseID   *string `json:"purchaseId"`
}

// registerEndpoint starts a sale, as the page of an event does.
func (s *Sim) registerEndpoint(w http.ResponseWriter, r *http.Request, api eventAPI) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var given registration
	if err == nil {
		err = json.NewDecoder(bytes.NewReader(body)).Decode(&given)
	}
	if contact := r.Header.Get(ContactHeader); contact != "" {
		given.ContactID = contact
	}
	base, eventID, org := origin(r), r.PathValue("event"), r.PathValue("org")
	s.serve(w, r, call{
		operation: OpRegister, origin: base, remember: string(body),
		admit: func(time.Time) *answer { return s.refuseEventCall(r, api, org) },
		act: func(at time.Time, _ Fault) answer {
			if err != nil {
				return reply(http.StatusBadRequest, "text/plain; charset=utf-8", "The registration could not be read.")
			}
			p, err := s.register(at, eventID, given.Attendees, given.ContactID)
			if api == outboundAPI {
				return s.outboundAnswer(p, err, base)
			}
			return s.realtimeAnswer(p, err, base)
		},
		dress: s.allowOrigin,
	})
}

// refuseEventCall checks that the variant has the interface, the token and the origin. Held: s.mu.
func (s *Sim) refuseEventCall(r *http.Request, api eventAPI, org string) *answer {
	token, from := r.URL.Query().Get(tokenParameter), r.Header.Get("Origin")
	status := 0
	switch {
	case api == outboundAPI && !isOutbound(s.variant), api == realtimeAPI && (s.variant != VariantRealtime || org != s.cfg.OrganizationID):
		status = http.StatusNotFound
	case token == "" || from == "":
		status = http.StatusBadRequest
	case token != s.cfg.EventToken || from != s.cfg.Origin:
		status = http.StatusUnauthorized
	default:
		return nil
	}
	a := reply(status, "text/plain; charset=utf-8", http.StatusText(status))
	return &a
}

func (s *Sim) outboundAnswer(p *purchase, err error, base string) answer {
	if err != nil {
		if errors.Is(err, ErrUnknownEvent) {
			return reply(http.StatusNotFound, "text/plain; charset=utf-8", "Not Found")
		}
		return jsonReply(http.StatusOK, registered{Status: "Error", ErrorMessage: new(err.Error()), ErrorCode: new(errorCode(err))})
	}
	if p.Status == Registered {
		return jsonReply(http.StatusOK, registered{Status: "Success", PurchaseID: &p.ID})
	}
	return jsonReply(http.StatusOK, registered{Status: "Redirect", RedirectURL: new(s.redirect(p, base)), PurchaseID: &p.ID})
}

func (s *Sim) realtimeAnswer(p *purchase, err error, base string) answer {
	switch {
	case errors.Is(err, ErrUnknownEvent):
		return reply(http.StatusNotFound, "text/plain; charset=utf-8", "Not Found")
	case err != nil:
		return jsonReply(http.StatusBadRequest, map[string]string{"status": "Error", "errorCode": errorCode(err), "errorMessage": err.Error()})
	case p.Status == Registered:
		return jsonReply(http.StatusOK, map[string]string{"status": "Success"})
	}
	return jsonReply(http.StatusOK, map[string]string{"redirectUrl": s.redirect(p, base)})
}

func errorCode(err error) string {
	if errors.Is(err, ErrSoldOut) {
		return "PassSoldOut"
	}
	return "RegistrationFailed"
}

func (s *Sim) preflight(w http.ResponseWriter, _ *http.Request) {
	a := answer{status: http.StatusNoContent, header: http.Header{}}
	s.allowOrigin(&a)
	a.header.Set("Access-Control-Allow-Methods", "POST")
	a.header.Set("Access-Control-Allow-Headers", "Content-Type, "+ContactHeader)
	a.write(w)
}

func (s *Sim) allowOrigin(a *answer) {
	a.header.Set("Access-Control-Allow-Origin", s.cfg.Origin)
	a.header.Set("Vary", "Origin")
}
