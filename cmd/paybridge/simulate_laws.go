package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A lawbook holds the laws of the design against what the simulators hold, all the time and at the end.
type lawbook struct {
	*simulation
	said []string
	deaf int // fates about which nobody told the daemon what counts, and that it had no way to ask about
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
	if _, accepted := l.forgeries(); accepted > 0 {
		l.breach("%d forged notifications were taken", accepted)
	}
}

// finally are the laws of the end.
func (l *lawbook) finally(listed map[string]purchaseRow) {
	l.always()
	l.order()
	l.inTime()
	for _, f := range l.fates {
		held := f.Captured - f.Refunded
		seated := f.Seats >= f.Attendees && f.Attendees > 0
		if l.unheard(f) {
			l.deaf++
			continue
		}
		switch {
		case f.Lost:
			l.breach("lost: scene %d (%s), purchase %s: %d taken, no seat, nobody is told (%s)", f.Scene, f.Turn, f.Purchase, held, f.State)
		case f.Limbo > 0:
			l.breach("limbo: scene %d (%s), purchase %s: %d (%s)", f.Scene, f.Turn, f.Purchase, f.Limbo, f.State)
		case f.Seats > 0 && !seated && f.Desk == "":
			l.breach("some seats: scene %d (%s), purchase %s: %d of %d, nobody is told", f.Scene, f.Turn, f.Purchase, f.Seats, f.Attendees)
		case seated && held < f.Price && f.Desk == "":
			l.breach("seat without money: scene %d (%s), purchase %s: %d of %d, nobody is told", f.Scene, f.Turn, f.Purchase, held, f.Price)
		}
	}
}

// unheard tells whether the provider never managed to tell us what became of a payment that we did not open, or of the money after the
// seat: it cannot be asked about what nobody names, and has no list. Reconciliation with its settlement file is what finds these.
func (l *lawbook) unheard(f fate) bool {
	asks, lists := l.powers(f.Provider)
	if f.payment == "" || lists || f.Page && asks && f.returned.IsZero() {
		return false
	}
	_, heard := l.heard(f, f.returned)
	return !heard
}

// heard is when the daemon first acknowledged a notification of the fate's payment, not before an instant.
func (l *lawbook) heard(f fate, from time.Time) (time.Time, bool) {
	for _, d := range l.shop(f.Provider).Deliveries() {
		if d.Payment == f.payment && d.Taken && !d.At.Before(from) {
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
