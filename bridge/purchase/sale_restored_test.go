package purchase_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// restoring is a backup of the store, and that it is put back: everything since is forgotten, here and nowhere else.
type restoring struct {
	ledgers []ledger
	belongs map[[2]string]purchase.Key
	at      time.Time // when it was put back last
}

func (r *restoring) done() bool { return r != nil && !r.at.IsZero() }

// restore plans a backup and when it is put back; sometimes twice, and sometimes the same one.
func (s *sale) restore() {
	s.restoring = &restoring{}
	s.after(s.lately(40*time.Minute, "backup"), s.backUp)
	s.after(s.lately(90*time.Minute, "put back"), s.putBack)
	if s.pick(3, "twice") == 1 {
		s.after(s.lately(100*time.Minute, "another backup"), s.backUp)
	}
	if s.pick(3, "again") == 1 {
		s.after(s.lately(120*time.Minute, "put back again"), s.putBack)
	}
}

func (s *sale) backUp() {
	s.note("a backup is made")
	r := s.restoring
	r.ledgers, r.belongs = nil, maps.Clone(s.belongs)
	for _, l := range s.ledgers {
		r.ledgers = append(r.ledgers, l.copied())
	}
}

func (l *ledger) copied() ledger {
	c := *l
	c.facts, c.known = slices.Clone(l.facts), maps.Clone(l.known)
	return c
}

// putBack kills the nodes, and the next find the store as it was. Without a backup it is empty.
func (s *sale) putBack() {
	s.note("the store is put back")
	r := s.restoring
	r.at, s.ledgers, s.belongs = s.now, nil, maps.Clone(r.belongs)
	if s.belongs == nil {
		s.belongs = map[[2]string]purchase.Key{}
	}
	for _, l := range r.ledgers {
		c := l.copied()
		c.behind, c.claimed, c.ready = true, false, c.ready || c.claimed
		s.ledgers = append(s.ledgers, &c)
	}
	for _, n := range s.nodes {
		n.hand, n.wake = nil, s.now.Add(time.Second)
	}
}

// mark is what a claim adds.
func (s *sale) mark(l *ledger) {
	if l.behind {
		l.behind = false
		s.append(l, purchase.Fact{Purchase: l.key, Kind: purchase.Restored, Standing: purchase.Own, At: s.restoring.at})
	}
}

// judgeRestored: the first finalize since the store was put back is made where there is no seat in truth, and each payment was asked about
// since before money of it moves.
func (o *oracle) judgeRestored(facts []purchase.Fact, intent purchase.Fact) {
	_, at := last(facts, purchase.Restored)
	if !o.restoring.done() {
		return
	}
	since := facts[at+1:]
	if intent.Detail.Step == purchase.StepFinalize {
		o.expect(lawRestored, len(finalizes(since)) > 0 || o.dynamics.seats == 0, "a finalize on top of %d seats that were forgotten", o.dynamics.seats)
		return
	}
	if intent.Detail.Step == purchase.StepReserve || intent.Detail.Step == purchase.StepCapture && intent.Account != "hold" {
		o.expect(lawRestored, !o.dynamics.able || o.dynamics.seats < o.dynamics.attendees, "%s for seats that are there", intent.Detail.Step)
	}
	asked := slices.ContainsFunc(since, func(f purchase.Fact) bool { return f.Kind == purchase.Asked && f.Payment == intent.Payment })
	o.expect(lawRestored, asked || intent.Payment == "", "%s of %s, which nobody was asked about", intent.Detail.Step, intent.Payment)
}

// orderOf is the id of the order that a refund carries out.
func (n *node) orderOf(next purchase.Next) string {
	for _, f := range n.hand.facts {
		if next.Attempt != 0 && f.Number == next.Attempt && f.Kind == purchase.RefundOrdered {
			return f.ID
		}
	}
	return ""
}

// carriedOut is told by a shop when a refund takes effect: an order is carried out once, whatever was forgotten between.
func (o *oracle) carriedOut(id string) {
	if o.carries == "" {
		return
	}
	if o.carried == nil {
		o.carried = map[string]string{}
	}
	before, again := o.carried[o.carries]
	o.expect(lawRestored, !again || before == id, "one order is carried out as %s and as %s", before, id)
	o.carried[o.carries] = id
}

// restored plays sales in which the store is put back.
func restored(l luck, plant func(*sale)) *sale {
	s := newSale(l, false)
	s.restore()
	if plant != nil {
		plant(s)
	}
	return s
}

func TestAStoreThatWasPutBackRepeatsNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := restored(drawn{t}, nil).run()
		for _, l := range []law{lawRestored, lawProgress} {
			if text := s.oracle.broke(l); text != "" {
				t.Fatalf("%s: %s\n%s", l, text, s.story())
			}
		}
		for _, l := range s.ledgers {
			sameInAnyOrder(t, l.key, l.facts, s)
		}
	})
}

// Each of these would repeat something, and is noticed.
func TestWhatAStoreThatWasPutBackMayNotDoIsNoticed(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]func(*sale){
		"nobody notices it": believed(func(f purchase.Fact) *purchase.Fact {
			if f.Kind == purchase.Restored {
				return nil
			}
			return &f
		}),
		"doubt is overlooked": without("planDoubt"),
		"it was long ago": believed(func(f purchase.Fact) *purchase.Fact {
			if f.Kind == purchase.Restored {
				f.At = f.At.Add(-time.Hour)
			}
			return &f
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range uint64(4000) {
				if s := restored(seed(n), plant).run(); s.oracle.broke(lawRestored) != "" {
					t.Logf("noticed in sale %d", n)
					return
				}
			}
			t.Error("no sale broke the law")
		})
	}
}
