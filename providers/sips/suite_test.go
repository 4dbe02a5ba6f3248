package sips_test

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/sips"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	shop   = "211000000000042"
	secret = "simulated_0123456789_é"
	older  = "old_simulated_0123456789_é"
)

var ownFields = map[string]string{"purchase": "orderId"}

// A world is an account at a simulated shop.
type world struct {
	*sips.Sips
	*providertest.Stall[*providersim.Sips]
	config sips.Config
}

// newWorld is a world of a variant of Sips.
func newWorld(t testing.TB, vary func(*providersim.SipsVariant)) *world {
	t.Helper()
	w := &world{Stall: providertest.NewStall(t, providersim.NewSips), config: section(t)}
	if vary != nil {
		w.Sim.Vary(func(v *providersim.SipsVariant) {
			if vary(v); v.Plain {
				w.config.Seal = "sha256"
			}
		})
	}
	w.Sim.Settings(providertest.Callback)
	w.config.APIURL = w.Server.URL
	w.Sips = w.open(t)
	return w
}

func (w *world) open(t testing.TB) *sips.Sips {
	t.Helper()
	s, err := sips.New(w.config, w.Stall.Options(t, ownFields))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func section(t testing.TB) sips.Config {
	t.Helper()
	return sips.Config{MerchantID: shop, Seal: "hmac", Bank: "mercanet", SecretKeys: []sips.Key{{Version: 2, Key: providertest.Secret(t, secret)},
		{Version: 1, Key: providertest.Secret(t, older)}}}
}

// sealed is a genuine delivery of any Data.
func (w *world) sealed(data string) purchase.Delivery {
	return providertest.Delivery(w.Sim.Sealed(data), time.Now())
}

// edited is a delivery with another form.
func edited(d purchase.Delivery, change func(url.Values)) purchase.Delivery {
	form, err := url.ParseQuery(string(d.Body))
	if err != nil {
		panic(err)
	}
	change(form)
	d.Body = []byte(form.Encode())
	return d
}

// harness sells at the simulator and takes what it delivered for genuine.
func harness(t testing.TB, vary func(*providersim.SipsVariant)) providertest.Harness {
	t.Helper()
	w := newWorld(t, vary)
	button := providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"}
	id, err := w.Sim.Button(button)
	if err != nil {
		t.Fatal(err)
	}
	button.Pending = "bank_transfer"
	for _, paid := range []bool{true, false} {
		waits, err := w.Sim.Button(button)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Sim.Settle(waits, paid); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Sim.GiveBack(id, "15.00", false); err != nil {
		t.Fatal(err)
	}
	genuine := w.Delivered(t, 5)
	with := func(old, by string) purchase.Delivery { return w.sealed(strings.Replace(usual, old, by, 1)) }
	form := func(name, value string) purchase.Delivery {
		return edited(genuine[0], func(f url.Values) { f.Set(name, value) })
	}
	return providertest.Harness{
		New:         func() (bridge.Provider, error) { return sips.New(w.config, w.Stall.Options(t, ownFields)) },
		Environment: "main",
		Genuine:     genuine,
		Foreign:     w.Forged(),
		Bad: map[string]providertest.Bad{
			"another shop":        providertest.Refused(with("merchantId="+shop, "merchantId=211000000000043"), purchase.WrongMerchant),
			"no shop":             providertest.Refused(with("merchantId="+shop, "merchantId=null"), purchase.WrongMerchant),
			"an older key's name": providertest.Refused(with("keyVersion=2", "keyVersion=1"), purchase.BadSignature),
			"no key's name":       providertest.Refused(with("keyVersion=2|", ""), purchase.BadSignature),
			"a code twice":        providertest.Refused(with("|orderId", "|responseCode=00|orderId"), purchase.Malformed),
			"null and a code":     providertest.Refused(with("maskedPan=null", "maskedPan=null|maskedPan=1"), purchase.Malformed),
			"too many fields":     providertest.Refused(w.sealed(usual+many()), purchase.Malformed),
			"a field twice":       providertest.Refused(edited(genuine[0], func(f url.Values) { f.Add("Data", f.Get("Data")) }), purchase.Malformed),
			"a seal twice":        providertest.Refused(edited(genuine[0], func(f url.Values) { f.Add("Seal", f.Get("Seal")) }), purchase.Malformed),
			"capital letters":     providertest.Refused(edited(genuine[0], func(f url.Values) { f.Set("Seal", strings.ToUpper(f.Get("Seal"))) }), purchase.Malformed),
			"half a seal":         providertest.Refused(edited(genuine[0], func(f url.Values) { f.Set("Seal", f.Get("Seal")[:32]) }), purchase.Malformed),
			"a longer seal":       providertest.Refused(edited(genuine[0], func(f url.Values) { f.Set("Seal", f.Get("Seal")+"00") }), purchase.Malformed),
			"no seal":             providertest.Refused(form("Seal", ""), purchase.Malformed),
			"no data":             providertest.Refused(form("Data", ""), purchase.Malformed),
			"an unknown encoding": providertest.Refused(form("Encode", "hex"), purchase.Malformed),
		},
		Form:     true,
		Unsigned: unsigned,
		Sign: func(d *purchase.Delivery) {
			data := string(d.Body)
			if form, err := url.ParseQuery(data); err == nil && form.Has("Data") {
				data = form.Get("Data")
			}
			d.Body = w.Sim.Sealed(data).Body
		},
		Known:       []purchase.Ref{{Payment: id}, {Payment: "?", Object: id}, {Payment: "?", Object: id + "-returned"}},
		Unknown:     purchase.Ref{Payment: "nobody"},
		Secrets:     []string{secret, older},
		Allocations: 40,
	}
}

// many are more fields than any response has.
func many() string {
	var b strings.Builder
	for i := range 500 {
		fmt.Fprintf(&b, "|f%d=1", i)
	}
	return b.String()
}

// unsigned tells whether a byte is of the version, which is not read, or of the name of an encoding that says nothing.
func unsigned(d purchase.Delivery, i int, _ byte) bool {
	start := bytes.LastIndexByte(d.Body[:i], '&') + 1
	part := string(d.Body[start:])
	part, _, _ = strings.Cut(part, "&")
	within := i < start+len(part)
	return within && (strings.HasPrefix(part, "InterfaceVersion=") || part == "Encode=")
}

func TestSuite(t *testing.T) {
	t.Run("hmac", func(t *testing.T) { providertest.Run(t, harness(t, nil)) })
	t.Run("hmac base64", func(t *testing.T) {
		providertest.Run(t, harness(t, func(v *providersim.SipsVariant) { v.Encode, v.OwnCode, v.Context = "base64", true, true }))
	})
	t.Run("sha256", func(t *testing.T) {
		providertest.Run(t, harness(t, func(v *providersim.SipsVariant) { v.Plain, v.Numbers, v.Folded, v.Batched = true, true, true, true }))
	})
	t.Run("sha256 base64url", func(t *testing.T) {
		providertest.Run(t, harness(t, func(v *providersim.SipsVariant) {
			v.Plain, v.Encode, v.Platform, v.Forgets = true, "base64url", "", true
		}))
	})
}

func TestSuiteWithoutOffice(t *testing.T) {
	h := harness(t, nil)
	made := h.New
	h.New = func() (bridge.Provider, error) {
		p, err := made()
		if err != nil {
			return nil, err
		}
		return p.(*sips.Sips).Page, nil
	}
	providertest.Run(t, h)
}

func FuzzRead(f *testing.F)      { providertest.Fuzz(f, harness(f, nil)) }
func BenchmarkRead(b *testing.B) { providertest.Bench(b, harness(b, nil)) }
