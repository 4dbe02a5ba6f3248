//go:build failpoint

package failpoint

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// On tells whether this build can kill itself.
const On = true

// The environment chooses.
const (
	// pointVariable is where to die, as NAME#N: the n-th time that the point is reached, from 1.
	pointVariable = "PAYBRIDGE_FAILPOINT"
	// trailVariable is a file to which the name of every point that is reached is added, a line each.
	trailVariable = "PAYBRIDGE_FAILPOINT_TRAIL"
	// noteVariable is a file that is written just before the process dies: the point, and what Witness knows.
	noteVariable = "PAYBRIDGE_FAILPOINT_NOTE"
	// lingerVariable is how long the one who comes to the point stands there before the process dies: the others go on meanwhile, so that
	// what they should have waited for shows.
	lingerVariable = "PAYBRIDGE_FAILPOINT_LINGER"
	// boundVariable replaces every Bound.
	boundVariable = "PAYBRIDGE_FAILPOINT_BOUND"
)

// Witness adds to the note of a death what only the dying process knows; nil: nothing.
var Witness func() string

var points = struct {
	sync.Mutex
	name  string
	left  int
	trail *os.File
}{}

func init() {
	name, nth, _ := strings.Cut(os.Getenv(pointVariable), "#")
	points.name, points.left = name, number(nth, 1)
	if path := os.Getenv(trailVariable); path != "" {
		trail, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			panic(fmt.Sprintf("failpoint: open the trail: %v", err))
		}
		points.trail = trail
	}
}

func number(text string, otherwise int) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return otherwise
	}
	return n
}

// Hit says that act has come to a moment, and dies there if that was chosen.
func Hit(act, moment string) {
	if Due(act, moment) {
		Die()
	}
}

// Due tells whether to die now. Who asks has to call Die.
func Due(act, moment string) bool {
	name := act + ": " + moment
	points.Lock()
	defer points.Unlock()
	if points.trail != nil {
		_, _ = fmt.Fprintln(points.trail, name)
	}
	if name != points.name {
		return false
	}
	points.left--
	return points.left == 0
}

// Die is kill -9: nothing is flushed, closed or said.
func Die() {
	if linger, err := time.ParseDuration(os.Getenv(lingerVariable)); err == nil {
		time.Sleep(linger)
	}
	if path := os.Getenv(noteVariable); path != "" {
		note := points.name
		if Witness != nil {
			note += "\n" + Witness()
		}
		_ = os.WriteFile(path, []byte(note), 0o600)
	}
	_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
	select {} // the signal is on its way
}

// Bound is the bound that the environment chooses instead of the usual one.
func Bound(usual int64) int64 { return int64(number(os.Getenv(boundVariable), int(usual))) }
