package providersim

import (
	"maps"
	"net/http"
	"strings"
)

// serve serves the calls that both generations have, those of its own, and the pay page.
func (w *worldline) serve(version, houseName string, own map[string]func(*http.Request, []byte) reply) http.Handler {
	mux := http.NewServeMux()
	calls := w.calls()
	all := map[string]func(*http.Request, []byte) reply{
		"get GET services/testconnection":  func(*http.Request, []byte) reply { return done(map[string]any{"result": "OK"}) },
		"get GET payments/{id}":            w.getPayment,
		"list GET payments/{id}/refunds":   w.getRefunds,
		"void POST payments/{id}/cancel":   w.cancelPayment,
		"refund POST payments/{id}/refund": w.refundPayment,
	}
	maps.Copy(all, own)
	for call, do := range all {
		operation, pattern, _ := strings.Cut(call, " ")
		method, path, _ := strings.Cut(pattern, " ")
		calls.handle(mux, method+" /"+version+"/{merchant}/"+path, operation, w.ofMerchant(do))
	}
	w.servePages(mux, houseName)
	return mux
}

func (w *worldline) getPayment(r *http.Request, _ []byte) reply {
	b, o := w.find(r.PathValue("id"))
	if b == nil || o.kind == "refund" {
		return w.missing()
	}
	return done(w.recordOf(b, o))
}

// recordOf is a payment as a whole, unless the operation is a try under another number.
func (w *worldline) recordOf(b *gcsBook, o *gcsOp) map[string]any {
	status, code := w.status(b)
	if number, _, ok := strings.Cut(o.id, "_"); ok && number != b.number || w.connect && o.id != b.try().id {
		status, code = o.status, o.code
	}
	return w.paymentJSON(b, o, status, code, false)
}

func (w *worldline) getRefunds(r *http.Request, _ []byte) reply {
	b, o := w.find(r.PathValue("id"))
	if o == nil {
		return w.missing()
	}
	all := []any{}
	for _, one := range b.ops {
		if one.kind == "refund" {
			all = append(all, w.refundJSON(b, one, one.status, one.code))
		}
	}
	return done(map[string]any{"refunds": all})
}

func (w *worldline) cancelPayment(r *http.Request, body []byte) reply {
	b, _ := w.find(r.PathValue("id"))
	switch {
	case b == nil:
		return w.missing()
	case len(body) > 0 || b.p.Status != isAuthorised || w.end(b.p) != nil:
		return w.failed(http.StatusBadRequest, "300040", "PAYMENT_NOT_CANCELLABLE")
	}
	o := b.last()
	return done(map[string]any{"payment": w.paymentJSON(b, o, o.status, o.code, false)})
}

// capture takes what is reserved; a slow one is only requested.
func (w *worldline) capture(b *gcsBook, minor *int64) reply {
	value := b.p.Value
	if minor != nil {
		value, _ = w.value(*minor, b.p.Currency)
	}
	if b.p.Status != isAuthorised || rat(value).Cmp(rat(b.p.Value)) > 0 {
		return w.failed(http.StatusBadRequest, "300030", "PAYMENT_NOT_CAPTURABLE")
	}
	if !w.variant.Slow {
		_ = w.take(b.p, value) // it is reserved
		o := b.last()
		return w.made(map[string]any{"id": o.id, "status": "CAPTURE_REQUESTED", "statusOutput": map[string]any{"statusCode": 91}, "captureOutput": map[string]any{"amountOfMoney": w.amount(value, b.p.Currency)}})
	}
	o := b.try()
	if w.connect {
		o.status, o.code = "CAPTURE_REQUESTED", 800
	} else {
		o = w.operate(b, "capture", "CAPTURE_REQUESTED", 91, value)
	}
	b.p.Status, b.p.Reserve, b.p.Reason = isPending, false, "capture"
	w.tell(b, o, true)
	return w.made(map[string]any{"id": o.id, "status": o.status, "statusOutput": map[string]any{"statusCode": o.code}, "captureOutput": map[string]any{"amountOfMoney": w.amount(value, b.p.Currency)}})
}

type gcsMerchantReference struct {
	Merchant string `json:"merchantReference"`
}

// refundPayment gives money back. The merchant's reference is under another name in each generation.
func (w *worldline) refundPayment(r *http.Request, body []byte) reply {
	var q struct {
		Money   gcsMoney              `json:"amountOfMoney"`
		Direct  *gcsMerchantReference `json:"references"`
		Connect *gcsMerchantReference `json:"refundReferences"`
	}
	b, _ := w.find(r.PathValue("id"))
	switch {
	case b == nil:
		return w.missing()
	case !gcsDecode(body, &q) || w.connect && q.Direct != nil || !w.connect && q.Connect != nil:
		return w.invalid("body")
	}
	reference := ""
	for _, named := range []*gcsMerchantReference{q.Direct, q.Connect} {
		if named != nil {
			reference = named.Merchant
		}
	}
	value, ok := w.value(q.Money.Amount, q.Money.Currency)
	if !ok || q.Money.Currency != b.p.Currency || len(reference) > 30 {
		return w.invalid("amount")
	}
	w.refundReference = reference
	made, err := w.giveBack(b.p, value, false)
	w.refundReference = ""
	if err != nil {
		answer := w.failed(http.StatusBadRequest, "300050", "REFUND_AMOUNT_NOT_ALLOWED")
		answer.body.(map[string]any)["refundResult"] = map[string]any{"status": "REJECTED"}
		return answer
	}
	_, o := w.find(made.ID)
	return w.made(w.refundJSON(b, o, "REFUND_REQUESTED", 81))
}
