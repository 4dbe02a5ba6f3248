package main

import (
	"strings"
	"testing"
	"time"
)

// A simulation that cannot be played again is said to be one, and where the two part.
func TestASimulationThatTellsTwoStoriesIsNoticed(t *testing.T) {
	t.Parallel()
	a := assignment{Seed: 3, Purchases: 3}
	r, err := twice(t.Context(), a, func(a assignment) (answer, error) {
		r, err := once(t.Context(), a)
		if err == nil {
			r.Outcome.Digest, r.Story[2] = "0000000000000000", "what never happened"
		}
		return r, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Outcome.Broken) != 1 || lawOf(r.Outcome.Broken) != retold || !strings.Contains(r.Outcome.Broken[0], `at line 3, "what never happened" and then "0`) {
		t.Errorf("%q", r.Outcome.Broken)
	}
}

// Where one story ends early, they part there.
func TestTwoStoriesPartWhereTheyDiffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ first, again, want string }{
		{"a b c", "a x c", `at line 2, "b" and then "x"`},
		{"a b", "a", `at line 2, "b" and then "the end"`},
		{"a", "a b", `at line 2, "the end" and then "b"`},
		{"a b", "a b", "by less than a millisecond"},
	} {
		if got := parting(strings.Fields(c.first), strings.Fields(c.again)); got != c.want {
			t.Errorf("%q, %q: %s", c.first, c.again, got)
		}
	}
}

// What happens at one instant has no order: the same things noted in another are the same story. At another instant they are not.
func TestWhatHappensAtOneInstantHasNoOrder(t *testing.T) {
	t.Parallel()
	tell := func(at time.Duration, whats ...string) string {
		j := newJournal(true)
		j.note(0, "node 0", "begins")
		for _, what := range whats {
			j.note(at, "node 0", what)
		}
		j.note(time.Second, "node 0", "ends")
		if n := len(j.story()); n != len(whats)+2 {
			t.Errorf("%d lines", n)
		}
		return j.sum()
	}
	if a, b := tell(time.Millisecond, "x", "y"), tell(time.Millisecond, "y", "x"); a != b {
		t.Errorf("%s, %s", a, b)
	}
	for _, other := range []string{tell(time.Millisecond, "x"), tell(time.Millisecond, "x", "z"), tell(time.Millisecond+1, "x", "y")} {
		if other == tell(time.Millisecond, "x", "y") {
			t.Error("another story is the same")
		}
	}
}
