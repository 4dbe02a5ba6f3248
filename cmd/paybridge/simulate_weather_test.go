package main

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

// An answer that is held up comes after everything was done: the caller runs into its time-out and knows nothing.
func TestAnAnswerIsHeldUpAfterItsEffect(t *testing.T) {
	t.Parallel()
	for host, tr := range map[string]trouble{"dynamics.test": {Kind: dynamicsDeaf}, "stripe.test": {Kind: providerDeaf, Where: "stripe"}} {
		tr.For, tr.How = time.Hour, heldUp
		synctest.Test(t, func(t *testing.T) {
			n := newNetwork(newClimate(plan{Troubles: []trouble{tr}}, wallClock{}, newJournal(false)))
			done := 0
			n.serve(host, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { done++ }))
			ctx, cancel := context.WithTimeout(calledBy(t.Context(), "node 0"), 20*time.Second)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+host+"/api/x", nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := n.RoundTrip(req); !errors.Is(err, context.DeadlineExceeded) || done != 1 {
				t.Errorf("%s: done %d times, %v", host, done, err)
			}
		})
	}
}

// Chance draws other windows, scarce requests, other times of the client and a desk at which somebody works, and their contrary; whatever it
// draws the daemon takes for settings.
func TestChanceDrawsSettings(t *testing.T) {
	t.Parallel()
	drawn := map[string]int{}
	for seed := range uint64(100) {
		p := (sketch{seed: seed, purchases: 1}).draw()
		for what, is := range map[string]bool{"window": p.Window != 50*time.Minute, "limits": p.scarce(), "timing": p.Timing != timing{}, "busy": p.Busy} {
			if is {
				drawn[what]++
			}
		}
		if p.Timing.Margin >= p.Window {
			t.Errorf("seed %d: a margin of %s in a window of %s", seed, p.Timing.Margin, p.Window)
		}
	}
	for _, what := range []string{"window", "limits", "timing", "busy"} {
		if n := drawn[what]; n < 5 || n > 95 {
			t.Errorf("%s: %d of 100", what, n)
		}
	}
}

// Chance draws every kind of trouble, and of the deaf both ways: lost answers, and those that are held up.
func TestChanceDrawsEveryTrouble(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for seed := range uint64(100) {
		for _, tr := range (sketch{seed: seed, purchases: 1}).draw().Troubles {
			seen[string(tr.Kind)] = true
			seen[string(tr.Kind)+" "+tr.How] = true
		}
	}
	for _, k := range troubleKinds() {
		if !seen[string(k)] {
			t.Errorf("%s is never drawn", k)
		}
	}
	for _, k := range []troubleKind{dynamicsDeaf, providerDeaf} {
		if !seen[string(k)+" "] || !seen[string(k)+" "+heldUp] {
			t.Errorf("%s is drawn in one way only", k)
		}
	}
}
