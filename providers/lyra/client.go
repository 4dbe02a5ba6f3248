package lyra

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/providers/protocol"
)

// authorise adds the shop's id and password. The password is read for each request, so that a changed file needs no restart.
func (a *asking) authorise(r *protocol.Request) error {
	password, err := a.config.Password.Reveal()
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(a.config.ShopID+":"+password)))
	return nil
}

// noWords: an answer with another status than 200 comes from the network's edge.
func noWords(protocol.Response) ([]string, string) { return nil, "" }

// An envelope is around every answer. The HTTP status is 200 even for refusals.
type envelope struct {
	Status string          `json:"status"` // SUCCESS, ERROR
	Ticket string          `json:"ticket"`
	Answer json.RawMessage `json:"answer"`
}

// call calls a web service and reads its answer into into, unless that is nil. Reading may be repeated; Lyra knows no idempotency keys,
// so nothing else may.
func (a *asking) call(ctx context.Context, operation, service string, body, into any) error {
	var e envelope
	err := a.Call(ctx, protocol.Call{Operation: operation, Method: http.MethodPost, Path: "/api-payment/V4/" + service, JSON: body,
		Repeatable: operation == protocol.Get}, &e)
	switch {
	case err != nil:
		return err
	case e.Status == "ERROR":
		return a.refusal(operation, e)
	case e.Status != "SUCCESS":
		return a.Unusable(operation, http.StatusOK, errors.New("the answer says neither success nor error"))
	case into == nil:
		return nil
	}
	if err := json.Unmarshal(e.Answer, into); err != nil {
		return a.Unusable(operation, http.StatusOK, errors.New("the answer cannot be read"))
	}
	return nil
}

// refusal makes the error of a refused call, under the status that another API would have given it.
func (a *asking) refusal(operation string, e envelope) error {
	var said struct {
		Code     string `json:"errorCode"`
		Detailed string `json:"detailedErrorCode"`
	}
	_ = json.Unmarshal(e.Answer, &said) // then it has no words
	return a.Refused(operation, protocol.Response{Status: statusOf(said.Code)}, []string{said.Code, said.Detailed}, e.Ticket)
}

// The codes that are not about the call's own sense.
//
// Source: Lyra documentation, REST API, error codes.
var (
	credentials = []string{"INT_905", "PSP_100", "PSP_109"} // login or password, no REST API, no production mode
	tooOften    = []string{"PSP_099", "PSP_106"}
	outages     = []string{"PSP_513", "PSP_514", "PSP_515", "PSP_516", "PSP_525", "PSP_538", "PSP_540", "PSP_541"}
)

func statusOf(code string) int {
	switch {
	case slices.Contains(credentials, code):
		return http.StatusUnauthorized
	case code == "PSP_010": // transaction not found; orders that nobody tried to pay as well
		return http.StatusNotFound
	case slices.Contains(tooOften, code):
		return http.StatusTooManyRequests
	case slices.Contains(outages, code), strings.HasSuffix(code, "_999"):
		return http.StatusServiceUnavailable
	}
	return http.StatusUnprocessableEntity
}
