package store

import (
	"context"
	"database/sql"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// Backlog implements bridge.Store.
func (s *Store) Backlog(ctx context.Context) ([]bridge.Backlog, error) {
	sums := map[string]*bridge.Backlog{}
	err := s.read(ctx, "backlog", func(tx *sql.Tx) error {
		if err := s.countStates(ctx, tx, sums); err != nil {
			return err
		}
		return s.listPaid(ctx, tx, sums)
	})
	backlogs := make([]bridge.Backlog, 0, len(sums))
	for _, b := range sums {
		backlogs = append(backlogs, *b)
	}
	return backlogs, err
}

func backlogOf(sums map[string]*bridge.Backlog, account string) *bridge.Backlog {
	if sums[account] == nil {
		sums[account] = &bridge.Backlog{Account: account, States: map[purchase.State]int{}}
	}
	return sums[account]
}

func (s *Store) countStates(ctx context.Context, tx *sql.Tx, sums map[string]*bridge.Backlog) error {
	rows, err := tx.QueryContext(ctx, `SELECT account, state, count(*) FROM purchases GROUP BY account, state`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var account string
		var state purchase.State
		var n int
		if err := rows.Scan(&account, &state, &n); err != nil {
			return err
		}
		backlogOf(sums, account).States[state] = n
	}
	return rows.Err()
}

func (s *Store) listPaid(ctx context.Context, tx *sql.Tx, sums map[string]*bridge.Backlog) error {
	rows, err := tx.QueryContext(ctx, `SELECT account, stage, cause, deadline, paid_at FROM purchases
		WHERE state IN ('paid_unfinalized', 'held', 'mismatch', 'paid_late') AND registered = 0 AND paid > 0 ORDER BY deadline`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var account, stage, cause string
		var deadline int64
		var paidAt sql.NullInt64
		if err := rows.Scan(&account, &stage, &cause, &deadline, &paidAt); err != nil {
			return err
		}
		b := backlogOf(sums, account)
		if stage == string(bridge.Claimed) && cause == "" {
			b.Working++
		}
		b.Paid = append(b.Paid, bridge.Paid{Deadline: instant(deadline), Since: instantOf(paidAt), Held: cause != ""})
	}
	return rows.Err()
}
