package purchase_test

import (
	"errors"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A ledger is one purchase in the store: its facts and its place in the schedule, by the rules that the store promises.
type ledger struct {
	key      purchase.Key
	facts    []purchase.Fact
	known    map[string]bool
	numbers  int64
	open     int64 // the intent that is open
	state    purchase.State
	ready    bool
	due      time.Time
	claimed  bool
	claim    int // counts claims
	until    time.Time
	failures int
	behind   bool // its facts do not say yet that the store was put back
}

var (
	errChanged = errors.New("the purchase changed since it was read")
	errOpen    = errors.New("an intent of the purchase is open")
)

func (s *sale) ledger(key purchase.Key) *ledger {
	for _, l := range s.ledgers {
		if l.key == key {
			return l
		}
	}
	l := &ledger{key: key, known: map[string]bool{}, state: purchase.StateAwaitingPayment, behind: s.restoring.done()}
	s.ledgers = append(s.ledgers, l)
	return l
}

// keep is Store.Keep: all or nothing, numbered under the lock, known facts add nothing.
func (s *sale) keep(onlyIf int, facts ...purchase.Fact) ([]purchase.Fact, error) {
	if len(facts) == 0 {
		return nil, nil
	}
	if first := s.ledger(facts[0].Purchase); onlyIf >= 0 && onlyIf != len(first.facts) {
		return nil, errChanged
	}
	for _, f := range facts {
		if l := s.ledger(f.Purchase); f.Kind == purchase.Intended && l.open != 0 {
			return nil, errOpen
		}
	}
	var fresh []purchase.Fact
	for _, f := range facts {
		if kept, ok := s.append(s.ledger(f.Purchase), f); ok {
			fresh = append(fresh, kept)
		}
	}
	return fresh, nil
}

func (s *sale) append(l *ledger, f purchase.Fact) (purchase.Fact, bool) {
	f.Seen = s.now
	if f.Numbered() {
		f.Number = l.numbers + 1
	}
	f = purchase.Identify(f)
	if l.known[f.ID] {
		return f, false
	}
	l.known[f.ID] = true
	l.numbers = max(l.numbers, f.Number)
	l.facts = append(l.facts, f)
	switch {
	case f.Kind == purchase.Intended:
		l.open = f.Number
	case f.Kind == purchase.Concluded && f.Attempt == l.open:
		l.open = 0
	}
	if f.Payment != "" {
		s.belong(l.key, f)
	}
	l.ready = true
	s.note("%.6s keeps %s %s %s %s %s %s %s%s%s %s", l.key.ID, f.Standing, f.Kind, f.Payment, f.Object, f.Money, f.Detail.Step, f.Detail.Result,
		f.Detail.Seats, f.Detail.Cause, f.Detail.Reason)
	s.oracle.learned(l, f)
	return f, true
}

// belong ties a payment to its purchase: proof beats hearsay, a real purchase beats an orphan.
func (s *sale) belong(key purchase.Key, f purchase.Fact) {
	id := [2]string{f.Account, f.Payment}
	have, ok := s.belongs[id]
	sure := f.Standing == purchase.Proved || f.Kind == purchase.Opened
	if !ok || (have.Orphaned() && !key.Orphaned()) || (sure && !key.Orphaned()) {
		s.belongs[id] = key
	}
}

func (l *ledger) claimable(now time.Time) bool {
	if l.claimed && now.Before(l.until) {
		return false
	}
	return l.claimed || l.ready || (!l.due.IsZero() && !now.Before(l.due))
}

const lease = 3 * time.Minute

func (l *ledger) take(now time.Time) int {
	l.claimed, l.ready, l.due, l.until = true, false, time.Time{}, now.Add(lease)
	l.claim++
	return l.claim
}

// settle ends a claim, unless it was lost; facts that came meanwhile make the purchase ready again.
func (l *ledger) settle(claim, head int, due time.Time, failures int) {
	if !l.claimed || claim != l.claim {
		return
	}
	l.claimed, l.failures = false, failures
	l.ready = head != len(l.facts)
	if l.due = due; l.ready {
		l.due = time.Time{}
	}
}
