package sips_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestAPartGoesBackOnce(t *testing.T) {
	t.Parallel()
	part := purchase.Money{Minor: 1500, Currency: "EUR"}
	for name, vary := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, vary)
			ref := w.paid(t, providertest.Order("open-1"))
			for money, want := range map[purchase.Money]bool{{Minor: 4501, Currency: "EUR"}: true, {Minor: 1500, Currency: "USD"}: true, {}: true, {Currency: "EUR"}: true} {
				if _, err := w.Refund(t.Context(), ref, money, "refund-0"); final(err) != want {
					t.Errorf("%s: %v", money, err)
				}
			}
			facts, err := w.Refund(t.Context(), ref, part, "refund-1")
			if err != nil || len(facts) != 2 || facts[1].Money != part || facts[1].Version != 1500 {
				t.Fatalf("%v, %v", facts, err)
			}
			for _, money := range []purchase.Money{part, {Minor: 100, Currency: "EUR"}, providertest.Euros45} {
				if _, err := w.Refund(t.Context(), ref, money, "refund-2"); !final(err) {
					t.Errorf("%s after a part: %v", money, err)
				}
			}
			if p, _ := w.Sim.Payment(ref.Payment); p.Refunded != "15.00" {
				t.Errorf("refunded %s", p.Refunded)
			}
			if name == "unmoved" {
				return // the sum does not show
			}
			same(t, "asked", w.asked(t, ref), "proved captured "+ref.Payment+" "+ref.Payment+" 45.00 EUR "+providertest.PurchaseID,
				"proved refunded "+ref.Payment+" "+ref.Payment+"-returned 15.00 EUR "+providertest.PurchaseID)
			if err := w.Sim.GiveBack(ref.Payment, "5.00", false); err != nil { // by a person, in the back office
				t.Fatal(err)
			}
			if facts, err := w.Ask(t.Context(), ref); err != nil || facts[1].Version != 2000 || facts[1].Money.Minor != 2000 {
				t.Errorf("%v, %v", facts, err)
			}
		})
	}
}

func TestAChargebackIsForTheBanksReport(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.paid(t, providertest.Order("open-1"))
	before := w.asked(t, ref)
	if err := w.Sim.GiveBack(ref.Payment, "", true); err != nil {
		t.Fatal(err)
	}
	same(t, "asked", w.asked(t, ref), before...)
}

func TestACancelledPaymentIsTakenAndGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v *providersim.SipsVariant) { v.Batched = true })
	ref := w.paid(t, providertest.Order("open-1"))
	if _, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-1"); err != nil {
		t.Fatal(err)
	}
	if got := w.asked(t, ref); len(got) != 2 || !strings.Contains(got[1], "refunded") {
		t.Errorf("%q", got)
	}
	if last := w.Sim.Requests()[2]; last.Operation != "void" {
		t.Errorf("taken off by %s %s", last.Operation, last.Path)
	}
}

func TestOutcomesThatNobodyKnowsMayBeRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	kinds := []providersim.FaultKind{providersim.AfterDrop, providersim.AfterError, providersim.Drop, providersim.BadGateway, providersim.RateLimit,
		providersim.EdgeRefusal, providersim.Unavailable, providersim.ServerError, providersim.Garbage}
	for i, kind := range kinds {
		order := providertest.Order(fmt.Sprint("open-", i))
		for operation, act := range map[string]func(purchase.Ref) ([]purchase.Fact, error){
			"capture": func(ref purchase.Ref) ([]purchase.Fact, error) { return w.Capture(t.Context(), ref, "c") },
			"void":    func(ref purchase.Ref) ([]purchase.Fact, error) { return w.Void(t.Context(), ref, "v") },
			"refund": func(ref purchase.Ref) ([]purchase.Fact, error) {
				return w.Refund(t.Context(), ref, providertest.Euros45, "r")
			},
			"get": func(ref purchase.Ref) ([]purchase.Fact, error) { return w.Ask(t.Context(), ref) },
		} {
			order.Reserve, order.Key = operation != "refund", order.Key+operation
			ref := w.paid(t, order)
			w.Sim.AddFault(providersim.Fault{Operation: operation, Kind: kind})
			_, err := act(ref)
			if final(err) {
				t.Errorf("%s %s: %v", operation, kind, err)
			}
			if after, _ := purchase.Retry(err); operation == "refund" && err != nil && after < time.Minute {
				t.Errorf("%s %s is looked at after %s", operation, kind, after)
			}
			if facts, err := act(ref); err != nil || len(facts) == 0 {
				t.Errorf("%s %s, again: %v, %v", operation, kind, facts, err)
			}
			if p, _ := w.Sim.Payment(ref.Payment); operation == "refund" && p.Refunded != "45.00" {
				t.Errorf("%s: refunded %s", kind, p.Refunded)
			}
		}
	}
}

func TestAPartThatMayHaveGoneIsNotSentTwice(t *testing.T) {
	t.Parallel()
	part := purchase.Money{Minor: 1500, Currency: "EUR"}
	for name, vary := range variants {
		w := newWorld(t, vary)
		ref := w.paid(t, providertest.Order("open-1"))
		operation := "refund"
		if name == "batched" || name == "all" {
			operation = "void"
		}
		w.Sim.AddFault(providersim.Fault{Operation: operation, Kind: providersim.AfterDrop})
		if _, err := w.Refund(t.Context(), ref, part, "refund-1"); err == nil || final(err) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := w.Refund(t.Context(), ref, part, "refund-1"); !final(err) {
			t.Errorf("%s, again: %v", name, err)
		}
		if p, _ := w.Sim.Payment(ref.Payment); p.Refunded != "15.00" {
			t.Errorf("%s: refunded %s", name, p.Refunded)
		}
	}
}

func TestHoweverItIsLearnedItIsOnePayment(t *testing.T) {
	t.Parallel()
	for name, vary := range variants {
		w := newWorld(t, vary)
		ref := w.paid(t, providertest.Order("open-1"))
		var facts []purchase.Fact
		learn := func(more []purchase.Fact, err error) {
			if err != nil {
				t.Fatal(err)
			}
			facts = append(facts, more...)
		}
		reading, err := w.Read(t.Context(), w.Delivered(t, 1)[0])
		learn(reading.Facts, err)
		learn(w.Ask(t.Context(), ref))
		learn(w.Refund(t.Context(), ref, purchase.Money{Minor: 1500, Currency: "EUR"}, "refund-1"))
		learn(w.Ask(t.Context(), ref))
		if err := w.Sim.GiveBack(ref.Payment, "5.00", false); err != nil {
			t.Fatal(err)
		}
		learn(w.Ask(t.Context(), ref))
		for i := range facts {
			facts[i].Account, facts[i].Purchase.ID = "main", providertest.PurchaseID
			facts[i] = purchase.Identify(facts[i])
		}
		gone := int64(2000)
		if name == "unmoved" { // the second part is nowhere to be seen
			gone = 1500
		}
		p := purchase.Fold(facts[0].Purchase, facts, purchase.Policy{})
		if pay := p.Payments; len(pay) != 1 || pay[0].Captured != providertest.Euros45 || pay[0].Refunded.Minor != gone || pay[0].Contradicted {
			t.Errorf("%s: %+v", name, pay)
		}
	}
}
