package paypal_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// signedHeaders are needed, and each byte of them is signed or pinned.
var signedHeaders = []string{"Paypal-Transmission-Id", "Paypal-Transmission-Time", "Paypal-Transmission-Sig", "Paypal-Cert-Url", "Paypal-Auth-Algo"}

// harness sells once at the simulator and takes what it delivered for genuine.
func harness(t *testing.T, change func(*paypal.Config)) providertest.Harness {
	t.Helper()
	w := newWorld(t, change)
	order, capture, err := w.sim.Buy(providersimButton("45.00"))
	if err != nil {
		t.Fatal(err)
	}
	genuine := []purchase.Delivery{w.next(t, 0)}
	if err := w.sim.GiveBack(capture, "15.00", false); err != nil {
		t.Fatal(err)
	}
	genuine = append(genuine, w.next(t, 1))
	pending := w.buttonPending(t)
	genuine = append(genuine, w.next(t, 2))

	held := w.reserved(t, "held") // it is heard of by the approval, the reservation and its end
	if _, err := w.Void(t.Context(), held, "void"); err != nil {
		t.Fatal(err)
	}
	for n := range 3 {
		genuine = append(genuine, w.next(t, 3+n))
	}

	var foreign []purchase.Delivery
	for _, f := range w.sim.Forgeries(providersim.Forgery{Purchase: purchaseID, Value: "45.00", Currency: "EUR"}) {
		foreign = append(foreign, purchase.Delivery{Received: time.Now(), Method: http.MethodPost, Header: f.Header, Body: f.Body})
	}
	live := w.signed(string(genuine[0].Body))
	live.Header.Set("Paypal-Cert-Url", "https://api.paypal.com/v1/notifications/certs/"+
		live.Header.Get("Paypal-Cert-Url")[strings.LastIndex(live.Header.Get("Paypal-Cert-Url"), "/")+1:])
	return providertest.Harness{
		New:         func() (bridge.Provider, error) { return w.open(t), nil },
		Environment: "main",
		Genuine:     genuine,
		Foreign:     append(foreign, live),
		Signed:      signedHeaders,
		Known:       []purchase.Ref{{Payment: order}, {Payment: order, Object: capture}, {Payment: capture}, {Payment: capture, Object: capture}, {Payment: pending}, held, {Payment: held.Object, Object: held.Object}},
		Unknown:     purchase.Ref{Payment: "5ANOBODY000000001"},
		Secrets:     []string{appSecret},
	}
}

func (w *world) buttonPending(t *testing.T) string {
	t.Helper()
	b := providersimButton("12.50")
	b.Pending = "ECHECK"
	order, _, err := w.sim.Buy(b)
	if err != nil {
		t.Fatal(err)
	}
	return order
}

func TestSuiteOffline(t *testing.T) {
	h := harness(t, nil)
	h.Allocations = 250
	providertest.Run(t, h)
}

func TestSuiteAtPayPal(t *testing.T) {
	h := harness(t, func(c *paypal.Config) { c.Verify = "paypal" })
	h.Stride = 7
	providertest.Run(t, h)
}

func TestSuiteIPN(t *testing.T) {
	w := newWorld(t, func(c *paypal.Config) {
		c.Notifications, c.Receiver, c.ClientID, c.ClientSecret = "ipn", "Seller@Example.org", "", newSecret()
	})
	w.sim.SetIPN(callback)
	if _, _, err := w.sim.Buy(providersimButton("45.00")); err != nil {
		t.Fatal(err)
	}
	d := w.nextForm(t)
	sandbox := d
	sandbox.Body = []byte(strings.Replace(string(d.Body), "test_ipn=1", "test_ipn=0", 1))
	providertest.Run(t, providertest.Harness{
		New:         func() (bridge.Provider, error) { return w.open(t), nil },
		Environment: "main",
		Genuine:     []purchase.Delivery{d},
		Foreign:     []purchase.Delivery{sandbox},
		Stride:      7,
		Unknown:     purchase.Ref{Payment: "5ANOBODY000000001"},
	})
}
