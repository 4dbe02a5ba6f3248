package mollie

import (
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// List walks the payments that were made between two instants, oldest first, each with its refunds and chargebacks whenever those were.
// Mollie lists the newest first, so all of them are collected before. A payment that is not ours or not understood is left out; any
// other error ends the walk.
func (m *Mollie) List(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Fact, error] {
	return func(yield func(purchase.Fact, error) bool) {
		payments, err := m.made(ctx, from, to)
		if err != nil {
			yield(purchase.Fact{}, err)
			return
		}
		for _, o := range slices.Backward(payments) {
			facts, err := m.listed(ctx, o)
			if err != nil {
				yield(purchase.Fact{}, err)
				return
			}
			for _, f := range facts {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

// made are the payments of that time, newest first.
func (m *Mollie) made(ctx context.Context, from, to time.Time) (found []payment, err error) {
	first := from.Truncate(time.Second)
	err = pages(ctx, m, "/v2/payments", "payments", func(payments []payment) (enough bool) {
		for _, o := range payments {
			switch at := instant(o.Created); {
			case at.IsZero() || !at.Before(first) && !at.After(to):
				found = append(found, o)
			case at.Before(first):
				return true
			}
		}
		return false
	})
	return found, err
}

// listed is what one payment of the list tells.
func (m *Mollie) listed(ctx context.Context, o payment) ([]purchase.Fact, error) {
	err := m.ours(o)
	if err == nil && !isPayment(o.ID) {
		err = protocol.NotUnderstood("the payment's id")
	}
	if err == nil {
		err = m.complete(ctx, &o)
	}
	var facts []purchase.Fact
	if err == nil {
		facts, err = m.facts(o)
	}
	if errors.Is(err, purchase.ErrNotUnderstood) || refusal(err) != "" {
		m.Log.Warn("a payment in Mollie's list is not understood", zap.String("account", m.Account), zap.Error(err))
		return nil, nil
	}
	return facts, err
}
