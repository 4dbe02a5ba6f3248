package purchase_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A judge looks at every step before it is taken.
type judge func(w *world, p purchase.Purchase, next purchase.Next)

// play lets things happen and takes every step at once, until a fixed number of things happened and nothing moves any more.
func play(t *rapid.T, judges ...judge) *world {
	w := newWorld(t)
	for range rapid.IntRange(3, 14).Draw(t, "events") {
		w.happen()
		w.work(judges)
	}
	w.rest(judges)
	return w
}

// work takes steps until the plan wants to wait. A plan that never does is a livelock.
func (w *world) work(judges []judge) purchase.Next {
	for range 200 {
		p := w.fold()
		if w.empty() {
			return purchase.Next{Step: purchase.StepDone}
		}
		next := purchase.Plan(p, w.now)
		for _, j := range judges {
			j(w, p, next)
		}
		if next.Step == purchase.StepWait || next.Step == purchase.StepDone {
			return next
		}
		w.take(next)
	}
	w.Fatalf("the plan never rests: %+v", purchase.Plan(w.fold(), w.now))
	return purchase.Next{}
}

// empty tells whether nothing is known yet.
func (w *world) empty() bool { return len(w.facts) == 0 }

// rest follows the due instants until nothing is due any more, or for three days after the window: by then only old sessions are
// still asked about, once a day.
func (w *world) rest(judges []judge) {
	for range 400 {
		next := w.work(judges)
		if next.Due.IsZero() || w.now.After(w.created.Add(w.policy.Window+72*time.Hour)) {
			w.pass(5 * time.Minute)
			return
		}
		w.pass(max(next.Due.Sub(w.now), time.Second))
	}
	w.Fatal("it never comes to rest")
}

func TestFoldingKnowsNoOrderAndNoRepeats(t *testing.T) {
	t.Parallel()
	everything := cmp.Exporter(func(reflect.Type) bool { return true })
	rapid.Check(t, func(t *rapid.T) {
		w := play(t)
		want := w.fold()
		repeats := slices.Clone(w.facts)
		for i := range repeats { // a repeat is seen later than the first
			repeats[i].Seen = repeats[i].Seen.Add(time.Minute)
		}
		shuffled := rapid.Permutation(append(repeats, w.facts...)).Draw(t, "order")
		got := purchase.Fold(w.key, shuffled, w.policy)
		if diff := cmp.Diff(want, got, everything); diff != "" {
			t.Fatalf("another order gave another purchase:\n%s", diff)
		}
		if a, b := purchase.Plan(want, w.now), purchase.Plan(got, w.now); a != b {
			t.Fatalf("another order gave another plan: %+v, %+v", a, b)
		}
	})
}

func noMoneyNoSeat(w *world, p purchase.Purchase, next purchase.Next) {
	if next.Step != purchase.StepFinalize {
		return
	}
	for _, pay := range p.Payments {
		if pay.Net() == p.Offer.Money && p.Offer.Detail.Basis == p.Basis() && pay.Captured.Positive() {
			return
		}
	}
	w.Fatalf("finalize without a payment that equals the price read on it: %+v", p.Payments)
}

func TestNoMoneyNoSeat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := play(t, noMoneyNoSeat)
		paid := false
		for _, p := range w.payments {
			paid = paid || p.kind == purchase.Captured && p.money == w.price
		}
		if w.seats > 0 && !paid {
			t.Fatal("a seat for nothing")
		}
	})
}

func oneAtATime(w *world, p purchase.Purchase, next purchase.Next) {
	if next.Step != purchase.StepFinalize && next.Step != purchase.StepCapture {
		return
	}
	if p.Open != nil || p.Unsettled() != nil {
		w.Fatalf("%s while a call is open or in doubt", next.Step)
	}
}

func TestAPurchaseIsNeverRegisteredTwice(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		if w := play(t, oneAtATime); w.seats > 1 {
			t.Fatalf("%d registrations of one purchase", w.seats)
		}
	})
}

func TestNoMoneyIsInLimboAtRest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := play(t)
		w.tell() // the provider's last word reaches us, however late
		w.rest(nil)
		p := w.fold()
		if w.held() > 0 && w.seats == 0 && p.Desk == purchase.CauseNone {
			t.Fatalf("%d cents are neither a seat, nor refunded, nor on the desk; the state is %s", w.held(), p.State())
		}
		if w.seats > 0 && w.held() == 0 && p.Desk == purchase.CauseNone {
			t.Fatalf("a seat without money is not on the desk; the state is %s", p.State())
		}
	})
}

func TestASeatIsKnownOrOnTheDesk(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := play(t)
		if p := w.fold(); w.seats > 0 && !p.Registered() && p.Desk == purchase.CauseNone && w.intent == 0 {
			t.Fatalf("Dynamics has a seat that nobody knows of; the state is %s", p.State())
		}
	})
}

func plannedBackwards(w *world, p purchase.Purchase, next purchase.Next) {
	deadline := p.Deadline.At
	if next.Step == purchase.StepWait && p.Net().Positive() && !p.Registered() && p.Unsettled() == nil && w.now.Before(deadline) && next.Due.After(deadline) {
		w.Fatalf("it waits until %s, past the deadline %s", next.Due, deadline)
	}
	if next.Step == purchase.StepCapture {
		if deadline.Sub(w.now) < w.policy.Reserve {
			w.Fatalf("money is taken with %s left", deadline.Sub(w.now))
		}
		for _, pay := range p.Payments {
			if pay.Captured.Known() {
				w.Fatal("money is taken twice")
			}
		}
	}
	if n := len(p.Finalizes); next.Step == purchase.StepFinalize && p.Deadline.Certain && !w.now.Before(deadline) && n > 0 {
		if last := p.Finalizes[n-1]; last.Result != purchase.Unsent && !last.At.Before(deadline) {
			w.Fatal("a second finalize after a certain deadline")
		}
	}
}

func TestPlansLookBackFromTheDeadline(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		play(t, plannedBackwards)
	})
}

func TestTheMachineTakesOnlyTheStepsItHas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		play(t, func(w *world, p purchase.Purchase, next purchase.Next) {
			if p.Registered() && (next.Step == purchase.StepFinalize || next.Step == purchase.StepCapture) {
				w.Fatalf("%s of a purchase that has its seat", next.Step)
			}
		})
	})
}

// paidRight is a world in which nothing goes wrong: somebody pays the price in time and is told of at once.
func TestPaidRightAndInTimeIsASeat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.pass(time.Duration(rapid.IntRange(0, 500).Draw(t, "later")) * time.Second)
		w.pay(w.price)
		for range 40 {
			next := purchase.Plan(w.fold(), w.now)
			if next.Step == purchase.StepFinalize {
				w.register(w.now)
				w.conclude(w.intend(purchase.StepFinalize, ""), "", purchase.Confirmed)
				continue
			}
			if next.Step == purchase.StepDone {
				break
			}
			w.take(next)
		}
		if p := w.fold(); w.seats != 1 || p.State() != purchase.StateFinalized {
			t.Fatalf("%d seats, state %s", w.seats, p.State())
		}
	})
}

func TestARefusalSettlesNothingAfterADoubt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.pay(w.price)
		w.keep(w.proofs("pay-1")...)
		first := w.intend(purchase.StepFinalize, "")
		w.conclude(first, "", purchase.Unknown)
		second := w.intend(purchase.StepFinalize, "")
		w.conclude(second, "", purchase.Refused)
		if a := w.fold().Unsettled(); a == nil || a.Number != first {
			t.Fatal("the refusal settled the doubt")
		}
		early := w.policy.Quiet - time.Duration(rapid.IntRange(1, 200).Draw(t, "early"))*time.Second
		w.pass(early)
		w.keep(w.own(purchase.Fact{Kind: purchase.ReadBack, Attempt: first, Detail: purchase.Detail{Seats: purchase.SeatsNone}}))
		if w.fold().Unsettled() == nil {
			t.Fatalf("a read-back of none after %s settled the doubt", early)
		}
		w.pass(w.policy.Quiet)
		w.keep(w.own(purchase.Fact{Kind: purchase.ReadBack, Attempt: first, Detail: purchase.Detail{Seats: purchase.SeatsNone}}))
		if w.fold().Unsettled() != nil {
			t.Fatal("a late read-back of none settles the doubt")
		}
	})
}

func TestADecisionLapsesWhenWhatItSawChanges(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.dated = true
		w.pay(euros(4000))
		w.work(nil)
		p := w.fold()
		if p.Desk != purchase.CauseAmount {
			t.Fatalf("cause %s", p.Desk)
		}
		w.keep(purchase.Fact{Kind: purchase.Accepted, Standing: purchase.Decided, At: w.now, Detail: purchase.Detail{Basis: p.Matter(), Reason: "a discount"}})
		if rapid.Bool().Draw(t, "the money changes") {
			w.payments["pay-1"].refunded = euros(1000)
			w.keep(w.proofs("pay-1")...)
			w.work([]judge{func(w *world, _ purchase.Purchase, next purchase.Next) {
				if next.Step == purchase.StepFinalize {
					w.Fatal("a decision about other money was used")
				}
			}})
			return
		}
		for range 20 {
			next := purchase.Plan(w.fold(), w.now)
			if next.Step == purchase.StepFinalize {
				return
			}
			w.take(next)
		}
		t.Fatal("the decision was not followed")
	})
}

func TestBackoffNeverPassesTheDeadlineWhileThereIsTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 100).Draw(t, "n")
		left := time.Duration(rapid.Int64Range(-3600, 3600).Draw(t, "left")) * time.Second
		asked := time.Duration(rapid.Int64Range(0, 7200).Draw(t, "asked")) * time.Second
		pause := purchase.Backoff(n, asked, begin, begin.Add(left), rapid.Float64Range(0, 0.999).Draw(t, "chance"))
		if pause <= 0 || (left > 0 && pause > left) || (left <= 0 && pause < asked) {
			t.Fatalf("pause %s with %s left, asked %s", pause, left, asked)
		}
	})
}

func TestAPauseThatWouldEndTooLateIsAQuarterOfTheTimeLeft(t *testing.T) {
	t.Parallel()
	for left, want := range map[time.Duration]time.Duration{2 * time.Minute: time.Minute, time.Minute: 15 * time.Second, 40 * time.Second: 10 * time.Second,
		2 * time.Second: time.Second, 500 * time.Millisecond: 500 * time.Millisecond, -time.Second: time.Minute} {
		if got := purchase.Backoff(7, 0, begin, begin.Add(left), 0); got != want {
			t.Errorf("%s with %s left, want %s", got, left, want)
		}
	}
}

func TestMoneyIsNotTakenWithoutTimeForTheSeat(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.open()
		w.payments["pay-1"].kind = purchase.Approved
		left := time.Duration(rapid.IntRange(-600, int(w.policy.Reserve/time.Second)-1).Draw(t, "left")) * time.Second
		w.pass(w.fold().Deadline.At.Add(-left).Sub(w.now))
		w.tell()
		w.work([]judge{plannedBackwards, func(w *world, _ purchase.Purchase, next purchase.Next) {
			if next.Step == purchase.StepCapture {
				w.Fatalf("money is taken with %s left", left)
			}
		}})
	})
}
