package paypal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Capture takes the money of an approved order, or what an order reserves, all of it, in one attempt. The same key is the same capture at
// PayPal. It returns what PayPal then shows: a capture that is pending is no error, one that was declined is. After an error whose Retry
// allows it nobody knows whether the money moved: ask, or call again with the same key.
func (p *PayPal) Capture(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	if err := p.usable(protocol.Capture, ref, key); err != nil {
		return nil, err
	}
	if ref.Object != "" {
		return p.take(ctx, ref, key)
	}
	facts, err := p.approved(ctx, protocol.Capture, "/capture", ref, key)
	if protocol.HasWord(err, issueOtherIntent) {
		return p.take(ctx, ref, key)
	}
	return facts, err
}

func (p *PayPal) usable(operation string, ref purchase.Ref, key string) error {
	switch {
	case p.client == nil:
		return p.sender.Never(operation, errNoCredentials)
	case !isID(ref.Payment) || key == "" || len(key) > maxRequestID:
		return p.sender.Never(operation, errors.New("the order's id or the key cannot be used"))
	}
	return nil
}

// approved captures or reserves what the buyer agreed to.
func (p *PayPal) approved(ctx context.Context, operation, path string, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	var o order
	err := p.client.call(ctx, call{operation: operation, method: http.MethodPost, path: ordersPath + "/" + ref.Payment + path,
		key: key, body: []byte("{}")}, &o)
	switch {
	case err == nil:
		return p.after(ctx, operation, ref, o)
	case protocol.HasWord(err, issueAlreadyCaptured), protocol.HasWord(err, issueAlreadyAuthorised):
		return p.after(ctx, operation, ref, order{})
	case protocol.HasWord(err, issueDeclined):
		f := p.about(purchase.Proved, ref.Payment, carried{})
		f.Kind, f.At, f.Detail.Reason = purchase.Failed, p.Now(), issueDeclined
		return []purchase.Fact{f}, err
	}
	return nil, unfound(err)
}

// unfound: an order that PayPal does not know of yet may be known in a moment.
func unfound(err error) error {
	if protocol.IsStatus(err, http.StatusNotFound) {
		return fmt.Errorf("%w: %w", purchase.ErrNoPayment, err)
	}
	return err
}

// after tells what the answer shows, or reads the order back where the answer does not show what became of the call.
func (p *PayPal) after(ctx context.Context, operation string, ref purchase.Ref, o order) ([]purchase.Fact, error) {
	facts, err := []purchase.Fact(nil), error(nil)
	if o.ID == ref.Payment {
		facts, err = p.orderFacts(purchase.Proved, o, o.Create)
	}
	if err != nil || !concluded(operation, facts) {
		facts, err = p.Ask(ctx, purchase.Ref{Payment: ref.Payment})
	}
	works := slices.ContainsFunc(facts, worked(operation))
	switch {
	case err != nil:
		return nil, p.sender.Unusable(operation, http.StatusOK, fmt.Errorf("read the payment back: %w", err))
	case !concluded(operation, facts), !works && o.ID == "": // it is said to be done, and what failed was another attempt
		return facts, p.sender.Unusable(operation, http.StatusOK, errors.New("the order does not show it"))
	case !works:
		return facts, p.sender.Never(operation, errors.New("it was declined"))
	}
	return facts, nil
}

func concluded(operation string, facts []purchase.Fact) bool {
	did := worked(operation)
	return slices.ContainsFunc(facts, func(f purchase.Fact) bool { return did(f) || f.Kind == purchase.Failed })
}

// worked tells of a fact whether it shows that the operation had its effect, or is having it.
func worked(operation string) func(purchase.Fact) bool {
	return func(f purchase.Fact) bool {
		return f.Kind == purchase.Captured || f.Kind == purchase.Pending || (f.Kind == purchase.Authorised && operation == protocol.Reserve)
	}
}
