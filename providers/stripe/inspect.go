package stripe

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

// needed are the events without which money or its loss would be learned of only by asking.
var needed = []string{
	"checkout.session.completed",
	"checkout.session.async_payment_succeeded",
	"checkout.session.async_payment_failed",
	"checkout.session.expired",
	"payment_intent.succeeded",
	"payment_intent.processing",
	"payment_intent.payment_failed",
	"payment_intent.amount_capturable_updated",
	"payment_intent.canceled",
	"refund.created",
	"refund.updated",
	"refund.failed",
	"charge.dispute.created",
	"charge.dispute.updated",
	"charge.dispute.closed",
}

// Instructions are the steps in Stripe's Dashboard.
func (s *Stripe) Instructions(callback string) []purchase.Instruction {
	en, fr := "Turn test mode on", "Activez le mode test"
	if s.Live {
		en, fr = "Turn test mode off", "Désactivez le mode test"
	}
	return []purchase.Instruction{
		{En: en + "; keys and endpoints of the two modes differ.", Fr: fr + " ; les clés et les endpoints des deux modes sont différents."},
		{En: "Developers, Webhooks, Add endpoint: enter this address.", Fr: "Développeurs, Webhooks, Ajouter un endpoint : saisissez cette adresse.", Value: callback},
		{En: "Choose these events.", Fr: "Choisissez ces événements.", Value: strings.Join(needed, ", ")},
		{En: "Reveal the endpoint's signing secret (whsec_…), put it into a file and name the file under webhook_secrets.",
			Fr: "Affichez le secret de signature de l’endpoint (whsec_…), placez-le dans un fichier et indiquez ce fichier dans webhook_secrets."},
		{En: "Settings, Payment methods: turn off methods that take days, such as bank debits; their money comes after the deadline.",
			Fr: "Paramètres, Moyens de paiement : désactivez ceux qui prennent des jours, comme les prélèvements ; leur argent arrive après le délai."},
	}
}

type endpoint struct {
	URL      string   `json:"url"`
	Status   string   `json:"status"`
	Events   []string `json:"enabled_events"`
	LiveMode bool     `json:"livemode"`
}

// Inspect checks, without changing anything, that Stripe takes the key in this mode and that the callback is registered with every
// needed event.
func (s *Stripe) Inspect(ctx context.Context, callback string) []purchase.Finding {
	var all list[endpoint]
	err := s.Call(ctx, protocol.Call{Operation: protocol.List, Path: "/v1/webhook_endpoints", Query: url.Values{"limit": {"100"}}}, &all)
	if err != nil {
		return []purchase.Finding{s.notIn(err)}
	}
	findings := []purchase.Finding{{Check: "PRV-01", Status: purchase.Pass, Detail: "Stripe takes the key at " + s.Origin}}
	here := slices.IndexFunc(all.Data, func(e endpoint) bool { return protocol.SameAddress(e.URL, callback) && e.LiveMode == s.Live })
	if here < 0 {
		fix := "in the Dashboard, Developers, Webhooks, add an endpoint with the address " + callback
		return append(findings,
			purchase.Finding{Check: "PRV-02", Status: purchase.Fail, Detail: "the callback address is not registered in this mode", Fix: fix},
			purchase.Finding{Check: "PRV-03", Status: purchase.Skip, Detail: "there is no endpoint to look at"})
	}
	return append(findings, registered(all.Data[here]), subscribed(all.Data[here]),
		purchase.Finding{Check: "PRV-04", Status: purchase.Manual, Detail: "Stripe does not show which secret an endpoint signs with",
			Fix: "compare the endpoint's signing secret with webhook_secrets, or send a test event"})
}

func registered(e endpoint) purchase.Finding {
	if e.Status != "enabled" {
		return purchase.Finding{Check: "PRV-02", Status: purchase.Fail, Detail: "the endpoint is " + protocol.Word(e.Status), Fix: "enable it in the Dashboard"}
	}
	return purchase.Finding{Check: "PRV-02", Status: purchase.Pass, Detail: "the callback address is registered and enabled"}
}

func subscribed(e endpoint) purchase.Finding {
	var missing []string
	for _, name := range needed {
		if !slices.Contains(e.Events, name) && !slices.Contains(e.Events, "*") {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return purchase.Finding{Check: "PRV-03", Status: purchase.Fail, Detail: "events are missing: " + strings.Join(missing, ", "), Fix: "choose them at the endpoint"}
	}
	return purchase.Finding{Check: "PRV-03", Status: purchase.Pass, Detail: "every needed event is subscribed to"}
}

func (s *Stripe) notIn(err error) purchase.Finding {
	f := purchase.Finding{Check: "PRV-01", Status: purchase.Fail, Detail: err.Error(), Fix: "see that Stripe can be reached from here"}
	var e *protocol.Error
	if errors.As(err, &e) && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) {
		f.Fix = fmt.Sprintf("copy a key of %s mode that may read webhook endpoints", s.Mode())
	}
	return f
}
