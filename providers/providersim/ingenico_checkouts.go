package providersim

import (
	"net/http"
	"regexp"
	"strings"
)

type gcsMoney struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currencyCode"`
}

type gcsMode struct {
	Mode string `json:"authorizationMode"`
}

// A gcsCheckout is a hosted checkout as it is asked for; what only one generation has is a pointer.
type gcsCheckout struct {
	Order struct {
		Money      gcsMoney `json:"amountOfMoney"`
		References struct {
			Merchant   string `json:"merchantReference"`
			Descriptor string `json:"descriptor"`
			Parameters string `json:"merchantParameters"`
		} `json:"references"`
	} `json:"order"`
	Page struct {
		Return   string `json:"returnUrl"`
		Locale   string `json:"locale"`
		Variant  string `json:"variant"`
		Result   bool   `json:"showResultPage"`
		Timeout  *int   `json:"sessionTimeout"`
		Attempts *int   `json:"allowedNumberOfPaymentAttempts"`
		Cancels  *bool  `json:"returnCancelState"`
	} `json:"hostedCheckoutSpecificInput"`
	Card     gcsMode `json:"cardPaymentMethodSpecificInput"`
	Mobile   gcsMode `json:"mobilePaymentMethodSpecificInput"`
	Redirect struct {
		Approval bool `json:"requiresApproval"`
	} `json:"redirectPaymentMethodSpecificInput"`
	Feedbacks *struct {
		URLs []string `json:"webhooksUrls"`
	} `json:"feedbacks"`
}

var (
	gcsReferences = regexp.MustCompile(`^[A-Za-z0-9/_-]{1,30}$`)
	gcsLocales    = regexp.MustCompile(`^[a-z]{2}_[A-Z]{2}$`)
)

// newCheckout reads what both generations check.
func (w *worldline) newCheckout(body []byte) (q gcsCheckout, value string, refusal *reply) {
	refuse := func(what string) (gcsCheckout, string, *reply) {
		answer := w.invalid(what)
		return q, "", &answer
	}
	if !gcsDecode(body, &q) {
		return refuse("body")
	}
	value, ok := w.value(q.Order.Money.Amount, q.Order.Money.Currency)
	switch {
	case !ok:
		return refuse("amount")
	case !gcsReferences.MatchString(q.Order.References.Merchant):
		return refuse("merchantreference")
	case !strings.Contains(q.Page.Return, "://"), q.Page.Locale != "" && !gcsLocales.MatchString(q.Page.Locale):
		return refuse("returnurl")
	}
	return q, value, nil
}

// payment is what a checkout is for. Without the word SALE it only reserves.
func (q gcsCheckout) payment(id, value, mac string) *Payment {
	return &Payment{ID: id, Value: value, Currency: q.Order.Money.Currency, Reserve: q.Card.Mode != "SALE", Return: q.Page.Return,
		Fields: map[string]string{"merchantReference": q.Order.References.Merchant, "merchantParameters": q.Order.References.Parameters, "RETURNMAC": mac}}
}

// back is one address for all that may happen, with what tells the checkouts apart.
func (w *worldline) back(p *Payment, did action) way {
	if did == doDecline && p.Status == isOpen {
		return way{Stay: true}
	}
	mark := "?"
	if strings.Contains(p.Return, "?") {
		mark = "&"
	}
	return way{URL: p.Return + mark + "RETURNMAC=" + p.Fields["RETURNMAC"] + "&hostedCheckoutId=" + p.ID}
}

// checkoutJSON is a hosted checkout with the payment that came of it.
func (w *worldline) checkoutJSON(b *gcsBook) map[string]any {
	o := map[string]any{"status": "IN_PROGRESS"}
	p, try := b.p, b.try()
	switch {
	case p.Status == isExpired, p.Status == isCancelled && try == nil, p.Status == isCancelled && try.status == "REJECTED":
		o["status"] = "CANCELLED_BY_CONSUMER"
	case try == nil || p.Status == isOpen && w.variant.Tries == "operation":
		return o
	case p.Status != isOpen:
		o["status"] = "PAYMENT_CREATED"
	}
	if try != nil {
		status, code := w.status(b)
		result := "SUCCESSFUL"
		if try.status == "REJECTED" {
			result = "REJECTED"
		}
		o["createdPaymentOutput"] = map[string]any{"paymentStatusCategory": result, "payment": w.paymentJSON(b, try, status, code, false)}
	}
	return o
}

func (w *worldline) getCheckout(r *http.Request, _ []byte) reply {
	b := w.books[r.PathValue("id")]
	if b == nil || !b.checkout {
		return w.missing()
	}
	w.lapse(b.p)
	if w.variant.Gone && (b.p.Status == isExpired || b.p.Status == isCancelled && b.try() == nil) {
		return w.missing()
	}
	return done(w.checkoutJSON(b))
}
