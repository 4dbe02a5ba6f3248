package bridge

import (
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// unknown remembers for a while which purchases Dynamics did not know, so that a link that leads nowhere costs one question and not
// one each time it is opened. It holds at most so many; when it is full of fresh ones it begins anew, which costs questions only.
type unknown struct {
	life time.Duration
	most int

	mu    sync.Mutex
	until map[purchase.Key]time.Time
}

func newUnknown(life time.Duration, most int) *unknown {
	return &unknown{life: life, most: most, until: map[purchase.Key]time.Time{}}
}

func (u *unknown) has(key purchase.Key, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return now.Before(u.until[key])
}

func (u *unknown) add(key purchase.Key, now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.until) >= u.most {
		for k, until := range u.until {
			if !now.Before(until) {
				delete(u.until, k)
			}
		}
	}
	if len(u.until) >= u.most {
		clear(u.until)
	}
	u.until[key] = now.Add(u.life)
}
