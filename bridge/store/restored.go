package store

import (
	"context"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// tellsLate is how long after a restore a purchase that is new here may be one that was forgotten: providers repeat what was not
// acknowledged for days, and people pay in their own time.
const tellsLate = 7 * 24 * time.Hour

// mark adds to a purchase that the store was put back, if its facts do not say so yet. It is done when somebody is about to work on it, so
// what nobody touches costs nothing.
func (t *txn) mark(key purchase.Key) error {
	if t.store.restores == 0 {
		return nil
	}
	n, err := t.exec(`UPDATE purchases SET restores = ? WHERE environment = ? AND id = ? AND restores < ?`, t.store.restores, key.Environment, key.ID, t.store.restores)
	if err != nil || n == 0 {
		return err
	}
	l, err := t.open(key, "")
	if err != nil {
		return err
	}
	if err := l.append(purchase.Fact{Purchase: key, Kind: purchase.Restored, Standing: purchase.Own, At: t.store.restoredAt}); err != nil {
		return err
	}
	return l.close()
}

// markDesk marks what waits for a person at once: what is to be decided must be judged by what is so now.
func (s *Store) markDesk(ctx context.Context) error {
	return s.each(ctx, "epoch", (*txn).mark, `SELECT environment, id FROM purchases WHERE restores < ? AND cause <> '' LIMIT 500`, s.restores)
}

// each does something to all purchases that a query finds, some in each transaction, until it finds none.
func (s *Store) each(ctx context.Context, operation string, do func(*txn, purchase.Key) error, query string, args ...any) error {
	for {
		found := 0
		err := s.write(ctx, operation, func(t *txn) error {
			rows, err := t.rows(query, args...)
			if err != nil {
				return err
			}
			keys, err := scanKeys(rows)
			if err != nil {
				return err
			}
			for _, key := range keys {
				if err := do(t, key); err != nil {
					return err
				}
			}
			found = len(keys)
			return nil
		})
		if err != nil || found == 0 {
			return err
		}
	}
}
