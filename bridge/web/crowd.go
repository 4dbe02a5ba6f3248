package web

import (
	"cmp"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	checkoutsPerMinute = 120
	crowdUpTo          = 50_000 // addresses remembered
)

// A crowd bounds how many buyers come to the redirect leg from one address: each of them makes us ask Dynamics, and what may be asked
// of Dynamics is everybody's. An IPv6 address counts with all its /64, which one subscriber holds.
type crowd struct {
	perMinute int

	mu   sync.Mutex
	from map[netip.Prefix]*rate.Limiter
}

func newCrowd(perMinute int) *crowd {
	return &crowd{perMinute: cmp.Or(perMinute, checkoutsPerMinute), from: map[netip.Prefix]*rate.Limiter{}}
}

// admits tells whether one more may come from the address now. Private addresses are proxies of ours, not buyers.
func (c *crowd) admits(address string, now time.Time) bool {
	ip, err := netip.ParseAddr(address)
	ip = ip.Unmap()
	if err != nil || ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() {
		return true
	}
	bits := 64
	if ip.Is4() {
		bits = 32
	}
	from, _ := ip.WithZone("").Prefix(bits)
	c.mu.Lock()
	defer c.mu.Unlock()
	limiter, ok := c.from[from]
	if !ok {
		c.makeRoom(now)
		limiter = rate.NewLimiter(rate.Limit(float64(c.perMinute)/60), c.perMinute)
		c.from[from] = limiter
	}
	return limiter.AllowN(now, 1)
}

// makeRoom forgets who has not been here for a minute; if all have, everybody.
func (c *crowd) makeRoom(now time.Time) {
	if len(c.from) < crowdUpTo {
		return
	}
	for from, limiter := range c.from {
		if limiter.TokensAt(now) >= float64(c.perMinute) {
			delete(c.from, from)
		}
	}
	if len(c.from) >= crowdUpTo {
		clear(c.from)
	}
}
