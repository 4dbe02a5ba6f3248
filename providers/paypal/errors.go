package paypal

import (
	"encoding/json"

	"github.com/paybridge/paybridge/providers/protocol"
)

// The reasons that a caller acts upon.
const (
	issueAlreadyAuthorised = "ORDER_ALREADY_AUTHORIZED"
	issueAlreadyCaptured   = "ORDER_ALREADY_CAPTURED"
	issueAlreadyTaken      = "AUTHORIZATION_ALREADY_CAPTURED"
	issueAlreadyVoided     = "PREVIOUSLY_VOIDED"
	issueOtherIntent       = "ACTION_DOES_NOT_MATCH_INTENT"
	issueDeclined          = "INSTRUMENT_DECLINED"
)

// envelope is PayPal's one shape of an error; the token endpoint has the shape of OAuth instead.
type envelope struct {
	Name    string `json:"name"`
	OAuth   string `json:"error"`
	DebugID string `json:"debug_id"`
	Details []struct {
		Issue string `json:"issue"`
	} `json:"details"`
}

// refused makes the error of an answer that is not a success: PayPal's class of the error, then the issues, which decide.
func refused(s *protocol.Sender, operation string, r protocol.Response) *protocol.Error {
	var said envelope
	if json.Unmarshal(r.Body, &said) != nil {
		return s.Refused(operation, r, nil, "")
	}
	words := []string{said.Name}
	if said.Name == "" {
		words = []string{said.OAuth}
	}
	for _, d := range said.Details {
		words = append(words, d.Issue)
	}
	return s.Refused(operation, r, words, said.DebugID)
}
