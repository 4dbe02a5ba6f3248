package purchase_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Luck decides what goes wrong: drawn by rapid or from a seed. 0 is always the kindest choice, so that rapid shrinks towards peace.
type luck interface{ pick(n int, what string) int }

type drawn struct{ *rapid.T }

func (d drawn) pick(n int, what string) int { return rapid.IntRange(0, n-1).Draw(d.T, what) }

type seeded struct{ *rand.Rand }

func (s seeded) pick(n int, _ string) int { return s.IntN(n) }

func seed(n uint64) luck { return seeded{rand.New(rand.NewPCG(n, 2026))} }

// A sale is one purchase with its whole world: Dynamics, five merchant accounts, the buyer, a person at the desk, two nodes on one
// store that may die or fall asleep at any boundary, and a clock that moves only when nothing is left to do. In a fair sale the
// price is paid once, in time, or never, and whatever goes wrong passes early enough.
type sale struct {
	luck
	fair     bool
	forsaken bool // nobody pays: the buyer turns away, and the shop ends the session
	fold     func(purchase.Key, []purchase.Fact, purchase.Policy) purchase.Purchase
	plan     func(purchase.Purchase, time.Time, ...string) purchase.Next
	opening  time.Time
	now      time.Time
	agenda   []event
	key      purchase.Key
	policy   purchase.Policy
	dynamics *dynamics
	shops    []*shop
	ledgers  []*ledger
	belongs  map[[2]string]purchase.Key
	nodes    []*node
	trouble  int // percent: how often a node dies or a call goes wrong
	deaths   int // how many more times a node may die

	until    law           // the sale is over when this one is broken; "": at its end
	careless bool          // a planted fault: intents are kept whatever has changed
	slow     bool          // a planted fault: a call leaves after its time
	keyless  purchase.Step // a planted fault: each of these calls has a key of its own

	restoring *restoring // the store is put back from a backup; nil: never

	oracle *oracle
	log    []entry
}

type event struct {
	at time.Time
	do func()
}

var euros45 = purchase.Money{Minor: 4500, Currency: "EUR"}

func newSale(l luck, fair bool) *sale {
	s := &sale{luck: l, fair: fair, fold: purchase.Fold, plan: purchase.Plan, opening: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC),
		key: purchase.Key{Environment: "main", ID: "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60"}, policy: purchase.DefaultPolicy(50 * time.Minute),
		belongs: map[[2]string]purchase.Key{}}
	s.now = s.opening
	s.oracle = &oracle{sale: s, readAt: map[string]int{}, moves: map[move]bool{}, byPolicy: map[*pay]int{}, told: map[string]purchase.Notice{}}
	s.trouble = []int{0, 4, 15}[s.pick(3, "trouble")]
	if s.deaths = 100; fair {
		s.deaths = 1 // the purchase is given up after three finalizes that came to nothing
	}
	if !fair && s.mishap(20, "repeat after quiet") {
		s.policy.Repeat = purchase.RepeatAfterQuiet
	}
	s.dynamics = newDynamics(s)
	s.policy.Reserving, s.policy.Releases = []string{"hold"}, true
	if s.pick(2, "late money") == 1 {
		s.policy.RefundLate, s.policy.RefundExtra = []string{"bank", "cards", "hold"}, []string{"bank", "cards", "wallet"}
	}
	s.policy.Unaskable, s.policy.Invoicing = []string{bills}, s.billing()
	for _, name := range []string{"bank", "cards", "wallet", "hold", bills} {
		s.shops = append(s.shops, newShop(s, name))
	}
	s.nodes = []*node{{sale: s, name: "a"}, {sale: s, name: "b"}}
	s.script()
	return s
}

// woe is how often, in percent, a node dies or a call goes wrong. A fair sale is left in peace after its first half.
func (s *sale) woe() int {
	if s.fair && s.now.After(s.opening.Add(25*time.Minute)) {
		return 0
	}
	return s.trouble
}

func (s *sale) mishap(percent int, what string) bool { return s.pick(100, what) >= 100-percent }

// lately is a short while that luck makes longer.
func (s *sale) lately(most time.Duration, what string) time.Duration {
	return most * time.Duration(s.pick(21, what)) / 20
}

func (s *sale) after(d time.Duration, do func()) {
	s.agenda = append(s.agenda, event{s.now.Add(d), do})
	slices.SortStableFunc(s.agenda, func(a, b event) int { return a.at.Compare(b.at) })
}

// run plays the sale to its end: until nobody has anything to do or to wait for.
func (s *sale) run() *sale {
	for range 6000 {
		if s.until != "" && s.oracle.broke(s.until) != "" {
			return s
		}
		if !s.happen() && !s.act() && !s.tick() {
			s.oracle.atRest()
			return s
		}
	}
	s.oracle.breach(lawProgress, "the sale does not come to rest")
	return s
}

// act lets one node do one thing now.
func (s *sale) act() bool {
	var able []*node
	for _, n := range s.nodes {
		if n.able() {
			able = append(able, n)
		}
	}
	if len(able) == 0 {
		return false
	}
	able[s.pick(len(able), "node")].act()
	return true
}

// tick moves the clock to the next instant that matters; false if there is none.
func (s *sale) tick() bool {
	var next time.Time
	sooner := func(t time.Time) {
		if t.After(s.now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if len(s.agenda) > 0 {
		sooner(s.agenda[0].at)
	}
	for _, n := range s.nodes {
		sooner(n.wake)
	}
	for _, l := range s.ledgers {
		sooner(l.due)
		if l.claimed {
			sooner(l.until)
		}
	}
	if next.IsZero() {
		return false
	}
	s.now = next
	return true
}

// happen does what others planned for now; false if there is nothing.
func (s *sale) happen() bool {
	if len(s.agenda) == 0 || s.agenda[0].at.After(s.now) {
		return false
	}
	e := s.agenda[0]
	s.agenda = s.agenda[1:]
	e.do()
	return true
}

// An entry is written only when somebody reads the log.
type entry struct {
	at     time.Time
	format string
	args   []any
}

func (s *sale) note(format string, args ...any) {
	s.log = append(s.log, entry{s.now, format, args})
}

// story is the log, for a sale that broke a law.
func (s *sale) story() string {
	var b strings.Builder
	for _, e := range s.log {
		fmt.Fprintf(&b, e.at.Format("02 15:04:05 ")+e.format+"\n", e.args...)
	}
	return b.String()
}

// A span is a time in which somebody cannot be reached.
type span struct{ from, to time.Time }

// outages are up to two; in a fair sale they end well before the deadline.
func (s *sale) outages(what string) []span {
	latest := 120 * time.Minute
	if s.fair {
		latest = 25 * time.Minute
	}
	var spans []span
	for range 2 {
		if s.mishap(15, what) {
			a, b := s.lately(latest, "from"), s.lately(latest, "to")
			spans = append(spans, span{s.opening.Add(min(a, b)), s.opening.Add(max(a, b))})
		}
	}
	return spans
}

func (s *sale) within(spans []span) bool {
	return slices.ContainsFunc(spans, func(o span) bool { return !s.now.Before(o.from) && s.now.Before(o.to) })
}
