package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// keep does everything of one Keeping, or fails and leaves nothing.
func (t *txn) keep(k bridge.Keeping, kept *bridge.Kept) error {
	t.keeps(k)
	if k.Delivery != nil {
		duplicate, err := t.keepDelivery(k)
		if err != nil {
			return err
		}
		kept.Duplicate = duplicate
	}
	if k.Token != nil {
		if err := t.keepToken(*k.Token); err != nil {
			return err
		}
	}
	if k.Billing != nil {
		if err := t.keepBilling(*k.Billing); err != nil {
			return err
		}
	}
	return t.keepFacts(k, kept)
}

// keepFacts takes the purchases in one fixed order on every node, and locks each before it reads.
func (t *txn) keepFacts(k bridge.Keeping, kept *bridge.Kept) error {
	groups := map[purchase.Key][]purchase.Fact{}
	for _, f := range k.Facts {
		groups[f.Purchase] = append(groups[f.Purchase], f)
	}
	keys := make([]purchase.Key, 0, len(groups))
	for key := range groups {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b purchase.Key) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.ID, b.ID))
	})
	for _, key := range keys {
		condition := ""
		if key == k.Facts[0].Purchase {
			condition = k.If
		}
		ledger, err := t.open(key, condition)
		if err != nil {
			return err
		}
		for _, f := range groups[key] {
			if err := ledger.append(f); err != nil {
				return err
			}
		}
		if err := ledger.close(); err != nil {
			return err
		}
		kept.New = append(kept.New, ledger.fresh...)
		if key == k.Facts[0].Purchase {
			kept.Head, kept.Facts = ledger.head, slices.Clone(ledger.facts)
		}
	}
	return nil
}

// A ledger is one purchase, locked, while facts are appended to it.
type ledger struct {
	*txn
	key     purchase.Key
	head    string
	numbers int64
	facts   []purchase.Fact
	known   map[string]bool
	fresh   []purchase.Fact
}

// open locks the purchase's row, making it if it is new, and reads its facts after that.
func (t *txn) open(key purchase.Key, condition string) (*ledger, error) {
	_, err := t.exec(`INSERT INTO purchases (environment, id, stage, deadline, deadline_source, deadline_certain, head, facts, rules, state, created, updated, restores)
		VALUES (?, ?, 'ready', 0, '', 0, '', 0, ?, '', ?, ?, (SELECT CASE WHEN restored_at > ? THEN 0 ELSE restores END FROM epoch)) ON CONFLICT (environment, id) DO NOTHING`,
		key.Environment, key.ID, t.store.Rules, micros(t.now), micros(t.now), micros(t.now.Add(-tellsLate)))
	if err != nil {
		return nil, err
	}
	l := &ledger{txn: t, key: key, known: map[string]bool{}}
	err = t.row(`SELECT head, numbers FROM purchases WHERE environment = ? AND id = ?`+t.store.dialect.lock, key.Environment, key.ID).
		Scan(&l.head, &l.numbers)
	if err != nil {
		return nil, err
	}
	if condition != "" && condition != l.head {
		return nil, bridge.ErrChanged
	}
	if l.facts, err = t.facts(key, l.head); err != nil {
		return nil, err
	}
	for _, f := range l.facts {
		l.known[f.ID] = true
	}
	return l, nil
}

// append adds the fact if it is not known yet.
func (l *ledger) append(f purchase.Fact) error {
	f.Seen = l.now
	if err := l.payer(f); err != nil {
		return err
	}
	f.Payer = ""
	if f.Numbered() {
		f.Number = l.numbers + 1
	}
	f = purchase.Identify(f)
	if l.known[f.ID] {
		return nil
	}
	if f.Numbered() {
		l.numbers = f.Number
	}
	detail, err := json.Marshal(f.Detail)
	if err != nil {
		return fmt.Errorf("write the detail of a fact: %w", err)
	}
	prev := l.head
	l.head = chain(prev, f)
	_, err = l.exec(`INSERT INTO facts (environment, purchase, seq, id, kind, standing, account, payment, object, amount, currency, at, seen, source,
		version, number, attempt, detail, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		l.key.Environment, l.key.ID, len(l.facts)+1, f.ID, f.Kind, f.Standing, f.Account, f.Payment, f.Object, f.Money.Minor, f.Money.Currency,
		nullable(f.At), micros(f.Seen), f.Source, f.Version, f.Number, f.Attempt, string(detail), prev, l.head)
	if err != nil {
		return err
	}
	l.known[f.ID] = true
	l.facts, l.fresh = append(l.facts, f), append(l.fresh, f)
	return errors.Join(l.intent(f), l.payment(f))
}

// chain is the hash of a fact that stands after prev.
func chain(prev string, f purchase.Fact) string {
	sum := sha256.Sum256([]byte(prev + "\x00" + f.ID + "\x00" + strconv.FormatInt(micros(f.Seen), 10)))
	return hex.EncodeToString(sum[:])
}

// intent opens or closes the one intent a purchase may have open.
func (l *ledger) intent(f purchase.Fact) error {
	switch f.Kind {
	case purchase.Intended:
		n, err := l.exec(`INSERT INTO intents (environment, purchase, number, step, send_before) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (environment, purchase) DO NOTHING`, l.key.Environment, l.key.ID, f.Number, f.Detail.Step, micros(f.Detail.SendBefore))
		if err == nil && n == 0 {
			return bridge.ErrIntentOpen
		}
		return err
	case purchase.Concluded:
		_, err := l.exec(`DELETE FROM intents WHERE environment = ? AND purchase = ? AND number = ?`, l.key.Environment, l.key.ID, f.Attempt)
		return err
	}
	return nil
}

// payment ties a payment, by its reference and by the object that the fact names, to its purchase: a real purchase by own or proved
// facts beats one by hearsay, which beats an orphan.
func (l *ledger) payment(f purchase.Fact) error {
	if f.Payment == "" {
		return nil
	}
	surety := 2
	switch {
	case l.key.Orphaned():
		surety = 1
	case f.Standing == purchase.Proved || f.Kind == purchase.Opened:
		surety = 3
	}
	names := []string{f.Payment}
	if f.Object != "" && f.Object != f.Payment {
		names = append(names, f.Object)
	}
	for _, name := range names {
		_, err := l.exec(`INSERT INTO payments (account, payment, environment, purchase, surety) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (account, payment) DO UPDATE SET environment = excluded.environment, purchase = excluded.purchase, surety = excluded.surety
			WHERE excluded.surety > payments.surety`, f.Account, name, l.key.Environment, l.key.ID, surety)
		if err != nil {
			return err
		}
	}
	return nil
}

// close folds the purchase again and makes it ready, unless somebody has it in hand: then Settle will.
func (l *ledger) close() error {
	if len(l.fresh) == 0 {
		if len(l.facts) == 0 {
			_, err := l.exec(`DELETE FROM purchases WHERE environment = ? AND id = ?`, l.key.Environment, l.key.ID)
			return err
		}
		return nil
	}
	l.store.recall.put(l.key, l.head, l.facts)
	return errors.Join(l.txn.refold(l.key, l.facts, l.head, l.numbers), l.tell())
}

// refold writes the fold of the facts into the purchase's row.
func (t *txn) refold(key purchase.Key, facts []purchase.Fact, head string, numbers int64) error {
	s := purchase.Fold(key, facts, t.store.Policy(key.Environment)).Summary()
	_, err := t.exec(`UPDATE purchases SET
			stage = CASE stage WHEN 'claimed' THEN 'claimed' ELSE 'ready' END, due = NULL,
			deadline = ?, deadline_source = ?, deadline_certain = ?, head = ?, facts = ?, numbers = ?, rules = CASE WHEN rules > ? THEN rules ELSE ? END, state = ?, cause = ?, account = ?,
			price = ?, price_currency = ?, paid = ?, paid_currency = ?, registered = ?, event = ?, event_name = ?, paid_at = ?, registered_at = ?,
			updated = CASE head WHEN ? THEN updated ELSE ? END
		WHERE environment = ? AND id = ?`,
		micros(s.Deadline.At), s.Deadline.Source, flag(s.Deadline.Certain), head, len(facts), numbers, t.store.Rules, t.store.Rules, s.State, s.Cause, s.Account,
		s.Price.Minor, s.Price.Currency, s.Paid.Minor, s.Paid.Currency, flag(s.Registered), s.Event, s.EventName, nullable(s.PaidAt),
		nullable(s.RegisteredAt), head, micros(t.now), key.Environment, key.ID)
	return err
}
