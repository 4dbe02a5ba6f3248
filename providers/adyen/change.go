package adyen

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

var errNoPSP = errors.New("no message has told the pspReference of the payment yet")

// Void ends a link that is not paid. What a link reserved is given free, where a message has told which payment that is; Adyen only takes
// such a wish and tells by a message what became of it.
func (a *Adyen) Void(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	if !isLink(ref.Session) {
		return nil, a.cancel(ctx, ref, key)
	}
	failed := a.Call(ctx, protocol.Call{Operation: protocol.Void, Method: http.MethodPatch, Path: "/paymentLinks/" + ref.Session,
		JSON: map[string]string{"status": "expired"}, Repeatable: true}, nil)
	if _, again := purchase.Retry(failed); failed != nil && again {
		return nil, failed
	}
	facts, err := a.Ask(ctx, ref)
	switch {
	case err != nil:
		return nil, a.Unusable(protocol.Void, http.StatusOK, fmt.Errorf("read the link back: %w", err))
	case holds(facts, purchase.Lapsed):
		return facts, nil
	case holds(facts, purchase.Authorised):
		return facts, a.cancel(ctx, ref, key)
	case failed != nil:
		return facts, failed
	case len(facts) == 0:
		return nil, a.Unusable(protocol.Void, http.StatusOK, errors.New("the link is still open"))
	}
	return facts, a.Never(protocol.Void, errors.New("the link was paid before"))
}

func holds(facts []purchase.Fact, kind purchase.Kind) bool {
	return slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Kind == kind })
}

// cancel gives a reservation free. It takes no money back: a payment that is captured stays.
func (a *Adyen) cancel(ctx context.Context, ref purchase.Ref, key string) error {
	_, err := a.modify(ctx, protocol.Void, "cancels", ref, nil, key)
	return err
}

// Capture takes the money that a link of ours reserves, all of it, in one attempt. Adyen only takes the wish: a message tells what became
// of it, and it takes a pspReference, which the message of the authorisation told.
func (a *Adyen) Capture(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	if pspOf(ref) == "" || !isLink(ref.Session) {
		return nil, a.Never(protocol.Capture, errNoPSP)
	}
	l, err := a.link(ctx, ref)
	if err != nil {
		return nil, err
	}
	made, err := a.modify(ctx, protocol.Capture, "captures", ref, &l.Amount, key)
	if err != nil {
		return nil, err
	}
	f := a.about(ref.Payment, l.Reference)
	f.Kind, f.Object, f.Detail.Reason = purchase.Pending, made.PSP, "capture_received"
	return []purchase.Fact{f}, nil
}

// Refund sends part or all of a payment back. Adyen only takes the wish: the money counts as gone until a message says that it is not. A
// link whose whole amount goes back is reversed where it is not known to be captured, which is right in either case. Adyen remembers the
// key for a week at least; it shows no refunds, so a repeat after that is not told apart from a new one.
func (a *Adyen) Refund(ctx context.Context, ref purchase.Ref, money purchase.Money, key string) ([]purchase.Fact, error) {
	minor, err := units.Write(money)
	if err != nil {
		return nil, a.Never(protocol.Refund, err)
	}
	what, part := "refunds", &amount{minor, money.Currency}
	whole, err := a.isWhole(ctx, ref, *part)
	switch {
	case err != nil:
		return nil, err
	case whole:
		what, part = "reversals", nil
	}
	made, err := a.modify(ctx, protocol.Refund, what, ref, part, key)
	if err != nil {
		return nil, err
	}
	f := a.about(ref.Payment, ref.Payment)
	f.Kind, f.Object, f.Version, f.Money = purchase.Refunded, made.PSP, underWay, money
	return []purchase.Fact{f}, nil
}

// isWhole tells whether it is all that a link took, of which nothing says that it was captured.
func (a *Adyen) isWhole(ctx context.Context, ref purchase.Ref, part amount) (bool, error) {
	if a.config.FinalizeOn != onAuthorisation || !isLink(ref.Session) || markOf(ref.Payment).kind != pays {
		return false, nil
	}
	l, err := a.link(ctx, ref)
	return l.Amount == part, err
}

// modify asks for a change of a payment, under a reference of its own.
//
// Source: Adyen API reference, modifications.
func (a *Adyen) modify(ctx context.Context, operation, what string, ref purchase.Ref, part *amount, key string) (made receipt, err error) {
	psp := pspOf(ref)
	if psp == "" {
		return made, a.Never(operation, errNoPSP)
	}
	w := wish{Merchant: a.config.MerchantAccount, Amount: part, Reference: newReference(markOf(ref.Payment).seal, modifies, key)}
	call := protocol.Call{Operation: operation, Path: "/payments/" + psp + "/" + what, JSON: w}
	if err := a.post(ctx, call, key, &made); err != nil {
		return made, err
	}
	if made.Status != "received" || made.Payment != psp || !pspReferences.MatchString(made.PSP) {
		return made, a.Unusable(operation, http.StatusCreated, errors.New("the answer is about something else"))
	}
	return made, nil
}
