package dataverse

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const (
	reasonOdd = "no_answer"
	mostAfter = 10 * time.Minute
)

// retryAfter reads the header of that name, seconds or a date, and caps it; 0 where it says nothing usable.
// Source: RFC 9110, section 10.2.3.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseInt(value, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(seconds, 0), int64(mostAfter/time.Second))) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), mostAfter)
	}
	return 0
}

// unanswered explains a call that got no answer. It keeps the kind of trouble, and not the address that Go's errors begin with.
func unanswered(err error) *failure {
	f := &failure{again: true}
	var certificate *tls.CertificateVerificationError
	var paused purchase.Retrier
	var address *net.OpError
	var timeout net.Error
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		f.reason, f.cause, f.again = "too_large", "the answer is larger than 1 MiB", false
	case errors.As(err, &certificate):
		f.reason, f.cause, f.again = "certificate", "the server's certificate is not trusted", false
	case errors.As(err, &paused):
		f.reason, f.cause = "paused", "there is a pause"
		f.after, f.again = paused.Retry()
	case errors.Is(err, context.Canceled):
		f.reason, f.cause = "cancelled", "it was given up"
	case errors.As(err, &timeout) && timeout.Timeout():
		f.reason, f.cause = "timeout", "no answer in time"
	case errors.As(err, &address) && address.Op == "dial":
		f.reason, f.cause = "no_connection", "no connection to the server"
	case errors.As(err, &address), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.reason, f.cause = "dropped", "the connection broke"
	default:
		f.reason, f.cause = reasonOdd, "no answer"
	}
	return f
}
