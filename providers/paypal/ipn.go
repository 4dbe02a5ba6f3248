package paypal

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	userAgent = "paybridge"
	maxIPN    = 64 << 10
)

// readIPN authenticates an instant payment notification: the bytes go back to PayPal as they came, and only what PayPal verifies is
// decoded.
//
// Source: PayPal developer documentation, IPN implementation guide.
func (p *PayPal) readIPN(ctx context.Context, d purchase.Delivery) (purchase.Reading, error) {
	form, err := parseForm(d.Body)
	if err != nil {
		return purchase.Reading{}, err
	}
	if (form.get("test_ipn") == "1") == p.Live {
		return purchase.Reading{}, purchase.Forged(purchase.WrongMode)
	}
	ctx, cancel := context.WithTimeout(ctx, verifyWithin)
	defer cancel()
	if err := p.postBack(ctx, d.Body); err != nil {
		return purchase.Reading{}, err
	}
	if !p.receives(form) {
		return purchase.Reading{}, purchase.Forged(purchase.WrongMerchant)
	}
	facts, err := p.ipnFacts(form)
	return purchase.Reading{Facts: facts}, err
}

// postBack asks PayPal whether these are its bytes, in this order and encoding.
func (p *PayPal) postBack(ctx context.Context, body []byte) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	resp, err := p.sender.Do(ctx, protocol.Request{Operation: protocol.Verify, Repeatable: true, Method: http.MethodPost, URL: p.at.ipn,
		Header: http.Header{"Content-Type": {protocol.FormType}, "User-Agent": {userAgent}}, Body: append([]byte("cmd=_notify-validate&"), body...)})
	if err != nil {
		return fmt.Errorf("%w: %w", purchase.ErrUnchecked, err)
	}
	switch said := strings.TrimSpace(string(resp.Body)); {
	case resp.Status == http.StatusOK && said == "VERIFIED":
		return nil
	case resp.Status == http.StatusOK && said == "INVALID":
		return purchase.Forged(purchase.BadSignature)
	}
	return fmt.Errorf("%w: paypal verify: %d, neither verified nor invalid", purchase.ErrUnchecked, resp.Status)
}

// receives compares whom the money went to with whom the account is.
func (p *PayPal) receives(f form) bool {
	for _, name := range []string{"receiver_id", "receiver_email", "business"} {
		if got := f.get(name); got != "" && strings.EqualFold(got, p.config.Receiver) {
			return true
		}
	}
	return false
}

// A form is what an IPN says, undecoded, and how to decode it.
type form struct {
	values  url.Values
	charset encoding.Encoding
}

// parseForm refuses what is no IPN, without asking anybody: one is about a transaction, and has no field twice.
func parseForm(body []byte) (form, error) {
	values, err := url.ParseQuery(string(body))
	if err != nil || len(body) > maxIPN || (!values.Has("txn_id") && !values.Has("txn_type")) {
		return form{}, purchase.Forged(purchase.Malformed)
	}
	for _, v := range values {
		if len(v) != 1 {
			return form{}, purchase.Forged(purchase.Malformed)
		}
	}
	f := form{values: values, charset: charmap.Windows1252}
	if named, err := htmlindex.Get(values.Get("charset")); err == nil {
		f.charset = named
	}
	return f, nil
}

// get decodes a field.
func (f form) get(name string) string {
	text, err := f.charset.NewDecoder().String(f.values.Get(name))
	if err != nil {
		return ""
	}
	return strings.ToValidUTF8(text, "")
}
