package purchase_test

import (
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// turnedAway is a buyer who came to us and whose session the provider ended, five minutes before there is a reason to release.
func turnedAway() *history {
	return lapsed(newHistory().keep(purchase.Heard, purchase.Fact{Kind: purchase.Arrived, Account: "shop"}))
}

func lapsed(h *history) *history {
	h.policy.Releases = true
	h.keep(purchase.Own, purchase.Fact{Kind: purchase.Opened, Account: "shop", Payment: "p", Money: euros45, Detail: purchase.Detail{URL: "https://pay.example/p"}})
	return h.priced(euros45, "").proved(purchase.Lapsed, "p", "", nothing).asked("p").pass(33 * time.Minute)
}

// due is that five minutes later.
func due() *history { return turnedAway().pass(6 * time.Minute) }

func TestASeatIsGivenFreeWhenNobodyCanPayForIt(t *testing.T) {
	release := func(h *history) scene { return scene{h, purchase.StepRelease, purchase.CauseNone} }
	ready := func() *history { return due().asked("p") }
	hold(t, map[string]scene{
		"too early":             {turnedAway(), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"asked once more":       {due(), purchase.StepAsk, purchase.CauseNone},
		"the price read anew":   {ready(), purchase.StepPrice, purchase.CauseNone},
		"now":                   release(ready().priced(euros45, "")),
		"no seats are shown":    release(ready().priced(euros45, purchase.SeatsNone)),
		"a repriced one":        release(ready().priced(euros(4400), "")),
		"unsent, again":         release(ready().priced(euros45, "").attempt(purchase.StepRelease, "", purchase.Unsent).pass(time.Second).priced(euros45, "")),
		"unanswered, again":     release(ready().priced(euros45, "").attempt(purchase.StepRelease, "", purchase.Unknown).pass(time.Second).priced(euros45, "")),
		"unanswered, not yet":   {ready().priced(euros45, "").attempt(purchase.StepRelease, "", purchase.Unknown), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"done":                  {ready().priced(euros45, "").attempt(purchase.StepRelease, "", purchase.Acknowledged), purchase.StepAbandon, purchase.CauseNone},
		"refused":               {ready().priced(euros45, "").attempt(purchase.StepRelease, "", purchase.Refused), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"unanswered, then no":   {ready().priced(euros45, "").attempt(purchase.StepRelease, "", purchase.Unknown).attempt(purchase.StepRelease, "", purchase.Refused), purchase.StepAbandon, purchase.CauseNone},
		"the price is too old":  {ready().priced(euros45, "").pass(5 * time.Second), purchase.StepPrice, purchase.CauseNone},
		"in the last moments":   {due().pass(8*time.Minute+35*time.Second).asked("p").priced(euros45, ""), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"seats are shown":       {ready().priced(euros45, purchase.SeatsAll), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"seats for some":        {ready().priced(euros45, purchase.SeatsSome), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"seats cannot be said":  {ready().priced(euros45, purchase.SeatsUnsaid), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"no price any more":     {ready().priced(nothing, ""), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"the settings say no":   {quietly(ready().priced(euros45, "")), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"who cannot be asked":   {deafly(ready().priced(euros45, "")), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"another is still open": {ready().session("q").asked("q").priced(euros45, ""), purchase.StepCapture, purchase.CauseNone},
	})
}

// quietly is under settings that keep seats until Dynamics lets go of them.
func quietly(h *history) *history { h.policy.Releases = false; return h }

func deafly(h *history) *history { h.policy.Unaskable = []string{"shop"}; return h }

func TestASeatIsNeverGivenFreeThatSomebodyMayStillPayOrGet(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]*history{
		"the buyer never came to us":      paid().proved(purchase.Lapsed, "q", "", nothing),
		"opened, and nobody seen":         lapsed(newHistory()),
		"no payment was opened":           arrivedOnly(),
		"a payment from elsewhere":        turnedAway().proved(purchase.Lapsed, "q", "", nothing),
		"said to be paid":                 turnedAway().heard(purchase.Captured, "p", "c"),
		"said of another":                 turnedAway().heard(purchase.Captured, "q", "c"),
		"taken":                           turnedAway().proved(purchase.Captured, "p", "c", euros45),
		"taken and paid back":             turnedAway().proved(purchase.Captured, "p", "c", euros45).proved(purchase.Refunded, "p", "r", euros45),
		"pending":                         turnedAway().proved(purchase.Pending, "p", "c", euros45),
		"reserved":                        turnedAway().proved(purchase.Authorised, "p", "a", euros45),
		"a capture nobody answered":       turnedAway().attempt(purchase.StepCapture, "p", purchase.Unknown),
		"a capture that is said to be":    turnedAway().attempt(purchase.StepCapture, "p", purchase.Confirmed),
		"a reservation nobody answered":   turnedAway().attempt(purchase.StepReserve, "p", purchase.Unknown),
		"a finalize in doubt":             turnedAway().attempt(purchase.StepFinalize, "", purchase.Unknown),
		"a finalize that came to nothing": turnedAway().attempt(purchase.StepFinalize, "", purchase.Unknown).pass(6 * time.Minute).readBack(purchase.SeatsNone),
		"a seat":                          turnedAway().attempt(purchase.StepFinalize, "", purchase.Confirmed),
	} {
		h.policy.Releases = true
		h.pass(6*time.Minute).asked("p").priced(euros45, "")
		if next := h.plan(); next.Step == purchase.StepRelease || h.fold().Vacant() {
			t.Errorf("%s: the plan is %s", name, next.Step)
		}
	}
}

func arrivedOnly() *history {
	return newHistory().keep(purchase.Heard, purchase.Fact{Kind: purchase.Arrived, Account: "shop"}).pass(33 * time.Minute)
}

func TestAfterAReleaseMoneyIsForThePersonAndReservedMoneyGoesBack(t *testing.T) {
	t.Parallel()
	for _, r := range []purchase.Result{purchase.Acknowledged, purchase.Confirmed, purchase.Unknown} {
		h := due().asked("p").priced(euros45, "").attempt(purchase.StepRelease, "", r)
		h.proved(purchase.Captured, "q", "c", euros45).priced(euros45, "")
		if next := h.plan(); next.Step != purchase.StepHandOver || next.Cause != purchase.CauseSeatReleased {
			t.Errorf("%s, then paid: %s %s", r, next.Step, next.Cause)
		}
		h.keep(purchase.Decided, purchase.Fact{Kind: purchase.Accepted, Detail: purchase.Detail{Basis: h.fold().Matter()}})
		if next := h.settle(); next.Step == purchase.StepFinalize || h.fold().Desk != purchase.CauseSeatReleased {
			t.Errorf("%s, then paid and accepted: %s", r, next.Step)
		}
		h = due().asked("p").priced(euros45, "").attempt(purchase.StepRelease, "", r)
		h.policy.Reserving = []string{"shop"}
		if next := h.proved(purchase.Authorised, "q", "a", euros45).priced(euros45, "").plan(); next.Step != purchase.StepVoid {
			t.Errorf("%s, then reserved: %s", r, next.Step)
		}
		h = due().asked("p").priced(euros45, "").attempt(purchase.StepRelease, "", r).session("q").asked("q").priced(euros45, "")
		if next := h.plan(); next.Step == purchase.StepCapture || next.Step == purchase.StepReserve {
			t.Errorf("%s, then agreed: %s", r, next.Step)
		}
	}
	for _, r := range []purchase.Result{purchase.Refused, purchase.Unsent} {
		h := due().asked("p").priced(euros45, "").attempt(purchase.StepRelease, "", r).proved(purchase.Captured, "q", "c", euros45).priced(euros45, "")
		if next := h.plan(); next.Step != purchase.StepFinalize {
			t.Errorf("%s, then paid: %s %s", r, next.Step, next.Cause)
		}
	}
}

func TestAnOpenReleaseKeepsAFinalizeAway(t *testing.T) {
	t.Parallel()
	h := due().asked("p").priced(euros45, "").keep(purchase.Own, purchase.Fact{Kind: purchase.Intended,
		Detail: purchase.Detail{Step: purchase.StepRelease, SendBefore: due().now.Add(10 * time.Second)}})
	h.proved(purchase.Captured, "q", "c", euros45)
	if next := h.plan(); next.Step != purchase.StepWait || next.Cause != purchase.CauseIntentOpen {
		t.Errorf("%s %s", next.Step, next.Cause)
	}
	if next := h.pass(time.Minute).plan(); next.Step != purchase.StepConclude {
		t.Errorf("%s %s", next.Step, next.Cause)
	}
}

func TestAnAccountThatIsAwayHoldsUpAReleaseUntilTheDeadlineAtMost(t *testing.T) {
	t.Parallel()
	h := due()
	if next := h.plan("shop"); next.Step != purchase.StepWait || !next.Due.After(h.now) || next.Due.After(h.fold().Deadline.At) {
		t.Errorf("%s until %s", next.Step, next.Due)
	}
}
