package mollie_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestACardThatIsDeclined(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world, v providersim.MollieVariant) {
		made := w.opened(t, providertest.Order("open-1"))
		back := w.Press(t, made.Payment, "decline")
		facts, err := w.Ask(t.Context(), purchase.Ref{Payment: made.Payment})
		if v.Final {
			if back == "" || err != nil || len(facts) != 2 || facts[0].Kind != purchase.Failed || facts[1].Kind != purchase.Lapsed {
				t.Errorf("back to %q, %v, %v", back, facts, err)
			}
			return
		}
		if back != "" || err != nil || len(facts) != 0 {
			t.Errorf("back to %q, %v, %v", back, facts, err)
		}
		w.Press(t, made.Payment, "pay")
		if facts, err = w.Ask(t.Context(), purchase.Ref{Payment: made.Payment}); err != nil || len(facts) != 1 || facts[0].Kind != purchase.Captured {
			t.Errorf("%v, %v", facts, err)
		}
	})
}

func TestABuyerWhoGivesUpIsSentBackWithAMark(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.opened(t, providertest.Order("open-1"))
	if to := w.Press(t, made.Payment, "cancel"); to != "https://pay.example.org/return/token?cancel=1" {
		t.Errorf("giving up leads to %s", to)
	}
	if got := w.heard(t, 1); len(got) != 1 || !strings.HasPrefix(got[0], "proved lapsed "+made.Payment) {
		t.Errorf("heard %q", got)
	}
}

func TestMoneyThatTakesItsTimeIsPending(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world, _ providersim.MollieVariant) {
		for paid, want := range map[bool]purchase.Kind{true: purchase.Captured, false: purchase.Failed} {
			made := w.opened(t, providertest.Order("open-"+string(want)))
			w.Press(t, made.Payment, "pend")
			ref := purchase.Ref{Payment: made.Payment}
			if facts, err := w.Ask(t.Context(), ref); err != nil || len(facts) != 1 || facts[0].Kind != purchase.Pending || facts[0].Detail.Reason != "banktransfer" {
				t.Errorf("%v, %v", facts, err)
			}
			if facts, err := w.Void(t.Context(), ref, "void-1"); !final(err) || len(facts) != 1 {
				t.Errorf("it is ended: %v, %v", facts, err)
			}
			if err := w.Sim.Settle(made.Payment, paid); err != nil {
				t.Fatal(err)
			}
			if facts, err := w.Ask(t.Context(), ref); err != nil || facts[0].Kind != want {
				t.Errorf("%v, %v", facts, err)
			}
		}
	})
}

var uuid4 = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)

func TestWhatMollieIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := providertest.Order("open-1")
	order.Description = strings.Repeat("é", 300)
	w.opened(t, order)
	request := w.lastRequest(t, "create")
	var sent map[string]any
	if err := json.Unmarshal([]byte(request.Body), &sent); err != nil {
		t.Fatal(err)
	}
	if !uuid4.MatchString(request.Key) {
		t.Errorf("the key is %q", request.Key)
	}
	if amount := fmt.Sprint(sent["amount"]); amount != "map[currency:EUR value:45.00]" {
		t.Errorf("the amount is %s", amount)
	}
	for field, want := range map[string]any{"webhookUrl": providertest.Callback, "redirectUrl": order.Return, "cancelUrl": order.Return + "?cancel=1", "locale": "fr_FR",
		"captureMode": nil} {
		if sent[field] != want {
			t.Errorf("%s is %v", field, sent[field])
		}
	}
	if n := len([]rune(sent["description"].(string))); n != 255 {
		t.Errorf("the description has %d characters", n)
	}
	metadata := sent["metadata"].(map[string]any)
	if metadata["purchase_id"] != providertest.PurchaseID || len(metadata["paybridge"].(string)) < 72 || len(metadata) != 2 {
		t.Errorf("the metadata is %v", metadata)
	}

	signed := newEventsWorld(t)
	order.Language, order.Description = "de", ""
	signed.opened(t, order)
	body := signed.lastRequest(t, "create").Body
	if strings.Contains(body, "webhookUrl") || strings.Contains(body, "locale") || !strings.Contains(body, "Registration") {
		t.Errorf("a signed account sends %s", body)
	}
}

func TestAmountsGoOutWithTheCurrencysDecimals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for currency, c := range map[string]struct {
		minor int64
		want  string
	}{"EUR": {4500, "45.00"}, "JPY": {4500, "4500"}, "KWD": {45120, "45.120"}, "ISK": {4500, "4500"}, "HUF": {450050, "4500.50"}} {
		order := providertest.Order("open-" + currency)
		order.Money = purchase.Money{Minor: c.minor, Currency: currency}
		made := w.opened(t, order)
		if sent := w.lastRequest(t, "create").Body; !strings.Contains(sent, `"value":"`+c.want+`"`) {
			t.Errorf("%s goes out as %s", order.Money, sent)
		}
		w.Press(t, made.Payment, "pay")
		ref := purchase.Ref{Payment: made.Payment}
		if facts, err := w.Ask(t.Context(), ref); err != nil || facts[0].Money != order.Money {
			t.Errorf("%s comes back as %v, %v", order.Money, facts, err)
		}
		if facts, err := w.Refund(t.Context(), ref, order.Money, "refund-1"); err != nil || facts[0].Money != order.Money {
			t.Errorf("%s goes back as %v, %v", order.Money, facts, err)
		}
	}
	for _, m := range []purchase.Money{{Minor: 0, Currency: "EUR"}, {Minor: -1, Currency: "EUR"}, {Minor: 1, Currency: "EUX"}, {}} {
		order := providertest.Order("open-odd")
		order.Money = m
		if _, err := w.Open(t.Context(), order); !final(err) {
			t.Errorf("%s: %v", m, err)
		}
	}
}

func TestOddOrdersAndAnswersOpenNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, change := range map[string]func(*purchase.Order){
		"no way back":       func(o *purchase.Order) { o.Return = "" },
		"no purchase":       func(o *purchase.Order) { o.Reference.Purchase = "" },
		"no GUID":           func(o *purchase.Order) { o.Reference.Purchase = "42" },
		"another currency?": func(o *purchase.Order) { o.Money.Currency = "eur" },
	} {
		order := providertest.Order("open-1")
		change(&order)
		if made, err := w.Open(t.Context(), order); !final(err) {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
	for name, answer := range map[string]string{
		"no id":            `{"mode":"test","_links":{"checkout":{"href":"` + w.Server.URL + `/pay"}}}`,
		"an odd id":        `{"id":"tr_../x","mode":"test","_links":{"checkout":{"href":"` + w.Server.URL + `/pay"}}}`,
		"the other mode":   `{"id":"tr_0123456789","mode":"live","_links":{"checkout":{"href":"` + w.Server.URL + `/pay"}}}`,
		"no page":          `{"id":"tr_0123456789","mode":"test"}`,
		"a page elsewhere": `{"id":"tr_0123456789","mode":"test","_links":{"checkout":{"href":"https://www.mollie.com.example.org/pay"}}}`,
		"a plain page":     `{"id":"tr_0123456789","mode":"test","_links":{"checkout":{"href":"http` + strings.TrimPrefix(w.Server.URL, "https") + `/pay"}}}`,
	} {
		w.way.can("/v2/payments", answer)
		if made, err := w.Open(t.Context(), providertest.Order("open-1")); err == nil {
			t.Errorf("%s: a buyer is sent to %s", name, made.URL)
		}
	}
}

// Where the pay page of a real account may be.
func TestTheHostOfThePayPageIsPinned(t *testing.T) {
	t.Parallel()
	config := section(t)
	config.CheckoutDomains = []string{"pay.contoso.example"}
	o := providertest.Options(t, nil)
	for href, want := range map[string]bool{
		"https://www.mollie.com/checkout/select-method/7UhSN1zuXS": true,
		"https://checkout.mollie.com/x":                            true,
		"https://pay.contoso.example/x":                            true,
		"https://mollie.com.evil.example/x":                        false,
		"https://evilmollie.com/x":                                 false,
		"https://www.mollie.com@evil.example/x":                    false,
		"https://user@www.mollie.com/x":                            false,
		"http://www.mollie.com/x":                                  false,
		"https://www.mollie.com:8443/x":                            false,
		"":                                                         false,
	} {
		w := &way{canned: map[string]string{"/v2/payments": `{"id":"tr_0123456789","mode":"test","_links":{"checkout":{"href":"` + href + `"}}}`}}
		o.HTTP = w
		m := mustOpen(t, config, o)
		if made, err := m.Open(t.Context(), providertest.Order("open-1")); (err == nil) != want {
			t.Errorf("%s: %+v, %v", href, made, err)
		}
	}
}
