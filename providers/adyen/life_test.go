package adyen_test

import (
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// opened opens a link.
func (w *world) opened(t testing.TB, o purchase.Order) purchase.Checkout {
	t.Helper()
	made, err := w.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// ref names the payment of a link, as far as messages have told it.
func (w *world) ref(made purchase.Checkout) purchase.Ref {
	p, _ := w.Sim.Payment(made.Session)
	return purchase.Ref{Payment: made.Payment, Session: made.Session, Object: p.Names["psp"]}
}

// asked is what asking about a link proves, in short.
func (w *world) asked(t testing.TB, made purchase.Checkout) string {
	t.Helper()
	facts, err := w.Ask(t.Context(), w.ref(made))
	if err != nil {
		t.Fatal(err)
	}
	return said(facts, made)
}

// said are facts in short, the payment of the link called P.
func said(facts []purchase.Fact, made purchase.Checkout) string {
	return strings.ReplaceAll(strings.Join(providertest.Said(facts), ", "), made.Payment, "P")
}

// heard is everything that was delivered, read; wait for n of them.
func (w *world) heard(t testing.TB, n int) (all []purchase.Fact) {
	t.Helper()
	for _, d := range w.Delivered(t, n) {
		reading, err := w.Read(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, reading.Facts...)
	}
	return all
}

func TestALinkFromOpeningToRefund(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.opened(t, providertest.Order("open-1"))
	if !made.Voidable || made.Capturable || made.Until.IsZero() || len(made.Payment) > 80 || !strings.HasPrefix(made.URL, w.Server.URL) {
		t.Fatalf("%+v", made)
	}
	if again := w.opened(t, providertest.Order("open-1")); again.Session != made.Session || again.Payment != made.Payment {
		t.Errorf("the same order opened %+v", again)
	}
	other := providertest.Order("open-1")
	other.Return += "-other"
	if second := w.opened(t, other); second.Session == made.Session || second.Payment == made.Payment {
		t.Errorf("another way back opened %+v", second)
	}
	if got := w.asked(t, made); got != "" {
		t.Errorf("before anything: %s", got)
	}
	if to := w.Press(t, made.Session, "decline"); to != "" {
		t.Errorf("a declined card leads to %s", to)
	}
	if got := w.asked(t, made); got != "" {
		t.Errorf("after a declined card: %s", got)
	}
	if to := w.Press(t, made.Session, "pay"); to != "https://pay.example.org/return/token" {
		t.Errorf("paying leads to %s", to)
	}
	if got := w.asked(t, made); got != "proved captured P P 45.00 EUR"+of {
		t.Error(got)
	}
	ref := w.ref(made)
	heard := w.heard(t, 2)
	if got := said(heard[1:], made); got != "proved captured P "+ref.Object+" 45.00 EUR"+of+", proved authorised P P"+of {
		t.Errorf("heard %s", got)
	}
	want := purchase.Detail{User: providertest.ContactID, Sealed: true} // the event has no room beside the contact
	if f := heard[1]; f.Detail != want || f.Payment != made.Payment || heard[0].Kind != purchase.Failed {
		t.Errorf("%+v", heard)
	}
	w.giveBack(t, made)
}

// giveBack refunds a part of what was paid, and tries more than is left.
func (w *world) giveBack(t *testing.T, made purchase.Checkout) {
	t.Helper()
	ref, part := w.ref(made), purchase.Money{Minor: 1500, Currency: "EUR"}
	var told string
	for range 2 { // under one key there is one refund
		facts, err := w.Refund(t.Context(), ref, part, "refund-1")
		if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Refunded || facts[0].Money != part || facts[0].Purchase.ID != providertest.PurchaseID {
			t.Fatalf("%v, %v", facts, err)
		}
		told = facts[0].Object
	}
	if p, _ := w.Sim.Payment(made.Session); p.Refunded != "15.00" {
		t.Errorf("refunded is %s", p.Refunded)
	}
	more := purchase.Money{Minor: 4000, Currency: "EUR"}
	if facts, err := w.Refund(t.Context(), ref, more, "refund-2"); err != nil || facts[0].Kind != purchase.Refunded {
		t.Errorf("Adyen takes any wish: %v, %v", facts, err)
	}
	heard := w.heard(t, 4)
	if last := heard[len(heard)-1]; last.Kind != purchase.Failed || last.Detail.Reason != "refund_refused" || last.Object == told {
		t.Errorf("more than is left: %+v", last)
	}
	if before := heard[len(heard)-2]; before.Object != told || before.Kind != purchase.Refunded || before.Payment != made.Payment && before.Payment != ref.Object {
		t.Errorf("what was asked for is told as %+v", before)
	}
	w.Sim.SetVariant(providersim.AdyenVariant{RefusesAtOnce: true})
	if _, err := w.Refund(t.Context(), ref, more, "refund-3"); !providertest.Final(err) {
		t.Errorf("refused at once: %v", err)
	}
	if facts, err := w.Void(t.Context(), ref, "void-1"); !providertest.Final(err) || said(facts, made) != "proved captured P P 45.00 EUR"+of {
		t.Errorf("a paid link is ended: %v, %v", facts, err)
	}
}

func TestAllOfALinkIsReversedWhetherCapturedOrNot(t *testing.T) {
	t.Parallel()
	for _, delayed := range []bool{false, true} {
		w := newWorld(t)
		w.Sim.SetVariant(providersim.AdyenVariant{Delayed: delayed})
		s := newSale(t, w)
		facts, err := w.Refund(t.Context(), w.ref(s.link), providertest.Euros45, "refund-1")
		if err != nil || facts[0].Kind != purchase.Refunded || facts[0].Money != providertest.Euros45 {
			t.Errorf("%v, %v", facts, err)
		}
		sent := w.Sim.Requests()[len(w.Sim.Requests())-1]
		if !strings.HasSuffix(sent.Path, "/reversals") || strings.Contains(sent.Body, "amount") {
			t.Errorf("asked by %s %s", sent.Path, sent.Body)
		}
		s.said = append(s.said, facts, w.heard(t, 2))
		if p := s.fold(3); p.Net().Positive() || len(p.Payments) != 1 || p.Payments[0].Refunded != providertest.Euros45 {
			t.Errorf("%+v", p.Payments)
		}
		if p, _ := w.Sim.Payment(s.link.Session); p.Refunded != map[bool]string{false: "45.00", true: ""}[delayed] {
			t.Errorf("refunded is %q", p.Refunded)
		}
	}
	w := newWorld(t)
	id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	if facts, err := w.Refund(t.Context(), purchase.Ref{Payment: id}, providertest.Euros45, "refund-3"); err != nil || facts[0].Payment != id {
		t.Errorf("on the organiser's page: %v, %v", facts, err)
	}
	if sent := w.Sim.Requests()[len(w.Sim.Requests())-1]; !strings.HasSuffix(sent.Path, "/refunds") { // nobody knows whether it is all of it
		t.Errorf("asked by %s", sent.Path)
	}
}

func TestARefundThatFailsLaterIsNotGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Sim.SetVariant(providersim.AdyenVariant{RefundsFail: true})
	s := newSale(t, w)
	facts, err := w.Refund(t.Context(), w.ref(s.link), purchase.Money{Minor: 1500, Currency: "EUR"}, "refund-1")
	if err != nil {
		t.Fatal(err)
	}
	s.said = append(s.said, w.heard(t, 3), facts)
	if p := s.fold(1<<len(s.said) - 1); p.Net() != providertest.Euros45 || len(p.Payments) != 1 {
		t.Errorf("%s: %+v", p.Net(), p.Payments)
	}
	if p := s.fold(2); p.Net().Positive() {
		t.Errorf("while it is under way, it counts as gone: %s", p.Net())
	}
}

func TestALinkThatNobodyPaysIsEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.opened(t, providertest.Order("open-1"))
	for range 2 {
		facts, err := w.Void(t.Context(), w.ref(made), "void-1")
		if err != nil || said(facts, made) != "proved lapsed P"+of {
			t.Fatalf("%v, %v", facts, err)
		}
	}
	if p, _ := w.Sim.Payment(made.Session); p.Open() {
		t.Error("it can still be paid")
	}
	pending := w.opened(t, providertest.Order("open-2"))
	w.Press(t, pending.Session, "pend")
	if got := w.asked(t, pending); got != "proved pending P P"+of+" payment_pending" {
		t.Error(got)
	}
	if _, err := w.Void(t.Context(), w.ref(pending), "void-2"); !providertest.Final(err) {
		t.Errorf("a payment under way is ended: %v", err)
	}
	if err := w.Sim.Settle(pending.Session, true); err != nil {
		t.Fatal(err)
	}
	if got := w.asked(t, pending); got != "proved captured P P 45.00 EUR"+of {
		t.Error(got)
	}
}

func TestSeatFirstReservesCapturesAndGivesFree(t *testing.T) {
	t.Parallel()
	for _, capture := range []bool{true, false} {
		w := newWorld(t)
		o := providertest.Order("open-1")
		o.Reserve = true
		made := w.opened(t, o)
		if !made.Capturable {
			t.Fatalf("%+v", made)
		}
		if _, err := w.Capture(t.Context(), w.ref(made), "capture-0"); !providertest.Final(err) {
			t.Errorf("captured without a payment: %v", err)
		}
		w.Press(t, made.Session, "pay")
		if got := w.asked(t, made); got != "proved authorised P P 45.00 EUR"+of {
			t.Error(got)
		}
		ref := w.ref(made)
		want := "cancellation"
		if capture {
			want = ""
			facts, err := w.Capture(t.Context(), ref, "capture-1")
			if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Pending || facts[0].Detail.Reason != "capture_received" {
				t.Fatalf("%v, %v", facts, err)
			}
		} else if facts, err := w.Void(t.Context(), ref, "void-1"); err != nil || !strings.HasPrefix(said(facts, made), "proved authorised P P") {
			t.Fatalf("%v, %v", facts, err)
		}
		s := &sale{t: t, w: w, link: made, said: [][]purchase.Fact{w.heard(t, 2)}}
		p := s.fold(1)
		if len(p.Payments) != 1 || p.Payments[0].Open() || p.Net().Positive() != capture || !strings.Contains(said(s.said[0], made), want) {
			t.Errorf("%+v", p.Payments)
		}
		if _, err := w.Capture(t.Context(), ref, "capture-2"); err != nil { // Adyen takes any wish
			t.Error(err)
		}
		heard := w.heard(t, 3)
		if last := heard[len(heard)-1]; last.Detail.Reason != "capture_refused" {
			t.Errorf("once more: %+v", last)
		}
	}
}

func TestAChargebackIsHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := newSale(t, w)
	if err := w.Sim.GiveBack(s.link.Session, "", true); err != nil {
		t.Fatal(err)
	}
	s.said = append(s.said, w.heard(t, 3))
	if p := s.fold(1); p.Net().Positive() || len(p.Payments) != 1 || p.Payments[0].Reversed != providertest.Euros45 {
		t.Errorf("%+v", p.Payments)
	}
}
