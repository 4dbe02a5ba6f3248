package ingenico_test

import (
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// fold is what a payment of ours amounts to, from all that was heard and read. Whatever else was heard of must hold nothing.
func fold(opened purchase.Checkout, facts ...[]purchase.Fact) (ours purchase.Payment) {
	all := []purchase.Fact{{Kind: purchase.Opened, Standing: purchase.Own, Payment: opened.Payment, Money: providertest.Euros45, Number: 1}}
	for _, more := range facts {
		all = append(all, more...)
	}
	for i := range all {
		all[i].Account = "main"
		all[i] = purchase.Identify(all[i])
	}
	stray := false
	for _, pay := range purchase.Fold(purchase.Key{Environment: "main", ID: providertest.PurchaseID}, all, purchase.Policy{}).Payments {
		if pay.Ref == opened.Payment {
			ours = pay
		} else {
			stray = stray || pay.Captured.Known() || pay.Refunded.Known() || pay.Reversed.Known() || pay.Moving()
		}
	}
	ours.Contradicted = ours.Contradicted || stray
	return ours
}

// heardBy is everything that a simulator delivered about a payment, once nothing more comes, as the account reads it.
func heardBy(t *testing.T, sim providersim.Simulator, account protocol.Account, payment string) (all []purchase.Fact) {
	t.Helper()
	for before, calm := -1, 0; calm < 4; time.Sleep(3 * time.Millisecond) {
		if now := len(sim.Deliveries()); now == before {
			calm++
		} else {
			before, calm = now, 0
		}
	}
	for _, d := range sim.Deliveries() {
		if d.Payment != payment {
			continue
		}
		reading, err := account.Read(t.Context(), providertest.Delivery(providersim.Notice{Method: d.Method, Query: d.Query, Header: d.Header, Body: d.Body}, d.At))
		if err != nil {
			t.Fatalf("%v of %s%s", err, d.Body, d.Query)
		}
		all = append(all, reading.Facts...)
	}
	return all
}

func (w *world) heard(t *testing.T, payment string) []purchase.Fact {
	t.Helper()
	return heardBy(t, w.Sim, w.Worldline, payment)
}

func (w *world) asked(t *testing.T, payment string) []purchase.Fact {
	t.Helper()
	facts, err := w.Ask(t.Context(), about(payment))
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// variants are what Worldline leaves open, one at a time and several at once.
var variants = map[string]providersim.WorldlineVariant{
	"plain":              {},
	"operations":         {Tries: "operation", Requested: true},
	"numbers":            {Tries: "number"},
	"numbers, unnamed":   {Tries: "number", NoCheckout: true},
	"unnamed":            {NoCheckout: true, Nulls: true},
	"silent on amounts":  {NoTaken: true, Partial: true, Made: true},
	"global":             {Global: true, Summary: true},
	"summaries":          {Summary: true, NoTaken: true, NoCheckout: true, Tries: "number"},
	"first only":         {First: true},
	"gone":               {Gone: true, Global: true, First: true, Requested: true, Nulls: true, Made: true},
	"everything at once": {Schedule: 1, Tries: "number", Nulls: true, NoCheckout: true, NoTaken: true, Made: true, Partial: true, Requested: true, Gone: true, Global: true, Summary: true},
}

// inVariants runs a test in both generations and in each variant.
func inVariants(t *testing.T, test func(t *testing.T, w *world)) {
	for name, v := range variants {
		for generation, make := range generations {
			t.Run(generation+", "+name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, make, nil)
				w.vary(v)
				test(t, w)
			})
		}
	}
}

func TestACheckoutFromOpeningToRefund(t *testing.T) {
	t.Parallel()
	inVariants(t, func(t *testing.T, w *world) {
		made, err := w.Open(t.Context(), providertest.Order("open-1"))
		if err != nil || made.Capturable || made.Voidable != w.connects() || made.Until.IsZero() != w.connects() || len(made.Form) > 0 {
			t.Fatalf("%+v, %v", made, err)
		}
		if left := time.Until(made.Until); !w.connects() && (left > 40*time.Minute || left < 38*time.Minute) {
			t.Errorf("the page lives for %s, the deadline is in 40 minutes", left)
		}
		if facts := w.asked(t, made.Payment); len(facts) != 0 {
			t.Errorf("before anything: %v", facts)
		}
		if to := w.Press(t, made.Payment, "decline"); to != "" {
			t.Errorf("a declined card leads to %s", to)
		}
		declined := w.asked(t, made.Payment)
		if pay := fold(made, w.heard(t, made.Payment), declined); pay.Moving() || !pay.Open() || !pay.Failed {
			t.Errorf("after a declined card: %+v", pay)
		}
		if to := w.Press(t, made.Payment, "pay"); !strings.HasPrefix(to, "https://pay.example.org/return/token?RETURNMAC=") {
			t.Errorf("paying leads to %s", to)
		}
		facts := w.asked(t, made.Payment)
		if len(facts) != 1 || facts[0].Kind != purchase.Captured || facts[0].Money != providertest.Euros45 || facts[0].Purchase.ID != providertest.PurchaseID || facts[0].Payment != made.Payment {
			t.Fatalf("%v", providertest.Said(facts))
		}
		want := purchase.Detail{}
		if !w.connects() { // the contact does not travel there
			want = purchase.Detail{Event: providertest.EventID, Sealed: true}
		}
		if facts[0].Detail != want {
			t.Errorf("%+v", facts[0].Detail)
		}
		pay := fold(made, w.heard(t, made.Payment), declined, facts)
		if pay.Captured != providertest.Euros45 || pay.Contradicted || pay.Moving() {
			t.Errorf("heard and asked: %+v", pay)
		}
		w.refundsAndTakenBack(t, made)
		if _, err := w.Void(t.Context(), about(made.Payment), "void-1"); !final(err) {
			t.Errorf("a paid payment is ended: %v", err)
		}
	})
}

// refundsAndTakenBack is the money's way back: a refund of ours, one in the back office, and what a bank takes.
func (w *world) refundsAndTakenBack(t *testing.T, made purchase.Checkout) {
	t.Helper()
	ref, part := about(made.Payment), purchase.Money{Minor: 1500, Currency: "EUR"}
	var object string
	for i := range 3 { // under one key there is one refund, also when Worldline has forgotten the key
		refund, err := w.Refund(t.Context(), ref, part, "refund-1")
		if err != nil || len(refund) != 1 || refund[0].Kind != purchase.Refunded || refund[0].Money != part || refund[0].Payment != made.Payment || refund[0].Purchase.ID != providertest.PurchaseID {
			t.Fatalf("%v, %v", refund, err)
		}
		if i > 0 && refund[0].Object != object {
			t.Errorf("the same key refunds twice")
		}
		object = refund[0].Object
		if i == 1 {
			w.Sim.ForgetKeys()
		}
	}
	if _, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-2"); !final(err) {
		t.Errorf("more than is left: %v", err)
	}
	if err := w.Sim.GiveBack(made.Payment, "10.00", false); err != nil {
		t.Fatal(err)
	}
	facts := w.asked(t, made.Payment)
	heard := w.heard(t, made.Payment)
	pay := fold(made, heard, facts, w.chased(t, made, heard))
	if pay.Refunded.Minor != 2500 || pay.Captured != providertest.Euros45 || pay.Contradicted {
		t.Errorf("after two refunds: %+v\n%s", pay, strings.Join(providertest.Said(facts), "\n"))
	}
	if err := w.Sim.GiveBack(made.Payment, "", true); err != nil {
		t.Fatal(err)
	}
	heard = w.heard(t, made.Payment)
	if pay := fold(made, heard, facts, w.chased(t, made, heard)); pay.Net().Positive() {
		t.Errorf("heard that a bank took the rest back, and it holds %s", pay.Net())
	}
	if pay := fold(made, w.asked(t, made.Payment)); pay.Net().Positive() && !w.variant.First {
		t.Errorf("a bank took the rest back, and it holds %s", pay.Net())
	}
}

// chased is what the engine learns when it asks about every other name that was heard.
func (w *world) chased(t *testing.T, made purchase.Checkout, heard []purchase.Fact) (all []purchase.Fact) {
	t.Helper()
	for _, f := range heard {
		if f.Payment == made.Payment || f.Standing == purchase.Proved {
			continue
		}
		facts, err := w.Ask(t.Context(), purchase.Ref{Payment: f.Payment, Object: f.Object})
		if err != nil || len(facts) == 0 {
			t.Fatalf("%s was heard, and asked: %v, %v", f.Payment, facts, err)
		}
		all = append(all, facts...)
	}
	return all
}
