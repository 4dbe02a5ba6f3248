package sips_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/sips"
)

// fields are those of a form's Data.
func fields(t testing.TB, made purchase.Checkout) map[string]string {
	t.Helper()
	all := map[string]string{}
	for part := range strings.SplitSeq(made.Form[0].Value, "|") {
		name, value, _ := strings.Cut(part, "=")
		all[name] = value
	}
	return all
}

func TestTheFormOfAnOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made, err := w.Open(t.Context(), providertest.Order("open-1"))
	if err != nil || made.Capturable || made.Voidable || !made.Until.IsZero() || made.URL != w.Server.URL+"/paymentInit" {
		t.Fatalf("%+v, %v", made, err)
	}
	var names []string
	for _, f := range made.Form {
		names = append(names, f.Name)
	}
	if fmt.Sprint(names) != "[Data InterfaceVersion Seal SealAlgorithm]" || made.Form[3].Value != "HMAC-SHA-256" {
		t.Errorf("%v", made.Form)
	}
	got := fields(t, made)
	ref, ok := w.Seals.Open(got["returnContext"])
	want := providertest.Order("").Reference
	want.Sealed = true
	if !ok || ref != want || len(got["returnContext"]) > 255 {
		t.Errorf("carried %+v", ref)
	}
	delete(got, "returnContext")
	if fmt.Sprint(got) != fmt.Sprint(map[string]string{"amount": "4500", "currencyCode": "978", "merchantId": shop, "keyVersion": "2",
		"transactionReference": made.Payment, "orderId": "0d3f7c1a52aa4c559e6d1b2c3d4e5f60", "orderChannel": "INTERNET", "captureMode": "AUTHOR_CAPTURE",
		"captureDay": "0", "normalReturnUrl": "https://pay.example.org/return/token", "automaticResponseUrl": providertest.Callback, "customerLanguage": "fr", "responseEncoding": "base64"}) {
		t.Errorf("%v", got)
	}
}

func TestOneOrderIsOnePayment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	order := providertest.Order("open-1")
	ref := w.opened(t, order)
	order.Return += "-other"
	other := w.opened(t, order)
	shown := order
	shown.Payment, shown.Key = ref.Payment, "open-2"
	again := w.opened(t, shown)
	if other != ref || again != ref || len(w.Sim.Payments()) != 1 {
		t.Errorf("%v, %v and %v are %d payments", ref, other, again, len(w.Sim.Payments()))
	}
	if p, _ := w.Sim.Payment(ref.Payment); p.Return != order.Return {
		t.Errorf("the way back is %s", p.Return)
	}
	order.Key = "open-2"
	if next := w.opened(t, order); next == ref {
		t.Error("two orders are one payment")
	}
	order.Reserve = true
	if reserved := w.opened(t, order); !strings.HasPrefix(reserved.Payment, "PBR") || len(reserved.Payment) != 35 {
		t.Errorf("a reservation is called %s", reserved.Payment)
	}
}

func TestMoneyGoesOutAndComesBackInTheSmallestUnit(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for currency, want := range map[string]string{"EUR": "978 4500", "JPY": "392 4500", "KWD": "414 4500", "TND": "788 4500", "HUF": "348 4500", "ISK": "352 4500"} {
		order := providertest.Order("open-" + currency)
		order.Money = purchase.Money{Minor: 4500, Currency: currency}
		made, err := w.Open(t.Context(), order)
		if err != nil {
			t.Errorf("%s: %v", currency, err)
			continue
		}
		got := fields(t, made)
		if got["currencyCode"]+" "+got["amount"] != want {
			t.Errorf("%s goes out as %s %s", order.Money, got["currencyCode"], got["amount"])
		}
		ref := w.paid(t, order)
		if facts, err := w.Ask(t.Context(), ref); err != nil || facts[0].Money != order.Money {
			t.Errorf("%s comes back as %v, %v", order.Money, facts, err)
		}
		if facts, err := w.Refund(t.Context(), ref, order.Money, "refund-1"); err != nil || facts[1].Money != order.Money {
			t.Errorf("%s goes back as %v, %v", order.Money, facts, err)
		}
	}
}

func TestOrdersThatCannotBeCarriedAreRefusedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for name, change := range map[string]func(*purchase.Order){
		"nothing":              func(o *purchase.Order) { o.Money.Minor = 0 },
		"no currency":          func(o *purchase.Order) { o.Money = purchase.Money{} },
		"a currency of old":    func(o *purchase.Order) { o.Money.Currency = "FRF" },
		"too much":             func(o *purchase.Order) { o.Money.Minor = 1_000_000_000_000 },
		"no purchase":          func(o *purchase.Order) { o.Reference.Purchase = "" },
		"no key":               func(o *purchase.Order) { o.Key = "" },
		"nowhere to return":    func(o *purchase.Order) { o.Return = "/return" },
		"too far to return":    func(o *purchase.Order) { o.Return += strings.Repeat("a", 500) },
		"a way back that ends": func(o *purchase.Order) { o.Return += "|captureMode=IMMEDIATE" },
		"somebody's payment":   func(o *purchase.Order) { o.Payment = "../x" },
	} {
		order := providertest.Order("open-1")
		change(&order)
		if made, err := w.Open(t.Context(), order); !final(err) {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
	order := providertest.Order("open-1")
	order.Reference.Purchase = "{" + strings.ToUpper(order.Reference.Purchase) + "}"
	order.Language = "de"
	made, err := w.Open(t.Context(), order)
	if err != nil || fields(t, made)["orderId"] != "0d3f7c1a52aa4c559e6d1b2c3d4e5f60" || fields(t, made)["customerLanguage"] != "" {
		t.Errorf("%+v, %v", made, err)
	}
}

func TestTheBuyerIsSentToTheBanksOwnPage(t *testing.T) {
	t.Parallel()
	for want, c := range map[string]struct {
		bank, page string
		live       bool
	}{
		"https://payment-webinit.mercanet.bnpparibas.net/paymentInit":         {"mercanet", "", true},
		"https://payment-webinit-mercanet.test.sips-services.com/paymentInit": {"mercanet", "", false},
		"https://payment-webinit.sips-services.com/paymentInit":               {"sips", "", true},
		"https://payment-webinit.simu.sips-services.com/paymentInit":          {"sips", "", false},
		"https://sherlocks-payment-webinit-simu.secure.lcl.fr/paymentInit":    {"sips", "sherlocks-payment-webinit-simu.secure.lcl.fr", false},
	} {
		config, o := section(t), providertest.Options(t, nil)
		config.Bank, config.PageHost, o.Live = c.bank, c.page, c.live
		s, err := sips.New(config, o)
		if err != nil {
			t.Fatal(err)
		}
		if made, err := s.Open(t.Context(), providertest.Order("open-1")); err != nil || made.URL != want {
			t.Errorf("%s, %v, want %s", made.URL, err, want)
		}
	}
}

func TestPowersFollowTheContract(t *testing.T) {
	t.Parallel()
	config := section(t)
	for _, bare := range []bool{false, true} {
		config.NoOffice = bare
		account, err := config.Open(providertest.Options(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		_, asks := account.(bridge.Asker)
		_, captures := account.(bridge.Capturer)
		_, voids := account.(bridge.Voider)
		_, refunds := account.(bridge.Refunder)
		_, inspects := account.(bridge.Inspector)
		_, opens := account.(bridge.Opener)
		order := providertest.Order("open-1")
		order.Reserve = true
		if _, err := account.(bridge.Opener).Open(t.Context(), order); bare != final(err) {
			t.Errorf("no_office %v reserves: %v", bare, err)
		}
		if asks == bare || captures == bare || voids == bare || refunds == bare || inspects == bare || !opens {
			t.Errorf("no_office %v opens a %T", bare, account)
		}
	}
}
