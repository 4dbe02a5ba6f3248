package purchase_test

import (
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// agreed is one session of ours that waits to be captured, with a price.
func agreed() *history { return newHistory().session("one").priced(euros45, "") }

func TestOneSessionIsCapturedAtATime(t *testing.T) {
	t.Parallel()
	tried := func(results ...purchase.Result) *history { // the second session first, the first one agrees later
		h := newHistory()
		h.keep(purchase.Own, purchase.Fact{Kind: purchase.Opened, Account: "shop", Payment: "one", Money: euros45, Detail: purchase.Detail{Capturable: true}})
		h.session("two").priced(euros45, "")
		for _, r := range results {
			h.attempt(purchase.StepCapture, "two", r).asked("two")
		}
		return h.proved(purchase.Approved, "one", "", euros45)
	}
	for name, c := range map[string]struct {
		h    *history
		want string
	}{
		"nothing tried":              {tried(), "one"},
		"unknown":                    {tried(purchase.Unknown), "two"},
		"unknown, then unsent":       {tried(purchase.Unknown, purchase.Unsent), "two"},
		"unknown, then declined":     {tried(purchase.Unknown, purchase.Refused), "one"},
		"unsent":                     {tried(purchase.Unsent), "one"},
		"declined":                   {tried(purchase.Refused), "one"},
		"unknown, then lapsed":       {tried(purchase.Unknown).proved(purchase.Lapsed, "two", "", nothing), "one"},
		"pending once, lapsed since": {agreed().proved(purchase.Pending, "old", "x", euros45).proved(purchase.Lapsed, "old", "", nothing), "one"},
	} {
		if next := c.h.plan(); next.Step != purchase.StepCapture || next.Payment.Payment != c.want {
			t.Errorf("%s: the plan is %s %s, want to capture %s", name, next.Step, next.Payment.Payment, c.want)
		}
	}
}

func TestADeclinedSessionWaitsForTheBuyer(t *testing.T) {
	declined := func() *history { return agreed().attempt(purchase.StepCapture, "one", purchase.Refused) }
	hold(t, map[string]scene{
		"nobody came":               {declined(), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"the shop tells of it":      {declined().heard(purchase.Failed, "one", "x").proved(purchase.Failed, "one", "x", euros45), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"another session waits":     {declined().session("two"), purchase.StepCapture, ""},
		"the buyer agreed again":    {declined().pass(time.Minute).heard(purchase.Approved, "one", ""), purchase.StepAsk, ""},
		"so it is":                  {declined().pass(time.Minute).heard(purchase.Approved, "one", "").asked("one"), purchase.StepCapture, ""},
		"told as it is turned down": {declined().heard(purchase.Approved, "one", "").asked("one"), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"the buyer came back":       {returned(declined(), purchase.ReturnPaying).asked("one").pass(time.Minute), purchase.StepCapture, ""},
		"the buyer gave up":         {returned(declined(), purchase.ReturnGivenUp).asked("one"), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"our page looked again":     {returned(declined(), purchase.ReturnLooking).asked("one"), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"told late of the first":    {agreedAt(declined().pass(time.Minute), -2*time.Minute).asked("one"), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"a clock that is ahead":     {agreedAt(declined(), time.Hour).asked("one").attempt(purchase.StepCapture, "one", purchase.Refused), purchase.StepWait, purchase.CauseAwaitingBuyer},
	})
}

func returned(h *history, how purchase.Return) *history {
	return h.keep(purchase.Heard, purchase.Fact{Kind: purchase.Returned, Account: "shop", Payment: "one", Detail: purchase.Detail{Reason: string(how)}})
}

// agreedAt is told now of an approval that the provider's clock puts that far from now.
func agreedAt(h *history, from time.Duration) *history {
	return h.keep(purchase.Heard, purchase.Fact{Kind: purchase.Approved, Account: "shop", Payment: "one", At: h.now.Add(from)})
}

func TestACaptureThatShowsNoMoneyIsLookedAtAndNotRepeatedBlindly(t *testing.T) {
	late := func(r purchase.Result) *history {
		h := agreed()
		h.now = h.fold().Deadline.At.Add(-40 * time.Second)
		return h.priced(euros45, "").attempt(purchase.StepCapture, "one", r).pass(20 * time.Second)
	}
	hold(t, map[string]scene{
		"unknown":                    {agreed().attempt(purchase.StepCapture, "one", purchase.Unknown), purchase.StepAsk, ""},
		"unknown and asked":          {agreed().attempt(purchase.StepCapture, "one", purchase.Unknown).asked("one"), purchase.StepCapture, ""},
		"confirmed":                  {agreed().attempt(purchase.StepCapture, "one", purchase.Confirmed), purchase.StepAsk, ""},
		"confirmed and asked":        {agreed().attempt(purchase.StepCapture, "one", purchase.Confirmed).asked("one"), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"unknown, no time to repeat": {late(purchase.Unknown), purchase.StepAsk, ""},
	})
	h := late(purchase.Unknown).asked("one")
	if next := h.plan(); next.Step != purchase.StepWait || !next.Due.Before(h.fold().Deadline.At.Add(30*time.Second)) {
		t.Errorf("%s until %s, the deadline is %s", next.Step, next.Due, h.fold().Deadline.At)
	}
}

func TestADoubtfulCaptureIsWatchedLikeMoney(t *testing.T) {
	t.Parallel()
	for _, r := range []purchase.Result{purchase.Unknown, purchase.Confirmed} {
		h := agreed().attempt(purchase.StepCapture, "one", r)
		if !h.fold().Settled() {
			t.Errorf("%s: the buyer may pay again", r)
		}
		h.pass(2 * time.Hour).asked("one")
		if next := h.plan(); next.Step != purchase.StepWait {
			t.Errorf("%s: after two hours the plan is %s", r, next.Step)
		}
	}
}

func TestAnAbsentPriceIsReadAgainForACapture(t *testing.T) {
	h := newHistory().session("one")
	absent := func() *history {
		return h.keep(purchase.Own, purchase.Fact{Kind: purchase.Offered, Detail: purchase.Detail{Basis: h.fold().Basis(), Reason: string(purchase.CauseUnknownPurchase)}})
	}
	hold(t, map[string]scene{"soon": {absent().pass(10 * time.Second), purchase.StepPrice, ""}})
}

func TestMoneyIsTakenOnAFreshPriceOnly(t *testing.T) {
	hold(t, map[string]scene{
		"just read":                    {agreed(), purchase.StepCapture, purchase.CauseNone},
		"never read":                   {newHistory().session("one"), purchase.StepPrice, purchase.CauseNone},
		"read some minutes ago":        {agreed().pass(6 * time.Minute), purchase.StepPrice, purchase.CauseNone},
		"a person wants it read again": {agreed().retry(), purchase.StepPrice, purchase.CauseNone},
	})
}

func TestNothingIsTakenBesideWhatIsOnItsWay(t *testing.T) {
	hold(t, map[string]scene{
		"another is pending":           {agreed().proved(purchase.Pending, "other", "x", euros45), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"another is reserved":          {agreed().proved(purchase.Authorised, "other", "x", euros45), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"another went back afterwards": {agreed().proved(purchase.Captured, "other", "x", euros45).proved(purchase.Refunded, "other", "r", euros45).priced(euros45, ""), purchase.StepWait, purchase.CauseAwaitingBuyer},
	})
}
