//go:build linux

package main

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// A brim fills the place where the store is, and makes room again.
type brim interface {
	fill(s *crashSale)
	free(s *crashSale)
}

// fileLimit is the kernel's bound on how long the files of a process may become: it works everywhere, and the writes fail for real.
type fileLimit struct{}

func (fileLimit) fill(s *crashSale) {
	s.t.Helper()
	info, err := os.Stat(s.store.dsn(s.dir) + "-wal")
	if err != nil {
		s.t.Fatal(err)
	}
	s.limit(uint64(info.Size()) + 5000) // a page and a bit
}

func (fileLimit) free(s *crashSale) { s.limit(unix.RLIM_INFINITY) }

func (s *crashSale) limit(n uint64) {
	s.t.Helper()
	err := unix.Prlimit(s.daemon.process.Process.Pid, unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: n, Max: unix.RLIM_INFINITY}, nil)
	if err != nil {
		s.t.Fatalf("bound the daemon's files: %v", err)
	}
}

// smallDisk is a file system of a few megabytes, which something else fills.
type smallDisk struct{}

const smallDiskFolder = "disk"

// mount gives the sale its disk, or skips loudly where that is not allowed.
func (smallDisk) mount(t *testing.T, dir string) {
	t.Helper()
	at := filepath.Join(dir, smallDiskFolder)
	if err := os.MkdirAll(at, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("none", at, "tmpfs", 0, "size=6m"); err != nil {
		t.Skipf("SKIPPED: no file system can be mounted here (%v); the same was tried with a bound on the files", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(at, syscall.MNT_DETACH) })
}

func (smallDisk) fill(s *crashSale) {
	s.t.Helper()
	f, err := os.Create(filepath.Join(s.dir, smallDiskFolder, "filler"))
	if err != nil {
		s.t.Fatal(err)
	}
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		s.t.Fatalf("fill the disk: %v", err)
	}
}

func (smallDisk) free(s *crashSale) {
	s.t.Helper()
	if err := os.Remove(filepath.Join(s.dir, smallDiskFolder, "filler")); err != nil {
		s.t.Fatal(err)
	}
}

// fullDisk: while the disk is full each callback is answered 503 with a time to come back, and never positively; nothing is registered
// without its intent; and what was under way when it filled is known once there is room. Then everything goes on by itself.
func fullDisk(t *testing.T, p crashPrograms) {
	var tests sync.WaitGroup
	tests.Go(func() {
		t.Run("bound on files", func(t *testing.T) { crashStoreFills(t, openCrashSale(t, p, crashStoreOf(t)), fileLimit{}) })
	})
	tests.Go(func() {
		t.Run("small disk", func(t *testing.T) {
			s := openCrashSale(t, p, crashSQLite{smallDiskFolder})
			smallDisk{}.mount(t, s.dir)
			crashStoreFills(t, s, smallDisk{})
		})
	})
	tests.Wait()
}

func crashStoreFills(t *testing.T, s *crashSale, b brim) {
	ctx := t.Context()
	if err := s.daemon.start(ctx); err != nil {
		t.Fatal(err)
	}
	err := s.world.dynamics.AddFault(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindSlow, Delay: 700 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	script := s.script
	s.script = []scene{script[1]} // its outcome comes when there is no room for it
	s.crowd(ctx).Wait()
	s.await("a finalize under way", func() bool {
		return s.world.dynamics.Purchases()[0].FinalizeCalls > 0 || s.calls(dataversesim.OpFinalizeRealtime) > 0
	})
	early, known := s.fates, len(s.deliveries())
	b.fill(s)
	s.script = []scene{script[3], script[5]}
	s.crowd(ctx).Wait()
	s.await("some notifications turned away", func() bool { return len(s.deliveries()) >= known+4 })
	s.turnedAway(known)
	b.free(s)
	s.script, s.fates = append([]scene{script[1]}, s.script...), append(early, s.fates...)
	s.settle(ctx)
	s.daemon.end(syscall.SIGTERM)
	s.laws(nil)
	for _, p := range s.world.dynamics.Purchases() {
		if p.FinalizeCalls > 1 {
			t.Errorf("%s was finalized %d times", p.ID, p.FinalizeCalls)
		}
	}
}

// turnedAway: since the disk is full no notification was taken, nobody was registered, and who watches the daemon is told.
func (s *crashSale) turnedAway(known int) {
	s.t.Helper()
	for _, d := range s.deliveries()[known:] {
		if d.Taken || d.Status != http.StatusServiceUnavailable {
			s.t.Errorf("%s was answered %d while the disk was full", d.Event, d.Status)
		}
	}
	last := s.deliveries()[known]
	req, err := http.NewRequestWithContext(s.t.Context(), last.Method, last.URL, bytes.NewReader(last.Body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header = last.Header.Clone()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	resp.Body.Close()
	if after := resp.Header.Get("Retry-After"); resp.StatusCode != http.StatusServiceUnavailable || after == "" {
		s.t.Errorf("a callback was answered %d, Retry-After %q", resp.StatusCode, after)
	}
	if isReady(s.t.Context(), s.daemon.ready) {
		s.t.Error("the daemon calls itself ready although it can keep nothing")
	}
	for _, f := range s.fates {
		if p, _ := s.world.dynamics.Purchase(f.Purchase); p.FinalizeCalls > 0 {
			s.t.Errorf("%s was finalized and there was no room for its intent", f.Turn)
		}
	}
}

func (s *crashSale) await(what string, is func() bool) {
	s.t.Helper()
	for until := time.Now().Add(crashPatient); !is(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			s.t.Fatalf("%s did not come", what)
		}
	}
}

// calls counts the requests of an operation at Dynamics.
func (s *crashSale) calls(operation string) (n int) {
	for _, r := range s.world.dynamics.Requests() {
		if r.Operation == operation {
			n++
		}
	}
	return n
}
