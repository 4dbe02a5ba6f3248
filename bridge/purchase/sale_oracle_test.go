package purchase_test

import (
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A law is what no sale may break, numbered as in the design.
type law string

const (
	lawPaid      law = "3 no money, no seat"
	lawOnce      law = "4 one finalize"
	lawLimbo     law = "5 no limbo"
	lawProgress  law = "5 every step leads on"
	lawNeverBoth law = "6 seat or refund, never both by the machine"
	lawBackwards law = "7 plan backwards"
	lawCapture   law = "7 one capture"
	lawSession   law = "6 no session outlives its use"
	lawDesk      law = "the desk holds what has a reason to be there, and nothing else"
	lawSeat      law = "paid right and in time is a seat"
)

// An oracle watches a sale and reads the facts in its own, simpler way: it shares no code with the fold.
type oracle struct {
	*sale
	readAt   map[string]int // how many facts were known when Dynamics was asked for this price
	moves    map[move]bool
	accepted *acceptance
	breaches []breach
}

type breach struct {
	law  law
	text string
}

// A move is a change of state that happened.
type move struct{ from, to purchase.State }

// An acceptance is what a person saw who accepted it.
type acceptance struct {
	holdings holdings
	price    purchase.Money
}

func (o *oracle) breach(l law, format string, args ...any) {
	o.note("BREACH of %q: "+format, append([]any{l}, args...)...)
	o.breaches = append(o.breaches, breach{l, fmt.Sprintf(format, args...)})
}

func (o *oracle) expect(l law, ok bool, format string, args ...any) {
	if !ok {
		o.breach(l, format, args...)
	}
}

// holdings is what the proofs say that each payment holds.
type holdings map[string]purchase.Money

// holdingsOf adds up the proofs: for each object the last one that was kept. Contradictions are objects with two amounts.
func holdingsOf(facts []purchase.Fact) (held holdings, contradicted bool) {
	type object struct{ account, payment, id string }
	seen := map[object]purchase.Fact{}
	held = holdings{}
	for _, f := range facts {
		sign := map[purchase.Kind]int64{purchase.Captured: 1, purchase.Refunded: -1, purchase.Reversed: -1}[f.Kind]
		if f.Standing != purchase.Proved || sign == 0 {
			continue
		}
		id := object{f.Account, f.Payment, f.Object}
		if before, ok := seen[id]; ok {
			contradicted = contradicted || before.Money != f.Money
			continue
		}
		seen[id] = f
		name := f.Account + " " + f.Payment
		held[name] = purchase.Money{Minor: held[name].Minor + sign*f.Money.Minor, Currency: f.Money.Currency}
	}
	return held, contradicted
}

func (h holdings) equal(g holdings) bool {
	for name, m := range h {
		if g[name] != m {
			return false
		}
	}
	return len(h) == len(g)
}

func (h holdings) positive() (n int) {
	for _, m := range h {
		if m.Minor > 0 {
			n++
		}
	}
	return n
}

func last(facts []purchase.Fact, kind purchase.Kind) (f purchase.Fact, at int) {
	for i := len(facts) - 1; i >= 0; i-- {
		if facts[i].Kind == kind {
			return facts[i], i
		}
	}
	return purchase.Fact{}, -1
}

func finalizes(facts []purchase.Fact) (intents []purchase.Fact) {
	for _, f := range facts {
		if f.Kind == purchase.Intended && f.Detail.Step == purchase.StepFinalize {
			intents = append(intents, f)
		}
	}
	return intents
}

// unsettled finds a finalize that may have worked and is not disproved: by an answer that says no effect, or by a read-back of none
// asked for at least Quiet after the last possible send.
func (o *oracle) unsettled(facts []purchase.Fact) *purchase.Fact {
	for _, intent := range finalizes(facts) {
		settled := false
		for _, f := range facts {
			switch {
			case f.Kind == purchase.Concluded && f.Attempt == intent.Number:
				settled = settled || f.Detail.Result == purchase.Refused || f.Detail.Result == purchase.Unsent
			case f.Kind == purchase.ReadBack && f.Attempt >= intent.Number:
				settled = settled || f.Detail.Seats == purchase.SeatsNone && !f.At.Before(intent.Detail.SendBefore.Add(o.policy.Quiet))
			}
		}
		if !settled {
			return &intent
		}
	}
	return nil
}

func (o *oracle) seated(facts []purchase.Fact) bool {
	for _, f := range facts {
		if f.Kind == purchase.ReadBack && f.Detail.Seats == purchase.SeatsAll {
			return true
		}
		if f.Kind == purchase.Concluded && f.Detail.Result == purchase.Confirmed && f.Payment == "" {
			return true
		}
	}
	return false
}

// learned follows the state a person sees, fact by fact.
func (o *oracle) learned(l *ledger, f purchase.Fact) {
	state := o.fold(l.key, l.facts, o.policy).State()
	if state != l.state {
		o.moves[move{l.state, state}] = true
	}
	l.state = state
}

func (o *oracle) read(offered []purchase.Fact, view int) {
	for _, f := range offered {
		o.readAt[f.ID] = view
	}
}

// intended judges the moment at which there is no way back: the intent is kept and the call will follow.
func (o *oracle) intended(l *ledger, intent purchase.Fact) {
	facts := l.facts[:len(l.facts)-1]
	doubt := o.unsettled(facts)
	switch {
	case intent.Detail.Step == purchase.StepVoid:
		o.judgeVoid(facts, intent)
		return
	case intent.Detail.Step == purchase.StepCapture:
		o.expect(lawOnce, doubt == nil, "money is taken while a finalize is in doubt")
		o.judgeCapture(facts)
	case doubt != nil:
		allowed := o.policy.Repeat == purchase.RepeatAfterQuiet && !o.now.Before(doubt.Detail.SendBefore.Add(o.policy.Quiet))
		o.expect(lawOnce, allowed, "a second finalize while the first may have worked")
		fallthrough
	default:
		o.judgeFinalize(facts)
	}
	o.expect(lawPaid, !l.key.Orphaned(), "%s for an orphan", intent.Detail.Step)
	o.expect(lawOnce, !o.seated(facts), "%s although the seats are known", intent.Detail.Step)
}

func (o *oracle) judgeFinalize(facts []purchase.Fact) {
	held, contradicted := holdingsOf(facts)
	price, at := last(facts, purchase.Offered)
	o.expect(lawPaid, !contradicted, "finalize on contradicting proofs")
	if at < 0 || !price.Money.Known() {
		o.breach(lawPaid, "finalize without a price")
		return
	}
	view, ok := o.readAt[price.ID]
	o.expect(lawPaid, ok, "finalize on a price that nobody read for it")
	then, _ := holdingsOf(facts[:view])
	o.expect(lawPaid, then.equal(held), "the price was read for %v, now it is %v", then, held)
	o.expect(lawPaid, len(finalizes(facts[:view])) == len(finalizes(facts)), "the price was read before the last finalize")
	o.expect(lawPaid, held.has(price.Money) || o.agreed(held, price.Money), "%v is not %s", held, price.Money)
	o.expect(lawPaid, price.Detail.Seats != purchase.SeatsAll, "finalize although Dynamics shows the seats")
}

func (h holdings) has(price purchase.Money) bool {
	for _, m := range h {
		if m == price && m.Minor > 0 {
			return true
		}
	}
	return false
}

func (o *oracle) agreed(held holdings, price purchase.Money) bool {
	return o.accepted != nil && o.accepted.price == price && o.accepted.holdings.equal(held)
}

func (o *oracle) judgeCapture(facts []purchase.Fact) {
	held, _ := holdingsOf(facts)
	o.expect(lawCapture, len(held) == 0, "money is taken while there is some: %v", held)
	left := o.fold(o.key, facts, o.policy).Deadline.At.Sub(o.now)
	o.expect(lawBackwards, left >= o.policy.Reserve, "money is taken with %s left", left)
	price, _ := last(facts, purchase.Offered)
	o.expect(lawBackwards, price.Money.Known(), "money is taken without a price")
}

// judgeVoid: a session is ended when the purchase holds money or has its seat, when the price has changed since, or when there is no
// time left.
func (o *oracle) judgeVoid(facts []purchase.Fact, intent purchase.Fact) {
	held, _ := holdingsOf(facts)
	price, _ := last(facts, purchase.Offered)
	left := o.fold(o.key, facts, o.policy).Deadline.At.Sub(o.now)
	reason := held.positive() > 0 || o.seated(facts) || left <= o.policy.Reserve || price.Money.Known() && price.Money != o.shops[1].find(intent.Payment).money
	o.expect(lawSession, reason, "a session is ended with %s left and nothing paid", left)
}

// voided is told by a shop when a session is ended by us: never one that was paid, and only one of ours.
func (o *oracle) voided(p *pay) {
	o.expect(lawSession, p.endable && len(p.objects) == 0, "%s is ended by us", p.ref)
}

// captured is told by a shop when a capture of ours takes effect: never for two payments, never twice for one.
func (o *oracle) captured(p *pay, key string) {
	o.expect(lawCapture, p.taken == key, "%s is captured under two keys", p.ref)
	for _, s := range o.shops {
		for _, other := range s.pays {
			o.expect(lawCapture, other == p || other.taken == "", "both %s and %s are captured by us", other.ref, p.ref)
		}
	}
}

// planned judges every plan on what the node knew.
func (o *oracle) planned(n *node, p purchase.Purchase, next purchase.Next) {
	facts := n.hand.facts
	held, _ := holdingsOf(facts)
	if next.Step == purchase.StepWait || next.Step == purchase.StepHandOver || next.Step == purchase.StepDone {
		o.expect(lawProgress, next.Due.IsZero() || next.Due.After(o.now), "%s until now", next.Step)
	}
	o.expect(lawLimbo, next.Step != purchase.StepWait || !next.Due.IsZero(), "it waits for nothing")
	if next.Step == purchase.StepDone && p.TiedTo == "" && held.positive() > 0 && !o.seated(facts) {
		o.expect(lawLimbo, p.Desk != purchase.CauseNone && p.Desk == next.Cause, "money rests outside the desk (%q, %q)", p.Desk, next.Cause)
	}
	if next.Step == purchase.StepWait && held.positive() > 0 && o.unsettled(facts) == nil && p.Open == nil && o.now.Before(p.Deadline.At) {
		o.expect(lawBackwards, !next.Due.After(p.Deadline.At), "it waits until %s, past the deadline", next.Due.Format(time.TimeOnly))
	}
}

// broke is the first breach of the law; "" if it was kept.
func (o *oracle) broke(l law) string {
	for _, b := range o.breaches {
		if b.law == l {
			return b.text
		}
	}
	return ""
}
