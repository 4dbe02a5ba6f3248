package store

import (
	"bufio"
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

const selectRow = `SELECT environment, id, stage, due, attempt, failures, waits, deadline, deadline_source, deadline_certain, head, facts, state, cause,
	account, price, price_currency, paid, paid_currency, registered, event, event_name, paid_at, registered_at, created, updated FROM purchases`

const oneRow = selectRow + ` WHERE environment = ? AND id = ?`

const selectFacts = `SELECT id, kind, standing, account, payment, object, amount, currency, at, seen, source, version, number, attempt, detail
	FROM facts WHERE environment = ? AND purchase = ? ORDER BY seq`

func scanRow(row scanner) (r bridge.Row, attempt int, err error) {
	var due, paidAt, registeredAt sql.NullInt64
	var deadline, created, updated int64
	s := &r.Summary
	err = row.Scan(&r.Key.Environment, &r.Key.ID, &r.Stage, &due, &attempt, &r.Failures, &r.Waits, &deadline, &s.Deadline.Source, &s.Deadline.Certain,
		&r.Head, &r.Facts, &s.State, &s.Cause, &s.Account, &s.Price.Minor, &s.Price.Currency, &s.Paid.Minor, &s.Paid.Currency, &s.Registered,
		&s.Event, &s.EventName, &paidAt, &registeredAt, &created, &updated)
	if err != nil {
		return r, 0, orElse(err, bridge.ErrNotFound)
	}
	r.Due, s.PaidAt, s.RegisteredAt = instantOf(due), instantOf(paidAt), instantOf(registeredAt)
	s.Deadline.At, r.Created, r.Updated = instant(deadline), instant(created), instant(updated)
	return r, attempt, nil
}

func scanFacts(key purchase.Key, rows *sql.Rows) ([]purchase.Fact, error) {
	defer rows.Close()
	var facts []purchase.Fact
	for rows.Next() {
		f := purchase.Fact{Purchase: key}
		var at sql.NullInt64
		var seen int64
		var detail []byte
		err := rows.Scan(&f.ID, &f.Kind, &f.Standing, &f.Account, &f.Payment, &f.Object, &f.Money.Minor, &f.Money.Currency, &at, &seen, &f.Source,
			&f.Version, &f.Number, &f.Attempt, &detail)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(detail, &f.Detail); err != nil {
			return nil, fmt.Errorf("read the detail of fact %s: %w", f.ID, err)
		}
		f.At, f.Seen = instantOf(at), instant(seen)
		facts = append(facts, f)
	}
	return facts, errors.Join(rows.Err(), rows.Close())
}

func scanKeys(rows *sql.Rows) ([]purchase.Key, error) {
	defer rows.Close()
	var keys []purchase.Key
	for rows.Next() {
		var k purchase.Key
		if err := rows.Scan(&k.Environment, &k.ID); err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	return keys, rows.Err()
}

// facts are those of the purchase up to its head, oldest first.
func (t *txn) facts(key purchase.Key, head string) ([]purchase.Fact, error) {
	if facts, ok := t.store.recall.find(key, head); ok {
		return facts, nil
	}
	rows, err := t.rows(selectFacts, key.Environment, key.ID)
	if err != nil {
		return nil, err
	}
	facts, err := scanFacts(key, rows)
	if err == nil {
		t.store.recall.put(key, head, facts)
	}
	return facts, err
}

// orElse turns "no such row" into the contract's answer.
func orElse(err, answer error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return answer
	}
	return err
}

func micros(t time.Time) int64 { return t.UnixMicro() }

// microsUp never rounds to before t: what is due must not be claimed a moment before its plan agrees.
func microsUp(t time.Time) int64 { return t.Add(time.Microsecond - 1).UnixMicro() }

func nullable(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return micros(t)
}

func instant(us int64) time.Time { return time.UnixMicro(us).UTC() }

func instantOf(us sql.NullInt64) time.Time {
	if !us.Valid {
		return time.Time{}
	}
	return instant(us.Int64)
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wire writes a header as it came over the wire: every byte of it counts when a signature is checked again.
func wire(h http.Header) ([]byte, error) {
	var b bytes.Buffer
	if err := h.Write(&b); err != nil {
		return nil, fmt.Errorf("write the header of a delivery: %w", err)
	}
	b.WriteString("\r\n")
	return b.Bytes(), nil
}

func unwire(raw []byte) (http.Header, error) {
	h, err := textproto.NewReader(bufio.NewReader(bytes.NewReader(raw))).ReadMIMEHeader()
	return http.Header(h), err
}
