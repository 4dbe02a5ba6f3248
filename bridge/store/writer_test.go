package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

type still struct{}

func (still) Now() time.Time                                   { return time.Unix(1000, 0) }
func (still) Sleep(ctx context.Context, _ time.Duration) error { return ctx.Err() }

func fresh(t *testing.T) *Store {
	t.Helper()
	s, err := Open(context.Background(), filepath.Join(t.TempDir(), "bridge.db"), Options{Clock: still{}, Rules: purchase.Rules,
		Policy: func(string) purchase.Policy { return purchase.DefaultPolicy(time.Hour) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func fact(n int) purchase.Fact {
	return purchase.Fact{Purchase: purchase.Key{Environment: "main", ID: "p"}, Kind: purchase.Captured, Standing: purchase.Proved, Account: "shop",
		Payment: "p", Object: fmt.Sprint("c", n), Money: purchase.Money{Minor: 1, Currency: "EUR"}}
}

func TestAFullDiskFailsReadinessAndMendsItself(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	limit := func(pages int) {
		if err := s.write(t.Context(), "probe", func(tx *txn) error {
			_, err := tx.writer.conn.ExecContext(tx.ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	big := func(id string) error {
		_, err := s.Keep(t.Context(), bridge.Keeping{State: bridge.Read, Delivery: &purchase.Delivery{ID: id, Account: "a", Method: "POST", Body: make([]byte, 64<<10)}})
		return err
	}
	limit(1) // SQLite clamps it to the present size
	if err := big("d1"); err == nil {
		t.Error("a full database kept a delivery")
	}
	if err := s.Healthy(t.Context()); err == nil {
		t.Error("healthy, although nothing can be kept")
	}
	limit(1 << 30)
	if err := errors.Join(big("d1"), s.Healthy(t.Context())); err != nil {
		t.Errorf("it did not mend itself: %v", err)
	}
}

func TestNoJobFailsForAnothersSake(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	newJob := func(do func(*txn) error) *job {
		return &job{ctx: context.Background(), do: do, done: make(chan struct{})}
	}
	keeps := newJob(func(tx *txn) error {
		var k bridge.Kept
		return tx.keep(bridge.Keeping{Facts: []purchase.Fact{fact(1)}}, &k)
	})
	spoils := newJob(func(tx *txn) error { _, err := tx.writer.conn.ExecContext(tx.ctx, "ROLLBACK"); return err })
	s.writes.commit([]*job{keeps, spoils})
	if keeps.err != nil {
		t.Errorf("a good job failed for a bad one: %v", keeps.err)
	}
}

func TestARefusalIsNeverOfWhatWasRolledBack(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	newJob := func(do func(*txn) error) *job {
		return &job{ctx: context.Background(), do: do, done: make(chan struct{})}
	}
	d := func(id string) func(*txn) error {
		return func(tx *txn) error {
			var k bridge.Kept
			return tx.keep(bridge.Keeping{State: bridge.Read, Message: "m", Delivery: &purchase.Delivery{ID: id, Account: "a"}}, &k)
		}
	}
	first, second := newJob(d("d1")), newJob(d("d2"))
	spoils := newJob(func(tx *txn) error { _, err := tx.writer.conn.ExecContext(tx.ctx, "ROLLBACK"); return err })
	s.writes.commit([]*job{first, second, spoils})
	if first.err != nil && errors.Is(second.err, bridge.ErrReplayed) {
		t.Errorf("refused as a replay of a delivery that was not kept (%v)", first.err)
	}
}

func TestAPanicFailsOneJobOnly(t *testing.T) {
	s := fresh(t)
	if err := s.write(t.Context(), "probe", func(*txn) error { panic("bad fold") }); err == nil {
		t.Error("no error")
	}
	if err := s.Healthy(t.Context()); err != nil {
		t.Error(err)
	}
}
