package dataversesim

import (
	"fmt"
	"net/http"
)

// entraError is an error as Microsoft Entra writes it.
type entraError struct {
	status  int
	kind    string
	number  int // AADSTS…
	message string
}

var (
	errSecretExpired = &entraError{http.StatusUnauthorized, "invalid_client", 7000222, "The provided client secret keys for the app are expired. Create new keys for the app."}
	errEntraBusy     = &entraError{http.StatusTooManyRequests, "temporarily_unavailable", 90055, "Tenant request is throttled because there are too many requests."}
)

func tenantNotFound(tenant string) *entraError {
	return &entraError{http.StatusBadRequest, "invalid_request", 90002, fmt.Sprintf("Tenant '%s' not found. Check that the tenant ID is right and that the right cloud is used.", tenant)}
}

// entraReply writes the error with the ids and the time that support asks for. Held: s.mu.
func (s *Sim) entraReply(e *entraError) answer {
	trace, correlation, stamp := s.guid(), s.guid(), s.cfg.Now().UTC().Format("2006-01-02 15:04:05Z")
	return jsonReply(e.status, map[string]any{
		"error":             e.kind,
		"error_description": fmt.Sprintf("AADSTS%d: %s Trace ID: %s Correlation ID: %s Timestamp: %s", e.number, e.message, trace, correlation, stamp),
		"error_codes":       []int{e.number},
		"timestamp":         stamp,
		"trace_id":          trace,
		"correlation_id":    correlation,
		"error_uri":         fmt.Sprintf("https://login.microsoftonline.com/error?code=%d", e.number),
	})
}
