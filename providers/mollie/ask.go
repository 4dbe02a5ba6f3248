package mollie

import (
	"context"
	"errors"
	"fmt"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Ask reads a payment back with its captures, refunds and chargebacks. What it returns is proof. A payment that Mollie does not know, and
// anything that is no payment, is purchase.ErrNoPayment.
func (m *Mollie) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	_, facts, err := m.shown(ctx, ref)
	return facts, err
}

// shown is a payment as Mollie shows it, and what that tells. Errors answer purchase.Retry.
func (m *Mollie) shown(ctx context.Context, ref purchase.Ref) (o payment, facts []purchase.Fact, err error) {
	id := idOf(ref)
	if id == "" {
		return o, nil, fmt.Errorf("ask mollie about a payment: %w", purchase.ErrNoPayment)
	}
	if o, err = m.payment(ctx, id); err == nil {
		facts, err = m.facts(o)
	}
	if errors.Is(err, purchase.ErrNotUnderstood) || refusal(err) != "" {
		err = m.Judged(protocol.Get, err)
	}
	return o, facts, err
}

// idOf is the payment that is meant; "" where none is.
func idOf(ref purchase.Ref) string {
	for _, id := range []string{ref.Payment, ref.Object} {
		if isPayment(id) {
			return id
		}
	}
	return ""
}
