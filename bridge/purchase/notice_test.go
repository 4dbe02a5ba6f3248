package purchase_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge/purchase"
)

func told(h *history) []string {
	var kinds []string
	for _, n := range purchase.Notices(h.fold()) {
		kinds = append(kinds, strings.TrimSpace(fmt.Sprintf("%s %s", n.Kind, strings.TrimPrefix(n.Money.String(), "-"))))
	}
	return kinds
}

func TestWhatIsToldIsWhatTheFactsProve(t *testing.T) {
	t.Parallel()
	refused := paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Refused)
	refused.settle()
	for name, c := range map[string]struct {
		h    *history
		want []string
	}{
		"nothing":                   {newHistory(), nil},
		"only heard":                {newHistory().heard(purchase.Captured, "p", "c"), nil},
		"only reserved":             {newHistory().proved(purchase.Authorised, "p", "a", euros45), nil},
		"taken":                     {paid(), []string{"payment_received 45.00 EUR"}},
		"taken, amounts contradict": {paid().proved(purchase.Captured, "p", "c", purchase.Money{Minor: 4600, Currency: "EUR"}), nil},
		"a seat":                    {paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Confirmed), []string{"payment_received 45.00 EUR", "participation_confirmed"}},
		"acknowledged only":         {paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Acknowledged), []string{"payment_received 45.00 EUR"}},
		"some of the seats":         {paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Unknown).readBack(purchase.SeatsSome), []string{"payment_received 45.00 EUR"}},
		"refused, on the desk":      {refused, []string{"payment_received 45.00 EUR", "refused_after_payment 45.00 EUR", "desk 45.00 EUR"}},
		"refused after an unknown": {paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Unknown).attempt(purchase.StepFinalize, "", purchase.Refused),
			[]string{"payment_received 45.00 EUR"}},
		"refused, and seats are shown": {paid().attempt(purchase.StepFinalize, "", purchase.Refused).priced(euros45, purchase.SeatsAll), []string{"payment_received 45.00 EUR"}},
		"refused, and the money is back": {paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Refused).proved(purchase.Refunded, "p", "r", euros45),
			[]string{"payment_received 45.00 EUR", "refunded 45.00 EUR"}},
		"taken back by the bank": {paid().proved(purchase.Reversed, "p", "r", euros45), []string{"payment_received 45.00 EUR"}},
	} {
		if diff := cmp.Diff(c.want, told(c.h)); diff != "" {
			t.Errorf("%s (-want +told)\n%s", name, diff)
		}
	}
}

// The bridge shows a late purchase on the desk while Dynamics is away, and still tries once when it is back.
func TestPaidLateIsToldOnlyAfterTheLastTry(t *testing.T) {
	t.Parallel()
	h := newHistory()
	h.now = h.now.Add(2 * time.Hour)
	h.proved(purchase.Captured, "p", "c", euros45)
	h.keep(purchase.Own, purchase.Fact{Kind: purchase.Offered, Money: euros45, Detail: purchase.Detail{Basis: h.fold().Basis(), Created: h.now.Add(-2 * time.Hour)}})
	h.keep(purchase.Own, purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: purchase.CausePaidLate, Basis: h.fold().Sight()}})
	if kinds := told(h); slices.Contains(kinds, "refused_after_payment 45.00 EUR") || h.fold().Desk != purchase.CausePaidLate {
		t.Errorf("before the last try: %q, on the desk as %q", kinds, h.fold().Desk)
	}
	h.attempt(purchase.StepFinalize, "", purchase.Refused).settle()
	if kinds := told(h); !slices.Contains(kinds, "refused_after_payment 45.00 EUR") {
		t.Errorf("after it: %q", kinds)
	}
}

func TestAPurchaseThatDynamicsDoesNotKnowIsToldWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	for _, late := range []bool{false, true} {
		h := paid()
		if late {
			h.pass(3 * time.Hour)
		}
		h.keep(purchase.Own, purchase.Fact{Kind: purchase.Offered, Detail: purchase.Detail{Basis: h.fold().Basis(), Reason: string(purchase.CauseUnknownPurchase)}})
		h.keep(purchase.Own, purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: purchase.CauseUnknownPurchase, Basis: h.fold().Sight()}})
		if is := slices.Contains(told(h), "refused_after_payment 45.00 EUR"); is != late {
			t.Errorf("late %v: %q", late, told(h))
		}
	}
}

func TestSeatsThatAreMadeAnewAreToldAnew(t *testing.T) {
	t.Parallel()
	h := paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Confirmed)
	before := keyOf(t, h, purchase.NoticeConfirmed)
	seats := func(s purchase.Seats) {
		h.keep(purchase.Decided, purchase.Fact{Kind: purchase.ReadBack, Attempt: h.lastIntent(), Detail: purchase.Detail{Seats: s}})
	}
	seats(purchase.SeatsNone)
	if slices.Contains(told(h), "participation_confirmed") {
		t.Error("a registration is told that was cancelled")
	}
	seats(purchase.SeatsAll)
	if keyOf(t, h, purchase.NoticeConfirmed) == before {
		t.Error("the second registration goes by the key of the first")
	}
}

func keyOf(t *testing.T, h *history, kind purchase.NoticeKind) string {
	t.Helper()
	for _, n := range purchase.Notices(h.fold()) {
		if n.Kind == kind {
			return n.Key
		}
	}
	t.Fatalf("%s is not told", kind)
	return ""
}

func TestMoneyKeepsItsKeyWhenItsPaymentGoesByAnotherName(t *testing.T) {
	t.Parallel()
	for i := range 60 { // which of two equal proofs is looked at goes by their ids, which are digests
		h := newHistory().proved(purchase.Captured, fmt.Sprint("p", i), "c", euros45)
		before := keyOf(t, h, purchase.NoticePaymentReceived)
		h.session("order").proved(purchase.Captured, "order", "c", euros45)
		if after := keyOf(t, h, purchase.NoticePaymentReceived); after != before || len(h.fold().Payments) != 1 {
			t.Errorf("%s became %s", before, after)
		}
	}
}

func TestACorrectedAmountIsAnotherKey(t *testing.T) {
	t.Parallel()
	h := paid()
	before := keyOf(t, h, purchase.NoticePaymentReceived)
	h.keep(purchase.Proved, purchase.Fact{Kind: purchase.Captured, Account: "shop", Payment: "p", Object: "c", Money: purchase.Money{Minor: 4400, Currency: "EUR"}, Version: 2})
	if keyOf(t, h, purchase.NoticePaymentReceived) == before {
		t.Error("45.00 and 44.00 go by one key")
	}
}

func TestAnAddressNeverPrints(t *testing.T) {
	t.Parallel()
	a := purchase.ParseAddress("Camille <camille@example.org>")
	f := purchase.Identify(purchase.Fact{Kind: purchase.Captured, Payer: a})
	raw, _ := json.Marshal([]any{a, f, purchase.Contact{Address: a}})
	for _, text := range []string{fmt.Sprint(a), fmt.Sprintf("%v %s %q %+v %#v %x %d", a, a, a, a, a, a, a), fmt.Sprintf("%v %+v", f, f), string(raw)} {
		if strings.Contains(text, "camille") || strings.Contains(text, "63616d") {
			t.Errorf("it prints: %s", text)
		}
	}
	if f.ID != purchase.Identify(purchase.Fact{Kind: purchase.Captured}).ID {
		t.Error("the payer's address is part of the fact")
	}
}

func TestOnlyABareAddressIsTaken(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"a@example.org": "a@example.org", " A B <a@example.org> ": "a@example.org", "": "", "a": "",
		"a@example.org\r\nBcc: b@example.org": "", "\"a b\"@example.org": "", "a@example.org, b@example.org": ""} {
		if got := purchase.ParseAddress(text).Reveal(); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}
