package purchase_test

import (
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A seat was paid and a part of the money sent back; then the price is reserved once more. The buyer is not charged again.
func TestWhileMoneyIsHeldNothingIsTakenBesideIt(t *testing.T) {
	t.Parallel()
	for refunded, want := range map[int64]purchase.Step{2250: purchase.StepVoid, 4500: purchase.StepCapture} {
		s := newSale(seed(0), false)
		held := purchase.Fact{Purchase: s.key, Standing: purchase.Proved, Account: "cards", Payment: "c", At: s.now, Money: euros45}
		paid, back := held, held
		paid.Kind, paid.Object = purchase.Captured, "c-capture"
		back.Kind, back.Object, back.Money.Minor = purchase.Refunded, "c-back", refunded
		s.keep(-1, paid, purchase.Fact{Purchase: s.key, Kind: purchase.Offered, Standing: purchase.Own, Money: euros45, At: s.now},
			purchase.Fact{Purchase: s.key, Kind: purchase.ReadBack, Standing: purchase.Own, At: s.now, Detail: purchase.Detail{Seats: purchase.SeatsAll}})
		s.now = s.now.Add(time.Minute)
		s.keep(-1, back, purchase.Fact{Purchase: s.key, Kind: purchase.Authorised, Standing: purchase.Proved, Account: "hold", Payment: "h", Object: "h-hold",
			Money: euros45, At: s.now})
		if next := purchase.Plan(s.fold(s.key, s.ledger(s.key).facts, s.policy), s.now); next.Step != want || next.Account != "hold" {
			t.Errorf("with %d of 4500 sent back: %s at %s, want %s", refunded, next.Step, next.Account, want)
		}
	}
}
