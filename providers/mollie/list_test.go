package mollie_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
)

func TestPaymentsAreListedOldestFirst(t *testing.T) {
	t.Parallel()
	c := &clock{at: time.Now().Add(-time.Hour)}
	w := openWorld(t, func(s providersim.Config) *providersim.Mollie {
		s.Now = c.now
		return providersim.NewMollie(s)
	}, section(t))
	var sold []string
	for range 600 {
		sold = append(sold, w.sold(t))
		c.move(time.Second)
	}
	if err := w.Sim.GiveBack(sold[500], "15.00", false); err != nil {
		t.Fatal(err)
	}
	first := c.at.Add(-600 * time.Second).Truncate(time.Second)
	list := func(from, to int) (payments []string) {
		for f, err := range w.List(t.Context(), first.Add(time.Duration(from)*time.Second), first.Add(time.Duration(to)*time.Second)) {
			if err != nil {
				t.Fatal(err)
			}
			if f.Kind == purchase.Captured {
				payments = append(payments, f.Payment)
			} else if f.Payment != sold[500] || f.Kind != purchase.Refunded {
				t.Errorf("%+v", f)
			}
		}
		return payments
	}
	if got := list(0, 600); !slices.Equal(got, sold) {
		t.Errorf("%d payments are listed, the first is %s", len(got), got[:1])
	}
	w.way.questions()
	if got := list(490, 509); !slices.Equal(got, sold[490:510]) {
		t.Errorf("%v", got)
	}
	if asked := w.way.questions(); len(asked) != 2 { // one page, and the refund
		t.Errorf("asked: %v", asked)
	}
	for range w.List(t.Context(), first, c.at) { // who has seen enough goes
		break
	}
	w.Sim.AddFault(providersim.Fault{Operation: "list", Kind: providersim.EdgeRefusal})
	for _, err := range w.List(t.Context(), first, c.at) {
		if err == nil {
			t.Error("an edge page is a list")
		}
	}
}

func TestOnePuzzlingPaymentDoesNotHideTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	odd, live := base(object{"status": "improved"}), base(object{"mode": "live"})
	w.way.can("/v2/payments", text(object{"_embedded": object{"payments": []object{odd, base(), live}}}))
	var seen []purchase.Fact
	for f, err := range w.List(t.Context(), time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)) {
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, f)
	}
	if len(seen) != 1 || seen[0].Payment != one {
		t.Errorf("%v", seen)
	}
	w.way.can("/v2/payments", `{"_embedded":{"payments":[]},"_links":{"next":{"href":"https://evil.example/v2/payments?from=tr_0123456789"}}}`)
	for range w.List(t.Context(), time.Time{}, time.Now()) {
		t.Error("an empty list has something in it")
	}
	for _, asked := range w.way.questions() {
		if !strings.HasPrefix(asked, "GET /v2/payments") {
			t.Errorf("asked: %s", asked)
		}
	}
}
