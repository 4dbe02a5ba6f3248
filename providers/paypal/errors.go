package paypal

import (
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Error is a call to PayPal that did not succeed. Its text holds PayPal's own closed words and never a body, a token or a name.
type Error struct {
	Operation string   // create, get, capture, refund, list, verify, token
	Status    int      // of HTTP; 0 when there was no answer
	Name      string   // PayPal's class of the error
	Issues    []string // what is wrong, in PayPal's words; they decide
	DebugID   string   // what PayPal's support asks for
	Err       error    // why there was no usable answer

	after time.Duration
	again bool
}

// Error names the operation and what PayPal said.
func (e *Error) Error() string {
	parts := []string{"paypal " + e.Operation + ":"}
	if e.Status != 0 {
		parts = append(parts, strconv.Itoa(e.Status))
	}
	if e.Name != "" {
		parts = append(parts, e.Name)
	}
	parts = append(parts, e.Issues...)
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if e.DebugID != "" {
		parts = append(parts, "(debug id "+e.DebugID+")")
	}
	return strings.Join(parts, " ")
}

// Unwrap is why there was no usable answer.
func (e *Error) Unwrap() error { return e.Err }

// Retry says whether the same call may be made again. After a refusal by the rules of payment it may not; after anything that can
// mend, or whose effect is not known, it may, with the same key.
func (e *Error) Retry() (after time.Duration, again bool) { return e.after, e.again }

// hasIssue tells whether PayPal gave this reason.
func hasIssue(err error, issue string) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(e.Issues, issue)
}

func isStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// The reasons that a caller acts upon.
const (
	issueAlreadyCaptured = "ORDER_ALREADY_CAPTURED"
	issueDeclined        = "INSTRUMENT_DECLINED"
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

var (
	errorWords = regexp.MustCompile(`^[A-Za-z_0-9]{1,80}$`)
	debugIDs   = regexp.MustCompile(`^[A-Za-z0-9]{1,40}$`)
)

// refused makes the error of an answer that is not a success. An HTML page of the network's edge has no words in it.
func refused(operation string, r response) *Error {
	e := &Error{Operation: operation, Status: r.status}
	var said envelope
	if json.Unmarshal(r.body, &said) == nil {
		for _, name := range []string{said.Name, said.OAuth} {
			if errorWords.MatchString(name) {
				e.Name = name
				break
			}
		}
		for _, d := range said.Details {
			if errorWords.MatchString(d.Issue) && len(e.Issues) < 8 {
				e.Issues = append(e.Issues, d.Issue)
			}
		}
		if debugIDs.MatchString(said.DebugID) {
			e.DebugID = said.DebugID
		}
	}
	e.after, e.again = mayMend(r)
	return e
}

const (
	aPersonMustMend = time.Minute // credentials, permissions: mended within the window if somebody looks
	notThereYet     = 30 * time.Second
	stillAtWork     = 2 * time.Second
	rateLimited     = 5 * time.Second
	maxPause        = time.Hour
)

// mayMend: what PayPal refuses by its rules stays refused; credentials, absence, load and faults pass.
func mayMend(r response) (after time.Duration, again bool) {
	switch {
	case r.status == http.StatusUnauthorized || r.status == http.StatusForbidden:
		return aPersonMustMend, true
	case r.status == http.StatusNotFound:
		return notThereYet, true
	case r.status == http.StatusConflict || r.status == http.StatusRequestTimeout:
		return stillAtWork, true
	case r.status == http.StatusTooManyRequests:
		return max(rateLimited, r.retryAfter()), true
	case r.status >= 400 && r.status < 500:
		return 0, false
	}
	return r.retryAfter(), true
}

func (r response) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(r.header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, int(maxPause/time.Second)))*time.Second, maxPause)
}

// unanswered is a call whose effect is not known.
func unanswered(operation string, err error) *Error {
	return &Error{Operation: operation, Err: err, again: true}
}

// unusable is an answer that says success and cannot be used: the effect is there or not, so the same call may be made again.
func unusable(operation string, status int, err error) *Error {
	return &Error{Operation: operation, Status: status, Err: err, again: true}
}

// never is a mistake that no repetition mends.
func never(operation string, err error) *Error { return &Error{Operation: operation, Err: err} }
