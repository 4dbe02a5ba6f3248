package redsys

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	maxAddress     = 250
	maxDescription = 125
	maxData        = 1024
)

// A request is what the form says. Redsys takes each order number once.
//
// Source: Redsys, input parameters of the connection by redirection.
type request struct {
	Amount      string `json:"DS_MERCHANT_AMOUNT"`
	Currency    string `json:"DS_MERCHANT_CURRENCY"`
	Order       string `json:"DS_MERCHANT_ORDER"`
	Merchant    string `json:"DS_MERCHANT_MERCHANTCODE"`
	Terminal    string `json:"DS_MERCHANT_TERMINAL"`
	Type        string `json:"DS_MERCHANT_TRANSACTIONTYPE"`
	Callback    string `json:"DS_MERCHANT_MERCHANTURL,omitempty"`
	Paid        string `json:"DS_MERCHANT_URLOK"`
	NotPaid     string `json:"DS_MERCHANT_URLKO"`
	Data        string `json:"DS_MERCHANT_MERCHANTDATA"`
	Description string `json:"DS_MERCHANT_PRODUCTDESCRIPTION"`
	Language    string `json:"DS_MERCHANT_CONSUMERLANGUAGE,omitempty"`
}

var (
	languages = map[string]string{"en": "002", "fr": "004"}
	ownOrders = regexp.MustCompile(`^[0-9]{4}[0-9A-Z]{8}$`)

	errReserve = errors.New("a terminal that is not asked cannot take what it reserved; let the account capture before the registration")
	errPayment = errors.New("the payment to show again is none of ours")
	errAddress = errors.New("the return address or the callback address is longer than 250 characters")
)

// Open makes the form that leads to the pay page. Redsys is told of nothing before the buyer's browser posts it. Such a form has no
// end and cannot be voided: a buyer who keeps the page open can pay after the deadline, and that money is dealt with as paid late. The
// same order again is the same form with another way back; Redsys takes money for one order once. Whether a buyer was refused or gave
// up, the way back has cancel=1.
func (r *Redsys) Open(_ context.Context, o purchase.Order) (purchase.Checkout, error) {
	req, err := r.newRequest(o)
	if err != nil {
		return purchase.Checkout{}, &protocol.Error{Provider: "redsys", Operation: protocol.Create, Err: err}
	}
	raw, err := json.Marshal(req)
	if err != nil {
		return purchase.Checkout{}, &protocol.Error{Provider: "redsys", Operation: protocol.Create, Err: err}
	}
	text := base64.StdEncoding.EncodeToString(ascii(raw))
	return purchase.Checkout{Payment: req.Order, URL: r.page, OneTry: true, Form: []purchase.Field{
		{Name: versionField, Value: version},
		{Name: parametersField, Value: text},
		{Name: signatureField, Value: base64.StdEncoding.EncodeToString(r.sign(req.Order, text))},
	}}, nil
}

func (r *Redsys) newRequest(o purchase.Order) (request, error) {
	number := cmp.Or(o.Payment, orderNumber(o))
	switch {
	case o.Reserve:
		return request{}, errReserve
	case !ownOrders.MatchString(number):
		return request{}, errPayment
	}
	digits, numeric, err := writeMoney(o.Money)
	if err != nil {
		return request{}, err
	}
	sealed, err := r.Seals.Seal(o.Reference, maxData)
	if err != nil {
		return request{}, err
	}
	notPaid, err := protocol.Cancelled(o.Return)
	if err != nil {
		return request{}, err
	}
	if len(notPaid) > maxAddress || len(r.Callback) > maxAddress {
		return request{}, errAddress
	}
	return request{Amount: digits, Currency: numeric, Order: number, Merchant: r.config.MerchantCode, Terminal: r.config.Terminal, Type: payment,
		Callback: r.Callback, Paid: o.Return, NotPaid: notPaid, Data: sealed,
		Description: protocol.Clip(cmp.Or(o.Description, "Registration"), maxDescription), Language: languages[o.Language]}, nil
}

// orderNumber is the order's number at Redsys: four digits, then letters and digits, twelve in all. It is made of the purchase and the
// order's key, so a repeat has the same and nothing else does. Letters are capitals: nobody says whether Redsys tells them apart.
func orderNumber(o purchase.Order) string {
	sum := sha256.Sum256([]byte(o.Reference.Purchase + "\x00" + o.Key))
	return fmt.Sprintf("%04d", binary.BigEndian.Uint32(sum[:4])%10_000) + base32.StdEncoding.EncodeToString(sum[4:9])
}

// ascii writes JSON with escapes for everything else, for nobody says which character set the page reads.
func ascii(text []byte) []byte {
	var b strings.Builder
	for _, c := range string(text) {
		switch {
		case c < 0x80:
			b.WriteRune(c)
		case c > 0xffff:
			high, low := utf16.EncodeRune(c)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, c)
		}
	}
	return []byte(b.String())
}
