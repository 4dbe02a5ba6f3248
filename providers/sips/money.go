package sips

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

var (
	errStands  = errors.New("the payment does not stand so")
	errTooMuch = errors.New("more than the payment is")
	errWhich   = errors.New("something was given back before, and whether that was this refund cannot be told; compare with the back office")
)

// Capture takes the money that a payment reserves, all of it, in one attempt. Sips knows no keys; but it captures a transaction once.
func (s *Sips) Capture(ctx context.Context, ref purchase.Ref, _ string) ([]purchase.Fact, error) {
	t, err := s.look(ctx, ref)
	if err != nil || holds(t.facts, purchase.Captured) {
		return t.facts, err
	}
	return s.finish(ctx, t, protocol.Capture, "validate", purchase.Captured)
}

// Void gives back what a payment reserves. Sips ends no page.
func (s *Sips) Void(ctx context.Context, ref purchase.Ref, _ string) ([]purchase.Fact, error) {
	t, err := s.look(ctx, ref)
	if err != nil || holds(t.facts, purchase.Lapsed) {
		return t.facts, err
	}
	return s.finish(ctx, t, protocol.Void, "cancel", purchase.Lapsed)
}

// finish ends a reservation one way or the other, and reads back what became of it.
func (s *Sips) finish(ctx context.Context, t transaction, operation, what string, want purchase.Kind) ([]purchase.Fact, error) {
	if !holds(t.facts, purchase.Authorised) {
		return t.facts, s.Never(operation, errStands)
	}
	failed := s.operate(ctx, operation, what, t.reference, t.facts[0].Money)
	if _, again := purchase.Retry(failed); failed != nil && again {
		return nil, failed
	}
	facts, err := s.Ask(ctx, purchase.Ref{Payment: t.reference})
	switch {
	case err != nil:
		return nil, s.Unusable(operation, http.StatusOK, fmt.Errorf("read the payment back: %w", err))
	case !holds(facts, want):
		return facts, cmp.Or(failed, error(s.Never(operation, errStands)))
	}
	return facts, nil
}

func holds(facts []purchase.Fact, kind purchase.Kind) bool {
	return slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Kind == kind })
}

// operate changes an amount of a transaction.
func (s *Sips) operate(ctx context.Context, operation, what, reference string, money purchase.Money) error {
	minor, currency, err := writeMoney(money)
	if err != nil {
		return s.Never(operation, err)
	}
	a, err := s.office(ctx, protocol.Call{Operation: operation, Path: cashPath + what}, cashVersion, object{
		"transactionReference": reference, "operationAmount": minor, "currencyCode": currency, "operationOrigin": origin})
	switch code := a.get("responseCode"); {
	case err != nil:
		return err
	case code != "00":
		return s.refused(operation, code)
	}
	return nil
}

// Refund sends part or all of a payment back, before it is captured by taking it off. Sips knows no keys and shows the sum of all that
// went back: so a refund of all of it is done once it shows as gone, and a part is sent only where nothing went back before. Whether a
// part that did was this one cannot be told: that is for a person.
func (s *Sips) Refund(ctx context.Context, ref purchase.Ref, money purchase.Money, _ string) ([]purchase.Fact, error) {
	t, err := s.look(ctx, ref)
	switch {
	case err != nil:
		return nil, err
	case !holds(t.facts, purchase.Captured):
		return t.facts, s.Never(protocol.Refund, errStands)
	case money == t.money && t.returned == t.money:
		return t.facts, nil
	case !money.Positive() || money.Currency != t.money.Currency || money.Minor > t.money.Minor:
		return t.facts, s.Never(protocol.Refund, errTooMuch)
	case t.touched:
		return t.facts, s.Never(protocol.Refund, errWhich)
	}
	what := "refund"
	if t.status == "TO_CAPTURE" {
		what = "cancel"
	}
	if err := s.operate(ctx, protocol.Refund, what, t.reference, money); err != nil {
		return nil, inDoubt(err)
	}
	return append(t.facts, returned(t.facts[0], money)), nil
}

// A doubt is about a refund that may have gone through. It is not looked at again before Sips has certainly done with it: a part that is
// still under way would be sent twice.
type doubt struct{ error }

const certainlyDone = time.Minute

func inDoubt(err error) error {
	if _, again := purchase.Retry(err); again {
		return doubt{err}
	}
	return err
}

// Unwrap is what happened.
func (d doubt) Unwrap() error { return d.error }

// Retry says when to look.
func (d doubt) Retry() (time.Duration, bool) {
	after, _ := purchase.Retry(d.error)
	return max(after, certainlyDone), true
}
