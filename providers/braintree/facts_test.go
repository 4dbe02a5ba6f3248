package braintree_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/braintree"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestWhatNotificationsTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := " " + providertest.PurchaseID
	refund := "<type>credit</type><refunded-transaction-id>tx0</refunded-transaction-id>"
	for name, c := range map[string]struct {
		kind, subject string
		want          []string
	}{
		"a debit settled":          {"transaction_settled", transaction(), []string{"proved captured tx1 tx1 45.00 EUR" + id}},
		"disbursed":                {"transaction_disbursed", transaction(), []string{"proved captured tx1 tx1 45.00 EUR" + id}},
		"no trailing zeros":        {"transaction_settled", transaction("45.00", "45"), []string{"proved captured tx1 tx1 45.00 EUR" + id}},
		"in yen":                   {"transaction_settled", transaction("45.00", "4500", "EUR", "JPY"), []string{"proved captured tx1 tx1 4500 JPY" + id}},
		"in dinars":                {"transaction_settled", transaction("45.00", "45.120", "EUR", "KWD"), []string{"proved captured tx1 tx1 45.120 KWD" + id}},
		"of nobody":                {"transaction_settled", transaction("<order-id>"+providertest.PurchaseID+"</order-id>", `<order-id nil="true"/>`), []string{"proved captured tx1 tx1 45.00 EUR"}},
		"of something else":        {"transaction_settled", transaction(providertest.PurchaseID, "order 66"), []string{"proved captured tx1 tx1 45.00 EUR"}},
		"of another account":       {"transaction_settled", transaction("simulated_account", "another"), []string{}},
		"settlement declined":      {"transaction_settlement_declined", transaction("settled", "settlement_declined"), []string{"proved failed tx1 tx1" + id + " settlement_declined"}},
		"authorised":               {"transaction_retried", transaction("settled", "authorized"), []string{"proved authorised tx1 tx1 45.00 EUR" + id}},
		"tried again":              {"transaction_retried", transaction("settled", "submitted_for_settlement"), []string{"proved pending tx1 tx1" + id + " submitted_for_settlement"}},
		"a refund":                 {"transaction_settled", transaction("<type>sale</type>", refund), []string{"proved refunded tx0 tx1 45.00 EUR" + id}},
		"a refund under way":       {"transaction_retried", transaction("<type>sale</type>", refund, "settled", "settling"), []string{"proved refunded tx0 tx1 45.00 EUR" + id}},
		"a refund declined":        {"transaction_settlement_declined", transaction("<type>sale</type>", refund, "settled", "settlement_declined"), []string{"proved failed tx0 tx1 45.00 EUR" + id + " refund_settlement_declined"}},
		"a refund failed":          {"refund_failed", transaction("<type>sale</type>", refund, "settled", "processor_declined"), []string{"proved failed tx0 tx1 45.00 EUR" + id + " refund_processor_declined"}},
		"a dispute":                {"dispute_opened", dispute("<amount-won>45.00", "<amount-won>0.00"), []string{"proved reversed tx1 dispute-dp1 45.00 EUR dispute"}},
		"a dispute under review":   {"dispute_under_review", dispute("open", "under_review"), []string{"proved reversed tx1 dispute-dp1 45.00 EUR dispute"}},
		"before arbitration":       {"dispute_opened", dispute("chargeback", "pre_arbitration"), []string{"proved reversed tx1 dispute-dp1 45.00 EUR dispute"}},
		"an older dispute":         {"dispute_opened", dispute("<amount-disputed>45.00</amount-disputed><amount-won>45.00</amount-won>", ""), []string{"proved reversed tx1 dispute-dp1 45.00 EUR dispute"}},
		"a dispute lost":           {"dispute_lost", dispute("open", "lost"), []string{"proved reversed tx1 dispute-dp1 45.00 EUR dispute"}},
		"a dispute expired":        {"dispute_expired", dispute("open", "expired"), []string{"proved reversed tx1 dispute-dp1 45.00 EUR dispute"}},
		"a dispute won":            {"dispute_won", dispute("open", "won"), []string{"proved failed tx1 dispute-dp1 45.00 EUR dispute_won"}},
		"a dispute with its order": {"dispute_opened", dispute(`<order-id nil="true"/>`, "<order-id>"+providertest.PurchaseID+"</order-id>"), []string{"proved reversed tx1 dispute-dp1 45.00 EUR" + id + " dispute"}},
		"a question of the bank":   {"dispute_opened", dispute("chargeback", "retrieval"), []string{}},
		"another's dispute":        {"dispute_opened", dispute("simulated_account", "another"), []string{}},
		"a review":                 {"transaction_reviewed", "<transaction-review><transaction-id>tx1</transaction-id></transaction-review>", []string{}},
		"a subscription":           {"subscription_charged_successfully", "<subscription><id>s1</id></subscription>", []string{}},
		"a disbursement":           {"disbursement", "<disbursement><id>d1</id><amount>100.00</amount></disbursement>", []string{}},
		"an approval":              {"local_payment_completed", "<local-payment><payment-id>x</payment-id></local-payment>", []string{}},
		"of no concern":            {"grantor_updated", "", []string{}},
	} {
		reading, err := w.Read(t.Context(), w.signed(time.Now(), c.kind, c.subject))
		if got := providertest.Said(reading.Facts); err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
	}
	for name, subject := range map[string]string{
		"no transaction":            "",
		"an unknown status":         transaction("settled", "improved"),
		"no status":                 transaction("<status>settled</status>", ""),
		"no amount":                 transaction("<amount>45.00</amount>", ""),
		"an amount twice":           transaction("</amount>", "</amount><amount>1.00</amount>"),
		"a transaction twice":       transaction() + transaction(),
		"nothing":                   transaction("45.00", "0.00"),
		"less than nothing":         transaction("45.00", "-45.00"),
		"more decimals than it has": transaction("45.00", "45.001"),
		"half a yen":                transaction("45.00", "45.50", "EUR", "JPY"),
		"no such currency":          transaction("EUR", "EUX"),
		"small letters":             transaction("EUR", "eur"),
		"an odd id":                 transaction("tx1", "../tx1"),
		"an unknown type":           transaction("sale", "loan"),
		"a credit of its own":       transaction("sale", "credit"),
		"a custom field twice":      transaction("<type>", "<custom-fields><a>1</a><a>2</a></custom-fields><type>"),
	} {
		if reading, err := w.Read(t.Context(), w.signed(time.Now(), "transaction_settled", subject)); err == nil {
			t.Errorf("%s is understood: %+v", name, reading)
		}
	}
	for name, subject := range map[string]string{
		"no dispute":           transaction(),
		"an unknown status":    dispute("open", "improved"),
		"an unknown kind":      dispute("chargeback", "inquiry"),
		"no kind":              dispute("<kind>chargeback</kind>", ""),
		"two amounts":          dispute("<amount>45.00", "<amount>40.00"),
		"won in part":          dispute("open", "won", "<amount-won>45.00", "<amount-won>40.00"),
		"no amount":            dispute("<amount>45.00</amount><amount-disputed>45.00</amount-disputed>", ""),
		"no transaction":       dispute("<id>tx1</id>", ""),
		"a status twice":       dispute("<status>open</status>", "<status>open</status><status>won</status>"),
		"transaction id twice": dispute("<id>tx1</id>", "<id>tx1</id><id>tx2</id>"),
	} {
		if reading, err := w.Read(t.Context(), w.signed(time.Now(), "dispute_opened", subject)); err == nil {
			t.Errorf("the dispute, %s, is understood: %+v", name, reading)
		}
	}
}

func TestOddXMLIsForAPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	at := `<timestamp type="datetime">` + time.Now().UTC().Format(time.RFC3339) + `</timestamp>`
	good := "<notification>" + at + "<kind>transaction_settled</kind><subject>" + transaction() + "</subject></notification>"
	for name, text := range map[string]string{
		"nothing":               " ",
		"no XML":                "{}",
		"cut":                   good[:len(good)-3],
		"two of them":           good + good,
		"text around":           good + "x",
		"a declaration":         `<!DOCTYPE n [<!ENTITY a "45.00">]>` + good,
		"an entity":             strings.Replace(good, "45.00", "&a;", 1),
		"a name space":          strings.Replace(good, "<notification>", `<notification xmlns="urn:x">`, 1),
		"another root":          strings.ReplaceAll(good, "notification>", "notice>"),
		"no time":               strings.Replace(good, at, "", 1),
		"an odd time":           strings.Replace(good, at, "<timestamp>today</timestamp>", 1),
		"two times":             strings.Replace(good, at, at+at, 1),
		"two kinds":             strings.Replace(good, "<kind>", "<kind>check</kind><kind>", 1),
		"no kind":               strings.Replace(good, "<kind>transaction_settled</kind>", "", 1),
		"two subjects":          strings.Replace(good, "<subject>", "<subject></subject><subject>", 1),
		"too deep":              strings.Replace(good, "<subject>", "<subject>"+strings.Repeat("<a>", 40)+strings.Repeat("</a>", 40), 1),
		"too many":              strings.Replace(good, "<type>", `<list type="array">`+strings.Repeat("<a/>", 11_000)+"</list><type>", 1),
		"another character set": `<?xml version="1.0" encoding="utf-16"?>` + good,
	} {
		if reading, err := w.Read(t.Context(), w.xml(text)); err == nil {
			t.Errorf("%s is understood: %+v", name, reading)
		}
	}
	for name, text := range map[string]string{
		"as it is":      good,
		"with a head":   `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + good + "\n<!-- end -->\n",
		"a list in it":  strings.Replace(good, "<type>", `<add-ons type="array"><add-on/><add-on/></add-ons><type>`, 1),
		"blanks around": strings.Replace(good, "45.00", "\n 45.00\n", 1),
	} {
		if reading, err := w.Read(t.Context(), w.xml(text)); err != nil || len(reading.Facts) != 1 {
			t.Errorf("%s: %+v, %v", name, reading, err)
		}
	}
}

func TestIdsComeInTheOrderIdOrInCustomFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, names := range [][2]string{{"event-id", "contact-id"}, {"event_id", "contact_id"}} {
		fields := fmt.Sprintf("<custom-fields><%s>E1</%[1]s><%s>%s</%[2]s></custom-fields><type>", names[0], names[1], providertest.ContactID)
		reading, err := w.Read(t.Context(), w.signed(time.Now(), "transaction_settled", transaction("<type>", fields)))
		if err != nil || len(reading.Facts) != 1 {
			t.Fatalf("%+v, %v", reading, err)
		}
		if f := reading.Facts[0]; f.Purchase.ID != providertest.PurchaseID || f.Detail.Event != "E1" || f.Detail.User != providertest.ContactID || f.Detail.Sealed {
			t.Errorf("%+v", f)
		}
	}
	o := w.Stall.Options(t, nil)
	o.Locate = func(field func(string) string) purchase.Reference {
		return purchase.Reference{Purchase: field("order_id"), Event: field(""), User: field("amount")}
	}
	b, err := braintree.New(w.config, o)
	if err != nil {
		t.Fatal(err)
	}
	reading, err := b.Read(t.Context(), w.signed(time.Now(), "transaction_settled", transaction()))
	if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Detail.Event+reading.Facts[0].Detail.User != "" {
		t.Errorf("fields that carry no ids are read: %+v, %v", reading, err)
	}
}

// folded is the one payment that deliveries amount to.
func (w *world) folded(t testing.TB, deliveries []purchase.Delivery) purchase.Payment {
	t.Helper()
	key := purchase.Key{Environment: "main", ID: providertest.PurchaseID}
	var facts []purchase.Fact
	for _, d := range deliveries {
		reading, err := w.Read(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range reading.Facts {
			f.Purchase, f.Account = key, "main"
			facts = append(facts, purchase.Identify(f))
		}
	}
	p := purchase.Fold(key, facts, purchase.Policy{})
	if len(p.Payments) != 1 {
		t.Fatalf("%d payments: %q", len(p.Payments), providertest.Said(facts))
	}
	return p.Payments[0]
}

func TestASaleFromTheDebitToTheChargeback(t *testing.T) {
	t.Parallel()
	for i := range 1 << 6 {
		w := newWorld(t)
		bit := func(n int) bool { return i>>n&1 == 1 }
		v := providersim.BraintreeVariant{TwoKeys: bit(0), Lines: bit(1), Restamped: bit(2), Disbursed: bit(3), Bare: bit(4), Attended: bit(5)}
		w.Sim.Vary(v)
		id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		count := 1
		if v.Disbursed {
			count = 2
		}
		if p := w.folded(t, w.Delivered(t, count)); p.Ref != id || p.Captured != providertest.Euros45 || p.Contradicted {
			t.Errorf("%+v: %+v", v, p)
		}
		if err := w.Sim.GiveBack(id, "15.00", false); err != nil {
			t.Fatal(err)
		}
		if err := w.Sim.GiveBack(id, "", true); err != nil {
			t.Fatal(err)
		}
		if p := w.folded(t, w.Delivered(t, count+2)); p.Refunded.Minor != 1500 || p.Reversed.Minor != 3000 || p.Contradicted {
			t.Errorf("%+v: %+v", v, p)
		}
	}
}

// A bank can send back a debit that had settled: then there is no money, in whatever order the two are heard.
func TestADebitThatIsSentBackIsNoMoney(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Sim.Return(id); err != nil {
		t.Fatal(err)
	}
	both := w.Delivered(t, 2)
	for _, order := range [][]purchase.Delivery{{both[0], both[1]}, {both[1], both[0]}} {
		if p := w.folded(t, order); p.Captured.Known() || !p.Failed || p.Contradicted {
			t.Errorf("%+v", p)
		}
	}
}

// What failed before it settled hides no settlement, whatever the order.
func TestAnEarlierFailureHidesNoSettlement(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	failed := w.signed(time.Now(), "transaction_retried", transaction("settled", "processor_declined"))
	settled := w.signed(time.Now(), "transaction_settled", transaction())
	for _, order := range [][]purchase.Delivery{{failed, settled}, {settled, failed}} {
		if p := w.folded(t, order); p.Captured != providertest.Euros45 || p.Contradicted {
			t.Errorf("%+v", p)
		}
	}
}

// A dispute that is won brings the money back; one that is lost does not, whatever was told before.
func TestADisputeEndsAsItWasLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tell := func(status string) purchase.Delivery {
		return w.signed(time.Now(), "dispute_"+status, dispute("open", status))
	}
	sale := w.signed(time.Now(), "transaction_settled", transaction())
	if p := w.folded(t, []purchase.Delivery{sale, tell("won"), tell("open")}); p.Reversed.Known() || p.Contradicted {
		t.Errorf("won: %+v", p)
	}
	if p := w.folded(t, []purchase.Delivery{sale, tell("lost"), tell("won"), tell("open"), tell("accepted")}); p.Reversed != providertest.Euros45 || p.Contradicted {
		t.Errorf("lost: %+v", p)
	}
}
