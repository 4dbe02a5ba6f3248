package lyra_test

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/lyra"
	"github.com/paybridge/paybridge/providers/providertest"
)

func valueOf(c purchase.Checkout, name string) string {
	at := slices.IndexFunc(c.Form, func(f purchase.Field) bool { return f.Name == name })
	if at < 0 {
		return ""
	}
	return c.Form[at].Value
}

func TestTheSameSessionIsShownAgainByANewForm(t *testing.T) {
	bothWorlds(t, func(t *testing.T, w *world) {
		made, page := w.opened(t, providertest.Order("open-1"))
		if again := w.visit(t, made); again != "" {
			t.Error("the same form is taken twice")
		}
		order := providertest.Order("open-1")
		order.Return += "-other"
		again, other := w.opened(t, order)
		if again.Payment != made.Payment || other == page {
			t.Errorf("another way back leads to %s after %s", again.Payment, made.Payment)
		}
		order = providertest.Order("open-2") // as it is when the engine counts anew
		order.Payment, order.Return = made.Payment, order.Return+"-third"
		shown, third := w.opened(t, order)
		if shown.Payment != made.Payment {
			t.Errorf("shown again: %s", shown.Payment)
		}
		if to := w.Press(t, third, "cancel"); to != "https://pay.example.org/return/token-third?cancel=1" {
			t.Errorf("cancelling leads to %s", to)
		}
		w.Press(t, other, "pay")
		if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: made.Payment}); err != nil || len(facts) != 1 || facts[0].Kind != purchase.Captured {
			t.Errorf("%v, %v", facts, err)
		}
		fresh, err := w.Open(t.Context(), providertest.Order("open-2"))
		if err != nil || fresh.Payment == made.Payment {
			t.Errorf("another session is %s, %v", fresh.Payment, err)
		}
	})
}

func TestTheFormSaysNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := w.Open(t.Context(), providertest.Order("open-1"))
	if err != nil {
		t.Fatal(err)
	}
	if made.Voidable || made.Capturable || !made.Until.IsZero() || made.URL != w.Server.URL+"/vads-payment/" {
		t.Errorf("%+v", made)
	}
	if !strings.HasPrefix(made.Payment, providertest.PurchaseID+"-") || valueOf(made, "vads_order_id") != made.Payment || len(made.Payment) > 64 {
		t.Errorf("the session is %s", made.Payment)
	}
	if number := valueOf(made, "vads_trans_id"); !regexp.MustCompile(`^[a-z][0-9a-z]{5}$`).MatchString(number) {
		t.Errorf("the number is %s", number)
	}
	for name, want := range map[string]string{"vads_return_mode": "NONE", "vads_validation_mode": "0", "vads_capture_delay": "0", "vads_language": "fr",
		"vads_url_cancel": "https://pay.example.org/return/token?cancel=1"} {
		if got := valueOf(made, name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	for _, f := range made.Form {
		if strings.ContainsAny(f.Value, "+<>") && f.Name != "signature" {
			t.Errorf("%s can be cut or is not taken: %q", f.Name, f.Value)
		}
		if f.Value == "AUTHORISED" || f.Value == "DEBIT" {
			t.Errorf("%s lends itself to a notification", f.Name)
		}
	}
}

// TestNumbersOfADayAreDifferent: at a thousand a day two are hardly ever the same.
func TestNumbersOfADayAreDifferent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	seen := map[string]bool{}
	for i := range 1000 {
		order := providertest.Order("open-1")
		order.Return += fmt.Sprint(i)
		made, err := w.Open(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		seen[valueOf(made, "vads_trans_id")] = true
	}
	if len(seen) < 999 {
		t.Errorf("%d numbers of 1000 are the same", 1000-len(seen))
	}
}

func TestThePageIsTheBanks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config.APIURL = ""
	options := w.Stall.Options(t, ownFields)
	options.Live = true
	a, err := lyra.New(w.config, options)
	if err != nil {
		t.Fatal(err)
	}
	made, err := a.(bridge.Opener).Open(t.Context(), providertest.Order("open-1"))
	if err != nil || made.URL != "https://secure.payzen.eu/vads-payment/" || valueOf(made, "vads_ctx_mode") != "PRODUCTION" {
		t.Errorf("%+v, %v", made, err)
	}
	if made.URL = w.Server.URL + "/vads-payment/"; w.visit(t, made) != "" {
		t.Error("a live form opens a page in sandbox")
	}
}

func TestAmountsGoOutAndComeBackInStandardUnits(t *testing.T) {
	bothWorlds(t, func(t *testing.T, w *world) {
		for currency, c := range map[string]struct {
			minor      int64
			want, code string
		}{"EUR": {4500, "4500", "978"}, "JPY": {4500, "4500", "392"}, "KWD": {45123, "45123", "414"}, "HUF": {450000, "450000", "348"}, "XPF": {4500, "4500", "953"}} {
			order := providertest.Order("open-" + currency)
			order.Money = purchase.Money{Minor: c.minor, Currency: currency}
			made, page := w.opened(t, order)
			if valueOf(made, "vads_amount") != c.want || valueOf(made, "vads_currency") != c.code {
				t.Errorf("%s goes out as %s %s", order.Money, valueOf(made, "vads_amount"), valueOf(made, "vads_currency"))
			}
			w.Press(t, page, "pay")
			facts, err := w.Ask(t.Context(), purchase.Ref{Payment: made.Payment})
			if err != nil || len(facts) != 1 || facts[0].Money != order.Money {
				t.Errorf("%s comes back as %v, %v", order.Money, facts, err)
			}
		}
	})
}

func TestOrdersThatCannotBeOpenedAreRefusedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*purchase.Order){
		"nothing to pay":       func(o *purchase.Order) { o.Money = purchase.Money{} },
		"zero":                 func(o *purchase.Order) { o.Money.Minor = 0 },
		"more than there is":   func(o *purchase.Order) { o.Money.Minor = 1_000_000_000_000 },
		"odd decimals":         func(o *purchase.Order) { o.Money.Currency = "CNY" },
		"a currency of no use": func(o *purchase.Order) { o.Money.Currency = "XXX" },
		"no purchase":          func(o *purchase.Order) { o.Reference.Purchase = "orphan-1" },
		"no way back":          func(o *purchase.Order) { o.Return = "/return" },
		"no key":               func(o *purchase.Order) { o.Key = "" },
		"another's session":    func(o *purchase.Order) { o.Payment = "00000000-0000-4000-8000-000000000001-0123456789" },
		"no session":           func(o *purchase.Order) { o.Payment = providertest.PurchaseID },
	} {
		order := providertest.Order("open-1")
		change(&order)
		if made, err := w.Open(t.Context(), order); !final(err) {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
	w.config.Password, w.config.TrustForm, w.config.Notifications = field.Secret{}, true, "form"
	order := providertest.Order("open-1")
	order.Reserve = true
	if _, err := w.open(t).(bridge.Opener).Open(t.Context(), order); !final(err) {
		t.Errorf("reserved, and nobody can take it: %v", err)
	}
}

func TestPowersAreThoseThatTheSettingsGive(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change      func(*lyra.Config)
		asks, opens bool
	}{
		"all":                 {func(*lyra.Config) {}, true, true},
		"no page":             {func(c *lyra.Config) { c.FormHost = "" }, true, false},
		"no key for the page": {func(c *lyra.Config) { c.HMACKey = field.Secret{} }, true, false},
		"no REST API":         {func(c *lyra.Config) { c.Password = field.Secret{} }, false, true},
		"neither":             {func(c *lyra.Config) { c.Password, c.FormHost = field.Secret{}, "" }, false, false},
	} {
		config := section(t, "rest")
		c.change(&config)
		a, err := lyra.New(config, providertest.Options(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		_, asks := a.(bridge.Asker)
		_, captures := a.(bridge.Capturer)
		_, voids := a.(bridge.Voider)
		_, refunds := a.(bridge.Refunder)
		_, inspects := a.(bridge.Inspector)
		_, opens := a.(bridge.Opener)
		if asks != c.asks || captures != c.asks || voids != c.asks || refunds != c.asks || inspects != c.asks || opens != c.opens {
			t.Errorf("%s: asks %v, captures %v, voids %v, refunds %v, inspects %v, opens %v", name, asks, captures, voids, refunds, inspects, opens)
		}
		if _, answers := a.(bridge.Answerer); !answers {
			t.Errorf("%s: it has no answer", name)
		}
	}
}

// TestAFormNotificationCanBeMadeOfAnother shows why form notifications are hearsay: the values of a signed form, cut and renamed.
func TestAFormNotificationCanBeMadeOfAnother(t *testing.T) {
	t.Parallel()
	w := newFormWorld(t)
	words := []string{"TEST", "978", "4500", "DEBIT", providertest.PurchaseID, "SINGLE", "00", shopID, "AUTHORISED", first, "PAY"}
	names := []string{"vads_ctx_mode", "vads_currency", "vads_effective_amount", "vads_operation_type", "vads_order_id", "vads_payment_config", "vads_result", "vads_site_id",
		"vads_trans_status", "vads_trans_uuid", "vads_url_check_src"}
	signed := w.Sim.SignedFields(map[string]string{"vads_amount": "100", "vads_cust_address": strings.Join(words, "+"), "vads_version": "V2"})
	form, err := url.ParseQuery(string(signed.Body))
	if err != nil {
		t.Fatal(err)
	}
	made := url.Values{"signature": form["signature"], "vads_amount": {"100"}, "vads_version": {"V2"}}
	for i, name := range names {
		made.Set(name, words[i])
	}
	reading, err := w.Read(t.Context(), posted(made))
	if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Standing != purchase.Heard {
		t.Fatalf("%v, %v", reading, err)
	}
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: reading.Facts[0].Payment, Object: reading.Facts[0].Object}); !errors.Is(err, purchase.ErrNoPayment) {
		t.Errorf("%v, %v", facts, err)
	}
}

func TestTheAnswerIsAShortTextAndNeverARedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a := w.open(t).(bridge.Answerer)
	kept, refused := a.Answer(purchase.Delivery{}, true), a.Answer(purchase.Delivery{}, false)
	if string(kept.Body) != "OK" || kept.Status != 0 || len(refused.Body) > 0 || refused.Status != 0 {
		t.Errorf("%+v, %+v", kept, refused)
	}
	for status, taken := range map[int]bool{200: true, 204: true, 302: true, 401: false, 503: false} {
		if w.Sim.Accepts(status, nil) != taken {
			t.Errorf("%d counts as an acknowledgement: %v", status, !taken)
		}
	}
	if methods := a.Methods(); len(methods) != 1 || methods[0] != "POST" {
		t.Error(methods)
	}
}

func TestWhatTheCallsCostInTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	began := time.Now()
	if _, err := w.Open(t.Context(), providertest.Order("open-1")); err != nil || time.Since(began) > time.Second || len(w.Sim.Requests()) > 0 {
		t.Errorf("opening a page calls somebody: %v", w.Sim.Requests())
	}
}
