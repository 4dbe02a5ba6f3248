package bridge_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// meddling is a store in which something happens right before or right after the first intent of a step is kept.
type meddling struct {
	bridge.Store
	step          purchase.Step
	before, after func()
	once          sync.Once
}

func (m *meddling) Keep(ctx context.Context, k bridge.Keeping) (bridge.Kept, error) {
	first := false
	if slices.ContainsFunc(k.Facts, func(f purchase.Fact) bool { return f.Kind == purchase.Intended && f.Detail.Step == m.step }) {
		m.once.Do(func() { first = true })
	}
	if first && m.before != nil {
		m.before()
	}
	kept, err := m.Store.Keep(ctx, k)
	if first && m.after != nil {
		m.after()
	}
	return kept, err
}

// leaping is a clock that is behind or ahead of the store's.
type leaping struct {
	wallClock
	by atomic.Int64
}

func (c *leaping) Now() time.Time { return c.wallClock.Now().Add(time.Duration(c.by.Load())) }

func (h *house) factsOf(t *testing.T, id string) []purchase.Fact {
	t.Helper()
	_, facts, err := h.store.Find(t.Context(), purchase.Key{Environment: "main", ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// awaitRest waits until nobody has the purchase in hand, and nothing is to be done at once.
func (h *house) awaitRest(t *testing.T, id string) {
	t.Helper()
	key := purchase.Key{Environment: "main", ID: id}
	until(t, "it never comes to rest", func() bool {
		row, _, err := h.store.Find(t.Context(), key)
		return err == nil && (row.Stage == bridge.Idle || row.Stage == bridge.Waiting)
	})
}

// kept are the facts of a kind that are about a step.
func kept(facts []purchase.Fact, kind purchase.Kind, step purchase.Step) (some []purchase.Fact) {
	for _, f := range facts {
		if f.Kind == kind && f.Detail.Step == step {
			some = append(some, f)
		}
	}
	return some
}

func TestNoFinalizeLeavesWithoutItsIntent(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	pay := paid(h, euros45)
	var bare atomic.Bool
	h.dynamics.onFinalize = func(n int, _ *registration) (purchase.Outcome, bool) {
		_, facts, err := h.store.Find(context.Background(), purchase.Key{Environment: "main", ID: pay.Purchase})
		bare.Store(err != nil || len(kept(facts, purchase.Intended, purchase.StepFinalize)) != n)
		return purchase.Outcome{Result: purchase.Acknowledged}, true
	}
	b := h.node(t, "a")
	h.run(t, b)
	receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
	h.await(t, pay.Purchase, purchase.StateFinalized)
	if bare.Load() {
		t.Error("a finalize left whose intent was not kept")
	}
}

func TestWhatWasLearnedSinceThePlanStopsTheCall(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		step purchase.Step
		came func(pay payment) purchase.Fact
		want purchase.State
	}{
		"the money of a finalize went back": {purchase.StepFinalize, func(pay payment) purchase.Fact {
			f := pay.fact(purchase.Proved)
			f.Kind, f.Object, f.Account = purchase.Refunded, "r-1", "shop"
			return f
		}, purchase.StateRefunded},
		"what is refunded has a seat": {purchase.StepRefund, func(payment) purchase.Fact {
			return purchase.Fact{Kind: purchase.ReadBack, Standing: purchase.Own, Detail: purchase.Detail{Seats: purchase.SeatsAll}}
		}, purchase.StateFinalized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, time.Minute)
			h.policy.RefundLate = []string{"shop"}
			created := time.Now()
			if c.step == purchase.StepRefund {
				h.full("expired")
				created = created.Add(-time.Hour)
			}
			id := h.dynamics.register(euros45, created)
			pay := payment{Purchase: id, Ref: "p1", Money: euros45, Kind: purchase.Captured, At: time.Now()}
			m := &meddling{Store: h.store, step: c.step, before: func() {
				f := c.came(pay)
				f.Purchase = purchase.Key{Environment: "main", ID: id}
				if _, err := h.store.Keep(context.Background(), bridge.Keeping{Facts: []purchase.Fact{f}}); err != nil {
					t.Error(err)
				}
			}}
			r := newRefunding(h.psp)
			b := h.nodeLike(t, bridge.Options{Owner: "a", Store: m, Accounts: []bridge.Account{{Name: "shop", Kind: "psp", Environment: "main", Provider: r}}})
			h.run(t, b)
			h.pay(t, b, id, "p1", euros45)
			h.awaitRest(t, id)
			h.await(t, id, c.want)
			if calls := kept(h.factsOf(t, id), purchase.Intended, c.step); len(calls) != 0 {
				t.Errorf("%d intents all the same", len(calls))
			}
		})
	}
}

func TestACallOfMoneyLeavesInTimeOrNotAtAll(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	h.policy.RefundLate = []string{"shop"}
	h.full("expired")
	clock := new(leaping)
	m := &meddling{Store: h.store, step: purchase.StepRefund, after: func() { clock.by.Store(int64(h.policy.SendWithin + time.Second)) }}
	r := newRefunding(h.psp)
	b := h.nodeLike(t, bridge.Options{Owner: "a", Store: m, Clock: clock, Accounts: []bridge.Account{{Name: "shop", Kind: "psp", Environment: "main", Provider: r}}})
	h.run(t, b)
	id := h.dynamics.register(euros45, time.Now().Add(-time.Hour))
	h.pay(t, b, id, "p1", euros45)
	h.await(t, id, purchase.StateRefunded)
	ends := kept(h.factsOf(t, id), purchase.Concluded, purchase.StepRefund)
	if len(ends) == 0 || ends[0].Detail.Result != purchase.Unsent || ends[0].Detail.Reason != "too_late_to_send" {
		t.Errorf("a refund that could no longer leave in time: %+v", ends)
	}
	if sum, keys := r.total(); sum != 4500 || keys != 1 {
		t.Errorf("%d went back under %d keys", sum, keys)
	}
}

// noting remembers until when a finalize might leave.
type noting struct {
	*dynamics
	until time.Time
}

func (n *noting) Finalize(ctx context.Context, call purchase.Final) purchase.Outcome {
	n.mu.Lock()
	n.until = call.SendBefore
	n.mu.Unlock()
	return n.dynamics.Finalize(ctx, call)
}

func TestWhatIsSentInTimeIsJudgedByTheStoresClock(t *testing.T) {
	t.Parallel()
	const behind = time.Hour // of this node, whose own clock the registrar goes by
	h := newHouse(t, time.Minute)
	clock, registrar := new(leaping), &noting{dynamics: h.dynamics}
	clock.by.Store(int64(-behind))
	b := h.nodeLike(t, bridge.Options{Owner: "a", Clock: clock, Environments: []bridge.Environment{{Name: "main", Registrar: registrar, Policy: h.policy}},
		Accounts: []bridge.Account{{Name: "shop", Kind: "psp", Environment: "main", Provider: h.psp}}})
	h.run(t, b)
	pay := paid(h, euros45)
	receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
	h.await(t, pay.Purchase, purchase.StateFinalized)
	intent := kept(h.factsOf(t, pay.Purchase), purchase.Intended, purchase.StepFinalize)[0]
	if off := intent.Detail.SendBefore.Sub(intent.Seen); off.Abs() > behind/2 {
		t.Errorf("the intent is good until %s, %s from the store's clock", intent.Detail.SendBefore, off)
	}
	h.dynamics.mu.Lock()
	until := registrar.until
	h.dynamics.mu.Unlock()
	if off := intent.Detail.SendBefore.Sub(until) - behind; off.Abs() > behind/2 {
		t.Errorf("the registrar may send until %s, the intent until %s", until, intent.Detail.SendBefore)
	}
}

func TestWhoAsksForAPauseGetsIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 24*time.Hour)
	h.dynamics.priceErr = unhurried{errors.New("throttled"), time.Hour}
	b := h.node(t, "a")
	h.run(t, b)
	pay := paid(h, euros45)
	receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
	row := h.await(t, pay.Purchase, purchase.StatePaidUnfinalized)
	for end := time.Now().Add(20 * time.Second); row.Stage != bridge.Waiting || row.Failures == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not wait: %+v", row)
		}
		row = h.await(t, pay.Purchase, purchase.StatePaidUnfinalized)
	}
	if row.Due.Before(time.Now().Add(30 * time.Minute)) {
		t.Errorf("it is asked again at %s, an hour was wanted", row.Due)
	}
}
