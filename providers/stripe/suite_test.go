package stripe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/stripe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	key    = "sk_test_simulated51H"
	secret = "whsec_simulated0123456789abcdef"
)

var ownFields = map[string]string{"purchase": "metadata.purchase_id"}

// A world is an account at a simulated Stripe.
type world struct {
	*stripe.Stripe
	*providertest.Stall[*providersim.Stripe]
	config stripe.Config
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Stall: providertest.NewStall(t, providersim.NewStripe)}
	w.Sim.Settings(providertest.Callback)
	w.config = section(t)
	w.config.APIURL = w.Server.URL
	w.Stripe = w.open(t)
	return w
}

func (w *world) open(t testing.TB) *stripe.Stripe {
	t.Helper()
	s, err := stripe.New(w.config, w.Stall.Options(t, ownFields))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func section(t testing.TB) stripe.Config {
	t.Helper()
	return stripe.Config{SecretKey: providertest.Secret(t, key), WebhookSecrets: []field.Secret{providertest.Secret(t, secret)}}
}

// signed is a genuine delivery of any body.
func (w *world) signed(at time.Time, body string) purchase.Delivery {
	return providertest.Delivery(w.Sim.Signed(at, []byte(body)), time.Now())
}

// harness sells at the simulator and takes what it delivered for genuine.
func harness(t testing.TB) providertest.Harness {
	t.Helper()
	w := newWorld(t)
	id := w.Sell(t)
	genuine := w.Delivered(t, 4)
	usual := string(genuine[0].Body)
	with := func(old, by string) purchase.Delivery {
		return w.signed(time.Now(), strings.ReplaceAll(usual, old, by))
	}
	return providertest.Harness{
		New:         func() (bridge.Provider, error) { return stripe.New(w.config, w.Stall.Options(t, ownFields)) },
		Environment: "main",
		Genuine:     genuine,
		Foreign:     w.Forged(),
		Bad: map[string]providertest.Bad{
			"stale":            providertest.Refused(w.signed(time.Now().Add(-6*time.Minute), usual), purchase.Stale),
			"from the future":  providertest.Refused(w.signed(time.Now().Add(6*time.Minute), usual), purchase.Stale),
			"live":             providertest.Refused(with(`"livemode":false`, `"livemode":true`), purchase.WrongMode),
			"another account":  providertest.Refused(with(`"object":"event"`, `"account":"acct_another0001","object":"event"`), purchase.WrongMerchant),
			"a thin event":     providertest.Refused(with(`"object":"event"`, `"object":"v2.core.event"`), purchase.Malformed),
			"a time twice":     providertest.Refused(header(genuine[0], func(h string) string { return h + "," + h[:12] }), purchase.Malformed),
			"no time":          providertest.Refused(header(genuine[0], func(h string) string { return h[strings.Index(h, "v1="):] }), purchase.Malformed),
			"an odd time":      providertest.Refused(header(genuine[0], func(h string) string { return strings.Replace(h, "t=", "t=0", 1) }), purchase.Malformed),
			"an empty element": providertest.Refused(header(genuine[0], func(h string) string { return h + "," }), purchase.Malformed),
			"capital letters":  providertest.Refused(header(genuine[0], strings.ToUpper), purchase.Malformed),
			"too many of them": providertest.Refused(header(genuine[0], func(h string) string { return h + strings.Repeat(h[strings.Index(h, ","):], 9) }), purchase.Malformed),
		},
		Signed:      []string{"Stripe-Signature"},
		Sign:        func(d *purchase.Delivery) { d.Header = w.Sim.Signed(time.Now(), d.Body).Header },
		Known:       []purchase.Ref{{Payment: id}, {Payment: "?", Object: id}},
		Unknown:     purchase.Ref{Payment: "pi_nobody"},
		Secrets:     []string{key, secret},
		Allocations: 250,
	}
}

func header(d purchase.Delivery, change func(string) string) purchase.Delivery {
	d.Header = d.Header.Clone()
	d.Header.Set("Stripe-Signature", change(d.Header.Get("Stripe-Signature")))
	return d
}

func TestSuite(t *testing.T)     { providertest.Run(t, harness(t)) }
func FuzzRead(f *testing.F)      { providertest.Fuzz(f, harness(f)) }
func BenchmarkRead(b *testing.B) { providertest.Bench(b, harness(b)) }

func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/stripe.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Secret string `json:"secret"`
		Cases  []struct {
			Name, Payload, Header, Expect string
			At, Tolerance                 int64
			ToleranceS                    int64 `json:"tolerance_s"`
		} `json:"cases"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			config := section(t)
			config.WebhookSecrets = []field.Secret{providertest.Secret(t, "whsec_not_this_one_12345"), providertest.Secret(t, file.Secret)}
			config.Tolerance = field.Duration(time.Duration(c.ToleranceS) * time.Second)
			s, err := stripe.New(config, providertest.Options(t, ownFields))
			if err != nil {
				t.Fatal(err)
			}
			d := purchase.Delivery{Method: http.MethodPost, Received: time.Unix(c.At, 0), Header: http.Header{}, Body: []byte(c.Payload)}
			if c.Header != "" {
				d.Header.Set("Stripe-Signature", c.Header)
			}
			reading, err := s.Read(t.Context(), d)
			if (err == nil) != (c.Expect == "ok") {
				t.Fatalf("%v, want %s", err, c.Expect)
			}
			for _, f := range reading.Facts {
				if f.Kind == purchase.Captured && strings.Contains(c.Payload, `"unpaid"`) {
					t.Errorf("an unpaid session is money: %+v", f)
				}
			}
		})
	}
}

// event is an event about an object.
func event(kind string, object map[string]any) string {
	raw, err := json.Marshal(map[string]any{"id": "evt_1", "object": "event", "type": kind, "livemode": false, "created": 1_790_000_000, "data": map[string]any{"object": object}})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func with(base map[string]any, changes map[string]any) map[string]any {
	out := map[string]any{}
	for _, m := range []map[string]any{base, changes} {
		for k, v := range m {
			out[k] = v
		}
	}
	return out
}

func TestWhatEventsTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	session := map[string]any{"id": "cs_test_1", "object": "checkout.session", "mode": "payment", "status": "complete", "payment_status": "paid", "amount_total": 4500,
		"currency": "eur", "payment_intent": "pi_1", "metadata": map[string]string{"purchase_id": providertest.PurchaseID}, "expires_at": 1_790_001_800}
	intent := map[string]any{"id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 4500, "amount_received": 4500, "currency": "eur",
		"metadata": map[string]string{"purchase_id": providertest.PurchaseID}, "latest_charge": "ch_1"}
	refund := map[string]any{"id": "re_1", "object": "refund", "status": "succeeded", "amount": 1500, "currency": "eur", "payment_intent": "pi_1", "created": 1_790_000_500}
	dispute := map[string]any{"id": "dp_1", "object": "dispute", "status": "needs_response", "amount": 4500, "currency": "eur", "payment_intent": "pi_1", "created": 1_790_000_900}
	id := " " + providertest.PurchaseID
	for name, c := range map[string]struct {
		event string
		want  []string
	}{
		"a session paid":       {event("checkout.session.completed", session), []string{"proved captured cs_test_1 pi_1 45.00 EUR" + id}},
		"by bank debit, later": {event("checkout.session.async_payment_succeeded", session), []string{"proved captured cs_test_1 pi_1 45.00 EUR" + id}},
		"a session that waits": {event("checkout.session.completed", with(session, map[string]any{"payment_status": "unpaid"})), []string{"proved pending cs_test_1 pi_1" + id + " bank_debit"}},
		"a debit that failed":  {event("checkout.session.async_payment_failed", with(session, map[string]any{"payment_status": "unpaid"})), []string{"proved failed cs_test_1 pi_1" + id + " async_payment_failed", "proved lapsed cs_test_1" + id}},
		"a session expired":    {event("checkout.session.expired", with(session, map[string]any{"status": "expired", "payment_status": "unpaid", "payment_intent": nil})), []string{"proved lapsed cs_test_1" + id}},
		"a session in yen":     {event("checkout.session.completed", with(session, map[string]any{"amount_total": 4500, "currency": "jpy"})), []string{"proved captured cs_test_1 pi_1 4500 JPY" + id}},
		"a session in crowns":  {event("checkout.session.completed", with(session, map[string]any{"amount_total": 450000, "currency": "isk"})), []string{"proved captured cs_test_1 pi_1 4500 ISK" + id}},
		"a session in dinars":  {event("checkout.session.completed", with(session, map[string]any{"amount_total": 45120, "currency": "kwd"})), []string{"proved captured cs_test_1 pi_1 45.120 KWD" + id}},
		"a subscription":       {event("checkout.session.completed", with(session, map[string]any{"mode": "subscription"})), []string{}},
		"free of charge":       {event("checkout.session.completed", with(session, map[string]any{"payment_status": "no_payment_required", "amount_total": 0})), []string{}},
		"an intent paid":       {event("payment_intent.succeeded", intent), []string{"proved captured pi_1 pi_1 45.00 EUR" + id}},
		"an intent reserved":   {event("payment_intent.amount_capturable_updated", with(intent, map[string]any{"status": "requires_capture", "amount_received": 0, "amount_capturable": 4500})), []string{"proved authorised pi_1 pi_1 45.00 EUR" + id}},
		"an intent under way":  {event("payment_intent.processing", with(intent, map[string]any{"status": "processing"})), []string{"proved pending pi_1 pi_1" + id + " processing"}},
		"an intent declined":   {event("payment_intent.payment_failed", with(intent, map[string]any{"status": "requires_payment_method", "last_payment_error": map[string]any{"code": "card_declined", "decline_code": "insufficient_funds"}})), []string{"proved failed pi_1 pi_1" + id + " insufficient_funds"}},
		"an intent canceled":   {event("payment_intent.canceled", with(intent, map[string]any{"status": "canceled"})), []string{"proved lapsed pi_1" + id}},
		"an intent begun":      {event("payment_intent.created", with(intent, map[string]any{"status": "requires_payment_method"})), []string{}},
		"a refund":             {event("refund.created", refund), []string{"proved refunded pi_1 re_1 15.00 EUR"}},
		"a refund under way":   {event("refund.created", with(refund, map[string]any{"status": "pending"})), []string{"proved refunded pi_1 re_1 15.00 EUR"}},
		"a refund that waits":  {event("refund.updated", with(refund, map[string]any{"status": "requires_action"})), []string{"proved refunded pi_1 re_1 15.00 EUR"}},
		"a refund that failed": {event("refund.failed", with(refund, map[string]any{"status": "failed"})), []string{"proved failed pi_1 re_1 15.00 EUR refund_failed"}},
		"a dispute":            {event("charge.dispute.created", dispute), []string{"proved reversed pi_1 dp_1 45.00 EUR dispute"}},
		"a dispute won":        {event("charge.dispute.closed", with(dispute, map[string]any{"status": "won"})), []string{"proved failed pi_1 dp_1 45.00 EUR dispute_won"}},
		"an inquiry":           {event("charge.dispute.created", with(dispute, map[string]any{"status": "warning_needs_response"})), []string{}},
		"of no concern":        {event("customer.created", map[string]any{"id": "cus_1"}), []string{}},
		"a summary of refunds": {event("charge.refunded", map[string]any{"id": "ch_1", "amount_refunded": 1500}), []string{}},
	} {
		reading, err := w.Read(t.Context(), w.signed(time.Now(), c.event))
		got := providertest.Said(reading.Facts)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v, %v\n got %q\nwant %q", name, reading, err, got, c.want)
		}
	}
	for name, text := range map[string]string{
		"a converted amount":       event("checkout.session.completed", with(session, map[string]any{"currency_conversion": map[string]any{"amount_total": 4500}})),
		"no total":                 event("checkout.session.completed", with(session, map[string]any{"amount_total": nil})),
		"half a krona":             event("checkout.session.completed", with(session, map[string]any{"amount_total": 450050, "currency": "isk"})),
		"capital letters":          event("checkout.session.completed", with(session, map[string]any{"currency": "EUR"})),
		"no such currency":         event("payment_intent.succeeded", with(intent, map[string]any{"currency": "eux"})),
		"nothing received":         event("payment_intent.succeeded", with(intent, map[string]any{"amount_received": 0})),
		"an unknown status":        event("payment_intent.succeeded", with(intent, map[string]any{"status": "improved"})),
		"a refund of nothing":      event("refund.created", with(refund, map[string]any{"payment_intent": nil})),
		"an odd id":                event("payment_intent.succeeded", with(intent, map[string]any{"id": "pi_../x"})),
		"a key twice":              strings.Replace(event("payment_intent.succeeded", intent), `"amount_received":4500`, `"amount_received":4500,"amount_received":1`, 1),
		"an object that is a list": strings.Replace(event("payment_intent.succeeded", intent), `"object":{`, `"object":[{`, 1),
	} {
		if reading, err := w.Read(t.Context(), w.signed(time.Now(), text)); err == nil {
			t.Errorf("%s is understood: %+v", name, reading)
		}
	}
}

func TestAnEndpointOfConnectedAccountsHearsOnlyItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.Account = "acct_ours00001"
	s := w.open(t)
	text := event("customer.created", map[string]any{"id": "cus_1"})
	if _, err := s.Read(t.Context(), w.signed(time.Now(), text)); err == nil {
		t.Error("an event of the platform is taken")
	}
	ours := strings.Replace(text, `"object":"event"`, `"object":"event","account":"acct_ours00001"`, 1)
	if _, err := s.Read(t.Context(), w.signed(time.Now(), ours)); err != nil {
		t.Error(err)
	}
}

var _ protocol.Account = (*stripe.Stripe)(nil)
