package purchase_test

import (
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A node claims purchases and takes their steps as the engine does: fold, plan, take, keep. Between any two of its acts it may die,
// or sleep for longer than its lease.
type node struct {
	*sale
	name string
	wake time.Time
	hand *hand
}

// A hand is a claimed purchase.
type hand struct {
	*ledger
	claim int
	facts []purchase.Fact // as last read: a node never sees more than that
	steps int
	shut  []string  // accounts that did not answer during this claim
	retry time.Time // when to ask them again
	then  func()    // what is left of the step that was begun
}

const stepsEach = 24

func (n *node) able() bool {
	return !n.now.Before(n.wake) && (n.hand != nil || n.next() != nil)
}

func (n *node) next() *ledger {
	for _, l := range n.ledgers {
		if l.claimable(n.now) {
			return l
		}
	}
	return nil
}

func (n *node) act() {
	switch {
	case n.hand == nil:
		l := n.next()
		n.mark(l)
		n.hand = &hand{ledger: l, claim: l.take(n.now)}
		n.read()
	case n.deaths > 0 && n.mishap(n.woe(), "node dies"):
		n.deaths--
		n.note("%s dies", n.name)
		n.hand, n.wake = nil, n.now.Add(time.Second+n.lately(4*time.Minute, "dead for"))
	case n.mishap(n.woe(), "node sleeps"):
		n.wake = n.now.Add(time.Second + n.lately(12*time.Minute, "asleep for"))
	case n.hand.then != nil:
		then := n.hand.then
		n.hand.then = nil
		then()
	default:
		n.step()
	}
}

func (n *node) read() { n.hand.facts = slices.Clone(n.hand.ledger.facts) }

func (n *node) step() {
	h := n.hand
	p := n.fold(h.key, h.facts, n.policy)
	next := n.plan(p, n.now, h.shut...)
	n.note("%s plans %.6s %s %s %s %s due %s", n.name, h.key.ID, next.Step, next.Cause, next.Account, next.Payment.Payment, next.Due.Format("02 15:04:05"))
	n.oracle.planned(n, p, next)
	if next.Step == purchase.StepWait || next.Step == purchase.StepDone {
		n.settle(sooner(next.Due, h.retry), len(h.shut))
		return
	}
	if h.steps++; h.steps > stepsEach {
		n.oracle.breach(lawProgress, "%d steps at %s, the last is %s", h.steps, n.now, next.Step)
		n.settle(n.now.Add(time.Second), 0)
		return
	}
	n.take(p, next)
}

func sooner(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}

func (n *node) settle(due time.Time, failures int) {
	h := n.hand
	if failures > 0 {
		failures = h.failures + 1
	}
	n.hand = nil
	h.settle(h.claim, len(h.facts), due, failures)
}

// take begins a step. Reading steps call now and keep later; intents are kept now, their calls come later.
func (n *node) take(p purchase.Purchase, next purchase.Next) {
	switch next.Step {
	case purchase.StepPrice:
		n.price(p, next)
	case purchase.StepAsk:
		n.ask(p, next)
	case purchase.StepReadBack:
		n.readBack(p, next)
	case purchase.StepFinalize:
		n.finalize(p, next)
	case purchase.StepRelease:
		n.release(p, next)
	case purchase.StepReserve:
		n.operate(p, next, (*shop).hold)
	case purchase.StepCapture:
		n.operate(p, next, (*shop).capture)
	case purchase.StepVoid:
		n.void(p, next)
	case purchase.StepRefund:
		n.refund(next)
	case purchase.StepConclude:
		n.learn(purchase.Fact{Kind: purchase.Concluded, Attempt: next.Attempt, Account: p.Open.Account, Payment: p.Open.Payment,
			Detail: purchase.Detail{Step: p.Open.Step, Result: purchase.Unknown, Reason: "interrupted"}})
	case purchase.StepHandOver:
		n.learn(purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: next.Cause, Basis: next.Basis}})
		if !next.Due.IsZero() {
			n.settle(next.Due, 0)
		}
	case purchase.StepRemind:
		n.learn(purchase.Fact{Kind: purchase.Reminded, Account: next.Account, Payment: next.Payment.Payment, Detail: purchase.Detail{Until: next.Due}})
	case purchase.StepAbandon:
		n.learn(purchase.Fact{Kind: purchase.Abandoned, Detail: purchase.Detail{Basis: next.Basis}})
	default:
		n.oracle.breach(lawNeverBoth, "the plan wants %q", next.Step)
		n.settle(time.Time{}, 0)
	}
}

// own completes a fact of ours.
func (n *node) own(f purchase.Fact) purchase.Fact {
	if f.Standing == "" {
		f.Standing = purchase.Own
	}
	if f.At.IsZero() && f.Standing == purchase.Own {
		f.At = n.now
	}
	if f.Purchase.ID == "" {
		f.Purchase = n.hand.key
	}
	return f
}

func (n *node) learn(facts ...purchase.Fact) []purchase.Fact {
	fresh, _ := n.keepIf(-1, facts...)
	return fresh
}

func (n *node) keepIf(head int, facts ...purchase.Fact) ([]purchase.Fact, error) {
	for i := range facts {
		facts[i] = n.own(facts[i])
	}
	fresh, err := n.keep(head, facts...)
	n.read()
	return fresh, err
}

// later gives the purchase up for now: the step failed.
func (n *node) later(p purchase.Purchase, step purchase.Step, after time.Duration) {
	n.showStranded(p, step)
	n.settle(n.now.Add(n.pause(p, after)), 1)
}

func (n *node) pause(p purchase.Purchase, after time.Duration) time.Duration {
	return purchase.Backoff(n.hand.failures+1, after, n.now, p.Deadline.At, float64(n.pick(4, "chance"))/4)
}

// showStranded puts a paid purchase on the desk whose deadline passed while Dynamics could not be asked.
func (n *node) showStranded(p purchase.Purchase, step purchase.Step) {
	cause := p.Stranded(step)
	if n.now.Before(p.Deadline.At) || cause == purchase.CauseNone {
		return
	}
	n.learn(purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: cause, Basis: p.Sight()}})
}

func (n *node) shop(name string) *shop {
	for _, s := range n.shops {
		if s.name == name {
			return s
		}
	}
	return nil
}
