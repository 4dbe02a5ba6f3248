package adyen

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	maxDescription = 280
	longest        = 70*24*time.Hour - time.Hour // Adyen's longest, less what two clocks may differ
)

// Open creates a payment link for one payment, which ends at order.Until. The payment goes by the link's reference, the session by the
// link's id. Such a page has no way back for a buyer who gives up.
//
// Source: Adyen API reference, create a payment link.
func (a *Adyen) Open(ctx context.Context, o purchase.Order) (purchase.Checkout, error) {
	wanted, err := a.newLink(o)
	if err != nil {
		return purchase.Checkout{}, a.Never(protocol.Create, err)
	}
	// A repeat of the order has another way back, and Adyen answers the same key with the first link whatever is in the repeat.
	raw, err := json.Marshal(wanted)
	if err != nil {
		return purchase.Checkout{}, a.Never(protocol.Create, err)
	}
	sum := sha256.Sum256(append([]byte(o.Key+" "), raw...))
	var made link
	call := protocol.Call{Operation: protocol.Create, Path: "/paymentLinks", JSON: wanted, Repeatable: true}
	if err := a.post(ctx, call, "open-"+hex.EncodeToString(sum[:24]), &made); err != nil {
		return purchase.Checkout{}, err
	}
	page, err := url.Parse(made.URL)
	switch {
	case err != nil || page.Scheme != "https" || page.User != nil || !a.pages(page.Host):
		return purchase.Checkout{}, a.Unusable(protocol.Create, http.StatusCreated, errors.New("the answer names no pay page of Adyen"))
	case !isLink(made.ID) || made.Reference != wanted.Reference || made.Amount != wanted.Amount || made.Merchant != wanted.Merchant || made.Reusable:
		return purchase.Checkout{}, a.Unusable(protocol.Create, http.StatusCreated, errors.New("the answer is about another link"))
	}
	return purchase.Checkout{Payment: made.Reference, Session: made.ID, URL: made.URL, Until: instant(made.Expires),
		Capturable: o.Reserve, Voidable: true}, nil
}

func (a *Adyen) newLink(o purchase.Order) (newLink, error) {
	minor, err := units.Write(o.Money)
	if err != nil {
		return newLink{}, err
	}
	reference, err := linkReference(a.Seals, o)
	if err != nil {
		return newLink{}, err
	}
	until, latest := o.Until, a.Now().Add(longest)
	if !until.After(a.Now()) {
		return newLink{}, errors.New("the link would end before it begins")
	}
	if until.After(latest) {
		until = latest
	}
	return newLink{Merchant: a.config.MerchantAccount, Amount: amount{minor, o.Money.Currency}, Reference: reference, Return: o.Return,
		Expires: until.UTC().Format(time.RFC3339), Description: protocol.Clip(cmp.Or(o.Description, "Registration"), maxDescription),
		Locale: map[string]string{"fr": "fr-FR", "en": "en-US"}[o.Language], Manual: o.Reserve}, nil
}
