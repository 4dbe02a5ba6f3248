package governor

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// retryAfter reads the header of that name, seconds or a date, and keeps the pause between a second and ten minutes. What says
// nothing usable is five seconds.
// Source: RFC 9110, section 10.2.3.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return bounded(time.Duration(min(max(seconds, 0), int64(mostPause/time.Second))) * time.Second)
	}
	if at, err := http.ParseTime(header); err == nil {
		return bounded(at.Sub(now))
	}
	return usualPause
}

func bounded(d time.Duration) time.Duration { return min(max(d, leastPause), mostPause) }
