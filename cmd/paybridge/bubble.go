package main

import (
	"flag"
	"os"
	"regexp"
	"testing"
	"testing/synctest"
)

// bubbles runs f with a way to run things in virtual time, and ends the process with the status that f returns.
//
// In a bubble every clock, timer and time-out of the Go runtime is virtual: it moves on when all goroutines of the bubble wait. So the
// program runs there as it is, with the library that signs in, the HTTP clients and their repeats. Go opens bubbles to tests only,
// therefore this process pretends to be one; it is a process of its own (see simulateChild) and has nothing else to do.
func bubbles(f func(in func(func())) int) {
	_ = flag.CommandLine.Parse(nil) // the flags of tests, which there are none of
	testing.Main(regexp.MatchString, []testing.InternalTest{{Name: "simulate", F: func(t *testing.T) {
		os.Exit(f(func(inside func()) {
			synctest.Test(t, func(*testing.T) { inside() })
		}))
	}}}, nil, nil)
}
