package stripe

import (
	"encoding/json"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// readEvent says what an authentic event tells. One of a family that is not about payments tells nothing; one of ours that cannot be
// read is purchase.ErrNotUnderstood. Sessions and PaymentIntents tell of the same money: both name the PaymentIntent as the object.
func (s *Stripe) readEvent(body []byte) ([]purchase.Fact, error) {
	var e event
	if protocol.Decode(body, &e) != nil {
		return nil, protocol.NotUnderstood("the body is not an event")
	}
	switch {
	case e.Object != "event" || e.Type == "" || e.LiveMode == nil: // thin events come under the same header
		return nil, purchase.Forged(purchase.Malformed)
	case *e.LiveMode != s.Live:
		return nil, purchase.Forged(purchase.WrongMode)
	case e.Account != s.config.Account:
		return nil, purchase.Forged(purchase.WrongMerchant)
	}
	return s.tell(e)
}

// tell goes by the object of the event.
//
// Source: Stripe API reference, types of events.
func (s *Stripe) tell(e event) ([]purchase.Fact, error) {
	family, what, _ := strings.Cut(e.Type, ".")
	switch {
	case family == "checkout" && strings.HasPrefix(what, "session."):
		return tellOf(e, func(o session) ([]purchase.Fact, error) { return s.sessionFacts(o, e) })
	case family == "payment_intent":
		return tellOf(e, func(o intent) ([]purchase.Fact, error) { return s.intentFacts("", o, e) })
	case family == "refund", e.Type == "charge.refund.updated":
		return tellOf(e, func(o refund) ([]purchase.Fact, error) { return s.refundFacts("", []refund{o}) })
	case strings.HasPrefix(e.Type, "charge.dispute."):
		return tellOf(e, func(o dispute) ([]purchase.Fact, error) { return s.disputeFacts("", []dispute{o}) })
	}
	return nil, nil
}

func tellOf[T any](e event, tell func(T) ([]purchase.Fact, error)) ([]purchase.Fact, error) {
	var object T
	if json.Unmarshal(e.Data.Object, &object) != nil {
		return nil, protocol.NotUnderstood("the object of an event")
	}
	return tell(object)
}
