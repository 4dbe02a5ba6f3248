package paypal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const authorizationsPath = "/v2/payments/authorizations/"

var (
	errNothingReserved = errors.New("the order reserves nothing")
	errTaken           = errors.New("the money is taken")
)

// Reserve reserves the money of an approved order that was opened to be reserved first, in one attempt. The same key is the same
// authorization at PayPal, and an order has one only. PayPal holds the money for three days and lets go of it after 29 days at the latest.
//
// Source: PayPal REST API specifications, Orders v2, authorize payment for order.
func (p *PayPal) Reserve(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	if err := p.usable(protocol.Reserve, ref, key); err != nil {
		return nil, err
	}
	return p.approved(ctx, protocol.Reserve, "/authorize", ref, key)
}

// take captures what an order reserves. What to take is what the order itself names: an object may come from hearsay.
func (p *PayPal) take(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	o, facts, err := p.readOrder(ctx, protocol.Capture, ref)
	held, live := reservation(o, ref.Object)
	switch {
	case err != nil:
		return nil, err
	case !strings.EqualFold(o.Intent, intentAuthorise) && !live:
		return p.approved(ctx, protocol.Capture, "/capture", ref, key)
	case taken(o):
		return facts, nil
	case !live:
		return facts, p.sender.Never(protocol.Capture, errNothingReserved)
	}
	var t transaction
	err = p.client.call(ctx, call{operation: protocol.Capture, method: http.MethodPost, path: authorizationsPath + held.ID + "/capture",
		key: key, body: []byte(`{"final_capture":true}`)}, &t)
	switch {
	case err == nil && isID(t.ID):
		o.Units[0].Payments.Captures = append(o.Units[0].Payments.Captures, t)
		return p.after(ctx, protocol.Capture, ref, o)
	case err == nil, protocol.HasWord(err, issueAlreadyTaken):
		return p.after(ctx, protocol.Capture, ref, order{})
	}
	return nil, unfound(err)
}

// Void gives back what an order reserves. Doing it twice is doing it once; what was taken, wholly or in part, is not given back. An order
// that reserves nothing cannot be ended: nothing moves in it without us.
func (p *PayPal) Void(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	if err := p.usable(protocol.Void, ref, key); err != nil {
		return nil, err
	}
	o, facts, err := p.readOrder(ctx, protocol.Void, ref)
	held, live := reservation(o, ref.Object)
	switch {
	case err != nil:
		return nil, err
	case taken(o):
		return facts, p.sender.Never(protocol.Void, errTaken)
	case slices.ContainsFunc(facts, isLapsed):
		return facts, nil
	case !live:
		return facts, p.sender.Never(protocol.Void, errNothingReserved)
	}
	var t transaction
	err = p.client.call(ctx, call{operation: protocol.Void, method: http.MethodPost, path: authorizationsPath + held.ID + "/void", key: key}, &t)
	_, again := purchase.Retry(err)
	switch {
	case err == nil && t.ID == held.ID && strings.EqualFold(t.Status, "VOIDED"):
		replace(o, t)
		return p.afterVoid(p.orderFacts(purchase.Proved, o, o.Create))
	case err == nil, protocol.HasWord(err, issueAlreadyVoided):
		return p.afterVoid(p.Ask(ctx, purchase.Ref{Payment: ref.Payment}))
	case again:
		return nil, unfound(err)
	}
	if facts, failed := p.Ask(ctx, purchase.Ref{Payment: ref.Payment}); failed == nil {
		return facts, err
	}
	return nil, err
}

func (p *PayPal) afterVoid(facts []purchase.Fact, err error) ([]purchase.Fact, error) {
	switch {
	case err != nil:
		return nil, p.sender.Unusable(protocol.Void, http.StatusOK, fmt.Errorf("read the payment back: %w", err))
	case slices.ContainsFunc(facts, worked(protocol.Capture)):
		return facts, p.sender.Never(protocol.Void, errTaken)
	case !slices.ContainsFunc(facts, isLapsed):
		return facts, p.sender.Unusable(protocol.Void, http.StatusOK, errors.New("the order does not show it"))
	}
	return facts, nil
}

func isLapsed(f purchase.Fact) bool { return f.Kind == purchase.Lapsed }

// readOrder reads the order before a call that cannot be taken back. Should it not list its authorization, that is read as well, and must
// name the order.
func (p *PayPal) readOrder(ctx context.Context, operation string, ref purchase.Ref) (o order, facts []purchase.Fact, err error) {
	if err = p.client.get(ctx, ordersPath+"/"+ref.Payment, &o); err != nil {
		return o, nil, unfound(err)
	}
	if o.ID != ref.Payment || len(o.Units) == 0 {
		return o, nil, p.sender.Unusable(operation, http.StatusOK, errors.New("the answer is about another order"))
	}
	if inside := &o.Units[0].Payments; len(inside.Authorizations) == 0 && isID(ref.Object) {
		var t transaction
		if found, err := p.find(ctx, authorizationsPath+ref.Object, &t); err != nil {
			return o, nil, err
		} else if found && t.ID == ref.Object && t.payment() == ref.Payment {
			inside.Authorizations = append(inside.Authorizations, t)
		}
	}
	if facts, err = p.orderFacts(purchase.Proved, o, o.Create); err != nil {
		return o, nil, p.judged("order", err)
	}
	return o, facts, nil
}

// reservation is what an order reserves: the authorization that is meant, if it is the order's own and stands, else the first that stands.
func reservation(o order, meant string) (found transaction, live bool) {
	for _, u := range o.Units {
		for _, t := range u.Payments.Authorizations {
			stands := strings.EqualFold(t.Status, "CREATED") || strings.EqualFold(t.Status, "PENDING") || strings.EqualFold(t.Status, "PARTIALLY_CAPTURED")
			if stands && (!live || t.ID == meant) && isID(t.ID) {
				found, live = t, true
			}
		}
	}
	return found, live
}

// taken tells whether the order shows a capture that took the money or may still take it.
func taken(o order) bool {
	return slices.ContainsFunc(o.Units, func(u unit) bool {
		return slices.ContainsFunc(u.Payments.Captures, func(t transaction) bool {
			f, err := captured(purchase.Fact{}, t)
			return err == nil && f.Kind != purchase.Failed
		})
	})
}

// replace puts an authorization in the place of what the order said of it before.
func replace(o order, t transaction) {
	for _, u := range o.Units {
		for i := range u.Payments.Authorizations {
			if u.Payments.Authorizations[i].ID == t.ID {
				u.Payments.Authorizations[i].Status = t.Status
			}
		}
	}
}
