package providersim

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// An Authorization is money that is reserved, and what became of it.
type Authorization struct {
	ID       string    `json:"id"`
	OrderID  string    `json:"order_id"`
	Status   string    `json:"status"`
	Amount   Amount    `json:"amount"`
	Captured string    `json:"captured,omitempty"` // decimal, sum of its captures
	Created  time.Time `json:"created"`
	Updated  time.Time `json:"updated"`
}

const (
	orderLives         = 3 * time.Hour       // until a buyer's yes is worth nothing any more
	authorizationLives = 29 * 24 * time.Hour // until PayPal lets go of what is reserved
)

func (p *PayPal) expired(o *Order) bool { return p.now().Sub(o.Created) > orderLives }

// Authorizations are all authorizations.
func (p *PayPal) Authorizations() []Authorization {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Authorization
	for _, id := range p.sequence {
		for _, a := range p.orders[id].Holds {
			all = append(all, *p.hold(a))
		}
	}
	return all
}

// Expire lets go of what an order reserves before its time.
func (p *PayPal) Expire(order string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.orders[order]
	if o == nil || len(o.Holds) == 0 {
		return ErrNoPayment
	}
	a := p.hold(o.Holds[len(o.Holds)-1])
	if a.Status != "CREATED" {
		return errNotNow
	}
	a.Status, a.Updated = "EXPIRED", p.now()
	return nil
}

// hold is an authorization as it stands now; nil where there is none. Held: p.mu.
func (p *PayPal) hold(id string) *Authorization {
	a := p.holds[id]
	if a != nil && a.Status == "CREATED" && p.now().Sub(a.Created) > authorizationLives {
		a.Status = "EXPIRED"
	}
	return a
}

// authorizeOrder reserves the money of an approved order.
func (p *PayPal) authorizeOrder(r *http.Request, _ []byte) reply {
	o := p.orders[r.PathValue("id")]
	switch {
	case o == nil:
		return notFound
	case o.Intent != "AUTHORIZE":
		return unprocessable("ACTION_DOES_NOT_MATCH_INTENT")
	case len(o.Holds) > 0:
		return unprocessable("ORDER_ALREADY_AUTHORIZED")
	case p.expired(o):
		return unprocessable("ORDER_EXPIRED")
	case o.Status != "APPROVED":
		return unprocessable("ORDER_NOT_APPROVED")
	case p.declines[o.ID] > 0:
		p.declines[o.ID]--
		o.Declined++
		o.Status = "PAYER_ACTION_REQUIRED"
		return unprocessable("INSTRUMENT_DECLINED")
	}
	a := &Authorization{ID: p.id("8A"), OrderID: o.ID, Status: "CREATED", Amount: o.Amount, Created: p.now(), Updated: p.now()}
	p.holds[a.ID] = a
	o.Holds, o.Status = append(o.Holds, a.ID), "COMPLETED"
	p.emit(o.ID, "PAYMENT.AUTHORIZATION.CREATED", "authorization", p.holdJSON(a))
	return reply{status: http.StatusCreated, body: p.orderJSON(o, true)}
}

// holdJSON is an authorization on the wire. Held: p.mu.
func (p *PayPal) holdJSON(a *Authorization) map[string]any {
	o, self := p.orders[a.OrderID], p.base+"/v2/payments/authorizations/"+a.ID
	out := map[string]any{"id": a.ID, "status": a.Status, "amount": a.Amount, "create_time": stamp(a.Created), "update_time": stamp(a.Updated),
		"expiration_time":    stamp(a.Created.Add(authorizationLives)),
		"supplementary_data": map[string]any{"related_ids": map[string]string{"order_id": a.OrderID}},
		"payee":              map[string]string{"merchant_id": p.cfg.MerchantID, "email_address": p.cfg.ReceiverEmail},
		"links": []map[string]string{{"href": self, "rel": "self", "method": "GET"}, {"href": self + "/capture", "rel": "capture", "method": "POST"},
			{"href": self + "/void", "rel": "void", "method": "POST"}, {"href": p.base + "/v2/checkout/orders/" + a.OrderID, "rel": "up", "method": "GET"}}}
	put(out, "custom_id", o.CustomID)
	put(out, "invoice_id", o.InvoiceID)
	return out
}

// holdsJSON lists an order's authorizations. Held: p.mu.
func (p *PayPal) holdsJSON(o *Order) []any {
	var holds []any
	for _, id := range o.Holds {
		a := p.holdJSON(p.hold(id))
		delete(a, "supplementary_data")
		delete(a, "payee")
		holds = append(holds, a)
	}
	return holds
}

func (p *PayPal) getAuthorization(r *http.Request, _ []byte) reply {
	a := p.hold(r.PathValue("id"))
	if a == nil {
		return notFound
	}
	return done(p.holdJSON(a))
}

// captureAuthorization takes what is reserved, all that is left or a part.
func (p *PayPal) captureAuthorization(r *http.Request, body []byte) reply {
	var req struct {
		Amount Amount `json:"amount"`
		Final  bool   `json:"final_capture"`
	}
	if len(body) > 0 && json.Unmarshal(body, &req) != nil {
		return failure(http.StatusBadRequest, "INVALID_REQUEST", "MALFORMED_REQUEST_JSON")
	}
	a := p.hold(r.PathValue("id"))
	if a == nil {
		return notFound
	}
	if req.Amount.Value == "" {
		req.Amount = Amount{CurrencyCode: a.Amount.CurrencyCode, Value: minus(a.Amount.Value, zero(a.Captured), payPalDecimals(a.Amount.CurrencyCode))}
	}
	if issue := a.against(req.Amount); issue != "" {
		return unprocessable(issue)
	}
	c := &Capture{Status: "COMPLETED", Amount: req.Amount, Hold: a.ID}
	if p.declines[a.ID] > 0 {
		p.declines[a.ID]--
		c.Status = "DECLINED"
	} else {
		a.take(req.Amount, req.Final, p.now())
	}
	return reply{status: http.StatusCreated, body: p.captureJSON(p.collect(p.orders[a.OrderID], c))}
}

// against is what stands against taking the amount; "" for nothing.
func (a *Authorization) against(amount Amount) string {
	switch a.Status {
	case "VOIDED", "EXPIRED", "DENIED":
		return "AUTHORIZATION_" + a.Status
	case "CAPTURED":
		return "AUTHORIZATION_ALREADY_CAPTURED"
	}
	switch {
	case amount.CurrencyCode != a.Amount.CurrencyCode:
		return "AUTH_CAPTURE_CURRENCY_MISMATCH"
	case amount.check() != "":
		return amount.check()
	case rat(amount.Value).Cmp(rat(minus(a.Amount.Value, zero(a.Captured), payPalDecimals(a.Amount.CurrencyCode)))) > 0:
		return "MAX_CAPTURE_AMOUNT_EXCEEDED"
	}
	return ""
}

func (a *Authorization) take(amount Amount, final bool, now time.Time) {
	a.Captured = minus(zero(a.Captured), "-"+amount.Value, payPalDecimals(amount.CurrencyCode))
	a.Status, a.Updated = "PARTIALLY_CAPTURED", now
	if final || rat(a.Captured).Cmp(rat(a.Amount.Value)) == 0 {
		a.Status = "CAPTURED"
	}
}

// voidAuthorization gives back what is reserved.
func (p *PayPal) voidAuthorization(r *http.Request, _ []byte) reply {
	a := p.hold(r.PathValue("id"))
	if a == nil {
		return notFound
	}
	switch a.Status {
	case "VOIDED":
		return unprocessable("PREVIOUSLY_VOIDED")
	case "CAPTURED", "PARTIALLY_CAPTURED":
		return unprocessable("PREVIOUSLY_CAPTURED")
	case "EXPIRED", "DENIED":
		return unprocessable("CANNOT_BE_VOIDED")
	}
	a.Status, a.Updated = "VOIDED", p.now()
	if p.cfg.VoidsOrder {
		p.orders[a.OrderID].Status = "VOIDED"
	}
	p.emit(a.OrderID, "PAYMENT.AUTHORIZATION.VOIDED", "authorization", p.holdJSON(a))
	if strings.Contains(r.Header.Get("Prefer"), "return=representation") {
		return done(p.holdJSON(a))
	}
	return reply{status: http.StatusNoContent}
}
