package monetico_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/monetico"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// opened opens a session.
func (w *world) opened(t testing.TB, o purchase.Order) purchase.Checkout {
	t.Helper()
	made, err := w.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// enter posts an order to the pay page, as the buyer's browser does; it tells where that leads, or what the page says instead.
func (w *world) enter(t testing.TB, page string, fields []purchase.Field) string {
	t.Helper()
	form := url.Values{}
	for _, f := range fields {
		form.Add(f.Name, f.Value)
	}
	client := w.Server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.PostForm(page, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(resp.Header.Get("Location"), w.Server.URL) + string(raw)
}

func value(fields []purchase.Field, name string) string {
	for _, f := range fields {
		if f.Name == name {
			return f.Value
		}
	}
	return ""
}

// heard is what the n-th delivery tells, of n in all.
func (w *world) heard(t *testing.T, n int) []purchase.Fact {
	t.Helper()
	reading, err := w.Read(t.Context(), w.Delivered(t, n)[n-1])
	if err != nil {
		t.Fatal(err)
	}
	return reading.Facts
}

func TestAnOrderFromItsFormToItsMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.opened(t, providertest.Order("open-1"))
	if made.URL != w.Server.URL+"/test/paiement.cgi" || made.Voidable || made.Capturable || !made.Until.IsZero() {
		t.Errorf("%+v", made)
	}
	if !regexp.MustCompile(`^[A-Z0-9]{12}$`).MatchString(made.Payment) || value(made.Form, "reference") != made.Payment {
		t.Errorf("the reference is %q", made.Payment)
	}
	if to := w.enter(t, made.URL, made.Form); to != "/pay/"+made.Payment {
		t.Fatalf("the form leads to %s", to)
	}
	if to := w.Press(t, made.Payment, "decline"); to != "" {
		t.Errorf("a refused card leads to %s", to)
	}
	if said := fmt.Sprint(providertest.Said(w.heard(t, 1))); said != "[proved failed "+made.Payment+" "+made.Payment+" "+providertest.PurchaseID+" Refus]" {
		t.Error(said)
	}
	if to := w.Press(t, made.Payment, "cancel"); to != "https://pay.example.org/return/token?cancel=1" {
		t.Errorf("giving up leads to %s", to)
	}
	order := providertest.Order("open-2") // which session is shown again does not hang on the key
	order.Payment, order.Return = made.Payment, "https://pay.example.org/return/other"
	again := w.opened(t, order)
	if to := w.enter(t, again.URL, again.Form); again.Payment != made.Payment || to != "/pay/"+made.Payment {
		t.Errorf("%s is shown again as %s, at %s", made.Payment, again.Payment, to)
	}
	if to := w.Press(t, made.Payment, "pay"); to != order.Return {
		t.Errorf("paying leads to %s", to)
	}
	facts := w.heard(t, 2)
	want := purchase.Fact{Kind: purchase.Captured, Standing: purchase.Proved, Payment: made.Payment, Object: made.Payment + ".000000", Money: providertest.Euros45,
		Purchase: purchase.Key{Environment: "main", ID: providertest.PurchaseID},
		Detail:   purchase.Detail{Event: providertest.EventID, User: providertest.ContactID, Sealed: true}}
	if diff := cmp.Diff([]purchase.Fact{want}, facts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if to := w.enter(t, again.URL, again.Form); !strings.Contains(to, "reference") {
		t.Errorf("a paid order is shown again: %s", to)
	}
	if err := w.Sim.GiveBack(made.Payment, "15.00", false); err != nil {
		t.Error(err)
	}
	if err := w.Sim.GiveBack(made.Payment, "", true); err != nil {
		t.Error(err)
	}
	time.Sleep(20 * time.Millisecond)
	if n := len(w.Delivered(t, 2)); n != 2 {
		t.Errorf("%d deliveries: what happens in the back office is told", n)
	}
}

func TestOrdersAreToldApartByTheirKeysAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[string]bool{}
	for i := range 1000 {
		order := providertest.Order(fmt.Sprint("open-", i))
		one := w.opened(t, order)
		order.Return, order.Language = "https://pay.example.org/return/other", "en"
		if two := w.opened(t, order); two.Payment != one.Payment || value(two.Form, "lgue") != "EN" || value(one.Form, "lgue") != "FR" {
			t.Errorf("the same order is %s and %s", one.Payment, two.Payment)
		}
		seen[one.Payment] = true
	}
	if len(seen) != 1000 {
		t.Errorf("1000 orders have %d references", len(seen))
	}
}

func TestAnOrderSaysNothingOfTheBuyer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := providertest.Order("open-1")
	order.Description = "Gala*code-retour=payetest"
	made := w.opened(t, order)
	context, err := base64.StdEncoding.DecodeString(value(made.Form, "contexte_commande"))
	if want := `{"billing":{"addressLine1":"12 rue du Bal","city":"Mulhouse","country":"FR","postalCode":"68100"}}`; err != nil || string(context) != want {
		t.Errorf("%s, %v", context, err)
	}
	for _, f := range made.Form {
		if strings.ContainsAny(f.Value, "*") || strings.Contains(f.Value, "Gala") || strings.Contains(f.Value, providertest.ContactID) {
			t.Errorf("%s is %q", f.Name, f.Value)
		}
	}
}

func TestAmountsGoOutAndComeBackExactly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, c := range []struct {
		money purchase.Money
		want  string
	}{
		{purchase.Money{Minor: 4500, Currency: "EUR"}, "45.00EUR"},
		{purchase.Money{Minor: 1, Currency: "EUR"}, "0.01EUR"},
		{purchase.Money{Minor: 4500, Currency: "JPY"}, "4500JPY"},
		{purchase.Money{Minor: 45120, Currency: "KWD"}, "45.12KWD"},
	} {
		order := providertest.Order(c.want)
		order.Money = c.money
		made := w.opened(t, order)
		if got := value(made.Form, "montant"); got != c.want {
			t.Errorf("%s goes out as %s", c.money, got)
		}
		w.enter(t, made.URL, made.Form)
		w.Press(t, made.Payment, "pay")
		if facts := w.heard(t, i+1); facts[0].Money != c.money {
			t.Errorf("%s comes back as %s", c.money, facts[0].Money)
		}
	}
}

func TestWhatThePageCannotSayIsNotOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*purchase.Order){
		"reserve only":    func(o *purchase.Order) { o.Reserve = true },
		"nothing":         func(o *purchase.Order) { o.Money.Minor = 0 },
		"no amount":       func(o *purchase.Order) { o.Money = purchase.Money{} },
		"another session": func(o *purchase.Order) { o.Payment = "cs_test_1" },
		"an odd session":  func(o *purchase.Order) { o.Payment = "A*B" },
		"no purchase":     func(o *purchase.Order) { o.Reference.Purchase = "" },
		"no way back":     func(o *purchase.Order) { o.Return = "/return" },
	} {
		order := providertest.Order("open-1")
		change(&order)
		made, err := w.Open(t.Context(), order)
		if _, again := purchase.Retry(err); err == nil || again || made.URL != "" {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			for c := 'A'; c <= 'Z'; c++ {
				order := providertest.Order("open-1")
				order.Money = purchase.Money{Minor: 12345, Currency: string([]rune{a, b, c})}
				digits, ok := purchase.Digits(order.Money.Currency)
				if _, err := w.Open(t.Context(), order); ok && (err == nil) != (digits <= 2) {
					t.Errorf("%s, of which the bank knows two decimals: %v", order.Money, err)
				}
			}
		}
	}
}

func TestABankThatDoesItElseSellsAsWell(t *testing.T) {
	t.Parallel()
	for name, v := range map[string]providersim.MoneticoVariant{
		"by GET":             {ByGet: true},
		"in small letters":   {Small: true},
		"with news":          {News: true},
		"leniently":          {Lenient: true},
		"for one card":       {Attempts: 2},
		"for a while":        {Life: time.Hour},
		"all of it, by seed": {Once: true, ByGet: true, Small: true, News: true, Lenient: true, Attempts: 4, Life: time.Minute},
	} {
		w := newWorld(t)
		w.Sim.Vary(v)
		made := w.opened(t, providertest.Order("open-1"))
		w.enter(t, made.URL, made.Form)
		w.Press(t, made.Payment, "decline")
		w.Press(t, made.Payment, "pay")
		var kinds []purchase.Kind
		for _, d := range w.Delivered(t, 2) {
			reading, err := w.Read(t.Context(), d)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			kinds = append(kinds, reading.Facts[0].Kind)
		}
		if fmt.Sprint(kinds) != "[failed captured]" {
			t.Errorf("%s: %v", name, kinds)
		}
	}
}

func TestInstalmentsAreLeftToAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Sim.Vary(providersim.MoneticoVariant{Parts: 3})
	made := w.opened(t, providertest.Order("open-1"))
	w.enter(t, made.URL, made.Form)
	w.Press(t, made.Payment, "pay")
	for part, paid := range map[int]bool{2: true, 3: false} {
		if err := w.Sim.Part(made.Payment, part, paid); err != nil {
			t.Fatal(err)
		}
	}
	for i, d := range w.Delivered(t, 3) {
		_, err := w.Read(t.Context(), d)
		if i == 0 && !errors.Is(err, purchase.ErrNotUnderstood) || err == nil {
			t.Errorf("delivery %d: %v", i, err)
		}
	}
}

func TestThePagesOfTestAndProductionDoNotMix(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	live := w.live(t)
	sandbox := w.opened(t, providertest.Order("open-1"))
	real, err := live.Open(t.Context(), providertest.Order("open-2"))
	if err != nil || real.URL != "https://p.monetico-services.com/paiement.cgi" {
		t.Fatalf("%+v, %v", real, err)
	}
	// The buyer's browser decides where a form goes, and the seal does not say where it is meant to go.
	w.enter(t, w.Server.URL+"/paiement.cgi", sandbox.Form)
	w.Press(t, sandbox.Payment, "pay")
	if _, err := w.Read(t.Context(), w.Delivered(t, 1)[0]); !errors.Is(err, purchase.WrongMode) {
		t.Errorf("a sandbox order paid in production: %v", err)
	}
	w.enter(t, w.Server.URL+"/test/paiement.cgi", real.Form)
	w.Press(t, real.Payment, "pay")
	if _, err := live.Read(t.Context(), w.Delivered(t, 2)[1]); !errors.Is(err, purchase.WrongMode) {
		t.Errorf("a live order paid with a test card: %v", err)
	}
}

func TestThePageMindsTheSealAndTheRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	config := w.config
	config.Billing.City = ""
	for name, c := range map[string]struct {
		account *monetico.Shop
		change  func(fields []purchase.Field) []purchase.Field
		want    string
	}{
		"another amount": {w.Shop, func(f []purchase.Field) []purchase.Field { f[4].Value = "1.00EUR"; return f }, "MAC"},
		"a field more":   {w.Shop, func(f []purchase.Field) []purchase.Field { return append(f, purchase.Field{Name: "x", Value: "y"}) }, ": x"},
		"a field twice":  {w.Shop, func(f []purchase.Field) []purchase.Field { return append(f, f[0]) }, "TPE"},
		"no city":        {shop(t, config, false), func(f []purchase.Field) []purchase.Field { return f }, "contexte_commande"},
	} {
		made, err := c.account.Open(t.Context(), providertest.Order(name))
		if err != nil {
			t.Fatal(err)
		}
		if page := w.enter(t, made.URL, c.change(made.Form)); !strings.Contains(page, c.want+"<") {
			t.Errorf("%s: %s", name, page)
		}
	}
}

func TestOnlyTheReceiptOfWhatIsKeptIsOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	kept, refused := w.Shop.Answer(purchase.Delivery{}, true), w.Shop.Answer(purchase.Delivery{}, false)
	for name, c := range map[string]struct {
		status int
		body   []byte
		taken  bool
	}{
		"kept":                   {200, kept.Body, true},
		"refused":                {401, refused.Body, false},
		"refused, status unread": {200, refused.Body, false},
		"refused, body unread":   {401, kept.Body, false},
		"could not be kept":      {503, []byte("Service Unavailable\n"), false},
		"nothing said":           {200, nil, false},
	} {
		if got := w.Sim.Accepts(c.status, c.body); got != c.taken {
			t.Errorf("%s: taken %v", name, got)
		}
	}
}

func TestAnAccountHasOnlyThePowersThatTheBankGives(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hearing := w.config
	hearing.Company, hearing.Billing = "", monetico.Billing{}
	deaf, err := monetico.New(hearing, providertest.Options(t, ownFields))
	if err != nil {
		t.Fatal(err)
	}
	for name, account := range map[string]any{"with a page": w.Shop, "callback only": deaf} {
		_, opens := account.(bridge.Opener)
		_, answers := account.(bridge.Answerer)
		_, instructs := account.(bridge.Instructor)
		_, inspects := account.(bridge.Inspector)
		if opens != (name == "with a page") || !answers || !instructs || !inspects {
			t.Errorf("%s: opens %v, answers %v", name, opens, answers)
		}
		_, asks := account.(bridge.Asker)
		_, captures := account.(bridge.Capturer)
		_, voids := account.(bridge.Voider)
		_, refunds := account.(bridge.Refunder)
		_, lists := account.(bridge.Lister)
		if asks || captures || voids || refunds || lists {
			t.Errorf("%s: it can do what the bank does not offer", name)
		}
	}
}

func TestADoctorCanOnlySendAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	findings := w.Inspect(context.Background(), providertest.Callback)
	for _, f := range findings {
		if f.Status != purchase.Manual || f.Fix == "" {
			t.Errorf("%+v", f)
		}
	}
	if len(findings) != 2 || !strings.Contains(findings[1].Fix, providertest.Callback) {
		t.Errorf("%+v", findings)
	}
}
