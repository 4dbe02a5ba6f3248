package mollie_test

import (
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/mollie"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// harness sells at the simulator and takes what it delivered for genuine.
func (w *world) harness(t testing.TB) providertest.Harness {
	t.Helper()
	id := w.sold(t)
	if err := w.Sim.GiveBack(id, "15.00", false); err != nil {
		t.Fatal(err)
	}
	if err := w.Sim.GiveBack(id, "", true); err != nil {
		t.Fatal(err)
	}
	return providertest.Harness{
		New:         func() (bridge.Provider, error) { return mollie.New(w.config, w.options(t)) },
		Environment: "main",
		Genuine:     w.Delivered(t, 3),
		Foreign:     w.Forged(),
		Known:       []purchase.Ref{{Payment: id}, {Payment: "?", Object: id}},
		Unknown:     purchase.Ref{Payment: "tr_NobodyKnowsIt"},
		Secrets:     []string{key, secret, older},
	}
}

// spoiled is a payment whose answer says something else than it should.
func (w *world) spoiled(t testing.TB, old, by string) string {
	t.Helper()
	id := w.sold(t)
	w.way.edit("/v2/payments/"+id, old, by)
	return id
}

func classicHarness(t testing.TB, w *world) providertest.Harness {
	t.Helper()
	h := w.harness(t)
	w.config.Profile = "pfl_Simulated01"
	usual := h.Genuine[0]
	body := func(text string) purchase.Delivery {
		d := usual
		d.Body = []byte(text)
		return d
	}
	genuine := string(usual.Body)
	asked, plain := usual, usual
	asked.Query = "testmode=true"
	plain.Header = http.Header{"Content-Type": {"application/json"}}
	h.Bad = map[string]providertest.Bad{
		"of live mode":         providertest.Refused(w.bare(w.spoiled(t, `"mode":"test"`, `"mode":"live"`)), purchase.WrongMode),
		"of no mode":           providertest.Refused(w.bare(w.spoiled(t, `"mode":"test"`, `"model":"test"`)), purchase.WrongMode),
		"of another profile":   providertest.Refused(w.bare(w.spoiled(t, `pfl_Simulated01`, `pfl_Simulated02`)), purchase.WrongMerchant),
		"an id twice":          providertest.Refused(body(genuine+"&"+genuine), purchase.Malformed),
		"another field":        providertest.Refused(body(genuine+"&testByMollie=1"), purchase.Malformed),
		"another field before": providertest.Refused(body("a=b&"+genuine), purchase.Malformed),
		"a field of that case": providertest.Refused(body("ID"+genuine[2:]), purchase.Malformed),
		"escaped":              providertest.Refused(body(strings.Replace(genuine, "_", "%5F", 1)), purchase.Malformed),
		"cut":                  providertest.Refused(body("id=tr_12345"), purchase.Malformed),
		"too long":             providertest.Refused(body("id=tr_"+strings.Repeat("x", 41)), purchase.Malformed),
		"a refund's id":        providertest.Refused(body("id=re_4qqhO89gsT"), purchase.Malformed),
		"a way up":             providertest.Refused(body("id=tr_../../v2/x"), purchase.Malformed),
		"a line break":         providertest.Refused(body(genuine+"\n"), purchase.Malformed),
		"a query":              providertest.Refused(asked, purchase.Malformed),
		"no form":              providertest.Refused(plain, purchase.Malformed),
	}
	h.Allocations = 700
	return h
}

func eventsHarness(t testing.TB, w *world, v providersim.MollieVariant) providertest.Harness {
	t.Helper()
	w.Sim.Vary(v)
	h := w.harness(t)
	usual := h.Genuine[0]
	live := `{"resource":"event","id":"event_1111","type":"payment.paid","entityId":"tr_0123456789","_embedded":{"entity":{"mode":"live"}}}`
	header := func(change func(h http.Header)) purchase.Delivery {
		d := usual
		d.Header = d.Header.Clone()
		change(d.Header)
		return d
	}
	signatures := usual.Header.Values("X-Mollie-Signature")
	set := func(values ...string) purchase.Delivery {
		return header(func(h http.Header) { h["X-Mollie-Signature"] = values })
	}
	all := strings.Join(signatures, ",")
	h.Bad = map[string]providertest.Bad{
		"of live mode":         providertest.Refused(w.signed(live), purchase.WrongMode),
		"of a live payment":    providertest.Refused(w.signed(event("payment.paid", w.spoiled(t, `"mode":"test"`, `"mode":"live"`))), purchase.WrongMode),
		"a classic one":        providertest.Refused(w.bare("tr_0123456789"), purchase.Malformed),
		"one signature twice":  providertest.Refused(set(all, all), purchase.Malformed),
		"twice in one":         providertest.Refused(set(all+", "+all), purchase.Malformed),
		"in both forms":        providertest.Refused(set(strings.TrimPrefix(signatures[0], "sha256="), "sha256="+strings.TrimPrefix(signatures[0], "sha256=")), purchase.Malformed),
		"too many":             providertest.Refused(set(many(9)), purchase.Malformed),
		"too long":             providertest.Refused(set(strings.Repeat("x,", 600)+all), purchase.Malformed),
		"of an unknown scheme": providertest.Refused(set("sha512="+strings.Repeat("ab", 32)), purchase.Malformed),
		"prefixed twice":       providertest.Refused(set("sha256=sha256="+strings.TrimPrefix(signatures[0], "sha256=")), purchase.Malformed),
		"well formed, wrong":   providertest.Refused(set(strings.Repeat("ab", 32)), purchase.BadSignature),
	}
	if len(signatures) == 1 { // else one good signature is enough
		h.Signed = []string{"X-Mollie-Signature"}
	}
	h.Sign = func(d *purchase.Delivery) { d.Header = w.Sim.Signed(d.Body).Header }
	h.Allocations = 1500
	return h
}

// many are so many different signatures that nobody made.
func many(n int) string {
	var all []string
	for i := range n {
		all = append(all, strings.Repeat("0"+string(rune('0'+i)), 32))
	}
	return strings.Join(all, ",")
}

func event(kind, id string) string {
	raw, err := json.Marshal(map[string]any{"resource": "event", "id": "event_0123456789", "type": kind, "entityId": id, "createdAt": "2026-11-20T10:00:00.0Z"})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

var payloads = map[string]providersim.MollieVariant{
	"simple":           {},
	"full":             {Full: true, Prefixed: true},
	"while one rolls":  {Full: true, Rolling: true},
	"nothing embedded": {Bare: true, CountsQueued: true},
	"nothing shown":    {Closed: true},
}

func TestSuiteClassic(t *testing.T) { providertest.Run(t, classicHarness(t, newWorld(t))) }

func TestSuiteNextgen(t *testing.T) {
	for name, v := range payloads {
		t.Run(name, func(t *testing.T) { providertest.Run(t, eventsHarness(t, newEventsWorld(t), v)) })
	}
}

func FuzzReadClassic(f *testing.F) {
	w := newWorld(f)
	h := classicHarness(f, w)
	w.way.next = direct{w.Sim.Handler()}
	providertest.Fuzz(f, h)
}

func FuzzReadNextgen(f *testing.F) {
	w := newEventsWorld(f)
	h := eventsHarness(f, w, payloads["full"])
	w.way.next = direct{w.Sim.Handler()}
	providertest.Fuzz(f, h)
}

func BenchmarkReadClassic(b *testing.B) { providertest.Bench(b, classicHarness(b, newWorld(b))) }
func BenchmarkReadNextgen(b *testing.B) {
	providertest.Bench(b, eventsHarness(b, newEventsWorld(b), payloads["simple"]))
}

// BenchmarkReadUnrelated reads an event that leads to no payment: what our own part of the work costs.
func BenchmarkReadUnrelated(b *testing.B) {
	w := newEventsWorld(b)
	h := w.harness(b)
	h.Genuine = []purchase.Delivery{w.signed(event("balance-transaction.created", "baltr_0123456789"))}
	providertest.Bench(b, h)
}

func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/mollie_nextgen.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		About string `json:"_about"`
		Cases []struct {
			Name, Secret, Body, Signature string
			Forms                         []string `json:"header_forms"`
		} `json:"cases"`
		Refuse []string `json:"refuse"`
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	for _, c := range file.Cases {
		config := section(t)
		config.Webhooks = "nextgen"
		config.SigningSecrets = []field.Secret{providertest.Secret(t, "not_this_one_12345"), providertest.Secret(t, c.Secret)}
		m, err := mollie.New(config, providertest.Options(t, ownFields))
		if err != nil {
			t.Fatal(err)
		}
		read := func(body string, signatures ...string) error {
			h := http.Header{"Content-Type": {"application/json"}}
			if signatures != nil {
				h["X-Mollie-Signature"] = signatures
			}
			_, err := m.Read(t.Context(), purchase.Delivery{Method: http.MethodPost, Received: time.Now(), Header: h, Body: []byte(body)})
			return err
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if !slices.Contains(c.Forms, c.Signature) {
				t.Errorf("the plain form is not among %v", c.Forms)
			}
			for _, form := range c.Forms {
				if err := read(c.Body, form); err == nil || !isPuzzling(err) { // authentic, and no event
					t.Errorf("%s: %v", form, err)
				}
			}
			for _, words := range file.Refuse {
				for _, form := range c.Forms {
					var err error
					switch word, _, _ := strings.Cut(words, " "); word {
					case "missing":
						err = read(c.Body)
					case "upper-case":
						err = read(c.Body, strings.Replace(strings.ToUpper(form), "SHA256=", "sha256=", 1))
					case "body":
						err = read(reserialised(t, c.Body), form)
					default:
						t.Fatalf("a case that this test does not know: %s", words)
					}
					if !isForged(err) {
						t.Errorf("%s, %s: %v", words, form, err)
					}
				}
			}
		})
	}
}

// reserialised is the same JSON by other bytes.
func reserialised(t *testing.T, body string) string {
	t.Helper()
	var any any
	if err := json.Unmarshal([]byte(body), &any); err != nil {
		t.Fatal(err)
	}
	raw, err := json.MarshalIndent(any, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if string(raw) == body {
		return body + "\n"
	}
	return string(raw)
}
