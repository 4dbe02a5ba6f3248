package mollie

import (
	"context"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// event is what a signed notification says. One with a simple payload has no entity.
//
// Source: Mollie documentation, next-gen webhooks, event types.
type event struct {
	Resource string `json:"resource"`
	ID       string `json:"id"`
	Type     string `json:"type"`
	EntityID string `json:"entityId"`
	Embedded struct {
		Entity entity `json:"entity"`
	} `json:"_embedded"`
	Links struct {
		Entity link `json:"entity"`
	} `json:"_links"`
}

// entity is what an event is about, as it was then.
type entity struct {
	Mode    string `json:"mode"`
	Payment string `json:"paymentId"`
	Links   struct {
		Self    link `json:"self"`
		Payment link `json:"payment"`
	} `json:"_links"`
}

// readEvent reads a signed event. Nothing of what it says is taken for a fact: it only leads to a payment. Whether a repeat of it has
// the same bytes is not known, so its id is no id of the bytes.
func (m *Mollie) readEvent(ctx context.Context, d purchase.Delivery) (purchase.Reading, error) {
	if err := m.check(d); err != nil {
		return purchase.Reading{}, err
	}
	var e event
	if protocol.Decode(d.Body, &e) != nil || e.Resource != "event" || e.Type == "" {
		return purchase.Reading{}, protocol.NotUnderstood("the body is not an event")
	}
	if mode := e.Embedded.Entity.Mode; mode != "" && mode != modeOf(m.Live) {
		return purchase.Reading{}, purchase.Forged(purchase.WrongMode)
	}
	family, _, _ := strings.Cut(e.Type, ".")
	switch family {
	case "payment", "payment-link":
		return m.readBackOf(ctx, e, e.EntityID)
	case "refund", "chargeback", "capture":
		return m.readBackOf(ctx, e, e.payment())
	}
	return purchase.Reading{}, nil // of balances, invoices, profiles
}

// payment is the payment that the entity is a part of; "" where the event does not say.
func (e event) payment() string {
	if isPayment(e.Embedded.Entity.Payment) {
		return e.Embedded.Entity.Payment
	}
	for _, l := range []link{e.Embedded.Entity.Links.Payment, e.Embedded.Entity.Links.Self, e.Links.Entity} {
		if found := paymentPath.FindStringSubmatch(l.Href); found != nil {
			return found[1]
		}
	}
	return ""
}

var paymentPath = regexp.MustCompile(`^https?://[^/?#]+/v2/payments/(tr_[A-Za-z0-9]{6,40})(?:[/?]|$)`)

// readBackOf reads back what the event leads to; where it does not say what that is, Mollie is asked.
func (m *Mollie) readBackOf(ctx context.Context, e event, id string) (purchase.Reading, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	if id == "" {
		err := m.bounded(ctx, func() (err error) {
			id, err = m.parent(ctx, e)
			return err
		})
		if err != nil {
			return purchase.Reading{}, err
		}
	}
	if !ids.MatchString(id) {
		return purchase.Reading{}, protocol.NotUnderstood("an event about a payment that it does not name")
	}
	reading, err := m.readBack(ctx, id)
	if reading.Unkept {
		m.Log.Warn("a signed event is about a payment that the API key does not see; it is let go", zap.String("account", m.Account), zap.String("payment", id))
	}
	return reading, err
}

// parent finds the payment of a refund, a chargeback or a capture of which an event says no more than its id: in the whole event, which
// an API key may not be allowed to see, or where the refunds and chargebacks of all payments are listed. It is "" where none is found.
func (m *Mollie) parent(ctx context.Context, e event) (string, error) {
	if !objectIDs.MatchString(e.ID) || !objectIDs.MatchString(e.EntityID) {
		return "", nil
	}
	var whole event
	err := m.Call(ctx, protocol.Call{Operation: protocol.Get, Path: "/v2/events/" + e.ID}, &whole)
	if id := whole.payment(); id != "" || err != nil && !denied(err) && !said(err, http.StatusUnauthorized) {
		return id, err
	}
	family, _, _ := strings.Cut(e.Type, ".")
	if family == "capture" {
		return "", nil
	}
	var list struct {
		Embedded map[string][]part `json:"_embedded"`
	}
	err = m.Call(ctx, protocol.Call{Operation: protocol.List, Path: "/v2/" + family + "s", Query: url.Values{"from": {e.EntityID}, "limit": {"1"}}}, &list)
	if err != nil && !denied(err) {
		return "", err
	}
	for _, p := range list.Embedded[family+"s"] {
		if p.ID == e.EntityID {
			return p.Payment, nil
		}
	}
	return "", nil
}

// part is a refund or a chargeback in the list of all there are.
type part struct {
	ID      string `json:"id"`
	Payment string `json:"paymentId"`
}
