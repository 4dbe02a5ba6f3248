package main

import (
	"fmt"
	"hash"
	"hash/fnv"
	"sync"
	"time"
)

// A journal is what happened in a simulation, line by line. Its digest is the same only for the same simulation.
type journal struct {
	keep bool // the lines themselves

	mu     sync.Mutex
	digest hash.Hash64
	lines  []entry
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
	e := entry{at, who, what}
	j.mu.Lock()
	defer j.mu.Unlock()
	fmt.Fprintln(j.digest, e)
	if j.keep {
		j.lines = append(j.lines, e)
	}
}

// sum is the digest so far.
func (j *journal) sum() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return fmt.Sprintf("%016x", j.digest.Sum64())
}

// story is the lines as a timeline.
func (j *journal) story() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
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
