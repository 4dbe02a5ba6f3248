package providersim

import (
	"fmt"
	"net/http"
)

// Control also takes:
//
//	POST   /pay         {"order": "…"}: the buyer approves
//	POST   /webhook     {"url": "…"}: answers {"id": …}
//	POST   /ipn         {"url": "…"}
//	POST   /expire      {"order": "…"}: what the order reserves is let go
func (p *PayPal) Control() http.Handler {
	mux := control(p, func() any {
		return map[string]any{"orders": p.Orders(), "captures": p.Captures(), "authorizations": p.Authorizations(), "refunds": p.Refunds(), "webhooks": p.Webhooks()}
	})
	order(mux, "/pay", func(o struct{ Order string }) (any, error) { return nil, p.Approve(o.Order) })
	order(mux, "/webhook", func(o struct{ URL string }) (any, error) {
		return map[string]string{"id": p.RegisterWebhook(o.URL, nil)}, nil
	})
	order(mux, "/expire", func(o struct{ Order string }) (any, error) { return nil, p.Expire(o.Order) })
	order(mux, "/ipn", func(o struct{ URL string }) (any, error) { p.SetIPN(o.URL); return nil, nil })
	return mux
}

// Manners implements Simulator: money moves only when we capture.
func (p *PayPal) Manners() Manners {
	return Manners{Page: true, AsksPage: true, AsksButton: true, Ends: true, NamesNobody: true, Reserves: true, AsksTaken: true}
}

// Settings implements Simulator.
func (p *PayPal) Settings(callback string) Settings {
	return Settings{Kind: "paypal", Reference: "{purchase: custom_id}",
		Section: fmt.Sprintf("client_id: %s\nclient_secret: file:{dir}/paypal-secret\nwebhook_id: %s\nmerchant_id: %s\nverify: offline\n"+
			"api_url: %s\nca_file: {ca}\nca_bundle: {dir}/paypal-bundle.pem\n", p.cfg.ClientID, p.RegisterWebhook(callback, nil), p.cfg.MerchantID, p.ownOrigin()),
		Files: map[string]string{"paypal-secret": p.cfg.ClientSecret + "\n", "paypal-bundle.pem": string(p.CABundle())}}
}

// Button implements Simulator.
func (p *PayPal) Button(b ButtonPayment) (string, error) {
	order, _, err := p.Buy(PayPalPayment{CustomID: b.Purchase, Value: b.Value, Currency: b.Currency, Pending: b.Pending, Shape: b.Shape})
	return order, err
}

// Payments implements Simulator: the orders with their captures.
func (p *PayPal) Payments() []Payment {
	all := make([]Payment, 0, len(p.Orders()))
	for _, o := range p.Orders() {
		payment, _ := p.Payment(o.ID)
		all = append(all, payment)
	}
	return all
}

// Payment implements Simulator.
func (p *PayPal) Payment(id string) (Payment, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.orders[id]
	if o == nil {
		return Payment{}, false
	}
	pay := Payment{ID: o.ID, Names: map[string]string{}, Value: o.Amount.Value, Currency: o.Amount.CurrencyCode, Status: isOpen,
		Fields: map[string]string{"custom_id": o.CustomID, "invoice_id": o.InvoiceID}, Organisers: o.Organisers, Created: o.Created, Failures: o.Declined,
		Reserve: o.Intent == "AUTHORIZE"}
	for _, name := range o.Holds {
		pay.Names["authorization"] = name
		switch p.holds[name].Status {
		case "CREATED":
			pay.Status = isAuthorised
		case "VOIDED":
			pay.Status = isCancelled
		case "EXPIRED":
			pay.Status = isExpired
		}
	}
	for _, name := range o.Captures {
		c := p.captures[name]
		pay.Names["capture"] = name
		switch c.Status {
		case "PENDING":
			pay.Status = isPending
		case "DECLINED":
			if c.Hold == "" { // else it is still reserved
				pay.Status = isFailed
			}
		default:
			pay.Status, pay.Captured, pay.Refunded = isCaptured, c.Amount.Value, c.Refunded
		}
	}
	return pay, true
}
