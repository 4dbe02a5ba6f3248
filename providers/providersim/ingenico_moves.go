package providersim

import (
	"cmp"
	"strings"
)

// words are the statuses of the generation, with their numbers: Direct's are Ogone's, Connect's its own.
func (w *worldline) words(kind eventKind) (string, int) {
	direct := map[eventKind]gcsOp{wasAuthorised: {status: "PENDING_CAPTURE", code: 5}, wasCaptured: {status: "CAPTURED", code: 9}, wasFailed: {status: "REJECTED", code: 2},
		wasPending: {status: "PENDING_PAYMENT", code: 41}, wasVoided: {status: "CANCELLED", code: 6}, wasReversed: {status: "REVERSED", code: 84}}
	connect := map[eventKind]gcsOp{wasAuthorised: {status: "PENDING_APPROVAL", code: 600}, wasCaptured: {status: "CAPTURED", code: 975}, wasFailed: {status: "REJECTED", code: 160},
		wasPending: {status: "PENDING_PAYMENT", code: 55}, wasVoided: {status: "CANCELLED", code: 99999}, wasReversed: {status: "CHARGEBACKED", code: 1500}}
	o := direct[kind]
	if w.connect {
		o = connect[kind]
	}
	return o.status, o.code
}

// moved sends the events. Each is about one operation.
func (w *worldline) moved(p *Payment, e event) {
	b := w.books[p.ID]
	status, code := w.words(e.kind)
	switch e.kind {
	case wasPending, wasAuthorised:
		w.tell(b, w.try(b, status, code), e.kind == wasPending)
	case wasCaptured:
		w.captured(b, status, code)
	case wasFailed:
		w.failedTry(b, status, code)
	case wasVoided:
		b.try().status, b.try().code = status, code
		w.tell(b, w.operate(b, "cancel", status, code, p.Value), false)
	case wasRefunded:
		w.refunded(b, e.refund)
	case wasReversed:
		o := w.operate(b, "reversal", status, code, e.refund.Value)
		if w.connect {
			w.tell(b, &gcsOp{id: b.try().id, status: "CHARGEBACK_NOTIFICATION", code: 1501}, true)
			o.id = b.try().id
		}
		o.refund = e.refund
		w.tell(b, o, false)
	}
}

// failedTry is a payer's try, or a capture that was under way.
func (w *worldline) failedTry(b *gcsBook, status string, code int) {
	if last := b.last(); last != nil && last.status == "CAPTURE_REQUESTED" {
		last.status, last.code = "REJECTED_CAPTURE", 93
		w.tell(b, last, false)
		return
	}
	b.tries++
	if b.checkout && b.tries >= b.attempts {
		b.p.Status = isFailed
	}
	w.tell(b, w.try(b, status, code), true)
}

// captured is a sale, or an operation of its own on what was reserved.
func (w *worldline) captured(b *gcsBook, status string, code int) {
	o := b.try()
	if o == nil || o.status != "PENDING_CAPTURE" && o.status != "PENDING_APPROVAL" {
		o = w.try(b, "CAPTURE_REQUESTED", 91)
	} else if b.last().kind == "capture" {
		o = b.last() // it was slow
	} else if !w.connect {
		o = w.operate(b, "capture", "CAPTURE_REQUESTED", 91, b.p.Captured)
	}
	if w.variant.Requested {
		o.status, o.code = "CAPTURE_REQUESTED", 91
		w.tell(b, o, true)
	}
	o.status, o.code = status, code
	w.tell(b, o, false)
	if w.connect {
		o.status, o.code = "PAID", 1000
		w.tell(b, o, false)
	}
}

// refunded tells of a refund as requested, though its number may say more, and then as done.
func (w *worldline) refunded(b *gcsBook, r *Refund) {
	o := w.operate(b, "refund", "REFUND_REQUESTED", 8, r.Value)
	r.ID, o.refund, o.reference = o.id, r, cmp.Or(w.refundReference, b.p.Fields["merchantReference"])
	w.notify(b, "refund.refund_requested", "refund", true, w.refundJSON(b, o, "REFUND_REQUESTED", 8))
	o.status = "REFUNDED"
	if w.connect {
		o.code = 1800
	}
	w.notify(b, "refund.refunded", "refund", false, w.refundJSON(b, o, o.status, o.code))
	if w.variant.Summary {
		id := o
		if w.connect {
			id = b.try()
		}
		w.notify(b, "payment.refunded", "payment", false, w.paymentJSON(b, id, "REFUNDED", o.code, true))
	}
}

func (w *worldline) tell(b *gcsBook, o *gcsOp, early bool) {
	w.notify(b, "payment."+strings.ToLower(o.status), "payment", early, w.paymentJSON(b, o, o.status, o.code, true))
}
