package mollie

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Refund sends part or all of a payment back. A refund that was made under the key before is found by it, however long ago; within the
// hour Mollie itself knows the key, be the refund visible yet or not. So the same key never refunds twice.
//
// Source: Mollie API reference, create payment refund: description and metadata are required.
func (m *Mollie) Refund(ctx context.Context, ref purchase.Ref, money purchase.Money, key string) ([]purchase.Fact, error) {
	sum, err := write(money)
	if err != nil || !usable(key) {
		return nil, m.Never(protocol.Refund, errKey)
	}
	o, facts, err := m.before(ctx, protocol.Refund, ref)
	if err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(o.Embedded.Refunds, func(r refund) bool { return ofKey(r.Metadata, key) }); at >= 0 {
		return m.refunded(o, o.Embedded.Refunds[at])
	}
	if !o.gives(facts, money) {
		return facts, m.Never(protocol.Refund, errors.New("it is more than is left"))
	}
	var made refund
	err = m.Call(ctx, protocol.Call{Operation: protocol.Refund, Path: "/v2/payments/" + o.ID + "/refunds", Header: underKey("refund-" + key),
		JSON: map[string]any{"amount": sum, "description": "Refund of " + o.ID, "metadata": map[string]string{keyKey: key}}}, &made)
	if err != nil {
		return nil, err
	}
	return m.refunded(o, made)
}

func (m *Mollie) refunded(o payment, r refund) ([]purchase.Fact, error) {
	f, err := r.fact(m.about(o))
	switch {
	case err != nil:
		return nil, m.Unusable(protocol.Refund, http.StatusOK, err)
	case f.Kind == purchase.Failed:
		return []purchase.Fact{f}, m.Never(protocol.Refund, errors.New("the refund came to nothing"))
	}
	return []purchase.Fact{f}, nil
}

// gives tells whether that much is left. Of some methods Mollie gives back more than was paid, which we never ask for.
func (o payment) gives(facts []purchase.Fact, wanted purchase.Money) bool {
	var left purchase.Money
	ok := true
	for _, f := range facts {
		switch {
		case !ok:
		case f.Kind == purchase.Captured:
			left, ok = left.Plus(f.Money)
		case f.Kind == purchase.Refunded || f.Kind == purchase.Reversed:
			left, ok = left.Minus(f.Money)
		}
	}
	if o.Remaining != nil {
		remaining, err := o.Remaining.read()
		ok = ok && err == nil && remaining.Currency == wanted.Currency && wanted.Minor <= remaining.Minor
	}
	return ok && left.Currency == wanted.Currency && wanted.Minor <= left.Minor
}
