package ingenico

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Inspect checks, without changing anything, that the provider takes the API key for this merchant and, at Direct, that it knows the
// webhook keys. Where it sends webhooks it does not tell.
func (w *Worldline) Inspect(ctx context.Context, callback string) []purchase.Finding {
	var said struct {
		Result string `json:"result"`
	}
	err := w.Call(ctx, protocol.Call{Operation: protocol.Get, Path: "/services/testconnection"}, &said)
	if err == nil && said.Result != "OK" {
		err = w.Judged(protocol.Get, errors.New("the connection is not in order"))
	}
	if err != nil {
		return []purchase.Finding{w.notIn(err)}
	}
	findings := []purchase.Finding{{Check: "PRV-01", Status: purchase.Pass, Detail: "Worldline takes the API key at " + w.Origin},
		{Check: "PRV-02", Status: purchase.Manual, Detail: "Worldline does not tell where it sends webhooks", Fix: "see that the endpoints of the back office have " + callback}}
	if w.connects() {
		return append(findings, purchase.Finding{Check: "PRV-04", Status: purchase.Manual, Detail: "Worldline Connect does not tell which webhook keys it has",
			Fix: "compare the key ids of the Configuration Center with webhook_keys, or send a test event from there"})
	}
	for _, id := range slices.Sorted(maps.Keys(w.keys)) {
		findings = append(findings, w.inspectKey(ctx, id))
	}
	return findings
}

// inspectKey asks whether Worldline knows a webhook key. The secret stays here: what is sent is its signature of nothing.
func (w *Worldline) inspectKey(ctx context.Context, id string) purchase.Finding {
	var said struct {
		Result string `json:"result"`
	}
	err := w.Call(ctx, protocol.Call{Operation: protocol.Verify, Path: "/webhooks/validateCredentials", Repeatable: true,
		JSON: map[string]any{"key": id, "secret": base64.StdEncoding.EncodeToString(macOf(w.keys[id], nil))}}, &said)
	f := purchase.Finding{Check: "PRV-04", Status: purchase.Pass, Detail: "Worldline knows webhook key " + id}
	switch {
	case err != nil:
		f.Status, f.Detail, f.Fix = purchase.Manual, err.Error(), "send a test event from the Merchant Portal, Developer, Webhooks"
	case said.Result != "Valid":
		f.Status, f.Detail = purchase.Warn, "Worldline does not know webhook key "+id+" with this secret"
		f.Fix = "if it was replaced, remove it from webhook_keys; else make new keys in the Merchant Portal, Developer, Webhooks"
	}
	return f
}

func (w *Worldline) notIn(err error) purchase.Finding {
	f := purchase.Finding{Check: "PRV-01", Status: purchase.Fail, Detail: err.Error(), Fix: "see that " + w.config.host(w.Live) + " can be reached from here, and that it is the host of this merchant"}
	var e *protocol.Error
	if errors.As(err, &e) && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden) {
		f.Fix = fmt.Sprintf("copy an API key that was made for %s in %s; keys belong to one merchant in one environment", w.merchant(), w.Mode())
	}
	return f
}
