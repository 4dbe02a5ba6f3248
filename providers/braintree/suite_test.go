package braintree_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/braintree"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ownFields = map[string]string{"purchase": "order_id", "event": "custom_fields.event_id", "user": "custom_fields.contact_id"}

// A world is a gateway at a simulated Braintree.
type world struct {
	*braintree.Braintree
	*providertest.Stall[*providersim.Braintree]
	config braintree.Config
	secret string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Stall: providertest.NewStall(t, providersim.NewBraintree)}
	w.secret = strings.TrimSpace(w.Sim.Settings(providertest.Callback).Files["braintree-key"])
	w.config = braintree.Config{PublicKey: "sandbox_simulated_key", PrivateKey: providertest.Secret(t, w.secret), MerchantAccounts: []string{"simulated_account"}}
	w.Braintree = w.open(t)
	return w
}

func (w *world) open(t testing.TB) *braintree.Braintree {
	t.Helper()
	b, err := braintree.New(w.config, w.Stall.Options(t, ownFields))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// transaction is a sale of 45.00 EUR that settled, with other texts in place of some, in pairs.
func transaction(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace("<transaction><id>tx1</id><status>settled</status><type>sale</type><currency-iso-code>EUR</currency-iso-code>" +
		"<amount>45.00</amount><merchant-account-id>simulated_account</merchant-account-id><order-id>" + providertest.PurchaseID + "</order-id></transaction>")
}

// dispute is a chargeback of 45.00 EUR, with other texts in place of some, in pairs.
func dispute(pairs ...string) string {
	return strings.NewReplacer(pairs...).Replace("<dispute><id>dp1</id><amount>45.00</amount><amount-disputed>45.00</amount-disputed><amount-won>45.00</amount-won>" +
		"<currency-iso-code>EUR</currency-iso-code><kind>chargeback</kind><merchant-account-id>simulated_account</merchant-account-id><status>open</status>" +
		"<transaction><id>tx1</id><order-id nil=\"true\"/></transaction></dispute>")
}

func (w *world) signed(at time.Time, kind, subject string) purchase.Delivery {
	return providertest.Delivery(w.Sim.Signed(at, kind, subject), time.Now())
}

func (w *world) xml(text string) purchase.Delivery {
	return providertest.Delivery(w.Sim.SignedXML(text), time.Now())
}

// refielded is a delivery with other fields.
func refielded(t testing.TB, d purchase.Delivery, change func(url.Values)) purchase.Delivery {
	t.Helper()
	form, err := url.ParseQuery(string(d.Body))
	if err != nil {
		t.Fatal(err)
	}
	change(form)
	d.Body = []byte(form.Encode())
	return d
}

// harness sells at the simulator and takes what it delivered for genuine.
func harness(t testing.TB, v providersim.BraintreeVariant) providertest.Harness {
	t.Helper()
	w := newWorld(t)
	w.Sim.Vary(v)
	id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Sim.GiveBack(id, "15.00", false); err != nil {
		t.Fatal(err)
	}
	if err := w.Sim.GiveBack(id, "", true); err != nil {
		t.Fatal(err)
	}
	genuine := w.Delivered(t, 3)
	refused := func(why purchase.Refusal, change func(url.Values)) providertest.Bad {
		return providertest.Refused(refielded(t, genuine[0], change), why)
	}
	resigned := func(why purchase.Refusal, change func(string) string) providertest.Bad {
		return refused(why, func(f url.Values) { f.Set("bt_signature", change(f.Get("bt_signature"))) })
	}
	question, _ := w.Sim.Challenge()
	return providertest.Harness{
		New:         func() (bridge.Provider, error) { return braintree.New(w.config, w.Stall.Options(t, ownFields)) },
		Environment: "main",
		Genuine:     genuine,
		Foreign:     w.Forged(),
		Bad: map[string]providertest.Bad{
			"stale":            providertest.Refused(w.signed(time.Now().Add(-26*time.Hour), "transaction_settled", transaction()), purchase.Stale),
			"from the future":  providertest.Refused(w.signed(time.Now().Add(6*time.Minute), "transaction_settled", transaction()), purchase.Stale),
			"a stale check":    providertest.Refused(w.signed(time.Now().Add(-26*time.Hour), "check", "<check>true</check>"), purchase.Stale),
			"live":             providertest.Refused(liveDelivery(t), purchase.WrongMerchant),
			"another key":      resigned(purchase.WrongMerchant, func(s string) string { return strings.ReplaceAll(s, "sandbox_", "sandbox2_") }),
			"our key twice":    resigned(purchase.Malformed, func(s string) string { return s + "&sandbox_simulated_key|0" }),
			"no key":           resigned(purchase.Malformed, func(s string) string { return s[strings.LastIndex(s, "|")+1:] }),
			"half a pair more": resigned(purchase.Malformed, func(s string) string { return s + "&" }),
			"too many pairs":   resigned(purchase.Malformed, func(s string) string { return s + strings.Repeat("&another_key|0", 16) }),
			"capital letters": resigned(purchase.BadSignature, func(s string) string {
				return s[:strings.LastIndex(s, "|")] + strings.ToUpper(s[strings.LastIndex(s, "|"):])
			}),
			"a prefix":          resigned(purchase.BadSignature, func(s string) string { return s[:len(s)-30] }),
			"a field twice":     refused(purchase.Malformed, func(f url.Values) { f.Add("bt_payload", f.Get("bt_payload")) }),
			"no payload":        refused(purchase.Malformed, func(f url.Values) { f.Del("bt_payload") }),
			"no signature":      refused(purchase.Malformed, func(f url.Values) { f.Del("bt_signature") }),
			"odd payload":       refused(purchase.Malformed, func(f url.Values) { f.Set("bt_payload", f.Get("bt_payload")+"-") }),
			"no line break":     refused(purchase.BadSignature, func(f url.Values) { f.Set("bt_payload", strings.TrimSpace(f.Get("bt_payload"))) }),
			"an odd challenge":  providertest.Refused(get("bt_challenge=PG5vdGlmaWNhdGlvbj4K00000"), purchase.Malformed),
			"a short challenge": providertest.Refused(get("bt_challenge=0123456789abcdef"), purchase.Malformed),
			"challenged twice":  providertest.Refused(get(question.Query+"&"+question.Query), purchase.Malformed),
			"no challenge":      providertest.Refused(get(""), purchase.Malformed),
		},
		Form:        true,
		Sign:        func(d *purchase.Delivery) { d.Body = w.Sim.SignedXML(string(d.Body)).Body },
		Secrets:     []string{w.secret},
		Allocations: 450,
	}
}

func get(query string) purchase.Delivery {
	return purchase.Delivery{Method: http.MethodGet, Query: query, Received: time.Now()}
}

// liveDelivery is genuine at the live gateway.
func liveDelivery(t testing.TB) purchase.Delivery {
	t.Helper()
	live := providersim.NewBraintree(providersim.Config{Live: true})
	t.Cleanup(live.Close)
	return providertest.Delivery(live.Signed(time.Now(), "transaction_settled", transaction()), time.Now())
}

func TestSuite(t *testing.T) { providertest.Run(t, harness(t, providersim.BraintreeVariant{})) }
func TestSuiteInOtherSpellings(t *testing.T) {
	h := harness(t, providersim.BraintreeVariant{TwoKeys: true, Lines: true, Bare: true, Attended: true})
	h.Unsigned = func(d purchase.Delivery, i int, _ byte) bool { // the pair of the other key
		text := string(d.Body)
		from := strings.Index(text, "bt_signature=") + len("bt_signature=")
		return i >= from && i < strings.Index(text, "sandbox_simulated_key")
	}
	providertest.Run(t, h)
}
func BenchmarkRead(b *testing.B) { providertest.Bench(b, harness(b, providersim.BraintreeVariant{})) }

// FuzzRead seeds with what is in the payload, which Sign wraps and signs.
func FuzzRead(f *testing.F) {
	for _, subject := range []string{transaction(), transaction("sale", "credit"), dispute()} {
		f.Add([]byte(`<notification><timestamp type="datetime">`+time.Now().UTC().Format(time.RFC3339)+`</timestamp><kind>transaction_settled</kind><subject>`+
			subject+`</subject></notification>`), "", true)
	}
	providertest.Fuzz(f, harness(f, providersim.BraintreeVariant{Attended: true}))
}

func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/other_schemes.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Braintree []struct {
			Name      string `json:"name"`
			Public    string `json:"public_key"`
			Private   string `json:"private_key"`
			Signature string `json:"bt_signature"`
			Payload   string `json:"bt_payload"`
		} `json:"braintree"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"sample_transaction_settled": {"proved captured tx1 tx1 100.00 USD"}}
	if len(file.Braintree) != len(want) {
		t.Errorf("%d cases, %d are known", len(file.Braintree), len(want))
	}
	made := time.Date(2026, 11, 22, 5, 30, 5, 0, time.UTC)
	for _, c := range file.Braintree {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			b, err := braintree.New(braintree.Config{PublicKey: c.Public, PrivateKey: providertest.Secret(t, c.Private)}, providertest.Options(t, ownFields))
			if err != nil || want[c.Name] == nil {
				t.Fatalf("%v, known: %v", err, want[c.Name])
			}
			for signature, good := range map[string]bool{c.Signature: true, "another|00&" + c.Signature: true, c.Signature[:len(c.Signature)-1] + "0": false, strings.ToUpper(c.Signature): false} {
				for received, fresh := range map[time.Time]bool{made: true, made.Add(24 * time.Hour): true, made.Add(26 * time.Hour): false, made.Add(-time.Hour): false} {
					body := url.Values{"bt_signature": {signature}, "bt_payload": {c.Payload}}.Encode()
					reading, err := b.Read(t.Context(), purchase.Delivery{Method: http.MethodPost, Received: received, Body: []byte(body)})
					if (err == nil) != (good && fresh) || err == nil && fmt.Sprint(providertest.Said(reading.Facts)) != fmt.Sprint(want[c.Name]) {
						t.Errorf("%q at %s: %v, %v", signature, received, providertest.Said(reading.Facts), err)
					}
				}
			}
		})
	}
}

func TestADestinationIsCheckedByAChallenge(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	notice, want := w.Sim.Challenge()
	question := providertest.Delivery(notice, time.Now())
	reading, err := w.Read(t.Context(), question)
	if err != nil || !reading.Unkept || len(reading.Facts) > 0 {
		t.Errorf("%+v, %v", reading, err)
	}
	if got := w.Braintree.Answer(question, true); string(got.Body) != want || got.Status != 0 {
		t.Errorf("answered %q, want %q", got.Body, want)
	}
	for name, d := range map[string]purchase.Delivery{"refused": get("bt_challenge=x"), "a notification": w.signed(time.Now(), "check", "<check>true</check>")} {
		if got := w.Braintree.Answer(d, name != "refused"); len(got.Body) > 0 || got.Status != 0 {
			t.Errorf("%s is answered %+v", name, got)
		}
	}
	if got := w.Braintree.Answer(question, false); len(got.Body) > 0 {
		t.Errorf("what was refused is answered %q", got.Body)
	}
	if reading, err := w.Read(t.Context(), w.signed(time.Now(), "check", "<check type=\"boolean\">\n true\n</check>")); err != nil || !reading.Unkept {
		t.Errorf("a check: %+v, %v", reading, err)
	}
	if methods := fmt.Sprint(w.Methods()); methods != "[POST GET]" {
		t.Errorf("it listens to %s", methods)
	}
}

var (
	_ protocol.Account = (*braintree.Braintree)(nil)
	_ bridge.Answerer  = (*braintree.Braintree)(nil)
)
