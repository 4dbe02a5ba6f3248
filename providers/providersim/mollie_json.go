package providersim

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// hal is an answer in Mollie's media type.
func hal(status int, body any) reply {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(body) // maps, strings and numbers
	return reply{status: status, raw: b.Bytes(), kind: "application/hal+json"}
}

// mollieError is Mollie's one shape of an error.
func mollieError(status int, title, field string) reply {
	e := map[string]any{"status": status, "title": title, "detail": "See the documentation of the error.",
		"_links": map[string]any{"documentation": mollieLink("https://docs.mollie.com/reference/error-handling", "text/html")}}
	put(e, "field", field)
	return hal(status, e)
}

var mollieMissing = mollieError(http.StatusNotFound, "Not Found", "")

func mollieInvalid(field string) reply {
	return mollieError(http.StatusUnprocessableEntity, "Unprocessable Entity", field)
}

func mollieLink(href, kind string) map[string]string {
	return map[string]string{"href": href, "type": kind}
}

func mollieAmount(value, currency string) map[string]string {
	return map[string]string{"value": value, "currency": currency}
}

func mollieTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05+00:00") }

// mollieDecimal tells whether a decimal is written with exactly the decimals of its currency, and is more than nothing.
func mollieDecimal(value, currency string) bool {
	units, ok := minorUnits(value, decimals(currency))
	return ok && len(currency) == 3 && currency == strings.ToUpper(currency) && units != "0" && decimalOf(units, decimals(currency)) == value
}

func (m *Mollie) mode() string {
	if m.cfg.Live {
		return "live"
	}
	return "test"
}

var mollieStatus = map[status]string{isOpen: "open", isPending: "pending", isAuthorised: "authorized", isCaptured: "paid", isFailed: "failed",
	isCancelled: "canceled", isExpired: "expired"}

const mollieProfile = "pfl_Simulated01"

// paymentJSON is a payment, with the parts that are to be embedded. Held: mu.
func (m *Mollie) paymentJSON(p *Payment, embed ...string) map[string]any {
	self := m.base + "/v2/payments/" + p.ID
	o := map[string]any{"resource": "payment", "id": p.ID, "mode": m.mode(), "createdAt": mollieTime(p.Created), "amount": mollieAmount(p.Value, p.Currency),
		"description": p.Fields["description"], "method": nil, "metadata": json.RawMessage(orNull(p.Fields["metadata"])), "status": mollieStatus[p.Status],
		"profileId": mollieProfile, "sequenceType": "oneoff", "redirectUrl": p.Return, "captureMode": "automatic"}
	if p.Reserve {
		o["captureMode"] = "manual"
	}
	links := map[string]any{"self": mollieLink(self, "application/hal+json"), "dashboard": mollieLink("https://my.mollie.com/", "text/html")}
	put(o, "webhookUrl", p.Fields["webhookUrl"])
	put(o, "cancelUrl", p.Cancel)
	switch p.Status {
	case isOpen:
		o["isCancelable"], o["expiresAt"] = m.vary.Cancelable, mollieTime(p.Until)
		links["checkout"] = mollieLink(m.pageOf(p), "text/html")
	case isPending:
		o["isCancelable"], o["method"] = false, "banktransfer"
	case isAuthorised:
		o["isCancelable"], o["method"], o["authorizedAt"] = m.vary.Cancelable, "creditcard", mollieTime(p.Updated)
	case isCaptured:
		m.paidJSON(p, o)
	case isFailed:
		o["method"], o["failedAt"], o["details"] = "creditcard", mollieTime(p.Updated), map[string]any{"failureReason": "insufficient_funds"}
	case isCancelled:
		o["canceledAt"] = mollieTime(p.Updated)
	case isExpired:
		o["expiredAt"] = mollieTime(p.Updated)
	}
	for _, name := range []string{"captures", "refunds", "chargebacks"} {
		if len(m.parts(p, name)) > 0 {
			links[name] = mollieLink(self+"/"+name, "application/hal+json")
		}
	}
	if embedded := m.embedded(p, embed); len(embedded) > 0 {
		o["_embedded"] = embedded
	}
	o["_links"] = links
	return o
}

func orNull(text string) string {
	if text == "" {
		return "null"
	}
	return text
}

// paidJSON adds what only a paid payment has.
func (m *Mollie) paidJSON(p *Payment, o map[string]any) {
	o["method"], o["paidAt"] = "creditcard", p.Fields["paidAt"]
	if p.Reserve {
		o["amountCaptured"] = mollieAmount(p.Captured, p.Currency)
	}
	counted, back, refunds, chargebacks := "0", "0", 0, 0
	for _, r := range m.refundsOf(p) {
		standing := m.stands[r.ID]
		switch {
		case r.Reversal:
			chargebacks++
			if standing != "reversed" {
				back = minus(back, "-"+r.Value, 3)
			}
		case standing == "refunded" || m.vary.CountsQueued && standing != "failed" && standing != "canceled":
			refunds++
			counted = minus(counted, "-"+r.Value, 3)
		default:
			refunds++
		}
	}
	digits := decimals(p.Currency)
	if refunds > 0 {
		o["amountRefunded"] = mollieAmount(minus(counted, "0", digits), p.Currency)
	}
	o["amountRemaining"] = mollieAmount(minus(p.Captured, zero(p.Refunded), digits), p.Currency)
	if chargebacks > 0 {
		o["amountChargedBack"] = mollieAmount(minus(back, "0", digits), p.Currency)
	}
}

// embedded are the parts that were asked for. Held: mu.
func (m *Mollie) embedded(p *Payment, names []string) map[string]any {
	parts := map[string]any{}
	for _, name := range names {
		if slices.Contains([]string{"captures", "refunds", "chargebacks"}, name) && !m.vary.Bare {
			parts[name] = m.parts(p, name)
		}
	}
	return parts
}

// parts are the captures, refunds or chargebacks of a payment, the newest first. Held: mu.
func (m *Mollie) parts(p *Payment, name string) []map[string]any {
	all := []map[string]any{}
	if name == "captures" {
		for _, c := range slices.Backward(m.captures[p.ID]) {
			all = append(all, m.captureJSON(p, c))
		}
		return all
	}
	for _, r := range slices.Backward(m.refundsOf(p)) {
		switch {
		case name == "refunds" && !r.Reversal:
			all = append(all, m.refundJSON(p, r))
		case name == "chargebacks" && r.Reversal:
			all = append(all, m.chargebackJSON(p, r))
		}
	}
	return all
}

// part is what captures, refunds and chargebacks have in common. Held: mu.
func (m *Mollie) part(p *Payment, kind, id, value string, created time.Time) map[string]any {
	return map[string]any{"resource": kind, "id": id, "mode": m.mode(), "amount": mollieAmount(value, p.Currency), "paymentId": p.ID, "createdAt": mollieTime(created),
		"_links": map[string]any{"self": mollieLink(m.base+"/v2/payments/"+p.ID+"/"+kind+"s/"+id, "application/hal+json"),
			"payment": mollieLink(m.base+"/v2/payments/"+p.ID, "application/hal+json")}}
}

func (m *Mollie) captureJSON(p *Payment, c *mollieCapture) map[string]any {
	o := m.part(p, "capture", c.id, c.value, c.created)
	o["status"], o["metadata"] = c.status, c.metadata
	return o
}

func (m *Mollie) refundJSON(p *Payment, r *Refund) map[string]any {
	o := m.part(p, "refund", r.ID, r.Value, r.Created)
	o["status"], o["description"], o["metadata"] = m.stands[r.ID], m.notes[r.ID].description, m.notes[r.ID].metadata
	return o
}

func (m *Mollie) chargebackJSON(p *Payment, r *Refund) map[string]any {
	o := m.part(p, "chargeback", r.ID, r.Value, r.Created)
	o["reason"] = map[string]string{"code": "AC01", "description": "Account identifier incorrect"}
	o["reversedAt"] = nil
	if m.stands[r.ID] == "reversed" {
		o["reversedAt"] = mollieTime(m.now())
	}
	return o
}

// mollieList is one page of a list, from the object on that is named.
func (m *Mollie) mollieList(r *http.Request, name string, all []map[string]any) reply {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("limit"))
	if q.Get("limit") == "" {
		size, err = 50, nil
	}
	if err != nil || size < 1 || size > 250 {
		return mollieInvalid("limit")
	}
	if from := q.Get("from"); from != "" {
		at := slices.IndexFunc(all, func(o map[string]any) bool { return o["id"] == from })
		if at < 0 {
			return mollieInvalid("from")
		}
		all = all[at:]
	}
	links := map[string]any{"self": mollieLink(m.base+r.URL.String(), "application/hal+json"), "previous": nil, "next": nil}
	if len(all) > size {
		links["next"] = mollieLink(m.base+r.URL.Path+"?from="+all[size]["id"].(string)+"&limit="+strconv.Itoa(size), "application/hal+json")
		all = all[:size]
	}
	return hal(http.StatusOK, map[string]any{"count": len(all), "_embedded": map[string]any{name: all}, "_links": links})
}
