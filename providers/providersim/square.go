package providersim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"
)

// square is an account at Square: webhook subscriptions, signed over the notification address and the raw body.
//
// Source: Square developer documentation, Payments, Refunds and Disputes API webhooks (payment.created, payment.updated, refund.created,
// refund.updated, dispute.created). Assumption: the minutes and hours between tries, which end within a day.
type square struct {
	merchant string
	callback func() string
}

const squareKey = "Sim0latedSignatureKey_aB3dE5"

func init() { register("square", func(c Config) Simulator { return NewSquare(c) }) }

// NewSquare makes a simulator.
func NewSquare(c Config) *Notifier {
	v := &square{merchant: "MLSIMULATED01"}
	n := newNotifier(c, v, later(time.Minute, 2*time.Minute, 4*time.Minute, 8*time.Minute, 16*time.Minute, 32*time.Minute, time.Hour, 2*time.Hour, 4*time.Hour, 8*time.Hour))
	v.callback = func() string { return n.till.callback }
	return n
}

func (s *square) key() string  { return squareKey }
func (s *square) stales() bool { return false }

func (s *square) elsewhere() []voice {
	other := *s
	other.merchant = "MLSOMEBODY002"
	return []voice{&other}
}

func (s *square) settings(string) Settings {
	return Settings{Reference: "{purchase: /data/object/payment/reference_id}", Files: map[string]string{"square-key": squareKey + "\n"}, Section: `provider: Square
auth:
  kind: hmac
  keys: [file:{dir}/square-key]
  signature: {from: header:x-square-hmacsha256-signature, encoding: base64}
  content: [public_url, body]
merchant: {field: /merchant_id, is: MLSIMULATED01}
payment: /data/object/payment/id
amount: {value: /data/object/payment/amount_money/amount, currency: /data/object/payment/amount_money/currency}
tells:
  - {fact: authorised, when: [/type in payment.created|payment.updated, /data/object/payment/status == APPROVED]}
  - {fact: paid, when: [/type in payment.created|payment.updated, /data/object/payment/status == COMPLETED]}
  - {fact: pending, when: [/type in payment.created|payment.updated, /data/object/payment/status == PENDING]}
  - {fact: failed, when: [/type in payment.created|payment.updated, /data/object/payment/status == FAILED]}
  - {fact: lapsed, when: [/type in payment.created|payment.updated, /data/object/payment/status == CANCELED]}
  - fact: refunded
    when: [/type in refund.created|refund.updated, /data/object/refund/status in PENDING|COMPLETED]
    payment: /data/object/refund/payment_id
    object: /data/object/refund/id
    amount: {value: /data/object/refund/amount_money/amount, currency: /data/object/refund/amount_money/currency}
  - fact: refund_failed
    when: [/type in refund.created|refund.updated, /data/object/refund/status in REJECTED|FAILED]
    payment: /data/object/refund/payment_id
    object: /data/object/refund/id
    amount: {value: /data/object/refund/amount_money/amount, currency: /data/object/refund/amount_money/currency}
  - fact: reversed
    when: [/type in dispute.created|dispute.state.updated, /data/object/dispute/state in EVIDENCE_REQUIRED|PROCESSING|ACCEPTED|LOST]
    payment: /data/object/dispute/disputed_payment/payment_id
    object: /data/id
    amount: {value: /data/object/dispute/amount_money/amount, currency: /data/object/dispute/amount_money/currency}
  - fact: reversal_undone
    when: [/type == dispute.state.updated, /data/object/dispute/state == WON]
    payment: /data/object/dispute/disputed_payment/payment_id
    object: /data/id
    amount: {value: /data/object/dispute/amount_money/amount, currency: /data/object/dispute/amount_money/currency}
`}
}

func (s *square) begins(t *till, purchase string) *Payment {
	p := &Payment{ID: t.id("", 24) + "ZY", Fields: map[string]string{}}
	set(p.Fields, "reference_id", purchase)
	return p
}

func (s *square) news(t *till, p *Payment, e event) []news {
	switch e.kind {
	case wasCaptured:
		return []news{s.payment(t, p, "payment.created", true, "APPROVED"), s.payment(t, p, "payment.updated", false, "COMPLETED")}
	case wasAuthorised:
		return []news{s.payment(t, p, "payment.created", false, "APPROVED")}
	case wasPending:
		return []news{s.payment(t, p, "payment.created", false, "PENDING")}
	case wasFailed:
		return []news{s.payment(t, p, "payment.updated", false, "FAILED")}
	case wasExpired, wasVoided, wasCancelled:
		return []news{s.payment(t, p, "payment.updated", false, "CANCELED")}
	case wasRefunded:
		return []news{s.refund(t, p, e.refund, "refund.created", true, "PENDING"), s.refund(t, p, e.refund, "refund.updated", false, "COMPLETED"),
			s.payment(t, p, "payment.updated", false, "COMPLETED")}
	case wasReversed:
		return []news{s.event(t, "dispute.created", "dispute", e.refund.ID, false, map[string]any{"dispute_id": e.refund.ID, "amount_money": squareMoney(e.refund.Value, p.Currency),
			"card_brand": "VISA", "disputed_payment": map[string]string{"payment_id": p.ID}, "reason": "AMOUNT_DIFFERS", "state": "EVIDENCE_REQUIRED", "version": 1})}
	}
	return nil
}

func squareMoney(value, currency string) map[string]any {
	return map[string]any{"amount": isoMinor(value, currency), "currency": currency}
}

func (s *square) payment(t *till, p *Payment, kind string, early bool, status string) news {
	o := map[string]any{"id": p.ID, "created_at": p.Created.Format(time.RFC3339), "updated_at": t.now().Format(time.RFC3339), "amount_money": squareMoney(p.Value, p.Currency),
		"total_money": squareMoney(p.Value, p.Currency), "status": status, "source_type": "CARD", "location_id": "LSIMULATED", "order_id": p.ID + "O", "version": 3}
	put(o, "reference_id", p.Fields["reference_id"])
	if p.Refunded != "" {
		o["refunded_money"] = squareMoney(p.Refunded, p.Currency)
	}
	return s.event(t, kind, "payment", p.ID, early, o)
}

func (s *square) refund(t *till, p *Payment, r *Refund, kind string, early bool, status string) news {
	id := p.ID + "_" + r.ID
	return s.event(t, kind, "refund", id, early, map[string]any{"id": id, "payment_id": p.ID, "status": status, "amount_money": squareMoney(r.Value, p.Currency),
		"location_id": "LSIMULATED", "created_at": r.Created.Format(time.RFC3339), "version": 7})
}

func (s *square) event(t *till, kind, family, id string, early bool, object map[string]any) news {
	return news{name: kind, early: early, body: encode(map[string]any{"merchant_id": s.merchant, "type": kind, "event_id": t.uuid(),
		"created_at": t.now().Format("2006-01-02T15:04:05.000Z"), "data": map[string]any{"type": family, "id": id, "object": map[string]any{family: object}}})}
}

func (s *square) sign(n news, _ time.Time, key string) Notice {
	h := hmac.New(sha256.New, []byte(key))
	h.Write([]byte(s.callback()))
	h.Write(n.body)
	return Notice{Body: n.body, Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"Square Connect v2"},
		"X-Square-Hmacsha256-Signature": {base64.StdEncoding.EncodeToString(h.Sum(nil))}}}
}
