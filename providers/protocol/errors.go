package protocol

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Error is a call to a provider that did not succeed. Its text holds the provider's own closed words and never a body, a token or a
// name.
type Error struct {
	Provider  string
	Operation string
	Status    int      // of HTTP; 0 when there was no answer
	Words     []string // what is wrong, in the provider's words
	Trace     string   // what the provider's support asks for
	Err       error    // why there was no usable answer

	after time.Duration
	again bool
}

// Error names the operation and what the provider said.
func (e *Error) Error() string {
	parts := []string{e.Provider + " " + e.Operation + ":"}
	if e.Status != 0 {
		parts = append(parts, strconv.Itoa(e.Status))
	}
	parts = append(parts, e.Words...)
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if e.Trace != "" {
		parts = append(parts, "(trace "+e.Trace+")")
	}
	return strings.Join(parts, " ")
}

// Unwrap is why there was no usable answer.
func (e *Error) Unwrap() error { return e.Err }

// Retry says whether the same call may be made again. After a refusal by the rules of payment it may not; after anything that can
// mend, or whose effect is not known, it may, with the same key.
func (e *Error) Retry() (after time.Duration, again bool) { return e.after, e.again }

// HasWord tells whether the provider gave this reason.
func HasWord(err error, word string) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(e.Words, word)
}

// IsStatus tells whether the provider answered with this status.
func IsStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

const (
	aPersonMustMend = time.Minute // credentials, permissions: mended within the window if somebody looks
	notThereYet     = 30 * time.Second
	stillAtWork     = 2 * time.Second
	rateLimited     = 5 * time.Second
	sameAgain       = 5 * time.Minute
	maxPause        = time.Hour
	maxWords        = 8
)

var (
	closedWords = regexp.MustCompile(`^[A-Za-z_0-9]{1,80}$`)
	traces      = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)
)

// Refused makes the error of an answer that is not a success. Words and trace that are not closed words are left out: an HTML page of
// the network's edge has none.
func (s *Sender) Refused(operation string, r Response, words []string, trace string) *Error {
	e := &Error{Provider: s.provider, Operation: operation, Status: r.Status}
	for _, w := range words {
		if closedWords.MatchString(w) && len(e.Words) < maxWords && !slices.Contains(e.Words, w) {
			e.Words = append(e.Words, w)
		}
	}
	if traces.MatchString(trace) {
		e.Trace = trace
	}
	e.after, e.again = mayMend(r)
	return e
}

// mayMend: what a provider refuses by its rules stays refused; credentials, absence, load and faults pass.
func mayMend(r Response) (after time.Duration, again bool) {
	switch {
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		return aPersonMustMend, true
	case r.Status == http.StatusNotFound:
		return notThereYet, true
	case r.Status == http.StatusConflict || r.Status == http.StatusRequestTimeout:
		return stillAtWork, true
	case r.Status == http.StatusTooManyRequests:
		return max(rateLimited, r.retryAfter()), true
	case r.Status >= 400 && r.Status < 500:
		return 0, false
	}
	return r.retryAfter(), true
}

func (r Response) retryAfter() time.Duration {
	seconds, err := strconv.Atoi(r.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, int(maxPause/time.Second)))*time.Second, maxPause)
}

// Unanswered is a call whose effect is not known.
func (s *Sender) Unanswered(operation string, err error) *Error {
	return &Error{Provider: s.provider, Operation: operation, Err: err, again: true}
}

// Unusable is an answer that says success and cannot be used: the effect is there or not, so the same call may be made again.
func (s *Sender) Unusable(operation string, status int, err error) *Error {
	return &Error{Provider: s.provider, Operation: operation, Status: status, Err: err, again: true}
}

// Never is a mistake that no repetition mends, or a refusal for good.
func (s *Sender) Never(operation string, err error) *Error {
	return &Error{Provider: s.provider, Operation: operation, Err: err}
}

// Judged is an answer that came and cannot be used for what it says: asking again soon gives the same.
func (s *Sender) Judged(operation string, err error) *Error {
	return &Error{Provider: s.provider, Operation: operation, Status: http.StatusOK, Err: err, after: sameAgain, again: true}
}

// NotUnderstood is a shape that this version does not know, named without its content.
func NotUnderstood(what string) error {
	return fmt.Errorf("%w: %s", purchase.ErrNotUnderstood, what)
}
