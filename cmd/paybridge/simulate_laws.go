package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
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
	if _, accepted := l.forgeries(); accepted > 0 && !l.unsure() {
		l.breach("%d forged notifications were taken", accepted)
	}
	l.discreet()
}

// discreet is the law that nothing secret leaves by the log.
func (l *lawbook) discreet() {
	for _, leak := range l.secrets.leaks() {
		l.breach("leak of a secret: %s", leak)
	}
}

// unsure tells whether notifications may have had to be taken before they could be checked: what it takes to check them was out of reach.
func (l *lawbook) unsure() bool {
	return slices.ContainsFunc(l.Troubles, func(t trouble) bool { return t.Kind == providerOutage || t.Kind == providerDeaf })
}

// believed: of what was only forged nothing is kept, not even as hearsay.
func (l *lawbook) believed() {
	for _, f := range l.fates {
		if f.Turn != turnForged {
			continue
		}
		_, facts, err := l.store().Find(context.Background(), purchase.Key{Environment: demoEnvironment, ID: f.Purchase})
		if err != nil {
			continue
		}
		for _, fact := range facts {
			if fact.Payment != "" && fact.Money.Positive() {
				l.breach("forged: scene %d at %s, purchase %s: %s of %s was believed", f.Scene, f.Provider, f.Purchase, fact.Kind, fact.Payment)
			}
		}
	}
}

// finally are the laws of the end.
func (l *lawbook) finally() {
	l.always()
	l.believed()
	l.order()
	l.inTime()
	l.housekeeping()
	for i := range l.fates {
		f := &l.fates[i]
		if l.unheard(*f) || l.unheardElsewhere(*f) {
			l.deaf++
			f.Lost, f.Limbo = false, 0
			continue
		}
		if law := broken(*f); law != "" {
			l.breach("%s", law)
		}
	}
}

// moreGoroutines is how many more there may be at the end of all than at the beginning: idle connections of the store.
const moreGoroutines = 24

// housekeeping: what is no longer needed is gone, and nothing grows without end.
func (l *lawbook) housekeeping() {
	n, err := l.store().Prune(context.Background(), time.Now().Add(-keepBodies-2*pruneEvery))
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

// unheard tells whether the provider never managed to tell us what became of a payment that we did not open, or of the money after the
// seat: it cannot be asked about what nobody names, and has no list. Reconciliation with its settlement file is what finds these.
func (l *lawbook) unheard(f fate) bool {
	asks, lists := l.powers(f.Provider)
	if f.payment == "" || lists {
		return f.Turn == turnOrphan && l.forgotWord(f.Provider, f.payment) // a list tells of the shop's other sales too, and who knows none of it leaves it alone
	}
	if !f.returned.IsZero() {
		return true // the first notification may come later than this, so what was heard cannot be told from it
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
		row, facts, err := l.store().Find(context.Background(), purchase.Key{Environment: demoEnvironment, ID: f.Purchase})
		if err != nil {
			continue
		}
		facts = append(facts, facts[:len(facts)/2]...)
		chance.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		other := purchase.Fold(row.Key, facts, policy).Summary()
		if a, b := fmt.Sprintf("%+v", row.Summary), fmt.Sprintf("%+v", other); a != b {
			l.breach("order: scene %d, purchase %s: %s is not %s", f.Scene, f.Purchase, a, b)
		}
	}
}
