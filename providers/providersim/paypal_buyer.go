package providersim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"
)

var payPalPage = template.Must(template.New("pay").Parse(`<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Simulated PayPal</title>
<style>body{font:16px system-ui;max-width:24rem;margin:4rem auto;padding:0 1rem}button{font:inherit;padding:.6rem 1rem;margin:.3rem 0;width:100%}</style></head>
<body><h1>Simulated PayPal</h1><p>Pay {{.Amount.Value}} {{.Amount.CurrencyCode}}?</p>
<form method="post" action="/checkoutnow?token={{.ID}}" data-payment="{{.ID}}"><button name="action" value="pay">Pay</button>
<button name="action" value="decline">Pay with a card that will be declined</button><button name="action" value="cancel">Cancel</button></form></body></html>
`))

// showPage shows the order to the buyer.
func (p *PayPal) showPage(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	o := p.orders[r.URL.Query().Get("token")]
	p.mu.Unlock()
	if o == nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = payPalPage.Execute(w, o) // the browser went away
}

// pressButton does what the buyer chose and sends the browser back to the merchant.
func (p *PayPal) pressButton(w http.ResponseWriter, r *http.Request) {
	id := r.URL.Query().Get("token")
	p.mu.Lock()
	o := p.orders[id]
	p.mu.Unlock()
	if o == nil {
		http.NotFound(w, r)
		return
	}
	back := o.ReturnURL
	switch r.FormValue("action") {
	case "cancel":
		back = o.CancelURL
	case "decline":
		p.DeclineNextCapture(id)
		fallthrough
	default:
		if err := p.Approve(id); err != nil {
			http.Error(w, err.Error(), http.StatusConflict)
			return
		}
	}
	http.Redirect(w, r, withToken(back, id, r.FormValue("action") != "cancel"), http.StatusSeeOther)
}

// withToken adds what PayPal adds to the merchant's address; a query of the merchant's own stays.
func withToken(address, order string, approved bool) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	q := u.Query()
	q.Set("token", order)
	if approved {
		q.Set("PayerID", "SIMPAYER00001")
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// Approve is the buyer's yes at the pay page.
func (p *PayPal) Approve(order string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.orders[order]
	switch {
	case o == nil:
		return ErrNoPayment
	case o.Status == "COMPLETED" || o.Status == "VOIDED" || p.expired(o):
		return ErrTooLate
	}
	o.Status = "APPROVED"
	p.emit(o.ID, "CHECKOUT.ORDER.APPROVED", "checkout-order", p.orderJSON(o, true))
	return nil
}

// A PayPalPayment is a payment on the organiser's own page: captured at once, and only notifications tell of it.
type PayPalPayment struct {
	CustomID  string `json:"custom_id"`
	InvoiceID string `json:"invoice_id"`
	Value     string `json:"value"`
	Currency  string `json:"currency"`
	Pending   string `json:"pending"` // a reason such as ECHECK: captured as pending
	Shape     Shape  `json:"-"`
}

// Buy pays and returns the order and the capture.
func (p *PayPal) Buy(b PayPalPayment) (order, capture string, err error) {
	amount := Amount{CurrencyCode: b.Currency, Value: b.Value}
	if issue := amount.check(); issue != "" {
		return "", "", fmt.Errorf("pay %s %s: %s", b.Value, b.Currency, issue)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	o := &Order{ID: p.id("5A"), Intent: "CAPTURE", CustomID: b.CustomID, InvoiceID: b.InvoiceID, Amount: amount, Created: p.now(), Organisers: true}
	p.orders[o.ID], p.shapes[o.ID] = o, b.Shape
	p.sequence = append(p.sequence, o.ID)
	status := "COMPLETED"
	if b.Pending != "" {
		status = "PENDING"
	}
	return o.ID, p.collect(o, &Capture{Status: status, Reason: b.Pending, Amount: o.Amount}).ID, nil
}

// Settle ends a pending capture: paid, or denied. It goes by its own id or by its order's.
func (p *PayPal) Settle(id string, paid bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.captureOf(id)
	if c == nil || c.Status != "PENDING" {
		return ErrNoPayment
	}
	c.Status, c.Reason, c.Updated = "DECLINED", "", p.now()
	kind := "PAYMENT.CAPTURE.DENIED"
	if paid {
		c.Status, kind = "COMPLETED", "PAYMENT.CAPTURE.COMPLETED"
	}
	p.emit(c.OrderID, kind, "capture", p.captureJSON(c))
	return nil
}

// captureOf is the capture of that id, or the last one of the order. Held: p.mu.
func (p *PayPal) captureOf(id string) *Capture {
	if o := p.orders[id]; o != nil && len(o.Captures) > 0 {
		id = o.Captures[len(o.Captures)-1]
	}
	return p.captures[id]
}

// GiveBack refunds a capture in the merchant's back office, or reverses it as PayPal does; "" is all that is left.
func (p *PayPal) GiveBack(id, value string, reversal bool) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.captureOf(id)
	if c == nil {
		return ErrNoPayment
	}
	amount := Amount{Value: value}
	if value != "" {
		amount.CurrencyCode = c.Amount.CurrencyCode
	}
	if _, issue := p.refund(c, amount, reversal); issue != "" {
		return errors.New(issue)
	}
	return nil
}

// Forgeries are unsigned, signed by somebody else, signed by PayPal for another webhook, and a genuine one whose body was changed.
func (p *PayPal) Forgeries(f Forgery) []Notice {
	body, err := json.Marshal(map[string]any{"id": "WH-FORGED", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource_type": "capture", "resource_version": "2.0",
		"create_time": stamp(p.now()), "resource": map[string]any{"id": "3CFORGED000000001", "status": "COMPLETED", "custom_id": f.Purchase,
			"amount": Amount{CurrencyCode: f.Currency, Value: f.Value}}})
	if err != nil {
		panic(fmt.Sprintf("providersim: write a forgery: %v", err))
	}
	hook := ""
	if hooks := p.Webhooks(); len(hooks) > 0 {
		hook = hooks[0].ID
	}
	foreign := p.Sign(hook, body, p.now())
	foreign.Set("PAYPAL-TRANSMISSION-SIG", signWith(keys.of(keyOfForger), foreign.Get("PAYPAL-TRANSMISSION-ID"), foreign.Get("PAYPAL-TRANSMISSION-TIME"), hook, body))
	return []Notice{
		{Header: http.Header{"Content-Type": {"application/json"}}, Body: body},
		{Header: foreign, Body: body},
		{Header: p.Sign("0WH00000ANOTHER01", body, p.now()), Body: body},
		{Header: p.Sign(hook, body, p.now()), Body: bytes.Replace(body, []byte("FORGED"), []byte("FORGER"), 1)},
	}
}

// SetIPN says where IPN messages go; "" for nowhere.
func (p *PayPal) SetIPN(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ipnURL = address
}

// emitIPN tells of a capture in the older form. Held: p.mu.
func (p *PayPal) emitIPN(o *Order, c *Capture) {
	if p.ipnURL == "" {
		return
	}
	form := []string{"mc_gross=" + url.QueryEscape(c.Amount.Value), "payment_status=Completed", "charset=windows-1252", "first_name=Andr%E9",
		"custom=" + url.QueryEscape(o.CustomID), "invoice=" + url.QueryEscape(o.InvoiceID), "receiver_email=" + url.QueryEscape(p.cfg.ReceiverEmail),
		"receiver_id=" + p.cfg.MerchantID, "txn_id=" + c.ID, "mc_currency=" + c.Amount.CurrencyCode, "txn_type=web_accept",
		"payment_date=" + url.QueryEscape(c.Created.In(time.FixedZone("PST", -8*3600)).Format("15:04:05 Jan 02, 2006 MST"))}
	if !p.cfg.Live {
		form = append(form, "test_ipn=1")
	}
	body := []byte(strings.Join(form, "&"))
	p.ipnSent[string(body)] = true
	p.sendTo(p.ipnURL, o.ID, "IPN", false, func(time.Time, int) Notice {
		return Notice{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {"PayPal IPN (simulated)"}}, Body: body}
	})
}

// checkIPN says VERIFIED to the very bytes it sent, and INVALID to anything else.
func (p *PayPal) checkIPN(w http.ResponseWriter, r *http.Request) {
	if r.UserAgent() == "" {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	seen := p.remember(r, "verify", "", nil)
	if f := p.misfortune("verify"); p.spoil(w, r, f, seen, rateLimited) {
		return
	}
	var b bytes.Buffer
	_, err := b.ReadFrom(http.MaxBytesReader(w, r.Body, maxBody))
	sent, ok := strings.CutPrefix(b.String(), "cmd=_notify-validate&")
	p.mu.Lock()
	known := err == nil && ok && p.ipnSent[sent]
	p.mu.Unlock()
	verdict := "INVALID"
	if known {
		verdict = "VERIFIED"
	}
	p.write(w, seen, reply{status: http.StatusOK, raw: []byte(verdict), kind: "text/html; charset=UTF-8"})
}
