package stripe

import (
	"context"
	"fmt"
	"net/url"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Ask reads a payment back: a session with its PaymentIntent, or a PaymentIntent alone, with its refunds and disputes. What it returns
// is proof. A payment that Stripe does not know is purchase.ErrNoPayment.
func (s *Stripe) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	for _, id := range []string{ref.Payment, ref.Object} {
		switch {
		case isSession(id):
			return s.askSession(ctx, id)
		case isIntent(id):
			return s.askIntent(ctx, id)
		}
	}
	return nil, fmt.Errorf("ask stripe about a payment: %w", purchase.ErrNoPayment)
}

func (s *Stripe) askSession(ctx context.Context, id string) ([]purchase.Fact, error) {
	o, err := s.session(ctx, id)
	if err != nil {
		return nil, err
	}
	facts, err := s.sessionFacts(o, event{})
	return s.withReturned(ctx, id, o.Intent.intent, facts, err)
}

// session reads a session with its PaymentIntent and charge.
func (s *Stripe) session(ctx context.Context, id string) (o session, err error) {
	found, err := s.Find(ctx, protocol.Call{Operation: protocol.Get, Path: "/v1/checkout/sessions/" + id,
		Query: url.Values{"expand[]": {"payment_intent", "payment_intent.latest_charge"}}}, &o)
	switch {
	case err != nil:
		return o, err
	case !found:
		return o, fmt.Errorf("ask stripe about a session: %w", purchase.ErrNoPayment)
	case o.ID != id:
		return o, s.Judged(protocol.Get, protocol.NotUnderstood("the answer is about another session"))
	}
	return o, s.ofOurMode(o.LiveMode)
}

func (s *Stripe) askIntent(ctx context.Context, id string) ([]purchase.Fact, error) {
	var o intent
	found, err := s.Find(ctx, protocol.Call{Operation: protocol.Get, Path: "/v1/payment_intents/" + id,
		Query: url.Values{"expand[]": {"latest_charge"}}}, &o)
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, fmt.Errorf("ask stripe about a PaymentIntent: %w", purchase.ErrNoPayment)
	case o.ID != id:
		return nil, s.Judged(protocol.Get, protocol.NotUnderstood("the answer is about another PaymentIntent"))
	}
	if err := s.ofOurMode(o.LiveMode); err != nil {
		return nil, err
	}
	facts, err := s.intentFacts("", o, event{})
	return s.withReturned(ctx, "", o, facts, err)
}

// ofOurMode: a key reads only its own mode, so another one is a mistake of the settings.
func (s *Stripe) ofOurMode(live *bool) error {
	if live == nil || *live != s.Live {
		return s.Judged(protocol.Get, fmt.Errorf("the payment is of the other mode; correct secret_key: %w", purchase.WrongMode))
	}
	return nil
}

// withReturned adds the refunds and disputes of a payment, if the charge has any.
func (s *Stripe) withReturned(ctx context.Context, payment string, o intent, facts []purchase.Fact, err error) ([]purchase.Fact, error) {
	if err != nil {
		return nil, s.Judged(protocol.Get, err)
	}
	query := url.Values{"payment_intent": {o.ID}, "limit": {"100"}}
	if o.Charge.Refunded > 0 {
		var all list[refund]
		if err := s.Call(ctx, protocol.Call{Operation: protocol.List, Path: "/v1/refunds", Query: query}, &all); err != nil {
			return nil, err
		}
		returned, err := s.refundFacts(payment, ofIntent(all.Data, o.ID))
		if err != nil {
			return nil, s.Judged(protocol.List, err)
		}
		facts = append(facts, returned...)
	}
	if o.Charge.Disputed {
		var all list[dispute]
		if err := s.Call(ctx, protocol.Call{Operation: protocol.List, Path: "/v1/disputes", Query: query}, &all); err != nil {
			return nil, err
		}
		for i := range all.Data {
			all.Data[i].Intent.ID = o.ID
		}
		taken, err := s.disputeFacts(payment, all.Data)
		if err != nil {
			return nil, s.Judged(protocol.List, err)
		}
		facts = append(facts, taken...)
	}
	return facts, nil
}

// ofIntent names the PaymentIntent in refunds that leave it out.
func ofIntent(all []refund, id string) []refund {
	for i := range all {
		all[i].Intent.ID = id
	}
	return all
}
