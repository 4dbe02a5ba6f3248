package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// A saleResult is the result of a simulation as JSON: the keys of demo, and what it cost and how near it was.
type saleResult struct {
	verdict
	Late                    int      `json:"late"`
	Requests                int      `json:"requests"`
	RequestsPerRegistration float64  `json:"requests_per_registration"`
	TightestMargin          *float64 `json:"tightest_margin_seconds"` // null without a seat
	Unheard                 int      `json:"unheard"`
	Money                   takings  `json:"money"`
	Broken                  []string `json:"laws_broken"`
	Digest                  string   `json:"digest"`
}

// takings are where the money is, in minor units.
type takings struct {
	ForSeats int64 `json:"for_seats"`
	OnDesk   int64 `json:"on_desk"`
	Refunded int64 `json:"refunded"`
}

func resultOf(p plan, o *outcome) saleResult {
	r := saleResult{verdict: o.Verdict, Late: o.Late, Requests: o.Requests, Unheard: o.Unheard, Broken: append([]string{}, o.Broken...), Digest: o.Digest}
	if n := o.Verdict.Registered; n > 0 {
		r.RequestsPerRegistration = float64(o.Requests) / float64(n)
	}
	if o.Tightest >= 0 {
		seconds := o.Tightest.Seconds()
		r.TightestMargin = &seconds
	}
	for _, f := range o.Verdict.Fates {
		held := f.Captured - f.Refunded
		r.Money.Refunded += f.Refunded
		switch {
		case f.Desk != "":
			r.Money.OnDesk += held
		case f.Seats > 0:
			r.Money.ForSeats += held
		}
	}
	return r
}

// print writes the result in seats and money.
func (r saleResult) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...)) }
	cents := func(n int64) string { return fmt.Sprintf("%d.%02d", n/100, n%100) }
	row("registered", "%d of %d purchases, %s taken for them", r.Registered, r.Purchases, cents(r.Money.ForSeats))
	row("late", "%d paid in time and had no seat in time", r.Late)
	row("refunded", "%d purchases, %s in all", r.Refunded, cents(r.Money.Refunded))
	row("on the desk", "%d purchases, %s%s", r.Desk, cents(r.Money.OnDesk), causesOf(r.Fates))
	row("never paid", "%d", r.Abandoned)
	if r.Unheard > 0 {
		row("unheard", "%d that no provider managed to tell, and that cannot be asked about: reconcile with its settlement file", r.Unheard)
	}
	row("lost, limbo, twice", "%d, %s, %d", r.Lost, cents(r.Limbo), r.RegisteredTwice)
	row("requests", "%d to Dynamics, %.1f for each registration", r.Requests, r.RequestsPerRegistration)
	row("budget used", "p50 %.0fs, p99 %.0fs, most %.0fs of %s", r.Budget.P50, r.Budget.P99, r.Budget.Max, time.Duration(r.WindowSeconds*float64(time.Second)))
	if r.TightestMargin != nil {
		row("tightest margin", "%.0fs before the deadline", *r.TightestMargin)
	}
	for _, law := range r.Broken {
		row("LAW BROKEN", "%s", law)
	}
	row("seed, digest", "%d, %s", r.Seed, r.Digest)
	return w.Flush()
}

// causesOf says why purchases are on the desk.
func causesOf(fates []fate) string {
	n := map[string]int{}
	for _, f := range fates {
		if f.Desk != "" {
			n[f.Desk]++
		}
	}
	var parts []string
	for _, cause := range sortedKeys(n) {
		parts = append(parts, fmt.Sprintf("%s %d", cause, n[cause]))
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
