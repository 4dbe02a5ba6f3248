package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressly/goose/v3"
	"go.uber.org/zap"
	sqlitedriver "modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/paybridge/paybridge/bridge/failpoint"
	"github.com/paybridge/paybridge/bridge/purchase"
)

//go:embed schema/*.sql
var schema embed.FS

const (
	readers     = 4
	walBound    = 32 << 20 // the log is folded into the database between two batches when it grew past this
	busyTimeout = 5 * time.Second
	walPatience = 20 * time.Millisecond // how long the writer waits for readers before it lets the log grow
)

// Open opens the database file, making it if it is not there, and owns it until Close: one process at a time. The file must be on
// a local disk. It refuses to run if the database would not be durable.
func Open(ctx context.Context, dsn string, o Options) (*Store, error) {
	path := strings.TrimPrefix(dsn, "sqlite:")
	s := newStore(o, path)
	release, err := own(path)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s.release = release
	if err := s.openSQLite(ctx, path); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), release())
	}
	return s, nil
}

// OpenReader opens the database for looking at it, also while a daemon owns it. Every change is refused.
func OpenReader(ctx context.Context, dsn string, o Options) (*Store, error) {
	path := strings.TrimPrefix(dsn, "sqlite:")
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := newStore(o, path)
	var err error
	if s.reads, err = openPool(path, true, readers); err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	if err := s.reads.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), s.reads.Close())
	}
	return s, nil
}

// OpenBeside opens the database for a short change beside the daemon that owns it, or without one. It claims nothing and changes no schema.
func OpenBeside(ctx context.Context, dsn string, o Options) (*Store, error) {
	s, err := OpenReader(ctx, dsn, o)
	if err != nil {
		return nil, err
	}
	db, err := openPool(s.path, false, 1)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", s.path, err), s.Close())
	}
	if s.writes, err = newWriter(s, db, func(*writer) {}); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", s.path, err), db.Close(), s.reads.Close())
	}
	return s, nil
}

func newStore(o Options, path string) *Store {
	if o.MaxUnchecked == 0 {
		o.MaxUnchecked = 1000
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	return &Store{Options: o, dialect: sqlite, path: path, metrics: newMetrics(o.Registerer), recall: newRecall()}
}

func (s *Store) openSQLite(ctx context.Context, path string) error {
	db, err := openPool(path, false, 1)
	if err != nil {
		return err
	}
	failpoint.Hit("open", "migrate")
	if err := errors.Join(durable(ctx, db), migrate(ctx, db)); err != nil {
		return errors.Join(err, db.Close())
	}
	failpoint.Hit("open", "migrated")
	if s.reads, err = openPool(path, true, readers); err != nil {
		return errors.Join(err, db.Close())
	}
	s.epoch = &epoch{path: path + ".epoch"}
	s.writes, err = newWriter(s, db, s.between(path))
	if err != nil {
		return errors.Join(err, db.Close(), s.reads.Close())
	}
	if err := s.begin(ctx); err != nil {
		return errors.Join(err, s.writes.close(), s.reads.Close())
	}
	return nil
}

// begin brings what the database holds up to date. Nothing is touched before it is known whether it was put back: each commit would hide
// that a little more.
func (s *Store) begin(ctx context.Context) error {
	if err := s.openEpoch(ctx); err != nil {
		return err
	}
	return errors.Join(s.takeBack(ctx), s.foldAgain(ctx), s.switchOn(ctx))
}

// between is what the writer does between two batches.
func (s *Store) between(path string) func(*writer) {
	checkpoint := checkpointer(path+"-wal", s.Log)
	return func(w *writer) {
		checkpoint(w)
		if err := s.epoch.tend(s.Clock.Now()); err != nil {
			s.metrics.failed("epoch")
			s.Log.Error("how far the database has come could not be written beside it: that it was put back from a backup might not be noticed", zap.Error(err))
		}
	}
}

// openPool opens connections with everything that durability and isolation rest on. Page caches are capped: they are per connection.
func openPool(path string, readOnly bool, connections int) (*sql.DB, error) {
	pragmas := []string{"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)", "secure_delete(ON)", "cache_size(-8000)", "wal_autocheckpoint(0)",
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())}
	if readOnly {
		pragmas = []string{"query_only(ON)", "cache_size(-8000)", fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds())}
	}
	dsn := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: url.Values{"_pragma": pragmas}.Encode()}).String()
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// durable reads back what durability rests on: some drivers ignore what they do not know.
func durable(ctx context.Context, db *sql.DB) error {
	var mode string
	var synchronous int
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return err
	}
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&synchronous); err != nil {
		return err
	}
	if mode != "wal" || synchronous != 2 {
		return fmt.Errorf("the database is not durable (journal_mode %s, synchronous %d); put it on a local disk", mode, synchronous)
	}
	return nil
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(schema, "schema")
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectSQLite3, db, files)
	if err != nil {
		return fmt.Errorf("read the schema: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("bring the schema up to date: %w", err)
	}
	return nil
}

// checkpointer keeps the write-ahead log bounded. It runs between two batches, in the writer, so no commit pays for it. A reader
// in the way is waited for a moment only; then the log may grow by as much again before the next try.
func checkpointer(wal string, log *zap.Logger) func(*writer) {
	bound := failpoint.Bound(walBound)
	next := bound
	return func(w *writer) {
		info, err := os.Stat(wal)
		if err != nil || info.Size() < next {
			return
		}
		busy, err := truncate(w)
		switch {
		case err != nil:
			log.Warn("the write-ahead log could not be folded in", zap.Error(err))
			next = info.Size() + bound
		case busy:
			log.Warn("the write-ahead log could not be folded in: somebody reads the database for long")
			next = info.Size() + bound
		default:
			next = bound
		}
	}
}

// truncate folds the log in and empties it, unless a reader still needs it.
func truncate(w *writer) (busy bool, err error) {
	ctx := context.Background()
	if _, err := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", walPatience.Milliseconds())); err != nil {
		return false, err
	}
	failpoint.Hit("checkpoint", "begin")
	var frames, folded int
	err = w.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &folded)
	failpoint.Hit("checkpoint", "end")
	_, again := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", busyTimeout.Milliseconds()))
	return busy, errors.Join(err, again)
}

// ofTheDisk tells errors of the file and the disk from those that a statement is to blame for.
func ofTheDisk(err error) bool {
	var e *sqlitedriver.Error
	if !errors.As(err, &e) {
		return false
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY,
		sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB:
		return true
	}
	return false
}

// takeBack ends the leases of the process that had the file before: since only one has it at a time, that one is gone. Nobody knows how
// long it was away, so every list is due.
func (s *Store) takeBack(ctx context.Context) error {
	return s.write(ctx, "claim", func(t *txn) error {
		if _, err := t.exec(`UPDATE purchases SET stage = 'ready', lease_owner = NULL, lease_until = NULL WHERE stage = 'claimed'`); err != nil {
			return err
		}
		if _, err := t.exec(`UPDATE listings SET due = 0, lease_owner = NULL, lease_until = NULL`); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE outbox SET state = 'pending', lease_owner = NULL, lease_until = NULL WHERE state = 'claimed'`)
		return err
	})
}

// foldAgain folds what was folded under older rules.
func (s *Store) foldAgain(ctx context.Context) error {
	return s.each(ctx, "keep", (*txn).foldOne, `SELECT environment, id FROM purchases WHERE rules < ? LIMIT 500`, s.Rules)
}

func (t *txn) foldOne(key purchase.Key) error {
	var head string
	var numbers int64
	err := t.row(`SELECT head, numbers FROM purchases WHERE environment = ? AND id = ?`+t.store.dialect.lock, key.Environment, key.ID).Scan(&head, &numbers)
	if err != nil {
		return err
	}
	facts, err := t.facts(key, head)
	if err != nil {
		return err
	}
	return t.refold(key, facts, head, numbers)
}

// noTransaction recognises the answer to a ROLLBACK after SQLite rolled back by itself.
func noTransaction(err error) bool {
	var e *sqlitedriver.Error
	return errors.As(err, &e) && e.Code()&0xff == sqlite3.SQLITE_ERROR && strings.Contains(e.Error(), "no transaction")
}

// own takes the lock beside the file, so that a second process is refused at once and not when it is too late.
func own(path string) (release func() error, err error) {
	if err := localDisk(filepath.Dir(path)); err != nil {
		return nil, err
	}
	lock, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := lockFile(lock); err != nil {
		return nil, errors.Join(fmt.Errorf("another process owns it; stop that one first: %w", err), lock.Close())
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // it holds who paid for what
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return func() error { return errors.Join(unlockFile(lock), lock.Close()) }, file.Close()
}
