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
