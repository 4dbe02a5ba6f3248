package providersim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"
)

// checkoutCom is an account at Checkout.com: workflow webhooks, signed over the raw body.
//
// Source: Checkout.com documentation, webhook event types (payment_approved, payment_captured, payment_declined, payment_refunded), "Set
// up your webhook receiver" and "Format the amount value". Assumptions: the fields of disputes, and the hours between tries.
type checkoutCom struct{}

const checkoutKey = "3f1c9a7e5d2b48601f7e9c3a5b7d9e1f"

func init() { register("checkout-com", func(c Config) Simulator { return NewCheckoutCom(c) }) }

// NewCheckoutCom makes a simulator.
func NewCheckoutCom(c Config) *Notifier {
	return newNotifier(c, checkoutCom{}, later(5*time.Minute, 10*time.Minute, 15*time.Minute, 30*time.Minute, time.Hour, 4*time.Hour, 12*time.Hour, 24*time.Hour))
}

func (checkoutCom) key() string        { return checkoutKey }
func (checkoutCom) stales() bool       { return false }
func (checkoutCom) elsewhere() []voice { return nil } // nothing in a message names the mode or the merchant: the key does

func (checkoutCom) settings(string) Settings {
	return Settings{Reference: "{purchase: /data/reference}", Files: map[string]string{"checkout-com-key": checkoutKey + "\n"}, Section: `provider: Checkout.com
auth:
  kind: hmac
  keys: [file:{dir}/checkout-com-key]
  signature: {from: header:Cko-Signature}
  content: [body]
payment: /data/id
amount: {value: /data/amount, currency: /data/currency}
decimals: {CLP: 2, IQD: 2}
at: {field: /data/processed_on}
tells:
  - {fact: authorised, when: [/type == payment_approved]}
  - {fact: paid, when: [/type in payment_captured|payment_paid], object: /data/action_id}
  - {fact: pending, when: [/type in payment_pending|payment_capture_pending]}
  - {fact: failed, when: [/type in payment_declined|payment_capture_declined], object: /data/action_id, reason: /data/response_code}
  - {fact: lapsed, when: [/type in payment_voided|payment_canceled|payment_expired]}
  - {fact: refunded, when: [/type in payment_refunded|payment_refund_pending], object: /data/action_id}
  - {fact: refund_failed, when: [/type == payment_refund_declined], object: /data/action_id}
  - {fact: reversed, when: [/type in dispute_evidence_required|dispute_lost], payment: /data/payment_id, object: /data/id}
  - {fact: reversal_undone, when: [/type in dispute_won|dispute_canceled], payment: /data/payment_id, object: /data/id}
`}
}

func (checkoutCom) begins(t *till, purchase string) *Payment {
	p := &Payment{ID: lowerID(t, "pay_", 26), Fields: map[string]string{}}
	set(p.Fields, "reference", purchase)
	return p
}

// checkoutMinor: full value, thousandths or hundredths; the standard, but for pesos and Iraqi dinars.
func checkoutMinor(value, currency string) any {
	if currency == "CLP" || currency == "IQD" {
		return minorOf(value, 2)
	}
	return isoMinor(value, currency)
}

func (c checkoutCom) news(t *till, p *Payment, e event) []news {
	switch e.kind {
	case wasCaptured:
		return []news{c.one(t, p, "payment_approved", true, p.Value), c.one(t, p, "payment_captured", false, p.Captured)}
	case wasAuthorised:
		return []news{c.one(t, p, "payment_approved", false, p.Value)}
	case wasPending:
		return []news{c.one(t, p, "payment_pending", false, p.Value)}
	case wasFailed:
		return []news{c.one(t, p, "payment_declined", false, p.Value)}
	case wasExpired:
		return []news{c.one(t, p, "payment_expired", false, p.Value)}
	case wasVoided, wasCancelled:
		return []news{c.one(t, p, "payment_voided", false, p.Value)}
	case wasRefunded:
		return []news{c.one(t, p, "payment_refunded", false, e.refund.Value)}
	case wasReversed:
		return []news{c.event(t, "dispute_evidence_required", false, map[string]any{"id": lowerID(t, "dsp_", 22), "payment_id": p.ID, "category": "fraudulent",
			"reason_code": "10.4", "amount": checkoutMinor(e.refund.Value, p.Currency), "currency": p.Currency, "payment_reference": p.Fields["reference"]})}
	}
	return nil
}

func (c checkoutCom) one(t *till, p *Payment, kind string, early bool, value string) news {
	data := map[string]any{"id": p.ID, "action_id": lowerID(t, "act_", 26), "amount": checkoutMinor(value, p.Currency), "currency": p.Currency,
		"processed_on": t.now().Format("2006-01-02T15:04:05.0000000Z"), "response_code": "10000", "response_summary": "Approved", "metadata": map[string]string{}}
	put(data, "reference", p.Fields["reference"])
	if kind == "payment_declined" {
		data["response_code"], data["response_summary"] = "20005", "Declined - Do Not Honour"
	}
	return c.event(t, kind, early, data)
}

func (checkoutCom) event(t *till, kind string, early bool, data map[string]any) news {
	id := lowerID(t, "evt_", 26)
	return news{name: kind, early: early, body: encode(map[string]any{"id": id, "source": "gateway", "type": kind, "version": "1.0.29",
		"timestamp": t.now().Format("2006-01-02T15:04:05.000-07:00"), "data": data,
		"_links": map[string]any{"self": map[string]string{"href": fmt.Sprintf("https://prefix.api.checkout.com/workflows/events/%s", id)}}})}
}

func (checkoutCom) sign(n news, _ time.Time, key string) Notice {
	h := hmac.New(sha256.New, []byte(key))
	h.Write(n.body)
	return Notice{Body: n.body, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}, "Cko-Signature": {hex.EncodeToString(h.Sum(nil))}}}
}
