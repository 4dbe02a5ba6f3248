package bridge_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// line is a line of a settlement file.
func line(n int, purchaseID, payment string, kind purchase.Kind, minor int64) bridge.ImportLine {
	return bridge.ImportLine{Line: n, Purchase: purchaseID, Kind: kind, Payment: payment, Money: purchase.Money{Minor: minor, Currency: "EUR"}, At: time.Now()}
}

// vouched is a file of the shop's account.
func vouched(lines ...bridge.ImportLine) bridge.Import {
	return bridge.Import{Account: "shop", By: "camille", Source: "settlement file a.csv", Lines: lines}
}

func imported(t *testing.T, b *bridge.Bridge, want bridge.ImportResult, lines ...bridge.ImportLine) {
	t.Helper()
	got, err := b.Import(t.Context(), vouched(lines...))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// silent is an account that cannot be asked, and a node of it with its metrics.
func (h *house) silent(t *testing.T) *bridge.Bridge {
	t.Helper()
	return h.nodeWith(t, "a", bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: deaf{h.psp}},
		bridge.Account{Name: "second", Kind: "psp", Environment: "main", Provider: deaf{h.psp}})
}

func TestAnImportedPaymentGetsItsSeatAndTheSameFileAgainAddsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.silent(t)
	h.run(t, b)
	id := h.dynamics.register(euros45, time.Now())
	file := []bridge.ImportLine{line(2, id, "bank-1", purchase.Captured, 4500), line(3, "", "book", purchase.Captured, 900)}
	imported(t, b, bridge.ImportResult{New: 1, Unrelated: 1}, file...)
	h.await(t, id, purchase.StateFinalized)
	imported(t, b, bridge.ImportResult{Known: 1, Unrelated: 1}, file...)
	_, facts, err := h.store.Find(t.Context(), purchase.Key{Environment: "main", ID: id})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range facts {
		if f.Kind == purchase.Captured {
			n++
			if f.Source != purchase.ByImport || f.Standing != purchase.Decided || f.Detail.By != "camille" || f.Detail.Reason != "settlement file a.csv, line 2" {
				t.Errorf("%+v", f)
			}
		}
	}
	if n != 1 || h.dynamics.seats(id) != 1 {
		t.Errorf("%d facts of the payment, %d seats", n, h.dynamics.seats(id))
	}
}

func TestWhatTheProviderTellsAfterTheImportIsTheSameMoney(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.silent(t)
	h.run(t, b)
	pay := paid(h, euros45)
	imported(t, b, bridge.ImportResult{New: 1}, line(2, pay.Purchase, pay.Ref, purchase.Captured, 4500))
	h.await(t, pay.Purchase, purchase.StateFinalized)
	receive(t, b, delivery(t, pay, "late"), bridge.Accepted)
	time.Sleep(100 * time.Millisecond)
	if row := h.await(t, pay.Purchase, purchase.StateFinalized); row.Summary.Paid != euros45 || row.Summary.Cause != purchase.CauseNone {
		t.Errorf("%+v", row.Summary)
	}
	imported(t, b, bridge.ImportResult{Known: 1}, line(2, pay.Purchase, pay.Ref, purchase.Captured, 4500))
}

func TestAnImportNamesThePurchaseOfAnOrphan(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.silent(t)
	h.run(t, b)
	id := h.dynamics.register(euros45, time.Now())
	receive(t, b, delivery(t, payment{Ref: "lost", Money: euros45, Kind: purchase.Captured, At: time.Now()}, "m"), bridge.Accepted)
	orphan := purchase.Orphan("main", "shop", "lost").ID
	h.await(t, orphan, purchase.StateHeld)
	imported(t, b, bridge.ImportResult{New: 1}, line(2, id, "lost", purchase.Captured, 4500))
	h.await(t, id, purchase.StateFinalized)
	h.await(t, orphan, purchase.StateResolved)
}

func TestAFileThatContradictsOrBelongsElsewhereIsRefusedWhole(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	b := h.silent(t)
	h.run(t, b)
	pay := paid(h, euros45)
	receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
	h.await(t, pay.Purchase, purchase.StateFinalized)
	other := paid(h, euros45)
	d := delivery(t, other, "m2")
	d.Account = "second"
	d.ID = purchase.DeliveryID(d)
	receive(t, b, d, bridge.Accepted)
	h.await(t, other.Purchase, purchase.StateFinalized)
	fresh := h.dynamics.register(euros45, time.Now())
	for name, c := range map[string]struct {
		line bridge.ImportLine
		want string
	}{
		"another amount":    {line(3, pay.Purchase, pay.Ref, purchase.Captured, 4400), "line 3: payment " + pay.Ref + " captured 44.00 EUR in the file and 45.00 EUR here"},
		"another currency":  {bridge.ImportLine{Line: 3, Kind: purchase.Captured, Payment: pay.Ref, Money: purchase.Money{Minor: 4500, Currency: "USD"}}, "line 3: payment " + pay.Ref + " captured 45.00 USD"},
		"another purchase":  {line(3, fresh, pay.Ref, purchase.Captured, 4500), "line 3: payment " + pay.Ref + " belongs to purchase " + pay.Purchase},
		"another account":   {line(3, "", other.Ref, purchase.Captured, 4500), "line 3: payment " + other.Ref + " is known at account second"},
		"no money at all":   {line(3, fresh, "bank-2", purchase.Approved, 4500), "line 3: it is no movement of money"},
		"twice in the file": {line(3, fresh, "bank-1", purchase.Captured, 9900), "line 3: payment bank-1 captured 99.00 EUR in the file and 45.00 EUR here"},
	} {
		_, err := b.Import(t.Context(), vouched(line(2, fresh, "bank-1", purchase.Captured, 4500), c.line))
		var wrong *bridge.ImportError
		if !errors.As(err, &wrong) || !strings.HasPrefix(err.Error(), c.want) || !strings.Contains(err.Error(), "; ") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if row, _, err := h.store.Find(t.Context(), purchase.Key{Environment: "main", ID: fresh}); !errors.Is(err, bridge.ErrNotFound) {
		t.Errorf("a refused file left %+v", row)
	}
	dry := vouched(line(2, fresh, "bank-1", purchase.Captured, 4500))
	dry.Dry = true
	if got, err := b.Import(t.Context(), dry); err != nil || got.New != 1 {
		t.Errorf("dry: %+v, %v", got, err)
	}
	if row, _, err := h.store.Find(t.Context(), purchase.Key{Environment: "main", ID: fresh}); !errors.Is(err, bridge.ErrNotFound) {
		t.Errorf("a dry import left %+v", row)
	}
}
