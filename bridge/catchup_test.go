package bridge_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// listed is a provider that lists its payments: as proof, or as the hearsay that it would have sent.
type listed struct {
	*psp
	standing purchase.Standing

	mu    sync.Mutex
	lag   time.Duration // what just happened is not in the list yet
	stop  int           // the list breaks after so many payments; 0: never
	dark  bool          // it cannot be listed
	walks []walk
	at    int // how many walk it now
	most  int // how many walked it at once
}

type walk struct{ from, to time.Time }

func (l *listed) set(change func(*listed)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	change(l)
}

func (l *listed) walked() []walk {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.walks)
}

func (l *listed) List(_ context.Context, from, to time.Time) iter.Seq2[purchase.Fact, error] {
	return func(yield func(purchase.Fact, error) bool) {
		l.mu.Lock()
		l.walks = append(l.walks, walk{from, to})
		l.at++
		l.most = max(l.most, l.at)
		until, stop, dark := time.Now().Add(-l.lag), l.stop, l.dark
		l.mu.Unlock()
		defer l.set(func(l *listed) { l.at-- })
		if dark {
			yield(purchase.Fact{}, errors.New("nobody answers"))
			return
		}
		for i, pay := range l.between(from, to, until) {
			if stop > 0 && i == stop {
				yield(purchase.Fact{}, errors.New("the line broke"))
				return
			}
			if !yield(pay.fact(l.standing), nil) {
				return
			}
		}
	}
}

func (l *listed) between(from, to, until time.Time) []payment {
	l.psp.mu.Lock()
	defer l.psp.mu.Unlock()
	all := slices.SortedFunc(maps.Values(l.payments), func(a, b payment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Ref, b.Ref)) })
	return slices.DeleteFunc(all, func(p payment) bool {
		return p.Kind == purchase.Opened || p.At.Before(from) || p.At.After(to) || p.At.After(until)
	})
}

// catching is a node whose one account can be listed, and its metrics.
func (h *house) catching(t testing.TB, owner string, l *listed) (*bridge.Bridge, *prometheus.Registry) {
	t.Helper()
	accounts := []bridge.Account{{Name: "shop", Kind: "psp", Environment: "main", Provider: l}}
	reg := prometheus.NewRegistry()
	b, err := bridge.New(bridge.Options{
		Store: h.store, Environments: []bridge.Environment{{Name: "main", Registrar: h.dynamics, Policy: h.policy}}, Accounts: accounts,
		Clock: wallClock{}, Chance: chance{}, PublicURL: "https://pay.example", Owner: owner, Log: zap.NewNop(), Metrics: bridge.NewMetrics(reg, accounts)})
	if err != nil {
		t.Fatal(err)
	}
	return b, reg
}

// sold is a payment of which nobody tells us: it is only in the list.
func (h *house) sold(at time.Time) payment {
	id := h.dynamics.register(euros45, at)
	pay := payment{Purchase: id, Ref: "pay-" + id[:8], Money: euros45, Kind: purchase.Captured, At: at}
	h.psp.set(pay)
	return pay
}

func count(t testing.TB, reg *prometheus.Registry, metric string, labels map[string]string) float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			fits := 0
			for _, l := range m.GetLabel() {
				if labels[l.GetName()] == l.GetValue() {
					fits++
				}
			}
			if f.GetName() == metric && fits == len(labels) {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func TestAPaymentThatOnlyTheListKnowsGetsItsSeat(t *testing.T) {
	t.Parallel()
	for _, standing := range []purchase.Standing{purchase.Proved, purchase.Heard} {
		t.Run(string(standing), func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, 5*time.Second)
			l := &listed{psp: h.psp, standing: standing}
			b, reg := h.catching(t, "a", l)
			h.run(t, b)
			var sales []payment
			for range 5 {
				sales = append(sales, h.sold(time.Now()))
				time.Sleep(50 * time.Millisecond)
			}
			for _, pay := range sales {
				h.await(t, pay.Purchase, purchase.StateFinalized)
			}
			learned := count(t, reg, "paybridge_payments_discovered_total", map[string]string{"source": "poll"})
			if learned != 5 {
				t.Errorf("%v payments were learned of by asking, want 5", learned)
			}
		})
	}
}

func TestTheShopsOtherSalesAreCountedAndNotKept(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5*time.Second)
	for i := range 120 { // more than a batch
		h.psp.set(payment{Ref: fmt.Sprint("book-", i), Money: euros45, Kind: purchase.Captured, At: time.Now()})
	}
	b, reg := h.catching(t, "a", &listed{psp: h.psp, standing: purchase.Proved})
	h.run(t, b)
	pay := h.sold(time.Now())
	h.await(t, pay.Purchase, purchase.StateFinalized)
	rows, _, err := h.store.List(t.Context(), bridge.Query{})
	if err != nil || len(rows) != 1 {
		t.Errorf("%d purchases are kept, %v; want the one", len(rows), err)
	}
	n := 0.0 // it is counted when the list was read to its end
	for end := time.Now().Add(10 * time.Second); n < 120 && time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		n = count(t, reg, "paybridge_listed_facts_total", map[string]string{"outcome": "unrelated"})
	}
	if n < 120 {
		t.Errorf("%v facts were counted as unrelated, want 120 or more", n)
	}
}

func TestWhatBelongsToAKnownPaymentIsKeptWithoutNamingIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5*time.Second)
	b, _ := h.catching(t, "a", &listed{psp: h.psp, standing: purchase.Proved})
	h.run(t, b)
	pay := h.sold(time.Now())
	h.await(t, pay.Purchase, purchase.StateFinalized)
	h.psp.set(payment{Ref: pay.Ref, Money: euros45, Kind: purchase.Refunded, At: time.Now()})
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		row, _, err := h.store.Find(t.Context(), purchase.Key{Environment: "main", ID: pay.Purchase})
		if err != nil {
			t.Fatal(err)
		}
		if row.Summary.Cause != purchase.CauseNone || row.Summary.State == purchase.StateRefunded {
			return
		}
	}
	t.Error("a refund that the list told of is not known")
}

func TestAListThatBreaksKeepsWhatItHadAndGoesOn(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 20*time.Second)
	l := &listed{psp: h.psp, standing: purchase.Proved, stop: 3}
	var sales []payment
	for i := range 8 {
		sales = append(sales, h.sold(time.Now().Add(time.Duration(i-10)*100*time.Millisecond)))
	}
	b, reg := h.catching(t, "a", l)
	h.run(t, b)
	for _, pay := range sales[:3] {
		h.await(t, pay.Purchase, purchase.StateFinalized)
	}
	if row, _, err := h.store.Find(t.Context(), purchase.Key{Environment: "main", ID: sales[3].Purchase}); !errors.Is(err, bridge.ErrNotFound) {
		t.Errorf("more than the list told: %+v, %v", row, err)
	}
	l.set(func(l *listed) { l.stop = 0 })
	for _, pay := range sales {
		h.await(t, pay.Purchase, purchase.StateFinalized)
	}
	if n := count(t, reg, "paybridge_lists_total", map[string]string{"result": "failed"}); n == 0 {
		t.Error("a broken list is not counted")
	}
}

func TestAListThatLagsIsCoveredByItsOverlap(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 10*time.Second)
	b, _ := h.catching(t, "a", &listed{psp: h.psp, standing: purchase.Proved, lag: 3 * time.Second})
	h.run(t, b)
	pay := h.sold(time.Now())
	h.await(t, pay.Purchase, purchase.StateFinalized)
}

func TestOneAccountThatIsAwayHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 5*time.Second)
	away := &listed{psp: newPSP(), standing: purchase.Proved, dark: true}
	b := h.nodeWith(t, "a", bridge.Account{Name: "away", Kind: "psp", Environment: "main", Provider: away},
		bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: &listed{psp: h.psp, standing: purchase.Proved}})
	h.run(t, b)
	pay := h.sold(time.Now())
	h.await(t, pay.Purchase, purchase.StateFinalized)
	if len(away.walked()) == 0 {
		t.Error("nobody tried the other account")
	}
}

func TestTwoNodesNeverListOneAccountAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 2*time.Second)
	l := &listed{psp: h.psp, standing: purchase.Proved}
	a, _ := h.catching(t, "a", l)
	b, _ := h.catching(t, "b", l)
	h.run(t, a, b)
	for range 5 {
		h.await(t, h.sold(time.Now()).Purchase, purchase.StateFinalized)
		time.Sleep(200 * time.Millisecond)
	}
	walks := l.walked()
	l.set(func(l *listed) {
		if l.most != 1 {
			t.Errorf("%d read the list at once", l.most)
		}
	})
	for i := 1; i < len(walks); i++ {
		if walks[i].to.Before(walks[i-1].to) {
			t.Errorf("a list goes back from %v to %v", walks[i-1].to, walks[i].to)
		}
	}
}

func TestAfterAnOutageTheListGoesOnFromWhereItWasAndTheUrgentGoesFirst(t *testing.T) {
	t.Parallel()
	h := newHouse(t, time.Minute)
	ctx := t.Context()
	mark := time.Now().Add(-100 * time.Minute).Truncate(time.Microsecond)
	claimed, err := h.store.ClaimList(ctx, "shop", "gone", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	claimed.Complete = mark
	if err := h.store.SettleList(ctx, claimed, time.Now()); err != nil {
		t.Fatal(err)
	}
	l := &listed{psp: h.psp, standing: purchase.Proved}
	b, _ := h.catching(t, "a", l)
	old, young := h.sold(time.Now().Add(-90*time.Minute)), h.sold(time.Now().Add(-2*time.Second))
	h.run(t, b)
	h.await(t, young.Purchase, purchase.StateFinalized)
	h.await(t, old.Purchase, purchase.StateFinalized) // by a last try after its deadline
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end) && readTo(l.walked(), mark).Before(time.Now().Add(-30*time.Second)); {
		time.Sleep(20 * time.Millisecond)
	}
	walks := l.walked()
	if !walks[0].to.After(time.Now().Add(-time.Minute)) {
		t.Errorf("the first walk is %v", walks[0])
	}
	for _, w := range walks[1:] {
		if w.from.Before(mark.Add(-5 * time.Minute)) {
			t.Errorf("%v was listed before", w.from)
		}
	}
	if done := readTo(walks, mark); done.Before(time.Now().Add(-30 * time.Second)) {
		t.Errorf("the list was read without a gap to %v only", done)
	}
	if len(walks) > 60 {
		t.Errorf("it took %d walks", len(walks))
	}
}

// readTo is until when the walks list everything since the mark, without a gap.
func readTo(walks []walk, mark time.Time) time.Time {
	for _, w := range walks {
		if !w.from.After(mark) && w.to.After(mark) {
			mark = w.to
		}
	}
	return mark
}

func TestWhileAListFailsItsMarkStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 20*time.Second)
	claimed, err := h.store.ClaimList(t.Context(), "shop", "gone", time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	claimed.Complete = time.Now().Add(-time.Hour)
	if err := h.store.SettleList(t.Context(), claimed, time.Now()); err != nil {
		t.Fatal(err)
	}
	l := &listed{psp: h.psp, standing: purchase.Proved, dark: true}
	b, _ := h.catching(t, "a", l)
	old := h.sold(time.Now().Add(-50 * time.Minute))
	h.run(t, b)
	for len(l.walked()) < 3 {
		time.Sleep(10 * time.Millisecond)
	}
	l.set(func(l *listed) { l.dark = false })
	h.await(t, old.Purchase, purchase.StateFinalized) // by a last try after its deadline
}

// renamed is a list that knows a payment by another name than its notifications.
type renamed struct{ *listed }

func (r renamed) List(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Fact, error] {
	return func(yield func(purchase.Fact, error) bool) {
		for f, err := range r.listed.List(ctx, from, to) {
			f.Payment, f.Purchase.ID = "tx-"+f.Payment, ""
			if !yield(f, err) {
				return
			}
		}
	}
}

func TestAPaymentIsKnownByItsObjectToo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, 20*time.Second)
	l := &listed{psp: h.psp, standing: purchase.Proved, dark: true}
	b := h.nodeWith(t, "a", bridge.Account{Name: "shop", Kind: "psp", Environment: "main", Provider: renamed{l}})
	h.run(t, b)
	pay := h.sold(time.Now())
	h.psp.mu.Lock()
	h.psp.away = true // so that only the list can prove it
	h.psp.mu.Unlock()
	receive(t, b, delivery(t, pay, "m1"), bridge.Accepted)
	l.set(func(l *listed) { l.dark = false })
	h.await(t, pay.Purchase, purchase.StateFinalized)
}
