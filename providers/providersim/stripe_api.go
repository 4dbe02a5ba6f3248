package providersim

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// stripeError is Stripe's envelope of errors.
func stripeError(status int, kind, code string) reply {
	e := map[string]any{"type": kind, "message": "See the documentation of the error.", "doc_url": "https://stripe.com/docs/error-codes"}
	put(e, "code", code)
	return reply{status: status, body: map[string]any{"error": e}}
}

var stripeMissing = stripeError(http.StatusNotFound, "invalid_request_error", "resource_missing")

func stripeInvalid(code string) reply {
	return stripeError(http.StatusBadRequest, "invalid_request_error", code)
}

// stripeDigits: the smallest unit is the standard's, but for these.
//
// Source: Stripe documentation, "Supported currencies".
func stripeDigits(currency string) int {
	switch currency {
	case "ISK", "UGX":
		return 2
	case "MGA":
		return 0
	}
	return decimals(currency)
}

// stripeAmount is a decimal in Stripe's units.
func stripeAmount(value, currency string) int64 {
	units, ok := minorUnits(value, stripeDigits(currency))
	if !ok { // more decimals than it has: 12.50 of a currency without
		units, _ = minorUnits(value[:strings.IndexByte(value+".", '.')], stripeDigits(currency))
	}
	n, _ := strconv.ParseInt(units, 10, 64)
	return n
}

func (s *Stripe) createSession(r *http.Request, body []byte) reply {
	form, err := url.ParseQuery(string(body))
	minor, amountErr := strconv.ParseInt(form.Get("line_items[0][price_data][unit_amount]"), 10, 64)
	currency := form.Get("line_items[0][price_data][currency]")
	ends, endsErr := strconv.ParseInt(form.Get("expires_at"), 10, 64)
	until := time.Unix(ends, 0)
	digits := stripeDigits(strings.ToUpper(currency))
	switch {
	case err != nil, form.Get("mode") != "payment", form.Get("success_url") == "", form.Get("line_items[0][price_data][product_data][name]") == "":
		return stripeInvalid("parameter_missing")
	case amountErr != nil || minor <= 0 || form.Get("line_items[0][quantity]") != "1":
		return stripeInvalid("parameter_invalid_integer")
	case len(currency) != 3 || currency != strings.ToLower(currency):
		return stripeInvalid("currency_invalid")
	case (currency == "isk" || currency == "ugx") && minor%100 != 0, digits == 3 && minor%10 != 0:
		return stripeInvalid("amount_invalid")
	case endsErr != nil, until.Before(s.cfg.Now().Add(30 * time.Minute)), until.After(s.cfg.Now().Add(24 * time.Hour)):
		return stripeInvalid("parameter_invalid_integer")
	case len(form.Get("client_reference_id")) > 200:
		return stripeInvalid("parameter_invalid_string")
	}
	p := &Payment{ID: s.id("cs_test_", 30), Value: decimalOf(strconv.FormatInt(minor, 10), digits), Currency: strings.ToUpper(currency),
		Fields: map[string]string{"client_reference_id": form.Get("client_reference_id")}, Reserve: form.Get("payment_intent_data[capture_method]") == "manual",
		Return: form.Get("success_url"), Cancel: form.Get("cancel_url"), Until: until}
	for name, values := range form {
		key, ok := strings.CutPrefix(name, "metadata[")
		key = strings.TrimSuffix(key, "]")
		if inner, in := strings.CutPrefix(name, "payment_intent_data[metadata]["); in {
			key, ok = "intent "+strings.TrimSuffix(inner, "]"), true
		}
		if ok && len(values[0]) > 500 {
			return stripeInvalid("parameter_invalid_string")
		}
		if ok {
			p.Fields["metadata "+key] = values[0]
		}
	}
	s.begin(p)
	return done(s.sessionJSON(p, nil))
}

// metadata are the fields that were written under a prefix.
func (p *Payment) metadata(prefix string) map[string]string {
	m := map[string]string{}
	for name, value := range p.Fields {
		if key, ok := strings.CutPrefix(name, "metadata "+prefix); ok && !strings.Contains(key, " ") {
			m[key] = value
		}
	}
	return m
}

func (s *Stripe) sessionJSON(p *Payment, expand []string) map[string]any {
	standing, paid := "open", "unpaid"
	switch p.Status {
	case isCaptured:
		standing, paid = "complete", "paid"
	case isPending, isAuthorised, isCancelled, isFailed:
		standing = "complete"
	case isExpired:
		standing = "expired"
	}
	o := map[string]any{"id": p.ID, "object": "checkout.session", "mode": "payment", "status": standing, "payment_status": paid,
		"amount_total": stripeAmount(p.Value, p.Currency), "currency": strings.ToLower(p.Currency), "client_reference_id": p.Fields["client_reference_id"],
		"metadata": p.metadata(""), "livemode": s.cfg.Live, "expires_at": p.Until.Unix(), "created": p.Created.Unix(), "url": nil, "payment_intent": nil,
		"currency_conversion": nil, "success_url": p.Return, "cancel_url": p.Cancel}
	if standing == "open" {
		o["url"] = s.pageOf(p)
	}
	if standing == "complete" {
		o["customer_details"] = map[string]any{"email": "payer@example.org", "name": "Ada Lovelace"}
	}
	if id := p.Names["intent"]; id != "" {
		o["payment_intent"] = id
		if slices.Contains(expand, "payment_intent") {
			o["payment_intent"] = s.intentJSON(p, slices.Contains(expand, "payment_intent.latest_charge"))
		}
	}
	return o
}

func (s *Stripe) intentJSON(p *Payment, charge bool) map[string]any {
	standing := map[status]string{isOpen: "requires_payment_method", isPending: "processing", isAuthorised: "requires_capture", isCaptured: "succeeded",
		isFailed: "requires_payment_method", isCancelled: "canceled", isExpired: "canceled"}[p.Status]
	amount := stripeAmount(p.Value, p.Currency)
	o := map[string]any{"id": p.Names["intent"], "object": "payment_intent", "status": standing, "amount": amount, "amount_received": int64(0),
		"amount_capturable": int64(0), "currency": strings.ToLower(p.Currency), "metadata": p.metadata("intent "), "livemode": s.cfg.Live,
		"created": p.Created.Unix(), "latest_charge": nil, "last_payment_error": nil}
	if id := p.Names["charge"]; id != "" {
		o["latest_charge"] = id
		if charge {
			o["latest_charge"] = s.chargeJSON(p)
		}
	}
	switch {
	case p.Status == isCaptured:
		o["amount_received"] = stripeAmount(p.Captured, p.Currency)
	case p.Status == isAuthorised:
		o["amount_capturable"] = amount
	case p.Failures > 0 && (p.Status == isOpen || p.Status == isFailed):
		o["last_payment_error"] = map[string]any{"type": "card_error", "code": "card_declined", "decline_code": "generic_decline"}
	}
	return o
}

func (s *Stripe) chargeJSON(p *Payment) map[string]any {
	disputed := slices.ContainsFunc(s.disputes, func(d *Refund) bool { return d.Payment == p.ID })
	refunded := "0"
	for _, r := range s.refundsOf(p) {
		if !r.Reversal {
			refunded = minus(refunded, "-"+r.Value, 3)
		}
	}
	refunded = minus(refunded, "0", decimals(p.Currency))
	return map[string]any{"id": p.Names["charge"], "object": "charge", "created": p.Updated.Unix(), "amount_refunded": stripeAmount(refunded, p.Currency),
		"disputed": disputed, "payment_intent": p.Names["intent"], "currency": strings.ToLower(p.Currency)}
}

func (s *Stripe) getSession(r *http.Request, _ []byte) reply {
	p := s.payments[r.PathValue("id")]
	if p == nil {
		return stripeMissing
	}
	s.lapse(p)
	return done(s.sessionJSON(p, r.URL.Query()["expand[]"]))
}

func (s *Stripe) expireSession(r *http.Request, _ []byte) reply {
	p := s.payments[r.PathValue("id")]
	if p == nil {
		return stripeMissing
	}
	s.lapse(p)
	if p.Status != isOpen {
		return stripeInvalid("")
	}
	_ = s.end(p) // it is open
	return done(s.sessionJSON(p, nil))
}

// intentOf finds a payment by its PaymentIntent.
func (s *Stripe) intentOf(r *http.Request) *Payment {
	p := s.named(r.PathValue("id"))
	if p == nil || p.Names["intent"] != r.PathValue("id") {
		return nil
	}
	return p
}

func (s *Stripe) getIntent(r *http.Request, _ []byte) reply {
	p := s.intentOf(r)
	if p == nil {
		return stripeMissing
	}
	return done(s.intentJSON(p, slices.Contains(r.URL.Query()["expand[]"], "latest_charge")))
}

func (s *Stripe) captureIntent(r *http.Request, _ []byte) reply {
	p := s.intentOf(r)
	switch {
	case p == nil:
		return stripeMissing
	case s.take(p, "") != nil:
		return stripeInvalid("payment_intent_unexpected_state")
	}
	return done(s.intentJSON(p, false))
}

func (s *Stripe) cancelIntent(r *http.Request, _ []byte) reply {
	p := s.intentOf(r)
	switch {
	case p == nil:
		return stripeMissing
	case p.Status != isAuthorised || s.end(p) != nil:
		return stripeInvalid("payment_intent_unexpected_state")
	}
	return done(s.intentJSON(p, false))
}

func (s *Stripe) createRefund(_ *http.Request, body []byte) reply {
	form, err := url.ParseQuery(string(body))
	p := s.named(form.Get("payment_intent"))
	if err != nil || p == nil {
		return stripeMissing
	}
	value := ""
	if minor := form.Get("amount"); minor != "" {
		value = decimalOf(minor, stripeDigits(p.Currency))
	}
	made, err := s.giveBack(p, value, false)
	if err != nil {
		return stripeInvalid("charge_already_refunded")
	}
	s.refundKeys[made.ID] = form.Get("metadata[paybridge_key]")
	return done(s.refundJSON(p, made))
}

func (s *Stripe) refundJSON(p *Payment, r *Refund) map[string]any {
	standing := map[string]string{"done": "succeeded", "pending": "pending", "failed": "failed"}[r.Status]
	metadata := map[string]string{}
	if key := s.refundKeys[r.ID]; key != "" {
		metadata["paybridge_key"] = key
	}
	return map[string]any{"id": r.ID, "object": "refund", "status": standing, "amount": stripeAmount(r.Value, p.Currency), "currency": strings.ToLower(p.Currency),
		"payment_intent": p.Names["intent"], "charge": p.Names["charge"], "created": r.Created.Unix(), "metadata": metadata}
}

func (s *Stripe) disputeJSON(p *Payment, r *Refund) map[string]any {
	return map[string]any{"id": r.ID, "object": "dispute", "status": "needs_response", "amount": stripeAmount(r.Value, p.Currency),
		"currency": strings.ToLower(p.Currency), "payment_intent": p.Names["intent"], "charge": p.Names["charge"], "created": r.Created.Unix(), "reason": "fraudulent"}
}

func (s *Stripe) listRefunds(r *http.Request, _ []byte) reply {
	all := []any{}
	if p := s.named(r.URL.Query().Get("payment_intent")); p != nil {
		for _, one := range s.refundsOf(p) {
			if !one.Reversal {
				all = append(all, s.refundJSON(p, one))
			}
		}
	}
	return stripeList(all, false)
}

func (s *Stripe) listDisputes(r *http.Request, _ []byte) reply {
	all := []any{}
	for _, d := range s.disputes {
		if p := s.payments[d.Payment]; p.Names["intent"] == r.URL.Query().Get("payment_intent") {
			all = append(all, s.disputeJSON(p, d))
		}
	}
	return stripeList(all, false)
}

func stripeList(all []any, more bool) reply {
	return done(map[string]any{"object": "list", "data": all, "has_more": more})
}

// listEvents lists the newest first, in pages.
func (s *Stripe) listEvents(r *http.Request, _ []byte) reply {
	q := r.URL.Query()
	from, _ := strconv.ParseInt(q.Get("created[gte]"), 10, 64)
	to, err := strconv.ParseInt(q.Get("created[lte]"), 10, 64)
	if err != nil {
		to = 1 << 60
	}
	size, err := strconv.Atoi(cmp.Or(q.Get("limit"), "10"))
	if err != nil || size < 1 || size > 100 {
		return stripeInvalid("parameter_invalid_integer")
	}
	var page []any
	skipping := q.Get("starting_after") != ""
	for _, e := range slices.Backward(s.events) {
		switch {
		case skipping:
			skipping = e.id != q.Get("starting_after")
		case e.created < from || e.created > to || len(q["types[]"]) > 0 && !slices.Contains(q["types[]"], e.kind):
		case len(page) == size:
			return stripeList(page, true)
		default:
			page = append(page, e.body)
		}
	}
	return stripeList(page, false)
}

func (s *Stripe) listEndpoints(*http.Request, []byte) reply {
	all := []any{}
	if s.callback != "" {
		all = append(all, map[string]any{"id": "we_1", "object": "webhook_endpoint", "url": s.callback, "status": "enabled", "enabled_events": []string{"*"},
			"livemode": s.cfg.Live})
	}
	return stripeList(all, false)
}
