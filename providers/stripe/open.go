package stripe

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	maxMetadata    = 500
	maxDescription = 127
	maxKey         = 255

	shortest = 30*time.Minute + 30*time.Second // Stripe ends no session sooner; the rest is for two clocks
	longest  = 24*time.Hour - time.Minute
)

// Open creates a Checkout Session for one payment. Stripe ends a session after half an hour at the soonest; we end it before that, at
// the deadline. A buyer who gives up comes back to order.Return with cancel=1.
//
// Source: Stripe API reference, create a Checkout Session.
func (s *Stripe) Open(ctx context.Context, o purchase.Order) (purchase.Checkout, error) {
	form, err := s.newSession(o)
	if err != nil {
		return purchase.Checkout{}, s.Never(protocol.Create, err)
	}
	var made session
	// A repeat of the order has another way back, and Stripe takes the same key only for the same fields.
	sum := sha256.Sum256([]byte(form.Encode()))
	key := clipKey(o.Key + "-" + hex.EncodeToString(sum[:8]))
	err = s.Call(ctx, protocol.Call{Operation: protocol.Create, Path: "/v1/checkout/sessions", Form: form, Header: underKey(key), Repeatable: true}, &made)
	if err != nil {
		return purchase.Checkout{}, err
	}
	page, err := url.Parse(made.URL)
	if err != nil || page.Scheme != "https" || page.User != nil || !slices.Contains(s.pages, page.Host) || !isSession(made.ID) {
		return purchase.Checkout{}, s.Unusable(protocol.Create, http.StatusOK, errors.New("the answer names no pay page of Stripe"))
	}
	return purchase.Checkout{Payment: made.ID, URL: made.URL, Until: instant(made.Expires), Capturable: o.Reserve, Voidable: true}, nil
}

func clipKey(key string) string { return key[:min(len(key), maxKey)] }

func (s *Stripe) newSession(o purchase.Order) (url.Values, error) {
	minor, err := writeMoney(o.Money)
	if err != nil {
		return nil, err
	}
	sealed, err := s.Seals.Seal(o.Reference, maxMetadata)
	if err != nil {
		return nil, err
	}
	cancel, err := protocol.Cancelled(o.Return)
	if err != nil {
		return nil, err
	}
	form := url.Values{
		"mode":                                           {"payment"},
		"line_items[0][quantity]":                        {"1"},
		"line_items[0][price_data][currency]":            {strings.ToLower(o.Money.Currency)},
		"line_items[0][price_data][unit_amount]":         {strconv.FormatInt(minor, 10)},
		"line_items[0][price_data][product_data][name]":  {protocol.Clip(cmp.Or(o.Description, "Registration"), maxDescription)},
		"success_url":                                    {o.Return},
		"cancel_url":                                     {cancel},
		"expires_at":                                     {strconv.FormatInt(s.ends(o.Until).Unix(), 10)},
		"client_reference_id":                            {o.Reference.Purchase},
		"metadata[" + sealKey + "]":                      {sealed},
		"payment_intent_data[metadata][" + sealKey + "]": {sealed},
	}
	if o.Language == "fr" || o.Language == "en" {
		form.Set("locale", o.Language)
	}
	if o.Reserve {
		form.Set("payment_intent_data[capture_method]", "manual")
	}
	return form, nil
}

// ends is when the session is to end, within what Stripe takes.
func (s *Stripe) ends(until time.Time) time.Time {
	now := s.Now()
	if soonest := now.Add(shortest); until.Before(soonest) {
		return soonest
	}
	if latest := now.Add(longest); until.After(latest) {
		return latest
	}
	return until
}
