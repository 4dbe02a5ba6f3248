package storetest

import (
	"context"
	"errors"
	"fmt"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// billed: what an invoice needs is kept with its request or not at all, once, and can be erased; the facts stay.
func billed(s *Bench) error {
	ctx := context.Background()
	key := purchase.Key{Environment: "main", ID: "0f0f0f0f-0000-4000-8000-00000000b111"}
	b := bridge.Billing{Purchase: key, Invoice: "INV-1", Name: "Contoso SA", Address: "1 rue de la Paix\nParis", Email: "ada@example.org", VAT: "FR40303265045",
		Reference: "PO 4711", Language: "fr"}
	asked := purchase.Fact{Purchase: key, Kind: purchase.InvoiceRequested, Standing: purchase.Own, Account: "bills", Payment: "INV-1", Money: purchase.Money{Minor: 4500, Currency: "EUR"}}
	if _, err := s.Keep(ctx, bridge.Keeping{Facts: []purchase.Fact{asked}, If: "another head", Billing: &b}); !errors.Is(err, bridge.ErrChanged) {
		return fmt.Errorf("a request on a stale head: %v", err)
	}
	if _, err := s.FindBilling(ctx, key, "INV-1"); !errors.Is(err, bridge.ErrNotFound) {
		return fmt.Errorf("a request that was not kept left its details behind: %v", err)
	}
	if _, err := s.Keep(ctx, bridge.Keeping{Facts: []purchase.Fact{asked}, Billing: &b}); err != nil {
		return err
	}
	other := b
	other.Name = "Somebody else"
	if _, err := s.Keep(ctx, bridge.Keeping{Billing: &other}); err != nil {
		return err
	}
	if got, err := s.FindBilling(ctx, key, "INV-1"); err != nil || got != b {
		return fmt.Errorf("found %+v of an invoice, %v", got, err)
	}
	if n, err := s.EraseBillings(ctx, key); err != nil || n != 1 {
		return fmt.Errorf("erased %d, %v", n, err)
	}
	if _, err := s.Keep(ctx, bridge.Keeping{Billing: &b}); err != nil {
		return err
	}
	got, err := s.FindBilling(ctx, key, "INV-1")
	if want := (bridge.Billing{Purchase: key, Invoice: "INV-1", Language: "fr", Erased: true}); err != nil || got != want {
		return fmt.Errorf("after it was erased: %+v, %v", got, err)
	}
	if _, facts, err := s.Find(ctx, key); err != nil || len(facts) != 1 {
		return fmt.Errorf("%d facts, %v", len(facts), err)
	}
	return nil
}
