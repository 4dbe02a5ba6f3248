package store_test

import (
	"path/filepath"
	"testing"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/store/storetest"
)

// Who asks to be forgotten is forgotten by the invoices too, whether named by the purchase or by the address.
func TestWhatAnInvoiceNeedsIsErasedWithTheContact(t *testing.T) {
	t.Parallel()
	for name, e := range map[string]bridge.Erasure{
		"by the purchase": {Purchase: purchase.Key{Environment: "main", ID: "0f0f0f0f-0000-4000-8000-00000000b111"}},
		"by the address":  {Address: "Ada@example.org"},
	} {
		s, err := store.Open(t.Context(), filepath.Join(t.TempDir(), "bridge.db"), options(&storetest.Clock{}))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		key := purchase.Key{Environment: "main", ID: "0f0f0f0f-0000-4000-8000-00000000b111"}
		asked := purchase.Fact{Purchase: key, Kind: purchase.InvoiceRequested, Standing: purchase.Own, Account: "bills", Payment: "INV-1",
			Money: purchase.Money{Minor: 4500, Currency: "EUR"}}
		b := bridge.Billing{Purchase: key, Invoice: "INV-1", Name: "Ada", Address: "1 rue de la Paix", Email: "ada@example.org"}
		if _, err := s.Keep(t.Context(), bridge.Keeping{Facts: []purchase.Fact{asked}, Billing: &b}); err != nil {
			t.Fatal(err)
		}
		if _, err := s.EraseContact(t.Context(), e); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got, err := s.FindBilling(t.Context(), key, "INV-1"); err != nil || !got.Erased || got.Name != "" {
			t.Errorf("%s: erased %t, %v", name, got.Erased, err)
		}
	}
}
