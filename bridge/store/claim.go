package store

import (
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// claim promotes what waited, takes back what a lease let go, and takes the most urgent. Each is a query on an index of its own.
func (t *txn) claim(owner string, n int, lease time.Duration) ([]bridge.Claim, error) {
	now := micros(t.now)
	if _, err := t.exec(`UPDATE purchases SET stage = 'ready', due = NULL WHERE stage = 'waiting' AND due <= ?`, now); err != nil {
		return nil, err
	}
	if _, err := t.exec(`UPDATE purchases SET stage = 'ready', lease_owner = NULL, lease_until = NULL WHERE stage = 'claimed' AND lease_until <= ?`, now); err != nil {
		return nil, err
	}
	keys, err := t.urgent(n)
	if err != nil {
		return nil, err
	}
	until := t.now.Add(lease)
	claims := make([]bridge.Claim, 0, len(keys))
	for _, key := range keys {
		if err := t.mark(key); err != nil {
			return nil, err
		}
		_, err := t.exec(`UPDATE purchases SET stage = 'claimed', lease_owner = ?, lease_until = ?, attempt = attempt + 1
			WHERE environment = ? AND id = ?`, owner, micros(until), key.Environment, key.ID)
		if err != nil {
			return nil, err
		}
		c := bridge.Claim{Owner: owner, Until: until, Now: t.now}
		if c.Row, c.Attempt, err = scanRow(t.row(oneRow, key.Environment, key.ID)); err != nil {
			return nil, err
		}
		facts, err := t.facts(key, c.Row.Head)
		if err != nil {
			return nil, err
		}
		c.Facts = slices.Clone(facts)
		claims = append(claims, c)
	}
	return claims, nil
}

// urgent lists ready purchases, the earliest deadline first. Those folded under higher rules than ours are left to a newer node.
func (t *txn) urgent(n int) ([]purchase.Key, error) {
	rows, err := t.rows(`SELECT environment, id FROM purchases WHERE stage = 'ready' AND +rules <= ? ORDER BY deadline LIMIT ?`+t.store.dialect.lock,
		t.store.Rules, n)
	if err != nil {
		return nil, err
	}
	return scanKeys(rows)
}

// settle is fenced on owner and attempt. If facts came since the plan, the purchase is ready at once.
func (t *txn) settle(c bridge.Claim, s bridge.Settlement) error {
	var head string
	key := c.Row.Key
	err := t.row(`SELECT head FROM purchases WHERE environment = ? AND id = ? AND stage = 'claimed' AND lease_owner = ? AND attempt = ?`+t.store.dialect.lock,
		key.Environment, key.ID, c.Owner, c.Attempt).Scan(&head)
	if err != nil {
		return orElse(err, bridge.ErrLost)
	}
	stage, due := bridge.Idle, any(nil)
	switch {
	case head != s.Head:
		stage = bridge.Ready
	case !s.Due.IsZero():
		stage, due = bridge.Waiting, microsUp(s.Due)
	}
	_, err = t.exec(`UPDATE purchases SET stage = ?, due = ?, lease_owner = NULL, lease_until = NULL, waits = ?, failures = ?
		WHERE environment = ? AND id = ?`, stage, due, s.Waits, s.Failures, key.Environment, key.ID)
	return err
}
