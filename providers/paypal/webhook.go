package paypal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	verifyWithin = 5 * time.Second // a delivery is acknowledged within ten
	verifyAtOnce = 16
	verifyPath   = "/v1/notifications/verify-webhook-signature"
)

// readWebhook authenticates a webhook and says what was heard. Whatever it says about money is hearsay: the signature covers no more
// of the body than its CRC-32, and another body with the same CRC-32 is easily made.
func (p *PayPal) readWebhook(ctx context.Context, d purchase.Delivery) (purchase.Reading, error) {
	t, err := p.readTransmission(d)
	if err != nil {
		return purchase.Reading{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, verifyWithin)
	defer cancel()
	if p.config.Verify == offline || t.simulated {
		err = p.checkOffline(ctx, t, d.Body)
	} else {
		err = p.checkAtPayPal(ctx, t, d.Body)
	}
	if err != nil {
		return purchase.Reading{}, err
	}
	facts, err := p.readEvent(d.Body)
	return purchase.Reading{Message: t.id, Facts: facts}, err
}

// checkAtPayPal asks PayPal whether it sent the message. The call is made with our own credentials, so it also tells sandbox from
// live.
func (p *PayPal) checkAtPayPal(ctx context.Context, t transmission, body []byte) error {
	if !json.Valid(body) || bytes.TrimLeft(body, " \t\r\n")[0] != '{' {
		return purchase.Forged(purchase.Malformed)
	}
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	question, err := t.question(p.config.WebhookID, body)
	if err != nil {
		return fmt.Errorf("write the question whether PayPal sent a message: %w", err)
	}
	var said struct {
		Status string `json:"verification_status"`
	}
	err = p.client.call(ctx, call{operation: protocol.Verify, method: http.MethodPost, path: verifyPath, body: question}, &said)
	switch {
	case protocol.IsStatus(err, http.StatusBadRequest) || protocol.IsStatus(err, http.StatusUnprocessableEntity):
		return purchase.Forged(purchase.Malformed)
	case err != nil:
		return fmt.Errorf("%w: %w", purchase.ErrUnchecked, err)
	case said.Status == "SUCCESS":
		return nil
	case said.Status == "FAILURE":
		return purchase.Forged(purchase.BadSignature)
	}
	return fmt.Errorf("%w: paypal verify: the answer is neither success nor failure", purchase.ErrUnchecked)
}

// question is the call's body. The received body goes in byte for byte: a JSON encoder would write it anew.
func (t transmission) question(webhook string, body []byte) ([]byte, error) {
	outer, err := json.Marshal(struct {
		Algorithm string `json:"auth_algo"`
		Cert      string `json:"cert_url"`
		ID        string `json:"transmission_id"`
		Signature string `json:"transmission_sig"`
		Time      string `json:"transmission_time"`
		Webhook   string `json:"webhook_id"`
	}{algorithm, t.cert, t.id, t.signature, t.time, webhook})
	if err != nil {
		return nil, err
	}
	return bytes.Join([][]byte{outer[:len(outer)-1], []byte(`,"webhook_event":`), body, []byte("}")}, nil), nil
}

// enter bounds how many checks are under way: strangers can make us ask.
func (p *PayPal) enter(ctx context.Context) error {
	select {
	case p.checks <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: too many are being checked: %w", purchase.ErrUnchecked, ctx.Err())
	}
}

func (p *PayPal) leave() { <-p.checks }
