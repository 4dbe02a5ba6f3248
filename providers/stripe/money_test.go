package stripe_test

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestASessionFromOpeningToRefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := w.Open(t.Context(), providertest.Order("open-1"))
	if err != nil || !made.Voidable || made.Capturable || made.Until.IsZero() {
		t.Fatalf("%+v, %v", made, err)
	}
	again, err := w.Open(t.Context(), providertest.Order("open-1"))
	if err != nil || again.Payment != made.Payment {
		t.Errorf("the same order opened %+v, %v", again, err)
	}
	other := providertest.Order("open-1")
	other.Return += "-other"
	if second, err := w.Open(t.Context(), other); err != nil || second.Payment == made.Payment {
		t.Errorf("another way back opened %+v, %v", second, err)
	}
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: made.Payment}); err != nil || len(facts) != 0 {
		t.Errorf("before anything: %v, %v", facts, err)
	}
	if to := w.Press(t, made.Payment, "decline"); to != "" {
		t.Errorf("a declined card leads to %s", to)
	}
	if to := w.Press(t, made.Payment, "pay"); to != "https://pay.example.org/return/token" {
		t.Errorf("paying leads to %s", to)
	}
	facts, err := w.Ask(t.Context(), purchase.Ref{Payment: made.Payment})
	if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Captured || facts[0].Money != providertest.Euros45 {
		t.Fatalf("%v, %v", facts, err)
	}
	want := purchase.Detail{Event: providertest.EventID, User: providertest.ContactID, Sealed: true}
	if f := facts[0]; f.Purchase.ID != providertest.PurchaseID || f.Detail != want || f.Payment != made.Payment || f.Payer.Reveal() != "payer@example.org" {
		t.Errorf("%+v, paid by %q", f, f.Payer.Reveal())
	}
	heard := w.heard(t)
	if !strings.Contains(heard, "captured "+made.Payment) {
		t.Errorf("heard %s", heard)
	}
	ref := purchase.Ref{Payment: made.Payment}
	part := purchase.Money{Minor: 1500, Currency: "EUR"}
	for range 2 { // under one key there is one refund
		refund, err := w.Refund(t.Context(), ref, part, "refund-1")
		if err != nil || len(refund) != 1 || refund[0].Kind != purchase.Refunded || refund[0].Money != part {
			t.Fatalf("%v, %v", refund, err)
		}
	}
	if _, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-2"); !providertest.Final(err) {
		t.Errorf("more than is left: %v", err)
	}
	if facts, err = w.Ask(t.Context(), ref); err != nil || len(facts) != 2 {
		t.Errorf("%v, %v", facts, err)
	}
	if _, err := w.Void(t.Context(), ref, "void-1"); !providertest.Final(err) {
		t.Errorf("a paid session is ended: %v", err)
	}
}

// heard is everything that was delivered, read.
func (w *world) heard(t *testing.T) string {
	t.Helper()
	var all []string
	for _, d := range w.Delivered(t, 1) {
		reading, err := w.Read(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, providertest.Said(reading.Facts)...)
	}
	return fmt.Sprint(all)
}

func TestASessionThatNobodyPaysIsEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, err := w.Open(t.Context(), providertest.Order("open-1"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		facts, err := w.Void(t.Context(), purchase.Ref{Payment: made.Payment}, "void-1")
		if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Lapsed {
			t.Fatalf("%v, %v", facts, err)
		}
	}
	if p, _ := w.Sim.Payment(made.Payment); p.Open() {
		t.Error("it can still be paid")
	}
}

func TestSeatFirstReservesCapturesAndGivesBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	order := providertest.Order("open-1")
	order.Reserve = true
	for _, capture := range []bool{true, false} {
		order.Key += "x"
		made, err := w.Open(t.Context(), order)
		if err != nil || !made.Capturable {
			t.Fatalf("%+v, %v", made, err)
		}
		w.Press(t, made.Payment, "pay")
		ref := purchase.Ref{Payment: made.Payment}
		facts, err := w.Ask(t.Context(), ref)
		if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Authorised || facts[0].Money != providertest.Euros45 {
			t.Fatalf("%v, %v", facts, err)
		}
		want := purchase.Lapsed
		if capture {
			want = purchase.Captured
			facts, err = w.Capture(t.Context(), ref, "capture-1")
		} else {
			facts, err = w.Void(t.Context(), ref, "void-1")
		}
		if err != nil || len(facts) != 1 || facts[0].Kind != want {
			t.Errorf("%v, %v", facts, err)
		}
		if _, err := w.Capture(t.Context(), ref, "capture-2"); capture != (err == nil) {
			t.Errorf("once more: %v", err)
		}
	}
}

func TestAmountsGoOutInStripesUnits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for currency, c := range map[string]struct {
		minor int64
		want  string
	}{"EUR": {4500, "4500"}, "JPY": {4500, "4500"}, "KWD": {45120, "45120"}, "ISK": {4500, "450000"}, "UGX": {45, "4500"}, "MGA": {450000, "4500"}} {
		order := providertest.Order("open-" + currency)
		order.Money = purchase.Money{Minor: c.minor, Currency: currency}
		made, err := w.Open(t.Context(), order)
		if err != nil {
			t.Errorf("%s: %v", currency, err)
			continue
		}
		sent, _ := url.ParseQuery(w.Sim.Requests()[len(w.Sim.Requests())-1].Body)
		if got := sent.Get("line_items[0][price_data][unit_amount]"); got != c.want {
			t.Errorf("%s goes out as %s", order.Money, got)
		}
		w.Press(t, made.Payment, "pay")
		if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: made.Payment}); err != nil || facts[0].Money != order.Money {
			t.Errorf("%s comes back as %v, %v", order.Money, facts, err)
		}
	}
	for _, m := range []purchase.Money{{Minor: 45123, Currency: "KWD"}, {Minor: 4550, Currency: "MGA"}, {Minor: 0, Currency: "EUR"}, {}} {
		order := providertest.Order("open-odd")
		order.Money = m
		if _, err := w.Open(t.Context(), order); !providertest.Final(err) {
			t.Errorf("%s: %v", m, err)
		}
	}
}

func TestOutcomesThatNobodyKnowsMayBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, kind := range []providersim.FaultKind{providersim.AfterDrop, providersim.AfterError, providersim.Drop, providersim.BadGateway, providersim.RateLimit,
		providersim.EdgeRefusal, providersim.Unavailable} {
		order := providertest.Order(fmt.Sprint("open-", i))
		order.Reserve = true
		made, err := w.Open(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		w.Press(t, made.Payment, "pay")
		ref := purchase.Ref{Payment: made.Payment}
		w.Sim.AddFault(providersim.Fault{Operation: "capture", Kind: kind})
		if _, err := w.Capture(t.Context(), ref, "capture"+made.Payment); providertest.Final(err) {
			t.Errorf("%s: %v", kind, err)
		}
		facts, err := w.Capture(t.Context(), ref, "capture"+made.Payment)
		if err != nil || facts[0].Kind != purchase.Captured {
			t.Errorf("%s, again: %v, %v", kind, facts, err)
		}
	}
}

func TestEventsAreListedOldestFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 60 {
		if _, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"}); err != nil {
			t.Fatal(err)
		}
	}
	var seen []purchase.Fact
	for f, err := range w.List(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, f)
	}
	first := w.Sim.Payments()[0].ID
	if len(seen) != 60 || seen[0].Payment != first || seen[0].Kind != purchase.Captured {
		t.Errorf("%d facts, the first of %s", len(seen), seen[0].Payment)
	}
	w.Sim.AddFault(providersim.Fault{Operation: "list", Kind: providersim.EdgeRefusal})
	for _, err := range w.List(t.Context(), time.Now().Add(-time.Hour), time.Now()) {
		if err == nil {
			t.Error("an edge page is a list")
		}
	}
}

func TestADoctorsQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verdicts := func(callback string) string {
		var all []string
		for _, f := range w.Inspect(t.Context(), callback) {
			all = append(all, f.Check+" "+string(f.Status))
			if f.Status != purchase.Pass && f.Fix == "" && f.Status != purchase.Skip {
				t.Errorf("%s does not say what to do", f.Check)
			}
		}
		return strings.Join(all, ", ")
	}
	if got := verdicts(providertest.Callback); got != "PRV-01 pass, PRV-02 pass, PRV-03 pass, PRV-04 manual" {
		t.Error(got)
	}
	if got := verdicts("https://elsewhere.example.org/"); got != "PRV-01 pass, PRV-02 fail, PRV-03 skip" {
		t.Error(got)
	}
	w.config.SecretKey = providertest.Secret(t, "sk_test_wrong")
	w.Stripe = w.open(t)
	if got := verdicts(providertest.Callback); got != "PRV-01 fail" {
		t.Error(got)
	}
}

func TestAPayPageElsewhereIsNotOpened(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Sim.SetBaseURL("https://evil.example.org")
	if made, err := w.Open(t.Context(), providertest.Order("open-1")); err == nil {
		t.Errorf("a buyer is sent to %s", made.URL)
	}
	if _, err := w.Ask(t.Context(), purchase.Ref{Payment: "cs_../../x"}); !errors.Is(err, purchase.ErrNoPayment) {
		t.Errorf("an odd id is asked for: %v", err)
	}
}
