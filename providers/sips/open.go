package sips

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/url"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	pageVersion = "HP_3.4"

	maxContext = 255
	maxAddress = 512

	ownPrefix      = "PB"
	reservedPrefix = ownPrefix + "R" // no hexadecimal digit, so that no other reference of ours begins so
	// reservedDays is how long a reserved payment waits for us before Sips lets it go: as long as a card's authorisation usually holds.
	reservedDays = "6"
)

var (
	errOrder   = errors.New("the order has no key, or no address to come back to")
	errField   = errors.New("a field would end before its end")
	errForeign = errors.New("the payment is none of this shop")
	errOffice  = errors.New("money can be reserved only where the contract has Sips Office, which takes it")
)

// Open makes the form that takes the buyer to the payment page. Nobody is called: the browser brings a sealed order, and Sips takes one
// payment under its reference, which comes from the order's key. That is why a form is used and not the session that a call would open:
// the form can be shown again at any time, with another way back, and no answer of a call can be lost. Neither we nor the order can end
// a page.
//
// Source: BNP Paribas and Worldline, sample code of the POST connector; Sips data dictionary.
func (p *Page) Open(_ context.Context, o purchase.Order) (purchase.Checkout, error) {
	reference := o.Payment
	if reference == "" {
		reference = referenceOf(o)
	}
	data, err := p.order(o, reference)
	if err != nil {
		return purchase.Checkout{}, p.Never(protocol.Create, err)
	}
	algorithm := hmacAlgorithm
	if p.seals.plain {
		algorithm = plainAlgorithm
	}
	return purchase.Checkout{Payment: reference, URL: p.page + "/paymentInit", Capturable: o.Reserve, Form: []purchase.Field{
		{Name: "Data", Value: data},
		{Name: "InterfaceVersion", Value: pageVersion},
		{Name: "Seal", Value: hex.EncodeToString(p.seals.form(p.seals.keys[0], data))},
		{Name: "SealAlgorithm", Value: algorithm},
	}}, nil
}

// referenceOf names the payment of an order in letters and digits.
func referenceOf(o purchase.Order) string {
	sum := sha256.Sum256([]byte(o.Key))
	if o.Reserve {
		return reservedPrefix + hex.EncodeToString(sum[:16])
	}
	return ownPrefix + hex.EncodeToString(sum[:16])
}

// order is the fields of an order as Data. Nothing in it is free text of the payer's.
func (p *Page) order(o purchase.Order, reference string) (string, error) {
	if err := p.check(o, reference); err != nil {
		return "", err
	}
	id, err := purchase.ParseID(o.Reference.Purchase)
	if err != nil {
		return "", err
	}
	sealed, err := p.Seals.Seal(o.Reference, maxContext)
	if err != nil {
		return "", err
	}
	minor, currency, err := writeMoney(o.Money)
	if err != nil {
		return "", err
	}
	mode, day := "AUTHOR_CAPTURE", "0"
	if o.Reserve {
		mode, day = "VALIDATION", reservedDays
	}
	language := ""
	if o.Language == "fr" || o.Language == "en" {
		language = o.Language
	}
	return join([]purchase.Field{
		{Name: "amount", Value: minor},
		{Name: "currencyCode", Value: currency},
		{Name: "merchantId", Value: p.config.MerchantID},
		{Name: "keyVersion", Value: p.seals.keys[0].version},
		{Name: "transactionReference", Value: reference},
		{Name: "orderId", Value: strings.ReplaceAll(id, "-", "")},
		{Name: "returnContext", Value: sealed},
		{Name: "orderChannel", Value: "INTERNET"},
		{Name: "captureMode", Value: mode},
		{Name: "captureDay", Value: day},
		{Name: "normalReturnUrl", Value: o.Return},
		{Name: "automaticResponseUrl", Value: p.Callback},
		{Name: "customerLanguage", Value: language},
		{Name: "responseEncoding", Value: "base64"}, // a response travels in letters that no form changes
	})
}

// check refuses an order that this shop cannot carry out.
func (p *Page) check(o purchase.Order, reference string) error {
	back, err := url.Parse(o.Return)
	switch {
	case err != nil || back.Host == "" || len(o.Return) > maxAddress || o.Key == "":
		return errOrder
	case !references.MatchString(reference):
		return errForeign
	case o.Reserve && p.config.NoOffice:
		return errOffice
	}
	return nil
}

// join writes the fields that have a value.
func join(fields []purchase.Field) (string, error) {
	var parts []string
	for _, f := range fields {
		if strings.Contains(f.Value, "|") {
			return "", errField
		}
		if f.Value != "" {
			parts = append(parts, f.Name+"="+f.Value)
		}
	}
	return strings.Join(parts, "|"), nil
}
