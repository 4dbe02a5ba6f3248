package store

import (
	"database/sql"
	"errors"

	"github.com/paybridge/paybridge/bridge"
)

// keepDelivery keeps the bytes once.
func (t *txn) keepDelivery(k bridge.Keeping) (duplicate bool, err error) {
	d := k.Delivery
	var state, message string
	err = t.row(`SELECT state, message FROM deliveries WHERE id = ?`, d.ID).Scan(&state, &message)
	switch {
	case err == nil:
		return true, t.sameAgain(k, bridge.DeliveryState(state))
	case !errors.Is(err, sql.ErrNoRows):
		return false, err
	}
	if repeat, err := t.seen(k); err != nil || repeat {
		return repeat, err
	}
	if err := t.admit(k); err != nil {
		return false, err
	}
	header, err := wire(d.Header)
	if err != nil {
		return false, err
	}
	_, err = t.exec(`INSERT INTO deliveries (id, account, message, received, method, query, header, body, state, due) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.ID, d.Account, k.Message, micros(d.Received), d.Method, d.Query, header, body(d.Body), k.State, due(k))
	return false, err
}

// sameAgain is for bytes that are there already. One that was waiting moves on. One that was settled waits again if it cannot be checked
// or understood this time: a notification that only names a payment has the same bytes whatever happened to it.
func (t *txn) sameAgain(k bridge.Keeping, was bridge.DeliveryState) error {
	switch {
	case !waits(was) && !waits(k.State):
		return nil
	case was != bridge.Unchecked:
		if err := t.admit(k); err != nil {
			return err
		}
	}
	return t.moveDelivery(k)
}

func waits(s bridge.DeliveryState) bool { return s == bridge.Unchecked || s == bridge.Puzzling }

// admit refuses unchecked deliveries beyond the account's bounds.
func (t *txn) admit(k bridge.Keeping) error {
	if k.State != bridge.Unchecked {
		return nil
	}
	header, err := wire(k.Delivery.Header)
	if err != nil {
		return err
	}
	if len(k.Delivery.Body)+len(k.Delivery.Query)+len(header) > maxUncheckedBody {
		return bridge.ErrFull
	}
	var waiting int
	err = t.row(`SELECT count(*) FROM deliveries WHERE account = ? AND state = 'unchecked'`, k.Delivery.Account).Scan(&waiting)
	if err == nil && waiting >= t.store.MaxUnchecked {
		return bridge.ErrFull
	}
	return err
}

// seen tells whether the message came before in another delivery. The same body under other headers is a repeat; another body under
// the same message is not the provider's.
func (t *txn) seen(k bridge.Keeping) (bool, error) {
	if k.Message == "" {
		return false, nil
	}
	var other, query string
	var bytes []byte
	err := t.row(`SELECT id, query, body FROM deliveries WHERE account = ? AND message = ? AND message <> ''`, k.Delivery.Account, k.Message).
		Scan(&other, &query, &bytes)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil || other == k.Delivery.ID:
		return false, err
	case query != k.Delivery.Query || string(bytes) != string(k.Delivery.Body):
		return false, bridge.ErrReplayed
	}
	return true, nil
}

const maxUncheckedBody = 64 << 10

func (t *txn) moveDelivery(k bridge.Keeping) error {
	repeat, err := t.seen(k)
	if err != nil {
		return err
	}
	message := k.Message
	if repeat {
		message = "" // the first one keeps it
	}
	_, err = t.exec(`UPDATE deliveries SET state = ?, due = ?, message = CASE message WHEN '' THEN ? ELSE message END WHERE id = ?`, k.State, due(k),
		message, k.Delivery.ID)
	return err
}

func due(k bridge.Keeping) any {
	if k.State != bridge.Unchecked {
		return nil
	}
	return micros(k.Due)
}

// body is never NULL.
func body(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func (t *txn) keepToken(k bridge.Token) error {
	_, err := t.exec(`INSERT INTO tokens (hash, environment, purchase, account, payment, language, back, expires) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (hash) DO NOTHING`, k.Hash, k.Purchase.Environment, k.Purchase.ID, k.Account, k.Payment, k.Language, k.Return, micros(k.Expires))
	return err
}
