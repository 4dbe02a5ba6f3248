package purchase_test

import (
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

func TestPaymentsAreAskedAboutWhileThePurchaseRests(t *testing.T) {
	t.Parallel()
	odd := purchase.Money{Minor: 4400, Currency: "EUR"}
	unknown := paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Unknown).readBack(purchase.SeatsUnsaid)
	for name, h := range map[string]*history{
		"on the desk":           newHistory().proved(purchase.Captured, "p", "c", odd).priced(euros45, ""),
		"on the desk, in doubt": unknown,
		"with its seat":         paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Confirmed),
	} {
		h.settle()
		h.heard(purchase.Captured, "q", "d")
		if next := h.plan(); next.Step != purchase.StepAsk || next.Payment.Payment != "q" {
			t.Errorf("%s: something is heard, the plan is %s", name, next.Step)
		}
		h.proved(purchase.Pending, "q", "d", euros45).asked("q")
		next := h.settle()
		if next.Due.IsZero() {
			t.Fatalf("%s: a pending payment is forgotten: %s", name, next.Step)
		}
		h.now = next.Due
		if next := h.plan(); next.Step != purchase.StepAsk || next.Payment.Payment != "q" {
			t.Errorf("%s: its mark has come, the plan is %s", name, next.Step)
		}
	}
}

func TestAProviderThatIsAwayHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	elsewhere := purchase.Fact{Kind: purchase.Captured, Account: "away", Payment: "x", Object: "y", Money: euros45}
	h := newHistory().keep(purchase.Heard, elsewhere).heard(purchase.Captured, "p", "c")
	if next := h.plan("away"); next.Step != purchase.StepAsk || next.Account != "shop" {
		t.Errorf("the other account is not asked: %s %s", next.Step, next.Account)
	}
	h.proved(purchase.Captured, "p", "c", euros45).priced(euros45, "")
	if next := h.plan(); next.Step != purchase.StepAsk || next.Account != "away" {
		t.Errorf("hearsay is not asked about first: %s %s", next.Step, next.Account)
	}
	if next := h.plan("away"); next.Step != purchase.StepFinalize {
		t.Errorf("proved money is held up by hearsay that cannot be asked about: %s", next.Step)
	}
	heard := newHistory().priced(euros45, "").keep(purchase.Heard, elsewhere)
	if next := heard.plan("away"); next.Step != purchase.StepWait || next.Due.IsZero() {
		t.Errorf("nothing is waited for: %s", next.Step)
	}
	heard.pass(time.Hour)
	if next := heard.plan("away"); next.Step != purchase.StepHandOver || next.Cause != purchase.CauseUnproved || next.Due.IsZero() {
		t.Errorf("hearsay that nobody could ask about is not on the desk after the deadline: %s %s", next.Step, next.Cause)
	}
}
