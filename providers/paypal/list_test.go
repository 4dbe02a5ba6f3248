package paypal_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/protocol"
)

func TestListWalksAllPagesOldestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var want []string
	for range 60 {
		order, _, err := w.sim.Buy(providersimButton("45.00"))
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, order)
	}
	var got []string
	for f, err := range w.List(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		if f.Standing != purchase.Heard || f.Kind != purchase.Captured {
			t.Fatalf("%+v", f)
		}
		got = append(got, f.Payment)
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestListIsInOrderOfTimeAndFollowsOnlyItsOwnAddress(t *testing.T) {
	t.Parallel()
	const path = "GET /v1/notifications/webhooks-events"
	at := func(created, kind, status string) string {
		return strings.Replace(eventOf(kind, captureResource(status)), "2026-11-22T10:05:02.000Z", created, 1)
	}
	next := ""
	s := newStub(nil)
	s.do(path, func(r *http.Request, _ string) (int, string) {
		if r.URL.Query().Get("cursor") == "2" {
			return 200, `{"events":[` + at("2026-11-22T09:00:00Z", "PAYMENT.CAPTURE.PENDING", "PENDING") + `,` + eventOf("PAYMENT.CAPTURE.COMPLETED", `{}`) + `],
				"links":[{"rel":"next","href":"` + next + `"}]}`
		}
		return 200, `{"events":[` + at("2026-11-22T10:00:00Z", "PAYMENT.CAPTURE.COMPLETED", "COMPLETED") + `],
			"links":[{"rel":"next","href":"https://evil.example.org/v1/notifications/webhooks-events?cursor=2"}]}`
	})
	for _, next = range []string{"https://evil.example.org/steal?cursor=3", "%zz"} {
		kindsOf(t, atStub(t, s, nil))
	}
	if s.strayed() {
		t.Error("a link of PayPal's answer was followed to somebody else")
	}
}

func kindsOf(t *testing.T, p *paypal.PayPal) {
	t.Helper()
	var got []purchase.Kind
	for f, err := range p.List(t.Context(), time.Now().Add(-time.Hour), time.Now()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, f.Kind)
	}
	if diff := cmp.Diff([]purchase.Kind{purchase.Pending, purchase.Captured}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestListEndsWithItsError(t *testing.T) {
	t.Parallel()
	s := newStub(nil)
	s.do("GET /v1/notifications/webhooks-events", func(*http.Request, string) (int, string) { return 403, "" })
	n := 0
	for _, err := range atStub(t, s, nil).List(t.Context(), time.Now().Add(-time.Hour), time.Now()) {
		if n++; err == nil {
			t.Error("no error")
		}
	}
	if n != 1 {
		t.Errorf("%d yields", n)
	}
}

func TestInspectFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	verdicts := func(p *paypal.PayPal, callback string) map[string]purchase.Verdict {
		found := map[string]purchase.Verdict{}
		for _, f := range p.Inspect(t.Context(), callback) {
			found[f.Check] = f.Status
			if (f.Status == purchase.Fail || f.Status == purchase.Manual) && f.Fix == "" {
				t.Errorf("%s fails without a word on what to do", f.Check)
			}
		}
		return found
	}
	w := newWorld(t, nil)
	few := w.sim.RegisterWebhook("https://pay.example.org/callback/few", []string{"PAYMENT.CAPTURE.COMPLETED"})
	all := w.sim.RegisterWebhook("https://pay.example.org/callback/all", []string{"*"})
	with := func(change func(*paypal.Config)) *paypal.PayPal {
		c := w.config
		change(&c)
		return open(t, c, protocol.Options{HTTP: w.server.Client().Transport})
	}
	for name, c := range map[string]struct {
		p        *paypal.PayPal
		callback string
		want     map[string]purchase.Verdict
	}{
		"in order":            {w.PayPal, callback, map[string]purchase.Verdict{"PRV-01": purchase.Pass, "PRV-02": purchase.Pass, "PRV-03": purchase.Pass, "PRV-04": purchase.Pass}},
		"every event":         {with(func(c *paypal.Config) { c.WebhookID = all }), "https://pay.example.org/callback/all/", map[string]purchase.Verdict{"PRV-01": purchase.Pass, "PRV-02": purchase.Pass, "PRV-03": purchase.Pass, "PRV-04": purchase.Pass}},
		"not registered":      {w.PayPal, "https://pay.example.org/callback/other", map[string]purchase.Verdict{"PRV-01": purchase.Pass, "PRV-02": purchase.Fail, "PRV-03": purchase.Skip, "PRV-04": purchase.Skip}},
		"too few events":      {with(func(c *paypal.Config) { c.WebhookID = few }), "https://pay.example.org/callback/few", map[string]purchase.Verdict{"PRV-01": purchase.Pass, "PRV-02": purchase.Pass, "PRV-03": purchase.Fail, "PRV-04": purchase.Pass}},
		"another webhook":     {with(func(c *paypal.Config) { c.WebhookID = few }), callback, map[string]purchase.Verdict{"PRV-01": purchase.Pass, "PRV-02": purchase.Pass, "PRV-03": purchase.Pass, "PRV-04": purchase.Fail}},
		"wrong credentials":   {with(func(c *paypal.Config) { c.ClientID = "another" }), callback, map[string]purchase.Verdict{"PRV-01": purchase.Fail}},
		"IPN":                 {with(func(c *paypal.Config) { c.Notifications = "ipn" }), callback, map[string]purchase.Verdict{"PRV-01": purchase.Pass, "PRV-02": purchase.Manual}},
		"IPN, no credentials": {with(ipnOnly), callback, map[string]purchase.Verdict{"PRV-01": purchase.Skip, "PRV-02": purchase.Manual}},
	} {
		if diff := cmp.Diff(c.want, verdicts(c.p, c.callback)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}
