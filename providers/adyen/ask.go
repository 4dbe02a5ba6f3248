package adyen

import (
	"context"
	"fmt"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Ask reads a link of ours back. There is nothing to ask about any other payment: that is purchase.ErrNoPayment, as is a link that Adyen
// does not know.
func (a *Adyen) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	l, err := a.link(ctx, ref)
	if err != nil {
		return nil, err
	}
	facts, err := a.linkFacts(l)
	if err != nil {
		return nil, a.Judged(protocol.Get, err)
	}
	return facts, nil
}

// link reads the link of a payment.
func (a *Adyen) link(ctx context.Context, ref purchase.Ref) (l link, err error) {
	if !isLink(ref.Session) {
		return l, fmt.Errorf("ask adyen about a payment without a link: %w", purchase.ErrNoPayment)
	}
	found, err := a.Find(ctx, protocol.Call{Operation: protocol.Get, Path: "/paymentLinks/" + ref.Session}, &l)
	switch {
	case err != nil:
		return l, err
	case !found:
		return l, fmt.Errorf("ask adyen about a link: %w", purchase.ErrNoPayment)
	case l.Merchant != a.config.MerchantAccount:
		return l, a.Judged(protocol.Get, fmt.Errorf("the link is of another merchant account: %w", purchase.WrongMerchant))
	case l.ID != ref.Session || l.Reference != ref.Payment || l.Reusable:
		return l, a.Judged(protocol.Get, protocol.NotUnderstood("the answer is about another link"))
	}
	return l, nil
}

// linkFacts says what a link shows. One that was completed took the amount it asks for, once, but it does not name the payment: its money
// is an object of the link's own, until the message of the payment counts instead. Where that is captured by hand the link only shows
// that it is reserved.
func (a *Adyen) linkFacts(l link) ([]purchase.Fact, error) {
	f := a.about(l.Reference, l.Reference)
	switch l.Status {
	case "active":
		return nil, nil
	case "expired":
		f.Kind = purchase.Lapsed
		return []purchase.Fact{f}, nil
	case "paymentPending":
		f.Kind, f.Object, f.Detail.Reason = purchase.Pending, l.Reference, "payment_pending"
		return []purchase.Fact{f}, nil
	case "completed", "paid":
	default:
		return nil, protocol.NotUnderstood("the status of a link")
	}
	money, err := units.Read(l.Amount.Value, l.Amount.Currency)
	if err != nil || !money.Positive() {
		return nil, protocol.NotUnderstood("the amount of a link")
	}
	f.Kind, f.Object, f.Money = purchase.Captured, l.Reference, money
	if a.config.FinalizeOn == onCapture || l.Manual || markOf(l.Reference).kind == reserves {
		f.Kind = purchase.Authorised
	}
	return []purchase.Fact{f}, nil
}
