package ingenico

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

var errReadBack = errors.New("the payment cannot be read back")

// Capture takes the money that a payment reserves, all of it, in one attempt. What was captured before is not captured again. The
// capture may be under way when it answers.
func (w *Worldline) Capture(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	s, facts, err := w.before(ctx, ref, key, protocol.Capture)
	switch {
	case err != nil || holds(facts, purchase.Captured) || s.payment != nil && s.payment.Status == "CAPTURE_REQUESTED":
		return facts, err
	case s.means() != authorised:
		return facts, w.Never(protocol.Capture, errors.New("nothing is reserved"))
	}
	all := s.payment.Output.Asked.Minor
	what := protocol.Call{Operation: protocol.Capture, Path: "/payments/" + s.payment.ID + "/capture", JSON: map[string]any{"amount": all, "isFinal": true}}
	if w.connects() && s.payment.Status == "PENDING_APPROVAL" {
		what.Path, what.JSON = "/payments/"+s.payment.ID+"/approve", map[string]any{"amount": all}
	}
	var made operation
	failed := w.once(ctx, what, key, &made)
	if failed == nil && paymentMeans[made.Status] == ended {
		failed = w.Never(protocol.Capture, errors.New("the capture was refused"))
	}
	return w.after(ctx, ref, failed)
}

// Void gives back what a payment reserves, or ends a page that nobody has paid on, which Direct cannot: its pages end by themselves.
func (w *Worldline) Void(ctx context.Context, ref purchase.Ref, key string) ([]purchase.Fact, error) {
	s, facts, err := w.before(ctx, ref, key, protocol.Void)
	gone := errors.Is(err, purchase.ErrNoPayment) && w.connects() && checkoutIDs.MatchString(ref.Payment) && !w.isPayment(ref.Payment)
	switch {
	case gone:
		s = sight{name: ref.Payment}
	case err != nil:
		return facts, err
	case holds(facts, purchase.Lapsed):
		return facts, nil
	case s.means() == ended:
		return w.ended(s, facts), nil
	case s.means() == authorised:
		return w.cancel(ctx, ref, s, key)
	case s.means() != silent && s.means() != refused:
		return facts, w.Never(protocol.Void, errors.New("the payment is under way, or made"))
	}
	if !w.connects() {
		return facts, w.Never(protocol.Void, errors.New("a hosted checkout of Direct ends by itself only"))
	}
	return w.endCheckout(ctx, ref, s, gone)
}

// cancel gives up a reservation. The page was used up by it. One that is still there afterwards may go yet.
func (w *Worldline) cancel(ctx context.Context, ref purchase.Ref, s sight, key string) ([]purchase.Fact, error) {
	what := protocol.Call{Operation: protocol.Void, Method: http.MethodPost, Path: "/payments/" + s.payment.ID + "/cancel"}
	failed := w.once(ctx, what, key, nil)
	if _, again := purchase.Retry(failed); failed != nil && again {
		return nil, failed
	}
	facts, err := w.Ask(ctx, ref)
	switch {
	case err != nil:
		return nil, w.Unusable(protocol.Void, http.StatusOK, errReadBack)
	case !holds(facts, purchase.Authorised, purchase.Captured, purchase.Pending):
		return w.ended(s, facts), nil
	case failed == nil && holds(facts, purchase.Authorised):
		return nil, w.Unusable(protocol.Void, http.StatusOK, errors.New("the cancellation is under way"))
	case failed == nil:
		failed = w.Never(protocol.Void, errors.New("the payment is under way, or made"))
	}
	return facts, failed
}

// ended adds that nobody can pay any more.
func (w *Worldline) ended(s sight, facts []purchase.Fact) []purchase.Fact {
	f := w.aboutSight(s)
	f.Kind = purchase.Lapsed
	return append(facts, f)
}

// endCheckout ends a page at Connect. One that is no longer there has ended before.
func (w *Worldline) endCheckout(ctx context.Context, ref purchase.Ref, s sight, gone bool) ([]purchase.Fact, error) {
	what := protocol.Call{Operation: protocol.Void, Method: http.MethodDelete, Path: "/hostedcheckouts/" + ref.Payment, Repeatable: true}
	err := w.Call(ctx, what, nil)
	if err != nil && !(gone && protocol.IsStatus(err, http.StatusNotFound)) {
		if _, again := purchase.Retry(err); again && !protocol.IsStatus(err, http.StatusNotFound) {
			return nil, err
		}
		facts, asked := w.Ask(ctx, ref) // perhaps it was paid at that moment
		if asked == nil && holds(facts, purchase.Lapsed) {
			return facts, nil
		}
		return facts, err
	}
	facts, err := w.Ask(ctx, ref)
	switch {
	case errors.Is(err, purchase.ErrNoPayment):
		return w.ended(s, nil), nil
	case err != nil:
		return nil, w.Unusable(protocol.Void, http.StatusOK, errReadBack)
	case holds(facts, purchase.Captured, purchase.Authorised, purchase.Pending):
		return facts, w.Never(protocol.Void, errors.New("the payment is under way, or made"))
	case !holds(facts, purchase.Lapsed):
		return w.ended(s, facts), nil
	}
	return facts, nil
}

// before looks at the payment before a call that changes it.
func (w *Worldline) before(ctx context.Context, ref purchase.Ref, key, operation string) (sight, []purchase.Fact, error) {
	if key == "" {
		return sight{}, nil, w.Never(operation, errKey)
	}
	s, err := w.look(ctx, ref)
	if err != nil {
		return s, nil, err
	}
	facts, err := w.show(s)
	return s, facts, err
}

// after reads back what became of a capture. A refusal is final only if the payment shows no money.
func (w *Worldline) after(ctx context.Context, ref purchase.Ref, failed error) ([]purchase.Fact, error) {
	if _, again := purchase.Retry(failed); failed != nil && again {
		return nil, failed
	}
	facts, err := w.Ask(ctx, ref)
	switch {
	case err != nil:
		return nil, w.Unusable(protocol.Capture, http.StatusOK, errReadBack)
	case holds(facts, purchase.Captured):
		return facts, nil
	}
	return facts, failed
}

// Refund sends part or all of a payment back. Each refund carries a reference made of our key: one that was made under it before is
// found by it, and while it is being made the provider knows the key. So the same key never refunds twice.
func (w *Worldline) Refund(ctx context.Context, ref purchase.Ref, money purchase.Money, key string) ([]purchase.Fact, error) {
	minor, err := w.minor(money)
	if err != nil {
		return nil, w.Never(protocol.Refund, err)
	}
	s, facts, err := w.before(ctx, ref, key, protocol.Refund)
	switch {
	case err != nil:
		return nil, err
	case !holds(facts, purchase.Captured):
		return facts, w.Never(protocol.Refund, errors.New("nothing was taken"))
	}
	mark := refundReference(*s.payment, key)
	if at := slices.IndexFunc(s.refunds, func(r refund) bool { return r.Output.References.Merchant == mark }); at >= 0 {
		return w.refunded(s, s.refunds[at])
	}
	references := "references"
	if w.connects() {
		references = "refundReferences"
	}
	var made refund
	err = w.once(ctx, protocol.Call{Operation: protocol.Refund, Path: "/payments/" + s.payment.ID + "/refund",
		JSON: map[string]any{"amountOfMoney": minor, references: map[string]any{"merchantReference": mark}}}, key, &made)
	if err != nil {
		return nil, err
	}
	return w.refunded(s, made)
}

// refundReference tells the refunds of a payment apart. It names the purchase where the payment's own does.
func refundReference(o payment, key string) string {
	if id, ok := unpack(o.Output.References.Merchant); ok {
		reference, _ := pack(id, "refund "+key)
		return reference
	}
	return "R" + digest("refund", key)[:packedLength-1]
}

func (w *Worldline) refunded(s sight, r refund) ([]purchase.Fact, error) {
	facts, err := w.refundFacts(s.name, r)
	switch {
	case err != nil:
		return nil, w.Unusable(protocol.Refund, http.StatusOK, err)
	case !holds(facts, purchase.Refunded):
		return w.agreed(s, facts), w.Never(protocol.Refund, errors.New("the refund came to nothing"))
	}
	return w.agreed(s, facts), nil
}
