package lyra

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Ask reads a payment back, with all its attempts and refunds; what it returns is proof. One of ours is found by its order id, others
// by any of their transactions. A payment that Lyra does not know is purchase.ErrNoPayment; so is one of our pages that nobody tried
// to pay yet. Lyra tells nobody of chargebacks: they are in the back office only.
func (a *asking) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	p, err := a.payment(ctx, ref)
	if err != nil {
		return nil, err
	}
	return a.told(p)
}

// A payment is what the API shows under one name.
type payment struct {
	orderID      string
	transactions []transaction
}

func (a *asking) told(p payment) ([]purchase.Fact, error) {
	facts, err := a.facts(p.orderID, p.transactions)
	if err == nil && slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Standing != purchase.Proved }) {
		err = protocol.NotUnderstood("a refund that does not say of what; look it up in the back office")
	}
	if err != nil {
		return nil, a.Judged(protocol.Get, err)
	}
	return facts, nil
}

func (a *asking) payment(ctx context.Context, ref purchase.Ref) (payment, error) {
	if isSession(ref.Payment) {
		all, err := a.order(ctx, ref.Payment)
		return payment{ref.Payment, all}, err
	}
	named := slices.DeleteFunc([]uuid{uuid(ref.Object), uuid(ref.Payment)}, func(u uuid) bool { return !u.ok() })
	if len(named) == 0 {
		return payment{}, fmt.Errorf("ask lyra about a payment: %w", purchase.ErrNoPayment)
	}
	t, err := a.transaction(ctx, named[0])
	if err != nil {
		return payment{}, err
	}
	p := payment{t.Order.ID, []transaction{t}}
	if p.orderID == "" {
		if t.Details.Card.Capture.Refunded > 0 { // and without an order its refunds cannot be listed
			err = a.Judged(protocol.Get, protocol.NotUnderstood("a refund of a payment without an order id; look it up in the back office"))
		}
		return p, err
	}
	if p.transactions, err = a.order(ctx, p.orderID); err != nil || isSession(p.orderID) {
		return p, err
	}
	p.transactions, err = around(t, append(named, t.Details.Parent), p.transactions)
	if err != nil {
		return p, a.Judged(protocol.Get, err)
	}
	return p, nil
}

// transaction reads one transaction.
func (a *asking) transaction(ctx context.Context, id uuid) (t transaction, err error) {
	err = a.call(ctx, protocol.Get, "Transaction/Get", map[string]any{"uuid": id}, &t)
	switch {
	case protocol.IsStatus(err, http.StatusNotFound):
		return t, fmt.Errorf("ask lyra about a transaction: %w", purchase.ErrNoPayment)
	case err != nil:
		return t, err
	case t.UUID != id:
		return t, a.Judged(protocol.Get, protocol.NotUnderstood("the answer is about another transaction"))
	}
	return t, a.allowed(t)
}

// order reads all transactions of an order; Lyra lists up to thirty, and beyond that none.
func (a *asking) order(ctx context.Context, id string) ([]transaction, error) {
	var list orderList
	err := a.call(ctx, protocol.Get, "Order/Get", map[string]any{"orderId": id}, &list)
	switch {
	case protocol.IsStatus(err, http.StatusNotFound):
		return nil, fmt.Errorf("ask lyra about an order: %w", purchase.ErrNoPayment)
	case err != nil:
		return nil, err
	case list.OrderID != id:
		return nil, a.Judged(protocol.Get, protocol.NotUnderstood("the answer is about another order"))
	}
	for _, t := range list.Transactions {
		if err := a.allowed(t); err != nil {
			return nil, err
		}
	}
	return list.Transactions, nil
}

// allowed refuses what the API should not have shown: a password reads its own shop and mode.
func (a *asking) allowed(t transaction) error {
	if err := a.ours(t.Order.Mode, t.ShopID); err != nil {
		return a.Judged(protocol.Get, fmt.Errorf("the transaction is of another mode or shop; correct password and shop_id: %w", err))
	}
	return nil
}

// around are the transactions of an order that belong to one payment: the debits that are named, those made at the same pay page, and
// their refunds. Where an order has one debit only, everything belongs to it.
func around(t transaction, named []uuid, all []transaction) ([]transaction, error) {
	if !slices.ContainsFunc(all, func(other transaction) bool { return other.UUID == t.UUID }) {
		all = append(all, t)
	}
	debits, ours := 0, map[uuid]bool{}
	for _, d := range all {
		if d.credit() {
			continue
		}
		debits++
		if d.UUID.ok() && (slices.Contains(named, d.UUID) || t.PaymentID != "" && d.PaymentID == t.PaymentID) {
			ours[d.UUID] = true
		}
	}
	if debits == 1 {
		return all, nil
	}
	if slices.ContainsFunc(all, func(c transaction) bool { return c.credit() && !c.Details.Parent.ok() }) || len(ours) == 0 {
		return nil, protocol.NotUnderstood("a refund that does not say of what, in an order with several payments")
	}
	return slices.DeleteFunc(all, func(one transaction) bool { return !ours[one.UUID] && !(one.credit() && ours[one.Details.Parent]) }), nil
}
