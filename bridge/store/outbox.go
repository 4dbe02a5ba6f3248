package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

var _ bridge.Outbox = (*Store)(nil)

// switchOn notes since when each route is on, and forgets those that are off: one that is switched on again starts anew.
func (s *Store) switchOn(ctx context.Context) error {
	return s.write(ctx, "keep", func(t *txn) error {
		since := map[bridge.Route]int64{}
		rows, err := t.rows(`SELECT environment, account, kind, channel, since FROM routes`)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var r bridge.Route
			var at int64
			if err := rows.Scan(&r.Environment, &r.Account, &r.Kind, &r.Channel, &at); err != nil {
				return err
			}
			since[r] = at
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			return err
		}
		return t.replaceRoutes(since)
	})
}

func (t *txn) replaceRoutes(since map[bridge.Route]int64) error {
	if _, err := t.exec(`DELETE FROM routes`); err != nil {
		return err
	}
	for _, r := range t.store.Routes {
		at, on := since[r]
		if !on {
			at = micros(t.now)
		}
		_, err := t.exec(`INSERT INTO routes (environment, account, kind, channel, since) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			r.Environment, r.Account, r.Kind, r.Channel, at)
		if err != nil {
			return err
		}
	}
	return nil
}

// tells looks for routes in an environment; channel "" is any.
func (s *Store) tells(environment, channel string) bool {
	for _, r := range s.Routes {
		if r.Environment == environment && (channel == "" || r.Channel == channel) {
			return true
		}
	}
	return false
}

// tell puts what the new facts prove, and the others did not, into the outbox.
func (l *ledger) tell() error {
	if !l.store.tells(l.key.Environment, "") {
		return nil
	}
	policy, known := l.store.Policy(l.key.Environment), map[string]bool{}
	for _, n := range purchase.Notices(purchase.Fold(l.key, l.facts[:len(l.facts)-len(l.fresh)], policy)) {
		known[n.Key] = true
	}
	for _, n := range purchase.Notices(purchase.Fold(l.key, l.facts, policy)) {
		if known[n.Key] {
			continue
		}
		if err := l.post(n); err != nil {
			return err
		}
	}
	return nil
}

// skew: the clocks of providers are not ours, and many tell whole seconds only. What happened so shortly before is not the past.
const skew = 30 * time.Second

// post writes a message for each route of the notice that was on when it happened.
func (t *txn) post(n purchase.Notice) error {
	content, err := json.Marshal(n)
	if err != nil {
		return fmt.Errorf("write a notice: %w", err)
	}
	rows, err := t.rows(`SELECT channel FROM routes WHERE environment = ? AND account = ? AND kind = ? AND since <= ? ORDER BY channel`,
		n.Purchase.Environment, n.Account, n.Kind, micros(n.At.Add(skew)))
	if err != nil {
		return err
	}
	channels, err := scanTexts(rows)
	if err != nil {
		return err
	}
	for _, channel := range channels {
		_, err := t.exec(`INSERT INTO outbox (seq, key, channel, environment, purchase, content, state, created, due)
			VALUES ((SELECT coalesce(max(seq), 0) + 1 FROM outbox), ?, ?, ?, ?, ?, 'pending', ?, ?) ON CONFLICT (key, channel) DO NOTHING`,
			n.Key, channel, n.Purchase.Environment, n.Purchase.ID, string(content), micros(t.now), micros(t.now))
		if err != nil {
			return err
		}
	}
	return nil
}

// ClaimMessages implements bridge.Outbox.
func (s *Store) ClaimMessages(ctx context.Context, owner, channel string, n int, lease time.Duration) ([]bridge.Message, error) {
	var messages []bridge.Message
	err := s.write(ctx, "claim_messages", func(t *txn) error {
		messages = nil
		_, err := t.exec(`UPDATE outbox SET state = 'pending', lease_owner = NULL, lease_until = NULL WHERE state = 'claimed' AND lease_until <= ?`, micros(t.now))
		if err != nil {
			return err
		}
		keys, err := t.dueMessages(channel, n)
		if err != nil {
			return err
		}
		for _, key := range keys {
			m, err := t.claimMessage(key, channel, owner, lease)
			if err != nil {
				return err
			}
			messages = append(messages, m)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return messages, nil
}

func (t *txn) dueMessages(channel string, n int) ([]string, error) {
	rows, err := t.rows(`SELECT key FROM outbox AS o WHERE channel = ? AND state = 'pending' AND due <= ?
		AND NOT EXISTS (SELECT 1 FROM outbox AS e WHERE e.environment = o.environment AND e.purchase = o.purchase AND e.channel = o.channel
			AND e.seq < o.seq AND e.state IN ('pending', 'claimed'))
		ORDER BY due, seq LIMIT ?`+t.store.dialect.lock, channel, micros(t.now), n)
	if err != nil {
		return nil, err
	}
	return scanTexts(rows)
}

func (t *txn) claimMessage(key, channel, owner string, lease time.Duration) (bridge.Message, error) {
	_, err := t.exec(`UPDATE outbox SET state = 'claimed', lease_owner = ?, lease_until = ?, attempt = attempt + 1 WHERE key = ? AND channel = ?`,
		owner, micros(t.now.Add(lease)), key, channel)
	if err != nil {
		return bridge.Message{}, err
	}
	return scanMessage(t.row(selectMessage+` WHERE key = ? AND channel = ?`, key, channel))
}

// SettleMessage implements bridge.Outbox.
func (s *Store) SettleMessage(ctx context.Context, m bridge.Message, how bridge.MessageSettlement) error {
	return s.write(ctx, "settle_message", func(t *txn) error {
		due, settled := micros(m.Due), any(micros(t.now))
		if how.State == bridge.MessagePending {
			due, settled = micros(how.Due), nil
		}
		n, err := t.exec(`UPDATE outbox SET state = ?, result = ?, due = ?, settled = ?, lease_owner = NULL, lease_until = NULL
			WHERE key = ? AND channel = ? AND state = 'claimed' AND lease_owner = ? AND attempt = ?`,
			how.State, how.Result, due, settled, m.Notice.Key, m.Channel, m.Owner, m.Attempt)
		if err == nil && n == 0 {
			return bridge.ErrLost
		}
		return err
	})
}

// pruneMessages forgets settled messages and the addresses of purchases that nothing happened to since: a key is remembered as long as its
// purchase moves.
func (t *txn) pruneMessages(before time.Time) error {
	const rested = `NOT EXISTS (SELECT 1 FROM purchases AS p WHERE p.environment = %[1]s.environment AND p.id = %[1]s.purchase AND p.updated >= ?)`
	if _, err := t.exec(`DELETE FROM outbox WHERE settled < ? AND `+fmt.Sprintf(rested, "outbox"), micros(before), micros(before)); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM contacts WHERE kept < ? AND erased IS NULL AND `+fmt.Sprintf(rested, "contacts")+`
		AND NOT EXISTS (SELECT 1 FROM outbox AS o WHERE o.environment = contacts.environment AND o.purchase = contacts.purchase AND o.settled IS NULL)`,
		micros(before), micros(before))
	return err
}
