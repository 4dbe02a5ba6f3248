package providersim

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

var mollieEvents = []string{"payment.paid", "payment.authorized", "payment.pending", "payment.failed", "payment.canceled", "payment.expired",
	"payment-link.paid", "capture.succeeded", "capture.failed", "capture.pending", "refund.queued", "refund.pending", "refund.processing", "refund.refunded", "refund.failed",
	"refund.canceled", "chargeback.received", "chargeback.reversed"}

// moved tells of a payment's change. A card that is declined while the payment stays open is the buyer's own business.
func (m *Mollie) moved(p *Payment, e event) {
	switch e.kind {
	case wasRefunded:
		m.stands[e.refund.ID] = "pending"
		m.tell(p, "refund.pending", false, m.refundJSON(p, e.refund))
		return
	case wasReversed:
		e.refund.ID = m.id("chb_", 10)
		m.tell(p, "chargeback.received", false, m.chargebackJSON(p, e.refund))
		return
	case wasCaptured:
		p.Fields["paidAt"] = mollieTime(p.Updated)
	case wasFailed:
		if p.Status == isOpen && !m.vary.Final {
			return
		}
		p.Status = isFailed
	}
	m.tell(p, "payment."+mollieStatus[p.Status], e.kind == wasAuthorised || e.kind == wasPending, m.paymentJSON(p))
	if e.kind == wasCaptured {
		m.tellGroups(p)
	}
}

// tell sends a classic notification to the address that the payment named, or an event to the webhook. A payment that waits for its
// bank is told of by events only.
func (m *Mollie) tell(p *Payment, kind string, early bool, entity map[string]any) {
	switch {
	case m.signs:
		raw := m.emit(kind, entity)
		m.send(p.ID, kind, early, func(time.Time, int) Notice { return m.Signed(raw) })
	case kind != "payment.pending":
		m.sendTo(p.Fields["webhookUrl"], p.ID, kind, early, func(time.Time, int) Notice { return m.Bare(p.ID) })
	}
}

// tellGroups tells of the payment links that the payment is of; those of orders have no events.
func (m *Mollie) tellGroups(p *Payment) {
	for id, payments := range m.groups {
		if strings.HasPrefix(id, "pl_") && slices.Contains(payments, p.ID) && m.signs {
			raw := m.emit("payment-link.paid", map[string]any{"resource": "payment-link", "id": id, "mode": m.mode(), "profileId": mollieProfile,
				"amount": mollieAmount(p.Value, p.Currency), "paidAt": p.Fields["paidAt"]})
			m.send(p.ID, "payment-link.paid", false, func(time.Time, int) Notice { return m.Signed(raw) })
		}
	}
}

// emit makes an event, remembers it whole, and returns what is sent of it. Held: mu.
func (m *Mollie) emit(kind string, entity map[string]any) []byte {
	id := m.id("event_", 21)
	self := mollieLink(m.base+"/v2/events/"+id, "application/hal+json")
	e := map[string]any{"resource": "event", "id": id, "type": kind, "entityId": entity["id"], "createdAt": m.now().Format("2006-01-02T15:04:05.0Z"),
		"_embedded": map[string]any{"entity": entity}, "_links": map[string]any{"self": self}}
	m.events[id] = mollieText(e)
	if m.vary.Full {
		return m.events[id]
	}
	delete(e, "_embedded")
	return mollieText(e)
}

func mollieText(o any) []byte {
	raw, err := json.Marshal(o)
	if err != nil {
		panic(fmt.Sprintf("providersim: write an event: %v", err))
	}
	return raw
}

// Bare is a classic notification about anything.
func (m *Mollie) Bare(id string) Notice {
	return Notice{Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}, "User-Agent": {"Mollie HTTP client/1.0 (simulated)"}},
		Body: []byte("id=" + id)}
}

// Signed is a genuine event of any body. While the secret is rolled, the old one signs too.
func (m *Mollie) Signed(body []byte) Notice {
	secrets, prefix, vary := m.secrets[:1], "", m.variant()
	if vary.Rolling {
		secrets = m.secrets
	}
	if vary.Prefixed {
		prefix = "sha256="
	}
	n := mollieNotice(body)
	for _, secret := range secrets {
		n.Header.Add("X-Mollie-Signature", prefix+mollieSignature(secret, body))
	}
	return n
}

func mollieNotice(body []byte) Notice {
	return Notice{Header: http.Header{"Content-Type": {"application/json"}, "User-Agent": {"Mollie HTTP client/1.0 (simulated)"}}, Body: body}
}

func mollieSignature(secret string, body []byte) string {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}

func (m *Mollie) back(p *Payment, did action) way {
	switch {
	case did == doDecline && p.Status == isOpen:
		return way{Stay: true}
	case did == doCancel && p.Cancel != "":
		return way{URL: p.Cancel}
	}
	return way{URL: p.Return}
}

// Button implements Simulator: a payment that the organiser's own page made, which names the callback address itself.
func (m *Mollie) Button(b ButtonPayment) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := &Payment{ID: m.id("tr_", 22), Fields: map[string]string{"description": "Registration", "webhookUrl": m.callback, "metadata": "null"}}
	if b.Purchase != "" {
		p.Fields["metadata"] = string(mollieText(map[string]string{"purchase_id": b.Purchase}))
	}
	return m.pay(p, b)
}

// Grouped is a Button payment of a payment link (pl_…) or an order (ord_…).
func (m *Mollie) Grouped(prefix string, b ButtonPayment) (group, payment string, err error) {
	m.mu.Lock()
	group = m.id(prefix, 22)
	m.groups[group] = nil
	m.mu.Unlock()
	if b.Pending == "" {
		b.Pending = "group"
	}
	if payment, err = m.Button(b); err != nil {
		return group, payment, err
	}
	m.mu.Lock()
	m.groups[group] = append(m.groups[group], payment)
	m.mu.Unlock()
	return group, payment, m.Settle(payment, true)
}

// Turn lets a refund, a chargeback, a capture or the release of a payment go on.
func (m *Mollie) Turn(id, to string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p := m.payments[id]; p != nil && to == "released" {
		return m.end(p)
	}
	for _, r := range m.refunds {
		if r.ID == id {
			m.turnRefund(m.payments[r.Payment], r, to)
			return nil
		}
	}
	for payment, captures := range m.captures {
		for _, c := range captures {
			if c.id == id {
				return m.turnCapture(m.payments[payment], c, to)
			}
		}
	}
	return ErrNoPayment
}

// CatchUp does what was asked for and put off: releases, and captures.
func (m *Mollie) CatchUp() {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(m.asked)) {
		if p := m.payments[id]; p.Status == isAuthorised {
			_ = m.end(p) // it is authorised
		}
	}
	clear(m.asked)
	for _, payment := range slices.Sorted(maps.Keys(m.captures)) {
		for _, c := range m.captures[payment] {
			if c.status == "pending" {
				_ = m.turnCapture(m.payments[payment], c, "succeeded") // it is authorised, and not less
			}
		}
	}
}

func (m *Mollie) turnRefund(p *Payment, r *Refund, to string) {
	m.stands[r.ID] = to
	if to == "failed" || to == "canceled" || to == "reversed" {
		p.Refunded = minus(p.Refunded, r.Value, decimals(p.Currency))
	}
	if r.Reversal {
		m.tell(p, "chargeback."+to, false, m.chargebackJSON(p, r))
		return
	}
	m.tell(p, "refund."+to, false, m.refundJSON(p, r))
}

func (m *Mollie) turnCapture(p *Payment, c *mollieCapture, to string) error {
	c.status = to
	m.tell(p, "capture."+to, true, m.captureJSON(p, c))
	if to == "succeeded" {
		return m.take(p, c.value)
	}
	return nil
}

// Forgeries implements Simulator. Whoever guesses a classic id is only told nothing; the others are malformed, or badly signed.
func (m *Mollie) Forgeries(f Forgery) []Notice {
	if m.signs {
		return m.forgedEvents(f)
	}
	unknown, link, signed := m.Bare("tr_ForgedByNobody01"), m.Bare("pl_ForgedByNobody01"), m.Bare("")
	unknown.Harmless, link.Harmless = true, true
	signed.Body = m.forgedEvent(f, m.mode())
	signed.Header.Set("X-Mollie-Signature", mollieSignature(m.secrets[0], signed.Body))
	plain := m.Bare("tr_ForgedByNobody02")
	plain.Header.Set("Content-Type", "text/plain")
	return []Notice{unknown, link, m.Bare("tr_../../v2/x"), m.Bare("tr_ForgedByNobody03&id=tr_ForgedByNobody04"), m.Bare(""), signed, plain}
}

func (m *Mollie) forgedEvent(f Forgery, mode string) []byte {
	entity := map[string]any{"resource": "payment", "id": "tr_ForgedByNobody05", "mode": mode, "status": "paid", "amount": mollieAmount(f.Value, f.Currency),
		"metadata": map[string]string{"purchase_id": f.Purchase}}
	return mollieText(map[string]any{"resource": "event", "id": "event_Forged000000000001", "type": "payment.paid", "entityId": entity["id"],
		"createdAt": "2026-01-01T00:00:00.0Z", "_embedded": map[string]any{"entity": entity}})
}

// forgedEvents are unsigned, signed with another secret, in capital letters, in an unknown scheme, changed afterwards, of the other mode,
// and a classic one.
func (m *Mollie) forgedEvents(f Forgery) []Notice {
	other := map[string]string{"test": "live", "live": "test"}[m.mode()]
	ours := m.forgedEvent(f, m.mode())
	right := mollieSignature(m.secrets[0], ours)
	signed := func(signature string) Notice {
		n := mollieNotice(ours)
		n.Header.Set("X-Mollie-Signature", signature)
		return n
	}
	changed := signed(right)
	changed.Body = []byte(strings.Replace(string(ours), "tr_Forged", "tr_Forger", 1))
	return []Notice{mollieNotice(ours), signed(mollieSignature("somebody-elses-secret", ours)), signed(strings.ToUpper(right)), signed("sha1=" + right[:40]),
		changed, m.Signed(m.forgedEvent(f, other)), m.Bare("tr_ForgedByNobody06")}
}
