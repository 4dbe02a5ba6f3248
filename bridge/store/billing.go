package store

import (
	"context"
	"database/sql"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// keepBilling keeps the first of an invoice; who asks again changes nothing, and what was erased stays so.
func (t *txn) keepBilling(b bridge.Billing) error {
	_, err := t.exec(`INSERT INTO billings (environment, purchase, invoice, name, address, email, vat, reference, language, kept)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (environment, purchase, invoice) DO NOTHING`,
		b.Purchase.Environment, b.Purchase.ID, b.Invoice, b.Name, b.Address, b.Email, b.VAT, b.Reference, b.Language, micros(t.now))
	address := purchase.ParseAddress(b.Email)
	if err != nil || address == "" || !t.store.tells(b.Purchase.Environment, bridge.MailToPayer) {
		return err
	}
	return t.keepContact(b.Purchase, bridge.KnownContact{Contact: purchase.Contact{Address: address, Language: b.Language}, Source: bridge.ContactOfProvider})
}

// FindBilling implements bridge.Store.
func (s *Store) FindBilling(ctx context.Context, key purchase.Key, invoice string) (bridge.Billing, error) {
	b := bridge.Billing{Purchase: key, Invoice: invoice}
	err := s.read(ctx, "find_billing", func(tx *sql.Tx) error {
		var erased sql.NullInt64
		err := tx.QueryRowContext(ctx, s.dialect.bind(`SELECT name, address, email, vat, reference, language, erased FROM billings
			WHERE environment = ? AND purchase = ? AND invoice = ?`), key.Environment, key.ID, invoice).
			Scan(&b.Name, &b.Address, &b.Email, &b.VAT, &b.Reference, &b.Language, &erased)
		b.Erased = erased.Valid
		return orElse(err, bridge.ErrNotFound)
	})
	return b, err
}

// EraseBillings implements bridge.Store.
func (s *Store) EraseBillings(ctx context.Context, key purchase.Key) (n int, err error) {
	err = s.write(ctx, "erase_billings", func(t *txn) (err error) {
		n, err = t.eraseBillings(key)
		return err
	})
	return n, err
}

func (t *txn) eraseBillings(key purchase.Key) (int, error) {
	return t.exec(`UPDATE billings SET name = '', address = '', email = '', vat = '', reference = '', erased = ?
		WHERE environment = ? AND purchase = ? AND erased IS NULL`, micros(t.now), key.Environment, key.ID)
}
