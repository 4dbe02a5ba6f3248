package lyra

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// A page opens the bank's payment page.
type page struct {
	of       *shop
	sender   *protocol.Sender
	address  string
	reserves bool // what is reserved can be captured: there is a password
}

const (
	maxInfo    = 255
	markLength = 10
	transDate  = "20060102150405"
)

var errOrder = errors.New("the purchase, the payment or the key cannot be used")

// Open makes the form that leads to the payment page, and calls nobody. The form's signature covers all of it. A form is good for one
// visit: Lyra takes the number of a transaction once a day, whatever became of it, so each has a number of its own, and the order id,
// which is the same for all forms of a session, is what the payment goes by. Nobody can end a page, neither Lyra in time nor we. No
// data comes back with the buyer: nothing that is signed reaches a browser but this form, and it holds no text of the buyer's.
//
// Source: Lyra documentation, hosted payment page, data dictionary.
func (p page) Open(_ context.Context, o purchase.Order) (purchase.Checkout, error) {
	fields, session, err := p.fields(o)
	if err != nil {
		return purchase.Checkout{}, p.sender.Never(protocol.Create, err)
	}
	var names []string
	for _, f := range fields {
		names = append(names, f.Name)
	}
	value := func(name string) string {
		return fields[slices.IndexFunc(fields, func(f purchase.Field) bool { return f.Name == name })].Value
	}
	fields = append(fields, purchase.Field{Name: "signature", Value: p.of.sign(names, value)})
	return purchase.Checkout{Payment: session, URL: p.address, Form: fields, Capturable: o.Reserve}, nil
}

func (p page) fields(o purchase.Order) (fields []purchase.Field, session string, err error) {
	amount, currency, err := writeMoney(o.Money)
	if err != nil {
		return nil, "", err
	}
	if session, err = sessionOf(o); err != nil {
		return nil, "", err
	}
	sealed, err := p.of.Seals.Seal(o.Reference, maxInfo)
	if err != nil {
		return nil, "", err
	}
	cancel, err := protocol.Cancelled(o.Return)
	if err != nil {
		return nil, "", err
	}
	validation := "0"
	if o.Reserve {
		validation = "1"
	}
	if o.Reserve && !p.reserves {
		return nil, "", errors.New("nobody could take what is reserved; set password")
	}
	now := p.of.Now().UTC()
	fields = []purchase.Field{
		{Name: "vads_action_mode", Value: "INTERACTIVE"},
		{Name: "vads_amount", Value: amount},
		{Name: "vads_capture_delay", Value: "0"},
		{Name: "vads_ctx_mode", Value: p.of.mode()},
		{Name: "vads_currency", Value: currency},
		{Name: "vads_order_id", Value: session},
		{Name: "vads_order_info", Value: sealed},
		{Name: "vads_page_action", Value: "PAYMENT"},
		{Name: "vads_payment_config", Value: "SINGLE"},
		{Name: "vads_return_mode", Value: "NONE"},
		{Name: "vads_site_id", Value: p.of.config.ShopID},
		{Name: "vads_trans_date", Value: now.Format(transDate)},
		{Name: "vads_trans_id", Value: numberOf(session, o.Return, now)},
		{Name: "vads_url_cancel", Value: cancel},
		{Name: "vads_url_return", Value: o.Return},
		{Name: "vads_validation_mode", Value: validation},
		{Name: "vads_version", Value: "V2"},
	}
	if o.Language == "fr" || o.Language == "en" {
		fields = append(fields, purchase.Field{Name: "vads_language", Value: o.Language})
	}
	return fields, session, nil
}

// sessionOf is the order id of a session: that of the session that is to be shown again, or a new one, the same for the same key.
func sessionOf(o purchase.Order) (string, error) {
	id, err := purchase.ParseID(o.Reference.Purchase)
	switch {
	case err != nil:
		return "", err
	case o.Key == "", o.Payment != "" && (!isSession(o.Payment) || !strings.HasPrefix(o.Payment, id)):
		return "", errOrder
	case o.Payment != "":
		return o.Payment, nil
	}
	return id + "-" + digits(digest(o.Key), markLength), nil
}

// numberOf is the number of a transaction: six letters and digits, without regard to case. The way back is another one each time, so
// the numbers of a session are too. They begin with a letter: Lyra makes numbers of its own, and other pages of the shop usually count.
// Two of a thousand in one day are the same once in three thousand days, and then a buyer has to open the page again.
func numberOf(session, back string, now time.Time) string {
	number := digest(session, back, now.Format(transDate))
	return string(rune('a'+number%letters)) + digits(number/letters, 5)
}

const letters = 26

func digest(parts ...string) uint64 {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return binary.BigEndian.Uint64(sum[:])
}

// digits are the last n digits of a number to the base of 36.
func digits(number uint64, n int) string {
	text := strings.Repeat("0", n) + strconv.FormatUint(number, 36)
	return text[len(text)-n:]
}
