package paypal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Ask reads a payment back with our own credentials: what it returns is proof, and the same payment in the same state gives the same
// facts. A payment goes by its order; one that is only known by a capture, an authorization, a refund or an old sale is found from there. An account
// without credentials (IPN alone) has nothing to ask and learns nothing: what it was told by PayPal was proof already.
//
// A payment that PayPal does not know is purchase.ErrNoPayment; that does not say that it lapsed. One that pays another merchant is
// purchase.WrongMerchant, one whose amounts cannot be told is purchase.ErrNotUnderstood.
func (p *PayPal) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	if p.client == nil {
		return nil, nil
	}
	if isID(ref.Payment) && ref.Payment != ref.Object {
		facts, found, err := p.askOrder(ctx, ref.Payment)
		if err != nil || found {
			return facts, err
		}
	}
	for _, id := range []string{ref.Object, ref.Payment} {
		if !isID(id) {
			continue
		}
		facts, found, err := p.askTransaction(ctx, id)
		if err != nil || found {
			return facts, err
		}
	}
	return nil, fmt.Errorf("ask paypal about a payment: %w", purchase.ErrNoPayment)
}

func (p *PayPal) askOrder(ctx context.Context, id string) (facts []purchase.Fact, found bool, err error) {
	var o order
	if found, err = p.find(ctx, "/v2/checkout/orders/"+id, &o); !found {
		return nil, false, err
	}
	if o.ID != id {
		return nil, false, fmt.Errorf("ask paypal about an order: %w", protocol.NotUnderstood("the answer is about another order"))
	}
	facts, err = p.orderFacts(purchase.Proved, o, o.Create)
	return facts, true, p.judged("order", err)
}

// askTransaction finds a payment from a capture, an authorization, a refund or a sale.
func (p *PayPal) askTransaction(ctx context.Context, id string) (facts []purchase.Fact, found bool, err error) {
	for _, ask := range []func(context.Context, string) ([]purchase.Fact, bool, error){p.askCapture, p.askAuthorisation} {
		if facts, found, err = ask(ctx, id); err != nil || found {
			return facts, found, err
		}
	}
	var refund transaction
	if found, err = p.find(ctx, "/v2/payments/refunds/"+id, &refund); err != nil {
		return nil, false, err
	}
	if capture := upward(refund.Links, "captures"); found && capture != "" {
		return p.askCapture(ctx, capture)
	}
	var s sale
	if found, err = p.find(ctx, "/v1/payments/sale/"+id, &s); !found {
		return nil, false, err
	}
	facts, err = p.saleFacts(s)
	return facts, true, p.judged("sale", err)
}

// askCapture goes on to the capture's order, which shows the refunds as well.
func (p *PayPal) askCapture(ctx context.Context, id string) (facts []purchase.Fact, found bool, err error) {
	var t transaction
	if found, err = p.find(ctx, "/v2/payments/captures/"+id, &t); !found {
		return nil, false, err
	}
	if p.foreign(t.Payee) {
		return nil, true, p.judged("capture", purchase.Forged(purchase.WrongMerchant))
	}
	if payment := t.payment(); payment != id {
		if facts, found, err = p.askOrder(ctx, payment); err != nil || found {
			return facts, true, err
		}
		if facts, found, err = p.askAuthorisation(ctx, payment); err != nil || found {
			return facts, true, err
		}
	}
	f, err := captured(p.about(purchase.Proved, t.payment(), carried{t.Custom, t.Invoice}), t)
	if err != nil {
		return nil, true, p.judged("capture", err)
	}
	rest, err := unlisted(f, t, nil)
	return append([]purchase.Fact{f}, rest...), true, p.judged("capture", err)
}

// askAuthorisation goes on to the authorization's order, which shows what was taken of it as well. Without its order it tells nothing of
// that: then only what still stands, or never will, is told.
func (p *PayPal) askAuthorisation(ctx context.Context, id string) (facts []purchase.Fact, found bool, err error) {
	var t transaction
	if found, err = p.find(ctx, authorizationsPath+id, &t); !found {
		return nil, false, err
	}
	if p.foreign(t.Payee) {
		return nil, true, p.judged("authorization", purchase.Forged(purchase.WrongMerchant))
	}
	if payment := t.payment(); payment != id {
		if facts, found, err = p.askOrder(ctx, payment); err != nil || found {
			return facts, true, err
		}
	}
	if strings.Contains(t.Status, "CAPTURED") {
		return nil, true, p.judged("authorization", protocol.NotUnderstood("what was taken of an authorization; look it up in the PayPal account"))
	}
	f, err := authorised(p.about(purchase.Proved, t.payment(), carried{t.Custom, t.Invoice}), t)
	return []purchase.Fact{f}, true, p.judged("authorization", err)
}

// find reads an object; found is false where PayPal says that there is none.
func (p *PayPal) find(ctx context.Context, path string, into any) (found bool, err error) {
	err = p.client.get(ctx, path, into)
	if protocol.IsStatus(err, http.StatusNotFound) {
		return false, nil
	}
	return err == nil, err
}

// judged is an answer that came and cannot be used: asking again soon gives the same.
func (p *PayPal) judged(what string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, purchase.WrongMerchant) {
		err = fmt.Errorf("it pays another merchant than merchant_id: %w", purchase.WrongMerchant)
	}
	return p.sender.Judged(protocol.Get, fmt.Errorf("read a payment back from its %s: %w", what, err))
}
