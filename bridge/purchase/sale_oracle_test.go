package purchase_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
	lawCapture   law = "7 one capture, one reservation"
	lawSession   law = "6 no session outlives its use"
	lawCharged   law = "seat first: nobody is charged without a seat, and no seat that could be had is given up"
	lawRelease   law = "6 a seat is given free only when nobody can pay for it, and then nobody gets it"
	lawFreed     law = "a seat that nobody can pay for is given free"
	lawInvoice   law = "an invoice is worth a seat by policy or a person's word only, and is paid, cancelled or on the desk"
	lawDesk      law = "the desk holds what has a reason to be there, and nothing else"
	lawRestored  law = "a store that was put back repeats nothing"
	lawNotice    law = "nothing is told that is not so"
	lawSeat      law = "paid right and in time is a seat"
)

// An oracle watches a sale and reads the facts in its own, simpler way: it shares no code with the fold.
type oracle struct {
	*sale
	readAt   map[string]int // how many facts were known when Dynamics was asked for this price
	moves    map[move]bool
	accepted *acceptance
	told     map[string]purchase.Notice // by key
	breaches []breach
	byPolicy map[*pay]int // refunds of ours that nobody ordered
	carries  string       // the id of the order that the refund just now carries out; "" for the policy's
	carried  map[string]string
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

// holdingsOf adds up the proofs: for each object the first one that was kept. Contradictions are objects with two amounts. A refund of which
// a later version says that it failed is none, in whatever order the two were told.
func holdingsOf(facts []purchase.Fact) (held holdings, contradicted bool) {
	type object struct{ account, payment, id string }
	of := func(f purchase.Fact) object { return object{f.Account, f.Payment, f.Object} }
	failed := map[object]int64{}
	for _, f := range facts {
		if f.Kind == purchase.Failed && f.Standing == purchase.Proved {
			failed[of(f)] = max(failed[of(f)], f.Version)
		}
	}
	seen := map[object]purchase.Money{}
	held = holdings{}
	for _, f := range facts {
		sign := map[purchase.Kind]int64{purchase.Captured: 1, purchase.Refunded: -1, purchase.Reversed: -1}[f.Kind]
		if (f.Standing != purchase.Proved && f.Standing != purchase.Decided) || sign == 0 {
			continue
		}
		if f.Kind == purchase.Refunded && failed[of(f)] > f.Version { // the bank sent it back
			continue
		}
		if before, ok := seen[of(f)]; ok {
			contradicted = contradicted || before != f.Money
			continue
		}
		seen[of(f)] = f.Money
		name := f.Account + " " + f.Payment
		held[name] = purchase.Money{Minor: held[name].Minor + sign*f.Money.Minor, Currency: f.Money.Currency}
	}
	return held, contradicted
}

// reserved is what the proofs say is reserved at the shop that reserves first, and neither taken nor given back.
func reserved(facts []purchase.Fact) holdings {
	res, gone := holdings{}, map[string]bool{}
	for _, f := range facts {
		name := f.Account + " " + f.Payment
		switch {
		case f.Standing != purchase.Proved || f.Account != "hold":
		case f.Kind == purchase.Authorised:
			res[name] = f.Money
		case f.Kind == purchase.Failed && f.Object != "", f.Kind == purchase.Lapsed, f.Kind == purchase.Captured:
			gone[name] = true
		}
	}
	for name := range gone {
		delete(res, name)
	}
	return res
}

func (h holdings) with(g holdings) holdings {
	sum := maps.Clone(h)
	for name, m := range g {
		sum[name+" reserved"] = m
	}
	return sum
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
			case f.Kind == purchase.ReadBack && f.Standing == purchase.Decided && f.Number > intent.Number:
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
	for i := len(facts) - 1; i >= 0; i-- {
		f := facts[i]
		if f.Kind == purchase.ReadBack && f.Standing == purchase.Decided && f.Detail.Seats == purchase.SeatsNone {
			return false
		}
		if f.Kind == purchase.ReadBack && f.Detail.Seats == purchase.SeatsAll {
			return true
		}
		if f.Kind == purchase.Concluded && f.Detail.Result == purchase.Confirmed && f.Detail.Step == purchase.StepFinalize {
			return true
		}
	}
	return false
}

// learned follows the state a person sees, fact by fact.
func (o *oracle) learned(l *ledger, f purchase.Fact) {
	p := o.fold(l.key, l.facts, o.policy)
	o.noticed(l, p)
	state := p.State()
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
	o.judgeRestored(facts, intent)
	_, holds := reserved(facts)[intent.Account+" "+intent.Payment]
	towards := intent.Detail.Step == purchase.StepFinalize || intent.Detail.Step == purchase.StepReserve || intent.Detail.Step == purchase.StepCapture
	o.expect(lawRelease, !towards || !o.freed(facts), "%s although the seat may have been given free", intent.Detail.Step)
	switch {
	case intent.Detail.Step == purchase.StepRelease:
		o.judgeRelease(l.key, facts)
		return
	case intent.Detail.Step == purchase.StepVoid && holds:
		o.expect(lawOnce, doubt == nil || o.seated(facts), "what is reserved is given back while a finalize is in doubt")
		o.judgeGiveBack(facts, intent)
		return
	case intent.Detail.Step == purchase.StepVoid:
		o.judgeVoid(facts, intent)
		return
	case intent.Detail.Step == purchase.StepRefund:
		o.expect(lawOnce, doubt == nil || o.seated(facts), "money goes back while a finalize is in doubt")
		o.judgeRefund(facts, intent)
		return
	case intent.Detail.Step == purchase.StepCapture && intent.Account == "hold":
		o.expect(lawCharged, o.seated(facts), "money is taken before its seat is known")
		o.expect(lawPaid, !l.key.Orphaned(), "%s for an orphan", intent.Detail.Step)
		return
	case intent.Detail.Step == purchase.StepCapture:
		o.expect(lawOnce, doubt == nil, "money is taken while a finalize is in doubt")
		o.judgeCapture(facts)
	case intent.Detail.Step == purchase.StepReserve:
		o.expect(lawOnce, doubt == nil, "money is reserved while a finalize is in doubt")
		o.judgeReserve(facts, intent)
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
	o.expect(lawNeverBoth, !o.returning(facts), "finalize while money may be on its way back")
	if at < 0 || !price.Money.Known() {
		o.breach(lawPaid, "finalize without a price")
		return
	}
	view, ok := o.readAt[price.ID]
	o.expect(lawPaid, ok, "finalize on a price that nobody read for it")
	then, _ := holdingsOf(facts[:view])
	o.judgePromise(facts, held, price.Money)
	held, then = held.with(o.pledged(facts)), then.with(o.pledged(facts[:view]))
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
	held = maps.Clone(held)
	maps.DeleteFunc(held, func(name string, _ purchase.Money) bool { return strings.HasSuffix(name, " reserved") })
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

// judgeReserve: what the buyer agreed to is reserved only as it would be taken, for the price as it was last read, and once.
func (o *oracle) judgeReserve(facts []purchase.Fact, intent purchase.Fact) {
	o.judgeCapture(facts)
	price, _ := last(facts, purchase.Offered)
	o.expect(lawCapture, len(reserved(facts)) == 0, "money is reserved while some is: %v", reserved(facts))
	o.expect(lawCharged, price.Money == o.find(intent.Payment).money, "other money than the price is reserved")
	o.expect(lawCharged, o.policy.SeatFirst(intent.Account), "money is reserved where it is to be taken")
}

// judgeVoid: a session is ended when the purchase holds money or has its seat, when the price has changed since, or when there is no
// time left.
func (o *oracle) judgeVoid(facts []purchase.Fact, intent purchase.Fact) {
	held, _ := holdingsOf(facts)
	price, _ := last(facts, purchase.Offered)
	left := o.fold(o.key, facts, o.policy).Deadline.At.Sub(o.now)
	reason := held.positive() > 0 || o.seated(facts) || len(o.pledged(facts)) > 0 || left <= o.policy.Reserve || o.freed(facts) || o.ordersRelease(facts) ||
		price.Money.Known() && price.Money != o.find(intent.Payment).money
	o.expect(lawSession, reason, "a session is ended with %s left and nothing paid", left)
}

// judgeGiveBack: what is reserved goes back only when no seat can come of it.
func (o *oracle) judgeGiveBack(facts []purchase.Fact, intent purchase.Fact) {
	name := intent.Account + " " + intent.Payment
	held, _ := holdingsOf(facts)
	price, _ := last(facts, purchase.Offered)
	mine, others := reserved(facts)[name], held.with(reserved(facts))
	delete(others, name+" reserved")
	if o.seated(facts) {
		o.expect(lawCharged, others.has(price.Money) || held.positive() > 0 || mine != price.Money, "the only money of a seat is given back")
		return
	}
	calls, refusal := finalizes(facts), false
	for _, f := range facts {
		mine := f.Kind == purchase.Concluded && len(calls) > 0 && f.Attempt == calls[len(calls)-1].Number
		foreign := f.Standing == purchase.Proved && f.Detail.Event != "" && f.Detail.Event != price.Detail.Event
		refusal = refusal || foreign || mine && f.Detail.Result == purchase.Refused
	}
	hopeless := mine != price.Money || held.positive() > 0 || others.has(price.Money) || len(calls) >= purchase.MaxFinalizes || refusal || o.freed(facts) ||
		!o.now.Before(o.fold(o.key, facts, o.policy).Deadline.At)
	o.expect(lawCharged, hopeless, "%s is given back although a seat could still come of it", name)
}

// letGo is told by the payer's bank: nobody took or gave back what was reserved. A person knows.
func (o *oracle) letGo(p *pay) {
	key, known := o.belongs[[2]string{p.name, p.ref}]
	if !known || key.Orphaned() {
		return
	}
	q := o.fold(key, o.ledger(key).facts, o.policy)
	o.expect(lawLimbo, q.Desk != purchase.CauseNone || q.Closed(), "%s of %s was reserved for weeks, in state %s", p.money, p.ref, q.State())
}

func (o *oracle) find(ref string) *pay {
	for _, s := range o.shops {
		if p := s.find(ref); p != nil {
			return p
		}
	}
	return nil
}

// voided is told by a shop when we end a session or give back what it reserved: never one that was paid, and a session only if it is ours.
func (o *oracle) voided(p *pay) {
	o.expect(lawSession, p.reserved() || (p.endable && len(p.objects) == 0), "%s is ended by us", p.ref)
}

// captured is told by a shop when a capture of ours takes effect: never for two payments, never twice for one.
func (o *oracle) captured(p *pay, key string) {
	o.expect(lawCapture, p.taken == key, "%s is captured under two keys", p.ref)
	failed := func(f *object) bool { return f.id == p.ref+"-capture" && f.kind == purchase.Failed }
	o.expect(lawRestored, p.taken == key || slices.ContainsFunc(p.objects, failed), "%s is captured under two keys", p.ref)
	o.expect(lawCharged, p.name != "hold" || o.dynamics.seats > 0, "%s is charged without a seat", p.ref)
	for _, s := range o.shops {
		for _, other := range s.pays {
			gone := p.name == "hold" && other.held().Minor <= 0 // paid back, and paid anew
			o.expect(lawCapture, other == p || other.taken == "" || gone, "both %s and %s are captured by us", other.ref, p.ref)
		}
	}
}

// reservedByUs is told by a shop when a call of ours reserves money: never for two payments at a time, never twice for one.
func (o *oracle) reservedByUs(p *pay, key string) {
	o.expect(lawCapture, p.holding == key, "%s is reserved under two keys", p.ref)
	o.expect(lawRestored, p.holding == key, "%s is reserved under two keys", p.ref)
	for _, s := range o.shops {
		for _, other := range s.pays {
			open := other.holding != "" && (other.reserved() || len(other.objects) == 0)
			taken := other.taken != "" && (other.held().Minor > 0 || len(other.objects) == 0)
			o.expect(lawCapture, other == p || !open && !taken, "%s is reserved while we hold %s", p.ref, other.ref)
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
	if next.Step == purchase.StepDone && p.TiedTo == "" && held.positive() > 0 && !o.seated(facts) && !p.Closed() {
		o.expect(lawLimbo, p.Desk != purchase.CauseNone && p.Desk == next.Cause, "money rests outside the desk (%q, %q)", p.Desk, next.Cause)
	}
	if next.Step == purchase.StepWait && held.positive() > 0 && o.unsettled(facts) == nil && p.Open == nil && next.Cause != purchase.CauseRefundPending && o.now.Before(p.Deadline.At) {
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
