package store

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// read runs f in one read transaction: everything in it is of one instant.
func (s *Store) read(ctx context.Context, operation string, f func(tx *sql.Tx) error) error {
	done := s.metrics.begin(operation)
	err := s.inTx(ctx, f)
	done(err)
	if err != nil && !expected(err) {
		return fmt.Errorf("store: %s: %w", operation, err)
	}
	return err
}

func (s *Store) inTx(ctx context.Context, f func(tx *sql.Tx) error) error {
	tx, err := s.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	return f(tx)
}

// ready is a statement that is read with often. It is parsed once for each connection.
func (s *Store) ready(ctx context.Context, text string) (*sql.Stmt, error) {
	if known, ok := s.statements.Load(text); ok {
		return known.(*sql.Stmt), nil
	}
	made, err := s.reads.PrepareContext(ctx, s.dialect.bind(text))
	if err != nil {
		return nil, err
	}
	known, there := s.statements.LoadOrStore(text, made)
	if there {
		_ = made.Close()
	}
	return known.(*sql.Stmt), nil
}

// readOne runs f on one statement, which is of one instant by itself.
func (s *Store) readOne(ctx context.Context, operation, text string, f func(*sql.Stmt) error) error {
	done := s.metrics.begin(operation)
	statement, err := s.ready(ctx, text)
	if err == nil {
		err = f(statement)
	}
	done(err)
	if err != nil && !expected(err) {
		return fmt.Errorf("store: %s: %w", operation, err)
	}
	return err
}

// Find implements bridge.Store.
func (s *Store) Find(ctx context.Context, key purchase.Key) (row bridge.Row, facts []purchase.Fact, err error) {
	known := false
	err = s.readOne(ctx, "find", oneRow, func(one *sql.Stmt) error {
		if row, _, err = scanRow(one.QueryRowContext(ctx, key.Environment, key.ID)); err == nil {
			facts, known = s.recall.find(key, row.Head)
		}
		return err
	})
	if err == nil && !known {
		row, facts, err = s.findAnew(ctx, key)
	}
	return row, slices.Clone(facts), err
}

// findAnew reads the row and the facts that belong to it, of one instant.
func (s *Store) findAnew(ctx context.Context, key purchase.Key) (row bridge.Row, facts []purchase.Fact, err error) {
	one, err1 := s.ready(ctx, oneRow)
	all, err2 := s.ready(ctx, selectFacts)
	if err := errors.Join(err1, err2); err != nil {
		return row, nil, fmt.Errorf("store: find: %w", err)
	}
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		if row, _, err = scanRow(tx.StmtContext(ctx, one).QueryRowContext(ctx, key.Environment, key.ID)); err != nil {
			return err
		}
		rows, err := tx.StmtContext(ctx, all).QueryContext(ctx, key.Environment, key.ID)
		if err != nil {
			return err
		}
		if facts, err = scanFacts(key, rows); err == nil {
			s.recall.put(key, row.Head, facts)
		}
		return err
	})
	if err != nil && !expected(err) {
		return row, nil, fmt.Errorf("store: find: %w", err)
	}
	return row, facts, err
}

// Resolve implements bridge.Store.
func (s *Store) Resolve(ctx context.Context, account, payment string) (key purchase.Key, err error) {
	err = s.readOne(ctx, "resolve", `SELECT environment, purchase FROM payments WHERE account = ? AND payment = ?`, func(one *sql.Stmt) error {
		return orElse(one.QueryRowContext(ctx, account, payment).Scan(&key.Environment, &key.ID), bridge.ErrNotFound)
	})
	return key, err
}

// FindToken implements bridge.Store.
func (s *Store) FindToken(ctx context.Context, hash string) (t bridge.Token, err error) {
	err = s.read(ctx, "find_token", func(tx *sql.Tx) error {
		var expires int64
		row := tx.QueryRowContext(ctx, s.dialect.bind(`SELECT hash, environment, purchase, account, payment, language, back, expires
			FROM tokens WHERE hash = ? AND expires > ?`), hash, micros(s.Clock.Now()))
		err := row.Scan(&t.Hash, &t.Purchase.Environment, &t.Purchase.ID, &t.Account, &t.Payment, &t.Language, &t.Return, &expires)
		t.Expires = instant(expires)
		return orElse(err, bridge.ErrNotFound)
	})
	return t, err
}

// Unchecked implements bridge.Store.
func (s *Store) Unchecked(ctx context.Context, n int) (deliveries []purchase.Delivery, err error) {
	next, some, err := s.soonest(ctx, nextDelivery)
	if err != nil || !some || next.After(s.Clock.Now()) {
		return nil, err
	}
	err = s.readOne(ctx, "unchecked", `SELECT id, account, received, method, query, header, body FROM deliveries
		WHERE state = 'unchecked' AND due <= ? ORDER BY due LIMIT ?`, func(due *sql.Stmt) error {
		rows, err := due.QueryContext(ctx, micros(s.Clock.Now()), n)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var d purchase.Delivery
			var received int64
			var header []byte
			if err := rows.Scan(&d.ID, &d.Account, &received, &d.Method, &d.Query, &header, &d.Body); err != nil {
				return err
			}
			if d.Header, err = unwire(header); err != nil {
				return fmt.Errorf("read the header of delivery %s: %w", d.ID, err)
			}
			d.Received = instant(received)
			deliveries = append(deliveries, d)
		}
		return rows.Err()
	})
	return deliveries, err
}

const usualPage = 100

// List implements bridge.Store.
func (s *Store) List(ctx context.Context, q bridge.Query) (list []bridge.Row, next string, err error) {
	where, args, err := conditions(q)
	if err != nil {
		return nil, "", err
	}
	limit := q.Limit
	if limit <= 0 {
		limit = usualPage
	}
	statement := selectRow + where + ` ORDER BY updated DESC, environment DESC, id DESC LIMIT ?`
	err = s.read(ctx, "list", func(tx *sql.Tx) error {
		rows, err := tx.QueryContext(ctx, s.dialect.bind(statement), append(args, limit+1)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			r, _, err := scanRow(rows)
			if err != nil {
				return err
			}
			list = append(list, r)
		}
		return rows.Err()
	})
	if err == nil && len(list) > limit {
		list = list[:limit]
		next = cursorAfter(list[limit-1])
	}
	return list, next, err
}

const (
	// what is ready has been due since the year 1
	nextPurchase = `SELECT min(due) AS due FROM (SELECT -62135596799000000 AS due WHERE EXISTS (SELECT 1 FROM purchases WHERE stage = 'ready')
		UNION ALL SELECT min(due) FROM purchases WHERE stage = 'waiting'
		UNION ALL SELECT min(lease_until) FROM purchases WHERE stage = 'claimed') AS next`
	nextDelivery = `SELECT min(due) FROM deliveries WHERE state = 'unchecked'`
	nextOfAll    = `SELECT min(due) FROM (` + nextPurchase + ` UNION ALL ` + nextDelivery + `) AS next`
)

// NextDue is when the next purchase or delivery is due, as far as is known now; zero if none is.
func (s *Store) NextDue(ctx context.Context) (time.Time, error) {
	due, _, err := s.soonest(ctx, nextOfAll)
	return due, err
}

// soonest reads an instant; false if there is none.
func (s *Store) soonest(ctx context.Context, text string) (due time.Time, some bool, err error) {
	var read sql.NullInt64
	err = s.readOne(ctx, "next", text, func(one *sql.Stmt) error { return one.QueryRowContext(ctx).Scan(&read) })
	return instantOf(read), read.Valid && err == nil, err
}

// conditions writes the query's fields as a WHERE clause.
func conditions(q bridge.Query) (where string, args []any, err error) {
	var terms []string
	add := func(term string, values ...any) {
		terms = append(terms, term)
		args = append(args, values...)
	}
	if q.Environment != "" {
		add("environment = ?", q.Environment)
	}
	if q.Account != "" {
		add("account = ?", q.Account)
	}
	if len(q.States) > 0 {
		marks := strings.TrimSuffix(strings.Repeat("?, ", len(q.States)), ", ")
		values := make([]any, len(q.States))
		for i, state := range q.States {
			values[i] = string(state)
		}
		add("state IN ("+marks+")", values...)
	}
	if q.Cursor != "" {
		updated, key, err := readCursor(q.Cursor)
		if err != nil {
			return "", nil, err
		}
		add("(updated, environment, id) < (?, ?, ?)", updated, key.Environment, key.ID)
	}
	if len(terms) > 0 {
		where = " WHERE " + strings.Join(terms, " AND ")
	}
	return where, args, nil
}

func cursorAfter(r bridge.Row) string {
	text := strconv.FormatInt(micros(r.Updated), 10) + "\x00" + r.Key.Environment + "\x00" + r.Key.ID
	return base64.RawURLEncoding.EncodeToString([]byte(text))
}

var errCursor = errors.New("not a cursor of a list")

func readCursor(cursor string) (updated int64, key purchase.Key, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	parts := strings.Split(string(raw), "\x00")
	if err != nil || len(parts) != 3 {
		return 0, key, errCursor
	}
	updated, err = strconv.ParseInt(parts[0], 10, 64)
	if err != nil {
		return 0, key, errCursor
	}
	return updated, purchase.Key{Environment: parts[1], ID: parts[2]}, nil
}
