package purchase_test

import (
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

var nothing purchase.Money

// A scene is a history and the step it must lead to.
type scene struct {
	h     *history
	step  purchase.Step
	cause purchase.Cause
}

func hold(t *testing.T, scenes map[string]scene) {
	t.Helper()
	t.Parallel()
	for name, s := range scenes {
		if next := s.h.plan(); next.Step != s.step || next.Cause != s.cause {
			t.Errorf("%s: the plan is %s %q, want %s %q", name, next.Step, next.Cause, s.step, s.cause)
		}
	}
}

func paid() *history { return newHistory().proved(purchase.Captured, "p", "c", euros45) }

func TestMoneyThatCannotBeToldIsOnTheDesk(t *testing.T) {
	desk := func(h *history) scene { return scene{h, purchase.StepHandOver, purchase.CauseContradiction} }
	hold(t, map[string]scene{
		"captured, no amount":         desk(newHistory().proved(purchase.Captured, "p", "c", nothing)),
		"refunded, no amount":         desk(paid().proved(purchase.Refunded, "p", "r", nothing)),
		"refunded a negative amount":  desk(paid().proved(purchase.Refunded, "p", "r", purchase.Money{Minor: -4500, Currency: "EUR"})),
		"refunded in another money":   desk(paid().proved(purchase.Refunded, "p", "r", purchase.Money{Minor: 4500, Currency: "USD"})),
		"one object taken and given":  desk(paid().proved(purchase.Refunded, "p", "c", euros45)),
		"two amounts of one capture":  desk(paid().proved(purchase.Captured, "p", "c", purchase.Money{Minor: 4600, Currency: "EUR"})),
		"the same with a seat":        desk(paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Confirmed).proved(purchase.Captured, "p", "c", purchase.Money{Minor: 4600, Currency: "EUR"})),
		"taken and no object is said": desk(newHistory().proved(purchase.Captured, "p", "", euros45).proved(purchase.Reversed, "p", "", euros45)),
	})
}

func TestAContradictionEndsWithAFurtherProof(t *testing.T) {
	t.Parallel()
	for other := range int64(40) { // the order of the ids, which are digests, must not matter
		h := paid().proved(purchase.Captured, "p", "c", purchase.Money{Minor: 4600 + other, Currency: "EUR"})
		h.keep(purchase.Proved, purchase.Fact{Kind: purchase.Captured, Account: "shop", Payment: "p", Object: "c", Money: euros45, Version: 2})
		if pay := h.fold().Payments[0]; pay.Contradicted || pay.Net() != euros45 {
			t.Fatalf("46.%02d: contradicted %v, holds %s", other, pay.Contradicted, pay.Net())
		}
	}
}

func TestHearsayNeverMovesProvedMoneyToAnotherPayment(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*history{
		"by its object":    newHistory().session("order").proved(purchase.Captured, "p", "c", euros45).heard(purchase.Captured, "order", "c"),
		"by its reference": paid().heard(purchase.Captured, "other", "p"),
	} {
		for _, pay := range h.fold().Payments {
			if pay.Net().Positive() != (pay.Ref == "p") {
				t.Errorf("%s: %s holds %s", name, pay.Ref, pay.Net())
			}
		}
	}
	renamed := newHistory().heard(purchase.Captured, "c", "c").asked("c").proved(purchase.Captured, "order", "c", euros45)
	if pays := renamed.fold().Payments; len(pays) != 1 || pays[0].Ref != "order" {
		t.Errorf("a payment that proof names otherwise is still there: %+v", pays)
	}
}

func TestWhatGaveBackTooMuchHidesNoMoney(t *testing.T) {
	h := paid().proved(purchase.Refunded, "p", "r", euros45).proved(purchase.Reversed, "p", "v", euros45)
	free := purchase.Money{Minor: 0, Currency: "EUR"}
	hold(t, map[string]scene{
		"a second payment":   {h.proved(purchase.Captured, "q", "d", euros45), purchase.StepPrice, ""},
		"a price of nothing": {paid().proved(purchase.Refunded, "p", "r", euros45).proved(purchase.Captured, "q", "d", euros45).priced(free, ""), purchase.StepHandOver, purchase.CauseAmount},
	})
}

func doubt(h *history) *history {
	h.policy.Repeat = purchase.RepeatAfterQuiet
	return h.priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Unknown).readBack(purchase.SeatsUnsaid).pass(6 * time.Minute)
}

func TestARepeatAfterQuietConcludesNothingElse(t *testing.T) {
	desk := func(h *history) scene { return scene{h, purchase.StepHandOver, purchase.CauseOutcomeUnknown} }
	hold(t, map[string]scene{
		"sound":              {doubt(paid()).priced(euros45, ""), purchase.StepFinalize, ""},
		"heard of something": {doubt(paid()).heard(purchase.Refunded, "p", "r"), purchase.StepAsk, ""},
		"refunded":           desk(doubt(paid()).proved(purchase.Refunded, "p", "r", euros45)),
		"contradicted":       desk(doubt(paid()).proved(purchase.Captured, "p", "c", purchase.Money{Minor: 1, Currency: "EUR"}).priced(euros45, "")),
		"another price":      desk(doubt(paid()).priced(purchase.Money{Minor: 4400, Currency: "EUR"}, "")),
		"refused":            desk(doubt(paid()).attempt(purchase.StepFinalize, "", purchase.Refused)),
	})
}

func TestSeatsThatDynamicsShowsAreNeverDoubled(t *testing.T) {
	shown := func() *history { return paid().priced(euros45, purchase.SeatsAll) }
	settled := func() *history {
		return paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Unknown).pass(6 * time.Minute).readBack(purchase.SeatsNone)
	}
	hold(t, map[string]scene{
		"read back first":          {shown(), purchase.StepReadBack, ""},
		"read back as some":        {shown().readBack(purchase.SeatsSome), purchase.StepHandOver, purchase.CausePartialSeats},
		"read back as none":        {shown().readBack(purchase.SeatsNone), purchase.StepHandOver, purchase.CauseOutcomeUnknown},
		"not to be read back":      {shown().readBack(purchase.SeatsUnsaid), purchase.StepHandOver, purchase.CauseOutcomeUnknown},
		"some before any finalize": {paid().readBack(purchase.SeatsSome).priced(euros45, ""), purchase.StepHandOver, purchase.CausePartialSeats},
		"disproved and none shown": {settled().priced(euros45, purchase.SeatsNone), purchase.StepFinalize, ""},
		"disproved and then shown": {settled().priced(euros45, purchase.SeatsAll), purchase.StepReadBack, ""},
	})
}

func TestADeskKeepsItsCauseAsTimePasses(t *testing.T) {
	t.Parallel()
	thrice := paid()
	for range purchase.MaxFinalizes {
		thrice.priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Acknowledged).pass(6 * time.Minute).readBack(purchase.SeatsNone)
	}
	for want, h := range map[purchase.Cause]*history{
		purchase.CauseRefused:       paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Refused),
		purchase.CauseNotRegistered: thrice.keep(purchase.Own, purchase.Fact{Kind: purchase.Offered, Money: euros45, Detail: purchase.Detail{Basis: thrice.fold().Basis(), Created: thrice.now}}),
	} {
		h.settle()
		h.pass(2 * time.Hour).settle()
		if p := h.fold(); p.Desk != want {
			t.Errorf("on the desk as %q, want %q", p.Desk, want)
		}
	}
}

func TestADeskIsLeftWhenTheReasonGoesAway(t *testing.T) {
	t.Parallel()
	unproved := newHistory().priced(euros45, "").heard(purchase.Pending, "p", "c").pass(time.Hour).asked("p")
	orphan := newHistory()
	orphan.key = purchase.Orphan("main", "shop", "p")
	seat := paid().priced(purchase.Money{Minor: 4400, Currency: "EUR"}, "").attempt(purchase.StepFinalize, "", purchase.Confirmed)
	absent := paid().keep(purchase.Own, purchase.Fact{Kind: purchase.Offered, Detail: purchase.Detail{Basis: paid().fold().Basis(),
		Reason: string(purchase.CauseUnknownPurchase)}}).pass(3 * time.Hour)
	for name, c := range map[string]struct {
		h     *history
		cause purchase.Cause
		ends  func(h *history)
	}{
		"the payment failed": {unproved, purchase.CauseUnproved, func(h *history) { h.proved(purchase.Failed, "p", "c", euros45) }},
		"the orphan is tied": {orphan.proved(purchase.Captured, "p", "c", euros45), purchase.CauseOrphan, func(h *history) {
			h.keep(purchase.Own, purchase.Fact{Kind: purchase.Tied, Detail: purchase.Detail{Reason: "x"}})
		}},
		"the seat is accepted": {seat, purchase.CauseAmount, func(h *history) {
			h.keep(purchase.Decided, purchase.Fact{Kind: purchase.Accepted, Detail: purchase.Detail{Basis: h.fold().Matter()}})
		}},
		"the purchase appears": {absent, purchase.CauseUnknownPurchase, func(h *history) { h.priced(euros45, "") }},
		"the contradiction ends": {paid().proved(purchase.Captured, "p", "c", purchase.Money{Minor: 1, Currency: "EUR"}), purchase.CauseContradiction, func(h *history) {
			h.keep(purchase.Proved, purchase.Fact{Kind: purchase.Captured, Account: "shop", Payment: "p", Object: "c", Money: h.fold().Payments[0].Net(), Version: 2})
		}},
	} {
		if c.h.settle(); c.h.fold().Desk != c.cause {
			t.Errorf("%s: on the desk as %q, want %q", name, c.h.fold().Desk, c.cause)
		}
		if c.ends(c.h); c.h.fold().Desk != purchase.CauseNone {
			t.Errorf("%s: still on the desk as %q", name, c.h.fold().Desk)
		}
	}
}

func TestTwoPaymentsThatAPersonAcceptedStayAccepted(t *testing.T) {
	t.Parallel()
	half := purchase.Money{Minor: 2250, Currency: "EUR"}
	h := newHistory().proved(purchase.Captured, "p", "c", half).proved(purchase.Captured, "q", "d", half).priced(euros45, "")
	h.keep(purchase.Decided, purchase.Fact{Kind: purchase.Accepted, Detail: purchase.Detail{Basis: h.fold().Matter()}})
	h.attempt(purchase.StepFinalize, "", purchase.Confirmed)
	if next := h.settle(); next.Step != purchase.StepDone || h.fold().State() != purchase.StateFinalized {
		t.Errorf("%s, state %s", next.Step, h.fold().State())
	}
}

func TestAPriceIsReadAgainBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	h := paid()
	for h.now.Before(h.fold().Deadline.At.Add(-10 * time.Second)) {
		h.keep(purchase.Own, purchase.Fact{Kind: purchase.Offered, Detail: purchase.Detail{Basis: h.fold().Basis()}})
		next := h.plan()
		if deadline := h.fold().Deadline.At; next.Due.IsZero() || next.Due.After(deadline) {
			t.Fatalf("%s before the deadline the price is read again at %s", deadline.Sub(h.now), next.Due)
		}
		h.now = next.Due
	}
	h.pass(time.Hour)
	if next := h.settle(); next.Cause != purchase.CausePriceUnreadable {
		t.Errorf("without a price and a reason it is on the desk as %q", next.Cause)
	}
}

func TestTheDeadlineIsTheEarliestBoundKnown(t *testing.T) {
	t.Parallel()
	h := newHistory().heard(purchase.Pending, "p", "c")
	first := h.now
	h.pass(10*time.Minute).keep(purchase.Heard, purchase.Fact{Kind: purchase.Arrived, Account: "shop"})
	if want := first.Add(48 * time.Minute); !h.fold().Deadline.At.Equal(want) {
		t.Errorf("deadline %s, want %s", h.fold().Deadline.At, want)
	}
}

func TestAnAbsenceThatWasReadBeforeTheSeatIsNoReasonForTheDesk(t *testing.T) {
	t.Parallel()
	h := paid().priced(euros45, "")
	stale := h.fold().Basis()
	h.attempt(purchase.StepFinalize, "", purchase.Confirmed)
	h.keep(purchase.Own, purchase.Fact{Kind: purchase.Offered, Detail: purchase.Detail{Basis: stale, Reason: string(purchase.CauseUnknownPurchase)}})
	if next := h.plan(); next.Step != purchase.StepPrice {
		t.Errorf("the plan is %s %s", next.Step, next.Cause)
	}
	if next := h.priced(euros45, "").plan(); next.Step != purchase.StepDone || next.Cause != "" {
		t.Errorf("with the price the plan is %s %s", next.Step, next.Cause)
	}
}

func TestWhatTheBankTookBackPaysNoSeat(t *testing.T) {
	seated := func() *history {
		return paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Confirmed)
	}
	hold(t, map[string]scene{
		"before the seat":             {paid().proved(purchase.Reversed, "p", "v", euros45).priced(euros45, ""), purchase.StepDone, purchase.CauseNone},
		"a part of it":                {paid().proved(purchase.Reversed, "p", "v", euros(500)).priced(euros45, ""), purchase.StepHandOver, purchase.CauseAmount},
		"after the seat":              {seated().proved(purchase.Reversed, "p", "v", euros45), purchase.StepHandOver, purchase.CauseDisputed},
		"a part of it after the seat": {seated().proved(purchase.Reversed, "p", "v", euros(500)).priced(euros45, ""), purchase.StepHandOver, purchase.CauseAmount},
	})
}
