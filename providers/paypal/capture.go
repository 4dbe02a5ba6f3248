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

// Capture takes the money of an approved order, in one attempt. The same key is the same capture at PayPal. It returns what PayPal
// then shows: a capture that is pending is no error, one that was declined is. After an error whose Retry allows it nobody knows
// whether the money moved: ask, or call again with the same key.
func (p *PayPal) Capture(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	switch {
	case p.client == nil:
		return nil, p.sender.Never(protocol.Capture, errNoCredentials)
	case !isID(ref.Payment) || key == "" || len(key) > maxRequestID:
		return nil, p.sender.Never(protocol.Capture, errors.New("the order's id or the key cannot be used"))
	}
	var o order
	err := p.client.call(ctx, call{operation: protocol.Capture, method: http.MethodPost, path: ordersPath + "/" + ref.Payment + "/capture",
		key: key, body: []byte("{}")}, &o)
	switch {
	case err == nil:
		return p.afterCapture(ctx, ref, o)
	case protocol.HasWord(err, issueAlreadyCaptured):
		return p.afterCapture(ctx, ref, order{})
	case protocol.HasWord(err, issueDeclined):
		f := p.about(purchase.Proved, ref.Payment, carried{})
		f.Kind, f.At, f.Detail.Reason = purchase.Failed, p.Now(), issueDeclined
		return []purchase.Fact{f}, err
	case protocol.IsStatus(err, http.StatusNotFound):
		return nil, fmt.Errorf("%w: %w", purchase.ErrNoPayment, err)
	}
	return nil, err
}

// afterCapture tells what the answer shows, or reads the order back where the answer shows no capture.
func (p *PayPal) afterCapture(ctx context.Context, ref purchase.Ref, o order) ([]purchase.Fact, error) {
	facts, err := []purchase.Fact(nil), error(nil)
	if o.ID == ref.Payment {
		facts, err = p.orderFacts(purchase.Proved, o, o.Create)
	}
	if err != nil || !concluded(facts) {
		facts, err = p.Ask(ctx, purchase.Ref{Payment: ref.Payment})
	}
	switch {
	case err != nil:
		return nil, p.sender.Unusable(protocol.Capture, http.StatusOK, fmt.Errorf("read the capture back: %w", err))
	case !concluded(facts):
		return facts, p.sender.Unusable(protocol.Capture, http.StatusOK, errors.New("the order shows no capture"))
	case declined(facts):
		return facts, p.sender.Never(protocol.Capture, errors.New("the capture was declined"))
	}
	return facts, nil
}

func concluded(facts []purchase.Fact) bool {
	return slices.ContainsFunc(facts, func(f purchase.Fact) bool { return took(f) || f.Kind == purchase.Failed })
}

func declined(facts []purchase.Fact) bool { return !slices.ContainsFunc(facts, took) }

func took(f purchase.Fact) bool { return f.Kind == purchase.Captured || f.Kind == purchase.Pending }
