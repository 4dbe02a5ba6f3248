package paypal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	maxCustom      = 127
	maxDescription = 127
	maxRequestID   = 108
	ordersPath     = "/v2/checkout/orders"

	intentCapture   = "CAPTURE"
	intentAuthorise = "AUTHORIZE"
)

var locales = map[string]string{"fr": "fr-FR", "en": "en-GB"}

// The body of a new order.
//
// Source: PayPal REST API specifications, Orders v2, create order.
type newOrder struct {
	Intent string    `json:"intent"`
	Units  []newUnit `json:"purchase_units"`
	Source struct {
		PayPal struct {
			Experience experience `json:"experience_context"`
		} `json:"paypal"`
	} `json:"payment_source"`
}

type newUnit struct {
	Custom      string `json:"custom_id"`
	Description string `json:"description,omitempty"`
	Amount      amount `json:"amount"`
}

type experience struct {
	Return   string `json:"return_url"`
	Cancel   string `json:"cancel_url"`
	Action   string `json:"user_action"`
	Method   string `json:"payment_method_preference"`
	Shipping string `json:"shipping_preference"`
	Locale   string `json:"locale,omitempty"`
	Brand    string `json:"brand_name,omitempty"`
}

// Open creates an order and says where the buyer approves it. The order has no end that can be set: money moves only when we capture it,
// or reserve it where the order says so, so an order that is left alone costs nobody anything. A buyer who gives up comes back to order.Return with cancel=1.
func (p *PayPal) Open(ctx context.Context, o purchase.Order) (purchase.Checkout, error) {
	if p.client == nil {
		return purchase.Checkout{}, p.sender.Never(protocol.Create, errNoCredentials)
	}
	if o.Key == "" || len(o.Key) > maxRequestID {
		return purchase.Checkout{}, p.sender.Never(protocol.Create, fmt.Errorf("the key must have 1 to %d characters", maxRequestID))
	}
	body, err := p.newOrder(o)
	if err != nil {
		return purchase.Checkout{}, p.sender.Never(protocol.Create, err)
	}
	var made order
	err = p.client.call(ctx, call{operation: protocol.Create, method: http.MethodPost, path: ordersPath, key: o.Key, body: body}, &made)
	if err != nil {
		return purchase.Checkout{}, err
	}
	for _, u := range made.Units {
		if p.foreign(u.Payee) {
			return purchase.Checkout{}, p.sender.Never(protocol.Create, errors.New("the order pays another merchant than merchant_id; correct the settings"))
		}
	}
	address, ok := p.payPage(made)
	if !isID(made.ID) || !ok {
		return purchase.Checkout{}, p.sender.Unusable(protocol.Create, http.StatusOK, errors.New("the answer names no pay page of PayPal"))
	}
	return purchase.Checkout{Payment: made.ID, URL: address, Capturable: true}, nil
}

func (p *PayPal) newOrder(o purchase.Order) ([]byte, error) {
	value, err := writeMoney(o.Money)
	if err != nil {
		return nil, err
	}
	custom, err := p.Seals.Seal(o.Reference, maxCustom)
	if err != nil {
		return nil, err
	}
	cancel, err := protocol.Cancelled(o.Return)
	if err != nil {
		return nil, err
	}
	intent := intentCapture
	if o.Reserve {
		intent = intentAuthorise
	}
	n := newOrder{Intent: intent, Units: []newUnit{{Custom: custom, Description: protocol.Clip(o.Description, maxDescription),
		Amount: amount{Currency: o.Money.Currency, Value: value}}}}
	n.Source.PayPal.Experience = experience{Return: o.Return, Cancel: cancel, Action: "PAY_NOW", Method: "IMMEDIATE_PAYMENT_REQUIRED",
		Shipping: "NO_SHIPPING", Locale: locales[o.Language], Brand: p.config.BrandName}
	return json.Marshal(n)
}

// payPage is the link for the browser, if it leads to PayPal.
func (p *PayPal) payPage(o order) (string, bool) {
	for _, l := range o.Links {
		if l.Rel != "payer-action" && l.Rel != "approve" {
			continue
		}
		u, err := url.Parse(l.Href)
		return l.Href, err == nil && u.Scheme == "https" && u.User == nil && slices.Contains(p.at.pay, u.Host)
	}
	return "", false
}
