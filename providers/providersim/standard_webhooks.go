package providersim

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// standardWebhooks is a sender that keeps to Standard Webhooks 1.0.0: with shared secrets, of which the old one signs beside the new one
// while it is rolled, or with an Ed25519 key pair. What its events say is made up on the envelope that the specification recommends.
//
// Source: Standard Webhooks specification 1.0.0.
type standardWebhooks struct {
	live     bool
	pair     ed25519.PrivateKey // nil: shared secrets
	merchant string
}

const (
	rolledSecret   = "whsec_b2xkLXNlY3JldC1vZi10aGUtc2ltdWxhdG9yMDE="
	standardSecret = "whsec_bmV3LXNlY3JldC1vZi10aGUtc2ltdWxhdG9yMDI="
)

func init() {
	register("standard-webhooks", func(c Config) Simulator { return NewStandardWebhooks(c) })
}

// NewStandardWebhooks makes a simulator. Seeds that are odd sign with a key pair.
func NewStandardWebhooks(c Config) *Notifier {
	v := &standardWebhooks{live: c.Live, merchant: "org_simulated"}
	if c.Seed%2 == 1 {
		seed := sha256.Sum256([]byte("the simulator's key pair"))
		v.pair = ed25519.NewKeyFromSeed(seed[:])
	}
	return newNotifier(c, v, later(5*time.Second, 5*time.Minute, 30*time.Minute, 2*time.Hour, 5*time.Hour, 10*time.Hour, 14*time.Hour, 20*time.Hour, 24*time.Hour))
}

func (s *standardWebhooks) key() string {
	if s.pair != nil {
		return "whpk_" + base64.StdEncoding.EncodeToString(s.pair.Public().(ed25519.PublicKey))
	}
	return standardSecret
}

func (s *standardWebhooks) stales() bool { return true }

func (s *standardWebhooks) elsewhere() []voice {
	other, mode := *s, *s
	other.merchant, mode.live = "org_somebody", !s.live
	return []voice{&other, &mode}
}

func (s *standardWebhooks) settings(string) Settings {
	auth := `  kind: hmac
  keys: [file:{dir}/standard-webhooks-new, file:{dir}/standard-webhooks-old]
  key_encoding: whsec
  signature: {from: header:webhook-signature, layout: space-versioned, element: v1, encoding: base64}
`
	files := map[string]string{"standard-webhooks-new": standardSecret + "\n", "standard-webhooks-old": rolledSecret + "\n"}
	if s.pair != nil {
		auth = `  kind: ed25519
  keys: [file:{dir}/standard-webhooks-public]
  key_encoding: whpk
  signature: {from: header:webhook-signature, layout: space-versioned, element: v1a, encoding: base64}
`
		files = map[string]string{"standard-webhooks-public": s.key() + "\n"}
	}
	return Settings{Reference: "{purchase: /data/metadata/purchase_id}", Files: files, Section: `provider: the simulated sender
auth:
` + auth + `  content: [id, "text:.", timestamp, "text:.", body]
  id: header:webhook-id
  timestamp: {from: header:webhook-timestamp, tolerance: 5m}
live: [/data/livemode == true]
merchant: {field: /data/organisation, is: org_simulated}
payment: /data/payment_id
amount: {value: /data/amount, form: decimal-string, currency: /data/currency}
at: {field: /data/occurred_at}
tells:
  - {fact: paid, when: [/type == payment.succeeded]}
  - {fact: pending, when: [/type == payment.processing], reason: /data/reason}
  - {fact: failed, when: [/type == payment.failed], reason: /data/reason}
  - {fact: lapsed, when: [/type == payment.expired]}
  - {fact: refunded, when: [/type in refund.created|refund.succeeded], object: /data/refund_id}
  - {fact: refund_failed, when: [/type == refund.failed], object: /data/refund_id}
  - {fact: reversed, when: [/type == dispute.opened], object: /data/dispute_id}
  - {fact: reversal_undone, when: [/type == dispute.won], object: /data/dispute_id}
`}
}

func (s *standardWebhooks) begins(t *till, purchase string) *Payment {
	p := &Payment{ID: t.id("pay_", 20), Fields: map[string]string{}}
	set(p.Fields, "purchase_id", purchase)
	return p
}

func (s *standardWebhooks) news(t *till, p *Payment, e event) []news {
	kind := map[eventKind]string{wasCaptured: "payment.succeeded", wasPending: "payment.processing", wasFailed: "payment.failed", wasExpired: "payment.expired",
		wasCancelled: "payment.expired", wasRefunded: "refund.succeeded", wasReversed: "dispute.opened"}[e.kind]
	if kind == "" {
		return nil
	}
	data := map[string]any{"payment_id": p.ID, "organisation": s.merchant, "livemode": s.live, "amount": p.Value, "currency": p.Currency,
		"metadata": p.Fields, "occurred_at": t.now().Format(time.RFC3339)}
	put(data, "reason", p.Reason)
	if e.refund != nil {
		data["amount"] = e.refund.Value
		data[map[bool]string{true: "dispute_id", false: "refund_id"}[e.refund.Reversal]] = e.refund.ID
	}
	return []news{{name: kind, id: t.id("msg_", 24), body: encode(map[string]any{"type": kind, "timestamp": t.now().Format(time.RFC3339), "data": data})}}
}

func (s *standardWebhooks) sign(n news, at time.Time, key string) Notice {
	stamp := strconv.FormatInt(at.Unix(), 10)
	text := []byte(n.id + "." + stamp + "." + string(n.body))
	var signatures []string
	switch {
	case s.pair != nil && key == s.key():
		signatures = []string{"v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(s.pair, text))}
	case s.pair != nil:
		stranger := sha256.Sum256([]byte(key))
		signatures = []string{"v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(ed25519.NewKeyFromSeed(stranger[:]), text))}
	case key == s.key():
		signatures = []string{sharedSignature(rolledSecret, text), sharedSignature(standardSecret, text)}
	default:
		signatures = []string{sharedSignature(key, text)}
	}
	return Notice{Body: n.body, Header: http.Header{"Content-Type": {"application/json"}, "Webhook-Id": {n.id}, "Webhook-Timestamp": {stamp},
		"Webhook-Signature": {strings.Join(signatures, " ")}}}
}

func sharedSignature(secret string, text []byte) string {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		raw = []byte(secret)
	}
	h := hmac.New(sha256.New, raw)
	h.Write(text)
	return "v1," + base64.StdEncoding.EncodeToString(h.Sum(nil))
}
