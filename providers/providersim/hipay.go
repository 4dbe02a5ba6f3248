package providersim

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// hipay is an account at HiPay Enterprise: notifications as forms, with a digest of the raw body and the passphrase in a header.
//
// Source: HiPay developer portal, "Server-to-server notifications", "Signature verification" and "Transaction statuses". Assumptions: how
// brackets in the names of fields are escaped, which is a variant by the seed, and the minutes between tries.
type hipay struct {
	live    bool
	mid     string
	escapes bool
}

const hipayPassphrase = "a-long-passphrase-of-the-simulator"

func init() { register("hipay", func(c Config) Simulator { return NewHiPay(c) }) }

// NewHiPay makes a simulator. Seeds that are odd escape brackets.
func NewHiPay(c Config) *Notifier {
	return newNotifier(c, &hipay{live: c.Live, mid: "00001234567", escapes: c.Seed%2 == 1}, later(5*time.Minute, 15*time.Minute, time.Hour, 6*time.Hour, 24*time.Hour))
}

func (h *hipay) key() string  { return hipayPassphrase }
func (h *hipay) stales() bool { return false }

func (h *hipay) elsewhere() []voice {
	other, mode := *h, *h
	other.mid, mode.live = "00007654321", !h.live
	return []voice{&other, &mode}
}

func (h *hipay) settings(string) Settings {
	return Settings{Reference: "{purchase: cdata1}", Files: map[string]string{"hipay-passphrase": hipayPassphrase + "\n"}, Section: `provider: HiPay
format: form
auth:
  kind: hash_suffix
  algorithm: sha256
  keys: [file:{dir}/hipay-passphrase]
  signature: {from: header:x-allopass-signature}
  content: [body]
live: ["test == false"]
merchant: {field: mid, is: "00001234567"}
payment: transaction_reference
amount: {form: decimal-string, currency: currency}
tells:
  - {fact: authorised, when: [status == 116], amount: {value: authorized_amount}}
  - {fact: paid, when: [status in 118|119], amount: {value: captured_amount}, cumulative: true}
  - {fact: pending, when: [status in 112|117|142|144|200], reason: status}
  - {fact: failed, when: [status in 109|110|111|113|173|178], reason: status}
  - {fact: lapsed, when: [status in 114|115|143]}
  - {fact: refunded, when: [status in 124|125|126], amount: {value: refunded_amount}, cumulative: true}
  - {fact: reversed, when: [status == 129], amount: {value: captured_amount}, cumulative: true}
`}
}

func (h *hipay) begins(t *till, purchase string) *Payment {
	p := &Payment{ID: t.number(12), Fields: map[string]string{}}
	set(p.Fields, "cdata1", purchase)
	return p
}

func (h *hipay) news(t *till, p *Payment, e event) []news {
	status := func(code, message, state string, early bool) news { return h.status(t, p, code, message, state, early) }
	switch e.kind {
	case wasCaptured:
		return []news{status("116", "Authorized", "completed", true), status("117", "Capture Requested", "completed", true), status("118", "Captured", "completed", false)}
	case wasAuthorised:
		return []news{status("116", "Authorized", "completed", false)}
	case wasPending:
		return []news{status("200", "Pending Payment", "pending", false)}
	case wasFailed:
		return []news{status("113", "Refused", "declined", false)}
	case wasExpired:
		return []news{status("114", "Expired", "declined", false)}
	case wasVoided, wasCancelled:
		return []news{status("115", "Cancelled", "declined", false)}
	case wasRefunded:
		done := status("125", "Refunded", "completed", false)
		if rat(p.Refunded).Cmp(rat(p.Captured)) < 0 {
			done = status("126", "Partially Refunded", "completed", false)
		}
		return []news{status("124", "Refund Requested", "completed", true), done}
	case wasReversed:
		return []news{status("129", "Charged Back", "completed", false)}
	}
	return nil
}

// status is one form. Amounts are decimals, and sums over the transaction.
func (h *hipay) status(t *till, p *Payment, code, message, state string, early bool) news {
	amount := func(value string) string { return minus(zero(value), "0", decimals(p.Currency)) }
	captured := p.Captured
	if code == "116" {
		captured = ""
	}
	fields := [][2]string{{"state", state}, {"reason", ""}, {"test", map[bool]string{true: "false", false: "true"}[h.live]}, {"mid", h.mid}, {"attempt_id", "1"},
		{"authorization_code", "123456"}, {"transaction_reference", p.ID}, {"date_created", hipayTime(p.Created)}, {"date_updated", hipayTime(t.now())},
		{"status", code}, {"message", message}, {"authorized_amount", amount(p.Value)}, {"captured_amount", amount(captured)},
		{"refunded_amount", amount(p.Refunded)}, {"decimals", "2"}, {"currency", p.Currency}, {"ip_address", "192.0.2.7"}, {"cdata1", p.Fields["cdata1"]},
		{"payment_product", "visa"}, {"payment_method[brand]", "VISA"}, {"order[id]", "ORD-" + p.ID}, {"order[amount]", amount(p.Value)}, {"order[currency]", p.Currency}}
	fields = slices.DeleteFunc(fields, func(f [2]string) bool { return f[0] == "cdata1" && f[1] == "" })
	pairs := make([]string, 0, len(fields))
	for _, f := range fields {
		name := f[0]
		if h.escapes {
			name = url.QueryEscape(name)
		}
		pairs = append(pairs, name+"="+url.QueryEscape(f[1]))
	}
	return news{name: code, early: early, body: []byte(strings.Join(pairs, "&"))}
}

func hipayTime(at time.Time) string { return at.Format("2006-01-02T15:04:05-0700") }

func (h *hipay) sign(n news, _ time.Time, key string) Notice {
	sum := sha256.Sum256(append(slices.Clone(n.body), key...))
	return Notice{Body: n.body, Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "X-Allopass-Signature": {hex.EncodeToString(sum[:])}}}
}
