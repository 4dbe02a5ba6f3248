package dataverse

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	msal "github.com/AzureAD/microsoft-authentication-library-for-go/apps/errors"

	"github.com/paybridge/paybridge/config/field"
)

// signInError is why there is no token, without anything of the library's error: that holds the request with its secret, and may
// hold a token.
type signInError struct {
	code      string // AADSTS…, "" without an answer of Entra
	status    int    // 0 without an answer
	cause     string // where there was no answer: what kind of trouble
	fix       string
	permanent bool
	after     time.Duration
}

func (e *signInError) Error() string {
	if e.fix == "" {
		return e.told()
	}
	return e.told() + "; " + e.fix
}

// told is the error without what to do about it.
func (e *signInError) told() string {
	switch {
	case e.code != "":
		return fmt.Sprintf("sign in to dynamics: %s (http %d)", e.code, e.status)
	case e.status != 0:
		return fmt.Sprintf("sign in to dynamics: http %d", e.status)
	}
	return "sign in to dynamics: " + e.cause
}

// Retry says when the source will try again.
func (e *signInError) Retry() (after time.Duration, again bool) { return e.after, !e.permanent }

func (e *signInError) reason() string {
	switch {
	case e.code != "":
		return e.code
	case e.status != 0:
		return "token_http_" + strconv.Itoa(e.status)
	}
	return "no_token"
}

func (e *signInError) later(d time.Duration) *signInError {
	c := *e
	c.after = d
	return &c
}

// fixes of what only a person can mend.
// Source: Microsoft Entra authentication and authorization error codes.
var fixes = map[string]string{
	"AADSTS700016":  "the tenant has no such application: compare client_id and tenant_id with the app registration",
	"AADSTS7000215": "the secret is wrong: write its value, not its id",
	"AADSTS7000222": "the secret has expired: make a new one in the app registration",
	"AADSTS90002":   "there is no such tenant: compare tenant_id with the directory (tenant) id",
	"AADSTS500011":  "the tenant does not know the organisation: compare url with the Power Platform admin center",
	"AADSTS700027":  "the certificate is not that of the app registration: upload it there",
	"AADSTS700024":  "the assertion is not valid at this time: set the clock of this machine right",
}

// explainSignIn keeps of an error the code, the status and the kind of trouble.
func explainSignIn(err error, now time.Time) *signInError {
	var answered msal.CallErr
	switch {
	case errors.As(err, &answered) && answered.Resp != nil:
		return explainAnswer(answered.Resp, now)
	case errors.Is(err, field.ErrSecret):
		return &signInError{cause: err.Error(), permanent: true}
	}
	if f := unanswered(err); f.reason != reasonOdd {
		return &signInError{cause: f.cause, permanent: !f.again}
	}
	return &signInError{cause: "the answer was not understood", fix: "compare authority and tenant_id with the app registration"}
}

func explainAnswer(resp *http.Response, now time.Time) *signInError {
	e := &signInError{status: resp.StatusCode, after: retryAfter(resp.Header, now)}
	var body struct {
		Error string `json:"error"`
		Codes []int  `json:"error_codes"`
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err == nil && json.Unmarshal(raw, &body) == nil && len(body.Codes) > 0 {
		e.code = "AADSTS" + strconv.Itoa(body.Codes[0])
	}
	transient := strings.Contains(body.Error, "temporarily_unavailable")
	e.permanent = !transient && slices.Contains([]int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound}, resp.StatusCode)
	e.fix = fixes[e.code]
	return e
}
