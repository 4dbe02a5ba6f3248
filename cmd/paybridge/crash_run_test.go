//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"github.com/paybridge/paybridge/providers/providersim"
)

// crashAt plays a sale whose daemon dies at the boundary, lets the release go on, and asks for the laws.
func crashAt(t *testing.T, p crashPrograms, b boundary) crashReport {
	s := openCrashSale(t, p, crashStoreOf(t))
	ctx := t.Context()
	s.beginMortal(ctx, b)
	crowd := s.crowd(ctx)
	through := make(chan struct{})
	go func() { crowd.Wait(); close(through) }()
	if call, ok := strings.CutPrefix(b.point, inFlight); ok {
		go s.killInFlight(ctx, call, dataversesim.KindSlow, providersim.Slow)
	} else if call, ok := strings.CutPrefix(b.point, swallowed); ok {
		go s.killInFlight(ctx, call, dataversesim.KindHang, providersim.Drop)
	}
	looked := s.awaitDeath(ctx, through)
	r := crashReport{killed: s.killed(), before: s.acknowledged()}
	if r.killed {
		r.torn = s.tear(b, looked)
		if b.then != "" {
			s.dieAgain(ctx, parseBoundary(b.then), &r)
		}
		r.recovered = s.goOn(ctx)
		<-through
		s.settle(ctx)
		s.daemon.end(syscall.SIGTERM)
	}
	s.laws(&r)
	return r
}

// beginMortal starts a daemon that dies at the boundary, perhaps while it starts.
func (s *crashSale) beginMortal(ctx context.Context, b boundary) {
	s.t.Helper()
	env := []string{pointVariable + "=" + b.at(), noteVariable + "=" + s.note()}
	if b.nth%2 == 1 { // half of them stand there for a while before they die
		env = append(env, lingerFor)
	}
	s.mortal(env...)
	if err := s.daemon.start(ctx); err != nil && !s.killed() {
		s.t.Fatal(err)
	}
}

func (s *crashSale) note() string { return filepath.Join(s.dir, "note") }

// tear does to the files what a power cut may do, by the note of the dead. Nothing that was answered for is in it.
func (s *crashSale) tear(b boundary, looked bool) int {
	s.t.Helper()
	if strings.HasPrefix(b.point, inFlight) || strings.HasPrefix(b.point, swallowed) {
		return 0
	}
	last, err := os.ReadFile(s.note())
	switch {
	case err != nil || !strings.HasPrefix(string(last), b.point):
		s.t.Fatalf("the daemon died elsewhere: %q, %v", last, err)
	case flushed(b) && strings.Contains(string(last), "\nlog "):
		s.t.Errorf("what is answered is not flushed:\n%s", last)
	case !looked:
		return s.store.tear(s.t, s.dir, string(last), b)
	}
	return 0
}

// flushed tells whether the boundary comes after a commit and before the next change.
func flushed(b boundary) bool {
	_, moment, _ := strings.Cut(b.point, ": ")
	return slices.Contains([]string{"committed", "answer", "answered"}, moment)
}

// awaitDeath waits until the daemon dies, or lives through the sale and is stopped. Looked tells whether somebody had the database open
// at that moment: then nothing may be torn.
func (s *crashSale) awaitDeath(ctx context.Context, through <-chan struct{}) (looked bool) {
	s.t.Helper()
	s.daemon.mu.Lock()
	done := s.daemon.done
	s.daemon.mu.Unlock()
	select {
	case <-done:
		return false
	case <-through:
	}
	for until := time.Now().Add(crashPatient); time.Now().Before(until); {
		pending := s.look(ctx)
		select {
		case <-done:
			return true
		default:
		}
		if pending == 0 {
			break
		}
		select {
		case <-done:
			return false
		case <-time.After(600 * time.Millisecond):
		}
	}
	s.daemon.end(syscall.SIGTERM) // the end has its instants too
	return false
}

// killed tells whether the daemon died by itself, without a goodbye.
func (s *crashSale) killed() bool {
	s.daemon.mu.Lock()
	defer s.daemon.mu.Unlock()
	select {
	case <-s.daemon.done:
		status, ok := s.daemon.process.ProcessState.Sys().(syscall.WaitStatus)
		return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
	default:
		return false
	}
}

// goOn starts the release where the other died, and says how long its first progress took: a call to the outside, or a delivery taken.
func (s *crashSale) goOn(ctx context.Context) time.Duration {
	s.t.Helper()
	s.daemon.program, s.daemon.env = s.release, nil
	before := s.activity()
	for quiet := 0; quiet < 5; quiet++ { // the dead one's last calls may be on their way
		time.Sleep(10 * time.Millisecond)
		if now := s.activity(); now != before {
			before, quiet = now, 0
		}
	}
	began := time.Now()
	progress := make(chan time.Duration, 1)
	go func() {
		for s.activity() == before && time.Since(began) < readyWithin && ctx.Err() == nil {
			time.Sleep(2 * time.Millisecond)
		}
		progress <- time.Since(began)
	}()
	if err := s.daemon.start(ctx); err != nil {
		s.t.Fatalf("start the release where the other died: %v", err)
	}
	return <-progress
}

// activity counts what a daemon does to be seen from outside. That people register is not its doing.
func (s *crashSale) activity() int {
	n := s.acknowledged()
	for _, r := range s.world.dynamics.Requests() {
		if strings.HasPrefix(r.Path, "/api/data/") || strings.HasSuffix(r.Path, "/token") {
			n++
		}
	}
	for _, shop := range s.world.shops {
		n += len(shop.Requests())
	}
	return n
}

// acknowledged counts the deliveries that providers take for received.
func (s *crashSale) acknowledged() (n int) {
	for _, d := range s.deliveries() {
		if d.Taken {
			n++
		}
	}
	return n
}

// deliveries are all tries of all providers, as they were answered.
func (s *crashSale) deliveries() (all []providersim.Delivery) {
	for _, shop := range s.world.shops {
		all = append(all, shop.Deliveries()...)
	}
	slices.SortStableFunc(all, func(a, b providersim.Delivery) int { return a.At.Compare(b.At) })
	return all
}
