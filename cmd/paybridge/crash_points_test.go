//go:build linux

package main

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What the build that kills itself is told; see bridge/failpoint.
const (
	pointVariable = "PAYBRIDGE_FAILPOINT"
	trailVariable = pointVariable + "_TRAIL"
	noteVariable  = pointVariable + "_NOTE"
	boundVariable = pointVariable + "_BOUND"
	lingerFor     = pointVariable + "_LINGER=60ms"
)

// A boundary is the n-th hit of a point, after which the next daemon may die at a point of its own.
type boundary struct {
	point string
	nth   int
	then  string
}

func (b boundary) String() string {
	if b.then != "" {
		return b.at() + " then " + b.then
	}
	return b.at()
}

// at is what the daemon is told.
func (b boundary) at() string { return b.point + "#" + strconv.Itoa(b.nth) }

func parseBoundary(s string) boundary {
	first, then, _ := strings.Cut(s, " then ")
	point, nth, _ := strings.Cut(first, "#")
	n, err := strconv.Atoi(nth)
	if err != nil {
		n = 1
	}
	return boundary{point, n, then}
}

// These begin the points at which the daemon does not die by itself: it is killed while a call waits for its answer, which has its effect
// after that, or never.
const (
	inFlight  = "in flight: "
	swallowed = "swallowed: "
)

// furtherBoundaries are killings that no trail shows: while a call is in flight, and a second one while the first is made good.
var furtherBoundaries = []string{
	inFlight + "finalize", inFlight + "capture", inFlight + "refund",
	swallowed + "finalize", swallowed + "capture", swallowed + "refund",
	"finalize: called#2 then open: migrated", "finalize: called#2 then claim: begun", "finalize: called#2 then claim: committed",
	"finalize: called#2 then keep: committed", "finalize: called#2 then log: write", "finalize: called#2 then log: half a write#2",
	"finalize: called#2 then keep concluded finalize: commit", "finalize: called#2 then keep concluded finalize: committed",
	"finalize: called#2 then keep read_back: commit", "finalize: called#2 then keep read_back: committed",
	"capture: called#1 then keep concluded capture: commit", "capture: called#1 then keep concluded capture: committed",
	"capture: called#1 then capture: called", "refund: called#1 then keep concluded refund: committed", "refund: call#1 then refund: call", "refund: call#1 then refund: called",
	"keep delivery read, captured: answer#1 then settle: committed#3", "database: half a write#150 then database: half a write#40",
}

// fewBoundaries are spread over what can go wrong: before and after the flush of a callback, around each call that cannot be taken back,
// inside the log and the database, while opening.
var fewBoundaries = []string{
	"keep delivery read, captured: commit#1",
	"keep delivery read, captured: answer#2",
	"keep intended finalize: committed#2",
	"finalize: called#1",
	"capture: called#1",
	"refund: called#1",
	"keep concluded finalize: commit#3",
	"log: half a write#700",
	"database: half a write#150",
	inFlight + "finalize",
	swallowed + "refund",
	"finalize: called#2 then keep concluded finalize: committed",
}

// chosenBoundaries are the few, one, or all of them.
func chosenBoundaries(t *testing.T, p crashPrograms, total *crashTally) []boundary {
	t.Helper()
	var chosen []boundary
	switch which := os.Getenv(crashVariable); which {
	case "":
		for _, s := range fewBoundaries {
			chosen = append(chosen, parseBoundary(s))
		}
	case "all":
		hits := crashTrail(t, p)
		for _, point := range slices.Sorted(maps.Keys(hits)) {
			total.points, total.hits = total.points+1, total.hits+hits[point]
			for _, nth := range spread(hits[point], crashNumber(hitsVariable, 3), strings.HasSuffix(point, "write")) {
				chosen = append(chosen, boundary{point, nth, ""})
			}
		}
		for _, s := range furtherBoundaries {
			chosen = append(chosen, parseBoundary(s))
		}
	default:
		for s := range strings.SplitSeq(which, ";") {
			chosen = append(chosen, parseBoundary(strings.TrimSpace(s)))
		}
	}
	return chosen
}

// spread picks the first and the last of n hits and some between; of writes, of which there are thousands of one kind, eight times as many.
func spread(n, many int, writes bool) (picked []int) {
	if writes {
		many *= 8
	}
	if many = min(many, n); many == 1 {
		return []int{1}
	}
	for i := range many {
		picked = append(picked, 1+i*(n-1)/(many-1))
	}
	return picked
}

// crashTrail is every point that a sale without a crash hits, and how often.
func crashTrail(t *testing.T, p crashPrograms) map[string]int {
	t.Helper()
	s := openCrashSale(t, p, crashStoreOf(t))
	trail := filepath.Join(s.dir, "trail")
	s.mortal(trailVariable + "=" + trail)
	s.play(t.Context())
	s.laws(nil)
	raw, err := os.ReadFile(trail)
	if err != nil {
		t.Fatal(err)
	}
	hits := map[string]int{}
	for line := range strings.Lines(string(raw)) {
		hits[strings.TrimSpace(line)]++
	}
	return hits
}

// releaseCannotDie: of all that makes a build kill itself, none is in the release.
func releaseCannotDie(t *testing.T, p crashPrograms) {
	for program, want := range map[string]bool{p.release: false, p.mortal: true} {
		raw, err := os.ReadFile(program)
		if err != nil {
			t.Fatal(err)
		}
		for _, sign := range []string{pointVariable, trailVariable, "half a write", "bridge/failpoint.Hit", "bridge/failpoint.Die"} {
			if got := bytes.Contains(raw, []byte(sign)); got != want {
				t.Errorf("%s: has %q: %v, want %v", filepath.Base(program), sign, got, want)
			}
		}
	}
}
