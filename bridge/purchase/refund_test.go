package purchase_test

import (
	"slices"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// declinedSeat is money for which Dynamics gave no seat, with time left.
func declinedSeat() *history {
	return paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Refused)
}

// order is a person's word that the money is to go back; it returns its number.
func (h *history) order(seats purchase.Seats) int64 {
	h.keep(purchase.Decided, purchase.Fact{Kind: purchase.RefundOrdered, Account: "shop", Payment: "p", Money: euros45,
		Detail: purchase.Detail{Basis: h.fold().Sight(), Seats: seats}})
	return h.numbers
}

// sentBack is a try to carry out an order, or for 0 the policy, and what became of it.
func (h *history) sentBack(order int64, r purchase.Result) *history {
	h.keep(purchase.Own, purchase.Fact{Kind: purchase.Intended, Account: "shop", Payment: "p", Money: euros45, Attempt: order,
		Detail: purchase.Detail{Step: purchase.StepRefund, SendBefore: h.now.Add(3 * time.Second), Left: euros(0)}})
	h.keep(purchase.Own, purchase.Fact{Kind: purchase.Concluded, Account: "shop", Payment: "p", Attempt: h.numbers, Detail: purchase.Detail{Step: purchase.StepRefund, Result: r}})
	return h.asked("p")
}

func (h *history) retry() *history {
	return h.keep(purchase.Decided, purchase.Fact{Kind: purchase.Retried})
}

func TestARefusalSaysNothingOfARefundUnderAnotherKey(t *testing.T) {
	again := func(first purchase.Result) *history {
		h := declinedSeat()
		h.sentBack(h.order(""), first).pass(2 * time.Hour).settle()
		h.sentBack(h.order(""), purchase.Refused).settle()
		return h
	}
	may := func(h *history) bool { return slices.Contains(h.fold().Actions(), purchase.ActRetry) }
	if h := again(purchase.Unknown); h.fold().Desk != purchase.CauseRefundFailed || may(h) {
		t.Errorf("on the desk for %q, a person may try for a seat: %v", h.fold().Desk, may(h))
	}
	if h := again(purchase.Refused); !may(h) {
		t.Error("nothing went back for certain, and nobody may try for a seat")
	}
	hold(t, map[string]scene{
		"one is in doubt":  {again(purchase.Unknown).retry(), purchase.StepHandOver, purchase.CauseRefundFailed},
		"both are refused": {again(purchase.Refused).retry(), purchase.StepPrice, purchase.CauseNone},
	})
}

func TestMoneyThatWasOrderedBackWithoutASeatIsNotSentBackWithOne(t *testing.T) {
	begun := func(seats purchase.Seats, r purchase.Result) *history {
		h := declinedSeat()
		return h.sentBack(h.order(seats), r).pass(10 * time.Second)
	}
	hold(t, map[string]scene{
		"nobody answered":                  {begun("", purchase.Unknown), purchase.StepRefund, purchase.CauseNone},
		"it never left":                    {begun("", purchase.Unsent), purchase.StepRefund, purchase.CauseNone},
		"nobody answered, and a seat came": {begun("", purchase.Unknown).readBack(purchase.SeatsAll), purchase.StepHandOver, purchase.CauseRefundFailed},
		"it never left, and a seat came":   {begun("", purchase.Unsent).readBack(purchase.SeatsAll), purchase.StepHandOver, purchase.CauseRefundFailed},
		"the order knew of the seat":       {begun(purchase.SeatsAll, purchase.Unknown).readBack(purchase.SeatsAll), purchase.StepRefund, purchase.CauseNone},
	})
}

func TestARefundInDoubtIsShownThoughItsProviderIsAway(t *testing.T) {
	t.Parallel()
	h := declinedSeat()
	h.sentBack(h.order(""), purchase.Unknown)
	for after, want := range map[time.Duration]purchase.Step{30 * time.Minute: purchase.StepWait, 2 * time.Hour: purchase.StepHandOver} {
		next := purchase.Plan(h.fold(), h.now.Add(after), "shop")
		if next.Step != want || next.Due.IsZero() {
			t.Errorf("after %s: %s %q, looked at again at %s", after, next.Step, next.Cause, next.Due)
		}
	}
}

func TestARefundThatFailedIsNotOnTheDeskWhileTheNextOneRuns(t *testing.T) {
	t.Parallel()
	h := declinedSeat()
	h.sentBack(h.order(""), purchase.Refused).settle()
	if p := h.fold(); p.Desk != purchase.CauseRefundFailed || !p.Refundable(p.Payments[0]) {
		t.Fatalf("on the desk for %q", p.Desk)
	}
	h.sentBack(h.order(""), purchase.Unknown)
	if p := h.fold(); p.Desk != purchase.CauseNone || p.State() != purchase.StateRefunding || p.Refundable(p.Payments[0]) {
		t.Errorf("%s, on the desk for %q; it could be ordered twice: %v", p.State(), p.Desk, p.Refundable(p.Payments[0]))
	}
}

func TestLateMoneyGoesBackOnAFreshLookOnly(t *testing.T) {
	late := func() *history {
		h := paid()
		h.policy.RefundLate = []string{"shop"}
		return h.pass(time.Hour).priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Refused)
	}
	early := func() *history {
		h := declinedSeat()
		h.policy.RefundLate = []string{"shop"}
		return h.priced(euros45, "")
	}
	over := early()
	over.pass(over.fold().Deadline.At.Sub(over.now)-10*time.Second).priced(euros45, "").pass(10 * time.Second)
	hold(t, map[string]scene{
		"there is time left":            {early(), purchase.StepHandOver, purchase.CauseRefused},
		"looked just now":               {late().priced(euros45, ""), purchase.StepRefund, purchase.CauseNone},
		"looked two minutes ago":        {late().priced(euros45, "").pass(2 * time.Minute), purchase.StepPrice, purchase.CauseNone},
		"looked before the deadline":    {over, purchase.StepPrice, purchase.CauseNone},
		"nobody answered, looked again": {late().priced(euros45, "").sentBack(0, purchase.Unknown).pass(10*time.Second).priced(euros45, ""), purchase.StepRefund, purchase.CauseNone},
		"nobody answered, an old look":  {late().priced(euros45, "").sentBack(0, purchase.Unknown).pass(10 * time.Minute), purchase.StepPrice, purchase.CauseNone},
	})
}

func TestATryAgainHasTheKeyOfTheFirst(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first purchase.Result
		same  bool // the second try is the same operation to the provider
		anew  bool // it is by another order
	}{
		"nobody answered":               {first: purchase.Unknown, same: true},
		"it never left":                 {first: purchase.Unsent, same: true},
		"it was refused":                {first: purchase.Refused},
		"a person orders another":       {first: purchase.Unknown, anew: true},
		"a person orders another again": {first: purchase.Unsent, anew: true},
	} {
		h := declinedSeat()
		order := h.order("")
		h.sentBack(order, c.first)
		if c.anew {
			order = h.order("")
		}
		tries := h.sentBack(order, purchase.Unknown).fold().Payments[0].Refunds
		if same := tries[0].Key == tries[1].Key; len(tries) != 2 || same != c.same || tries[0].Key == "" {
			t.Errorf("%s: %q, then %q", name, tries[0].Key, tries[1].Key)
		}
	}
}

func TestWhatWeDidFollowsItsMoneyToAnotherName(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a-before-p", "z-after-p"} {
		h := declinedSeat()
		h.sentBack(h.order(""), purchase.Unknown).pass(10 * time.Second)
		h.keep(purchase.Own, purchase.Fact{Kind: purchase.Opened, Account: "shop", Payment: name, Object: "s", Money: euros45}) // so that it counts
		h.proved(purchase.Captured, name, "c", euros45)
		p := h.fold()
		if len(p.Payments) != 1 || p.Payments[0].Ref != name || len(p.Payments[0].Refunds) != 1 || !p.Returning() || p.Refundable(p.Payments[0]) {
			t.Errorf("%s: the refund in doubt is forgotten: %+v", name, p.Payments)
		}
		if next := h.plan(); next.Step != purchase.StepRefund || next.Payment.Payment != name {
			t.Errorf("%s: the plan is %s %+v", name, next.Step, next.Payment)
		}
	}
	h := declinedSeat().proved(purchase.Captured, "p", "d", euros(100)).proved(purchase.Captured, "a", "d", euros(100))
	h.sentBack(h.order(""), purchase.Unknown)
	if pays := h.fold().Payments; len(pays) != 2 || len(pays[1].Refunds) != 1 {
		t.Errorf("a part of the money took our call along: %+v", pays)
	}
}

func TestAnOrphanOnItsWayBackIsNobodysToTie(t *testing.T) {
	t.Parallel()
	h := paid()
	h.key = purchase.Orphan("main", "shop", "p")
	for i := range h.facts {
		h.facts[i].Purchase = h.key
	}
	ties := func() bool { return slices.Contains(h.fold().Actions(), purchase.ActTie) }
	if !ties() {
		t.Fatal("an orphan that nobody may tie")
	}
	order := h.order("")
	if ties() {
		t.Error("it may be tied although it was ordered back")
	}
	if h.sentBack(order, purchase.Unknown); ties() {
		t.Error("it may be tied although a refund is in doubt")
	}
	if h.proved(purchase.Refunded, "p", "r", euros45); ties() {
		t.Error("it may be tied although it went back")
	}
}
