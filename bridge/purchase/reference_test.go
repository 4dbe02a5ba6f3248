package purchase_test

import (
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
)

func TestAContactThatNobodyConfirmsIsNotUsed(t *testing.T) {
	t.Parallel()
	const claimed = "7d1c9a52-4b0e-4f7f-9d55-0a1b2c3d4e5f"
	arrived := func() *history {
		return newHistory().keep(purchase.Heard, purchase.Fact{Kind: purchase.Arrived, Account: "shop", Detail: purchase.Detail{Event: "E1", User: claimed}})
	}
	if ref := arrived().fold().Reference; ref.User != "" || ref.Event != "E1" {
		t.Errorf("from a link: %+v", ref)
	}
	carried := arrived().keep(purchase.Proved, purchase.Fact{Kind: purchase.Captured, Account: "shop", Payment: "p", Object: "c", Money: euros45, Detail: purchase.Detail{User: claimed}})
	if ref := carried.fold().Reference; ref.User != "" {
		t.Errorf("from a payment without our seal: %+v", ref)
	}
	sealed := arrived().keep(purchase.Proved, purchase.Fact{Kind: purchase.Captured, Account: "shop", Payment: "p", Object: "c", Money: euros45,
		Detail: purchase.Detail{User: claimed, Sealed: true}})
	if ref := sealed.fold().Reference; ref.User != claimed {
		t.Errorf("under our seal: %+v", ref)
	}
}
