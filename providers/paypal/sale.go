package paypal

import (
	"encoding/json"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Sales are captures of PayPal's older version 1, which old checkouts still make.
//
// Source: PayPal REST API specifications, Payments v1.

// asCapture writes a sale as what it is called today.
func (s sale) asCapture() transaction {
	t := transaction{ID: s.ID, Status: s.State, Amount: amount{s.Amount.Currency, s.Amount.Total}, Custom: s.Custom, Invoice: s.Invoice, Create: s.Create}
	t.Details.Reason = s.Reason
	return t
}

func (p *PayPal) heardSale(e event) ([]purchase.Fact, error) {
	var s sale
	if json.Unmarshal(e.Resource, &s) != nil || !isID(s.ID) {
		return nil, protocol.NotUnderstood("the sale of an event")
	}
	if s.State == "" {
		s.State = strings.TrimPrefix(e.Type, "PAYMENT.SALE.")
	}
	f, err := captured(p.about(purchase.Heard, s.ID, carried{s.Custom, s.Invoice}), s.asCapture())
	if err != nil {
		return nil, err
	}
	return []purchase.Fact{f}, nil
}

// heardSaleRefund: the amount is negative, and the sale is named or not.
func (p *PayPal) heardSaleRefund(e event, kind purchase.Kind) ([]purchase.Fact, error) {
	var s sale
	if json.Unmarshal(e.Resource, &s) != nil || !isID(s.ID) {
		return nil, protocol.NotUnderstood("the refund of a sale")
	}
	payment := s.SaleID
	if !isID(payment) {
		payment = s.ID
	}
	f, err := givenBack(p.about(purchase.Heard, payment, carried{s.Custom, s.Invoice}), kind, s.asCapture())
	if err != nil {
		return nil, err
	}
	return []purchase.Fact{f}, nil
}

// saleFacts is what reading a sale back proves. Its refunds are not listed with it.
func (p *PayPal) saleFacts(s sale) ([]purchase.Fact, error) {
	f := p.about(purchase.Proved, s.ID, carried{s.Custom, s.Invoice})
	t := s.asCapture()
	if strings.EqualFold(t.Status, "reversed") {
		t.Status = "REFUNDED"
	}
	said, err := captured(f, t)
	if err != nil {
		return nil, err
	}
	rest, err := unlisted(said, t, nil)
	return append([]purchase.Fact{said}, rest...), err
}
