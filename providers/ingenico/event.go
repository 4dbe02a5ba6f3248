package ingenico

import (
	"encoding/json"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// readEvent says what an authentic event tells. Objects of no concern (payouts, tokens, disputes, types that are new) tell nothing; one
// that should be a payment or a refund and cannot be read is purchase.ErrNotUnderstood. The object's status decides, not the type.
func (w *Worldline) readEvent(body []byte) ([]purchase.Fact, error) {
	var e event
	if protocol.Decode(body, &e) != nil {
		return nil, protocol.NotUnderstood("the body is not an event")
	}
	if !strings.EqualFold(e.Merchant, w.merchant()) {
		return nil, purchase.Forged(purchase.WrongMerchant)
	}
	facts, err := w.tell(e)
	for i := range facts {
		facts[i].At = instant(e.Created)
	}
	return facts, err
}

func (w *Worldline) tell(e event) ([]purchase.Fact, error) {
	switch family, _, _ := strings.Cut(e.Type, "."); family {
	case "payment":
		var o payment
		if json.Unmarshal(e.Payment, &o) != nil || !w.isPayment(o.ID) {
			return nil, protocol.NotUnderstood("the payment of an event")
		}
		return w.heardPayment(o)
	case "refund":
		var o refund
		if json.Unmarshal(e.Refund, &o) != nil || !w.isPayment(o.ID) {
			return nil, protocol.NotUnderstood("the refund of an event")
		}
		return w.heardRefund(o)
	}
	return nil, nil
}
