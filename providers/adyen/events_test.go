package adyen_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/adyen"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

const (
	pay   = "NC6HT9CRT65ZGN82" // the payment
	other = "ZZ9DRSLLRCQ2WN82" // what is done with it
	of    = " " + providertest.PurchaseID
)

// an item changed.
func with(i providersim.AdyenItem, change func(*providersim.AdyenItem)) providersim.AdyenItem {
	change(&i)
	return i
}

func TestWhatMessagesTell(t *testing.T) {
	t.Parallel()
	auto := newWorld(t, func(c *adyen.Config) { c.OtherAccounts = []string{"SimulatedShop"} })
	hand := newWorld(t, byHand)
	links := map[bool]string{}
	for _, reserve := range []bool{false, true} {
		o := providertest.Order("events")
		o.Reserve = reserve
		links[reserve] = auto.opened(t, o).Payment
	}
	mine, held := links[false], links[true]
	item := func(code, psp, original string, ok bool) providersim.AdyenItem {
		return auto.Sim.Item(code, psp, original, providertest.PurchaseID, 4500, "EUR", ok)
	}
	ours := func(i providersim.AdyenItem) providersim.AdyenItem {
		return with(i, func(i *providersim.AdyenItem) { i.Reference = mine })
	}
	in := func(value int64, currency string) providersim.AdyenItem {
		return with(item("AUTHORISATION", pay, "", true), func(i *providersim.AdyenItem) { i.Amount.Value, i.Amount.Currency = value, currency })
	}
	told := "proved authorised " + mine + " " + mine + of
	for name, c := range map[string]struct {
		w    *world
		item providersim.AdyenItem
		want []string
	}{
		"authorised, captured automatically": {auto, item("AUTHORISATION", pay, "", true), []string{"proved captured " + pay + " " + pay + " 45.00 EUR" + of}},
		"authorised, captured by hand":       {hand, item("AUTHORISATION", pay, "", true), []string{"proved authorised " + pay + " " + pay + " 45.00 EUR" + of}},
		"a link authorised":                  {auto, ours(item("AUTHORISATION", pay, "", true)), []string{"proved captured " + mine + " " + pay + " 45.00 EUR" + of, told}},
		"a link authorised, by hand":         {hand, ours(item("AUTHORISATION", pay, "", true)), []string{"proved authorised " + mine + " " + pay + " 45.00 EUR" + of, told}},
		"a link that reserves": {auto, with(item("AUTHORISATION", pay, "", true), func(i *providersim.AdyenItem) { i.Reference = held }),
			[]string{"proved authorised " + held + " " + pay + " 45.00 EUR" + of, "proved authorised " + held + " " + held + of}},
		"in yen":                 {auto, in(4500, "JPY"), []string{"proved captured " + pay + " " + pay + " 4500 JPY" + of}},
		"in dinars":              {auto, in(45120, "KWD"), []string{"proved captured " + pay + " " + pay + " 45.120 KWD" + of}},
		"in Chilean pesos":       {auto, in(450000, "CLP"), []string{"proved captured " + pay + " " + pay + " 4500 CLP" + of}},
		"in crowns":              {auto, in(450000, "ISK"), []string{"proved captured " + pay + " " + pay + " 4500 ISK" + of}},
		"in escudos":             {auto, in(45, "CVE"), []string{"proved captured " + pay + " " + pay + " 45.00 CVE" + of}},
		"in rupiahs":             {auto, in(45000, "IDR"), []string{"proved captured " + pay + " " + pay + " 45000.00 IDR" + of}},
		"a card that is checked": {auto, in(0, "EUR"), []string{}},
		"refused":                {auto, item("AUTHORISATION", pay, "", false), []string{"proved failed " + pay + " " + pay + of + " refused", "proved lapsed " + pay + of}},
		"a link refused":         {auto, ours(item("AUTHORISATION", pay, "", false)), []string{"proved failed " + mine + " " + pay + of + " refused"}},
		"never finished":         {auto, item("OFFER_CLOSED", pay, "", true), []string{"proved failed " + pay + " " + pay + of + " offer_closed", "proved lapsed " + pay + of}},
		"a link never finished":  {auto, ours(item("OFFER_CLOSED", pay, "", true)), []string{"proved failed " + mine + " " + pay + of + " offer_closed"}},
		"finished after all":     {auto, item("OFFER_CLOSED", pay, "", false), []string{}},
		"captured":               {hand, item("CAPTURE", other, pay, true), []string{"proved captured " + pay + " " + other + " 45.00 EUR" + of, "proved authorised " + pay + " " + pay + of}},
		"a link captured":        {hand, ours(item("CAPTURE", other, pay, true)), []string{"proved captured " + mine + " " + other + " 45.00 EUR" + of, "proved authorised " + mine + " " + pay + of, told}},
		"not captured":           {hand, item("CAPTURE", other, pay, false), []string{"proved failed " + pay + " " + other + of + " capture_refused"}},
		"captured in vain":       {auto, item("CAPTURE_FAILED", other, pay, true), []string{"proved failed " + pay + " " + other + of + " capture_failed", "proved authorised " + pay + " " + pay + of}},
		"cancelled":              {auto, item("CANCELLATION", other, pay, true), []string{"proved failed " + pay + " " + pay + of + " cancellation", "proved lapsed " + pay + of}},
		"not cancelled":          {auto, item("CANCELLATION", other, pay, false), []string{}},
		"cancelled by reference": {auto, item("TECHNICAL_CANCEL", other, pay, true), []string{"proved failed " + pay + " " + pay + of + " technical_cancel", "proved lapsed " + pay + of}},
		"expired":                {hand, item("EXPIRE", pay, "", true), []string{"proved failed " + pay + " " + pay + of + " expire", "proved lapsed " + pay + of}},
		"a link's money expired": {hand, ours(item("EXPIRE", pay, "", true)), []string{"proved failed " + mine + " " + pay + of + " expire", "proved lapsed " + mine + of, told}},
		"refunded":               {auto, item("REFUND", other, pay, true), []string{"proved refunded " + pay + " " + other + " 45.00 EUR" + of}},
		"not refunded":           {auto, item("REFUND", other, pay, false), []string{"proved failed " + pay + " " + other + of + " refund_refused"}},
		"refunded in vain":       {auto, item("REFUND_FAILED", other, pay, true), []string{"proved failed " + pay + " " + other + of + " refund_failed"}},
		"a refund came back":     {auto, item("REFUNDED_REVERSED", other, pay, true), []string{"proved failed " + pay + " " + other + of + " refunded_reversed"}},
		"reversed":               {auto, item("CANCEL_OR_REFUND", other, pay, true), []string{"proved refunded " + pay + " " + other + " 45.00 EUR" + of, "proved lapsed " + pay + of}},
		"not reversed":           {auto, item("CANCEL_OR_REFUND", other, pay, false), []string{"proved failed " + pay + " " + other + of + " refund_refused"}},
		"a dispute announced":    {auto, item("NOTIFICATION_OF_CHARGEBACK", other, pay, true), []string{"proved reversed " + pay + " " + other + " 45.00 EUR" + of + " notification_of_chargeback"}},
		"a dispute":              {auto, item("CHARGEBACK", other, pay, true), []string{"proved reversed " + pay + " " + other + " 45.00 EUR" + of + " chargeback"}},
		"a dispute won":          {auto, item("CHARGEBACK_REVERSED", other, pay, true), []string{"proved failed " + pay + " " + other + " 45.00 EUR" + of + " chargeback_reversed"}},
		"a dispute of a link":    {auto, ours(item("CHARGEBACK", other, "", true)), []string{"proved reversed " + mine + " " + other + " 45.00 EUR" + of + " chargeback"}},
		"a dispute lost at last": {auto, item("SECOND_CHARGEBACK", other, pay, true), []string{"proved reversed " + pay + " " + other + " 45.00 EUR" + of + " second_chargeback"}},
		"lost in arbitration":    {auto, item("PREARBITRATION_LOST", other, pay, true), []string{"proved reversed " + pay + " " + other + " 45.00 EUR" + of + " prearbitration_lost"}},
		"a refund of the back office under a reference of its own": {auto, with(item("REFUND", other, pay, true), func(i *providersim.AdyenItem) { i.Reference = "refund-D3.x" }),
			[]string{"proved refunded " + pay + " " + other + " 45.00 EUR"}},
		"a payment without a purchase":               {auto, with(item("AUTHORISATION", pay, "", true), func(i *providersim.AdyenItem) { i.Reference = "order-1" }), []string{"proved captured " + pay + " " + pay + " 45.00 EUR"}},
		"a report":                                   {auto, item("REPORT_AVAILABLE", pay, "", true), []string{}},
		"a report of the company":                    {auto, with(item("REPORT_AVAILABLE", pay, "", true), func(i *providersim.AdyenItem) { i.Merchant, i.Reference = "Simulated", "a:b" }), []string{}},
		"an event of a later version":                {auto, item("EVENT_OF_2031", pay, "", true), []string{}},
		"of no concern":                              {auto, item("REQUEST_FOR_INFORMATION", other, pay, true), []string{}},
		"of a merchant account that shares the hook": {auto, with(item("AUTHORISATION", pay, "", true), func(i *providersim.AdyenItem) { i.Merchant = "SimulatedShop" }), []string{}},
	} {
		reading, err := c.w.Read(t.Context(), c.w.message(c.item))
		got := providertest.Said(reading.Facts)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
		if reading.Message != "" || reading.Unkept != (c.item.Merchant == "SimulatedShop") {
			t.Errorf("%s: %+v", name, reading)
		}
	}
}

func TestWhatIsGenuineAndNotUnderstoodIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	usual := w.authorised()
	item := func(code, psp, original string, ok bool) providersim.AdyenItem {
		return w.Sim.Item(code, psp, original, providertest.PurchaseID, 4500, "EUR", ok)
	}
	for name, i := range map[string]providersim.AdyenItem{
		"a colon in the reference":     with(usual, func(i *providersim.AdyenItem) { i.Reference += ":1" }),
		"a backslash in the reference": with(usual, func(i *providersim.AdyenItem) { i.Reference += `\1` }),
		"a colon in the payment":       with(usual, func(i *providersim.AdyenItem) { i.PSP = "NC6HT9CR:T65ZGN8" }),
		"a colon in the currency":      with(usual, func(i *providersim.AdyenItem) { i.Amount.Currency = "EU:R" }),
		"a colon in the original":      item("REFUND", other, "NC6HT9CR:T65ZGN8", true),
		"a test of the webhook":        with(usual, func(i *providersim.AdyenItem) { i.PSP = "test_AUTHORISATION_1" }),
		"an odd payment":               with(usual, func(i *providersim.AdyenItem) { i.PSP = "../../x" }),
		"an odd original":              item("REFUND", other, "../../x", true),
		"no payment":                   with(usual, func(i *providersim.AdyenItem) { i.PSP = "" }),
		"perhaps":                      with(usual, func(i *providersim.AdyenItem) { i.Success = "1" }),
		"no such currency":             with(usual, func(i *providersim.AdyenItem) { i.Amount.Currency = "EUX" }),
		"small letters":                with(usual, func(i *providersim.AdyenItem) { i.Amount.Currency = "eur" }),
		"less than nothing":            with(usual, func(i *providersim.AdyenItem) { i.Amount.Value = -4500 }),
		"part of a krona":              with(usual, func(i *providersim.AdyenItem) { i.Amount.Value, i.Amount.Currency = 450050, "ISK" }),
		"a capture of nothing":         with(item("CAPTURE", other, pay, true), func(i *providersim.AdyenItem) { i.Amount.Value = 0 }),
		"a capture of no payment":      item("CAPTURE", other, "", true),
		"a failed one of no payment":   item("CAPTURE_FAILED", other, "", true),
		"one that did not fail":        item("CAPTURE_FAILED", other, pay, false),
		"a cancellation of nothing":    item("CANCELLATION", other, "", true),
		"a refund of nothing":          item("REFUND", other, "", true),
		"a reversal of no amount":      with(item("CANCEL_OR_REFUND", other, pay, true), func(i *providersim.AdyenItem) { i.Amount.Value = 0 }),
		"a refund that did not fail":   item("REFUND_FAILED", other, pay, false),
		"a dispute of nothing":         item("CHARGEBACK", other, "", true),
		"no dispute":                   item("CHARGEBACK", other, pay, false),
	} {
		for _, items := range [][]providersim.AdyenItem{{i}, {usual, i}} { // beside one that is understood too: all of it is for a person
			if reading, err := w.Read(t.Context(), w.message(items...)); !errors.Is(err, purchase.ErrNotUnderstood) || len(reading.Facts) > 0 {
				t.Errorf("%s: %+v, %v", name, reading, err)
			}
		}
	}
}

func TestEveryItemOfAMessageCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *adyen.Config) { c.OtherAccounts = []string{"SimulatedShop"} })
	second := with(w.authorised(), func(i *providersim.AdyenItem) { i.PSP = other })
	foreign := with(w.authorised(), func(i *providersim.AdyenItem) { i.Merchant = "SimulatedShop" })
	reading, err := w.Read(t.Context(), w.message(w.authorised(), foreign, second))
	if err != nil || len(reading.Facts) != 2 || reading.Unkept {
		t.Errorf("%+v, %v", reading, err)
	}
	false3 := with(second, func(i *providersim.AdyenItem) { i.Merchant = "SomebodyElse" })
	if reading, err := w.Read(t.Context(), w.message(w.authorised(), second, false3)); !errors.Is(err, purchase.WrongMerchant) || len(reading.Facts) > 0 {
		t.Errorf("one of three is false: %+v, %v", reading, err)
	}
}

func TestARepeatedMessageIsTheSameFactUnderAnotherDate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first, err := w.Read(t.Context(), w.message(w.authorised()))
	if err != nil {
		t.Fatal(err)
	}
	again, err := w.Read(t.Context(), w.message(with(w.authorised(), func(i *providersim.AdyenItem) { i.EventDate = "2026-11-21T00:00:00+01:00" })))
	if err != nil || purchase.Identify(again.Facts[0]).ID != purchase.Identify(first.Facts[0]).ID || !again.Facts[0].At.IsZero() {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestMetadataNamesNoPurchase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Sim.SetVariant(providersim.AdyenVariant{UnsignedReference: true})
	if _, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	d := w.Delivered(t, 1)[0]
	if !strings.Contains(string(d.Body), providertest.PurchaseID) {
		t.Fatalf("it is not in the message: %s", d.Body)
	}
	reading, err := w.Read(t.Context(), d)
	if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Purchase.ID != "" {
		t.Errorf("%+v, %v", reading, err)
	}
	for _, name := range (&adyen.Config{}).ReferenceFields() {
		if strings.Contains(name, "metadata") {
			t.Errorf("settings may name %s", name)
		}
	}
}

func TestIdsTravelInOneReference(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	o := w.Stall.Options(t, nil)
	o.Locate = func(read func(string) string) purchase.Reference {
		id, event, _ := strings.Cut(read("merchantReference"), "|")
		return purchase.Reference{Purchase: id, Event: event, User: read("metadata.user")}
	}
	a, err := adyen.New(w.config, o)
	if err != nil {
		t.Fatal(err)
	}
	i := with(w.authorised(), func(i *providersim.AdyenItem) {
		i.Reference = strings.ToUpper(providertest.PurchaseID) + "|" + providertest.EventID
		i.AdditionalData = map[string]string{"metadata.user": providertest.ContactID}
	})
	reading, err := a.Read(t.Context(), providertest.Delivery(w.Sim.Message(i), time.Now()))
	if err != nil || len(reading.Facts) != 1 {
		t.Fatalf("%+v, %v", reading, err)
	}
	if f := reading.Facts[0]; f.Purchase.ID != providertest.PurchaseID || f.Detail.Event != providertest.EventID || f.Detail.User != "" || f.Detail.Sealed {
		t.Errorf("%+v", f)
	}
}
