package providersim

import (
	"fmt"
	"slices"
	"strings"
)

// begun is a new payment with its book. Held: mu.
func (w *worldline) begun(p *Payment, number string) *gcsBook {
	b := &gcsBook{p: p, number: number, attempts: 10}
	w.books[p.ID] = b
	return b
}

// operate notes an operation under its id. Held: mu.
func (w *worldline) operate(b *gcsBook, kind, status string, code int, value string) *gcsOp {
	o := &gcsOp{kind: kind, status: status, code: code, value: value}
	b.ops = append(b.ops, o)
	if w.connect {
		o.id = fmt.Sprintf("%s%05d", b.number, len(b.ops))
		if kind == "refund" {
			o.id = fmt.Sprintf("%s-%05d", b.number, len(b.ops))
		}
		return o
	}
	n := 0
	for _, other := range b.ops[:len(b.ops)-1] {
		if strings.HasPrefix(other.id, b.number+"_") {
			n++
		}
	}
	o.id = fmt.Sprintf("%s_%d", b.number, n)
	return o
}

// try notes what a payer's try came to: an operation of its own, or the one before under another status. Held: mu.
func (w *worldline) try(b *gcsBook, status string, code int) *gcsOp {
	last := b.try()
	if last != nil && (last.status != "REJECTED" || w.variant.Tries == "" && !w.connect) {
		last.status, last.code = status, code
		return last
	}
	if last != nil && w.variant.Tries == "number" && !w.connect {
		b.number = w.number(11)
	}
	return w.operate(b, "try", status, code, b.p.Value)
}

// try is the payer's last one.
func (b *gcsBook) try() *gcsOp {
	for _, o := range slices.Backward(b.ops) {
		if o.kind == "try" {
			return o
		}
	}
	return nil
}

// last is the last operation.
func (b *gcsBook) last() *gcsOp {
	if len(b.ops) == 0 {
		return nil
	}
	return b.ops[len(b.ops)-1]
}

// find is the payment and the operation of an id. Held: mu.
func (w *worldline) find(id string) (*gcsBook, *gcsOp) {
	for _, name := range w.sequence {
		for _, o := range w.books[name].ops {
			if o.id == id {
				return w.books[name], o
			}
		}
	}
	return nil, nil
}

// status is the status of a payment as a whole.
func (w *worldline) status(b *gcsBook) (string, int) {
	o := b.try()
	if w.variant.First && !w.connect {
		return o.status, o.code
	}
	for _, later := range slices.Backward(b.ops) {
		if later.kind == "reversal" || later.kind != "refund" || w.variant.Global || later.kind == "refund" && b.p.Refunded == b.p.Captured {
			return later.status, later.code
		}
	}
	return o.status, o.code
}

// paymentJSON is a payment under an operation's id. Told in an event, it is about that operation, its amount too.
func (w *worldline) paymentJSON(b *gcsBook, o *gcsOp, status string, code int, told bool) map[string]any {
	p, value := b.p, b.p.Value
	if told && o.value != "" {
		value = o.value
	}
	references := map[string]any{"merchantReference": p.Fields["merchantReference"]}
	put(references, "merchantParameters", p.Fields["merchantParameters"])
	out := map[string]any{"amountOfMoney": w.amount(value, p.Currency), "references": references, "paymentMethod": "card",
		"cardPaymentMethodSpecificOutput": map[string]any{"paymentProductId": 1}}
	if w.connect {
		references["merchantOrderId"], references["paymentReference"] = gcsOrder(b), "0"
		out["amountPaid"], out["amountReversed"] = int64(0), int64(0)
	}
	if p.Captured != "" && !(told && w.variant.NoTaken) {
		if w.connect {
			out["amountPaid"] = w.units(p.Captured, p.Currency)
		} else {
			out["acquiredAmount"] = w.amount(p.Captured, p.Currency)
		}
	}
	payment := map[string]any{"id": o.id, "status": status, "paymentOutput": out, "statusOutput": map[string]any{"statusCategory": gcsCategory(status), "statusCode": code,
		"statusCodeChangeDateTime": p.Updated.Format("20060102150405"), "isAuthorized": false, "isCancellable": status == "PENDING_CAPTURE", "isRefundable": p.Captured != ""}}
	if b.checkout && !w.variant.NoCheckout {
		payment["hostedCheckoutSpecificOutput"] = map[string]any{"hostedCheckoutId": p.ID}
	}
	return payment
}

// gcsOrder is what Connect calls the order of a payment and of its refunds.
func gcsOrder(b *gcsBook) int64 {
	var n int64
	_, _ = fmt.Sscan(strings.TrimLeft(b.number[10:20], "0"), &n)
	return n
}

func gcsCategory(status string) string {
	switch status {
	case "CREATED":
		return "CREATED"
	case "REDIRECTED", "PENDING_PAYMENT":
		return "PENDING_PAYMENT"
	case "PENDING_APPROVAL", "PENDING_CAPTURE":
		return "PENDING_MERCHANT"
	case "AUTHORIZATION_REQUESTED", "CAPTURE_REQUESTED", "REFUND_REQUESTED":
		return "PENDING_CONNECT_OR_3RD_PARTY"
	case "CAPTURED", "PAID", "CHARGEBACK_NOTIFICATION":
		return "COMPLETED"
	case "CHARGEBACKED", "REVERSED":
		return "REVERSED"
	case "REFUNDED":
		return "REFUNDED"
	}
	return "UNSUCCESSFUL"
}

func (w *worldline) refundJSON(b *gcsBook, o *gcsOp, status string, code int) map[string]any {
	references := map[string]any{"merchantReference": o.reference}
	if w.connect {
		references["merchantOrderId"] = gcsOrder(b)
	}
	return map[string]any{"id": o.id, "status": status, "statusOutput": map[string]any{"statusCategory": gcsCategory(status), "statusCode": code, "isCancellable": false},
		"refundOutput": map[string]any{"amountOfMoney": w.amount(o.value, b.p.Currency), "references": references, "paymentMethod": "card"}}
}
