package mollie

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

var errKey = errors.New("the amount or the key cannot be used")

const maxKey = 255

func usable(key string) bool { return key != "" && len(key) <= maxKey }

// ofKey tells whether metadata says that an object was made under this key. Mollie itself remembers keys for an hour only.
func ofKey(metadata []byte, key string) bool {
	named, _ := texts(metadata)
	return named[keyKey] == key
}

// Capture takes the money that a payment reserves, all of it, in one attempt. A capture that was made under the key before is found by it.
// What is shown may still be the reservation: some captures take a while at Mollie.
func (m *Mollie) Capture(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	if !usable(key) {
		return nil, m.Never(protocol.Capture, errKey)
	}
	o, facts, err := m.before(ctx, protocol.Capture, ref)
	if err != nil {
		return nil, err
	}
	if captureOf(o, key) >= 0 || o.Status != "authorized" {
		return facts, m.captured(o, facts, key)
	}
	var made capture
	failed := m.Call(ctx, protocol.Call{Operation: protocol.Capture, Path: "/v2/payments/" + o.ID + "/captures", Header: underKey("capture-" + key),
		JSON: map[string]any{"amount": o.Amount, "metadata": map[string]string{keyKey: key}}}, &made)
	o, facts, err = m.after(ctx, protocol.Capture, ref, failed)
	switch {
	case err != nil:
		return facts, err
	case failed == nil && captureOf(o, key) < 0 && !holds(facts, purchase.Captured):
		return facts, m.Unusable(protocol.Capture, http.StatusCreated, errors.New("the capture is not shown yet"))
	}
	if err = m.captured(o, facts, key); err != nil && failed != nil {
		err = failed
	}
	return facts, err
}

func captureOf(o payment, key string) int {
	return slices.IndexFunc(o.Embedded.Captures, func(c capture) bool { return ofKey(c.Metadata, key) })
}

// captured: the money is taken, or the capture of the key is on its way.
func (m *Mollie) captured(o payment, facts []purchase.Fact, key string) error {
	at := captureOf(o, key)
	if holds(facts, purchase.Captured) || at >= 0 && o.Embedded.Captures[at].Status != isFailed {
		return nil
	}
	return m.Never(protocol.Capture, errors.New("the payment does not stand so"))
}

// before reads the payment that is to be changed.
func (m *Mollie) before(ctx context.Context, operation string, ref purchase.Ref) (payment, []purchase.Fact, error) {
	o, facts, err := m.shown(ctx, ref)
	if errors.Is(err, purchase.ErrNoPayment) {
		err = m.Never(operation, err)
	}
	return o, facts, err
}

// after reads back what became of a call that was not left unknown.
func (m *Mollie) after(ctx context.Context, operation string, ref purchase.Ref, failed error) (payment, []purchase.Fact, error) {
	if _, again := purchase.Retry(failed); failed != nil && again {
		return payment{}, nil, failed
	}
	o, facts, err := m.shown(ctx, ref)
	if err != nil {
		err = m.Unusable(operation, http.StatusOK, fmt.Errorf("read the payment back: %w", err))
	}
	return o, facts, err
}

func holds(facts []purchase.Fact, kind purchase.Kind) bool {
	return slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Kind == kind })
}

// Void ends a payment that is not paid, where Mollie says that it can be canceled, or asks for money to be released that is reserved. A
// release may take a while, and the payer's bank may refuse it.
//
// Source: Mollie API reference, cancel payment and release payment authorization.
func (m *Mollie) Void(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	if !usable(key) {
		return nil, m.Never(protocol.Void, errKey)
	}
	o, facts, err := m.before(ctx, protocol.Void, ref)
	if err != nil || o.ended() {
		return facts, err
	}
	call := protocol.Call{Operation: protocol.Void, Path: "/v2/payments/" + o.ID, Repeatable: true}
	switch {
	case o.Status == "paid":
		return facts, m.Never(protocol.Void, errors.New("the payment is paid"))
	case o.Cancelable:
		call.Method = http.MethodDelete
	case o.Status == "authorized":
		call.Method, call.Path, call.Header = http.MethodPost, call.Path+"/release-authorization", underKey("release-"+key)
	default:
		return facts, m.Never(protocol.Void, errors.New("the payment cannot be canceled now"))
	}
	failed := m.Call(ctx, call, nil)
	o, facts, err = m.after(ctx, protocol.Void, ref, failed)
	switch {
	case err != nil:
		return facts, err
	case o.ended():
		return facts, nil
	case failed != nil:
		return facts, failed
	}
	return facts, m.Judged(protocol.Void, errors.New("it is asked for and not done yet"))
}
