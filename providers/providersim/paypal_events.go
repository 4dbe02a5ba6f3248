package providersim

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Webhook is a registered address.
type Webhook struct {
	ID     string   `json:"id"`
	URL    string   `json:"url"`
	Events []string `json:"events"`
}

// allEvents are what a webhook is subscribed to when nobody says otherwise.
var allEvents = []string{"CHECKOUT.ORDER.APPROVED", "CHECKOUT.ORDER.COMPLETED", "CHECKOUT.PAYMENT-APPROVAL.REVERSED", "PAYMENT.CAPTURE.COMPLETED",
	"PAYMENT.CAPTURE.PENDING", "PAYMENT.CAPTURE.DENIED", "PAYMENT.CAPTURE.DECLINED", "PAYMENT.CAPTURE.REFUNDED", "PAYMENT.CAPTURE.REVERSED",
	"PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.AUTHORIZATION.VOIDED"}

// A webhookEvent is a notification before it is sent.
type webhookEvent struct {
	id, order, kind string
	at              time.Time
	body            []byte
}

// RegisterWebhook registers an address and returns the webhook's id; nil events are all that matter.
func (p *PayPal) RegisterWebhook(url string, events []string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.register(url, events)
}

// register adds a webhook. Held: p.mu.
func (p *PayPal) register(url string, events []string) string {
	if events == nil {
		events = allEvents
	}
	h := &Webhook{ID: fmt.Sprintf("%017d", 10_000_000+len(p.hooks)) + "K", URL: url, Events: events}
	p.hooks = append(p.hooks, h)
	return h.ID
}

// Webhooks are the registered addresses.
func (p *PayPal) Webhooks() []Webhook {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]Webhook, 0, len(p.hooks))
	for _, h := range p.hooks {
		all = append(all, *h)
	}
	return all
}

// dispatch sends an event to one webhook. Held: p.mu.
func (p *PayPal) dispatch(e *webhookEvent, h *Webhook) {
	p.sendTo(h.URL, e.order, e.kind, strings.HasSuffix(e.kind, "APPROVED"), p.transmitted(func(at time.Time, transmission string) Notice {
		return Notice{Header: p.signed(transmission, h.ID, e.body, at), Body: e.body}
	}))
}

// transmitted gives each try a transmission of its own, or all of them the first one's. Held: p.mu.
func (p *PayPal) transmitted(dress func(at time.Time, transmission string) Notice) dresser {
	first, begun := p.uuid(), p.now()
	return func(at time.Time, try int) Notice {
		if try == 1 || p.cfg.SameTransmission {
			return dress(begun, first)
		}
		p.mu.Lock()
		transmission := p.uuid()
		p.mu.Unlock()
		return dress(at, transmission)
	}
}

// emit makes an event and sends it to every webhook that wants it. Held: p.mu.
func (p *PayPal) emit(order, kind, resourceType string, resource map[string]any) {
	id := "WH-" + p.id("0") + "-" + p.id("1")
	raw, err := json.Marshal(map[string]any{"id": id, "event_version": "1.0", "create_time": p.cfg.Now().UTC().Format("2006-01-02T15:04:05.000Z"),
		"resource_type": resourceType, "resource_version": "2.0", "event_type": kind, "summary": "A payment for " + order, "resource": resource,
		"links": []map[string]string{{"href": p.base + "/v1/notifications/webhooks-events/" + id, "rel": "self", "method": "GET"}}})
	if err != nil {
		panic(fmt.Sprintf("providersim: write an event: %v", err))
	}
	e := &webhookEvent{id: id, order: order, kind: kind, at: p.cfg.Now(), body: raw}
	p.events = append(p.events, e)
	for _, h := range p.hooks {
		for _, wanted := range h.Events {
			if wanted == kind || wanted == "*" {
				p.dispatch(e, h)
			}
		}
	}
}

func (p *PayPal) listWebhooks(*http.Request, []byte) reply {
	hooks := make([]any, 0, len(p.hooks))
	for _, h := range p.hooks {
		hooks = append(hooks, h.json())
	}
	return reply{status: http.StatusOK, body: map[string]any{"webhooks": hooks}}
}

func (h *Webhook) json() map[string]any {
	types := make([]map[string]string, 0, len(h.Events))
	for _, e := range h.Events {
		types = append(types, map[string]string{"name": e, "description": "An event."})
	}
	return map[string]any{"id": h.ID, "url": h.URL, "event_types": types, "links": []any{}}
}

func (p *PayPal) createWebhook(_ *http.Request, body []byte) reply {
	var req struct {
		URL    string `json:"url"`
		Events []struct {
			Name string `json:"name"`
		} `json:"event_types"`
	}
	if json.Unmarshal(body, &req) != nil || req.URL == "" || len(req.Events) == 0 {
		return failure(http.StatusBadRequest, "VALIDATION_ERROR", "MISSING_REQUIRED_PARAMETER")
	}
	for _, h := range p.hooks {
		if h.URL == req.URL {
			return failure(http.StatusBadRequest, "WEBHOOK_URL_ALREADY_EXISTS", "WEBHOOK_URL_ALREADY_EXISTS")
		}
	}
	var names []string
	for _, e := range req.Events {
		names = append(names, e.Name)
	}
	id := p.register(req.URL, names)
	return reply{status: http.StatusCreated, body: (&Webhook{ID: id, URL: req.URL, Events: names}).json()}
}

// listEvents pages with an opaque cursor in the next link.
func (p *PayPal) listEvents(r *http.Request, _ []byte) reply {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("page_size"))
	if err != nil || size < 1 || size > 300 {
		size = 10
	}
	from, _ := time.Parse(time.RFC3339, q.Get("start_time"))
	to, toErr := time.Parse(time.RFC3339, q.Get("end_time"))
	skip, _ := strconv.Atoi(q.Get("cursor"))
	var page []json.RawMessage
	links := []map[string]string{{"href": p.base + r.URL.RequestURI(), "rel": "self", "method": "GET"}}
	seen := 0
	for _, e := range p.events {
		if e.at.Before(from) || (toErr == nil && e.at.After(to)) || (q.Get("event_type") != "" && q.Get("event_type") != e.kind) {
			continue
		}
		if seen++; seen <= skip {
			continue
		}
		if len(page) == size {
			q.Set("cursor", strconv.Itoa(skip+size))
			links = append(links, map[string]string{"href": p.base + r.URL.Path + "?" + q.Encode(), "rel": "next", "method": "GET"})
			break
		}
		page = append(page, e.body)
	}
	return reply{status: http.StatusOK, body: map[string]any{"events": page, "count": len(page), "links": links}}
}

func (p *PayPal) resendEvent(r *http.Request, _ []byte) reply {
	for _, e := range p.events {
		if e.id == r.PathValue("id") {
			for _, h := range p.hooks {
				p.dispatch(e, h)
			}
			return reply{status: http.StatusAccepted, body: json.RawMessage(e.body)}
		}
	}
	return notFound
}

// verifySignature really verifies: the signature, the webhook, and that the event is one of its own.
func (p *PayPal) verifySignature(_ *http.Request, body []byte) reply {
	var req struct {
		Algorithm    string          `json:"auth_algo"`
		CertURL      string          `json:"cert_url"`
		Transmission string          `json:"transmission_id"`
		Signature    string          `json:"transmission_sig"`
		Time         string          `json:"transmission_time"`
		Webhook      string          `json:"webhook_id"`
		Event        json.RawMessage `json:"webhook_event"`
	}
	if json.Unmarshal(body, &req) != nil || req.Transmission == "" {
		return failure(http.StatusBadRequest, "VALIDATION_ERROR", "MISSING_REQUIRED_PARAMETER")
	}
	verdict := "FAILURE"
	if req.Algorithm == "SHA256withRSA" && p.knows(req.Webhook, req.Event) && p.pki.verify(req.CertURL, req.Transmission, req.Time, req.Webhook, req.Signature, req.Event) {
		verdict = "SUCCESS"
	}
	return reply{status: http.StatusOK, body: map[string]string{"verification_status": verdict}}
}

func (p *PayPal) knows(webhook string, body []byte) bool {
	ours := false
	for _, h := range p.hooks {
		ours = ours || h.ID == webhook
	}
	for _, e := range p.events {
		if ours && string(e.body) == string(body) {
			return true
		}
	}
	return false
}
