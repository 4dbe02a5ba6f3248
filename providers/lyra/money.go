package lyra

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Capture lets Lyra take what a payment reserves, all of it, in one attempt. Lyra knows no keys: the payment is read before, and a
// transaction is validated once and then no more.
func (a *asking) Capture(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	p, facts, err := a.standing(ctx, ref, protocol.Capture, key)
	if err != nil {
		return nil, err
	}
	reserved := p.debits(purchase.Authorised)
	switch {
	case len(reserved) == 0 && holds(facts, purchase.Captured):
		return facts, nil
	case len(reserved) != 1:
		return facts, a.Never(protocol.Capture, errors.New("the payment does not reserve exactly one amount"))
	}
	err = a.call(ctx, protocol.Capture, "Transaction/Validate", map[string]any{"uuid": reserved[0].UUID}, nil)
	return a.after(ctx, ref, protocol.Capture, err, func(facts []purchase.Fact) bool { return holds(facts, purchase.Captured) })
}

// Void gives back what a payment reserves. A pay page that nobody paid cannot be ended.
func (a *asking) Void(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	p, facts, err := a.standing(ctx, ref, protocol.Void, key)
	if errors.Is(err, purchase.ErrNoPayment) {
		return nil, a.Never(protocol.Void, errors.New("a pay page cannot be ended"))
	}
	if err != nil {
		return nil, err
	}
	reserved := p.debits(purchase.Authorised)
	if len(reserved) == 0 {
		return a.ended(p, facts)
	}
	for _, t := range reserved {
		err = errors.Join(err, a.call(ctx, protocol.Void, "Transaction/Cancel", map[string]any{"uuid": t.UUID}, nil))
	}
	facts, err = a.after(ctx, ref, protocol.Void, err, func(facts []purchase.Fact) bool { return !alive(facts) })
	if err != nil {
		return facts, err
	}
	return append(facts, lapsed(facts)), nil
}

// ended: it was given back before, or there is nothing that could be given back.
func (a *asking) ended(p payment, facts []purchase.Fact) ([]purchase.Fact, error) {
	if !p.cancelled() || alive(facts) {
		return facts, a.Never(protocol.Void, errors.New("nothing is reserved, and a pay page cannot be ended"))
	}
	return append(facts, lapsed(facts)), nil
}

func (p payment) cancelled() bool {
	return slices.ContainsFunc(p.transactions, func(t transaction) bool { return !t.credit() && t.Status == "CANCELLED" })
}

// alive tells whether there is money, or may be soon.
func alive(facts []purchase.Fact) bool {
	return holds(facts, purchase.Captured) || holds(facts, purchase.Authorised) || holds(facts, purchase.Pending)
}

// lapsed: the payment was given up by us.
func lapsed(facts []purchase.Fact) purchase.Fact {
	f := facts[0]
	return purchase.Fact{Kind: purchase.Lapsed, Standing: purchase.Proved, Payment: f.Payment, Purchase: f.Purchase}
}

func holds(facts []purchase.Fact, kind purchase.Kind) bool {
	return slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Kind == kind })
}

// debits are the debits of a payment that stand so.
func (p payment) debits(kind purchase.Kind) []transaction {
	return slices.DeleteFunc(slices.Clone(p.transactions), func(t transaction) bool { return t.Operation != "DEBIT" || states[t.Status].kind != kind })
}

// standing reads a payment before something is done to it.
func (a *asking) standing(ctx context.Context, ref purchase.Ref, operation, key string) (payment, []purchase.Fact, error) {
	if key == "" {
		return payment{}, nil, a.Never(operation, errors.New("there is no key"))
	}
	p, err := a.payment(ctx, ref)
	if err != nil {
		return p, nil, err
	}
	facts, err := a.told(p)
	return p, facts, err
}

// after reads back what became of a call. A refusal is final only if the payment does not show what was wanted; what was taken and does
// not show yet is looked at again.
func (a *asking) after(ctx context.Context, ref purchase.Ref, operation string, failed error, done func([]purchase.Fact) bool) ([]purchase.Fact, error) {
	if _, again := purchase.Retry(failed); failed != nil && again {
		return nil, failed
	}
	facts, err := a.Ask(ctx, ref)
	switch {
	case err != nil:
		return nil, a.Unusable(operation, http.StatusOK, fmt.Errorf("read the payment back: %w", err))
	case done(facts):
		return facts, nil
	case failed != nil:
		return facts, failed
	}
	return facts, a.Unusable(operation, http.StatusOK, errors.New("the payment does not show it yet"))
}

// Refund sends part or all of a payment back. What is not at the bank yet is cancelled, which can be done with all of it only. Lyra
// knows no keys, and a refund carries nothing that it could be known by: where one of the same amount is there already, nobody can
// tell whether it is this one, and a person must look. After an answer was lost nobody should ask again before the refund shows.
func (a *asking) Refund(ctx context.Context, ref purchase.Ref, money purchase.Money, key string) ([]purchase.Fact, error) {
	p, facts, err := a.standing(ctx, ref, protocol.Refund, key)
	if err != nil {
		return nil, err
	}
	taken := p.debits(purchase.Captured)
	switch {
	case len(taken) == 0 && p.cancelled() && !alive(facts):
		return facts, nil
	case len(taken) != 1:
		return facts, a.Never(protocol.Refund, errors.New("the payment does not hold exactly one amount"))
	}
	t := taken[0]
	if err := p.leaves(t, money); err != nil {
		return facts, a.Never(protocol.Refund, err)
	}
	switch {
	case t.Status == "CAPTURED":
		return a.giveBack(ctx, p, t, money)
	case *t.Amount != money.Minor:
		return facts, unsettled{errors.New("the money is not at the bank yet, and until then only all of it can be given back")}
	}
	err = a.call(ctx, protocol.Refund, "Transaction/Cancel", map[string]any{"uuid": t.UUID}, nil)
	return a.after(ctx, ref, protocol.Refund, err, func(facts []purchase.Fact) bool { return !alive(facts) })
}

// giveBack makes one refund of what is at the bank. Its answer is the refund itself.
func (a *asking) giveBack(ctx context.Context, p payment, t transaction, money purchase.Money) ([]purchase.Fact, error) {
	var made transaction
	err := a.call(ctx, protocol.Refund, "Transaction/CancelOrRefund", map[string]any{"uuid": t.UUID, "amount": money.Minor, "currency": money.Currency,
		"resolutionMode": "REFUND_ONLY"}, &made)
	if _, again := purchase.Retry(err); err != nil && again {
		return nil, unsettled{err}
	} else if err != nil {
		return nil, err
	}
	if !made.credit() || made.Amount == nil || *made.Amount != money.Minor {
		return nil, unsettled{a.Unusable(protocol.Refund, http.StatusOK, errors.New("the answer is not the refund"))}
	}
	p.transactions = append(p.transactions, made)
	return a.told(p)
}

// leaves checks that the amount is there to be given back, and that no refund of it is there already.
func (p payment) leaves(t transaction, money purchase.Money) error {
	if minor, err := units.Write(money); err != nil || minor != money.Minor || money.Currency != t.Currency {
		return errors.New("the amount cannot be given back")
	}
	rest := *t.Amount
	for _, c := range p.transactions {
		if !c.credit() || states[c.Status].kind == purchase.Failed || c.Amount == nil {
			continue
		}
		if *c.Amount == money.Minor {
			return errors.New("a refund of this amount is there; whether it is this one cannot be told")
		}
		rest -= *c.Amount
	}
	if rest < money.Minor {
		return errors.New("less than that is left")
	}
	return nil
}

// unsettled is what settles by itself, but not at once.
type unsettled struct{ error }

// Retry gives Lyra more time than any call of it lasts.
func (unsettled) Retry() (after time.Duration, again bool) { return 5 * time.Minute, true }

func (u unsettled) Unwrap() error { return u.error }
