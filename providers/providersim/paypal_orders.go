package providersim

import (
	"encoding/json"
	"net/http"
	"time"
)

type orderRequest struct {
	Intent        string `json:"intent"`
	PurchaseUnits []struct {
		CustomID    string `json:"custom_id"`
		InvoiceID   string `json:"invoice_id"`
		Description string `json:"description"`
		Amount      Amount `json:"amount"`
	} `json:"purchase_units"`
	PaymentSource *struct {
		PayPal *struct {
			Context experience `json:"experience_context"`
		} `json:"paypal"`
	} `json:"payment_source"`
	Context experience `json:"application_context"`
}

type experience struct {
	ReturnURL string `json:"return_url"`
	CancelURL string `json:"cancel_url"`
}

func (p *PayPal) createOrder(r *http.Request, body []byte) reply {
	var req orderRequest
	if err := json.Unmarshal(body, &req); err != nil {
		return failure(http.StatusBadRequest, "INVALID_REQUEST", "MALFORMED_REQUEST_JSON")
	}
	wallet := req.PaymentSource != nil && req.PaymentSource.PayPal != nil
	switch {
	case req.PaymentSource != nil && r.Header.Get("PayPal-Request-Id") == "":
		return failure(http.StatusBadRequest, "INVALID_REQUEST", "PAYPAL_REQUEST_ID_REQUIRED")
	case req.Intent != "CAPTURE" && req.Intent != "AUTHORIZE", len(req.PurchaseUnits) != 1:
		return failure(http.StatusBadRequest, "INVALID_REQUEST", "INVALID_PARAMETER_VALUE")
	}
	unit, context := req.PurchaseUnits[0], req.Context
	if wallet {
		context = req.PaymentSource.PayPal.Context
	}
	switch issue := unit.Amount.check(); {
	case issue != "":
		return unprocessable(issue)
	case len(unit.CustomID) > 127, len(unit.InvoiceID) > 127, len(unit.Description) > 127:
		return failure(http.StatusBadRequest, "INVALID_REQUEST", "INVALID_STRING_LENGTH")
	}
	o := &Order{ID: p.id("5A"), Intent: req.Intent, Status: "CREATED", CustomID: unit.CustomID, InvoiceID: unit.InvoiceID, Amount: unit.Amount,
		ReturnURL: context.ReturnURL, CancelURL: context.CancelURL, Created: p.now(), ByWallet: wallet}
	status := http.StatusCreated
	if wallet {
		o.Status, status = "PAYER_ACTION_REQUIRED", http.StatusOK
	}
	p.orders[o.ID] = o
	p.sequence = append(p.sequence, o.ID)
	return reply{status: status, body: p.orderJSON(o, false)}
}

// orderJSON is the order on the wire. Held: p.mu.
func (p *PayPal) orderJSON(o *Order, whole bool) map[string]any {
	page := p.base + "/checkoutnow?token=" + o.ID
	links := []map[string]string{{"href": p.base + "/v2/checkout/orders/" + o.ID, "rel": "self", "method": "GET"}}
	if o.ByWallet {
		links = append(links, map[string]string{"href": page, "rel": "payer-action", "method": "GET"})
	} else {
		links = append(links, map[string]string{"href": page, "rel": "approve", "method": "GET"})
	}
	out := map[string]any{"id": o.ID, "status": o.Status, "links": links}
	if !whole {
		if o.ByWallet {
			out["payment_source"] = map[string]any{"paypal": map[string]any{}}
		}
		return out
	}
	out["intent"], out["create_time"] = o.Intent, stamp(o.Created)
	if o.Status == "APPROVED" || o.Status == "COMPLETED" { // somebody signed in to agree
		out["payer"] = map[string]any{"email_address": "payer@example.org", "payer_id": "SIMPAYER00001", "name": map[string]string{"given_name": "Ada", "surname": "Lovelace"}}
	}
	unit := map[string]any{"reference_id": "default", "amount": o.Amount, "payee": map[string]string{"merchant_id": p.cfg.MerchantID}}
	put(unit, "custom_id", o.CustomID)
	put(unit, "invoice_id", o.InvoiceID)
	if len(o.Captures)+len(o.Holds) > 0 {
		unit["payments"] = p.paymentsJSON(o)
	}
	out["purchase_units"] = []any{unit}
	return out
}

// paymentsJSON lists an order's authorizations, captures and refunds. Held: p.mu.
func (p *PayPal) paymentsJSON(o *Order) map[string]any {
	var captures, refunds []any
	for _, id := range o.Captures {
		c := p.captureJSON(p.captures[id])
		delete(c, "supplementary_data")
		delete(c, "payee")
		captures = append(captures, c)
		for _, r := range p.returned {
			if r.CaptureID == id {
				refunds = append(refunds, p.refundJSON(r))
			}
		}
	}
	payments := map[string]any{}
	if len(captures) > 0 {
		payments["captures"] = captures
	}
	if len(o.Holds) > 0 {
		payments["authorizations"] = p.holdsJSON(o)
	}
	if len(refunds) > 0 {
		payments["refunds"] = refunds
	}
	return payments
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (p *PayPal) getOrder(r *http.Request, _ []byte) reply {
	o := p.orders[r.PathValue("id")]
	if o == nil || o.Organisers && o.ID == "" {
		return notFound
	}
	return reply{status: http.StatusOK, body: p.orderJSON(o, true)}
}

func (p *PayPal) captureOrder(r *http.Request, _ []byte) reply {
	o := p.orders[r.PathValue("id")]
	switch {
	case o == nil:
		return notFound
	case o.Intent != "CAPTURE":
		return unprocessable("ACTION_DOES_NOT_MATCH_INTENT")
	case o.Status == "COMPLETED":
		return unprocessable("ORDER_ALREADY_CAPTURED")
	case o.Status != "APPROVED":
		return unprocessable("ORDER_NOT_APPROVED")
	case p.declines[o.ID] > 0:
		p.declines[o.ID]--
		o.Declined++
		o.Status = "PAYER_ACTION_REQUIRED"
		return unprocessable("INSTRUMENT_DECLINED")
	}
	p.collect(o, &Capture{Status: "COMPLETED", Amount: o.Amount})
	return reply{status: http.StatusCreated, body: p.orderJSON(o, true)}
}

// collect makes the capture and tells of it. Held: p.mu.
func (p *PayPal) collect(o *Order, c *Capture) *Capture {
	status := c.Status
	c.ID, c.OrderID, c.CustomID, c.Created, c.Updated = p.id("3C"), o.ID, o.CustomID, p.now(), p.now()
	p.captures[c.ID] = c
	o.Captures = append(o.Captures, c.ID)
	o.Status = "COMPLETED"
	p.emit(o.ID, "PAYMENT.CAPTURE."+map[string]string{"COMPLETED": "COMPLETED", "PENDING": "PENDING", "DECLINED": "DENIED"}[status], "capture", p.captureJSON(c))
	if status == "COMPLETED" {
		p.emitIPN(o, c)
	}
	return c
}

// captureJSON is a capture on the wire. Held: p.mu.
func (p *PayPal) captureJSON(c *Capture) map[string]any {
	o := p.orders[c.OrderID]
	out := map[string]any{"id": c.ID, "status": c.Status, "amount": c.Amount, "final_capture": true, "create_time": stamp(c.Created), "update_time": stamp(c.Updated),
		"supplementary_data": map[string]any{"related_ids": map[string]string{"order_id": c.OrderID}},
		"payee":              map[string]string{"merchant_id": p.cfg.MerchantID, "email_address": p.cfg.ReceiverEmail},
		"links": []map[string]string{{"href": p.base + "/v2/payments/captures/" + c.ID, "rel": "self", "method": "GET"},
			{"href": p.base + "/v2/checkout/orders/" + c.OrderID, "rel": "up", "method": "GET"}}}
	if c.Hold != "" {
		out["supplementary_data"] = map[string]any{"related_ids": map[string]string{"order_id": c.OrderID, "authorization_id": c.Hold}}
		out["links"] = []map[string]string{{"href": p.base + "/v2/payments/captures/" + c.ID, "rel": "self", "method": "GET"},
			{"href": p.base + "/v2/payments/authorizations/" + c.Hold, "rel": "up", "method": "GET"}}
	}
	put(out, "custom_id", c.CustomID)
	put(out, "invoice_id", o.InvoiceID)
	if c.Status == "PENDING" {
		out["status_details"] = map[string]string{"reason": c.Reason}
	} else {
		fee := Amount{CurrencyCode: c.Amount.CurrencyCode, Value: "1"}
		out["seller_receivable_breakdown"] = map[string]any{"gross_amount": c.Amount, "paypal_fee": fee,
			"net_amount": Amount{CurrencyCode: c.Amount.CurrencyCode, Value: minus(c.Amount.Value, "1", payPalDecimals(c.Amount.CurrencyCode))}}
	}
	return out
}

func (p *PayPal) getCapture(r *http.Request, _ []byte) reply {
	c := p.captures[r.PathValue("id")]
	if c == nil {
		return notFound
	}
	return reply{status: http.StatusOK, body: p.captureJSON(c)}
}

func (p *PayPal) refundCapture(r *http.Request, body []byte) reply {
	var req struct {
		Amount Amount `json:"amount"`
	}
	if len(body) > 0 && json.Unmarshal(body, &req) != nil {
		return failure(http.StatusBadRequest, "INVALID_REQUEST", "MALFORMED_REQUEST_JSON")
	}
	c := p.captures[r.PathValue("id")]
	if c == nil {
		return notFound
	}
	refund, issue := p.refund(c, req.Amount, false)
	if issue != "" {
		return unprocessable(issue)
	}
	return reply{status: http.StatusCreated, body: p.refundJSON(refund)}
}

// refund refunds or reverses an amount of a capture, the rest where none is named. Held: p.mu.
func (p *PayPal) refund(c *Capture, amount Amount, reversal bool) (*PayPalRefund, string) {
	digits := payPalDecimals(c.Amount.CurrencyCode)
	rest := minus(c.Amount.Value, zero(c.Refunded), digits)
	if amount.Value == "" {
		amount = Amount{CurrencyCode: c.Amount.CurrencyCode, Value: rest}
	}
	switch {
	case c.Status == "PENDING":
		return nil, "PENDING_CAPTURE"
	case c.Status == "REFUNDED":
		return nil, "CAPTURE_FULLY_REFUNDED"
	case amount.CurrencyCode != c.Amount.CurrencyCode:
		return nil, "REFUND_CAPTURE_CURRENCY_MISMATCH"
	case amount.check() != "":
		return nil, amount.check()
	case rat(amount.Value).Cmp(rat(rest)) > 0:
		return nil, "REFUND_AMOUNT_EXCEEDED"
	}
	r := &PayPalRefund{ID: p.id("6R"), CaptureID: c.ID, Status: "COMPLETED", Amount: amount, Reversal: reversal, Created: p.now()}
	p.returned[r.ID] = r
	c.Refunded = minus(zero(c.Refunded), "-"+amount.Value, digits)
	c.Status, c.Updated = "PARTIALLY_REFUNDED", p.now()
	if rat(c.Refunded).Cmp(rat(c.Amount.Value)) == 0 {
		c.Status = "REFUNDED"
	}
	kind := "PAYMENT.CAPTURE.REFUNDED"
	if reversal {
		kind = "PAYMENT.CAPTURE.REVERSED"
	}
	p.emit(c.OrderID, kind, "refund", p.refundJSON(r))
	return r, ""
}

func (p *PayPal) refundJSON(r *PayPalRefund) map[string]any {
	return map[string]any{"id": r.ID, "status": r.Status, "amount": r.Amount, "create_time": stamp(r.Created),
		"seller_payable_breakdown": map[string]any{"gross_amount": r.Amount, "total_refunded_amount": r.Amount},
		"links": []map[string]string{{"href": p.base + "/v2/payments/refunds/" + r.ID, "rel": "self", "method": "GET"},
			{"href": p.base + "/v2/payments/captures/" + r.CaptureID, "rel": "up", "method": "GET"}}}
}

func (p *PayPal) getRefund(r *http.Request, _ []byte) reply {
	refund := p.returned[r.PathValue("id")]
	if refund == nil {
		return notFound
	}
	return reply{status: http.StatusOK, body: p.refundJSON(refund)}
}
