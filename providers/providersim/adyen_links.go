package providersim

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// adyenAmount is an amount in Adyen's minor units.
type adyenAmount struct {
	Value    int64  `json:"value"`
	Currency string `json:"currency"`
}

// adyenDigits: the minor units are the standard's, but for these.
//
// Source: Adyen documentation, "Currency codes and minor units".
func adyenDigits(currency string) int {
	switch currency {
	case "CLP", "ISK":
		return 2
	case "CVE", "IDR":
		return 0
	}
	return decimals(currency)
}

// adyenMoney is a decimal in Adyen's units.
func adyenMoney(value, currency string) adyenAmount {
	digits := adyenDigits(currency)
	units, ok := minorUnits(value, digits)
	if !ok { // more decimals than it has: 12.00 of a currency without
		whole, _, _ := strings.Cut(value, ".")
		units, _ = minorUnits(whole, digits)
	}
	n, _ := strconv.ParseInt(units, 10, 64)
	return adyenAmount{Value: n, Currency: currency}
}

func (a adyenAmount) decimal() string {
	return decimalOf(strconv.FormatInt(a.Value, 10), adyenDigits(a.Currency))
}

var (
	adyenUnread   = adyenError(http.StatusBadRequest, "702", "validation")
	adyenStranger = adyenError(http.StatusForbidden, "901", "security")
	adyenNoLink   = adyenError(http.StatusNotFound, "404", "validation")
)

func adyenInvalid(code string) reply {
	return adyenError(http.StatusUnprocessableEntity, code, "validation")
}

type adyenOrder struct {
	Merchant    string      `json:"merchantAccount"`
	Amount      adyenAmount `json:"amount"`
	Reference   string      `json:"reference"`
	Return      string      `json:"returnUrl"`
	Expires     string      `json:"expiresAt"`
	Reusable    bool        `json:"reusable"`
	Description string      `json:"description"`
	Locale      string      `json:"shopperLocale"`
	Manual      bool        `json:"manualCapture"`
}

const adyenLongest = 70 * 24 * time.Hour

func (s *Adyen) createLink(r *http.Request, body []byte) reply {
	var o adyenOrder
	if json.Unmarshal(body, &o) != nil {
		return adyenUnread
	}
	until := s.cfg.Now().Add(24 * time.Hour)
	if o.Expires != "" {
		var err error
		if until, err = time.Parse(time.RFC3339, o.Expires); err != nil {
			return adyenInvalid("702")
		}
	}
	switch {
	case o.Merchant != adyenMerchant:
		return adyenStranger
	case o.Amount.Value <= 0 || len(o.Amount.Currency) != 3 || o.Amount.Currency != strings.ToUpper(o.Amount.Currency):
		return adyenInvalid("100")
	case o.Reference == "" || len(o.Reference) > 80:
		return adyenInvalid("130")
	case len([]rune(o.Description)) > 280, len(r.Header.Get("Idempotency-Key")) > 64, o.Locale != "" && len(o.Locale) != 5:
		return adyenInvalid("702")
	case !until.After(s.cfg.Now()), until.After(s.cfg.Now().Add(adyenLongest)):
		return adyenInvalid("29_001")
	case o.Reusable:
		return adyenInvalid("702") // this merchant account may not make such links
	}
	p := &Payment{ID: "PL" + s.psp(), Value: o.Amount.decimal(), Currency: o.Amount.Currency, Fields: map[string]string{"reference": o.Reference},
		Return: o.Return, Until: until}
	s.captureLater(p, o.Manual)
	if o.Manual {
		p.Fields["manual"] = "yes"
	}
	return reply{status: http.StatusCreated, body: s.linkJSON(s.begin(p))}
}

func (s *Adyen) linkJSON(p *Payment) map[string]any {
	standing := map[status]string{isOpen: "active", isPending: "paymentPending", isAuthorised: "completed", isCaptured: "completed",
		isCancelled: "completed", isFailed: "expired", isExpired: "expired"}[p.Status]
	o := map[string]any{"id": p.ID, "status": standing, "amount": adyenMoney(p.Value, p.Currency), "merchantAccount": adyenMerchant,
		"reference": p.Fields["reference"], "reusable": false, "expiresAt": p.Until.UTC().Format(time.RFC3339), "url": s.pageOf(p),
		"updatedAt": p.Updated.Format(time.RFC3339)}
	put(o, "returnUrl", p.Return)
	if p.Fields["manual"] != "" {
		o["manualCapture"] = true
	}
	return o
}

func (s *Adyen) getLink(r *http.Request, _ []byte) reply {
	p := s.linkOf(r)
	if p == nil {
		return adyenNoLink
	}
	return done(s.linkJSON(p))
}

// linkOf finds a link as it stands now.
func (s *Adyen) linkOf(r *http.Request) *Payment {
	p := s.payments[r.PathValue("id")]
	if p == nil || p.Organisers {
		return nil
	}
	s.lapse(p)
	return p
}

func (s *Adyen) endLink(r *http.Request, body []byte) reply {
	var o struct {
		Status string `json:"status"`
	}
	p := s.linkOf(r)
	switch {
	case p == nil:
		return adyenNoLink
	case json.Unmarshal(body, &o) != nil, o.Status != "expired":
		return adyenInvalid("702")
	case p.Status != isOpen && p.Status != isExpired:
		return adyenInvalid("29_002")
	}
	_ = s.end(p) // it is open, or ended
	return done(s.linkJSON(p))
}

func (s *Adyen) listMethods(_ *http.Request, body []byte) reply {
	var o adyenOrder
	switch {
	case json.Unmarshal(body, &o) != nil:
		return adyenUnread
	case o.Merchant != adyenMerchant:
		return adyenStranger
	}
	return done(map[string]any{"paymentMethods": []any{map[string]any{"type": "scheme", "name": "Credit Card"}}})
}
