package protocol

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// MaxBody bounds a delivery's body.
const MaxBody = 1 << 20

// Values finds a header however its name is written: a delivery may hold headers that nobody made canonical.
func Values(h http.Header, canonical string) []string {
	values := h[canonical]
	for name, more := range h {
		if name != canonical && strings.EqualFold(name, canonical) {
			values = append(slices.Clone(values), more...)
		}
	}
	return values
}

// Once is the one value of a header that is needed. One that is missing, empty or there twice is purchase.Malformed: which of two
// values counts would be the sender's choice.
func Once(h http.Header, canonical string) (string, error) {
	values := Values(h, canonical)
	if len(values) != 1 || values[0] == "" {
		return "", purchase.Forged(purchase.Malformed)
	}
	return values[0], nil
}

// MediaType is the type of a body, in small letters and without parameters.
func MediaType(h http.Header) string {
	t, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}

// Sized refuses a delivery that no provider sends: by another method, without a body, or with one that is too large.
func Sized(d purchase.Delivery) error {
	if d.Method != http.MethodPost || len(d.Body) == 0 || len(d.Body) > MaxBody {
		return purchase.Forged(purchase.Malformed)
	}
	return nil
}

// Fresh refuses a time that lies more than tolerance from when the delivery was received, on either side.
func Fresh(at, received time.Time, tolerance time.Duration) error {
	if age := received.Sub(at); age > tolerance || age < -tolerance {
		return purchase.Forged(purchase.Stale)
	}
	return nil
}
