package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
)

// A lawbook holds the laws of the design against what the simulators hold, all the time and at the end.
type lawbook struct {
	*simulation
	said  []string
	grown int // goroutines when the daemon had just begun
	deaf  int // fates about which nobody told the daemon what counts, and that it had no way to ask about

	secrets *eavesdropper
}

// looksAtLaws is how often the laws are asked while everything moves.
const looksAtLaws = 47*time.Second + 111*time.Millisecond

// breach writes a broken law down, once.
func (l *lawbook) breach(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(l.said, text) {
		l.said = append(l.said, text)
		l.journal.note(l.climate.now(), "LAW", text)
	}
}

// watch asks the laws that hold at every moment.
func (l *lawbook) watch(ctx context.Context) {
	for n := 1; sleepUntil(ctx, l.began.Add(time.Duration(n)*looksAtLaws)) == nil; n++ {
		l.always()
	}
}

// always are the laws of every moment: no more seats than people, and no more money back than was taken.
func (l *lawbook) always() {
	for _, p := range l.dynamics.Purchases() {
		if len(p.Seats) > len(p.Attendees) {
			l.breach("registered twice: %s has %d seats for %d people", p.ID, len(p.Seats), len(p.Attendees))
		}
	}
	for _, s := range l.shops {
		for _, p := range s.Payments() {
			if minor(p.Refunded) > minor(p.Captured) {
				l.breach("refunded twice: payment %s at %s, %s back of %s", p.ID, s.Name, p.Refunded, p.Captured)
			}
		}
	}
	for _, d := range l.deceits() {
		if !l.unsure(d) {
			l.breach("forged: scene %d at %s, purchase %s: it was taken %s after the sale began", d.scene, d.provider, d.purchase, d.at.Sub(l.began).Round(time.Second))
		}
	}
	l.discreet()
}

// discreet is the law that nothing secret leaves by the log.
func (l *lawbook) discreet() {
	for _, leak := range l.secrets.leaks() {
		l.breach("leak of a secret: %s", leak)
	}
}

// unsure tells whether the notification may have had to be taken before it could be checked: its provider was out of reach just then.
func (l *lawbook) unsure(d deceit) bool {
	return slices.ContainsFunc(l.Troubles, func(t trouble) bool {
		away := t.Kind == providerOutage || t.Kind == providerDeaf
		return away && t.Where == d.provider && !d.at.Before(l.began.Add(t.At)) && d.at.Before(l.began.Add(t.At+t.For+ripple))
	})
}

// believed: of what was only forged nothing is kept, not even as hearsay.
func (l *lawbook) believed() {
	for _, f := range l.fates {
		if f.Turn != turnForged {
			continue
		}
		_, facts, _ := l.known(f)
		for _, fact := range facts {
			if fact.Payment != "" && fact.Money.Positive() {
				l.breach("forged: scene %d at %s, purchase %s: %s of %s was believed", f.Scene, f.Provider, f.Purchase, fact.Kind, fact.Payment)
			}
		}
	}
}

// known is what the store holds of a fate's purchase; false for nothing. Of what cannot be read nothing can be said, and that is a breach.
func (l *lawbook) known(f fate) (bridge.Row, []purchase.Fact, bool) {
	row, facts, err := l.store().Find(context.Background(), purchase.Key{Environment: demoEnvironment, ID: f.Purchase})
	if err != nil && !errors.Is(err, bridge.ErrNotFound) {
		l.breach("unreadable: scene %d, purchase %s: %v", f.Scene, f.Purchase, err)
	}
	return row, facts, err == nil
}

// finally are the laws of the end.
func (l *lawbook) finally() {
	l.always()
	l.believed()
	l.order()
	l.inTime()
	l.housekeeping()
	l.oneRefund()
	l.oneKey()
	for i := range l.fates {
		f := &l.fates[i]
		if f.Misled != "" {
			l.breach("misled: scene %d (%s at %s), purchase %s: %s (%s)", f.Scene, f.Turn, f.Provider, f.Purchase, f.Misled, f.State)
		}
		law := broken(*f)
		switch {
		case law == "":
		case l.settled(*f):
			f.Limbo = 0
		case l.unheard(*f) || l.unheardElsewhere(*f), !f.Lost && f.Limbo == 0 && l.untold(*f):
			l.deaf++
			f.Lost, f.Limbo = false, 0
		default:
			l.breach("%s", law)
		}
	}
}

// settled tells whether a person registered it for what it holds.
func (l *lawbook) settled(f fate) bool {
	sum, ok := l.accepted[f.Purchase]
	return ok && f.Seats >= f.Attendees && f.Captured-f.Refunded <= sum
}

// moreGoroutines is how many more there may be at the end of all than at the beginning: idle connections of the store.
const moreGoroutines = 4

// housekeeping: what is no longer needed is gone, and nothing grows without end.
func (l *lawbook) housekeeping() {
	n, err := l.store().Prune(context.Background(), time.Now().Add(-l.keep()-2*pruneEvery))
	if err != nil || n > 0 {
		l.breach("retention: %d deliveries are kept for too long (%v)", n, err)
	}
	time.Sleep(time.Second) // what was asked just now lets go of its goroutines
	if now := runtime.NumGoroutine(); now > l.grown+moreGoroutines {
		l.breach("leak: %d goroutines became %d", l.grown, now)
	}
}

// broken is the law that a fate breaks, "" for none.
func broken(f fate) string {
	held := f.Captured - f.Refunded
	seated := f.Seats >= f.Attendees && f.Attendees > 0
	about := fmt.Sprintf("scene %d (%s at %s), purchase %s", f.Scene, f.Turn, f.Provider, f.Purchase)
	switch {
	case f.Lost:
		return fmt.Sprintf("lost: %s: %d taken, no seat, nobody is told (%s)", about, held, f.State)
	case f.Limbo > 0:
		return fmt.Sprintf("limbo: %s: %d (%s)", about, f.Limbo, f.State)
	case f.Seats > 0 && !seated && f.Desk == "":
		return fmt.Sprintf("some seats: %s: %d of %d, nobody is told", about, f.Seats, f.Attendees)
	case seated && held < f.Price && f.Desk == "":
		return fmt.Sprintf("seat without money: %s: %d of %d, nobody is told", about, held, f.Price)
	}
	return ""
}

// unheard tells whether the provider never managed to tell us of a payment that we did not open: it cannot be asked about what nobody
// names, and has no list. Reconciliation with its settlement file is what finds these.
func (l *lawbook) unheard(f fate) bool {
	asks, lists := l.powers(f.Provider)
	if f.payment == "" || lists {
		return f.Turn == turnOrphan && l.forgotWord(f.Provider, f.payment) // a list tells of the shop's other sales too, and who knows none of it leaves it alone
	}
	if f.Page && asks && !l.forgotSession(f) {
		return false
	}
	for _, id := range l.shop(f.Provider).paysFor(f) {
		if _, heard := l.heard(f.Provider, id); !heard || !asks && l.forgotWord(f.Provider, id) {
			return true
		}
	}
	return false
}

// untold tells whether money went back at the provider after the seat, and nothing that it had to tell since then was acknowledged: what
// has its seat is not asked about any more, and there is no list.
func (l *lawbook) untold(f fate) bool {
	if _, lists := l.powers(f.Provider); lists || f.returned.IsZero() || f.Refunded == 0 {
		return false
	}
	return !slices.ContainsFunc(l.shop(f.Provider).Deliveries(), func(d providersim.Delivery) bool {
		return d.Payment == f.payment && d.Taken && !l.forgot(d.At) && !d.Made.Before(f.returned)
	})
}

// heard is when the daemon first acknowledged a notification of a payment that it did not forget.
func (l *lawbook) heard(provider, payment string) (time.Time, bool) {
	for _, d := range l.shop(provider).Deliveries() {
		if d.Payment == payment && d.Taken && !l.forgot(d.At) {
			return d.At, true
		}
	}
	return time.Time{}, false
}

// powers tells whether an account's provider can be asked about payments, and has a list that is read.
func (l *lawbook) powers(provider string) (asks, lists bool) {
	account, _ := l.daemon().program.bridge.Account(accountOf(provider))
	_, asks = account.Provider.(bridge.Asker)
	_, lists = account.Provider.(bridge.Lister)
	return asks, lists
}

// order asks whether the facts amount to the same in another order, and with repeats.
func (l *lawbook) order() {
	chance := rand.New(rand.NewPCG(l.Seed, 3))
	policy := l.daemon().program.bridge.Policy(demoEnvironment)
	for _, f := range l.fates {
		row, facts, ok := l.known(f)
		if !ok {
			continue
		}
		straight := purchase.Fold(row.Key, slices.Clone(facts), policy)
		facts = slices.Concat(facts, facts[:len(facts)/2]) // of its own: the store remembers what it handed out
		chance.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		other := purchase.Fold(row.Key, facts, policy)
		if a, b := fmt.Sprintf("%+v", row.Summary), fmt.Sprintf("%+v", other.Summary()); a != b {
			l.breach("order: scene %d, purchase %s: %s is not %s", f.Scene, f.Purchase, a, b)
		} else if !reflect.DeepEqual(straight, other) {
			l.breach("order: scene %d, purchase %s: another order gives another purchase, of the same summary", f.Scene, f.Purchase)
		}
	}
}
