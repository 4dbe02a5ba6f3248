package post_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
)

func TestEveryWebhookIsOneByStandardWebhooks(t *testing.T) {
	t.Parallel()
	c := newTown(t, func(c *town) {
		w := c.config.Webhooks["crm"]
		w.Secrets = append(w.Secrets, field.NewSecret("file:"+file(t, "second", "whsec_"+base64.StdEncoding.EncodeToString([]byte(strings.Repeat("n", 32))))))
		c.config.Webhooks["crm"] = w
	})
	c.keep(purchase.Fact{Purchase: keyOf("p1"), Kind: purchase.Offered, Standing: purchase.Own, Money: purchase.Money{Minor: 4500, Currency: "EUR"},
		Detail: purchase.Detail{Event: "Gala1479", EventName: "Gala <d’été>"}})
	c.pays("p1", buyer)
	c.turn(time.Minute)
	got := c.hook.calls()[0]
	for _, secret := range []string{hookSecret, "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("n", 32)))} {
		check, err := standardwebhooks.NewWebhook(secret)
		if err != nil {
			t.Fatal(err)
		}
		if err := check.VerifyIgnoringTimestamp(got.body, got.header); err != nil {
			t.Error(err)
		}
		if check.VerifyIgnoringTimestamp(append(got.body, ' '), got.header) == nil {
			t.Error("a changed body passes")
		}
	}
	if at := got.header.Get("Webhook-Timestamp"); at != "1795514400" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("at %s, %v", at, got.header)
	}
	var body map[string]any
	if err := json.Unmarshal(got.body, &body); err != nil {
		t.Fatal(err)
	}
	price := map[string]any{"amount": "45.00", "currency": "EUR", "minor": 4500.0}
	want := map[string]any{"type": "payment_received", "timestamp": "2026-11-24T10:00:00Z", "data": map[string]any{"purchase": "p1", "environment": "main",
		"mode": "live", "account": "shop", "state": "paid_unfinalized", "event": "Gala1479", "event_name": "Gala <d’été>", "money": price, "price": price, "paid": price}}
	want["data"].(map[string]any)["reference"] = body["data"].(map[string]any)["reference"]
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("the payload (-want +is)\n%s", diff)
	}
	if strings.Contains(string(got.body), "camille") {
		t.Error("it says who paid")
	}
}

// Source: Standard Webhooks 1.0.0, the published example of its libraries, and vectors by its specification.
func TestTheSignatureIsThatOfThePublishedVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/standard_webhooks.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Cases []struct {
			Name, Secret, ID, Body, Signature string
			Timestamp                         int64
		}
	}
	if err := json.Unmarshal(raw, &vectors); err != nil || len(vectors.Cases) < 2 {
		t.Fatal(err, len(vectors.Cases))
	}
	for _, v := range vectors.Cases {
		key, err := post.HookKey(v.Secret)
		if err != nil {
			t.Fatal(err)
		}
		if got := post.Sign([][]byte{key}, v.ID, time.Unix(v.Timestamp, 0), []byte(v.Body)); got != v.Signature {
			t.Errorf("%s: %s, want %s", v.Name, got, v.Signature)
		}
	}
}

func TestAReceiverThatFailsIsAskedAgainUnderTheSameIdAndANewTimestamp(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.hook.answer = func(n int, w http.ResponseWriter) {
		switch n {
		case 1:
			w.WriteHeader(http.StatusInternalServerError)
		case 2:
			w.Header().Set("Retry-After", "600")
			w.WriteHeader(http.StatusTooManyRequests)
		case 3:
			http.Redirect(w, &http.Request{Method: http.MethodPost}, "https://elsewhere.example.org/", http.StatusFound)
		}
	}
	c.pays("p1", buyer)
	c.turn(5 * time.Minute)
	if n := len(c.hook.calls()); n != 2 {
		t.Errorf("%d calls although it asked for ten minutes", n)
	}
	c.turn(time.Hour)
	calls := c.hook.calls()
	if len(calls) != 4 {
		t.Fatalf("%d calls", len(calls))
	}
	for _, call := range calls[1:] {
		if call.header.Get("Webhook-Id") != calls[0].header.Get("Webhook-Id") || call.header.Get("Webhook-Timestamp") == calls[0].header.Get("Webhook-Timestamp") {
			t.Errorf("%v, then %v", calls[0].header, call.header)
		}
	}
	c.want("payment_received mail:payer sent sent", "payment_received webhook:crm sent sent")
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	other := newReceiver(t)
	c := newTown(t, nil)
	c.hook.answer = func(_ int, w http.ResponseWriter) {
		w.Header().Set("Location", other.URL)
		w.WriteHeader(http.StatusTemporaryRedirect)
	}
	c.pays("p1", buyer)
	c.turn(time.Minute)
	if len(other.calls()) != 0 {
		t.Error("the notice went where the settings do not say")
	}
	c.want("payment_received mail:payer sent sent", "payment_received webhook:crm pending http_307")
}

func TestAReceiverThatIsGoneIsGivenUp(t *testing.T) {
	t.Parallel()
	c := newTown(t, nil)
	c.hook.answer = func(_ int, w http.ResponseWriter) { w.WriteHeader(http.StatusGone) }
	c.pays("p1", buyer)
	c.turn(time.Minute)
	c.want("payment_received mail:payer sent sent", "payment_received webhook:crm given_up http_410")
}

func TestAReceiverWhoseCertificateIsNotTrustedIsToldNothing(t *testing.T) {
	t.Parallel()
	c := newTown(t, func(c *town) {
		w := c.config.Webhooks["crm"]
		w.CAFile = ""
		c.config.Webhooks["crm"] = w
	})
	c.pays("p1", buyer)
	c.turn(time.Minute)
	if len(c.hook.calls()) != 0 {
		t.Error("it was told")
	}
	c.want("payment_received mail:payer sent sent", "payment_received webhook:crm pending certificate_not_trusted")
}
