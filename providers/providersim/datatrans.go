package providersim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// datatrans is a merchant at Datatrans: a signed webhook after each authorisation, which says what the status API says.
//
// Source: Datatrans API reference 2, webhooks, webhook signing and status; its refno has room for 20 characters, so that a PurchaseId
// does not fit. Assumptions: that the customer's id comes back as it was given, the hours between tries, and whether a try is signed
// anew, which is a variant by the seed.
type datatrans struct {
	merchant string
	once     bool // a notification is signed once for all tries
}

const (
	datatransKey      = "a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90"
	datatransMerchant = "1100007006"
	datatransPassword = "simulated-password-01"
)

func init() { register("datatrans", func(c Config) Simulator { return NewDatatrans(c) }) }

// NewDatatrans makes a simulator. Seeds that are odd sign once for all tries.
func NewDatatrans(c Config) *Notifier {
	return newNotifier(c, &datatrans{merchant: datatransMerchant, once: c.Seed%2 == 1}, later(time.Minute, 5*time.Minute, 30*time.Minute, 2*time.Hour, 8*time.Hour))
}

func (d *datatrans) key() string  { return datatransKey }
func (d *datatrans) stales() bool { return true }

func (d *datatrans) elsewhere() []voice {
	other := *d
	other.merchant = "1100000999"
	return []voice{&other}
}

func (d *datatrans) settings(origin string) Settings {
	return Settings{Reference: "{purchase: /customer/id}", Files: map[string]string{"datatrans-key": datatransKey + "\n", "datatrans-password": datatransPassword + "\n"},
		Section: `provider: Datatrans
auth:
  kind: hmac
  keys: [file:{dir}/datatrans-key]
  key_encoding: hex
  signature: {from: header:Datatrans-Signature, layout: kv-comma, element: s0}
  content: [timestamp, body]
  timestamp: {from: signature:t, unit: ms, tolerance: 24h}
merchant: {field: /merchantId, is: "1100007006"}
payment: /transactionId
amount: {currency: /currency}
tells:
  - {fact: authorised, when: [/type == payment, /status == authorized], amount: {value: /detail/authorize/amount}}
  - {fact: paid, when: [/type == payment, /status in settled|transmitted], amount: {value: /detail/settle/amount}}
  - {fact: failed, when: [/type == payment, /status == failed], reason: /detail/fail/reason}
  - {fact: lapsed, when: [/type == payment, /status == canceled]}
confirm:
  url: https://api.sandbox.datatrans.com/v1/transactions/{payment}
  ids: ^[0-9]{10,20}$
  scheme: basic
  user: "1100007006"
  secret: file:{dir}/datatrans-password
api_url: ` + origin + `
ca_file: {ca}
`}
}

func (d *datatrans) begins(t *till, purchase string) *Payment {
	p := &Payment{ID: t.number(18), Fields: map[string]string{"refno": t.id("R", 12)}}
	set(p.Fields, "customer", purchase)
	return p
}

func (d *datatrans) news(t *till, p *Payment, e event) []news {
	switch e.kind {
	case wasCaptured, wasAuthorised, wasFailed, wasExpired, wasVoided, wasCancelled:
		return []news{{name: d.standing(p), body: encode(d.transaction(p))}}
	}
	return nil // refunds are transactions of their own, and not told
}

func (d *datatrans) standing(p *Payment) string {
	return map[status]string{isOpen: "initialized", isPending: "initialized", isAuthorised: "authorized", isCaptured: "settled", isFailed: "failed",
		isCancelled: "canceled", isExpired: "failed"}[p.Status]
}

func (d *datatrans) transaction(p *Payment) map[string]any {
	detail := map[string]any{}
	switch p.Status {
	case isCaptured:
		detail["authorize"] = map[string]any{"amount": isoMinor(p.Value, p.Currency), "acquirerAuthorizationCode": "103056"}
		detail["settle"] = map[string]any{"amount": isoMinor(p.Captured, p.Currency)}
	case isAuthorised:
		detail["authorize"] = map[string]any{"amount": isoMinor(p.Value, p.Currency), "acquirerAuthorizationCode": "103056"}
	case isFailed, isExpired:
		detail["fail"] = map[string]any{"reason": "DECLINED"}
	}
	o := map[string]any{"transactionId": p.ID, "merchantId": d.merchant, "type": "payment", "status": d.standing(p), "currency": p.Currency, "refno": p.Fields["refno"],
		"paymentMethod": "VIS", "detail": detail, "language": "en", "history": []any{map[string]any{"action": "init", "source": "api", "success": true, "date": p.Created.Format(time.RFC3339)}}}
	if p.Fields["customer"] != "" {
		o["customer"] = map[string]any{"id": p.Fields["customer"]}
	}
	return o
}

func (d *datatrans) sign(n news, at time.Time, key string) Notice {
	if d.once {
		at = n.at
	}
	raw, _ := hex.DecodeString(key)
	stamp := strconv.FormatInt(at.UnixMilli(), 10)
	h := hmac.New(sha256.New, raw)
	h.Write([]byte(stamp))
	h.Write(n.body)
	return Notice{Body: n.body, Header: http.Header{"Content-Type": {"application/json; charset=UTF-8"},
		"Datatrans-Signature": {"t=" + stamp + ",s0=" + hex.EncodeToString(h.Sum(nil))}}}
}

func (d *datatrans) serve(n *Notifier, mux *http.ServeMux) {
	refusal := func(status int, code string) reply {
		return reply{status: status, body: map[string]any{"error": map[string]any{"code": code, "message": "see the documentation"}}}
	}
	a := &api{till: n.till, stranger: refusal(http.StatusUnauthorized, "UNAUTHORIZED"), limited: refusal(http.StatusTooManyRequests, "TOO_MANY_REQUESTS"),
		signedIn: func(r *http.Request, _ []byte) bool {
			user, password, ok := r.BasicAuth()
			return ok && user == datatransMerchant && password == datatransPassword
		}}
	a.handle(mux, "GET /v1/transactions/{id}", "get", func(r *http.Request, _ []byte) reply {
		p := n.payments[r.PathValue("id")]
		if p == nil {
			return refusal(http.StatusNotFound, "TRANSACTION_NOT_FOUND")
		}
		return done(d.transaction(p))
	})
}
