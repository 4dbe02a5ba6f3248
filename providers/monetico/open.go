package monetico

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"errors"
	"regexp"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	version    = "3.0"
	dateFormat = "02/01/2006:15:04:05"

	referenceLength = 12  // what all generations of the bank's documents allow
	maxText         = 500 // of the 3200 that newer ones allow; a seal is shorter
)

var (
	errReserve = errors.New("reserving money first needs a TPE with deferred capture, which this version does not serve")
	errSession = errors.New("the session to show again is none of this account")
)

// Open makes the form of an order for the pay page. Nobody is called: the order exists at the bank once the buyer's browser has posted
// the form. An order that was shown before goes out under its reference again, with its new way back. The page cannot be ended by us, and
// how long it can be used is not known. A buyer whose payment was refused comes back to order.Return with cancel=1.
//
// Source: Monetico Paiement technical documentation 2.0, payment page, as public libraries quote it.
func (s *Shop) Open(_ context.Context, o purchase.Order) (purchase.Checkout, error) {
	fields, err := s.order(o)
	if err != nil {
		return purchase.Checkout{}, &protocol.Error{Provider: "monetico", Operation: protocol.Create, Err: err}
	}
	mac := strings.ToUpper(hex.EncodeToString(seal(s.key, fields)))
	return purchase.Checkout{Payment: referenceOf(o), URL: s.page, Form: append(fields, purchase.Field{Name: macField, Value: mac})}, nil
}

// order are the fields of an order. None holds a byte that a buyer chose.
func (s *Shop) order(o purchase.Order) ([]purchase.Field, error) {
	switch {
	case o.Reserve:
		return nil, errReserve
	case !orderReferences.MatchString(referenceOf(o)):
		return nil, errSession
	}
	amount, err := writeMoney(o.Money)
	if err != nil {
		return nil, err
	}
	sealed, err := s.Seals.Seal(o.Reference, maxText)
	if err != nil {
		return nil, err
	}
	failed, err := protocol.Cancelled(o.Return)
	if err != nil {
		return nil, err
	}
	return []purchase.Field{
		{Name: "TPE", Value: s.config.TPE},
		{Name: "contexte_commande", Value: s.context},
		{Name: "date", Value: s.Now().UTC().Format(dateFormat)},
		{Name: "lgue", Value: language(o.Language)},
		{Name: amountField, Value: amount},
		{Name: referenceField, Value: referenceOf(o)},
		{Name: "societe", Value: s.config.Company},
		{Name: textField, Value: sealed},
		{Name: "url_retour_err", Value: failed},
		{Name: "url_retour_ok", Value: o.Return},
		{Name: "version", Value: version},
	}, nil
}

var orderReferences = regexp.MustCompile(`^[A-Za-z0-9]{1,50}$`)

// referenceOf is the order's reference, unique for the TPE: that of the session to show again, or a digest of the order's key in capital
// letters and digits, so that nothing hangs on whether the bank minds the case.
func referenceOf(o purchase.Order) string {
	if o.Payment != "" {
		return o.Payment
	}
	sum := sha256.Sum256([]byte(o.Key))
	return base32.StdEncoding.EncodeToString(sum[:])[:referenceLength]
}

// language is one of those that the pay page speaks.
func language(code string) string {
	if code == "fr" {
		return "FR"
	}
	return "EN"
}
