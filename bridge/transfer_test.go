package bridge_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func TestAMistypedTransferIsCorrectedByALaterWord(t *testing.T) {
	t.Parallel()
	h, b, id, token := billing(t, false)
	request(t, b, token)
	said := func(transfer string, minor int64) {
		t.Helper()
		d := bridge.Decision{Action: purchase.ActPaid, Money: purchase.Money{Minor: minor, Currency: "EUR"}, Transfer: transfer, PaidAt: time.Now().Add(-time.Second)}
		for {
			err := h.decide(t, b, id, d)
			if err == nil {
				return
			}
			if !errors.Is(err, bridge.ErrChanged) {
				t.Fatal(err)
			}
		}
	}
	said("FR76 1234", 5400)
	h.await(t, id, purchase.StateMismatch)
	said("  FR76  1234\t", 4500) // the same transfer, as it stands on the statement
	row := h.await(t, id, purchase.StateFinalized)
	if row.Summary.Paid != euros45 || row.Summary.Cause != purchase.CauseNone || h.dynamics.seats(id) != 1 {
		t.Errorf("%+v, %d seats", row.Summary, h.dynamics.seats(id))
	}
	said("FR76 9999", 1000) // another one
	if row := h.await(t, id, purchase.StateMismatch); row.Summary.Paid.Minor != 5500 {
		t.Errorf("%+v", row.Summary)
	}
	said("FR76 1234", 3500)
	h.await(t, id, purchase.StateFinalized)

	// A file is held against the last word, not against what was corrected.
	invoice := h.factsOf(t, id)[0].Payment
	for _, f := range h.factsOf(t, id) {
		if f.Kind == purchase.InvoiceRequested {
			invoice = f.Payment
		}
	}
	file := func(minor int64) bridge.Import {
		l := line(2, id, invoice, purchase.Captured, minor)
		l.Object = "transfer FR76 1234"
		return bridge.Import{Account: "bills", By: "camille", Source: "bank.csv", Lines: []bridge.ImportLine{l}}
	}
	if got, err := b.Import(t.Context(), file(3500)); err != nil || got.Known != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := b.Import(t.Context(), file(5400)); err == nil || !strings.Contains(err.Error(), "35.00 EUR here") {
		t.Errorf("what was corrected is known: %v", err)
	}
}
