package mollie

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// readWithin leaves time to keep the delivery: the bridge gives ten seconds to both, Mollie waits fifteen.
const readWithin = 6 * time.Second

// newest is how many payments of a link or an order are looked at.
const newest = "10"

// bounded asks Mollie on behalf of a notification, within the bounds of the gate. What it says that can be said of no other answer is passed
// on; anything else is purchase.ErrUnchecked.
func (m *Mollie) bounded(ctx context.Context, question func() error) error {
	err := m.gate.enter(ctx)
	if err == nil {
		defer m.gate.leave()
		err = question()
	}
	if err == nil || errors.Is(err, purchase.ErrNoPayment) || errors.Is(err, purchase.ErrNotUnderstood) || refusal(err) != "" {
		return err
	}
	return fmt.Errorf("%w: %w", purchase.ErrUnchecked, err)
}

// readBack reads the payment that a notification names, or those of a payment link or an order that it names. A payment that Mollie
// does not know is nobody's business; one of another mode or profile is refused; what cannot be read now is read again later.
func (m *Mollie) readBack(ctx context.Context, id string) (purchase.Reading, error) {
	if m.gate.stranger(id) {
		return purchase.Reading{Unkept: true}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	var facts []purchase.Fact
	err := m.bounded(ctx, func() (err error) {
		facts, err = m.told(ctx, id)
		return err
	})
	switch why := refusal(err); {
	case why != "":
		return purchase.Reading{}, purchase.Forged(why)
	case errors.Is(err, purchase.ErrNoPayment):
		m.gate.turnAway(id)
		return purchase.Reading{Unkept: true}, nil
	case err != nil:
		return purchase.Reading{}, err
	}
	return purchase.Reading{Facts: facts}, nil
}

// refusal is why a payment is not ours; "" where it is.
func refusal(err error) (why purchase.Refusal) {
	errors.As(err, &why)
	return why
}

// told is what all payments behind an id tell.
func (m *Mollie) told(ctx context.Context, id string) (all []purchase.Fact, err error) {
	payments, err := m.behind(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, one := range payments {
		o, err := m.payment(ctx, one)
		if err != nil {
			return nil, err
		}
		facts, err := m.facts(o)
		if err != nil {
			return nil, err
		}
		all = append(all, facts...)
	}
	return all, nil
}

// behind are the payments that an id leads to: itself, or the newest of a payment link or of an order. A key that may not see those has
// none.
func (m *Mollie) behind(ctx context.Context, id string) ([]string, error) {
	if isPayment(id) {
		return []string{id}, nil
	}
	call := protocol.Call{Operation: protocol.List, Path: "/v2/orders/" + id, Query: url.Values{"embed": {"payments"}}}
	if strings.HasPrefix(id, "pl_") {
		call.Path, call.Query = "/v2/payment-links/"+id+"/payments", url.Values{"limit": {newest}}
	}
	var o struct {
		Embedded struct {
			Payments []payment `json:"payments"`
		} `json:"_embedded"`
	}
	err := m.Call(ctx, call, &o)
	if denied(err) {
		err = fmt.Errorf("ask mollie about a payment link or an order: %w", purchase.ErrNoPayment)
	}
	var payments []string
	for _, p := range o.Embedded.Payments {
		if isPayment(p.ID) {
			payments = append(payments, p.ID)
		}
	}
	return payments, err
}

// denied tells whether Mollie said that there is no such thing, or not for this key.
func denied(err error) bool {
	return said(err, http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity)
}

// said tells whether Mollie itself answered so: a page of the network's edge has no words of its, and says nothing of a payment.
func said(err error, statuses ...int) bool {
	var e *protocol.Error
	return errors.As(err, &e) && len(e.Words) > 0 && slices.Contains(statuses, e.Status)
}

// payment reads a payment with everything that became of its money. Only an answer that there is none, or no longer, is taken for that.
func (m *Mollie) payment(ctx context.Context, id string) (o payment, err error) {
	err = m.Call(ctx, protocol.Call{Operation: protocol.Get, Path: "/v2/payments/" + id, Query: url.Values{"embed": {"captures,refunds,chargebacks"}}}, &o)
	switch {
	case said(err, http.StatusNotFound, http.StatusGone):
		return o, fmt.Errorf("ask mollie about a payment: %w", purchase.ErrNoPayment)
	case err != nil:
		return o, err
	case o.ID != id:
		return o, protocol.NotUnderstood("the answer is about another payment")
	}
	if err = m.ours(o); err == nil {
		err = m.complete(ctx, &o)
	}
	return o, err
}

// ours: a key sees the payments of its own mode and profile, so others are a mistake of the settings.
func (m *Mollie) ours(o payment) error {
	switch {
	case o.Mode != modeOf(m.Live):
		return fmt.Errorf("the payment is of the other mode; correct api_key: %w", purchase.WrongMode)
	case m.config.Profile != "" && o.Profile != m.config.Profile:
		return fmt.Errorf("the payment is of another profile; correct profile or api_key: %w", purchase.WrongMerchant)
	}
	return nil
}
