package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/reconcile"
)

// printReport writes the report to stdout; what a sheet has no place for, the totals, goes to stderr.
func printReport(out, stderr io.Writer, r reconcile.Report, o runOptions) error {
	switch o.output {
	case "csv":
		if err := reconcile.WriteCSV(out, r, reconcile.Sheet{French: o.lang == "fr" || o.excelFr, Excel: o.excelFr, All: o.all}); err != nil {
			return err
		}
		return printTotals(stderr, r, o.lang)
	case "jsonl":
		return reconcile.WriteJSONL(out, r, o.all, schemaVersion)
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	shown := 0
	for _, l := range r.Lines {
		if row := l.Kind.Row(); row.Difference || o.all {
			if shown == 0 {
				fmt.Fprintln(w, word(o.lang, "DIFFERENCE\tAT\tACCOUNT\tPAYMENT\tPURCHASE\tPROVIDER\tKNOWN\tACTION", "ÉCART\tDATE\tCOMPTE\tPAIEMENT\tACHAT\tPRESTATAIRE\tCONNU\tACTION"))
			}
			shown++
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", word(o.lang, row.En, row.Fr), when(l.At), dash(l.Account), dash(printable(l.Payment)), dash(l.Purchase.ID), l.Listed.Net(),
				l.Known.Net(), dash(printable(l.Action())))
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if shown > 0 {
		fmt.Fprintln(out)
	}
	return printTotals(out, r, o.lang)
}

// printable keeps what a file or a provider wrote from moving the cursor of a terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return '?'
		}
		return r
	}, s)
}

func word(lang, en, fr string) string {
	if lang == "fr" {
		return fr
	}
	return en
}

func when(at time.Time) string {
	if at.IsZero() {
		return "-"
	}
	return at.Local().Format("2006-01-02 15:04:05")
}

func printTotals(out io.Writer, r reconcile.Report, lang string) error {
	t := r.Totals
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "%s\t%s - %s\n", word(lang, "period", "période"), when(r.From), when(r.To))
	fmt.Fprintf(w, "%s\t%d\n", word(lang, "payments", "paiements"), t.Payments)
	fmt.Fprintf(w, "%s\t%d\n", word(lang, "purchases with their seats", "achats inscrits"), t.Registered)
	for _, currency := range slices.Sorted(maps.Keys(t.Moved)) {
		a := t.Moved[currency]
		money := func(minor int64) string { return purchase.Money{Minor: minor, Currency: currency}.String() }
		fmt.Fprintf(w, "%s\t%s\n", word(lang, "captured", "encaissé"), money(a.Captured))
		fmt.Fprintf(w, "%s\t%s\n", word(lang, "refunded", "remboursé"), money(a.Refunded))
		fmt.Fprintf(w, "%s\t%s\n", word(lang, "reversed", "repris par la banque"), money(a.Reversed))
	}
	for _, row := range reconcile.Kinds() {
		if n := t.Kinds[row.Kind]; n > 0 {
			fmt.Fprintf(w, "%s\t%d\n", word(lang, row.En, row.Fr), n)
		}
	}
	differences := []string{}
	for _, currency := range slices.Sorted(maps.Keys(t.Difference)) {
		differences = append(differences, purchase.Money{Minor: t.Difference[currency], Currency: currency}.String())
	}
	if len(differences) == 0 {
		differences = []string{"0"}
	}
	fmt.Fprintf(w, "%s\t%s\n", word(lang, "provider less known", "prestataire moins connu"), strings.Join(differences, ", "))
	fmt.Fprintf(w, "%s\t%d\n", word(lang, "differences", "écarts"), t.Differences())
	return w.Flush()
}
