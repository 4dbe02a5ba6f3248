// Package store keeps facts and schedules purchases in a relational database. Statements are written once, for every database; what
// differs is a dialect value. SQLite is the embedded default.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// Options is what a store needs beside its database.
type Options struct {
	Clock        bridge.Clock
	Policy       func(environment string) purchase.Policy // under which facts are folded
	Rules        int                                      // number of the fold's rules, purchase.Rules
	MaxUnchecked int                                      // unchecked deliveries per account; 0: 1000
	Routes       []bridge.Route                           // over which messages are told; none: nobody is told anything
	Registerer   prometheus.Registerer                    // nil: no metrics
	Log          *zap.Logger
}

// A Store is a bridge.Store on a database.
type Store struct {
	Options
	dialect    dialect
	path       string
	reads      *sql.DB
	writes     *writer  // nil for a reader
	statements sync.Map // text to *sql.Stmt, of reads
	metrics    *metrics
	recall     recall
	release    func() error // gives the ownership of the file back
	epoch      *epoch       // of the owner; nil for others
	restores   int64        // how often the database was put back from a backup
	restoredAt time.Time    // when last
}

var _ bridge.Store = (*Store)(nil)

// errReadOnly is what a store opened by OpenReader says to every change.
var errReadOnly = errors.New("the store was opened for reading only")

// Now is the store's clock. SQLite has one process, so it is that process's clock.
func (s *Store) Now(context.Context) (time.Time, error) { return s.Clock.Now(), nil }

// Keep implements bridge.Store.
func (s *Store) Keep(ctx context.Context, k bridge.Keeping) (bridge.Kept, error) {
	var kept bridge.Kept
	err := s.write(ctx, "keep", func(t *txn) error {
		kept = bridge.Kept{}
		return t.keep(k, &kept)
	})
	if err != nil {
		return bridge.Kept{}, err
	}
	return kept, nil
}

// Claim implements bridge.Store.
func (s *Store) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]bridge.Claim, error) {
	due, some, err := s.soonest(ctx, nextPurchase)
	if err != nil || !some || due.After(s.Clock.Now()) {
		return nil, err // the writer is not troubled for nothing
	}
	var claims []bridge.Claim
	err = s.write(ctx, "claim", func(t *txn) error {
		var err error
		claims, err = t.claim(owner, n, lease)
		return err
	})
	if err != nil {
		return nil, err
	}
	return claims, nil
}

// Settle implements bridge.Store.
func (s *Store) Settle(ctx context.Context, c bridge.Claim, settlement bridge.Settlement) error {
	return s.write(ctx, "settle", func(t *txn) error { return t.settle(c, settlement) })
}

// Reconsider implements bridge.Store.
func (s *Store) Reconsider(ctx context.Context) (int, error) {
	moved := 0 // read only after the commit: the writer may still write it when the caller has given up
	err := s.write(ctx, "reconsider", func(t *txn) error {
		n, err := t.exec(`UPDATE deliveries SET state = 'unchecked', due = ? WHERE state = 'puzzling'`, micros(t.now))
		moved = n
		return err
	})
	if err != nil {
		return 0, err
	}
	return moved, nil
}

const (
	probe     = "probe"
	probeRoom = 32 << 10 // more than a usual Keep needs
)

// Healthy proves that the store has room and can commit: it writes a few pages, gives them back and flushes.
func (s *Store) Healthy(ctx context.Context) error {
	return s.write(ctx, probe, func(t *txn) error {
		if _, err := t.exec(`UPDATE probe SET room = ? WHERE id = 1`, make([]byte, probeRoom)); err != nil {
			return err
		}
		_, err := t.exec(`UPDATE probe SET beat = beat + 1, room = NULL WHERE id = 1`)
		return err
	})
}

// write hands a change to the writer and waits until it is durable.
func (s *Store) write(ctx context.Context, operation string, do func(*txn) error) error {
	if s.writes == nil {
		return errReadOnly
	}
	done := s.metrics.begin(operation)
	err := s.writes.submit(ctx, operation, do)
	done(err)
	if err != nil && !expected(err) {
		return fmt.Errorf("store: %s: %w", operation, err)
	}
	return err
}

// expected errors are answers of the contract, not failures of the store.
func expected(err error) bool {
	for _, answer := range []error{bridge.ErrNotFound, bridge.ErrChanged, bridge.ErrIntentOpen, bridge.ErrReplayed, bridge.ErrFull, bridge.ErrLost,
		bridge.ErrErased} {
		if errors.Is(err, answer) {
			return true
		}
	}
	return false
}

// Close lets the writer finish what it has begun and closes the database.
func (s *Store) Close() error {
	var errs []error
	if s.writes != nil {
		errs = append(errs, s.writes.close())
	}
	if s.epoch != nil {
		errs = append(errs, s.epoch.end())
	}
	s.statements.Range(func(_, statement any) bool {
		errs = append(errs, statement.(*sql.Stmt).Close())
		return true
	})
	errs = append(errs, s.reads.Close())
	if s.release != nil {
		errs = append(errs, s.release())
	}
	return errors.Join(errs...)
}
