package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge"
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
	if f.payment == "" || f.Page && f.returned.IsZero() || l.lists(f.Provider) {
		return false
	}
	for _, d := range l.shop(f.Provider).Deliveries() {
		if d.Payment == f.payment && d.Taken && !d.At.Before(f.returned) {
			return false
		}
	}
	return true
}

// lists tells whether an account's provider has a list that is read.
func (l *lawbook) lists(provider string) bool {
	account, _ := l.daemon().program.bridge.Account(accountOf(provider))
	_, ok := account.Provider.(bridge.Lister)
	return ok
}
