package store

import (
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func TestEachFactCarriesTheHashOfTheOneBefore(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	for n := range 4 {
		if _, err := s.Keep(t.Context(), bridge.Keeping{Facts: []purchase.Fact{fact(n)}}); err != nil {
			t.Fatal(err)
		}
	}
	row, facts, err := s.Find(t.Context(), fact(0).Purchase)
	if err != nil {
		t.Fatal(err)
	}
	head := ""
	for _, f := range facts {
		head = chain(head, f)
	}
	if head != row.Head {
		t.Errorf("all facts together make %q, the purchase's head is %q", head, row.Head)
	}
	var off int
	const broken = `SELECT count(*) FROM facts AS f WHERE f.prev <> coalesce((SELECT hash FROM facts AS b
		WHERE b.environment = f.environment AND b.purchase = f.purchase AND b.seq = f.seq - 1), '')`
	if err := s.reads.QueryRowContext(t.Context(), broken).Scan(&off); err != nil || off != 0 {
		t.Errorf("%d of %d facts do not name the one before, %v", off, len(facts), err)
	}
}

// upTo makes a database of an older version.
func upTo(t *testing.T, path string, version int64) *sql.DB {
	t.Helper()
	db, err := openPool(path, false, 1)
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return db
}

func TestASchemaIsBroughtUpToDateWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bridge.db")
	db := upTo(t, path, 2)
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE contacts (odd TEXT)"); err != nil { // in the way of the third step's second half
		t.Fatal(err)
	}
	open := func() error {
		s, err := Open(context.Background(), path, Options{Clock: still{}, Rules: purchase.Rules, Policy: func(string) purchase.Policy { return purchase.Policy{} }})
		if err == nil {
			err = s.Close()
		}
		return err
	}
	if err := open(); err == nil {
		t.Fatal("a step that failed was passed over")
	}
	if _, err := db.ExecContext(t.Context(), "DROP TABLE contacts"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(db.Close(), open()); err != nil {
		t.Errorf("half of the step was there: %v", err)
	}
}

func TestEachJobOfABatchIsToldWhatBecameOfItself(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	keep := func(n int) func(*txn) error {
		return func(tx *txn) error { return tx.keep(bridge.Keeping{Facts: []purchase.Fact{fact(n)}}, new(bridge.Kept)) }
	}
	refuse := func(*txn) error { return bridge.ErrChanged }
	var batch []*job
	for _, do := range []func(*txn) error{keep(1), refuse, keep(2)} {
		batch = append(batch, &job{ctx: context.Background(), do: do, done: make(chan struct{})})
	}
	s.writes.commit(batch)
	if batch[0].err != nil || !errors.Is(batch[1].err, bridge.ErrChanged) || batch[2].err != nil {
		t.Errorf("kept, refused, kept: they are told %v, %v, %v", batch[0].err, batch[1].err, batch[2].err)
	}
	if _, facts, err := s.Find(t.Context(), fact(1).Purchase); err != nil || len(facts) != 2 {
		t.Errorf("%d facts, %v", len(facts), err)
	}
}

func TestACommitThatFailsIsToldToEverybody(t *testing.T) {
	t.Parallel()
	s := fresh(t)
	deferred := func(tx *txn) error { // what only the commit finds out
		_, err := tx.writer.conn.ExecContext(tx.ctx, `CREATE TABLE a (id INTEGER PRIMARY KEY);
			CREATE TABLE b (a INTEGER REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED); INSERT INTO b VALUES (1)`)
		return err
	}
	j := &job{ctx: context.Background(), do: deferred, done: make(chan struct{})}
	s.writes.commit([]*job{j})
	if j.err == nil {
		t.Error("it was told that it is kept")
	}
	if err := s.Healthy(t.Context()); err != nil {
		t.Errorf("the next one suffers: %v", err)
	}
}
