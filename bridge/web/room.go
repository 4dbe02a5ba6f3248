package web

import (
	"errors"

	"golang.org/x/sync/semaphore"
)

// errNoRoom: so many long deliveries are in hand that another would take too much memory. Providers send it again.
var errNoRoom = errors.New("no room for a long delivery")

// A holding is the room that one request has taken of all there is for long deliveries. Anybody can send those, since who sent one is
// known only after it was read.
type holding struct {
	room  *semaphore.Weighted
	taken int64
}

// take takes room, or none and says so.
func (h *holding) take(bytes int64) bool {
	if !h.room.TryAcquire(bytes) {
		return false
	}
	h.taken += bytes
	return true
}

func (h *holding) release() { h.room.Release(h.taken) }
