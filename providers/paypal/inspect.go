package paypal

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const webhooksPath = "/v1/notifications/webhooks"

// needed are the events without which money or its loss would be learned of only by asking.
var needed = []string{
	"CHECKOUT.ORDER.APPROVED",
	"CHECKOUT.PAYMENT-APPROVAL.REVERSED",
	"PAYMENT.CAPTURE.COMPLETED",
	"PAYMENT.CAPTURE.DENIED",
	"PAYMENT.CAPTURE.PENDING",
	"PAYMENT.CAPTURE.REFUNDED",
	"PAYMENT.CAPTURE.REVERSED",
}

// reserving are events of accounts that reserve first. What they tell our own calls show as well.
var reserving = []string{"PAYMENT.AUTHORIZATION.CREATED", "PAYMENT.AUTHORIZATION.VOIDED"}

type registered struct {
	ID    string      `json:"id"`
	URL   string      `json:"url"`
	Types []eventType `json:"event_types"`
}

type eventType struct {
	Name string `json:"name"`
}

// Inspect checks, without changing anything, that PayPal takes the credentials in this mode and that the callback is registered with
// every needed event under the configured webhook id.
func (p *PayPal) Inspect(ctx context.Context, callback string) []purchase.Finding {
	if p.client == nil {
		return append([]purchase.Finding{{Check: "PRV-01", Status: purchase.Skip, Detail: "the account hears IPN only and has no credentials"}}, p.ipnFinding(callback))
	}
	var list struct {
		Webhooks []registered `json:"webhooks"`
	}
	err := p.client.call(ctx, call{operation: protocol.List, method: http.MethodGet, path: webhooksPath, query: url.Values{"anchor_type": {"APPLICATION"}}}, &list)
	if err != nil {
		return []purchase.Finding{p.notIn(err)}
	}
	in := purchase.Finding{Check: "PRV-01", Status: purchase.Pass, Detail: "PayPal takes the credentials at " + p.at.api}
	if p.config.Notifications == ipn {
		return []purchase.Finding{in, p.ipnFinding(callback)}
	}
	return append([]purchase.Finding{in}, p.webhookFindings(list.Webhooks, callback)...)
}

func (p *PayPal) notIn(err error) purchase.Finding {
	f := purchase.Finding{Check: "PRV-01", Status: purchase.Fail, Detail: err.Error(), Fix: "see that PayPal can be reached from here"}
	var e *protocol.Error
	if errors.As(err, &e) && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) {
		f.Fix = fmt.Sprintf("copy client id and secret of the %s app; those of the other mode do not work here", p.mode())
	}
	return f
}

func (p *PayPal) mode() string {
	if p.Live {
		return "live"
	}
	return "sandbox"
}

func (p *PayPal) ipnFinding(callback string) purchase.Finding {
	return purchase.Finding{Check: "PRV-02", Status: purchase.Manual, Detail: "PayPal does not tell where it sends IPN",
		Fix: "in the PayPal account, Account Settings, Notifications, Instant payment notifications: the address must be " + callback}
}

func (p *PayPal) webhookFindings(list []registered, callback string) []purchase.Finding {
	here := slices.IndexFunc(list, func(w registered) bool { return protocol.SameAddress(w.URL, callback) })
	if here < 0 {
		fix := "at the REST app add a webhook with the address " + callback + " and every event of PayPal payments and checkout"
		return []purchase.Finding{
			{Check: "PRV-02", Status: purchase.Fail, Detail: "the callback address is not registered at this app", Fix: fix},
			{Check: "PRV-03", Status: purchase.Skip, Detail: "there is no webhook to look at"},
			{Check: "PRV-04", Status: purchase.Skip, Detail: "there is no webhook to look at"},
		}
	}
	w := list[here]
	return []purchase.Finding{
		{Check: "PRV-02", Status: purchase.Pass, Detail: "the callback address is registered"},
		w.events(),
		w.identity(p.config.WebhookID),
	}
}

func (w registered) events() purchase.Finding {
	var missing []string
	for _, name := range needed {
		if !slices.Contains(w.Types, eventType{name}) && !slices.Contains(w.Types, eventType{"*"}) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return purchase.Finding{Check: "PRV-03", Status: purchase.Fail, Detail: "events are missing: " + strings.Join(missing, ", "),
			Fix: "tick them at the webhook of the REST app"}
	}
	return purchase.Finding{Check: "PRV-03", Status: purchase.Pass, Detail: "every needed event is subscribed to"}
}

func (w registered) identity(configured string) purchase.Finding {
	if w.ID != configured {
		return purchase.Finding{Check: "PRV-04", Status: purchase.Fail, Detail: "webhook_id is not the id of the callback's webhook",
			Fix: "write webhook_id: " + w.ID}
	}
	return purchase.Finding{Check: "PRV-04", Status: purchase.Pass, Detail: "webhook_id is the registered one"}
}
