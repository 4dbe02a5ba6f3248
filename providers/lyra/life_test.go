package lyra_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// final tells whether an error is one that no repetition mends.
func final(err error) bool {
	_, again := purchase.Retry(err)
	return err != nil && !again
}

// bothWorlds runs a test at an account of each kind.
func bothWorlds(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	t.Parallel()
	for name, make := range map[string]func(testing.TB) *world{"rest": newWorld, "form": newFormWorld} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, make(t))
		})
	}
}

// heard is what the deliveries tell, n of them, as if it were proved.
func (w *world) heard(t *testing.T, n int) []purchase.Fact {
	t.Helper()
	var all []purchase.Fact
	for _, d := range w.Delivered(t, n) {
		reading, err := w.Read(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range reading.Facts {
			f.Standing = purchase.Proved
			all = append(all, f)
		}
	}
	return all
}

// same tells whether two lists say the same, whatever their order.
func same(a, b []purchase.Fact) bool {
	ids := func(facts []purchase.Fact) []string {
		var all []string
		for _, f := range facts {
			all = append(all, purchase.Identify(f).ID)
		}
		slices.Sort(all)
		return all
	}
	return slices.Equal(ids(a), ids(b))
}

func (w *world) opened(t *testing.T, order purchase.Order) (purchase.Checkout, string) {
	t.Helper()
	made, err := w.Open(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	page := w.visit(t, made)
	if page == "" {
		t.Fatal("the pay page refuses the form")
	}
	return made, page
}

func TestASessionFromOpeningToRefund(t *testing.T) {
	bothWorlds(t, func(t *testing.T, w *world) {
		made, page := w.opened(t, providertest.Order("open-1"))
		ref := purchase.Ref{Payment: made.Payment}
		if facts, err := w.Ask(t.Context(), ref); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("before anything: %v, %v", facts, err)
		}
		if to := w.Press(t, page, "decline"); to != "" {
			t.Errorf("a declined card leads to %s", to)
		}
		if to := w.Press(t, page, "pay"); to != "https://pay.example.org/return/token" {
			t.Errorf("paying leads to %s", to)
		}
		facts, err := w.Ask(t.Context(), ref)
		if err != nil || len(facts) != 2 || facts[0].Kind != purchase.Failed || facts[1].Kind != purchase.Captured || facts[1].Money != providertest.Euros45 {
			t.Fatalf("%v, %v", providertest.Said(facts), err)
		}
		want := purchase.Detail{Event: providertest.EventID, User: providertest.ContactID, Sealed: true}
		if f := facts[1]; f.Purchase.ID != providertest.PurchaseID || f.Detail != want || f.Payment != made.Payment || f.At.IsZero() {
			t.Errorf("%+v", f)
		}
		if heard := w.heard(t, 2); !same(heard, facts) {
			t.Errorf("heard %v\nasked %v", heard, facts)
		}
		w.refunds(t, ref)
	})
}

// refunds gives back a part, and no more under the same key.
func (w *world) refunds(t *testing.T, ref purchase.Ref) {
	t.Helper()
	part := purchase.Money{Minor: 1500, Currency: "EUR"}
	if _, err := w.Refund(t.Context(), ref, part, "refund-1"); err == nil || final(err) {
		t.Errorf("a part of what is not at the bank yet: %v", err)
	}
	w.Sim.Remit()
	facts, err := w.Refund(t.Context(), ref, part, "refund-1")
	if err != nil || !slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Kind == purchase.Refunded && f.Money == part }) {
		t.Fatalf("%v, %v", facts, err)
	}
	asked, err := w.Ask(t.Context(), ref)
	if err != nil || !same(asked, facts) {
		t.Errorf("refunded %v\n   asked %v, %v", facts, asked, err)
	}
	if facts, err = w.Refund(t.Context(), ref, part, "refund-1"); !final(err) || !same(facts, asked) {
		t.Errorf("under the same key: %v, %v", facts, err)
	}
	if _, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-2"); !final(err) {
		t.Errorf("more than is left: %v", err)
	}
	if n := len(w.Sim.Refunds()); n != 1 {
		t.Errorf("%d refunds were made", n)
	}
	if _, err := w.Refund(t.Context(), ref, purchase.Money{Minor: 3000, Currency: "EUR"}, "refund-3"); err != nil {
		t.Errorf("the rest: %v", err)
	}
	if heard := w.heard(t, 4); len(heard) != 4 || heard[3].Kind != purchase.Refunded {
		t.Errorf("heard %v", providertest.Said(heard))
	}
}

func TestAllOfWhatIsNotAtTheBankIsCancelled(t *testing.T) {
	bothWorlds(t, func(t *testing.T, w *world) {
		made, page := w.opened(t, providertest.Order("open-1"))
		w.Press(t, page, "pay")
		for range 2 { // doing it twice is doing it once
			facts, err := w.Refund(t.Context(), purchase.Ref{Payment: made.Payment}, providertest.Euros45, "refund-1")
			if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Failed || facts[0].Detail.Reason != "cancelled" {
				t.Fatalf("%v, %v", facts, err)
			}
		}
		heard := w.heard(t, 2)
		if heard[0].Kind != purchase.Captured || heard[1].Kind != purchase.Failed || heard[1].Version <= heard[0].Version || heard[0].Object != heard[1].Object {
			t.Errorf("the cancellation does not undo the capture: %+v", heard)
		}
	})
}

func TestSeatFirstReservesCapturesAndGivesBack(t *testing.T) {
	bothWorlds(t, func(t *testing.T, w *world) {
		order := providertest.Order("open-1")
		order.Reserve = true
		for _, capture := range []bool{true, false} {
			order.Key += "x"
			made, page := w.opened(t, order)
			if !made.Capturable || made.Voidable {
				t.Errorf("%+v", made)
			}
			ref := purchase.Ref{Payment: made.Payment}
			if _, err := w.Void(t.Context(), ref, "void-0"); !final(err) {
				t.Errorf("a page is ended: %v", err)
			}
			w.Press(t, page, "pay")
			facts, err := w.Ask(t.Context(), ref)
			if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Authorised || facts[0].Money != providertest.Euros45 {
				t.Fatalf("%v, %v", facts, err)
			}
			w.decide(t, ref, capture)
		}
	})
}

// decide takes or gives back what is reserved, each twice, and tries the other after that.
func (w *world) decide(t *testing.T, ref purchase.Ref, capture bool) {
	t.Helper()
	do, undo, want := w.Void, w.Capture, purchase.Lapsed
	if capture {
		do, undo, want = w.Capture, w.Void, purchase.Captured
	}
	for range 2 {
		facts, err := do(t.Context(), ref, "do-1")
		if err != nil || !slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Kind == want }) {
			t.Errorf("%v, %v", providertest.Said(facts), err)
		}
	}
	if facts, err := undo(t.Context(), ref, "undo-1"); !final(err) || len(facts) == 0 {
		t.Errorf("and then: %v, %v", facts, err)
	}
	if _, err := do(t.Context(), ref, ""); !final(err) {
		t.Errorf("without a key: %v", err)
	}
}

func TestPaymentsOfTheOrganisersPageAreTold(t *testing.T) {
	bothWorlds(t, func(t *testing.T, w *world) {
		var ids []string
		for range 2 { // twice for one order
			id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
		heard := w.heard(t, 2)
		for i, id := range ids {
			if heard[i].Payment != id || heard[i].Object != id || heard[i].Purchase.ID != providertest.PurchaseID {
				t.Errorf("%+v", heard[i])
			}
			facts, err := w.Ask(t.Context(), purchase.Ref{Payment: id})
			if err != nil || !same(facts, heard[i:i+1]) {
				t.Errorf("heard %v\nasked %v, %v", heard[i:i+1], facts, err)
			}
		}
		if err := w.Sim.GiveBack(ids[1], "15.00", false); err != nil {
			t.Fatal(err)
		}
		facts, err := w.Ask(t.Context(), purchase.Ref{Payment: ids[1]})
		if err != nil || len(facts) != 2 || facts[1].Kind != purchase.Refunded || facts[1].Payment != ids[1] {
			t.Errorf("%v, %v", providertest.Said(facts), err)
		}
		heard = w.heard(t, 3)
		again, err := w.Ask(t.Context(), purchase.Ref{Payment: heard[2].Payment, Object: heard[2].Object}) // a form does not say of what
		if err != nil || !same(facts, again) {
			t.Errorf("by its refund: %v, %v", providertest.Said(again), err)
		}
	})
}

func TestAChargebackIsToldToNobody(t *testing.T) {
	bothWorlds(t, func(t *testing.T, w *world) {
		id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		before := w.heard(t, 1)
		if err := w.Sim.GiveBack(id, "", true); err != nil {
			t.Fatal(err)
		}
		if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: id}); err != nil || len(facts) != 1 || facts[0].Kind != purchase.Captured {
			t.Errorf("%v, %v", facts, err)
		}
		if heard := w.heard(t, 1); !same(heard, before) {
			t.Errorf("heard %v", heard)
		}
		said := false
		for _, step := range w.Instructions(providertest.Callback) {
			said = said || strings.Contains(step.En, "chargebacks")
		}
		if !said {
			t.Error("nobody is told to look for them")
		}
	})
}

func TestWhatWaitsComesOrDoesNot(t *testing.T) {
	bothWorlds(t, func(t *testing.T, w *world) {
		for i, comes := range []bool{true, false} {
			id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR", Pending: "transfer"})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Sim.Settle(id, comes); err != nil {
				t.Fatal(err)
			}
			heard := w.heard(t, 2*(i+1))[2*i:]
			want := map[bool]purchase.Kind{true: purchase.Captured, false: purchase.Failed}[comes]
			if heard[0].Kind != purchase.Pending || heard[1].Kind != want || heard[1].Version <= heard[0].Version || heard[0].Object != heard[1].Object {
				t.Errorf("%v", providertest.Said(heard))
			}
		}
	})
}

// TestEveryVariantIsSurvived: whatever the documents leave open, a payment is heard and asked alike.
func TestEveryVariantIsSurvived(t *testing.T) {
	for name, v := range map[string]providersim.LyraVariants{
		"slashes escaped": {Escapes: true}, "earlier attempts listed": {ListsAll: true}, "no page named": {NoPages: true}, "ids with dashes": {Dashes: true},
		"no info": {NoInfo: true}, "verified first": {Processes: true}, "one attempt a page": {OnePage: true}, "no ids": {NoIDs: true},
		"quiet": {Quiet: true}, "all but": {Escapes: true, ListsAll: true, Dashes: true, NoInfo: true, NoPages: true},
	} {
		t.Run(name, func(t *testing.T) {
			bothWorlds(t, func(t *testing.T, w *world) {
				w.Sim.Vary(v)
				made, page := w.opened(t, providertest.Order("open-1"))
				w.Press(t, page, "decline")
				w.Press(t, page, "pay")
				if err := w.Sim.GiveBack(page, "15.00", false); err != nil {
					t.Fatal(err)
				}
				notices := map[bool]int{true: 2, false: 3}[v.Quiet]
				if v.Processes {
					notices++
				}
				w.proves(t, made.Payment, w.heard(t, notices))
				button, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
				if err != nil {
					t.Fatal(err)
				}
				if err := w.Sim.GiveBack(button, "15.00", false); err != nil {
					t.Fatal(err)
				}
				w.proves(t, button, nil)
			})
		})
	}
}

// proves checks that a payment of 45.00 of which 15.00 went back is proved so, and that what was heard of it moves the same objects.
func (w *world) proves(t *testing.T, payment string, heard []purchase.Fact) {
	t.Helper()
	facts, err := w.Ask(t.Context(), purchase.Ref{Payment: payment})
	if err != nil {
		t.Fatal(err)
	}
	sums, objects := map[purchase.Kind]int64{}, map[string]bool{}
	for _, f := range facts {
		sums[f.Kind] += f.Money.Minor
		objects[f.Object] = true
		if f.Payment != payment || f.Purchase.ID != providertest.PurchaseID {
			t.Errorf("%+v", f)
		}
	}
	if sums[purchase.Captured] != 4500 || sums[purchase.Refunded] != 1500 {
		t.Errorf("%v", providertest.Said(facts))
	}
	for _, f := range heard {
		if f.Payment != payment || !objects[f.Object] {
			t.Errorf("heard of something else: %+v", f)
		}
	}
}

func TestARefundThatDoesNotSayOfWhat(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Sim.Vary(providersim.LyraVariants{NoParent: true})
	id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Sim.GiveBack(id, "15.00", false); err != nil {
		t.Fatal(err)
	}
	w.proves(t, id, nil) // there is only one that it can be of
	reading, err := w.Read(t.Context(), w.Delivered(t, 2)[1])
	if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Standing != purchase.Heard {
		t.Errorf("%v, %v", reading, err)
	}
	if _, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"}); err != nil {
		t.Fatal(err)
	}
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: id}); !errors.Is(err, purchase.ErrNotUnderstood) {
		t.Errorf("with two that it can be of: %v, %v", providertest.Said(facts), err)
	}
	none, err := w.Sim.Button(providersim.ButtonPayment{Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: none}); err != nil || len(facts) != 1 {
		t.Errorf("without an order id: %v, %v", facts, err)
	}
	if err := w.Sim.GiveBack(none, "15.00", false); err != nil {
		t.Fatal(err)
	}
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: none}); !errors.Is(err, purchase.ErrNotUnderstood) {
		t.Errorf("without an order id, refunded: %v, %v", providertest.Said(facts), err)
	}
}

func TestAnOrderWithTooManyPaymentsIsNotGuessed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var id string
	for range 31 {
		var err error
		if id, err = w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"}); err != nil {
			t.Fatal(err)
		}
	}
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: id}); err == nil || errors.Is(err, purchase.ErrNoPayment) {
		t.Errorf("%v, %v", fmt.Sprint(providertest.Said(facts)), err)
	}
}
