// Mutants plants faults into the source, one at a time, and shows that a named test notices each. The work tree is not touched: the go
// tool is told to read the changed file from elsewhere (-overlay), so it may be interrupted at any time.
//
//	go run ./.ci/mutants                    all of the table
//	go run ./.ci/mutants -only lease        those whose name or file contains it
//	go run ./.ci/mutants -some 9 -seed X    nine of them, which ones is decided by the seed
//	go run ./.ci/mutants -list              the table, nothing is run
//	go run ./.ci/mutants -markdown FILE     the table with what was measured
//
// It ends with 1 if a fault is not noticed, does not compile, or no longer fits the source.
package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	only := flag.String("only", "", "play those whose name or file contains this; several with commas between them")
	some := flag.Int("some", 0, "play this many, chosen by -seed; 0: all")
	seed := flag.String("seed", "", "decides which are played; CI gives the commit")
	list := flag.Bool("list", false, "print the table and run nothing")
	markdown := flag.String("markdown", "", "write the table with what was measured to this file")
	wide := flag.Bool("wide", false, "run all tests of the packages and name those that notice")
	at := flag.Int("parallel", 1, "faults played at once")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *wide {
		for _, f := range choose(faults(), *only, *some, *seed) {
			fmt.Printf("%s\n\t%s\n", f.name, f.wide(ctx))
		}
		return
	}
	if err := run(ctx, choose(faults(), *only, *some, *seed), *list, *markdown, *at); err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, chosen []fault, list bool, markdown string, at int) error {
	if err := fit(faults()); err != nil {
		return err
	}
	if list {
		printList(os.Stdout, chosen)
		return nil
	}
	if len(chosen) == 0 {
		return fmt.Errorf("no fault has such a name; -list shows them all")
	}
	sound, err := healthy(ctx, chosen)
	if err != nil {
		return err
	}
	results := play(ctx, chosen, sound, at)
	if markdown != "" {
		if err := os.WriteFile(markdown, tableOf(results), 0o644); err != nil {
			return err
		}
	}
	return verdict(os.Stdout, results, sound)
}

// choose keeps the order of the table.
func choose(all []fault, only string, some int, seed string) []fault {
	all = slices.DeleteFunc(all, func(f fault) bool {
		return !slices.ContainsFunc(strings.Split(only, ","), func(part string) bool { return strings.Contains(f.name, part) || strings.Contains(f.file, part) })
	})
	if some <= 0 || some >= len(all) {
		return all
	}
	lot := func(f fault) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(seed+"\x00"+f.name))) }
	drawn := slices.Clone(all)
	slices.SortFunc(drawn, func(a, b fault) int { return cmp.Compare(lot(a), lot(b)) })
	drawn = drawn[:some]
	return slices.DeleteFunc(all, func(f fault) bool { return !slices.ContainsFunc(drawn, func(d fault) bool { return d.name == f.name }) })
}
