package paypal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Refund sends part or all of a capture back, in one attempt. PayPal remembers the key for 45 days. Without ref.Object the order must
// hold exactly one capture.
func (p *PayPal) Refund(ctx context.Context, ref purchase.Ref, money purchase.Money, key string) ([]purchase.Fact, error) {
	if p.client == nil {
		return nil, p.sender.Never(protocol.Refund, errNoCredentials)
	}
	value, err := writeMoney(money)
	if err != nil || key == "" || len(key) > maxRequestID {
		return nil, p.sender.Never(protocol.Refund, errors.New("the amount or the key cannot be used"))
	}
	capture := ref.Object
	if !isID(capture) {
		if capture, err = p.onlyCapture(ctx, ref.Payment); err != nil {
			return nil, err
		}
	}
	body, err := json.Marshal(map[string]amount{"amount": {Currency: money.Currency, Value: value}})
	if err != nil {
		return nil, p.sender.Never(protocol.Refund, err)
	}
	var t transaction
	err = p.client.call(ctx, call{operation: protocol.Refund, method: http.MethodPost, path: "/v2/payments/captures/" + capture + "/refund",
		key: key, body: body}, &t)
	if err != nil {
		return nil, err
	}
	return p.refundFacts(ref, t, money)
}

// refundFacts says what became of the refund. A short answer names no amount: it is the one that was asked for.
func (p *PayPal) refundFacts(ref purchase.Ref, t transaction, money purchase.Money) ([]purchase.Fact, error) {
	if t.Amount.Value == "" {
		t.Amount.Currency = money.Currency
		t.Amount.Value, _ = writeMoney(money)
	}
	f, err := givenBack(p.about(purchase.Proved, ref.Payment, carried{}), purchase.Refunded, t)
	switch {
	case err != nil || !isID(t.ID):
		return nil, p.sender.Unusable(protocol.Refund, http.StatusCreated, errors.New("the refund cannot be read"))
	case f.Kind == purchase.Failed:
		return []purchase.Fact{f}, p.sender.Never(protocol.Refund, errors.New("the refund came to nothing"))
	}
	return []purchase.Fact{f}, nil
}

func (p *PayPal) onlyCapture(ctx context.Context, payment string) (string, error) {
	facts, err := p.Ask(ctx, purchase.Ref{Payment: payment})
	if err != nil {
		return "", fmt.Errorf("find the capture to refund: %w", err)
	}
	capture := ""
	for _, f := range facts {
		if f.Kind != purchase.Captured {
			continue
		}
		if capture != "" {
			return "", p.sender.Never(protocol.Refund, errors.New("the order holds several captures; name one"))
		}
		capture = f.Object
	}
	if capture == "" {
		return "", p.sender.Never(protocol.Refund, errors.New("the order holds no capture"))
	}
	return capture, nil
}
