package store

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store/storetest"
)

// A shelf is a database in a folder, opened and closed, copied and put back.
type shelf struct {
	*testing.T
	*Store
	path string
	now  storetest.Clock
	reg  *prometheus.Registry
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	s := &shelf{T: t, path: filepath.Join(t.TempDir(), "bridge.db")}
	s.now.Move(30 * 24 * time.Hour)
	t.Cleanup(func() {
		if s.Store != nil {
			_ = s.Store.Close()
		}
	})
	return s
}

func (s *shelf) try() error {
	s.reg = prometheus.NewRegistry()
	opened, err := Open(s.Context(), s.path, Options{Clock: &s.now, Policy: func(string) purchase.Policy { return purchase.DefaultPolicy(50 * time.Minute) },
		Rules: purchase.Rules, Registerer: s.reg})
	if err == nil {
		s.Store = opened
	}
	return err
}

func (s *shelf) open() *shelf {
	s.Helper()
	if err := s.try(); err != nil {
		s.Fatal(err)
	}
	return s
}

func (s *shelf) shut() *shelf {
	s.Helper()
	if err := s.Store.Close(); err != nil {
		s.Fatal(err)
	}
	s.Store = nil
	return s
}

func (s *shelf) again() *shelf { return s.shut().open() }

// sell keeps a payment of purchase n.
func (s *shelf) sell(n int) *shelf {
	s.Helper()
	s.now.Move(time.Second)
	if _, err := s.Keep(s.Context(), bridge.Keeping{Facts: []purchase.Fact{sold(n)}}); err != nil {
		s.Fatal(err)
	}
	return s
}

func sold(n int) purchase.Fact {
	return purchase.Fact{Purchase: purchase.Key{Environment: "main", ID: fmt.Sprintf("%08d-0000-4000-8000-000000000001", n)}, Kind: purchase.Captured,
		Standing: purchase.Proved, Account: "shop", Payment: fmt.Sprint("p", n), Object: "c", Money: purchase.Money{Minor: 4500, Currency: "EUR"}}
}

// backup is the database, without the file beside it.
func (s *shelf) backup() map[string][]byte {
	s.Helper()
	kept := map[string][]byte{}
	for _, suffix := range []string{"", "-wal"} {
		if raw, err := os.ReadFile(s.path + suffix); err == nil {
			kept[suffix] = raw
		}
	}
	return kept
}

func (s *shelf) putBack(kept map[string][]byte) *shelf {
	s.Helper()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.RemoveAll(s.path + suffix); err != nil {
			s.Fatal(err)
		}
	}
	for suffix, raw := range kept {
		s.write(suffix, string(raw))
	}
	return s
}

func (s *shelf) write(suffix, content string) *shelf {
	s.Helper()
	if err := os.WriteFile(s.path+suffix, []byte(content), 0o600); err != nil {
		s.Fatal(err)
	}
	return s
}

func (s *shelf) drop(suffix string) *shelf {
	s.Helper()
	if err := os.Remove(s.path + suffix); err != nil {
		s.Fatal(err)
	}
	return s
}

// marks claims purchase n and gives the restores that its facts tell of.
func (s *shelf) marks(n int) (at []time.Time) {
	s.Helper()
	if _, err := s.Keep(s.Context(), bridge.Keeping{Facts: []purchase.Fact{{Purchase: sold(n).Purchase, Kind: purchase.Noted, Standing: purchase.Decided, At: s.now.Now()}}}); err != nil {
		s.Fatal(err)
	}
	s.now.Move(time.Hour) // whoever had it lets go of it
	claims, err := s.Claim(s.Context(), "me", 100, time.Minute)
	if err != nil {
		s.Fatal(err)
	}
	i := slices.IndexFunc(claims, func(c bridge.Claim) bool { return c.Row.Key == sold(n).Purchase })
	if i < 0 {
		s.Fatalf("purchase %d is not to be had", n)
	}
	for _, f := range claims[i].Facts {
		if f.Kind == purchase.Restored {
			if f.Standing != purchase.Own || f.Number == 0 {
				s.Errorf("the mark is %+v", f)
			}
			at = append(at, f.At)
		}
	}
	return at
}

// A database is one that was put back if it is older than the file beside it, another one, or without the file that it once had; no other is.
func TestADatabaseThatWasPutBackSaysSoToWhoeverClaims(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		happens func(s *shelf)
		marks   int
	}{
		"a new one":     {func(s *shelf) { s.open().sell(1) }, 0},
		"started again": {func(s *shelf) { s.open().sell(1).again().again() }, 0},
		"killed":        {func(s *shelf) { s.open().sell(1).sell(2); s.kill().open() }, 0},
		"an old backup": {func(s *shelf) { s.open().sell(1); kept := s.backup(); s.sell(2).shut().putBack(kept).open() }, 1},
		"twice the same": {func(s *shelf) {
			s.open().sell(1)
			kept := s.backup()
			s.sell(2).shut().putBack(kept).open().sell(3).shut().putBack(kept).open()
		}, 1},
		"once more": {func(s *shelf) {
			s.open().sell(1)
			kept := s.backup()
			s.sell(2).shut().putBack(kept).open()
			s.marks(1)
			kept = s.backup()
			s.sell(3).shut().putBack(kept).open()
		}, 2},
		"and started": {func(s *shelf) {
			s.open().sell(1)
			kept := s.backup()
			s.sell(2).shut().putBack(kept).open().again().again()
		}, 1},
		"lost":            {func(s *shelf) { s.open().sell(2).shut().putBack(nil).open().sell(1) }, 1},
		"lost, long ago":  {func(s *shelf) { s.open().sell(2).shut().putBack(nil).open(); s.now.Move(tellsLate); s.sell(1) }, 0},
		"with its volume": {func(s *shelf) { s.open().sell(1).shut().drop(".epoch").open() }, 1},
		"by a word":       {func(s *shelf) { s.open().sell(1).shut().write(".epoch", "restored\n").open() }, 1},
		"an empty file":   {func(s *shelf) { s.open().sell(1).shut().write(".epoch", "").open() }, 1},
		"another database": {func(s *shelf) {
			s.open().sell(1).shut().write(".epoch", fmt.Sprintf(epochLine, strings.Repeat("0", 32), 1)).open()
		}, 1},
		"from before":    {func(s *shelf) { s.older(); s.open().sell(1) }, 0},
		"back to before": {func(s *shelf) { s.open().sell(2).shut().putBack(nil).older(); s.open().sell(1) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t)
			c.happens(s)
			if got := s.marks(1); len(got) != c.marks {
				t.Errorf("its facts tell of %d restores, not of %d", len(got), c.marks)
			}
			if got := s.marks(1); len(got) != c.marks {
				t.Errorf("and when it is claimed again, of %d", len(got))
			}
		})
	}
}

// kill leaves what a daemon leaves that was killed.
func (s *shelf) kill() *shelf {
	s.Helper()
	kept := s.backup()
	file, err := os.ReadFile(s.path + ".epoch")
	if err != nil {
		s.Fatal(err)
	}
	return s.shut().putBack(kept).write(".epoch", string(file))
}

// older makes the database one from before epochs.
func (s *shelf) older() {
	s.Helper()
	if err := upTo(s.T, s.path, 5).Close(); err != nil {
		s.Fatal(err)
	}
}

// The mark is of the instant at which the database was put back, and only what is claimed is marked; what waits for a person is at once.
func TestWhatNobodyTouchesIsNotMarkedButForTheDesk(t *testing.T) {
	t.Parallel()
	s := newShelf(t).open().sell(1).sell(2).sell(3)
	sight := func(n int) string {
		_, facts, err := s.Find(t.Context(), sold(n).Purchase)
		if err != nil {
			t.Fatal(err)
		}
		return purchase.Fold(sold(n).Purchase, facts, s.Policy("main")).Sight()
	}
	handed := purchase.Fact{Purchase: sold(3).Purchase, Kind: purchase.Handed, Standing: purchase.Own, Detail: purchase.Detail{Cause: purchase.CausePaidLate, Basis: sight(3)}}
	if _, err := s.Keep(t.Context(), bridge.Keeping{Facts: []purchase.Fact{handed}}); err != nil {
		t.Fatal(err)
	}
	kept := s.backup()
	s.sell(4).shut().putBack(kept)
	s.now.Move(time.Hour)
	put := s.now.Now()
	s.open()
	s.now.Move(time.Hour)
	for n, want := range map[int]int{1: 0, 2: 0, 3: 1} {
		_, facts, err := s.Find(t.Context(), sold(n).Purchase)
		if err != nil {
			t.Fatal(err)
		}
		got := slices.DeleteFunc(facts, func(f purchase.Fact) bool { return f.Kind != purchase.Restored })
		if len(got) != want {
			t.Errorf("purchase %d tells of %d restores before anybody claimed it", n, len(got))
		}
	}
	if got := s.marks(1); len(got) != 1 || !got[0].Equal(put) {
		t.Errorf("put back at %s, the mark says %v", put, got)
	}
}

// A crash between the steps is found again, or is known already; it is never forgotten.
func TestACrashWhileItIsFoundOutForgetsNothing(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]func(s *shelf){
		"older":    func(s *shelf) { kept := s.backup(); s.sell(2).shut().putBack(kept) },
		"by word":  func(s *shelf) { s.shut().write(".epoch", "restored") },
		"no file":  func(s *shelf) { s.shut().drop(".epoch") },
		"at first": func(s *shelf) { s.shut().putBack(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t).open().sell(1)
			before(s)
			file, _ := os.ReadFile(s.path + ".epoch")
			s.open() // the database says so, and the file was not written
			s.shut()
			if file == nil {
				s.drop(".epoch")
			} else {
				s.write(".epoch", string(file))
			}
			if s.open(); name == "at first" {
				s.sell(1)
			}
			if got := s.marks(1); len(got) != 1 {
				t.Errorf("its facts tell of %d restores", len(got))
			}
			s.again()
			if got := s.restores; got < 1 || got > 2 {
				t.Errorf("it counts %d restores", got)
			}
		})
	}
}

func TestWhoCannotReadTheEpochFileDoesNotBegin(t *testing.T) {
	t.Parallel()
	s := newShelf(t).open().sell(1).shut()
	if err := os.Remove(s.path + ".epoch"); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(s.path+".epoch", 0o700); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if err := s.try(); err == nil || !strings.Contains(err.Error(), "; make ") {
			t.Fatalf("it begins: %v", err)
		}
	}
	if err := os.Remove(s.path + ".epoch"); err != nil {
		t.Fatal(err)
	}
	if got := s.open().marks(1); len(got) != 1 {
		t.Errorf("and then it tells of %d restores", len(got))
	}
}

func (s *shelf) filed() int64 {
	s.Helper()
	f, err := readEpoch(s.path + ".epoch")
	if err != nil || !f.readable {
		s.Fatalf("%+v, %v", f, err)
	}
	return f.counter
}

func (s *shelf) counted() (n int64) {
	s.Helper()
	if err := s.reads.QueryRowContext(s.Context(), "SELECT counter FROM epoch").Scan(&n); err != nil {
		s.Fatal(err)
	}
	return n
}

// The file follows the database, about once a minute and at the end; it is never ahead.
func TestTheEpochFileFollowsTheDatabase(t *testing.T) {
	t.Parallel()
	s := newShelf(t).open()
	began := s.filed()
	s.sell(1).sell(2).sell(3)
	if err := s.Healthy(t.Context()); err != nil {
		t.Fatal(err)
	}
	moved := s.counted()
	if got := s.filed(); got != began || moved < began+3 {
		t.Errorf("%d at first, %d three commits later, and the file says %d", began, moved, got)
	}
	s.now.Move(epochEvery)
	s.sell(4)
	_ = s.Healthy(t.Context()) // comes after what the writer does between two batches
	if got, want := s.filed(), s.counted(); got != want || want != moved+1 {
		t.Errorf("a minute later the file says %d of %d", got, want)
	}
	s.sell(5)
	last := s.counted()
	if got := s.shut().filed(); got != last {
		t.Errorf("at the end the file says %d of %d", got, last)
	}
	info, err := os.Stat(s.path + ".epoch")
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// What cannot be written beside the database costs no acknowledgement; it is counted, and tried again.
func TestAnEpochFileThatCannotBeWrittenHoldsUpNothing(t *testing.T) {
	t.Parallel()
	s := newShelf(t).open()
	if err := os.Mkdir(s.path+".epoch.new", 0o700); err != nil {
		t.Fatal(err)
	}
	s.now.Move(epochEvery)
	s.sell(1).sell(2)
	if n := testutil.ToFloat64(s.metrics.errors.WithLabelValues("epoch")); n != 1 {
		t.Errorf("counted %v times", n)
	}
	if err := os.Remove(s.path + ".epoch.new"); err != nil {
		t.Fatal(err)
	}
	s.now.Move(epochEvery)
	s.sell(3)
	_ = s.Healthy(t.Context())
	if got, want := s.filed(), s.counted(); got != want {
		t.Errorf("the file says %d of %d", got, want)
	}
}
