package providersim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// mollieExpiry is how long a payment stays open: that of iDEAL and cards.
const mollieExpiry = 15 * time.Minute

var mollieLocales = []string{"", "en_US", "en_GB", "nl_NL", "nl_BE", "de_DE", "de_AT", "de_CH", "fr_FR", "fr_BE", "es_ES", "ca_ES", "pt_PT", "it_IT"}

// mollieOrder is what a payment is made of.
type mollieOrder struct {
	Amount struct {
		Currency, Value string
	}
	Description string
	RedirectURL string `json:"redirectUrl"`
	CancelURL   string `json:"cancelUrl"`
	WebhookURL  string `json:"webhookUrl"`
	Locale      string
	CaptureMode string          `json:"captureMode"`
	Metadata    json.RawMessage `json:"metadata"`
}

func (m *Mollie) createPayment(_ *http.Request, body []byte) reply {
	var o mollieOrder
	if json.Unmarshal(body, &o) != nil {
		return mollieInvalid("")
	}
	if field := m.wrong(o); field != "" {
		return mollieInvalid(field)
	}
	p := &Payment{ID: m.id("tr_", 22), Value: o.Amount.Value, Currency: o.Amount.Currency, Reserve: o.CaptureMode == "manual", Return: o.RedirectURL,
		Cancel: o.CancelURL, Until: m.now().Add(mollieExpiry),
		Fields: map[string]string{"description": cut(o.Description, 255), "metadata": string(o.Metadata), "webhookUrl": o.WebhookURL}}
	m.begin(p)
	return hal(http.StatusCreated, m.paymentJSON(p))
}

// wrong is the field that Mollie would refuse; "" where all is well.
func (m *Mollie) wrong(o mollieOrder) string {
	hook, err := url.Parse(o.WebhookURL)
	local := err != nil || hook.Scheme != "https" || hook.Hostname() == "localhost" || strings.HasPrefix(hook.Hostname(), "127.")
	switch {
	case !mollieDecimal(o.Amount.Value, o.Amount.Currency):
		return "amount"
	case o.Description == "":
		return "description"
	case o.RedirectURL == "":
		return "redirectUrl"
	case o.WebhookURL != "" && m.cfg.Live && local:
		return "webhookUrl"
	case len(o.Metadata) > 1024:
		return "metadata"
	case !slices.Contains(mollieLocales, o.Locale):
		return "locale"
	case o.CaptureMode != "" && o.CaptureMode != "automatic" && o.CaptureMode != "manual":
		return "captureMode"
	}
	return ""
}

func cut(text string, most int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), most)])
}

// ofPayment serves a call about a payment there is.
func (m *Mollie) ofPayment(do func(p *Payment, r *http.Request, body []byte) reply) func(*http.Request, []byte) reply {
	return func(r *http.Request, body []byte) reply {
		p := m.payments[r.PathValue("id")]
		if p == nil {
			return mollieMissing
		}
		m.lapse(p)
		return do(p, r, body)
	}
}

func (m *Mollie) getPayment(p *Payment, r *http.Request, _ []byte) reply {
	return hal(http.StatusOK, m.paymentJSON(p, strings.Split(r.URL.Query().Get("embed"), ",")...))
}

func (m *Mollie) cancelPayment(p *Payment, _ *http.Request, _ []byte) reply {
	switch {
	case !m.vary.Cancelable || p.Status != isOpen && p.Status != isAuthorised:
		return mollieInvalid("")
	case p.Status == isOpen:
		m.move(p, isCancelled, event{kind: wasCancelled})
	default:
		_ = m.end(p) // it is authorised
	}
	return hal(http.StatusOK, m.paymentJSON(p))
}

func (m *Mollie) releasePayment(p *Payment, _ *http.Request, _ []byte) reply {
	if p.Status != isAuthorised {
		return mollieInvalid("")
	}
	if m.vary.SlowRelease {
		m.asked[p.ID] = true
	} else {
		_ = m.end(p) // it is authorised
	}
	return reply{status: http.StatusAccepted}
}

func (m *Mollie) createCapture(p *Payment, _ *http.Request, body []byte) reply {
	var o struct {
		Amount   *struct{ Currency, Value string }
		Metadata any
	}
	if len(bytes.TrimSpace(body)) > 0 && json.Unmarshal(body, &o) != nil {
		return mollieInvalid("")
	}
	c := &mollieCapture{id: m.id("cpt_", 20), value: p.Value, status: "succeeded", metadata: o.Metadata, created: m.now()}
	if o.Amount != nil {
		c.value = o.Amount.Value
		if o.Amount.Currency != p.Currency || !mollieDecimal(c.value, p.Currency) || rat(c.value).Cmp(rat(p.Value)) > 0 {
			return mollieInvalid("amount")
		}
	}
	waiting := slices.ContainsFunc(m.captures[p.ID], func(c *mollieCapture) bool { return c.status == "pending" })
	if p.Status != isAuthorised || waiting {
		return mollieInvalid("")
	}
	m.captures[p.ID] = append(m.captures[p.ID], c)
	if m.vary.SlowCapture {
		c.status = "pending"
	} else {
		_ = m.take(p, c.value) // it is authorised, and not less
	}
	return hal(http.StatusCreated, m.captureJSON(p, c))
}

func (m *Mollie) createRefund(p *Payment, _ *http.Request, body []byte) reply {
	var o struct {
		Amount      struct{ Currency, Value string }
		Description *string
		Metadata    any
	}
	switch err := json.Unmarshal(body, &o); {
	case err != nil, p.Status != isCaptured:
		return mollieInvalid("")
	case o.Amount.Currency != p.Currency || !mollieDecimal(o.Amount.Value, p.Currency):
		return mollieInvalid("amount")
	case o.Description == nil:
		return mollieInvalid("description")
	case o.Metadata == nil:
		return mollieInvalid("metadata")
	}
	r, err := m.giveBack(p, o.Amount.Value, false)
	if err != nil {
		return mollieInvalid("amount")
	}
	m.notes[r.ID] = mollieNote{*o.Description, o.Metadata}
	return hal(http.StatusCreated, m.refundJSON(p, r))
}

// listPayments lists the newest first, with nothing embedded.
func (m *Mollie) listPayments(r *http.Request, _ []byte) reply {
	all := make([]map[string]any, 0, len(m.sequence))
	for _, id := range slices.Backward(m.sequence) {
		all = append(all, m.paymentJSON(m.payments[id]))
	}
	return m.mollieList(r, "payments", all)
}

func (m *Mollie) listParts(name string) func(*Payment, *http.Request, []byte) reply {
	return func(p *Payment, r *http.Request, _ []byte) reply { return m.mollieList(r, name, m.parts(p, name)) }
}

// listAll lists the refunds or the chargebacks of all payments.
func (m *Mollie) listAll(name string) func(*http.Request, []byte) reply {
	return func(r *http.Request, _ []byte) reply {
		var all []map[string]any
		for _, id := range slices.Backward(m.sequence) {
			all = append(all, m.parts(m.payments[id], name)...)
		}
		return m.mollieList(r, name, all)
	}
}

// listGroup is the payments of a payment link, or an order with its payments.
func (m *Mollie) listGroup(r *http.Request, _ []byte) reply {
	payments, ok := m.groups[r.PathValue("id")]
	if !ok {
		return mollieMissing
	}
	all := []map[string]any{}
	for _, id := range slices.Backward(payments) {
		all = append(all, m.paymentJSON(m.payments[id]))
	}
	return m.mollieList(r, "payments", all)
}

func (m *Mollie) getEvent(r *http.Request, _ []byte) reply {
	body := m.events[r.PathValue("id")]
	switch {
	case m.vary.Closed:
		return mollieError(http.StatusForbidden, "Forbidden", "")
	case body == nil:
		return mollieMissing
	}
	return reply{status: http.StatusOK, raw: body, kind: "application/hal+json"}
}

func (m *Mollie) listWebhooks(r *http.Request, _ []byte) reply {
	if m.vary.Closed {
		return mollieError(http.StatusForbidden, "Forbidden", "")
	}
	all := []map[string]any{}
	if m.callback != "" && m.signs {
		all = append(all, map[string]any{"resource": "webhook", "id": "hook_Simulated01", "url": m.callback, "profileId": mollieProfile, "name": "paybridge",
			"status": "enabled", "mode": m.mode(), "eventTypes": mollieEvents})
	}
	return m.mollieList(r, "webhooks", all)
}

func (m *Mollie) getProfile(*http.Request, []byte) reply {
	return hal(http.StatusOK, map[string]any{"resource": "profile", "id": mollieProfile, "mode": m.mode(), "name": "Simulated", "status": "verified"})
}
