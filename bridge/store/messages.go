package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/paybridge/paybridge/bridge"
)

const selectMessage = `SELECT content, channel, state, result, created, due, attempt, coalesce(lease_owner, ''), settled,
	coalesce((SELECT language FROM tokens AS t WHERE t.environment = outbox.environment AND t.purchase = outbox.purchase ORDER BY expires DESC LIMIT 1), ''),
	coalesce((SELECT event_name FROM purchases AS p WHERE p.environment = outbox.environment AND p.id = outbox.purchase), '') FROM outbox`

func scanMessage(row scanner) (m bridge.Message, err error) {
	var content []byte
	var created, due int64
	var settled sql.NullInt64
	err = row.Scan(&content, &m.Channel, &m.State, &m.Result, &created, &due, &m.Attempt, &m.Owner, &settled, &m.Language, &m.EventName)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(content, &m.Notice); err != nil {
		return m, fmt.Errorf("read a message: %w", err)
	}
	m.Created, m.Due, m.Settled = instant(created), instant(due), instantOf(settled)
	return m, nil
}

// Messages implements bridge.Outbox.
func (s *Store) Messages(ctx context.Context, q bridge.MessageQuery) (list []bridge.Message, err error) {
	where, args := "", []any{}
	if q.Purchase != "" {
		where, args = " WHERE purchase = ?", append(args, q.Purchase)
	}
	if len(q.States) > 0 {
		word := " WHERE "
		if where != "" {
			word = " AND "
		}
		where += word + "state IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(q.States)), ", ") + ")"
		for _, state := range q.States {
			args = append(args, string(state))
		}
	}
	limit := q.Limit
	if limit <= 0 {
		limit = usualPage
	}
	err = s.read(ctx, "messages", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, s.dialect.bind(selectMessage+where+" ORDER BY seq DESC LIMIT ?"), append(args, limit)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			m, err := scanMessage(rows)
			if err != nil {
				return err
			}
			list = append(list, m)
		}
		return rows.Err()
	})
	return list, err
}

// MessageBacklog implements bridge.Outbox.
func (s *Store) MessageBacklog(ctx context.Context) (sums []bridge.MessageBacklog, err error) {
	err = s.read(ctx, "messages", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, `SELECT channel, count(*), min(created) FROM outbox WHERE state IN ('pending', 'claimed') GROUP BY channel`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var b bridge.MessageBacklog
			var oldest int64
			if err := rows.Scan(&b.Channel, &b.Waiting, &oldest); err != nil {
				return err
			}
			b.Oldest = instant(oldest)
			sums = append(sums, b)
		}
		return rows.Err()
	})
	return sums, err
}

func scanTexts(rows *sql.Rows) ([]string, error) {
	defer rows.Close()
	var texts []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, errors.Join(rows.Err(), rows.Close())
}
