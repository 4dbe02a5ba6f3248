package providersim

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Braintree is one simulated gateway at Braintree: bank debits of the organiser's own page, and the webhooks that tell of them.
type Braintree struct {
	*till
	public, private string
	variant         BraintreeVariant
}

// A BraintreeVariant is what Braintree's documents leave open, or what a gateway may be. The zero value is the usual one.
type BraintreeVariant struct {
	TwoKeys   bool // the gateway has another API key, which signs too
	Lines     bool // the payload has short lines
	Restamped bool // a repeat has the time of the repeat
	Disbursed bool // a settled transaction is told of again when it is disbursed
	Bare      bool // amounts have no trailing zeros
	Attended  bool // the transaction is told of with all that belongs to it
}

const braintreeAccount = "simulated_account"

func init() { register("braintree", func(c Config) Simulator { return NewBraintree(c) }) }

// NewBraintree makes a simulator. Its seed chooses the variant; seed 0 is the usual one.
func NewBraintree(c Config) *Braintree {
	mode := "sandbox"
	if c.Live {
		mode = "live"
	}
	private := sha1.Sum([]byte("simulated braintree " + mode))
	b := &Braintree{public: mode + "_simulated_key", private: hex.EncodeToString(private[:16])}
	if c.Seed != 0 {
		chance := rand.New(rand.NewPCG(c.Seed, 11))
		coin := func() bool { return chance.IntN(2) == 0 }
		b.variant = BraintreeVariant{coin(), coin(), coin(), coin(), coin(), coin()}
	}
	b.till = newTill(c, b, braintreeRetries(c.Live))
	return b
}

// braintreeRetries: every hour, for a day in production and for three hours in the sandbox.
//
// Source: Braintree documentation, webhooks.
func braintreeRetries(live bool) func(int) (time.Duration, bool) {
	most := 3
	if live {
		most = 24
	}
	return func(try int) (time.Duration, bool) { return time.Hour, try <= most }
}

// Vary chooses the variant.
func (b *Braintree) Vary(v BraintreeVariant) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.variant = v
}

// Manners implements Simulator: it has no page of its own.
func (b *Braintree) Manners() Manners { return Manners{NamesNobody: true} }

// Settings implements Simulator.
func (b *Braintree) Settings(callback string) Settings {
	b.SetCallback(callback)
	return Settings{Kind: "braintree", Reference: "{purchase: order_id}",
		Section: "public_key: " + b.public + "\nprivate_key: file:{dir}/braintree-key\nmerchant_accounts: [" + braintreeAccount + "]\n",
		Files:   map[string]string{"braintree-key": b.private + "\n"}}
}

// Control implements Simulator.
func (b *Braintree) Control() http.Handler { return control(b, b.state) }

// Handler implements Simulator: nothing of the API is needed by those who only listen.
func (b *Braintree) Handler() http.Handler { return http.NotFoundHandler() }

func (b *Braintree) back(*Payment, action) way { return way{} }

// Button implements Simulator.
func (b *Braintree) Button(p ButtonPayment) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.pay(&Payment{ID: strings.ToLower(b.id("", 8)), Fields: map[string]string{"order": p.Purchase}}, p)
}

// Return takes back what had settled, as the payer's bank does with a debit.
func (b *Braintree) Return(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.payments[id]
	if p == nil {
		return ErrNoPayment
	}
	b.emit(p, "transaction_settlement_declined", false, b.transaction(p.ID, "sale", "settlement_declined", p.Value, p, ""))
	return nil
}

// moved sends the webhooks that a gateway has for bank debits.
func (b *Braintree) moved(p *Payment, e event) {
	switch e.kind {
	case wasCaptured:
		t := b.transaction(p.ID, "sale", "settled", p.Value, p, "")
		b.emit(p, "transaction_settled", true, t)
		if b.variant.Disbursed {
			b.emit(p, "transaction_disbursed", false, t)
		}
	case wasFailed:
		b.emit(p, "transaction_settlement_declined", true, b.transaction(p.ID, "sale", "settlement_declined", p.Value, p, ""))
	case wasRefunded:
		e.refund.ID = strings.ToLower(b.id("", 8))
		b.emit(p, "transaction_settled", false, b.transaction(e.refund.ID, "credit", "settled", e.refund.Value, p, p.ID))
	case wasReversed:
		e.refund.ID = strings.ToLower(b.id("", 16))
		b.emit(p, "dispute_opened", false, b.dispute(p, e.refund, "open"))
	}
}

// amount is a decimal as the gateway writes it.
func (b *Braintree) amount(value string) string {
	if b.variant.Bare && strings.Contains(value, ".") {
		return strings.TrimRight(strings.TrimRight(value, "0"), ".")
	}
	return value
}

// transaction is a transaction as XML. Held: mu.
func (b *Braintree) transaction(id, kind, status, value string, p *Payment, refunds string) string {
	extra := ""
	if b.variant.Attended {
		extra = `<created-at type="datetime">2026-11-25T10:00:00Z</created-at><custom-fields/><add-ons type="array"/><status-history type="array">` +
			`<status-event><status>submitted_for_settlement</status></status-event><status-event><status>` + status + `</status></status-event></status-history>` +
			`<us-bank-account><last-4>1234</last-4><account-type>checking</account-type></us-bank-account><tax-amount nil="true"/>`
	}
	order := `<order-id nil="true"/>`
	if p.Fields["order"] != "" {
		order = "<order-id>" + html.EscapeString(p.Fields["order"]) + "</order-id>"
	}
	if refunds != "" {
		extra += "<refunded-transaction-id>" + refunds + "</refunded-transaction-id>"
	}
	return "<transaction><id>" + id + "</id><status>" + status + "</status><type>" + kind + "</type><currency-iso-code>" + p.Currency +
		"</currency-iso-code><amount>" + b.amount(value) + "</amount><merchant-account-id>" + braintreeAccount + "</merchant-account-id>" +
		"<payment-instrument-type>us_bank_account</payment-instrument-type>" + order + extra + "</transaction>"
}

// dispute is a dispute as XML. Held: mu.
func (b *Braintree) dispute(p *Payment, r *Refund, status string) string {
	return "<dispute><id>" + r.ID + "</id><amount>" + b.amount(r.Value) + "</amount><amount-disputed>" + b.amount(r.Value) + "</amount-disputed>" +
		"<amount-won>0.00</amount-won><currency-iso-code>" + p.Currency + "</currency-iso-code><kind>chargeback</kind><merchant-account-id>" + braintreeAccount +
		"</merchant-account-id><reason>fraud</reason><status>" + status + `</status><evidence type="array"/><transaction><id>` + p.ID + "</id><amount>" +
		b.amount(p.Value) + `</amount><order-id nil="true"/></transaction></dispute>`
}

// emit sends a webhook. Held: mu.
func (b *Braintree) emit(p *Payment, kind string, early bool, subject string) {
	begun, v := b.now(), b.variant
	b.send(p.ID, kind, early, func(at time.Time, _ int) Notice {
		if !v.Restamped {
			at = begun
		}
		return b.written(v, at, kind, subject)
	})
}

// Signed is a genuine webhook of any kind and subject, triggered at that time.
func (b *Braintree) Signed(at time.Time, kind, subject string) Notice {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.written(b.variant, at, kind, subject)
}

func (b *Braintree) written(v BraintreeVariant, at time.Time, kind, subject string) Notice {
	return b.signed(v, "<notification>\n    <timestamp type=\"datetime\">"+at.UTC().Format("2006-01-02T15:04:05Z")+"</timestamp>\n    <kind>"+kind+
		"</kind>\n    <subject>"+subject+"</subject>\n</notification>")
}

// SignedXML is a genuine webhook of any text.
func (b *Braintree) SignedXML(text string) Notice {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.signed(b.variant, text)
}

func (b *Braintree) signed(v BraintreeVariant, text string) Notice {
	payload := base64.StdEncoding.EncodeToString([]byte(text)) + "\n"
	if v.Lines {
		payload = inLines(strings.TrimSuffix(payload, "\n"), 60)
	}
	pairs := b.public + "|" + braintreeSign(b.private, payload)
	if v.TwoKeys {
		pairs = "another_key_00001|" + braintreeSign("another private key", payload) + "&" + pairs
	}
	return braintreeNotice(url.Values{"bt_signature": {pairs}, "bt_payload": {payload}})
}

func braintreeNotice(form url.Values) Notice {
	return Notice{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {"Braintree Webhooks (simulated)"}},
		Body: []byte(form.Encode())}
}

func inLines(text string, width int) string {
	var lines strings.Builder
	for len(text) > width {
		lines.WriteString(text[:width] + "\n")
		text = text[width:]
	}
	return lines.String() + text + "\n"
}

func braintreeSign(private, text string) string {
	key := sha1.Sum([]byte(private))
	mac := hmac.New(sha1.New, key[:])
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}

// Challenge is what a destination is asked when it is registered, and what it must answer.
func (b *Braintree) Challenge() (n Notice, answer string) {
	const asked = "20f9f8ed05f77439fe955c977e4c8a53"
	return Notice{Method: http.MethodGet, Query: "bt_challenge=" + asked, Header: http.Header{}}, b.public + "|" + braintreeSign(b.private, asked)
}

// Forgeries implements Simulator: unsigned, signed by another key or with another one's name, by the libraries' keys, stale, with our
// key twice, and changed.
func (b *Braintree) Forgeries(f Forgery) []Notice {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := &Payment{ID: "forged01", Value: f.Value, Currency: f.Currency, Fields: map[string]string{"order": f.Purchase}}
	subject := b.transaction(p.ID, "sale", "settled", f.Value, p, "")
	now := b.cfg.Now()
	genuine := b.written(BraintreeVariant{}, now, "transaction_settled", subject)
	form, err := url.ParseQuery(string(genuine.Body))
	if err != nil {
		panic(fmt.Sprintf("providersim: read a webhook of our own: %v", err))
	}
	payload, pair := form.Get("bt_payload"), form.Get("bt_signature")
	by := func(signature string) Notice {
		return braintreeNotice(url.Values{"bt_signature": {signature}, "bt_payload": {payload}})
	}
	declined := b.written(BraintreeVariant{}, now, "transaction_settled", b.transaction(p.ID, "sale", "voided", f.Value, p, ""))
	other, _ := url.ParseQuery(string(declined.Body)) // as above
	return []Notice{
		braintreeNotice(url.Values{"bt_payload": {payload}}),
		by(b.public + "|"),
		by(b.public + "|" + braintreeSign("somebody else's", payload)),
		by("somebody_elses_key|" + braintreeSign(b.private, payload)),
		by("integration_public_key|" + braintreeSign("integration_private_key", payload)),
		by(pair + "&" + pair),
		by(other.Get("bt_signature")),
		b.written(b.variant, now.Add(-48*time.Hour), "transaction_settled", subject),
	}
}
