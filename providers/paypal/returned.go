package paypal

import (
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// The versions of a refund: PayPal gives none, but its states have an order, and a refund that was under way may come to nothing.
const (
	refundUnderWay = 1
	refundSettled  = 2
)

// givenBack says what became of a refund, or of money that was taken back (kind Reversed). One that is under way counts as gone: it
// must not buy a seat.
func givenBack(f purchase.Fact, kind purchase.Kind, t transaction) (purchase.Fact, error) {
	f.Kind, f.Object, f.At, f.Version = kind, t.ID, t.Create.Time, refundSettled
	money, err := readMoney(strings.TrimPrefix(t.Amount.Value, "-"), t.Amount.Currency)
	if err != nil {
		return f, protocol.NotUnderstood("the amount of a refund")
	}
	f.Money = money
	switch strings.ToUpper(t.Status) {
	case "COMPLETED":
	case "PENDING", "":
		f.Version = refundUnderWay
	case "FAILED", "CANCELLED":
		f.Kind, f.Detail.Reason = purchase.Failed, "refund_"+strings.ToLower(t.Status)
	default:
		return f, protocol.NotUnderstood("the status of a refund")
	}
	return f, nil
}

// refundsOf are the refunds of one capture: those that say so, and all of them where there is no other capture.
func refundsOf(u unit, capture string) []transaction {
	var mine []transaction
	for _, r := range u.Payments.Refunds {
		if up := upward(r.Links, "captures"); up == capture || (up == "" && len(u.Payments.Captures) == 1) {
			mine = append(mine, r)
		}
	}
	return mine
}

// unlisted accounts for what the status of a capture says beyond the refunds that are listed. A capture that is wholly refunded gave
// back all of it: what no refund explains is a fact of its own, whose version is the number of refunds listed, so that a list that
// fills up later takes its place. A capture that is partly refunded without a list cannot be told.
func unlisted(f purchase.Fact, t transaction, refunds []transaction) ([]purchase.Fact, error) {
	switch strings.ToUpper(t.Status) {
	case "PARTIALLY_REFUNDED":
		if len(refunds) == 0 {
			return nil, protocol.NotUnderstood("a capture is partly refunded and PayPal does not list how much; look it up in the PayPal account")
		}
		return nil, nil
	case "REFUNDED":
	default:
		return nil, nil
	}
	rest := f.Money
	for _, r := range refunds {
		said, err := givenBack(f, purchase.Refunded, r)
		if err != nil {
			return nil, err
		}
		if said.Kind != purchase.Refunded {
			continue
		}
		var ok bool
		if rest, ok = rest.Minus(said.Money); !ok || rest.Minor < 0 {
			return nil, protocol.NotUnderstood("the refunds of a capture")
		}
	}
	f.Kind, f.Object, f.Money, f.Version = purchase.Refunded, f.Object+"-unlisted", rest, int64(len(refunds)+1)
	return []purchase.Fact{f}, nil
}
