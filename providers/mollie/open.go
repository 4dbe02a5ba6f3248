package mollie

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	maxSeal        = 500 // of about a thousand that metadata takes
	maxDescription = 255 // Mollie cuts the rest off without a word
)

var locales = map[string]string{"fr": "fr_FR", "en": "en_GB"}

// Open makes a payment. Mollie ends it when it likes, a quarter of an hour later for most methods, and lets it be canceled before that
// only where it says so: Until and Voidable are what it answered, so a payment may outlive the deadline and be paid late. A buyer who gives
// up comes back to order.Return with cancel=1. The way back, the price and the reference are in the key of the call, so the same order is
// the same payment for an hour.
//
// Source: Mollie API reference, create payment.
func (m *Mollie) Open(ctx context.Context, o purchase.Order) (purchase.Checkout, error) {
	body, err := m.newPayment(o)
	if err != nil {
		return purchase.Checkout{}, m.Never(protocol.Create, err)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return purchase.Checkout{}, m.Never(protocol.Create, err)
	}
	sum := sha256.Sum256(raw)
	var made payment
	err = m.Call(ctx, protocol.Call{Operation: protocol.Create, Path: "/v2/payments", JSON: json.RawMessage(raw), Repeatable: true,
		Header: underKey(o.Key + "-" + hex.EncodeToString(sum[:]))}, &made)
	if err != nil {
		return purchase.Checkout{}, err
	}
	if err := m.ours(made); err != nil {
		return purchase.Checkout{}, m.Judged(protocol.Create, err)
	}
	if !isPayment(made.ID) || !m.isPage(made.Links.Checkout.Href) {
		return purchase.Checkout{}, m.Unusable(protocol.Create, http.StatusOK, errors.New("the answer names no pay page of Mollie"))
	}
	return purchase.Checkout{Payment: made.ID, URL: made.Links.Checkout.Href, Until: instant(made.Expires), Capturable: o.Reserve,
		Voidable: made.Cancelable}, nil
}

// newPayment is what Mollie is told. A classic account is told where to send notifications with each payment.
func (m *Mollie) newPayment(o purchase.Order) (map[string]any, error) {
	price, err := write(o.Money)
	if err != nil {
		return nil, err
	}
	sealed, err := m.Seals.Seal(o.Reference, maxSeal)
	if err != nil {
		return nil, err
	}
	cancel, err := protocol.Cancelled(o.Return)
	if err != nil {
		return nil, err
	}
	body := map[string]any{
		"amount":      price,
		"description": protocol.Clip(cmp.Or(o.Description, "Registration"), maxDescription),
		"redirectUrl": o.Return,
		"cancelUrl":   cancel,
		"metadata":    map[string]string{sealKey: sealed, purchaseKey: o.Reference.Purchase},
	}
	if m.config.Webhooks != nextgen && m.Callback != "" {
		body["webhookUrl"] = m.Callback
	}
	if locale := locales[o.Language]; locale != "" {
		body["locale"] = locale
	}
	if o.Reserve {
		body["captureMode"] = manual
	}
	return body, nil
}

// isPage pins the host of the pay page: Mollie's own domain, those of the settings, or the simulator's.
func (m *Mollie) isPage(address string) bool {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "https" || u.User != nil:
		return false
	case m.page != "":
		return u.Host == m.page
	}
	return u.Host == "mollie.com" || strings.HasSuffix(u.Host, ".mollie.com") || slices.Contains(m.config.CheckoutDomains, u.Host)
}
