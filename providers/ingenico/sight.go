package ingenico

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A sight is all that the provider shows of a payment: the page that was opened for it, the payment that came of it, its refunds.
type sight struct {
	name     string // what facts call it
	checkout string // status of the page; "" where there is none
	payment  *payment
	whole    bool // payment is its own record, not the page's copy
	refunds  []refund
}

// Ask reads a payment back: the hosted checkout of that name with the payment that came of it, else the payment, with its refunds. What
// it returns is proof. A payment that the provider does not know is purchase.ErrNoPayment.
func (w *Worldline) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	s, err := w.look(ctx, ref)
	if err != nil {
		return nil, err
	}
	return w.show(s)
}

// look reads what there is under the names. A try may have another number than its page: it is found by the object that hearsay named.
func (w *Worldline) look(ctx context.Context, ref purchase.Ref) (sight, error) {
	s := sight{name: ref.Payment}
	if err := w.lookAtCheckout(ctx, &s); err != nil {
		return s, err
	}
	names := []string{ref.Object}
	if s.checkout == "" {
		names = append(names, ref.Payment)
	}
	for _, name := range names {
		if s.payment != nil && (s.took() || w.number(s.payment.ID) == w.number(name)) {
			break
		}
		if err := w.lookAtPayment(ctx, &s, w.first(name)); err != nil {
			return s, err
		}
	}
	if s.payment == nil && s.checkout == "" {
		return w.lookByRefund(ctx, ref)
	}
	return s, w.deepen(ctx, &s)
}

// means is what the payment's status means; silent where there is no payment.
func (s sight) means() meaning {
	if s.payment == nil {
		return silent
	}
	return paymentMeans[s.payment.Status]
}

// took tells whether the payment is past the payer's tries.
func (s sight) took() bool { return s.means() >= authorised && s.means() != refused }

func (w *Worldline) lookAtCheckout(ctx context.Context, s *sight) error {
	if !checkoutIDs.MatchString(s.name) || w.connects() && w.isPayment(s.name) {
		return nil
	}
	var o checkout
	found, err := w.Find(ctx, protocol.Call{Operation: protocol.Get, Path: "/hostedcheckouts/" + s.name}, &o)
	if err != nil || !found {
		return err
	}
	s.checkout, s.payment = cmp.Or(o.Status, "UNKNOWN"), o.Created.Payment
	if s.payment != nil && (!w.isPayment(s.payment.ID) || !slices.Contains([]string{"", s.name}, s.payment.Checkout.ID)) {
		return w.Judged(protocol.Get, protocol.NotUnderstood("the payment of a hosted checkout"))
	}
	return nil
}

func (w *Worldline) lookAtPayment(ctx context.Context, s *sight, id string) error {
	if id == "" {
		return nil
	}
	var o payment
	found, err := w.Find(ctx, protocol.Call{Operation: protocol.Get, Path: w.record(id)}, &o)
	switch {
	case err != nil || !found:
		return err
	case w.number(o.ID) != w.number(id) || !w.isPayment(o.ID):
		return w.Judged(protocol.Get, protocol.NotUnderstood("the answer is about another payment"))
	case s.checkout == "":
		s.name = cmp.Or(o.Checkout.ID, w.number(o.ID))
	case o.Checkout.ID != "" && o.Checkout.ID != s.name:
		return nil // of another page
	}
	s.payment, s.whole = &o, true
	return nil
}

// record is a payment with its operations, where there are such.
func (w *Worldline) record(id string) string {
	if w.connects() {
		return "/payments/" + id
	}
	return "/payments/" + id + "/details"
}

// deepen adds what only the payment's own record says: a checkout may show the operation that began it, and no refunds.
func (w *Worldline) deepen(ctx context.Context, s *sight) error {
	if !s.took() {
		return nil
	}
	if !w.connects() && !s.whole {
		if err := w.lookAtPayment(ctx, s, s.payment.ID); err != nil {
			return err
		}
	}
	var err error
	s.refunds, err = w.refunds(ctx, s.payment.ID)
	return err
}

func (w *Worldline) refunds(ctx context.Context, id string) ([]refund, error) {
	var all struct {
		Refunds []refund `json:"refunds"`
	}
	_, err := w.Find(ctx, protocol.Call{Operation: protocol.List, Path: "/payments/" + id + "/refunds"}, &all)
	return all.Refunds, err
}

// lookByRefund finds the payment of a refund whose event named nothing but itself, as Connect's do: by the order that both are of.
func (w *Worldline) lookByRefund(ctx context.Context, ref purchase.Ref) (sight, error) {
	none := fmt.Errorf("ask ingenico about a payment: %w", purchase.ErrNoPayment)
	if !w.connects() || !w.isPayment(ref.Payment) {
		return sight{}, none
	}
	var r refund
	found, err := w.Find(ctx, protocol.Call{Operation: protocol.Get, Path: "/refunds/" + ref.Payment}, &r)
	if err != nil || !found {
		return sight{}, cmp.Or(err, none)
	}
	c, query := r.Output.References.carried(), url.Values{}
	switch {
	case c.order != "":
		query.Set("merchantOrderId", c.order)
	case c.reference != "":
		query.Set("merchantReference", c.reference)
	default:
		return sight{}, none
	}
	var all struct {
		Payments []payment `json:"payments"`
	}
	if err := w.Call(ctx, protocol.Call{Operation: protocol.List, Path: "/payments", Query: query}, &all); err != nil {
		return sight{}, err
	}
	for _, o := range all.Payments {
		s := sight{name: cmp.Or(o.Checkout.ID, o.ID), payment: &o}
		if err := w.deepen(ctx, &s); err != nil {
			return s, err
		}
		if slices.ContainsFunc(s.refunds, func(one refund) bool { return one.ID == ref.Payment }) {
			return s, nil
		}
	}
	return sight{}, none
}
