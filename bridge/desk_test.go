package bridge_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// refunding is a provider that sends money back, and remembers under which keys.
type refunding struct {
	*psp
	back    map[string]purchase.Money // by key
	answers []error                   // of the next calls; they take effect all the same, unless final
	calls   int
	hidden  bool   // what was sent back does not show yet
	called  string // what it calls its payments when it is asked; "": as before
}

func newRefunding(p *psp) *refunding { return &refunding{psp: p, back: map[string]purchase.Money{}} }

func (r *refunding) Refund(_ context.Context, ref purchase.Ref, money purchase.Money, key string) ([]purchase.Fact, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	var answer error
	if len(r.answers) > 0 {
		answer, r.answers = r.answers[0], r.answers[1:]
	}
	if _, again := purchase.Retry(answer); answer != nil && !again {
		return nil, answer
	}
	r.back[key] = money
	if answer != nil {
		return nil, answer
	}
	return r.facts(ref.Payment), nil
}

func (r *refunding) facts(ref string) []purchase.Fact {
	pay := r.payments[ref]
	facts := []purchase.Fact{pay.fact(purchase.Proved)}
	keys := make([]string, 0, len(r.back))
	for key := range r.back {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	for _, key := range keys {
		f := pay.fact(purchase.Proved)
		f.Kind, f.Object, f.Money, f.At, f.Purchase = purchase.Refunded, "r-"+key, r.back[key], time.Time{}, purchase.Key{}
		facts = append(facts, f)
	}
	return facts
}

func (r *refunding) Ask(ctx context.Context, ref purchase.Ref) ([]purchase.Fact, error) {
	facts, err := r.psp.Ask(ctx, ref)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(facts) > 0 && !r.hidden {
		facts = append(facts, r.facts(ref.Payment)[1:]...)
	}
	for i := range facts {
		if r.called != "" {
			facts[i].Payment = r.called
		}
	}
	return facts, err
}

// total is what went back, and under how many keys.
func (r *refunding) total() (sum int64, keys int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.back {
		sum += m.Minor
	}
	return sum, len(r.back)
}

func (h *house) refunding(t *testing.T) (*refunding, *bridge.Bridge) {
	t.Helper()
	r := newRefunding(h.psp)
	b := h.nodeWith(t, "a", bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: r})
	h.run(t, b)
	return r, b
}

func (h *house) pay(t *testing.T, b *bridge.Bridge, id, ref string, money purchase.Money) {
	t.Helper()
	pay := payment{Purchase: id, Ref: ref, Money: money, Kind: purchase.Captured, At: time.Now()}
	h.psp.set(pay)
	receive(t, b, delivery(t, pay, "m-"+ref), bridge.Accepted)
}

func (h *house) full(reason string) {
	h.dynamics.mu.Lock()
	defer h.dynamics.mu.Unlock()
	h.dynamics.onFinalize = func(int, *registration) (purchase.Outcome, bool) {
		return purchase.Outcome{Result: purchase.Refused, Reason: reason}, false
	}
}

func TestMoneyThatCameTooLateGoesBackOnceByThePolicyAfterALastTry(t *testing.T) {
	t.Parallel()
	for name, answers := range map[string][]error{"at once": nil, "after an answer that was lost": {errors.New("nobody answers")}} {
		h := newHouse(t, time.Minute)
		h.policy.RefundLate = []string{"shop"}
		h.full("expired")
		r, b := h.refunding(t)
		r.answers = answers
		id := h.dynamics.register(euros45, time.Now().Add(-time.Hour))
		h.pay(t, b, id, "p1", euros45)
		h.await(t, id, purchase.StateRefunded)
		if sum, keys := r.total(); sum != 4500 || keys != 1 || h.dynamics.finalizes != 1 {
			t.Errorf("%s: %d went back under %d keys, %d finalizes", name, sum, keys, h.dynamics.finalizes)
		}
	}
}

func TestMoneyThatCameTooLateStillGetsItsSeatIfDynamicsGivesIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.policy.RefundLate = []string{"shop"}
	r, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now().Add(-time.Hour))
	h.pay(t, b, id, "p1", euros45)
	h.await(t, id, purchase.StateFinalized)
	if sum, _ := r.total(); sum != 0 || h.dynamics.seats(id) != 1 {
		t.Errorf("%d went back, %d seats", sum, h.dynamics.seats(id))
	}
}

func TestASecondPaymentGoesBackByThePolicyAndTheFirstStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.policy.RefundExtra = []string{"shop"}
	r, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now())
	h.pay(t, b, id, "p1", euros45)
	h.await(t, id, purchase.StateFinalized)
	h.pay(t, b, id, "p2", euros45)
	until(t, "nothing goes back", func() bool { sum, _ := r.total(); return sum > 0 })
	h.await(t, id, purchase.StateFinalized)
	if sum, keys := r.total(); sum != 4500 || keys != 1 {
		t.Errorf("%d went back under %d keys", sum, keys)
	}
}

// awaitFailedRefund waits until the desk knows that a refund failed.
func (h *house) awaitFailedRefund(t *testing.T, id string) {
	t.Helper()
	until(t, "nobody knows of the refund that failed", func() bool {
		return h.await(t, id, purchase.StateHeld).Summary.Cause == purchase.CauseRefundFailed
	})
}

// turnedDown is a purchase on the desk whose first refund the provider will turn down.
func turnedDown(t *testing.T) (h *house, r *refunding, b *bridge.Bridge, key purchase.Key) {
	t.Helper()
	h = newHouse(t, time.Minute)
	h.full("full")
	r, b = h.refunding(t)
	r.answers = []error{final{errors.New("the balance is too low")}}
	key = purchase.Key{Environment: "main", ID: h.dynamics.register(euros45, time.Now())}
	h.pay(t, b, key.ID, "p1", euros45)
	h.await(t, key.ID, purchase.StateHeld)
	return h, r, b, key
}

func TestARefundThatIsTurnedDownIsOnTheDeskAndMayBeTriedAgain(t *testing.T) {
	t.Parallel()
	h, r, b, key := turnedDown(t)
	id := key.ID
	decide(t, b, bridge.Decision{Key: key, Action: purchase.ActRefund})
	h.awaitFailedRefund(t, id)
	decide(t, b, bridge.Decision{Key: key, Action: purchase.ActRefund})
	h.await(t, id, purchase.StateRefunded)
	if sum, keys := r.total(); sum != 4500 || keys != 1 {
		t.Errorf("%d went back under %d keys", sum, keys)
	}
}

func decide(t *testing.T, b *bridge.Bridge, d bridge.Decision) {
	t.Helper()
	d.By, d.Reason = "ada", "as the buyer asked"
	err := b.Decide(context.Background(), d)
	for errors.Is(err, bridge.ErrChanged) { // the engine is at work as well
		err = b.Decide(context.Background(), d)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPersonSendsBackWhatIsTooMuchAndTheSeatFollows(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	r, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now())
	key := purchase.Key{Environment: "main", ID: id}
	h.pay(t, b, id, "p1", purchase.Money{Minor: 5500, Currency: "EUR"})
	h.await(t, id, purchase.StateMismatch)
	decide(t, b, bridge.Decision{Key: key, Action: purchase.ActRefund, Money: purchase.Money{Minor: 1000, Currency: "EUR"}})
	h.await(t, id, purchase.StateFinalized)
	if sum, _ := r.total(); sum != 1000 || h.dynamics.seats(id) != 1 {
		t.Errorf("%d went back, %d seats", sum, h.dynamics.seats(id))
	}
}

func TestAPersonAcceptsADifference(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	_, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now())
	h.pay(t, b, id, "p1", purchase.Money{Minor: 4400, Currency: "EUR"})
	h.await(t, id, purchase.StateMismatch)
	decide(t, b, bridge.Decision{Key: purchase.Key{Environment: "main", ID: id}, Action: purchase.ActAccept})
	h.await(t, id, purchase.StateFinalized)
}

func TestAPersonTriesAgainWhatDynamicsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.full("the pass is not published")
	_, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now())
	h.pay(t, b, id, "p1", euros45)
	h.await(t, id, purchase.StateHeld)
	h.dynamics.mu.Lock()
	h.dynamics.onFinalize = nil
	h.dynamics.mu.Unlock()
	decide(t, b, bridge.Decision{Key: purchase.Key{Environment: "main", ID: id}, Action: purchase.ActRetry})
	h.await(t, id, purchase.StateFinalized)
}

func TestAPersonSaysWhatDynamicsShowsWhereItCannotBeReadBack(t *testing.T) {
	t.Parallel()
	for seats, want := range map[purchase.Seats]purchase.State{purchase.SeatsAll: purchase.StateFinalized, purchase.SeatsNone: purchase.StateFinalized} {
		h := newHouse(t, time.Minute)
		h.policy.Quiet = time.Second
		h.dynamics.unsaid = true
		h.dynamics.onFinalize = func(n int, _ *registration) (purchase.Outcome, bool) {
			if n == 1 {
				return purchase.Outcome{Result: purchase.Unknown, Reason: "no_answer"}, seats == purchase.SeatsAll
			}
			return purchase.Outcome{Result: purchase.Confirmed}, true
		}
		_, b := h.refunding(t)
		id := h.dynamics.register(euros45, time.Now())
		h.pay(t, b, id, "p1", euros45)
		h.await(t, id, purchase.StateHeld)
		early := bridge.Decision{Key: purchase.Key{Environment: "main", ID: id}, Action: purchase.ActSeats, Seats: purchase.SeatsNone, By: "ada", Reason: "looked"}
		if err := b.Decide(context.Background(), early); !errors.Is(err, bridge.ErrNotAllowed) || !strings.Contains(err.Error(), "look again at") {
			t.Errorf("a word that is too early: %v", err)
		}
		time.Sleep(h.policy.SendWithin + h.policy.Quiet + 100*time.Millisecond)
		decide(t, b, bridge.Decision{Key: early.Key, Action: purchase.ActSeats, Seats: seats})
		h.await(t, id, want)
		if h.dynamics.seats(id) != 1 {
			t.Errorf("%s: %d seats", seats, h.dynamics.seats(id))
		}
	}
}

func TestAPersonTiesAnOrphanToItsPurchase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	_, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now())
	h.pay(t, b, "", "p1", euros45)
	orphan := purchase.Orphan("main", "shop", "p1")
	h.await(t, orphan.ID, purchase.StateHeld)
	decide(t, b, bridge.Decision{Key: orphan, Action: purchase.ActTie, Purchase: strings.ToUpper(id)})
	h.await(t, id, purchase.StateFinalized)
	h.await(t, orphan.ID, purchase.StateResolved)
}

func TestWhatAPersonClosedStaysClosedUntilSomethingIsNew(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.full("full")
	_, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now())
	key := purchase.Key{Environment: "main", ID: id}
	h.pay(t, b, id, "p1", euros45)
	h.await(t, id, purchase.StateHeld)
	decide(t, b, bridge.Decision{Key: key, Action: purchase.ActClose})
	h.await(t, id, purchase.StateResolved)
	decide(t, b, bridge.Decision{Key: key, Action: purchase.ActNote})
	h.await(t, id, purchase.StateResolved)
	h.pay(t, b, id, "p2", euros45)
	h.await(t, id, purchase.StateHeld)
}

func TestADecisionThatIsNotAllowedSaysWhatIs(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.full("full")
	_, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now())
	key := purchase.Key{Environment: "main", ID: id}
	h.pay(t, b, id, "p1", euros45)
	row := h.await(t, id, purchase.StateHeld)
	euros := func(minor int64) purchase.Money { return purchase.Money{Minor: minor, Currency: "EUR"} }
	for name, c := range map[string]struct {
		d    bridge.Decision
		want string
	}{
		"nobody":              {bridge.Decision{Action: purchase.ActRetry}, "say who"},
		"no reason":           {bridge.Decision{Action: purchase.ActClose, By: "ada"}, "say why"},
		"not for this":        {bridge.Decision{Action: purchase.ActAccept, By: "ada", Reason: "x"}, "for this purchase now: retry, ask, seats, refund, close, note"},
		"no such action":      {bridge.Decision{Action: "steal", By: "ada", Reason: "x"}, "not allowed"},
		"more than there is":  {bridge.Decision{Action: purchase.ActRefund, By: "ada", Reason: "x", Money: euros(4501)}, "holds 45.00 EUR"},
		"nothing":             {bridge.Decision{Action: purchase.ActRefund, By: "ada", Reason: "x", Money: euros(0)}, "holds 45.00 EUR"},
		"less than nothing":   {bridge.Decision{Action: purchase.ActRefund, By: "ada", Reason: "x", Money: euros(-1)}, "holds 45.00 EUR"},
		"another currency":    {bridge.Decision{Action: purchase.ActRefund, By: "ada", Reason: "x", Money: purchase.Money{Minor: 1, Currency: "USD"}}, "holds 45.00 EUR"},
		"another payment":     {bridge.Decision{Action: purchase.ActRefund, By: "ada", Reason: "x", Payment: "p9"}, "no such payment"},
		"half the seats":      {bridge.Decision{Action: purchase.ActSeats, By: "ada", Reason: "x", Seats: purchase.SeatsSome}, "all or none"},
		"not as it was seen":  {bridge.Decision{Action: purchase.ActClose, By: "ada", Reason: "x", Head: row.Head + "0"}, "decide anew"},
		"too long a reason":   {bridge.Decision{Action: purchase.ActClose, By: "ada", Reason: strings.Repeat("x", 2001)}, "characters"},
		"not UTF-8":           {bridge.Decision{Action: purchase.ActClose, By: "ada", Reason: "\xff"}, "UTF-8"},
		"tie of no orphan":    {bridge.Decision{Action: purchase.ActTie, By: "ada", Reason: "x", Purchase: id}, "not allowed"},
		"an unknown purchase": {bridge.Decision{Key: purchase.Key{Environment: "main", ID: "none"}, Action: purchase.ActNote, By: "ada", Reason: "x"}, "not found"},
	} {
		if c.d.Key.ID == "" {
			c.d.Key = key
		}
		if err := b.Decide(context.Background(), c.d); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, facts, err := h.store.Find(context.Background(), key); err != nil || slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Standing == purchase.Decided }) {
		t.Errorf("something was decided all the same, %v", err)
	}
}

func TestADecisionSaysWhoWhenAndWhy(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	_, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now())
	key := purchase.Key{Environment: "main", ID: id}
	h.pay(t, b, id, "p1", euros45)
	h.await(t, id, purchase.StateFinalized)
	decide(t, b, bridge.Decision{Key: key, Action: purchase.ActNote})
	_, facts, err := h.store.Find(context.Background(), key)
	if err != nil {
		t.Fatal(err)
	}
	f := facts[len(facts)-1]
	got := fmt.Sprintf("%s %s %s %q at all: %v", f.Kind, f.Standing, f.Detail.By, f.Detail.Reason, !f.At.IsZero() && f.Number > 0)
	if diff := cmp.Diff(`noted decided ada "as the buyer asked" at all: true`, got); diff != "" {
		t.Error(diff)
	}
}

// unhurried is an error after which nothing is known, and nothing may be tried again before its time.
type unhurried struct {
	error
	after time.Duration
}

func (u unhurried) Retry() (time.Duration, bool) { return u.after, true }

func TestARefundInDoubtIsNotRepeatedBeforeTheProviderAllows(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.full("full")
	r, b := h.refunding(t)
	r.answers = []error{unhurried{errors.New("nobody answers"), 4 * time.Second}}
	id := h.dynamics.register(euros45, time.Now())
	h.pay(t, b, id, "p1", euros45)
	h.await(t, id, purchase.StateHeld)
	h.psp.mu.Lock()
	r.hidden = true
	h.psp.mu.Unlock()
	decide(t, b, bridge.Decision{Key: purchase.Key{Environment: "main", ID: id}, Action: purchase.ActRefund})
	time.Sleep(3 * time.Second)
	h.psp.mu.Lock()
	calls := r.calls
	r.hidden = false
	h.psp.mu.Unlock()
	if calls != 1 {
		t.Errorf("%d calls in three seconds", calls)
	}
	h.await(t, id, purchase.StateRefunded)
}

func TestARefundThatFailsIsOnTheDeskThoughAPersonClosedMeanwhile(t *testing.T) {
	t.Parallel()
	h, _, b, key := turnedDown(t)
	id := key.ID
	decide(t, b, bridge.Decision{Key: key, Action: purchase.ActClose})
	h.await(t, id, purchase.StateResolved)
	decide(t, b, bridge.Decision{Key: key, Action: purchase.ActRefund})
	h.awaitFailedRefund(t, id)
}

// A second payment of a seat is to go back, and Dynamics does not let itself be asked any more: a person sees it, and when Dynamics answers
// again it goes back by itself.
func TestWhatCannotBeJudgedForASeatIsShownUntilDynamicsAnswers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.policy.RefundExtra = []string{"shop"}
	r, b := h.refunding(t)
	id := h.dynamics.register(euros45, time.Now().Add(-time.Hour))
	h.pay(t, b, id, "p1", euros45)
	h.await(t, id, purchase.StateFinalized)
	silent := func(err error) {
		h.dynamics.mu.Lock()
		defer h.dynamics.mu.Unlock()
		h.dynamics.priceErr = err
	}
	silent(errors.New("not allowed to read purchases"))
	h.pay(t, b, id, "p2", euros45)
	if row := h.await(t, id, purchase.StateHeld); row.Summary.Cause != purchase.CauseSecondPayment {
		t.Errorf("on the desk as %q", row.Summary.Cause)
	}
	silent(nil)
	until(t, "nothing goes back", func() bool { sum, _ := r.total(); return sum > 0 })
	if row := h.await(t, id, purchase.StateFinalized); row.Summary.Cause != purchase.CauseNone {
		t.Errorf("it stays on the desk as %q", row.Summary.Cause)
	}
}
