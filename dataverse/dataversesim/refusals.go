package dataversesim

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// refuse answers a call instead of its operation, with the status, the code and the body that the fault asks for.
func (s *Sim) refuse(c call, f Fault) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	var a answer
	switch f.Kind {
	case KindUnauthorized:
		a = s.unauthorized(c.origin)
	case KindMissingPrivilege:
		a = failure(s.missingPrivilege("prvReadmsevtmgt_EventPurchase", "msevtmgt_eventpurchase"))
	case KindNotMember:
		a = failure(&odataError{http.StatusForbidden, "0x80072560", "The user is not a member of the organization."})
	case KindAppRestricted:
		a = failure(&odataError{http.StatusForbidden, "0x80095ffc", fmt.Sprintf("Access to Dataverse API is restricted for this application Id : '%s'. "+
			"An administrator can allow it in the access control of the environment.", s.cfg.ClientID)})
	case KindFirewall:
		a = failure(&odataError{http.StatusForbidden, "0x80095ffe", "Access is blocked by the IP firewall: the address of the caller is not allowed in this environment."})
	case KindTooMany, KindExecutionTime, KindConcurrent:
		a = s.throttled(c, f.Kind)
	case KindServerError:
		a = failure(errUnexpected)
	case KindServerErrorHTML:
		a = page(http.StatusInternalServerError, "Server Error")
	case KindBadGateway:
		a = badGateway()
	case KindUnavailable:
		a = page(http.StatusServiceUnavailable, "Service Unavailable")
	case KindUnavailableEmpty:
		a = reply(http.StatusServiceUnavailable, "", "")
	case KindGatewayTimeout:
		a = page(http.StatusGatewayTimeout, "Gateway Time-out")
	case KindSecretExpired:
		a = s.entraReply(errSecretExpired)
	}
	if after := s.retryAfter(f, a.status); after != "" {
		a.header.Set("Retry-After", after)
	}
	return a
}

func badGateway() answer { return page(http.StatusBadGateway, "Bad Gateway") }

// page is what a front end says when nothing behind it answers.
func page(status int, title string) answer {
	return reply(status, "text/html; charset=utf-8",
		fmt.Sprintf("<!DOCTYPE html>\r\n<html><head><title>%d %s</title></head><body><h1>%[2]s</h1></body></html>\r\n", status, title))
}

// cut halves the body; an answer without one becomes the beginning of one.
func cut(a answer) answer {
	if len(a.body) == 0 {
		return reply(http.StatusOK, "application/json; odata.metadata=minimal", `{"@odata.con`)
	}
	a.body = a.body[:len(a.body)/2]
	return a
}

// retryAfter is the header's value, "" for no header.
func (s *Sim) retryAfter(f Fault, status int) string {
	given := f.RetryAfter
	if given == "" && status == http.StatusTooManyRequests {
		given = "10"
	}
	if ahead, isDate := strings.CutPrefix(given, "date+"); isDate {
		if d, err := time.ParseDuration(ahead); err == nil {
			return s.now().Add(d).UTC().Format(http.TimeFormat)
		}
	}
	if given == "-" {
		return ""
	}
	return given
}

// throttled is a 429 of service protection, or of Entra.
func (s *Sim) throttled(c call, kind Kind) answer {
	if c.operation == OpToken || c.operation == OpDiscovery {
		return s.entraReply(errEntraBusy)
	}
	return failure(s.overLimit(kind))
}

func (s *Sim) overLimit(kind Kind) *odataError {
	l := s.cfg.Limits
	switch kind {
	case KindTooMany:
		return &odataError{http.StatusTooManyRequests, "0x80072322",
			fmt.Sprintf("Number of requests exceeded the limit of %d over time window of %.0f seconds.", l.Requests, l.Per.Seconds())}
	case KindConcurrent:
		return &odataError{http.StatusTooManyRequests, "0x80072326", fmt.Sprintf("Number of concurrent requests exceeded the limit of %d.", l.Concurrency)}
	}
	return &odataError{http.StatusTooManyRequests, "0x80072321",
		fmt.Sprintf("Combined execution time of incoming requests exceeded limit of %s  milliseconds over time window of %.0f seconds. "+
			"Decrease number of concurrent requests or reduce the duration of requests and try again later.", grouped(l.Execution.Milliseconds()), l.Per.Seconds())}
}

// odataError is an error as the Web API writes it.
type odataError struct {
	status        int
	code, message string
}

func (e *odataError) Error() string {
	return fmt.Sprintf("%d %s: %s", e.status, cmp.Or(e.code, "without code"), e.message)
}

var errUnexpected = &odataError{http.StatusInternalServerError, "0x80040224", "An unexpected error occurred from ISV code."}

// failure is the body of an error without annotations.
func failure(e *odataError) answer { return annotatedFailure(e, false) }

func annotatedFailure(e *odataError, annotated bool) answer {
	body := map[string]string{"code": e.code, "message": e.message}
	if annotated {
		const details = "@Microsoft.PowerApps.CDS."
		body[details+"ErrorDetails.OperationStatus"] = "0"
		body[details+"ErrorDetails.SubErrorCode"] = "0"
		body[details+"HelpLink"] = "http://go.microsoft.com/fwlink/?LinkID=398563&error=Microsoft.Crm.CrmException%3a" + strings.TrimPrefix(e.code, "0x")
		body[details+"TraceText"] = ""
		body[details+"InnerError.Message"] = e.message
	}
	a := jsonReply(e.status, map[string]any{"error": body})
	a.header.Set("Content-Type", "application/json; odata.metadata=minimal")
	return a
}
