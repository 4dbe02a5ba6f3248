package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"go.uber.org/zap"
)

// batch bounds how many changes share one flushed transaction.
const batch = 512

// errClosed is the answer to changes after Close.
var errClosed = errors.New("the store is closed")

// A writer owns the one connection that writes. All changes that wait share one transaction and one flush, without a timer: it
// takes one, then whatever else is there.
type writer struct {
	store *Store
	db    *sql.DB
	conn  *sql.Conn
	jobs  chan *job
	stop  chan struct{}
	ended chan struct{}
	once  sync.Once

	statements map[string]*sql.Stmt
	after      func(*writer) // between two batches
}

// A job is one change that waits for its commit. One whose caller has given up may still be committed.
type job struct {
	ctx  context.Context
	name string // of the operation
	do   func(*txn) error
	err  error
	done chan struct{}
}

func newWriter(s *Store, db *sql.DB, after func(*writer)) (*writer, error) {
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	w := &writer{store: s, db: db, conn: conn, jobs: make(chan *job, 2*batch), stop: make(chan struct{}), ended: make(chan struct{}),
		statements: map[string]*sql.Stmt{}, after: after}
	go w.run()
	return w, nil
}

// submit waits for a place in the queue and for the commit.
func (w *writer) submit(ctx context.Context, name string, do func(*txn) error) error {
	j := &job{ctx: ctx, name: name, do: do, done: make(chan struct{})}
	select {
	case <-w.stop:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	case w.jobs <- j:
	}
	select {
	case <-j.done:
		return j.err
	case <-ctx.Done():
		return ctx.Err()
	case <-w.ended:
		select {
		case <-j.done:
			return j.err
		default:
			return errClosed
		}
	}
}

func (w *writer) run() {
	defer close(w.ended)
	for {
		select {
		case <-w.stop:
			return
		case j := <-w.jobs:
			w.commit(w.drain(j))
			w.after(w)
		}
	}
}

func (w *writer) drain(first *job) []*job {
	jobs := []*job{first}
	for len(jobs) < batch {
		select {
		case j := <-w.jobs:
			jobs = append(jobs, j)
		default:
			return jobs
		}
	}
	return jobs
}

// commit runs the jobs in one transaction. One that refuses is undone alone; if the commit itself fails, nobody is told of success.
// Where the disk is not to blame for that, each job is then run by itself: none fails for another's sake.
func (w *writer) commit(jobs []*job) {
	err := w.transact(jobs)
	alone := err != nil && len(jobs) > 1 && !ofTheDisk(err)
	for _, j := range jobs {
		switch {
		case alone:
			if err := w.transact([]*job{j}); err != nil {
				j.err = err
			}
		case err != nil:
			j.err = err // also of jobs that refused: what they saw was never committed
		}
		reach([]*job{j}, "answer")
		close(j.done)
		reach([]*job{j}, "answered")
	}
}

func (w *writer) transact(jobs []*job) error {
	ctx := context.Background()
	reach(jobs, "begin")
	if err := w.say(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	reach(jobs, "begun")
	now := w.store.Clock.Now().Truncate(time.Microsecond).UTC()
	moved := false
	for _, j := range jobs {
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		changed, err := w.member(ctx, j, now)
		if err != nil {
			return errors.Join(err, w.rollback(ctx))
		}
		moved = moved || changed
	}
	counter, err := w.count(ctx, moved)
	if err != nil {
		return errors.Join(err, w.rollback(ctx))
	}
	reach(jobs, "commit")
	if err := w.say(ctx, "COMMIT"); err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), w.rollback(ctx))
	}
	if moved && w.store.epoch != nil {
		w.store.epoch.moved(counter)
	}
	reach(jobs, "committed")
	return nil
}

// count raises the database's counter if the batch changed anything.
func (w *writer) count(ctx context.Context, moved bool) (counter int64, err error) {
	if !moved {
		return 0, nil
	}
	t := &txn{ctx: ctx, writer: w, store: w.store}
	if err := t.row(`UPDATE epoch SET counter = counter + 1 WHERE id = 1 RETURNING counter`).Scan(&counter); err != nil {
		return 0, fmt.Errorf("count the commit: %w", err)
	}
	return counter, nil
}

// guarded turns a panic into the failure of the one job that caused it: everybody's purchases share this goroutine.
func (w *writer) guarded(j *job, t *txn) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			w.store.Log.Error("a change of the store panicked and was undone", zap.Error(err), zap.ByteString("stack", debug.Stack()))
		}
	}()
	return j.do(t)
}

// member runs one job inside a savepoint, and says whether it changed anything. The error is a failure of the whole batch.
func (w *writer) member(ctx context.Context, j *job, now time.Time) (changed bool, err error) {
	if err := w.say(ctx, "SAVEPOINT member"); err != nil {
		return false, fmt.Errorf("savepoint: %w", err)
	}
	t := &txn{ctx: ctx, writer: w, store: w.store, job: j, now: now}
	j.err = w.guarded(j, t)
	if j.err != nil {
		reach([]*job{j}, "roll back")
		if err := w.say(ctx, "ROLLBACK TO member"); err != nil {
			return false, errors.Join(j.err, err)
		}
	}
	if err := w.say(ctx, "RELEASE member"); err != nil {
		return false, errors.Join(j.err, err)
	}
	return j.err == nil && t.changed, nil
}

// rollback ends the transaction; SQLite may have ended it already by itself.
func (w *writer) rollback(ctx context.Context) error {
	if _, err := w.conn.ExecContext(ctx, "ROLLBACK"); err != nil && !noTransaction(err) {
		return fmt.Errorf("rollback: %w", err)
	}
	return nil
}

func (w *writer) close() error {
	w.once.Do(func() { close(w.stop) })
	<-w.ended
	for _, s := range w.statements {
		_ = s.Close()
	}
	w.statements = nil
	return errors.Join(w.conn.Close(), w.db.Close())
}

// A txn is the transaction as one job sees it, with one fixed instant.
type txn struct {
	ctx    context.Context
	writer *writer
	store  *Store
	job    *job
	now    time.Time

	changed bool // rows, but for those of the probe
}

// statement is parsed once.
func (w *writer) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	if s, ok := w.statements[text]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(ctx, w.store.dialect.bind(text))
	if err != nil {
		return nil, err
	}
	w.statements[text] = s
	return s, nil
}

// say runs a statement that frames changes: where they begin, and where they end.
func (w *writer) say(ctx context.Context, text string) error {
	s, err := w.statement(ctx, text)
	if err != nil {
		return err
	}
	_, err = s.ExecContext(ctx)
	return err
}

// exec runs a statement and says how many rows it changed.
func (t *txn) exec(text string, args ...any) (int, error) {
	s, err := t.writer.statement(t.ctx, text)
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(t.ctx, args...)
	if err != nil {
		return 0, err
	}
	t.wrote(text)
	n, err := r.RowsAffected()
	t.changed = t.changed || n > 0 && t.job.name != probe
	return int(n), err
}

func (t *txn) row(text string, args ...any) scanner {
	s, err := t.writer.statement(t.ctx, text)
	if err != nil {
		return failed{err}
	}
	return s.QueryRowContext(t.ctx, args...)
}

func (t *txn) rows(text string, args ...any) (*sql.Rows, error) {
	s, err := t.writer.statement(t.ctx, text)
	if err != nil {
		return nil, err
	}
	return s.QueryContext(t.ctx, args...)
}

// A scanner is one row, or why there is none.
type scanner interface{ Scan(dest ...any) error }

type failed struct{ err error }

func (f failed) Scan(...any) error { return f.err }
