package dataverse

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// class is what a failing answer proves.
type class int

const (
	unknown   class = iota // nothing: it may have worked
	refused                // Dynamics understood and said no; nothing was done
	denied                 // turned away at the door; nothing was looked at
	throttled              // turned away for now; nothing was looked at
	missing                // there is no such action or table; nothing was done
	absent                 // there is no such record; nothing was done
)

// The codes that Dataverse tells failures apart by.
// Source: Dataverse Web API client errors; service protection API limits.
const (
	codeNoSegment    = "0x8006088a"
	codeURL          = "0x80060888" // also a missing segment
	codeNoRecord     = "0x80040217"
	codePayload      = "0x80048d19"
	codePlugin       = "0x80040265"
	codeUnexpected   = "0x80040224"
	codePrivilege    = "0x80040220"
	codeNotMember    = "0x80072560"
	codeAppBlocked   = "0x80095ffc"
	codeFirewall     = "0x80095ffe"
	codeManyRequests = "0x80072322"
	codeManySeconds  = "0x80072321"
	codeManyAtOnce   = "0x80072326"
)

const (
	deniedPause   = time.Minute      // what an administrator has to mend
	newcomerPause = 30 * time.Second // what mends itself while a new application user becomes known everywhere
)

// failure is a call that brought no good answer. Its text holds codes and words of ours, nothing of the answer's.
type failure struct {
	doing  string // "read the price"
	class  class
	status int    // 0 without an answer
	code   string // of the error body
	reason string // stable short word
	cause  string // what to add for people
	fix    string
	after  time.Duration
	again  bool
}

func (f *failure) Error() string {
	if f.fix == "" {
		return f.told()
	}
	return f.told() + "; " + f.fix
}

// told is the error without what to do about it.
func (f *failure) told() string {
	text := f.doing + ": "
	switch {
	case f.status == 0:
		text += f.cause
	case f.code != "":
		text += fmt.Sprintf("http %d, %s", f.status, f.code)
	default:
		text += fmt.Sprintf("http %d", f.status)
	}
	if f.status != 0 && f.cause != "" {
		text += ": " + f.cause
	}
	return text
}

// Retry implements purchase.Retrier.
func (f *failure) Retry() (after time.Duration, again bool) { return f.after, f.again }

// isAbsent tells whether an error says that there is no such record.
func isAbsent(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.class == absent
}

// outcome is what the failure means for a call that cannot be taken back and whose body was read by the transport.
func (f *failure) outcome() purchase.Outcome {
	o := purchase.Outcome{Reason: f.reason, After: f.after}
	switch f.class {
	case refused, absent, missing:
		o.Result = purchase.Refused
	case denied, throttled:
		o.Result = purchase.Unsent
	default:
		o.Result = purchase.Unknown
	}
	return o
}

// explain reads a failing answer to a call of the segment.
func explain(r reply, segment string, now time.Time) *failure {
	code, message := errorBody(r.body)
	f := &failure{status: r.status, code: code, reason: code, after: retryAfter(r.header, now)}
	if code == "" {
		f.reason = "http_" + strconv.Itoa(r.status)
	}
	switch {
	case r.status == http.StatusTooManyRequests:
		f.class, f.reason, f.again = throttled, throttleReason(code), true
	case r.status == http.StatusUnauthorized:
		f.class, f.reason, f.fix = denied, "http_401", "compare url, tenant_id and client_id with the app registration"
	case r.status == http.StatusForbidden:
		f.deny(message)
	case r.status == http.StatusNotFound && isMissing(code, message, segment):
		f.class, f.reason, f.fix = missing, "action_missing", "the organisation has no "+segment+": compare dialect with the product it uses"
	case r.status == http.StatusNotFound && code == codeNoRecord:
		f.class, f.again = absent, true
	case r.status < 500 && saysNo(code, message):
		f.class = refused
	default:
		f.again = r.status >= 500 || r.status == http.StatusRequestTimeout
	}
	return f
}

// deny is a 403: an administrator has to mend it, unless the application user is only new.
func (f *failure) deny(message string) {
	f.class, f.after = denied, max(f.after, deniedPause)
	switch f.code {
	case codePrivilege:
		f.cause, f.fix = privilege(message), "assign a security role with it to the application user"
	case codeNotMember:
		f.after, f.again = newcomerPause, true
		f.fix = "create the application user in the environment; a new one takes some minutes"
	case codeAppBlocked:
		f.fix = "allow the application in the environment's access control"
	case codeFirewall:
		f.fix = "allow this machine's address in the environment's IP firewall"
	}
}

var privilegeName = regexp.MustCompile(`\bprv[A-Za-z_]{1,80}\b`)

// privilege is the one thing of a message that is worth telling and never personal.
func privilege(message string) string {
	if name := privilegeName.FindString(message); name != "" {
		return "missing privilege " + name
	}
	return ""
}

func throttleReason(code string) string {
	if limit := limitOf(code); limit != "" {
		return "throttled_" + limit
	}
	return "throttled"
}

// limitOf names the limit of service protection that a code stands for.
func limitOf(code string) string {
	switch code {
	case codeManyRequests:
		return "requests"
	case codeManySeconds:
		return "execution_time"
	case codeManyAtOnce:
		return "concurrency"
	}
	return ""
}

// isMissing is the one proof that there is no such action or table here: code and name. An answer of 404 alone proves nothing.
func isMissing(code, message, segment string) bool {
	return (code == codeNoSegment || code == codeURL) && strings.Contains(message, "Resource not found for the segment '"+segment+"'")
}

// saysNo knows the answers below 500 that Dataverse gives only instead of doing what was asked, or after undoing it.
func saysNo(code, message string) bool {
	switch code {
	case codePlugin, codePayload, codeURL, codeNoSegment:
		return true
	}
	return code == "" && strings.HasPrefix(message, "No HTTP resource was found that matches the request URI")
}

// errorBody takes code and message out of an answer; both are "" where it is not Dataverse that speaks.
func errorBody(body []byte) (code, message string) {
	var envelope struct {
		Error   struct{ Code, Message string }
		Message string
	}
	if json.Unmarshal(body, &envelope) != nil {
		return "", ""
	}
	if envelope.Error.Message == "" {
		return codeWord(envelope.Error.Code), envelope.Message
	}
	return codeWord(envelope.Error.Code), envelope.Error.Message
}

var hexCode = regexp.MustCompile(`^0x[0-9a-f]{1,8}$`)

// codeWord brings a code to the one form 0x8006088a; some servers write the same number in decimal.
func codeWord(code string) string {
	code = strings.ToLower(strings.TrimSpace(code))
	if n, err := strconv.ParseInt(code, 10, 32); err == nil && n < 0 {
		return fmt.Sprintf("0x%08x", uint32(n))
	}
	if !hexCode.MatchString(code) || strings.Trim(code, "0x") == "" {
		return ""
	}
	return code
}
