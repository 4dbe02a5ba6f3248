package providersim

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strconv"
	"time"
)

// multiSafepay is a site at MultiSafepay: the order itself is posted, with time and signature in one header, until OK comes back.
//
// Source: MultiSafepay documentation, "Handle notifications", "Webhook" and "Payment statuses", with its printed example; the number of
// resends is 4 on one page and 5 on another. Assumptions: the status of an order that was charged back, and that the key travels in the
// header api_key as its libraries send it.
type multiSafepay struct{}

const multiSafepayKey = "5f2b9c7d1e3a4b6c8d0e2f4a6b8c0d2e4f6a8b0c"

func init() { register("multisafepay", func(c Config) Simulator { return NewMultiSafepay(c) }) }

// NewMultiSafepay makes a simulator. Seeds that are odd send once more.
func NewMultiSafepay(c Config) *Notifier {
	waits := []time.Duration{15 * time.Minute, 15 * time.Minute, 15 * time.Minute, 15 * time.Minute, 15 * time.Minute}
	return newNotifier(c, multiSafepay{}, later(waits[:4+c.Seed%2]...))
}

func (multiSafepay) key() string        { return multiSafepayKey }
func (multiSafepay) stales() bool       { return true }
func (multiSafepay) elsewhere() []voice { return nil } // nothing in an order names the mode or the merchant: the key does

// accepts: OK at either end of the body, or MULTISAFEPAY_OK anywhere in it.
func (multiSafepay) accepts(status int, body []byte) bool {
	return status == http.StatusOK && (bytes.HasPrefix(body, []byte("OK")) || bytes.HasSuffix(body, []byte("OK")) || bytes.Contains(body, []byte("MULTISAFEPAY_OK")))
}

func (multiSafepay) settings(origin string) Settings {
	return Settings{Reference: "{purchase: /var1}", Files: map[string]string{"multisafepay-key": multiSafepayKey + "\n"}, Section: `provider: MultiSafepay
auth:
  kind: hmac
  algorithm: sha512
  keys: [file:{dir}/multisafepay-key]
  signature: {from: header:Auth, layout: base64-pair, element: second}
  content: [timestamp, "text::", body]
  timestamp: {from: signature:first, tolerance: 10m}
payment: /order_id
amount: {value: /amount, currency: /currency}
tells:
  - {fact: paid, when: [/status in completed|shipped|partial_refunded|refunded|chargedback, /financial_status in completed|partial_refunded|refunded|chargedback]}
  - {fact: pending, when: [/status in completed|shipped|uncleared, /financial_status in initialized|uncleared], reason: /status}
  - {fact: failed, when: [/status == declined], reason: /reason_code}
  - {fact: lapsed, when: [/status in void|cancelled|expired]}
  - {fact: refunded, when: [/amount_refunded exists], amount: {value: /amount_refunded}, cumulative: true}
  - {fact: reversed, when: [/status == chargedback], cumulative: true}
answer:
  kept: {body: OK}
confirm:
  url: https://testapi.multisafepay.com/v1/json/orders/{payment}
  scheme: plain
  header: api_key
  secret: file:{dir}/multisafepay-key
  document: /data
  absent: [/success == false]
api_url: ` + origin + `
ca_file: {ca}
`}
}

func (multiSafepay) begins(t *till, purchase string) *Payment {
	p := &Payment{ID: t.id("ORD-", 16), Names: map[string]string{"transaction": t.number(9)}, Fields: map[string]string{}}
	set(p.Fields, "var1", purchase)
	return p
}

func (m multiSafepay) news(t *till, p *Payment, e event) []news {
	reversed := e.kind == wasReversed
	if reversed {
		p.Fields["chargedback"] = "yes"
	}
	o := m.order(t, p)
	return []news{{name: o["status"].(string), body: encode(o), query: "transactionid=" + p.ID + "&timestamp=" + strconv.FormatInt(t.now().Unix(), 10)}}
}

func (multiSafepay) order(t *till, p *Payment) map[string]any {
	standing := map[status]string{isOpen: "initialized", isPending: "uncleared", isAuthorised: "reserved", isCaptured: "completed", isFailed: "declined",
		isCancelled: "void", isExpired: "expired"}[p.Status]
	refunded := "0"
	for _, r := range t.refundsOf(p) {
		if !r.Reversal {
			refunded = minus(refunded, "-"+r.Value, 3)
		}
	}
	switch {
	case p.Status == isOpen && p.Failures > 0:
		standing = "declined"
	case p.Fields["chargedback"] != "":
		standing = "chargedback"
	case rat(refunded).Sign() > 0 && rat(refunded).Cmp(rat(p.Value)) < 0:
		standing = "partial_refunded"
	case rat(refunded).Sign() > 0:
		standing = "refunded"
	}
	financial := standing
	if standing == "void" {
		financial = "cancelled"
	}
	o := map[string]any{"order_id": p.ID, "transaction_id": p.Names["transaction"], "status": standing, "financial_status": financial,
		"amount": isoMinor(p.Value, p.Currency), "amount_refunded": isoMinor(refunded, p.Currency), "currency": p.Currency, "created": p.Created.Format("2006-01-02T15:04:05"),
		"modified": t.now().Format("2006-01-02T15:04:05"), "description": "Registration", "fastcheckout": "NO", "items": nil, "reason": "", "reason_code": "",
		"related_transactions": nil, "var1": nil, "var2": nil, "var3": nil}
	put(o, "var1", p.Fields["var1"])
	return o
}

func (multiSafepay) sign(n news, at time.Time, key string) Notice {
	stamp := strconv.FormatInt(at.Unix(), 10)
	h := hmac.New(sha512.New, []byte(key))
	h.Write([]byte(stamp + ":"))
	h.Write(n.body)
	return Notice{Body: n.body, Query: n.query, Header: http.Header{"Content-Type": {"application/json"},
		"Auth": {base64.StdEncoding.EncodeToString([]byte(stamp + ":" + hex.EncodeToString(h.Sum(nil))))}}}
}

func (m multiSafepay) serve(n *Notifier, mux *http.ServeMux) {
	refusal := func(status, code int) reply {
		return reply{status: status, body: map[string]any{"success": false, "data": map[string]any{}, "error_code": code, "error_info": "see the documentation"}}
	}
	a := &api{till: n.till, stranger: refusal(http.StatusUnauthorized, 1032), limited: refusal(http.StatusTooManyRequests, 1034),
		signedIn: func(r *http.Request, _ []byte) bool { return r.Header.Get("api_key") == multiSafepayKey }}
	a.handle(mux, "GET /v1/json/orders/{id}", "get", func(r *http.Request, _ []byte) reply {
		p := n.payments[r.PathValue("id")]
		if p == nil {
			return refusal(http.StatusNotFound, 1006)
		}
		return done(map[string]any{"success": true, "data": m.order(n.till, p)})
	})
}
