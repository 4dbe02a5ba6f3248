package providersim

import (
	"testing"
	"time"
)

// Ten calls in 26 hours, and nothing but 200 ends them.
func TestMollieCallsTenTimesUntilItHears200(t *testing.T) {
	t.Parallel()
	calls, span := 1, time.Duration(0)
	for try := 1; ; try++ {
		wait, more := mollieRetries(try)
		if !more {
			break
		}
		calls, span = calls+1, span+wait
	}
	if calls != 10 || span != 26*time.Hour {
		t.Errorf("%d calls in %s", calls, span)
	}
	m := NewMollie(Config{})
	for status, want := range map[int]bool{200: true, 201: false, 202: false, 204: false, 302: false, 401: false, 503: false} {
		if m.Accepts(status, nil) != want {
			t.Errorf("%d is taken: %v", status, !want)
		}
	}
}
