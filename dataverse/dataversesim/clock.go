package dataversesim

import (
	"slices"
	"time"
)

// effect is something that happens later, when the clock gets there: what a server does after its client gave up.
type effect struct {
	at  time.Time
	run func(at time.Time)
}

// Now is the time in Dynamics: the clock of the configuration plus what Advance added.
func (s *Sim) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now()
}

// Advance moves the time in Dynamics forward, and makes happen what is due by then. A negative d moves it back; nothing
// that happened is undone.
func (s *Sim) Advance(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
	s.settle()
}

func (s *Sim) now() time.Time { return s.cfg.Now().Add(s.offset) }

// settle lets everything happen that is due, in the order of its time, and returns the time it is. Held: s.mu.
func (s *Sim) settle() time.Time {
	now := s.now()
	for len(s.late) > 0 && !s.late[0].at.After(now) {
		next := s.late[0]
		s.late = s.late[1:]
		s.expire(next.at)
		next.run(next.at)
	}
	s.expire(now)
	return now
}

// after puts off an effect. Held: s.mu.
func (s *Sim) after(d time.Duration, run func(at time.Time)) {
	e := effect{at: s.now().Add(d), run: run}
	i, _ := slices.BinarySearchFunc(s.late, e, func(a, b effect) int {
		if a.at.After(b.at) {
			return 1
		}
		return -1
	})
	s.late = slices.Insert(s.late, i, e)
}

// expire ends the temporary registrations whose window is over. Held: s.mu.
func (s *Sim) expire(at time.Time) {
	for len(s.open) > 0 {
		p := s.open[0]
		if p.Status == Temporary && at.Before(p.Expires) {
			return
		}
		s.open = s.open[1:]
		if p.Status == Temporary {
			p.Status = Expired
			p.vacate()
		}
	}
}
