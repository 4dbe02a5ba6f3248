package store

import (
	"context"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const (
	quarantineAge   = 7 * 24 * time.Hour
	quarantineCount = 1000 // per account
	quarantineBody  = 64 << 10
)

// Quarantine implements bridge.Store. The oldest of the account make room.
func (s *Store) Quarantine(ctx context.Context, d purchase.Delivery, why purchase.Refusal) error {
	header, err := wire(d.Header)
	if err != nil {
		return err
	}
	bytes := body(d.Body)
	if bytes = bytes[:min(len(bytes), quarantineBody)]; len(header) > quarantineBody {
		header = []byte{}
	}
	return s.write(ctx, "quarantine", func(t *txn) error {
		_, err := t.exec(`INSERT INTO quarantine (id, account, received, refusal, method, query, header, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO NOTHING`, d.ID, d.Account, micros(d.Received), why, d.Method, d.Query, header, bytes)
		if err != nil {
			return err
		}
		_, err = t.exec(`DELETE FROM quarantine WHERE account = ? AND received <= (SELECT received FROM quarantine WHERE account = ?
			ORDER BY received DESC LIMIT 1 OFFSET ?)`, d.Account, d.Account, quarantineCount)
		return err
	})
}

// Prune implements bridge.Store.
func (s *Store) Prune(ctx context.Context, before time.Time) (int, error) {
	pruned := 0 // read only after the commit: the writer may still write it when the caller has given up
	err := s.write(ctx, "prune", func(t *txn) error {
		n, err := t.exec(`DELETE FROM deliveries WHERE received < ? AND state IN ('read', 'false')`, micros(before))
		if err != nil {
			return err
		}
		pruned = n
		if _, err := t.exec(`DELETE FROM quarantine WHERE received < ?`, micros(t.now.Add(-quarantineAge))); err != nil {
			return err
		}
		if _, err = t.exec(`DELETE FROM tokens WHERE expires < ?`, micros(min2(before, t.now))); err != nil {
			return err
		}
		return t.pruneMessages(before)
	})
	if err != nil {
		return 0, err
	}
	return pruned, nil
}

func min2(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
