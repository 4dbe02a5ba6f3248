package paypal

import (
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// ipnFacts says what a verified IPN tells. PayPal vouched for every byte of it, so it is proof, unless the account has credentials to
// read the payment back: then that is the proof. What custom and invoice say was filled in by the merchant's page in the buyer's
// browser either way; it hangs on the price.
func (p *PayPal) ipnFacts(f form) ([]purchase.Fact, error) {
	status := f.get("payment_status")
	if status == "" {
		return nil, nil // a subscription, a dispute: it is not about a payment
	}
	standing := purchase.Proved
	if p.client != nil {
		standing = purchase.Heard
	}
	fact := p.about(standing, f.get("txn_id"), carried{f.get("custom"), f.get("invoice")})
	fact.Object, fact.At = fact.Payment, ipnTime(f.get("payment_date"))
	money, err := readMoney(strings.TrimPrefix(f.get("mc_gross"), "-"), f.get("mc_currency"))
	if err != nil || !isID(fact.Payment) {
		return nil, protocol.NotUnderstood("the transaction or the amount of an IPN")
	}
	fact.Money = money
	if fact, err = become(fact, status, f); err != nil {
		return nil, err
	}
	return []purchase.Fact{fact}, nil
}

// ipnStatus says what a payment status means. What gives or takes money beside the payment itself names the payment as its parent.
//
// Source: PayPal developer documentation, IPN and PDT variables, payment_status.
var ipnStatus = map[string]struct {
	kind    purchase.Kind
	child   bool
	version int64
}{
	"completed":          {kind: purchase.Captured},
	"pending":            {kind: purchase.Pending},
	"created":            {kind: purchase.Pending},
	"processed":          {kind: purchase.Pending},
	"in-progress":        {kind: purchase.Pending},
	"denied":             {kind: purchase.Failed},
	"failed":             {kind: purchase.Failed},
	"expired":            {kind: purchase.Lapsed},
	"voided":             {kind: purchase.Lapsed},
	"refunded":           {kind: purchase.Refunded, child: true, version: refundSettled},
	"partially_refunded": {kind: purchase.Refunded, child: true, version: refundSettled},
	"reversed":           {kind: purchase.Reversed, child: true, version: refundSettled},
	"canceled_reversal":  {kind: purchase.Captured, child: true},
}

func become(fact purchase.Fact, status string, f form) (purchase.Fact, error) {
	said, ok := ipnStatus[strings.ToLower(status)]
	if !ok {
		return fact, protocol.NotUnderstood("the payment status of an IPN")
	}
	fact.Kind, fact.Version = said.kind, said.version
	if said.child {
		if fact.Payment = f.get("parent_txn_id"); !isID(fact.Payment) {
			return fact, protocol.NotUnderstood("an IPN that names no parent payment")
		}
	}
	switch fact.Kind {
	case purchase.Pending, purchase.Failed:
		fact.Detail.Reason = protocol.Word(f.get("pending_reason"))
	case purchase.Lapsed:
		fact.Object, fact.Money = "", purchase.Money{}
	case purchase.Captured:
		if !fact.Money.Positive() || (!said.child && strings.HasPrefix(f.get("mc_gross"), "-")) {
			return fact, protocol.NotUnderstood("the amount of an IPN")
		}
	}
	return fact, nil
}

// ipnTime reads times like "23:04:06 Feb 02, 2009 PST"; they are always in Pacific time. What is not a time is no time.
func ipnTime(s string) time.Time {
	at, zone := s, 0
	for name, hours := range map[string]int{" PST": -8, " PDT": -7} {
		if rest, ok := strings.CutSuffix(s, name); ok {
			at, zone = rest, hours
		}
	}
	if zone == 0 {
		return time.Time{}
	}
	t, err := time.ParseInLocation("15:04:05 Jan 2, 2006", at, time.FixedZone("", zone*60*60))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
