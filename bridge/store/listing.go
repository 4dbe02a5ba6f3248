package store

import (
	"context"
	"database/sql"
	"time"

	"github.com/paybridge/paybridge/bridge"
)

// ClaimList implements bridge.Store.
func (s *Store) ClaimList(ctx context.Context, account, owner string, lease time.Duration) (bridge.Listing, error) {
	var l bridge.Listing
	err := s.write(ctx, "claim_list", func(t *txn) error {
		var err error
		l, err = t.claimList(account, owner, lease)
		return err
	})
	if err != nil {
		return bridge.Listing{}, err
	}
	return l, nil
}

func (t *txn) claimList(account, owner string, lease time.Duration) (bridge.Listing, error) {
	now := micros(t.now)
	if _, err := t.exec(`INSERT INTO listings (account, due) VALUES (?, 0) ON CONFLICT (account) DO NOTHING`, account); err != nil {
		return bridge.Listing{}, err
	}
	n, err := t.exec(`UPDATE listings SET lease_owner = ?, lease_until = ?, attempt = attempt + 1
		WHERE account = ? AND ((lease_owner IS NULL AND due <= ?) OR lease_until <= ?)`, owner, micros(t.now.Add(lease)), account, now, now)
	if err != nil {
		return bridge.Listing{}, err
	}
	if n == 0 {
		return bridge.Listing{}, bridge.ErrNotFound
	}
	l := bridge.Listing{Account: account, Owner: owner, Now: t.now}
	var complete sql.NullInt64
	err = t.row(`SELECT complete, failures, attempt FROM listings WHERE account = ?`, account).Scan(&complete, &l.Failures, &l.Attempt)
	l.Complete = instantOf(complete)
	return l, err
}

// SettleList implements bridge.Store.
func (s *Store) SettleList(ctx context.Context, l bridge.Listing, due time.Time) error {
	return s.write(ctx, "settle_list", func(t *txn) error {
		n, err := t.exec(`UPDATE listings SET complete = ?, failures = ?, due = ?, lease_owner = NULL, lease_until = NULL
			WHERE account = ? AND lease_owner = ? AND attempt = ?`, nullable(l.Complete), l.Failures, micros(due), l.Account, l.Owner, l.Attempt)
		if err == nil && n == 0 {
			return bridge.ErrLost
		}
		return err
	})
}
