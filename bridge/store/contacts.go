package store

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strings"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// FindContact implements bridge.Outbox.
func (s *Store) FindContact(ctx context.Context, key purchase.Key) (c bridge.KnownContact, err error) {
	err = s.read(ctx, "contact", func(tx *sql.Tx) error {
		var erased sql.NullInt64
		row := tx.QueryRowContext(ctx, s.dialect.bind(`SELECT address, language, source, erased FROM contacts WHERE environment = ? AND purchase = ?`),
			key.Environment, key.ID)
		if err := row.Scan(&c.Address, &c.Language, &c.Source, &erased); err != nil {
			return orElse(err, bridge.ErrNotFound)
		}
		if erased.Valid {
			c = bridge.KnownContact{}
			return bridge.ErrErased
		}
		return nil
	})
	return c, err
}

// KeepContact implements bridge.Outbox.
func (s *Store) KeepContact(ctx context.Context, key purchase.Key, c bridge.KnownContact) error {
	return s.write(ctx, "contact", func(t *txn) error { return t.keepContact(key, c) })
}

func (t *txn) keepContact(key purchase.Key, c bridge.KnownContact) error {
	_, err := t.exec(`INSERT INTO contacts (environment, purchase, address, language, source, kept) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (environment, purchase) DO UPDATE SET address = excluded.address, language = excluded.language, source = excluded.source, kept = excluded.kept
		WHERE contacts.erased IS NULL AND (contacts.source = 'provider' OR excluded.source = 'dynamics')`,
		key.Environment, key.ID, c.Address.Reveal(), c.Language, c.Source, micros(t.now))
	return err
}

// payer puts aside what a proved fact says of the payer, where somebody will write to payers.
func (l *ledger) payer(f purchase.Fact) error {
	if f.Payer == "" || f.Standing != purchase.Proved || l.key.Orphaned() || !l.store.tells(l.key.Environment, bridge.MailToPayer) {
		return nil
	}
	return l.keepContact(l.key, bridge.KnownContact{Contact: purchase.Contact{Address: f.Payer}, Source: bridge.ContactOfProvider})
}

// EraseContact implements bridge.Outbox. Freed pages are overwritten, and the log beside the database is folded in.
func (s *Store) EraseContact(ctx context.Context, e bridge.Erasure) (bridge.Erased, error) {
	var erased bridge.Erased
	err := s.write(ctx, "erase", func(t *txn) error {
		erased = bridge.Erased{}
		keys, err := t.contactsOf(e)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := t.erase(key, e.Address, &erased); err != nil {
				return err
			}
		}
		if len(keys) > 0 || e.Address == "" {
			return nil
		}
		return t.eraseFromDeliveries(e.Address, &erased)
	})
	if err != nil {
		return bridge.Erased{}, err
	}
	return erased, s.foldIn(ctx)
}

// contactsOf are the purchases that the erasure is about.
func (t *txn) contactsOf(e bridge.Erasure) ([]purchase.Key, error) {
	statement, args := `SELECT environment, id FROM purchases WHERE environment = ? AND id = ?`, []any{e.Purchase.Environment, e.Purchase.ID}
	if e.Address != "" {
		statement, args = `SELECT environment, purchase FROM contacts WHERE lower(address) = lower(?)
			UNION SELECT environment, purchase FROM billings WHERE lower(email) = lower(?)`, []any{e.Address.Reveal(), e.Address.Reveal()}
	}
	rows, err := t.rows(statement, args...)
	if err != nil {
		return nil, err
	}
	keys, err := scanKeys(rows)
	if err == nil && len(keys) == 0 && e.Address == "" {
		err = bridge.ErrNotFound
	}
	return keys, err
}

// eraseFromDeliveries is for an address that is no payer's: notifications may hold it all the same.
func (t *txn) eraseFromDeliveries(address purchase.Address, erased *bridge.Erased) error {
	if err := t.eraseDeliveries(purchase.Key{}, []string{address.Reveal()}, erased); err != nil {
		return err
	}
	if *erased == (bridge.Erased{}) {
		return bridge.ErrNotFound
	}
	return nil
}

func (t *txn) erase(key purchase.Key, address purchase.Address, erased *bridge.Erased) error {
	var kept string
	err := t.row(`SELECT address FROM contacts WHERE environment = ? AND purchase = ?`, key.Environment, key.ID).Scan(&kept)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if kept != "" {
		erased.Contacts++
	}
	if _, err := t.eraseBillings(key); err != nil {
		return err
	}
	_, err = t.exec(`INSERT INTO contacts (environment, purchase, address, language, source, kept, erased) VALUES (?, ?, '', '', 'dynamics', ?, ?)
		ON CONFLICT (environment, purchase) DO UPDATE SET address = '', language = '', erased = excluded.erased`, key.Environment, key.ID, micros(t.now), micros(t.now))
	if err != nil {
		return err
	}
	n, err := t.exec(`UPDATE outbox SET state = 'dropped', result = 'erased', settled = ? WHERE environment = ? AND purchase = ? AND channel = ? AND state = 'pending'`,
		micros(t.now), key.Environment, key.ID, bridge.MailToPayer)
	if err != nil {
		return err
	}
	erased.Messages += n
	return t.eraseDeliveries(key, []string{kept, address.Reveal()}, erased)
}

// leastNeedle: a shorter reference would be found in what is none of its own.
const leastNeedle = 6

// eraseDeliveries forgets the bodies that hold one of the addresses, in the spellings of JSON and of forms, or that are about the purchase.
func (t *txn) eraseDeliveries(key purchase.Key, addresses []string, erased *bridge.Erased) error {
	rows, err := t.rows(`SELECT payment FROM payments WHERE environment = ? AND purchase = ?`, key.Environment, key.ID)
	if err != nil {
		return err
	}
	needles, err := scanTexts(rows)
	if err != nil {
		return err
	}
	needles = append(needles, key.ID)
	for _, a := range addresses {
		if a != "" {
			needles = append(needles, a, url.QueryEscape(a), strings.ReplaceAll(a, "@", `\u0040`))
		}
	}
	const holds = `(instr(lower(CAST(body AS TEXT)), lower(?)) > 0 OR instr(lower(query), lower(?)) > 0)`
	for _, needle := range needles {
		if len(needle) < leastNeedle {
			continue
		}
		n, err := t.exec(`DELETE FROM deliveries WHERE state IN ('read', 'false') AND `+holds, needle, needle)
		if err != nil {
			return err
		}
		q, err := t.exec(`DELETE FROM quarantine WHERE `+holds, needle, needle)
		if err != nil {
			return err
		}
		var waiting int
		if err := t.row(`SELECT count(*) FROM deliveries WHERE `+holds, needle, needle).Scan(&waiting); err != nil {
			return err
		}
		erased.Deliveries += n + q
		erased.Waiting = max(erased.Waiting, waiting)
	}
	return nil
}

// foldIn moves what was changed out of the log into the database, over what stood there before.
func (s *Store) foldIn(ctx context.Context) error {
	db, err := openPool(s.path, false, 1)
	if err != nil {
		return err
	}
	var busy bool
	var frames, folded int
	err = db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &folded)
	if err == nil && busy {
		err = errors.New("store: erase: somebody reads the database for long, so old pages stand in its log still; erase again later")
	}
	return errors.Join(err, db.Close())
}
