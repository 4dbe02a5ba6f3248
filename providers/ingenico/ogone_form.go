package ingenico

import (
	"context"
	"errors"
	"strconv"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	maxCOM     = 100
	maxCOMPLUS = 255
	maxAddress = 200
)

// Open makes the form that leads a buyer's browser to Ogone's payment page. Nothing is called: the order begins there when the form
// arrives, under an ORDERID made of the order's key, so the same order is the same payment however often its form is shown. Ogone ends
// no page in time and cannot be told to.
//
// Source: Ogone e-Commerce integration guide, hidden fields of the order form.
func (a *Ogone) Open(_ context.Context, o purchase.Order) (purchase.Checkout, error) {
	form, err := a.form(o)
	if err != nil {
		return purchase.Checkout{}, &protocol.Error{Provider: "ingenico", Operation: protocol.Create, Err: err}
	}
	signed := map[string]string{}
	for _, f := range form {
		signed[f.Name] = f.Value
	}
	form = append(form, purchase.Field{Name: signField, Value: a.in.signature(signed)})
	return purchase.Checkout{Payment: signed["ORDERID"], URL: a.base + "orderstandard_utf8.asp", Form: form, Capturable: o.Reserve}, nil
}

func (a *Ogone) form(o purchase.Order) ([]purchase.Field, error) {
	if o.Reserve && !a.asks {
		return nil, errors.New("without api_user nothing can capture what is reserved")
	}
	minor, err := hundredths(o.Money.Currency).Write(o.Money)
	if err != nil {
		return nil, err
	}
	orderID, err := orderOf(o)
	if err != nil {
		return nil, err
	}
	sealed, err := a.Seals.Seal(o.Reference, maxCOMPLUS)
	if err != nil {
		return nil, err
	}
	cancel, err := protocol.Cancelled(o.Return)
	if err != nil {
		return nil, err
	}
	if len(cancel) > maxAddress {
		return nil, errors.New("the way back is too long")
	}
	operation := "SAL"
	if o.Reserve {
		operation = "RES"
	}
	language := "en_US"
	if o.Language == "fr" {
		language = "fr_FR"
	}
	form := []purchase.Field{{Name: "PSPID", Value: a.config.PSPID}, {Name: "ORDERID", Value: orderID}, {Name: "AMOUNT", Value: strconv.FormatInt(minor, 10)},
		{Name: "CURRENCY", Value: o.Money.Currency}, {Name: "LANGUAGE", Value: language}}
	if text := described(o.Description); text != "" {
		form = append(form, purchase.Field{Name: "COM", Value: text})
	}
	return append(form, purchase.Field{Name: "COMPLUS", Value: sealed}, purchase.Field{Name: "OPERATION", Value: operation},
		purchase.Field{Name: "ACCEPTURL", Value: o.Return}, purchase.Field{Name: "DECLINEURL", Value: o.Return}, purchase.Field{Name: "EXCEPTIONURL", Value: o.Return},
		purchase.Field{Name: "CANCELURL", Value: cancel}, purchase.Field{Name: "BACKURL", Value: cancel}), nil
}

// described is a text for the payer that is short enough however its length is counted.
func described(text string) string {
	limit := maxCOM
	for clipped := protocol.Clip(text, limit); ; clipped = protocol.Clip(text, limit) {
		if len(clipped) <= maxCOM {
			return clipped
		}
		limit--
	}
}

// orderOf is the ORDERID of an order: a new one, or that of the session which is shown again, if it is this purchase's.
func orderOf(o purchase.Order) (string, error) {
	orderID, ok := pack(o.Reference.Purchase, o.Key)
	if ok && o.Payment != "" {
		ours, _ := unpack(orderID)
		id, packed := unpack(o.Payment)
		orderID, ok = o.Payment, packed && id == ours
	}
	if !ok {
		return "", errors.New("the purchase cannot be used")
	}
	return orderID, nil
}
