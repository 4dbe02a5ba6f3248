package purchase

import "time"

// Backoff is how long to leave a purchase alone after its step failed for the n-th time in a row (from 1): 1, 2, 4 … seconds up to
// a minute, at least what the other side asked for, but never past the deadline while an attempt could still help: then a quarter
// of the time left, not under a second. chance is in [0,1) and spreads the purchases that failed together over a fifth.
func Backoff(n int, asked time.Duration, now, deadline time.Time, chance float64) time.Duration {
	pause := min(time.Second<<min(max(n-1, 0), 6), time.Minute)
	pause += time.Duration(float64(pause) * chance / 5)
	pause = max(pause, asked)
	left := deadline.Sub(now)
	if left > 0 && pause >= left {
		pause = max(left/4, min(time.Second, left))
	}
	return pause
}
