package purchase_test

import (
	"flag"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
)

var update = flag.Bool("update", false, "write the golden files again")

func TestTheDiagramIsTheTable(t *testing.T) {
	t.Parallel()
	const golden = "testdata/states.mmd"
	if *update {
		if err := os.WriteFile(golden, []byte(purchase.Diagram()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), purchase.Diagram()); diff != "" {
		t.Errorf("the diagram changed; look at it and run with -update:\n%s", diff)
	}
}

func TestEveryChangeOfStateIsInTheTable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		last := purchase.StateAwaitingPayment
		look := func(w *world, p purchase.Purchase, _ purchase.Next) {
			state := p.State()
			if state != last && !slices.ContainsFunc(purchase.Moves(), func(m purchase.Move) bool { return m.From == last && m.To == state }) {
				w.Fatalf("from %s to %s is not in the table", last, state)
			}
			last = state
		}
		w := play(t, look)
		w.tell()
		w.rest([]judge{look})
	})
}

func TestEveryStateHasItsNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, row := range purchase.States() {
		if row.En == "" || row.Fr == "" || row.Means == "" || seen[row.En] || seen[row.Fr] {
			t.Errorf("%s lacks a name of its own in both languages", row.State)
		}
		seen[row.En], seen[row.Fr] = true, true
		if !slices.ContainsFunc(purchase.Moves(), func(m purchase.Move) bool { return m.To == row.State }) {
			t.Errorf("no move leads to %s", row.State)
		}
	}
}

// usual is the history of a purchase that was paid and got its seat.
func usual(b *testing.B) (purchase.Key, []purchase.Fact, purchase.Policy) {
	key := purchase.Key{Environment: "main", ID: "00000001-0000-4000-8000-000000000001"}
	offer := purchase.Fact{Kind: purchase.Offered, Standing: purchase.Own, Money: euros(4500), Number: 1, Detail: purchase.Detail{Created: begin, Event: "E"}}
	open := purchase.Fact{Kind: purchase.Opened, Standing: purchase.Own, Account: "shop", Payment: "p", Money: euros(4500), Number: 2, Detail: purchase.Detail{Capturable: true, URL: "https://x"}}
	heard := purchase.Fact{Kind: purchase.Captured, Standing: purchase.Heard, Account: "shop", Payment: "p", Object: "c", Money: euros(4500), At: begin}
	proved := heard
	proved.Standing = purchase.Proved
	facts := []purchase.Fact{offer, {Kind: purchase.Arrived, Standing: purchase.Heard, Account: "shop", At: begin}, open,
		{Kind: purchase.Approved, Standing: purchase.Heard, Account: "shop", Payment: "p"}, {Kind: purchase.Approved, Standing: purchase.Proved, Account: "shop", Payment: "p"},
		{Kind: purchase.Asked, Standing: purchase.Own, Account: "shop", Payment: "p", Number: 3}, heard, proved,
		{Kind: purchase.Intended, Standing: purchase.Own, Number: 4, Detail: purchase.Detail{Step: purchase.StepFinalize, SendBefore: begin.Add(time.Minute)}},
		{Kind: purchase.Concluded, Standing: purchase.Own, Number: 5, Attempt: 4, Detail: purchase.Detail{Result: purchase.Acknowledged}},
		{Kind: purchase.ReadBack, Standing: purchase.Own, Number: 6, Attempt: 4, Detail: purchase.Detail{Seats: purchase.SeatsAll}}}
	for i := range facts {
		facts[i].Purchase, facts[i].Seen = key, begin.Add(time.Duration(i)*time.Second)
		facts[i] = purchase.Identify(facts[i])
	}
	b.ReportAllocs()
	b.ResetTimer()
	return key, facts, purchase.DefaultPolicy(50 * time.Minute)
}

func BenchmarkFold(b *testing.B) {
	key, facts, policy := usual(b)
	for b.Loop() {
		purchase.Fold(key, facts, policy)
	}
}

func BenchmarkPlan(b *testing.B) {
	key, facts, policy := usual(b)
	p := purchase.Fold(key, facts, policy)
	for b.Loop() {
		purchase.Plan(p, begin.Add(time.Minute))
	}
}
