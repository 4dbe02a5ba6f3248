package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// crashAt plays a sale whose daemon dies at the boundary, lets the release go on, and asks for the laws.
func crashAt(t *testing.T, p crashPrograms, b boundary) crashReport {
	s := openCrashSale(t, p, crashStoreOf(t))
	note := filepath.Join(s.dir, "note")
	s.mortal(pointVariable+"="+b.String(), noteVariable+"="+note)
	ctx := t.Context()
	if err := s.daemon.start(ctx); err != nil && !s.killed() {
		t.Fatal(err)
	}
	crowd := s.crowd(ctx)
	through := make(chan struct{})
	go func() { crowd.Wait(); close(through) }()
	looked := s.awaitDeath(ctx, through)
	r := crashReport{killed: s.killed(), before: s.acknowledged()}
	if r.killed {
		if last, err := os.ReadFile(note); err != nil || !strings.HasPrefix(string(last), b.point) {
			t.Fatalf("the daemon died elsewhere: %q, %v", last, err)
		} else if !looked {
			r.torn = s.store.tear(t, s.dir, string(last), b)
		}
		r.recovered = s.goOn(ctx)
		<-through
		s.settle(ctx)
		s.daemon.end(syscall.SIGTERM)
	}
	s.laws(&r)
	return r
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

func (s *crashSale) activity() int {
	n := len(s.world.dynamics.Requests()) + s.acknowledged()
	for _, shop := range s.world.shops {
		n += len(shop.Requests())
	}
	return n
}

// acknowledged counts the deliveries that providers take for received.
func (s *crashSale) acknowledged() (n int) {
	for _, shop := range s.world.shops {
		for _, d := range shop.Deliveries() {
			if d.Taken {
				n++
			}
		}
	}
	return n
}
