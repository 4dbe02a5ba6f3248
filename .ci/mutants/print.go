package main

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

func (r result) word() string {
	first, _, _ := strings.Cut(r.problem, "\n")
	if first == "" {
		return "noticed"
	}
	return first
}

func printList(out io.Writer, chosen []fault) {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, f := range chosen {
		fmt.Fprintf(w, "%s\t%s\t%s %s\n", f.name, f.file, f.in, f.test)
	}
	w.Flush()
}

// verdict prints what became of each, and is an error if any was not noticed.
func verdict(out io.Writer, results []result, sound health) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(w, "fault\twhere\ttest\tseconds\t")
	wrong := 0
	var whole time.Duration
	for _, r := range results {
		fmt.Fprintf(w, "%s\t%s\t%s\t%.1f\t%s\n", r.name, r.file, r.test, r.took.Seconds(), r.word())
		whole += r.took
		if r.problem != "" {
			wrong++
		}
	}
	w.Flush()
	for _, r := range results {
		if strings.Contains(r.problem, "\n") {
			fmt.Fprintf(out, "\n%s: %s\n", r.name, r.problem)
		}
	}
	whole += sound.took
	fmt.Fprintf(out, "%d faults, %d noticed, %.0f seconds of work\n", len(results), len(results)-wrong, whole.Seconds())
	if wrong > 0 {
		return fmt.Errorf("%d of %d faults are not as the table says", wrong, len(results))
	}
	return nil
}

// tableOf is the table for people.
func tableOf(results []result) []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, "| fault | where | what it would cost | noticed by | seconds |")
	fmt.Fprintln(&b, "|---|---|---|---|---|")
	for _, r := range results {
		by := "`" + r.test + "`"
		if r.problem != "" {
			by = "**" + r.word() + "**"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %.1f |\n", r.name, r.file, r.cost, by, r.took.Seconds())
	}
	return b.Bytes()
}
