package main

import (
	"cmp"
	"fmt"
	"hash"
	"hash/fnv"
	"slices"
	"sync"
	"time"
)

// A journal is what happened in a simulation, line by line. Its digest is the same only for the same simulation, to the nanosecond. What
// happens at one instant has no order in time, and stands in that of its text.
type journal struct {
	keep bool // the lines themselves

	mu     sync.Mutex
	digest hash.Hash64
	lines  []entry
	now    []entry // of the last instant
}

// An entry is one thing that happened.
type entry struct {
	At   time.Duration
	Who  string
	What string
}

func newJournal(keep bool) *journal { return &journal{keep: keep, digest: fnv.New64a()} }

// note writes a line.
func (j *journal) note(at time.Duration, who, what string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.now) > 0 && j.now[0].At != at {
		j.turn()
	}
	j.now = append(j.now, entry{at, who, what})
}

// turn ends an instant.
func (j *journal) turn() {
	slices.SortFunc(j.now, func(a, b entry) int { return cmp.Or(cmp.Compare(a.Who, b.Who), cmp.Compare(a.What, b.What)) })
	for _, e := range j.now {
		fmt.Fprintln(j.digest, int64(e.At), e.Who, e.What)
	}
	if j.keep {
		j.lines = append(j.lines, j.now...)
	}
	j.now = j.now[:0]
}

// sum is the digest so far.
func (j *journal) sum() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.turn()
	return fmt.Sprintf("%016x", j.digest.Sum64())
}

// story is the lines as a timeline.
func (j *journal) story() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.turn()
	lines := make([]string, 0, len(j.lines))
	for _, e := range j.lines {
		lines = append(lines, e.String())
	}
	return lines
}

// String is a line of the timeline.
func (e entry) String() string {
	at := e.At.Truncate(time.Millisecond)
	return fmt.Sprintf("%02d:%02d:%06.3f  %-10s %s", int(at.Hours()), int(at.Minutes())%60, (at % time.Minute).Seconds(), e.Who, e.What)
}
