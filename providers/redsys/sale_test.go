package redsys_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/redsys"
)

// enter posts a form as the buyer's browser does, and returns the page it leads to, or what it says instead.
func (w *world) enter(t testing.TB, c purchase.Checkout) (address, text string) {
	t.Helper()
	form := url.Values{}
	for _, f := range c.Form {
		form.Add(f.Name, f.Value)
	}
	client := *w.Server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.PostForm(c.URL, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.Header.Get("Location"), string(body)
}

func (w *world) opened(t testing.TB, o purchase.Order) purchase.Checkout {
	t.Helper()
	c, err := w.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if address, text := w.enter(t, c); address != w.Server.URL+"/pay/"+c.Payment {
		t.Fatalf("the form leads to %q: %s", address, text)
	}
	return c
}

// told are the facts of all deliveries so far, at least n.
func (w *world) told(t testing.TB, n int) (facts []purchase.Fact) {
	t.Helper()
	for _, d := range w.Delivered(t, n) {
		reading, err := w.Read(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		facts = append(facts, reading.Facts...)
	}
	return facts
}

// folded is the one payment that facts amount to.
func folded(t testing.TB, facts []purchase.Fact) purchase.Payment {
	t.Helper()
	key := purchase.Key{Environment: "main", ID: providertest.PurchaseID}
	for i := range facts {
		facts[i].Purchase, facts[i].Account = key, "main"
		facts[i] = purchase.Identify(facts[i])
	}
	p := purchase.Fold(key, facts, purchase.Policy{})
	if len(p.Payments) != 1 {
		t.Fatalf("%d payments: %q", len(p.Payments), providertest.Said(facts))
	}
	return p.Payments[0]
}

func TestASaleFromTheFormToTheRefunds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened(t, providertest.Order("key-1"))
	if c.Voidable || c.Capturable || !c.Until.IsZero() {
		t.Errorf("the form is more than a form: %+v", c)
	}
	w.Press(t, c.Payment, "decline")
	if back := w.Press(t, c.Payment, "pay"); back != "https://pay.example.org/return/token" {
		t.Errorf("the buyer comes back to %q", back)
	}
	if err := w.Sim.GiveBack(c.Payment, "15.00", false); err != nil {
		t.Fatal(err)
	}
	facts := w.told(t, 3)
	for _, f := range facts {
		if f.Payment != c.Payment || f.Purchase.ID != providertest.PurchaseID || !f.Detail.Sealed || f.Detail.Event != providertest.EventID || f.Detail.User != providertest.ContactID {
			t.Errorf("%+v", f)
		}
	}
	p := folded(t, facts)
	if p.Captured != providertest.Euros45 || p.Refunded.Minor != 1500 || p.Contradicted {
		t.Errorf("%+v", p)
	}
	if _, text := w.enter(t, c); !strings.Contains(text, "SIS0051") {
		t.Errorf("a paid order is taken again: %s", text)
	}
}

func TestABuyerWhoGivesUpIsToldOf(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := w.opened(t, providertest.Order("key-1"))
	if back := w.Press(t, c.Payment, "cancel"); back != "https://pay.example.org/return/token?cancel=1" {
		t.Errorf("the buyer comes back to %q", back)
	}
	if p := folded(t, w.told(t, 1)); !p.Lapsed || !p.Failed || p.Captured.Known() {
		t.Errorf("%+v", p)
	}
}

// A refused attempt hides neither the reservation nor the money that another attempt at the order brings.
func TestAPreauthorisationIsOneThingWithItsConfirmation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		end   func(w *world, id string) error
		fails bool
		taken int64
	}{
		"confirmed":  {func(w *world, id string) error { return w.Sim.Confirm(id, "") }, false, 4500},
		"in part":    {func(w *world, id string) error { return w.Sim.Confirm(id, "40.00") }, false, 4000},
		"given up":   {func(w *world, id string) error { return w.Sim.GiveUp(id) }, true, 0},
		"left alone": {func(*world, string) error { return nil }, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			form, err := w.Open(t.Context(), providertest.Order("key-1"))
			if err != nil {
				t.Fatal(err)
			}
			reserve(w, &form)
			w.enter(t, form)
			w.Press(t, form.Payment, "decline")
			w.Press(t, form.Payment, "pay")
			if p := folded(t, w.told(t, 2)); !p.Authorised || p.Lapsed || p.Captured.Known() {
				t.Errorf("a refused attempt hides the reservation: %+v", p)
			}
			if err := c.end(w, form.Payment); err != nil {
				t.Fatal(err)
			}
			count := 3
			if name == "left alone" {
				count = 2
			}
			p := folded(t, w.told(t, count))
			if p.Captured.Minor != c.taken || p.Authorised == (c.fails || c.taken > 0) || p.Contradicted {
				t.Errorf("%+v", p)
			}
		})
	}
}

// reserve makes a form of the organiser's page that only reserves.
func reserve(w *world, c *purchase.Checkout) {
	raw, _ := base64.StdEncoding.DecodeString(c.Form[1].Value)
	text := base64.StdEncoding.EncodeToString([]byte(strings.Replace(string(raw), `TRANSACTIONTYPE":"0"`, `TRANSACTIONTYPE":"1"`, 1)))
	signed, _ := url.ParseQuery(string(w.Sim.SignedText(c.Payment, text).Body))
	c.Form[1].Value = text
	c.Form[2].Value = strings.NewReplacer("-", "+", "_", "/").Replace(signed.Get("Ds_Signature"))
}

func requested(t testing.TB, c purchase.Checkout) map[string]string {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(c.Form[1].Value)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range raw {
		if b >= 0x80 {
			t.Fatalf("the form depends on a character set: %s", raw)
		}
	}
	var p map[string]string
	if err := json.Unmarshal(raw, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAnOrderHasOneNumberOfItsOwn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shape := regexp.MustCompile(`^[0-9]{4}[0-9A-Z]{8}$`)
	numbers := map[string]bool{}
	for i := range 2000 {
		order := providertest.Order(fmt.Sprint("key-", i/2))
		if i%2 == 1 { // the same key again
			order.Return = "https://pay.example.org/return/another"
		}
		c, err := w.Open(t.Context(), order)
		if err != nil || !shape.MatchString(c.Payment) {
			t.Fatalf("%q, %v", c.Payment, err)
		}
		numbers[c.Payment] = true
	}
	other := providertest.Order("key-0")
	other.Reference.Purchase = "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f61"
	c, err := w.Open(t.Context(), other)
	if err != nil || len(numbers) != 1000 || numbers[c.Payment] {
		t.Errorf("%d numbers for 1000 keys, another purchase %q, %v", len(numbers), c.Payment, err)
	}
}

func TestTheSamePaymentAgainHasTheNewWayBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := providertest.Order("key-1")
	order.Description = "Журнал & <Café> 𝄞"
	first := w.opened(t, order)
	order.Payment, order.Return, order.Key = first.Payment, "https://pay.example.org/return/again", "key-2"
	again := w.opened(t, order)
	was, is := requested(t, first), requested(t, again)
	if is["DS_MERCHANT_URLOK"] != order.Return || is["DS_MERCHANT_URLKO"] != order.Return+"?cancel=1" || is["DS_MERCHANT_PRODUCTDESCRIPTION"] != order.Description {
		t.Errorf("%v", is)
	}
	for _, p := range []map[string]string{was, is} {
		delete(p, "DS_MERCHANT_URLOK")
		delete(p, "DS_MERCHANT_URLKO")
	}
	if again.Payment != first.Payment || again.URL != first.URL || fmt.Sprint(was) != fmt.Sprint(is) {
		t.Errorf("another form:\n%v\n%v", was, is)
	}
	if is["DS_MERCHANT_MERCHANTURL"] != providertest.Callback || is["DS_MERCHANT_CONSUMERLANGUAGE"] != "004" || is["DS_MERCHANT_AMOUNT"] != "4500" || is["DS_MERCHANT_CURRENCY"] != "978" {
		t.Errorf("%v", is)
	}
	if back := w.Press(t, first.Payment, "pay"); back != order.Return {
		t.Errorf("the buyer comes back to %q", back)
	}
}

func TestWhatCannotBeOpenedIsRefusedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*purchase.Order){
		"a reservation":          func(o *purchase.Order) { o.Reserve = true },
		"three decimals":         func(o *purchase.Order) { o.Money = purchase.Money{Minor: 45120, Currency: "KWD"} },
		"no decimals but no yen": func(o *purchase.Order) { o.Money = purchase.Money{Minor: 4500, Currency: "KRW"} },
		"nothing":                func(o *purchase.Order) { o.Money.Minor = 0 },
		"no currency":            func(o *purchase.Order) { o.Money = purchase.Money{Minor: 4500} },
		"too much":               func(o *purchase.Order) { o.Money.Minor = 1_000_000_000_000 },
		"a payment of others":    func(o *purchase.Order) { o.Payment = "12345" },
		"no way back":            func(o *purchase.Order) { o.Return = "/return/token" },
		"a long way back":        func(o *purchase.Order) { o.Return += strings.Repeat("x", 250) },
		"no purchase":            func(o *purchase.Order) { o.Reference.Purchase = "" },
	} {
		o := providertest.Order("key-1")
		change(&o)
		c, err := w.Open(t.Context(), o)
		if _, again := purchase.Retry(err); err == nil || again || len(c.Form) > 0 {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	for currency, want := range map[string]string{"EUR": "45.00", "JPY": "4500", "SEK": "45.00"} {
		o := providertest.Order("key-" + currency)
		o.Money.Currency = currency
		c := w.opened(t, o)
		if p, _ := w.Sim.Payment(c.Payment); p.Value != want || p.Currency != currency {
			t.Errorf("%s %s, want %s %s", p.Value, p.Currency, want, currency)
		}
	}
}

// Redsys' own page is pinned for each mode, and the simulator keeps what its variants say.
func TestThePageIsThatOfTheMode(t *testing.T) {
	t.Parallel()
	for live, want := range map[bool]string{true: "https://sis.redsys.es/sis/realizarPago", false: "https://sis-t.redsys.es:25443/sis/realizarPago"} {
		o := providertest.Options(t, nil)
		o.Live = live
		r, err := redsys.New(redsys.Config{MerchantCode: "327234688", Terminal: "1", SecretKey: providertest.Secret(t, ownKey)}, o)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := r.Open(t.Context(), providertest.Order("key-1")); err != nil || c.URL != want {
			t.Errorf("%q, %v", c.URL, err)
		}
	}
}

func TestEveryVariantOfTheSimulatorSells(t *testing.T) {
	t.Parallel()
	for i := range 1 << 7 {
		w := newWorld(t)
		bit := func(n int) bool { return i>>n&1 == 1 }
		v := providersim.RedsysVariant{Unpadded: bit(0), Plain: bit(1), Capitals: bit(2), Numbers: bit(3), Filled: bit(4), Once: bit(5), Tells: bit(6)}
		w.Sim.Vary(v)
		c := w.opened(t, providertest.Order("key-1"))
		back := w.Press(t, c.Payment, "decline")
		if v.Once {
			if _, text := w.enter(t, c); !strings.Contains(back, "cancel=1") || !strings.Contains(text, "SIS0051") {
				t.Errorf("%+v: a refused order is taken again: %q", v, back)
			}
			c = w.opened(t, providertest.Order("key-2"))
		}
		if back = w.Press(t, c.Payment, "pay"); strings.Contains(back, "Ds_Signature") != v.Tells {
			t.Errorf("%+v: %q", v, back)
		}
		facts := w.told(t, 2)
		if p := folded(t, facts[len(facts)-1:]); p.Captured != providertest.Euros45 || p.Ref != c.Payment {
			t.Errorf("%+v: %+v", v, p)
		}
	}
}

// The powers that the terminal does not have are not there.
func TestATerminalOnlyReadsAndOpens(t *testing.T) {
	t.Parallel()
	var p bridge.Provider = newWorld(t).Redsys
	_, opens := p.(bridge.Opener)
	_, asks := p.(bridge.Asker)
	_, voids := p.(bridge.Voider)
	_, refunds := p.(bridge.Refunder)
	if !opens || asks || voids || refunds {
		t.Error("it claims other powers")
	}
}
