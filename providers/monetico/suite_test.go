package monetico_test

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/monetico"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	tpe = "0229123"
	key = "7A1B2C3D4E5F60718293A4B5C6D7E8F9012345KM"
)

var ownFields = map[string]string{"purchase": "texte-libre"}

// A world is an account at a simulated bank.
type world struct {
	*monetico.Shop
	*providertest.Stall[*providersim.Monetico]
	config monetico.Config
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Stall: providertest.NewStall(t, providersim.NewMonetico), config: section(t)}
	w.Sim.Settings(providertest.Callback)
	w.config.APIURL = w.Server.URL
	w.Shop = shop(t, w.config, false)
	return w
}

func section(t testing.TB) monetico.Config {
	t.Helper()
	return monetico.Config{TPE: tpe, Key: providertest.Secret(t, key), Company: "asso-gala",
		Billing: monetico.Billing{Address: "12 rue du Bal", PostalCode: "68100", City: "Mulhouse", Country: "FR"}}
}

// shop opens an account that leads buyers to the pay page.
func shop(t testing.TB, c monetico.Config, live bool) *monetico.Shop {
	t.Helper()
	o := providertest.Options(t, ownFields)
	o.Live = live
	account, err := monetico.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return account.(*monetico.Shop)
}

// live is the same TPE as an account of live mode.
func (w *world) live(t testing.TB) *monetico.Shop {
	t.Helper()
	c := w.config
	c.APIURL = ""
	return shop(t, c, true)
}

// signed is a genuine delivery of any fields.
func (w *world) signed(fields map[string]string) purchase.Delivery {
	return providertest.Delivery(w.Sim.Sealed(fields), time.Now())
}

// harness sells at the simulator and takes what it delivered for genuine.
func harness(t testing.TB, v providersim.MoneticoVariant) providertest.Harness {
	t.Helper()
	w := newWorld(t)
	w.Sim.Vary(v)
	if _, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	made := w.opened(t, providertest.Order("open-1"))
	w.enter(t, made.URL, made.Form)
	w.Press(t, made.Payment, "decline")
	w.Press(t, made.Payment, "pay")
	forged := w.Forged()
	h := providertest.Harness{
		New:         func() (bridge.Provider, error) { return monetico.New(w.config, w.Stall.Options(t, ownFields)) },
		Environment: "main",
		Genuine:     w.Delivered(t, 3),
		Foreign:     forged,
		Bad:         map[string]providertest.Bad{},
		Form:        true,
		Unsigned:    caseOfMAC,
		Sign:        w.sign,
		Secrets:     []string{key, key[:38]},
		Allocations: 100,
	}
	for i, why := range []struct {
		what string
		why  purchase.Refusal
	}{
		{"without a MAC", purchase.Malformed},
		{"sealed by another key", purchase.BadSignature},
		{"with a short MAC", purchase.Malformed},
		{"with another amount", purchase.BadSignature},
		{"with a field more", purchase.BadSignature},
		{"with a field twice", purchase.Malformed},
		{"of another TPE", purchase.WrongMerchant},
		{"paid in production", purchase.WrongMode},
		{"the pay form of a shop", purchase.Malformed},
		{"a pay form cut into other fields", purchase.Malformed},
	} {
		h.Bad[why.what] = providertest.Refused(forged[i], why.why)
	}
	ours := url.Values{}
	for _, f := range made.Form {
		ours.Set(f.Name, f.Value)
	}
	h.Bad["our own pay form"] = providertest.Refused(purchase.Delivery{Method: http.MethodPost, Body: []byte(ours.Encode())}, purchase.Malformed)
	h.Bad["by both methods"] = providertest.Refused(purchase.Delivery{Method: http.MethodGet, Query: string(h.Genuine[0].Body), Body: []byte("x")}, purchase.Malformed)
	return h
}

// caseOfMAC: the hexadecimal digits of the MAC may be written in small letters.
func caseOfMAC(d purchase.Delivery, i int, by byte) bool {
	text := append(bytes.Clone(d.Body), d.Query...)
	start := bytes.Index(text, []byte("MAC=")) + len("MAC=")
	letter := text[i] | 0x20
	return i >= start && i < start+40 && by == 0x20 && letter >= 'a' && letter <= 'f'
}

// sign makes a delivery genuine that holds any form.
func (w *world) sign(d *purchase.Delivery) {
	form, err := url.ParseQuery(string(d.Body))
	if err != nil {
		return
	}
	fields := map[string]string{}
	for name, values := range form {
		if name != "MAC" {
			fields[name] = values[0]
		}
	}
	signed := w.signed(fields)
	d.Body, d.Header = signed.Body, signed.Header
}

func TestSuite(t *testing.T) { providertest.Run(t, harness(t, providersim.MoneticoVariant{})) }

func TestSuiteAsTheBankMayDoItElse(t *testing.T) {
	providertest.Run(t, harness(t, providersim.MoneticoVariant{ByGet: true, Small: true, News: true}))
}

func FuzzRead(f *testing.F) {
	providertest.Fuzz(f, harness(f, providersim.MoneticoVariant{News: true}))
}
func BenchmarkRead(b *testing.B) { providertest.Bench(b, harness(b, providersim.MoneticoVariant{})) }
