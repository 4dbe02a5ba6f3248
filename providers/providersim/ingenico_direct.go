package providersim

import (
	"net/http"
	"strings"
	"time"
)

// An IngenicoDirect is one simulated account at Worldline Direct. Payments of its own pages are hosted checkouts, whose number the
// payment takes over; those of the organiser's page have none.
type IngenicoDirect struct{ *worldline }

func init() { register("ingenico", func(c Config) Simulator { return NewIngenicoDirect(c) }) }

// NewIngenicoDirect makes a simulator.
func NewIngenicoDirect(c Config) *IngenicoDirect {
	d := &IngenicoDirect{}
	d.worldline = newWorldline(c, d, "ingenico", "simulatedPSPID")
	return d
}

// Manners implements Simulator: pages end in whole minutes, which a short window is too short for.
func (d *IngenicoDirect) Manners() Manners {
	return Manners{Page: true, AsksPage: true, AsksButton: true, NamesNobody: true, Reserves: true, AsksTaken: true}
}

// Settings implements Simulator.
func (d *IngenicoDirect) Settings(callback string) Settings {
	section, files := d.section(callback)
	return Settings{Kind: "ingenico", Reference: "{purchase: merchantParameters.purchase_id}", Section: "generation: direct\npspid: " + d.merchant + "\n" + section, Files: files}
}

// Control also takes POST /variant, what is left open.
func (d *IngenicoDirect) Control() http.Handler { return d.orders(control(d, d.state)) }

// Handler implements Simulator.
func (d *IngenicoDirect) Handler() http.Handler {
	return d.serve("v2", "Worldline Direct", map[string]func(*http.Request, []byte) reply{
		"create POST hostedcheckouts":              d.createCheckout,
		"get GET hostedcheckouts/{id}":             d.getCheckout,
		"get GET payments/{id}/details":            d.getDetails,
		"capture POST payments/{id}/capture":       d.capturePayment,
		"verify POST webhooks/validateCredentials": d.validateCredentials,
	})
}

// createCheckout makes a page that ends by itself.
func (d *IngenicoDirect) createCheckout(_ *http.Request, body []byte) reply {
	q, value, refusal := d.newCheckout(body)
	if refusal != nil {
		return *refusal
	}
	timeout, tries := 180, 10
	if q.Page.Timeout != nil {
		timeout = *q.Page.Timeout
	}
	if q.Page.Attempts != nil {
		tries = *q.Page.Attempts
	}
	var hooks []string
	if q.Feedbacks != nil {
		hooks = q.Feedbacks.URLs
	}
	if timeout < 1 || tries < 1 || tries > 10 || len(hooks) > 5 || q.Page.Cancels != nil {
		return d.invalid("sessiontimeout")
	}
	p := q.payment(d.number(11), value, d.uuid())
	p.Until = d.cfg.Now().Add(time.Duration(timeout) * time.Minute)
	d.begin(p)
	b := d.begun(p, p.ID)
	b.checkout, b.attempts, b.hooks = true, tries, hooks
	page := strings.TrimPrefix(d.pageOf(p), "https://")
	answer := map[string]any{"hostedCheckoutId": p.ID, "RETURNMAC": p.Fields["RETURNMAC"], "merchantReference": q.Order.References.Merchant, "partialRedirectUrl": page}
	if !d.variant.Partial {
		answer["redirectUrl"] = d.pageOf(p)
	}
	return d.made(answer)
}

// getDetails adds the operations.
func (d *IngenicoDirect) getDetails(r *http.Request, _ []byte) reply {
	b, o := d.find(r.PathValue("id"))
	if b == nil || o.kind == "refund" {
		return d.missing()
	}
	record := d.recordOf(b, o)
	number, _, _ := strings.Cut(o.id, "_")
	all := []any{}
	for _, one := range b.ops {
		if strings.HasPrefix(one.id, number+"_") {
			all = append(all, map[string]any{"id": one.id, "status": one.status, "statusOutput": map[string]any{"statusCode": one.code},
				"amountOfMoney": d.amount(one.value, b.p.Currency), "references": map[string]any{"merchantReference": b.p.Fields["merchantReference"]}, "paymentMethod": "card"})
		}
	}
	record["Operations"] = all
	return done(record)
}

func (d *IngenicoDirect) capturePayment(r *http.Request, body []byte) reply {
	var q struct {
		Amount *int64 `json:"amount"`
		Final  bool   `json:"isFinal"`
	}
	b, _ := d.find(r.PathValue("id"))
	switch {
	case b == nil:
		return d.missing()
	case len(body) > 0 && !gcsDecode(body, &q):
		return d.invalid("body")
	}
	return d.capture(b, q.Amount)
}

// validateCredentials: the secret does not travel, only its signature of nothing.
func (d *IngenicoDirect) validateCredentials(_ *http.Request, body []byte) reply {
	var q struct{ Key, Secret string }
	result := "Invalid"
	if gcsDecode(body, &q) && d.HookKeys()[q.Key] != "" && q.Secret == gcsSignature(d.HookKeys()[q.Key], nil) {
		result = "Valid"
	}
	return done(map[string]any{"result": result})
}

// Button implements Simulator: a payment of the organiser's own page.
func (d *IngenicoDirect) Button(b ButtonPayment) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	number := d.number(11)
	p := &Payment{ID: number, Fields: map[string]string{"merchantReference": "ORG-" + number}}
	if b.Purchase != "" {
		p.Fields["merchantParameters"] = "purchase_id=" + b.Purchase
	}
	d.begun(p, number)
	return d.pay(p, b)
}
