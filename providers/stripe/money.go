package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

var errKey = errors.New("the payment or the key cannot be used")

// Capture takes the money that a payment reserves, all of it, in one attempt. The same key is the same capture at Stripe.
func (s *Stripe) Capture(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	id, err := s.intentOf(ctx, ref)
	if err != nil {
		return nil, err
	}
	if key == "" || len(key) > maxKey {
		return nil, s.Never(protocol.Capture, errKey)
	}
	err = s.Call(ctx, protocol.Call{Operation: protocol.Capture, Method: http.MethodPost, Path: "/v1/payment_intents/" + id + "/capture",
		Header: underKey(key)}, nil)
	return s.after(ctx, ref, protocol.Capture, err, purchase.Captured)
}

// Void ends a session that is not paid, or gives back what a payment reserves.
func (s *Stripe) Void(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	if key == "" || len(key) > maxKey {
		return nil, s.Never(protocol.Void, errKey)
	}
	if isSession(ref.Payment) {
		err := s.Call(ctx, protocol.Call{Operation: protocol.Void, Method: http.MethodPost, Path: "/v1/checkout/sessions/" + ref.Payment + "/expire",
			Header: underKey(key), Repeatable: true}, nil)
		if err == nil || !protocol.IsStatus(err, http.StatusBadRequest) {
			return s.after(ctx, ref, protocol.Void, err, purchase.Lapsed)
		}
	}
	facts, err := s.Ask(ctx, ref) // it is no longer open: paid, reserved, or ended before
	if err != nil || !holds(facts, purchase.Authorised) {
		return s.judge(facts, err, protocol.Void, purchase.Lapsed)
	}
	id, err := s.intentOf(ctx, ref)
	if err != nil {
		return nil, err
	}
	err = s.Call(ctx, protocol.Call{Operation: protocol.Void, Method: http.MethodPost, Path: "/v1/payment_intents/" + id + "/cancel",
		Header: underKey(clipKey(key + "-cancel")), Repeatable: true}, nil)
	return s.after(ctx, ref, protocol.Void, err, purchase.Lapsed)
}

// after reads back what became of a call. A refusal is final only if the payment does not show what was wanted.
func (s *Stripe) after(ctx context.Context, ref purchase.Ref, operation string, failed error, want purchase.Kind) ([]purchase.Fact, error) {
	if _, again := purchase.Retry(failed); failed != nil && again {
		return nil, failed
	}
	facts, err := s.Ask(ctx, ref)
	facts, err = s.judge(facts, err, operation, want)
	if err != nil && failed != nil {
		return facts, failed
	}
	return facts, err
}

// judge: what was wanted is there, or it came to nothing.
func (s *Stripe) judge(facts []purchase.Fact, err error, operation string, want purchase.Kind) ([]purchase.Fact, error) {
	switch {
	case err != nil:
		return nil, s.Unusable(operation, http.StatusOK, fmt.Errorf("read the payment back: %w", err))
	case !holds(facts, want):
		return facts, s.Never(operation, errors.New("the payment does not stand so"))
	}
	return facts, nil
}

func holds(facts []purchase.Fact, kind purchase.Kind) bool {
	return slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Kind == kind })
}

// intentOf is the PaymentIntent of a payment.
func (s *Stripe) intentOf(ctx context.Context, ref purchase.Ref) (string, error) {
	for _, id := range []string{ref.Payment, ref.Object} {
		if isIntent(id) {
			return id, nil
		}
	}
	if !isSession(ref.Payment) {
		return "", s.Never(protocol.Get, errKey)
	}
	o, err := s.session(ctx, ref.Payment)
	switch {
	case err != nil:
		return "", err
	case !isIntent(o.Intent.ID):
		return "", s.Never(protocol.Get, errors.New("the session has no payment yet"))
	}
	return o.Intent.ID, nil
}

// Refund sends part or all of a payment back. Stripe remembers the key for a day; a refund that was made under it before that is found
// by it, so the same key never refunds twice.
func (s *Stripe) Refund(ctx context.Context, ref purchase.Ref, money purchase.Money, key string) ([]purchase.Fact, error) {
	minor, err := writeMoney(money)
	if err != nil || key == "" || len(key) > maxKey {
		return nil, s.Never(protocol.Refund, errors.New("the amount or the key cannot be used"))
	}
	id, err := s.intentOf(ctx, ref)
	if err != nil {
		return nil, err
	}
	var before list[refund]
	query := url.Values{"payment_intent": {id}, "limit": {"100"}}
	if err := s.Call(ctx, protocol.Call{Operation: protocol.List, Path: "/v1/refunds", Query: query}, &before); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(before.Data, func(r refund) bool { return r.Metadata[keyKey] == key })
	if at >= 0 {
		return s.refunded(ref, id, before.Data[at])
	}
	var made refund
	err = s.Call(ctx, protocol.Call{Operation: protocol.Refund, Path: "/v1/refunds", Header: underKey(key), Form: url.Values{
		"payment_intent": {id}, "amount": {strconv.FormatInt(minor, 10)}, "metadata[" + keyKey + "]": {key}}}, &made)
	if err != nil {
		return nil, err
	}
	return s.refunded(ref, id, made)
}

func (s *Stripe) refunded(ref purchase.Ref, id string, r refund) ([]purchase.Fact, error) {
	facts, err := s.refundFacts(ref.Payment, ofIntent([]refund{r}, id))
	switch {
	case err != nil:
		return nil, s.Unusable(protocol.Refund, http.StatusOK, err)
	case facts[0].Kind == purchase.Failed:
		return facts, s.Never(protocol.Refund, errors.New("the refund came to nothing"))
	}
	return facts, nil
}
