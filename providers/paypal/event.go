package paypal

import (
	"encoding/json"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// readEvent says what an authentic event tells. An event of another family (disputes, payouts, vaults) tells nothing; one of ours that
// cannot be read is ErrNotUnderstood.
//
// Source: PayPal developer documentation, webhook event names.
func (p *PayPal) readEvent(body []byte) ([]purchase.Fact, error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil || e.Type == "" {
		return nil, protocol.NotUnderstood("the body is not an event")
	}
	switch {
	case e.Type == "PAYMENT.CAPTURE.REVERSED":
		return p.heardRefund(e, purchase.Reversed)
	case e.Type == "PAYMENT.CAPTURE.REFUNDED", strings.HasPrefix(e.Type, "PAYMENT.REFUND."):
		return p.heardRefund(e, purchase.Refunded)
	case strings.HasPrefix(e.Type, "PAYMENT.CAPTURE."):
		return p.heardCapture(e)
	case strings.HasPrefix(e.Type, "PAYMENT.AUTHORIZATION."):
		return p.heardAuthorisation(e)
	case e.Type == "PAYMENT.SALE.REFUNDED":
		return p.heardSaleRefund(e, purchase.Refunded)
	case e.Type == "PAYMENT.SALE.REVERSED":
		return p.heardSaleRefund(e, purchase.Reversed)
	case strings.HasPrefix(e.Type, "PAYMENT.SALE."):
		return p.heardSale(e)
	case e.Type == "CHECKOUT.PAYMENT-APPROVAL.REVERSED":
		return p.heardLapse(e)
	case strings.HasPrefix(e.Type, "CHECKOUT.ORDER."):
		return p.heardOrder(e)
	case strings.HasPrefix(e.Type, "PAYMENT."), strings.HasPrefix(e.Type, "CHECKOUT."):
		return nil, readable(e)
	}
	return nil, nil
}

// readable: an event of our families that this version has no use for must at least be about something.
func readable(e event) error {
	var r struct {
		ID string `json:"id"`
	}
	if json.Unmarshal(e.Resource, &r) != nil || r.ID == "" {
		return protocol.NotUnderstood("the resource of an event")
	}
	return nil
}

// heardCapture goes by the status in the resource, which can be newer than the event's name.
func (p *PayPal) heardCapture(e event) ([]purchase.Fact, error) {
	var t transaction
	if json.Unmarshal(e.Resource, &t) != nil || !isID(t.ID) {
		return nil, protocol.NotUnderstood("the capture of an event")
	}
	if p.foreign(t.Payee) {
		return nil, purchase.Forged(purchase.WrongMerchant)
	}
	if t.Status == "" {
		t.Status = strings.TrimPrefix(e.Type, "PAYMENT.CAPTURE.")
	}
	f, err := captured(p.about(purchase.Heard, t.payment(), carried{t.Custom, t.Invoice}), t)
	if err != nil {
		return nil, err
	}
	return []purchase.Fact{f}, nil
}

// heardAuthorisation goes by the status in the resource as well. Version 1 wrote other amounts: what is then not read is asked for.
func (p *PayPal) heardAuthorisation(e event) ([]purchase.Fact, error) {
	var t transaction
	if json.Unmarshal(e.Resource, &t) != nil || !isID(t.ID) {
		return nil, protocol.NotUnderstood("the authorization of an event")
	}
	if p.foreign(t.Payee) {
		return nil, purchase.Forged(purchase.WrongMerchant)
	}
	if t.Status == "" {
		t.Status = strings.TrimPrefix(e.Type, "PAYMENT.AUTHORIZATION.")
	}
	f, err := authorised(p.about(purchase.Heard, t.payment(), carried{t.Custom, t.Invoice}), t)
	if err != nil {
		return nil, err
	}
	return []purchase.Fact{f}, nil
}

// payment is the order that a capture or an authorization belongs to; else the authorization that the capture was taken from; else it
// goes by itself.
func (t transaction) payment() string {
	if isID(t.Related.IDs.Order) {
		return t.Related.IDs.Order
	}
	if up := upward(t.Links, "orders"); up != "" {
		return up
	}
	if isID(t.Related.IDs.Authorization) {
		return t.Related.IDs.Authorization
	}
	if up := upward(t.Links, "authorizations"); up != "" {
		return up
	}
	return t.ID
}

// heardRefund: the resource is the refund; its capture is only in the link upward.
func (p *PayPal) heardRefund(e event, kind purchase.Kind) ([]purchase.Fact, error) {
	var t transaction
	if json.Unmarshal(e.Resource, &t) != nil || !isID(t.ID) {
		return nil, protocol.NotUnderstood("the refund of an event")
	}
	payment := upward(t.Links, "captures")
	if payment == "" {
		return nil, protocol.NotUnderstood("a refund that names no capture")
	}
	f, err := givenBack(p.about(purchase.Heard, payment, carried{t.Custom, t.Invoice}), kind, t)
	if err != nil {
		return nil, err
	}
	return []purchase.Fact{f}, nil
}

// heardOrder: an approved order, or what a completed one holds. One that does not show what it holds is worth a look all the same.
func (p *PayPal) heardOrder(e event) ([]purchase.Fact, error) {
	var o order
	if json.Unmarshal(e.Resource, &o) != nil || !isID(o.ID) {
		return nil, protocol.NotUnderstood("the order of an event")
	}
	facts, err := p.orderFacts(purchase.Heard, o, e.Create)
	done := strings.EqualFold(o.Status, "APPROVED") || strings.EqualFold(o.Status, "COMPLETED")
	if err != nil || len(facts) > 0 || !done {
		return facts, err
	}
	f := p.about(purchase.Heard, o.ID, o.carried())
	f.Kind, f.At = purchase.Approved, e.Create.Time
	return []purchase.Fact{f}, nil
}

func (o order) carried() carried {
	if len(o.Units) == 0 {
		return carried{}
	}
	return carried{o.Units[0].Custom, o.Units[0].Invoice}
}

// heardLapse: nobody captured in time, and PayPal let the approval go.
func (p *PayPal) heardLapse(e event) ([]purchase.Fact, error) {
	var o struct {
		order
		OrderID string `json:"order_id"`
	}
	if json.Unmarshal(e.Resource, &o) != nil {
		return nil, protocol.NotUnderstood("the order of an event")
	}
	if isID(o.OrderID) {
		o.ID = o.OrderID
	}
	if !isID(o.ID) {
		return nil, protocol.NotUnderstood("the order of an event")
	}
	f := p.about(purchase.Heard, o.ID, o.carried())
	f.Kind, f.At = purchase.Lapsed, e.Create.Time
	return []purchase.Fact{f}, nil
}
