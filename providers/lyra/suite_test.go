package lyra_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/lyra"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	password = "testpassword_simulated0123456789ABCDEF"
	key      = "SimulatedKey0123"
	shopID   = "12345678"
)

var ownFields = map[string]string{"purchase": "order_id"}

// everything is what an account with a password and a form_host can do.
type everything interface {
	bridge.Provider
	bridge.Asker
	bridge.Opener
	bridge.Capturer
	bridge.Voider
	bridge.Refunder
	bridge.Inspector
	bridge.Instructor
}

// A world is an account at a simulated Lyra.
type world struct {
	everything
	*providertest.Stall[*providersim.Lyra]
	config lyra.Config
}

// newWorld is an account with REST notifications, newFormWorld one with form notifications.
func newWorld(t testing.TB) *world     { return worldOf(t, providersim.NewLyra, "rest") }
func newFormWorld(t testing.TB) *world { return worldOf(t, providersim.NewLyraForm, "form") }

func worldOf(t testing.TB, make func(providersim.Config) *providersim.Lyra, notifications string) *world {
	t.Helper()
	w := &world{Stall: providertest.NewStall(t, make)}
	w.Sim.Settings(providertest.Callback)
	w.config = section(t, notifications)
	w.config.APIURL = w.Server.URL
	w.everything = w.open(t).(everything)
	return w
}

func (w *world) open(t testing.TB) bridge.Provider {
	return w.openWith(t, w.Stall.Options(t, ownFields))
}

func (w *world) openWith(t testing.TB, o protocol.Options) bridge.Provider {
	t.Helper()
	a, err := lyra.New(w.config, o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func section(t testing.TB, notifications string) lyra.Config {
	t.Helper()
	return lyra.Config{Host: "api.payzen.eu", FormHost: "secure.payzen.eu", ShopID: shopID, Notifications: notifications,
		Password: providertest.Secret(t, password), HMACKey: providertest.Secret(t, key)}
}

// visit sends the browser to the pay page and returns what the simulator calls the visit; "" if the page is not shown.
func (w *world) visit(t testing.TB, c purchase.Checkout) string {
	t.Helper()
	client := w.Server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	form := url.Values{}
	for _, f := range c.Form {
		form.Add(f.Name, f.Value)
	}
	resp, err := client.PostForm(c.URL, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	id, _ := strings.CutPrefix(resp.Header.Get("Location"), "/pay/")
	return id
}

// sold makes one of everything that is notified, in this order: a sale, a refused card and a buyer who gave up, a transfer that waits
// and comes. It returns the first payment.
func (w *world) sold(t testing.TB) string {
	t.Helper()
	sale := providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"}
	id, err := w.Sim.Button(sale)
	if err != nil {
		t.Fatal(err)
	}
	made, err := w.Open(t.Context(), providertest.Order("open-1"))
	if err != nil {
		t.Fatal(err)
	}
	page := w.visit(t, made)
	w.Press(t, page, "decline")
	w.Press(t, page, "cancel")
	sale.Pending = "bank_transfer"
	waits, err := w.Sim.Button(sale)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Sim.Settle(waits, true); err != nil {
		t.Fatal(err)
	}
	return id
}

const soldNotices = 5

// harness sells at the simulator, gives back if that is wanted, and takes what was delivered for genuine.
func harness(t testing.TB, w *world, refund bool) providertest.Harness {
	t.Helper()
	id, notices := w.sold(t), soldNotices
	if refund {
		if err := w.Sim.GiveBack(id, "15.00", false); err != nil {
			t.Fatal(err)
		}
		notices++
	}
	return providertest.Harness{
		New: func() (bridge.Provider, error) {
			return lyra.New(w.config, w.Stall.Options(t, ownFields))
		},
		Environment: "main",
		Genuine:     w.Delivered(t, notices),
		Foreign:     w.Forged(),
		Form:        true,
		Known:       []purchase.Ref{{Payment: id}, {Payment: "?", Object: id}},
		Unknown:     purchase.Ref{Payment: strings.Repeat("0", 32)},
		Secrets:     []string{password, key},
		Stride:      7,
	}
}

func restHarness(t testing.TB) providertest.Harness {
	w := newWorld(t)
	h := harness(t, w, true)
	usual := h.Genuine[0]
	signed := func(old, by string) purchase.Delivery {
		return providertest.Delivery(w.Sim.SignedAnswer(strings.ReplaceAll(answerOf(usual), old, by)), usual.Received)
	}
	with := func(old, by string) purchase.Delivery {
		return body(usual, strings.Replace(string(usual.Body), old, by, 1))
	}
	h.Bad = map[string]providertest.Bad{
		"live":                providertest.Refused(signed(`"mode":"TEST"`, `"mode":"PRODUCTION"`), purchase.WrongMode),
		"of no mode":          providertest.Refused(signed(`"mode":"TEST"`, `"mode":null`), purchase.WrongMode),
		"another shop":        providertest.Refused(signed(`"shopId":"12345678"`, `"shopId":"87654321"`), purchase.WrongMerchant),
		"another shop's part": providertest.Refused(signed(`"paymentMethodType":"CARD","shopId":"12345678"`, `"shopId":"87654321"`), purchase.WrongMerchant),
		"the browser's key":   providertest.Refused(with("kr-hash-key=password", "kr-hash-key=sha256_hmac"), purchase.BadSignature),
		"no key":              providertest.Refused(with("kr-hash-key=password", "kr-hash-key="), purchase.BadSignature),
		"another algorithm":   providertest.Refused(with("algorithm=sha256_hmac", "algorithm=sha512_hmac"), purchase.Malformed),
		"no hash":             providertest.Refused(with("kr-hash=", "kr-cash="), purchase.BadSignature),
		"half a hash":         providertest.Refused(body(usual, string(usual.Body[:20])+string(usual.Body[30:])), purchase.BadSignature),
		"no answer":           providertest.Refused(body(usual, strings.Split(string(usual.Body), "&kr-answer=")[0]), purchase.Malformed),
		"an answer twice":     providertest.Refused(body(usual, string(usual.Body)+"&kr-answer=%7B%7D"), purchase.Malformed),
		"a hash twice":        providertest.Refused(body(usual, string(usual.Body)+"&kr-hash=0"), purchase.Malformed),
		"cut":                 providertest.Refused(body(usual, string(usual.Body[:len(usual.Body)-9])), purchase.BadSignature),
	}
	h.Unsigned = func(d purchase.Delivery, i int, _ byte) bool {
		return strings.HasPrefix(fieldAt(d, i), "kr-answer-type=")
	}
	h.Sign = func(d *purchase.Delivery) {
		text := string(d.Body)
		if answer := answerOf(*d); answer != "" {
			text = answer
		}
		d.Body = w.Sim.SignedAnswer(text).Body
	}
	h.Allocations = 120
	return h
}

func formHarness(t testing.TB, trusted bool) providertest.Harness {
	w := newFormWorld(t)
	h := harness(t, w, !trusted) // who cannot ask does not understand a refund that does not say of what
	if trusted {
		w.config.TrustForm, w.config.Password, w.config.FormHost = true, lyra.Config{}.Password, ""
	}
	usual := h.Genuine[0]
	signed := func(change func(map[string]string)) purchase.Delivery {
		fields := fieldsOf(usual)
		change(fields)
		return providertest.Delivery(w.Sim.SignedFields(fields), usual.Received)
	}
	set := func(name, value string) purchase.Delivery {
		return signed(func(f map[string]string) { f[name] = value })
	}
	h.Bad = map[string]providertest.Bad{
		"live":              providertest.Refused(set("vads_ctx_mode", "PRODUCTION"), purchase.WrongMode),
		"of no mode":        providertest.Refused(signed(func(f map[string]string) { delete(f, "vads_ctx_mode") }), purchase.WrongMode),
		"another shop":      providertest.Refused(set("vads_site_id", "87654321"), purchase.WrongMerchant),
		"from the browser":  providertest.Refused(signed(func(f map[string]string) { delete(f, "vads_url_check_src") }), purchase.Malformed),
		"no signature":      providertest.Refused(body(usual, strings.Replace(string(usual.Body), "signature=", "signatura=", 1)), purchase.Malformed),
		"one field less":    providertest.Refused(body(usual, strings.Replace(string(usual.Body), "vads_extra_result=&", "", 1)), purchase.BadSignature),
		"one field more":    providertest.Refused(body(usual, string(usual.Body)+"&vads_zzz="), purchase.BadSignature),
		"a field twice":     providertest.Refused(body(usual, string(usual.Body)+"&vads_amount=4500"), purchase.Malformed),
		"a signature twice": providertest.Refused(body(usual, string(usual.Body)+"&signature=x"), purchase.Malformed),
		"sha-1":             providertest.Refused(body(usual, strings.Replace(string(usual.Body), "signature=", "signature=7b203c8f547b6cc64e9402887e514add8e2cb29d&x=", 1)), purchase.BadSignature),
	}
	h.Unsigned = func(d purchase.Delivery, i int, _ byte) bool { return inName(d, i) }
	h.Sign = func(d *purchase.Delivery) { d.Body = w.Sim.SignedFields(fieldsOf(*d)).Body }
	h.Allocations = 80
	return h
}

func body(d purchase.Delivery, text string) purchase.Delivery {
	d.Body = []byte(text)
	return d
}

// answerOf is the answer of a REST notification, fieldsOf are the fields of a form notification but its signature.
func answerOf(d purchase.Delivery) string {
	form, _ := url.ParseQuery(string(d.Body))
	return form.Get("kr-answer")
}

func fieldsOf(d purchase.Delivery) map[string]string {
	form, _ := url.ParseQuery(string(d.Body))
	fields := map[string]string{}
	for name := range form {
		fields[name] = form.Get(name)
	}
	delete(fields, "signature")
	return fields
}

// fieldAt is the field that byte i is in, as it is written.
func fieldAt(d purchase.Delivery, i int) string {
	begin := strings.LastIndexByte(string(d.Body[:i]), '&') + 1
	field, _, _ := strings.Cut(string(d.Body[begin:]), "&")
	return field
}

// inName tells whether byte i is in a field's name behind vads_, or parts it from an empty value: names are not signed as long as their
// order stays.
func inName(d purchase.Delivery, i int) bool {
	begin := strings.LastIndexByte(string(d.Body[:i]), '&') + 1
	name, value, _ := strings.Cut(fieldAt(d, i), "=")
	at := i - begin
	return strings.HasPrefix(name, "vads_") && at >= len("vads_") && (at < len(name) || at == len(name) && value == "")
}

func TestSuiteREST(t *testing.T)        { providertest.Run(t, restHarness(t)) }
func TestSuiteForm(t *testing.T)        { providertest.Run(t, formHarness(t, false)) }
func TestSuiteTrustedForm(t *testing.T) { providertest.Run(t, formHarness(t, true)) }
func FuzzReadREST(f *testing.F)         { providertest.Fuzz(f, restHarness(f)) }
func FuzzReadForm(f *testing.F)         { providertest.Fuzz(f, formHarness(f, false)) }
func BenchmarkReadREST(b *testing.B)    { providertest.Bench(b, restHarness(b)) }
func BenchmarkReadForm(b *testing.B)    { providertest.Bench(b, formHarness(b, false)) }
