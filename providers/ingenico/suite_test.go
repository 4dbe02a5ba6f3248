package ingenico_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/ingenico"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// fieldsOf are where the organiser's page of each generation puts the PurchaseId.
var fieldsOf = map[string]map[string]string{"direct": {"purchase": "merchantParameters.purchase_id"}, "connect": {"purchase": "merchantReference"}}

// sold is a payment of the organiser's page that was paid, refunded in part, and taken back by a bank.
func sold(t testing.TB, sim providersim.Simulator) string {
	t.Helper()
	id, err := sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(sim.GiveBack(id, "15.00", false), sim.GiveBack(id, "", true)); err != nil {
		t.Fatal(err)
	}
	return id
}

// worldlineHarness sells at the simulator and takes what it delivered for genuine.
func worldlineHarness(t testing.TB, generation string) providertest.Harness {
	t.Helper()
	w := newWorld(t, generations[generation], fieldsOf[generation])
	id := sold(t, w.Sim)
	other, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "12.50", Currency: "EUR", Pending: "transfer"})
	if err != nil {
		t.Fatal(err)
	}
	genuine := w.Delivered(t, 5)
	usual := string(genuine[0].Body)
	with := func(old, by string) purchase.Delivery {
		return providertest.Delivery(w.Sim.Signed([]byte(strings.ReplaceAll(usual, old, by))), time.Now())
	}
	header := func(name string, change func(string) string) purchase.Delivery {
		d := genuine[0]
		d.Header = d.Header.Clone()
		d.Header.Set(name, change(d.Header.Get(name)))
		return d
	}
	question := providertest.Delivery(w.Sim.Verification("a b"), time.Now())
	merchant := `"merchantId":"simulatedPSPID"`
	if w.connects() {
		merchant = `"merchantId":"9991"`
	}
	var secrets []string
	for _, secret := range w.Sim.HookKeys() {
		secrets = append(secrets, secret)
	}
	_, api := w.Sim.API()
	return providertest.Harness{
		New: func() (bridge.Provider, error) {
			return ingenico.NewWorldline(w.config, w.Stall.Options(t, fieldsOf[generation]))
		},
		Environment: "main",
		Genuine:     genuine,
		Foreign:     w.Forged(),
		Bad: map[string]providertest.Bad{
			"another merchant":      providertest.Refused(with(merchant, `"merchantId":"another"`), purchase.WrongMerchant),
			"no merchant":           providertest.Refused(with(merchant, `"merchant":"x"`), purchase.WrongMerchant),
			"a key of live":         providertest.Refused(header("X-Gcs-Keyid", func(string) string { return "hook-of-live" }), purchase.BadSignature),
			"the other key's id":    providertest.Refused(header("X-Gcs-Keyid", otherKey), purchase.BadSignature),
			"hexadecimal":           providertest.Refused(header("X-Gcs-Signature", func(string) string { return strings.Repeat("ab", 32) }), purchase.Malformed),
			"URL-safe letters":      providertest.Refused(header("X-Gcs-Signature", func(string) string { return strings.Repeat("_", 43) + "=" }), purchase.Malformed),
			"a line in it":          providertest.Refused(header("X-Gcs-Signature", func(s string) string { return s[:20] + "\n" + s[20:] }), purchase.Malformed),
			"a question in words":   providertest.Refused(question, purchase.Malformed),
			"a GET without a value": providertest.Refused(purchase.Delivery{Method: http.MethodGet}, purchase.Malformed),
		},
		Signed:      []string{"X-Gcs-Keyid", "X-Gcs-Signature"},
		Sign:        func(d *purchase.Delivery) { d.Header = w.Sim.Signed(d.Body).Header },
		Known:       []purchase.Ref{about(id), {Payment: id, Object: id}, about(other)},
		Unknown:     about("99999999999"),
		Secrets:     append(secrets, api),
		Allocations: 90,
	}
}

// otherKey is the id of the key that did not sign.
func otherKey(id string) string {
	return map[string]string{"hook-2026-a": "hook-2026-b", "hook-2026-b": "hook-2026-a"}[id]
}

func TestSuiteDirect(t *testing.T)      { providertest.Run(t, worldlineHarness(t, "direct")) }
func TestSuiteConnect(t *testing.T)     { providertest.Run(t, worldlineHarness(t, "connect")) }
func FuzzReadDirect(f *testing.F)       { providertest.Fuzz(f, worldlineHarness(f, "direct")) }
func FuzzReadConnect(f *testing.F)      { providertest.Fuzz(f, worldlineHarness(f, "connect")) }
func BenchmarkReadDirect(b *testing.B)  { providertest.Bench(b, worldlineHarness(b, "direct")) }
func BenchmarkReadConnect(b *testing.B) { providertest.Bench(b, worldlineHarness(b, "connect")) }

// ogoneHarness sells at the simulator, whose back office is set so.
func ogoneHarness(t testing.TB, v providersim.OgoneVariant) providertest.Harness {
	t.Helper()
	s := newShop(t, v, ownFields)
	id := sold(t, s.Sim)
	genuine := s.Delivered(t, 4)
	in, out := s.Sim.Passphrases()
	_, password := s.Sim.APIUser()
	change := func(change func(url.Values)) purchase.Delivery {
		form, err := url.ParseQuery(textOf(genuine[0]))
		if err != nil {
			t.Fatal(err)
		}
		change(form)
		return withText(genuine[0], form.Encode())
	}
	return providertest.Harness{
		New: func() (bridge.Provider, error) {
			return ingenico.NewDirectLink(s.config, s.Stall.Options(t, ownFields))
		},
		Environment: "main",
		Genuine:     genuine,
		Foreign:     s.Forged(),
		Bad: map[string]providertest.Bad{
			"a field twice":             providertest.Refused(withText(genuine[0], textOf(genuine[0])+"&STATUS=9"), purchase.Malformed),
			"a field in two spellings":  providertest.Refused(withText(genuine[0], textOf(genuine[0])+"&status=9"), purchase.Malformed),
			"an unsigned field twice":   providertest.Refused(withText(genuine[0], textOf(genuine[0])+"&x=1&X=1"), purchase.Malformed),
			"a letter that looks alike": providertest.Refused(change(func(f url.Values) { f.Set("\u017fTATUS", f.Get("STATUS")); f.Del("STATUS") }), purchase.BadSignature),
			"without a signature":       providertest.Refused(change(func(f url.Values) { f.Del("SHASIGN") }), purchase.Malformed),
			"a short signature":         providertest.Refused(change(func(f url.Values) { f.Set("SHASIGN", f.Get("SHASIGN")[:38]) }), purchase.Malformed),
			"no signature":              providertest.Refused(change(func(f url.Values) { f.Set("SHASIGN", strings.Repeat("Z", 128)) }), purchase.Malformed),
			"a field more":              providertest.Refused(change(func(f url.Values) { f.Set("TICKET", "1") }), purchase.BadSignature),
			"a field less":              providertest.Refused(change(func(f url.Values) { f.Del("PAYID") }), purchase.BadSignature),
			"an amount more":            providertest.Refused(change(func(f url.Values) { f.Del("amount"); f.Set("AMOUNT", "1") }), purchase.BadSignature),
			"a semicolon":               providertest.Refused(withText(genuine[0], textOf(genuine[0])+"&a=1;STATUS=9"), purchase.Malformed),
			"an escape that is none":    providertest.Refused(withText(genuine[0], textOf(genuine[0])+"&a=%zz"), purchase.Malformed),
		},
		Unsigned:    unsigned,
		Form:        true,
		Sign:        func(d *purchase.Delivery) { signForm(d, v.Hash, out) },
		Known:       []purchase.Ref{about(id), {Payment: id, Object: "1_2"}},
		Unknown:     about("NOBODY"),
		Secrets:     []string{in, out, password},
		Allocations: 120,
	}
}

func textOf(d purchase.Delivery) string {
	if d.Method == http.MethodGet {
		return d.Query
	}
	return string(d.Body)
}

func withText(d purchase.Delivery, text string) purchase.Delivery {
	if d.Method == http.MethodGet {
		d.Query = text
	} else {
		d.Body = []byte(text)
	}
	return d
}

// unsigned: the signature's digits are compared in either case, and so are the names of fields; a field without a value is not signed.
func unsigned(d purchase.Delivery, i int, by byte) bool {
	text := textOf(d)
	begin := strings.LastIndexByte(text[:i+1], '&') + 1
	name, _, _ := strings.Cut(text[begin:], "=")
	letter := text[i] | 0x20
	isLetter := letter >= 'a' && letter <= 'z'
	return by == 0x20 && isLetter && (i < begin+len(name) || name == "SHASIGN") || name == "VC"
}

func TestSuiteOgonePost(t *testing.T) {
	providertest.Run(t, ogoneHarness(t, providersim.OgoneVariant{}))
}
func TestSuiteOgoneGet(t *testing.T) {
	providertest.Run(t, ogoneHarness(t, providersim.OgoneVariant{Get: true, Hash: "sha256", Timing: "deferred", Attributes: "upper"}))
}
func TestSuiteOgoneLatin1(t *testing.T) {
	providertest.Run(t, ogoneHarness(t, providersim.OgoneVariant{Latin1: true, Hash: "sha1", Attributes: "lower"}))
}
func TestSuiteOgonePostWithoutAmount(t *testing.T) {
	providertest.Run(t, ogoneHarness(t, providersim.OgoneVariant{Amountless: true}))
}
func TestSuiteOgoneGetWithoutAmount(t *testing.T) {
	providertest.Run(t, ogoneHarness(t, providersim.OgoneVariant{Amountless: true, Get: true}))
}

// TestSuiteOgoneFeedbackOnly: refunds prove nothing there, so only the sale is genuine to it.
func TestSuiteOgoneFeedbackOnly(t *testing.T) {
	h := ogoneHarness(t, providersim.OgoneVariant{})
	s := newShop(t, providersim.OgoneVariant{}, ownFields)
	h.New = func() (bridge.Provider, error) { return s.feedbackOnly(t, ownFields), nil }
	h.Genuine, h.Known = h.Genuine[:1], nil
	providertest.Run(t, h)
}

func FuzzReadOgone(f *testing.F) {
	providertest.Fuzz(f, ogoneHarness(f, providersim.OgoneVariant{}))
}
func BenchmarkReadOgone(b *testing.B) {
	providertest.Bench(b, ogoneHarness(b, providersim.OgoneVariant{}))
}
