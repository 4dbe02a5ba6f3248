package storetest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// Laws are all promises, by name.
func Laws() []Law {
	return slices.Concat(storeLaws(), outboxLaws())
}

func storeLaws() []Law {
	return []Law{
		{"what was kept is there after a restart", durable},
		{"repeats add nothing", repeats},
		{"what an invoice needs is kept with its request, once, and can be erased", billed},
		{"any order of keeping gives the same purchase", anyOrder},
		{"the same facts kept at once by many are one each", crowd},
		{"own facts are numbered without gaps, and their ids name the number", numbered},
		{"facts are never changed or deleted", appendOnly},
		{"the earliest deadline is claimed first", earliestFirst},
		{"what waits is claimed when it is due, not before", whenDue},
		{"a claimed purchase is nobody else's until its lease ends", leased},
		{"settling is fenced on owner and attempt", fenced},
		{"new facts wake what waits and what is idle", woken},
		{"facts that came during a claim make it ready when it is settled", headMoved},
		{"keeping on a stale head changes nothing", staleHead},
		{"at most one intent is open", oneIntent},
		{"many who intend at once: one may", oneIntentInACrowd},
		{"a kept batch is kept whole or not at all", whole},
		{"the same delivery is kept once", oneDelivery},
		{"a message with other bytes is a replay", replay},
		{"unchecked deliveries come back when due, and leave when read", unchecked},
		{"unchecked deliveries are bounded", bounded},
		{"what was read and cannot be checked when it comes again is read again", again},
		{"puzzling deliveries are reconsidered", reconsidered},
		{"a payment belongs to whom proof names", belonging},
		{"tokens are found until they expire", tokens},
		{"pruning forgets old deliveries and never facts", pruned},
		{"lists page through everything once", paged},
		{"the backlog counts what waits", backlog},
		{"no two claimers hold one purchase", disjoint},
		{"what is not there is not found", notFound},
		{"a list is one reader's until its lease ends", listLeased},
		{"how far a list was read is kept, and it comes back when due", listKept},
		{"every list is due after a restart", listReopened},
		{"many who want a list at once: one gets it", listDisjoint},
	}
}

func durable(b *Bench) error {
	if err := b.must(captured(1, "p")); err != nil {
		return err
	}
	if err := b.Reopen(); err != nil {
		return err
	}
	row, facts, err := b.find(1)
	if err := first(err, want("facts", len(facts), 1)); err != nil {
		return err
	}
	return first(want("state", row.Summary.State, purchase.StatePaidUnfinalized), want("paid", row.Summary.Paid.Minor, int64(4500)),
		want("source", facts[0].Source, purchase.ByCallback))
}

func repeats(b *Bench) error {
	if err := b.must(captured(1, "p")); err != nil {
		return err
	}
	before, _, err := b.find(1)
	if err != nil {
		return err
	}
	b.Clock.Move(time.Hour)
	kept, err := b.keep(captured(1, "p"), captured(1, "p"))
	after, facts, findErr := b.find(1)
	return first(err, findErr, want("new facts", len(kept.New), 0), want("all facts", len(kept.Facts), 1), want("facts", len(facts), 1), want("head", after.Head, before.Head))
}

func anyOrder(b *Bench) error {
	chance := rand.New(rand.NewPCG(1, 1))
	facts := []purchase.Fact{captured(0, "p"), captured(0, "q")}
	refund := captured(0, "p")
	refund.Kind, refund.Object, refund.Money.Minor = purchase.Refunded, "r", 1000
	heard := captured(0, "p")
	heard.Standing = purchase.Heard
	facts = append(facts, refund, heard)
	var states []string
	for n := 1; n <= 6; n++ {
		chance.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		for _, f := range append(slices.Clone(facts), facts[0], facts[2]) {
			f.Purchase, f.Payment = key(n), fmt.Sprint(f.Payment, n)
			if err := b.must(f); err != nil {
				return err
			}
		}
		row, _, err := b.find(n)
		if err != nil {
			return err
		}
		s := row.Summary
		states = append(states, fmt.Sprint(s.State, s.Paid, s.Deadline, s.PaidAt))
	}
	for _, s := range states {
		if s != states[0] {
			return fmt.Errorf("two orders of the same facts gave %s and %s", states[0], s)
		}
	}
	return nil
}

// together runs f in many goroutines and joins their errors.
func together(n int, f func(i int) error) error {
	var mu sync.Mutex
	var errs []error
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if err := f(i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func crowd(b *Bench) error {
	err := together(32, func(i int) error {
		facts := []purchase.Fact{captured(1, "p"), captured(2, "q"), captured(3, "r")}
		if i%2 == 1 {
			slices.Reverse(facts)
		}
		return b.must(facts...)
	})
	if err != nil {
		return err
	}
	for n := 1; n <= 3; n++ {
		_, facts, err := b.find(n)
		if err := first(err, want("facts", len(facts), 1)); err != nil {
			return err
		}
	}
	return nil
}

func numbered(b *Bench) error {
	err := together(20, func(int) error {
		return b.must(own(1, purchase.Asked, purchase.Detail{Reason: "x"}))
	})
	if err != nil {
		return err
	}
	_, facts, err := b.find(1)
	if err := first(err, want("facts", len(facts), 20)); err != nil {
		return err
	}
	for i, f := range facts {
		if f.Number != int64(i+1) || f.ID != purchase.Identify(f).ID {
			return fmt.Errorf("fact %d has number %d and id %s", i+1, f.Number, f.ID)
		}
	}
	return nil
}

func appendOnly(b *Bench) error {
	if err := b.must(captured(1, "p")); err != nil {
		return err
	}
	_, before, err := b.find(1)
	if err != nil {
		return err
	}
	if err := b.must(captured(1, "p"), own(1, purchase.Asked, purchase.Detail{})); err != nil {
		return err
	}
	_, after, err := b.find(1)
	if err := first(err, want("facts", len(after), 2)); err != nil {
		return err
	}
	return first(want("the first fact's id", after[0].ID, before[0].ID),
		want("the first fact's time", after[0].Seen, before[0].Seen))
}

// arrive makes a purchase whose deadline is so many minutes after another's.
func (b *Bench) arrive(n int, born time.Time) error {
	f := purchase.Fact{Purchase: key(n), Kind: purchase.Arrived, Standing: purchase.Heard, Account: "shop", At: born}
	return b.must(f)
}

func earliestFirst(b *Bench) error {
	now := b.Clock.Now()
	for _, late := range []struct{ n, minutes int }{{4, 40}, {1, 30}, {3, 20}, {2, 10}} { // who came first has the most time
		if err := b.arrive(late.n, now.Add(time.Duration(late.minutes-60)*time.Minute)); err != nil {
			return err
		}
		b.Clock.Move(time.Second)
	}
	for _, n := range []int{2, 3, 1, 4} {
		c, err := b.one("a")
		if err := first(err, want("claimed", c.Row.Key, key(n)), want("facts", len(c.Facts), 1)); err != nil {
			return err
		}
	}
	return nil
}

func (b *Bench) settle(c bridge.Claim, due time.Time) error {
	return b.Settle(context.Background(), c, bridge.Settlement{Head: c.Row.Head, Due: due, Waits: purchase.CauseAwaitingBuyer, Failures: 2})
}

func whenDue(b *Bench) error {
	if err := b.must(captured(1, "p")); err != nil {
		return err
	}
	c, err := b.one("a")
	if err := first(err, b.settle(c, b.Clock.Now().Add(time.Minute+300*time.Nanosecond))); err != nil {
		return err
	}
	for _, pause := range []time.Duration{59 * time.Second, time.Second} { // not even by less than a database can write
		b.Clock.Move(pause)
		early, err := b.claim("a", 9)
		if err := first(err, want("claimed before it was due", len(early), 0)); err != nil {
			return err
		}
	}
	b.Clock.Move(time.Microsecond)
	c, err = b.one("a")
	return first(err, want("failures", c.Row.Failures, 2), want("waits", c.Row.Waits, purchase.CauseAwaitingBuyer))
}

func leased(b *Bench) error {
	if err := b.must(captured(1, "p")); err != nil {
		return err
	}
	if _, err := b.one("a"); err != nil {
		return err
	}
	b.Clock.Move(59 * time.Second)
	taken, err := b.claim("b", 9)
	if err := first(err, want("claimed during the lease", len(taken), 0)); err != nil {
		return err
	}
	b.Clock.Move(time.Second)
	_, err = b.one("b")
	return err
}

func fenced(b *Bench) error {
	if err := b.must(captured(1, "p")); err != nil {
		return err
	}
	old, err := b.one("a")
	if err != nil {
		return err
	}
	b.Clock.Move(2 * time.Minute)
	current, err := b.one("a")
	if err != nil {
		return err
	}
	if err := b.settle(old, time.Time{}); !errors.Is(err, bridge.ErrLost) {
		return fmt.Errorf("a lost claim was settled: %v", err)
	}
	stranger := current
	stranger.Owner = "b"
	if err := b.settle(stranger, time.Time{}); !errors.Is(err, bridge.ErrLost) {
		return fmt.Errorf("a stranger settled a claim: %v", err)
	}
	return b.settle(current, time.Time{})
}

func woken(b *Bench) error {
	for n, due := range map[int]time.Time{1: {}, 2: b.Clock.Now().Add(time.Hour)} {
		if err := b.must(captured(n, fmt.Sprint("p", n))); err != nil {
			return err
		}
		c, err := b.one("a")
		if err := first(err, b.settle(c, due), b.must(captured(n, fmt.Sprint("q", n)))); err != nil {
			return err
		}
		c, err = b.one("a")
		if err := first(err, want("facts", len(c.Facts), 2), b.settle(c, time.Time{})); err != nil {
			return err
		}
	}
	return nil
}

func headMoved(b *Bench) error {
	if err := b.must(captured(1, "p")); err != nil {
		return err
	}
	c, err := b.one("a")
	if err := first(err, b.must(captured(1, "q")), b.settle(c, time.Time{})); err != nil {
		return err
	}
	_, err = b.one("a")
	return err
}

func staleHead(b *Bench) error {
	kept, err := b.keep(captured(1, "p"))
	if err := first(err, b.must(captured(1, "q"))); err != nil {
		return err
	}
	_, err = b.Keep(context.Background(), bridge.Keeping{If: kept.Head, Facts: []purchase.Fact{own(1, purchase.Asked, purchase.Detail{})}})
	if !errors.Is(err, bridge.ErrChanged) {
		return fmt.Errorf("a stale head was accepted: %v", err)
	}
	_, facts, err := b.find(1)
	return first(err, want("facts", len(facts), 2))
}

func intent(n int) purchase.Fact {
	return own(n, purchase.Intended, purchase.Detail{Step: purchase.StepFinalize, SendBefore: time.Date(2026, 11, 24, 10, 0, 2, 0, time.UTC)})
}

func oneIntent(b *Bench) error {
	kept, err := b.keep(intent(1))
	if err != nil {
		return err
	}
	if _, err := b.keep(intent(1)); !errors.Is(err, bridge.ErrIntentOpen) {
		return fmt.Errorf("a second intent was kept: %v", err)
	}
	wrong := own(1, purchase.Concluded, purchase.Detail{Result: purchase.Unknown})
	wrong.Attempt = kept.New[0].Number + 7
	if err := b.must(wrong); err != nil {
		return err
	}
	if _, err := b.keep(intent(1)); !errors.Is(err, bridge.ErrIntentOpen) {
		return fmt.Errorf("the outcome of another attempt closed the intent: %v", err)
	}
	wrong.Attempt = kept.New[0].Number
	return first(b.must(wrong), b.must(intent(1)))
}

func oneIntentInACrowd(b *Bench) error {
	var mu sync.Mutex
	won := 0
	err := together(16, func(int) error {
		_, err := b.keep(intent(1))
		if errors.Is(err, bridge.ErrIntentOpen) {
			return nil
		}
		mu.Lock()
		defer mu.Unlock()
		won++
		return err
	})
	return first(err, want("intents kept", won, 1))
}

func whole(b *Bench) error {
	if err := b.must(intent(1)); err != nil {
		return err
	}
	_, err := b.Keep(context.Background(), bridge.Keeping{Delivery: delivered("d1"), State: bridge.Read, Message: "m1",
		Facts: []purchase.Fact{captured(2, "p"), intent(1)}})
	if !errors.Is(err, bridge.ErrIntentOpen) {
		return fmt.Errorf("want %v, got %v", bridge.ErrIntentOpen, err)
	}
	if _, _, err := b.find(2); !errors.Is(err, bridge.ErrNotFound) {
		return fmt.Errorf("half of a batch was kept: %v", err)
	}
	kept, err := b.Keep(context.Background(), bridge.Keeping{Delivery: delivered("d1"), State: bridge.Read, Message: "m1"})
	return first(err, want("duplicate", kept.Duplicate, false))
}
