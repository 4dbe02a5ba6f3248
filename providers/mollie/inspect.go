package mollie

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// needed are the events without which money or its loss would be learned of only by asking. Of a family with a star any will do: which
// there are is not published in one place. What is captured is paid, so captures need no events of their own.
var needed = []string{
	"payment.paid",
	"payment.authorized",
	"payment.pending",
	"payment.failed",
	"payment.canceled",
	"payment.expired",
	"payment-link.paid",
	"refund.*",
	"chargeback.received",
	"chargeback.reversed",
}

type profile struct {
	ID     string `json:"id"`
	Mode   string `json:"mode"`
	Status string `json:"status"` // unverified, verified, blocked
}

// Inspect checks, without changing anything, that Mollie takes the key, of which profile and mode it is, and what can be seen of the
// webhook.
func (m *Mollie) Inspect(ctx context.Context, callback string) []purchase.Finding {
	var p profile
	if err := m.Call(ctx, protocol.Call{Operation: protocol.Get, Path: "/v2/profiles/me"}, &p); err != nil {
		return []purchase.Finding{m.notIn(err)}
	}
	findings := []purchase.Finding{m.signedIn(p)}
	if m.config.Webhooks == nextgen {
		return append(findings, m.inspectEvents(ctx, callback)...)
	}
	return append(findings, reachable(callback),
		purchase.Finding{Check: "PRV-03", Status: purchase.Skip, Detail: "classic webhooks leave no choice of events"},
		purchase.Finding{Check: "PRV-04", Status: purchase.Skip, Detail: "classic webhooks are not signed; every payment is read back"})
}

func (m *Mollie) signedIn(p profile) purchase.Finding {
	f := purchase.Finding{Check: "PRV-01", Status: purchase.Fail}
	switch {
	case p.Mode != modeOf(m.Live):
		f.Detail, f.Fix = "the key is of "+protocol.Word(p.Mode)+" mode", "copy the key of "+modeOf(m.Live)+" mode"
	case m.config.Profile != "" && p.ID != m.config.Profile:
		f.Detail, f.Fix = "the key is of another profile, "+protocol.Word(p.ID), "correct profile, or copy the key of that profile"
	case m.Live && p.Status != "verified":
		f.Detail, f.Fix = "the profile is "+protocol.Word(p.Status), "finish the profile in the Dashboard; it cannot take payments before"
	default:
		f.Status, f.Detail = purchase.Pass, "Mollie takes the key at "+m.Origin
	}
	return f
}

func (m *Mollie) notIn(err error) purchase.Finding {
	f := purchase.Finding{Check: "PRV-01", Status: purchase.Fail, Detail: err.Error(), Fix: "see that Mollie can be reached from here"}
	var e *protocol.Error
	if errors.As(err, &e) && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) {
		f.Fix = fmt.Sprintf("copy the API key of %s mode, which begins with %s_", modeOf(m.Live), modeOf(m.Live))
	}
	return f
}

// reachable: a classic payment is refused when Mollie cannot reach the address that it names.
func reachable(callback string) purchase.Finding {
	f := purchase.Finding{Check: "PRV-02", Status: purchase.Pass, Detail: "our payments name the callback address themselves"}
	u, err := url.Parse(callback)
	if err != nil || u.Scheme != "https" || u.Hostname() == "localhost" || strings.HasPrefix(u.Hostname(), "127.") {
		f.Status, f.Detail, f.Fix = purchase.Fail, "the callback address is not one that Mollie can reach", "set server.public_url to a public https address"
	}
	return f
}

// A webhook is a subscription as Mollie lists it. Its events come as a list or as one text.
type webhook struct {
	URL    string          `json:"url"`
	Status string          `json:"status"`
	Mode   string          `json:"mode"`
	Events json.RawMessage `json:"eventTypes"`
}

// inspectEvents looks for the webhook. Whether an API key may see webhooks is not known: where it may not, a person must look.
func (m *Mollie) inspectEvents(ctx context.Context, callback string) []purchase.Finding {
	secret := purchase.Finding{Check: "PRV-04", Status: purchase.Manual, Detail: "Mollie shows a signing secret only once",
		Fix: "send a test event from the Dashboard, or create the webhook again and copy its secret to signing_secrets"}
	hooks, err := collect[webhook](ctx, m, "/v2", "webhooks")
	if err != nil {
		return []purchase.Finding{{Check: "PRV-02", Status: purchase.Manual, Detail: "the key cannot list webhooks",
			Fix: "in the Dashboard, Developers, Webhooks, see that one has the address " + callback + " and is enabled"},
			{Check: "PRV-03", Status: purchase.Manual, Detail: "the key cannot list webhooks",
				Fix: "see there that these events are chosen: " + strings.Join(needed, ", ")}, secret}
	}
	here := slices.IndexFunc(hooks, func(w webhook) bool {
		return protocol.SameAddress(w.URL, callback) && (w.Mode == "" || w.Mode == modeOf(m.Live))
	})
	if here < 0 {
		return []purchase.Finding{{Check: "PRV-02", Status: purchase.Fail, Detail: "the callback address is not registered in this mode",
			Fix: "in the Dashboard, Developers, Webhooks, create a webhook with the address " + callback},
			{Check: "PRV-03", Status: purchase.Skip, Detail: "there is no webhook to look at"}, secret}
	}
	return []purchase.Finding{registered(hooks[here]), subscribed(hooks[here]), secret}
}

func registered(w webhook) purchase.Finding {
	if w.Status != "" && w.Status != "enabled" {
		return purchase.Finding{Check: "PRV-02", Status: purchase.Fail, Detail: "the webhook is " + protocol.Word(w.Status), Fix: "enable it in the Dashboard"}
	}
	return purchase.Finding{Check: "PRV-02", Status: purchase.Pass, Detail: "the callback address is registered and enabled"}
}

func subscribed(w webhook) purchase.Finding {
	var chosen []string
	var one string
	if json.Unmarshal(w.Events, &chosen) != nil && json.Unmarshal(w.Events, &one) == nil {
		chosen = strings.Split(one, ",")
	}
	missing := slices.DeleteFunc(slices.Clone(needed), func(name string) bool {
		return slices.ContainsFunc(chosen, func(c string) bool { return covers(c, name) || covers(name, c) })
	})
	if len(missing) > 0 {
		return purchase.Finding{Check: "PRV-03", Status: purchase.Fail, Detail: "events are missing: " + strings.Join(missing, ", "), Fix: "choose them at the webhook"}
	}
	return purchase.Finding{Check: "PRV-03", Status: purchase.Pass, Detail: "every needed event is subscribed to"}
}

// covers tells whether a name, or all of its family where it ends in a star, is what is wanted.
func covers(name, wanted string) bool {
	family, open := strings.CutSuffix(name, "*")
	return name == wanted || open && strings.HasPrefix(wanted, family)
}
