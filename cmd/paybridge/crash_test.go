//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"
)

// The crash campaign: the daemon as a process of its own is killed at an instant that it names itself, in the middle of a small sale, what
// it had not flushed is torn as by a power cut, and another one goes on where it was.
//
//	go test ./cmd/paybridge -run Crash                                            a few instants
//	PAYBRIDGE_CRASH=all go test ./cmd/paybridge -run Crash -v -timeout 60m        every one, first, last and between
//	PAYBRIDGE_CRASH='finalize: called#1' go test ./cmd/paybridge -run Crash -v    this one, or several with ; between
//
// PAYBRIDGE_CRASH_HITS says how many hits of each instant are tried (3), PAYBRIDGE_CRASH_AT_ONCE how many sales run at once (4).
const (
	crashVariable  = "PAYBRIDGE_CRASH"
	hitsVariable   = "PAYBRIDGE_CRASH_HITS"
	atOnceVariable = "PAYBRIDGE_CRASH_AT_ONCE"
)

// crashPrograms are the release and the build that kills itself.
type crashPrograms struct{ release, mortal string }

func TestCrashes(t *testing.T) {
	if racing {
		t.Skip("SKIPPED: what is killed is a process of its own, which knows no race detector")
	}
	t.Parallel()
	p := buildCrashPrograms(t)
	t.Run("the release cannot kill itself", func(t *testing.T) { releaseCannotDie(t, p) })
	var tests sync.WaitGroup
	defer tests.Wait()
	tests.Go(func() {
		t.Run("a full disk is never acknowledged", func(t *testing.T) { fullDisk(t, p) })
	})
	t.Run("wherever the daemon is killed nothing is lost or done twice", func(t *testing.T) { crashCampaign(t, p) })
}

func buildCrashPrograms(t *testing.T) crashPrograms {
	t.Helper()
	dir := t.TempDir()
	p := crashPrograms{filepath.Join(dir, "paybridge"), filepath.Join(dir, "paybridge-mortal")}
	for _, args := range [][]string{{"-o", p.release}, {"-o", p.mortal, "-tags", "failpoint"}} {
		cmd := exec.Command("go", append(append([]string{"build", "-buildvcs=false"}, args...), ".")...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go build %q: %v\n%s", args, err, out)
		}
	}
	return p
}

// crashCampaign tries each boundary in a sale of its own, a few at once.
func crashCampaign(t *testing.T, p crashPrograms) {
	var total crashTally
	boundaries := chosenBoundaries(t, p, &total)
	began := time.Now()
	queue := make(chan boundary)
	var hands sync.WaitGroup
	for range crashNumber(atOnceVariable, 4) {
		hands.Go(func() {
			for b := range queue {
				t.Run(b.String(), func(t *testing.T) { total.add(t, crashAt(t, p, b)) })
			}
		})
	}
	for _, b := range boundaries {
		queue <- b
	}
	close(queue)
	hands.Wait()
	t.Logf("%s; %d sales in %s", &total, len(boundaries), time.Since(began).Round(time.Second))
}

func crashNumber(variable string, usual int) int {
	n, err := strconv.Atoi(os.Getenv(variable))
	if err != nil || n < 1 {
		return usual
	}
	return n
}

// A crashTally adds up what was seen.
type crashTally struct {
	sync.Mutex
	points, hits                           int // of one sale without a crash
	killed, again, missed                  int // sales
	torn                                   int
	before, taken, lost, doubled, purchase int
	recovered                              []time.Duration
}

// A crashReport is what one sale showed.
type crashReport struct {
	killed    bool
	again     bool          // and the next one too
	torn      int           // stretches of files
	before    int           // deliveries acknowledged by the one that was killed
	taken     int           // acknowledged in all
	lost      int           // of these, neither registered, refunded nor in a named state
	doubled   int           // seats, captures or refunds beyond one
	purchases int           //
	recovered time.Duration // from the start of the next one to its first progress
}

func (c *crashTally) add(t *testing.T, r crashReport) {
	c.Lock()
	defer c.Unlock()
	if r.killed {
		c.killed++
		c.recovered = append(c.recovered, r.recovered)
	} else {
		c.missed++
		t.Log("this instant was not reached in this sale")
	}
	if r.again {
		c.again++
	}
	c.torn, c.before, c.taken, c.lost = c.torn+r.torn, c.before+r.before, c.taken+r.taken, c.lost+r.lost
	c.doubled, c.purchase = c.doubled+r.doubled, c.purchase+r.purchases
}

func (c *crashTally) String() string {
	c.Lock()
	defer c.Unlock()
	slices.Sort(c.recovered)
	at := func(q float64) time.Duration {
		if len(c.recovered) == 0 {
			return 0
		}
		return c.recovered[int(q*float64(len(c.recovered)-1))].Round(time.Millisecond)
	}
	return fmt.Sprintf("%d points with %d hits in a sale without a crash; %d killed, %d of them twice, %d not reached, %d stretches torn; %d purchases; "+
		"%d deliveries acknowledged, %d of them by the killed; %d lost, %d doubled; from restart to progress p50 %s, p99 %s, max %s",
		c.points, c.hits, c.killed, c.again, c.missed, c.torn, c.purchase, c.taken, c.before, c.lost, c.doubled, at(0.5), at(0.99), at(1))
}
