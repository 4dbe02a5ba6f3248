package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A story is one named case: where it plays, and what happens line by line, as testdata/cases writes it:
//
//	case: the answer of finalize is lost
//	at: paypal, stripe
//	  register
//	  open
//	  pay
//
// "at" names where people pay, once a case for each; "and" between two of them is both in one case. "capture", "late" and "surplus"
// are settings of the accounts, "dialect" is one of Dynamics, and "behaves: name variant" is one of its open questions.
type story struct {
	Title    string   // as written
	Name     string   // with the place, where it plays at several
	At       []string // the accounts' simulators
	Outbound bool
	Behaves  map[string]string
	Wishes   wishes // of each account
	Lines    []string
}

// readStories reads every file of the folder, in the order of their names.
func readStories(t *testing.T, dir string) []story {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", dir, err)
	}
	var all []story
	for _, file := range files {
		told, err := readFile(file)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, told...)
	}
	return all
}

func readFile(file string) ([]story, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []story
	var now *story
	var at string
	end := func() {
		if now != nil {
			all = append(all, now.each(at)...)
		}
		now, at = nil, "paypal"
	}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		line, _, _ := strings.Cut(lines.Text(), "#")
		line = strings.TrimRight(line, " ")
		name, value, isHeader := strings.Cut(line, ": ")
		isHeader = isHeader && !strings.HasPrefix(line, " ")
		switch {
		case strings.TrimSpace(line) == "":
		case isHeader && name == "case":
			end()
			now = &story{Title: value, Name: value, Behaves: map[string]string{}, Wishes: wishes{}}
		case now == nil:
			return nil, fmt.Errorf("line %d: no case has begun", n)
		case isHeader && name == "at":
			at = value
		case isHeader:
			if err := now.header(name, value); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		default:
			now.Lines = append(now.Lines, strings.TrimSpace(line))
		}
	}
	end()
	return all, lines.Err()
}

func (s *story) header(name, value string) error {
	switch name {
	case "dialect":
		s.Outbound = value == "outbound"
	case "behaves":
		behaviour, variant, _ := strings.Cut(value, " ")
		s.Behaves[behaviour] = variant
	case "capture", "late", "surplus":
		s.Wishes[name] = value
	default:
		return fmt.Errorf("nothing is called %q", name)
	}
	return nil
}

// each is the case once for every place.
func (s *story) each(at string) []story {
	var all []story
	places := strings.Split(at, ", ")
	for _, place := range places {
		one := *s
		one.At = strings.Split(place, " and ")
		if len(places) > 1 {
			one.Name += ", at " + place
		}
		one.Lines = slices.Clone(s.Lines)
		all = append(all, one)
	}
	return all
}

// where says in words where the case plays.
func (s story) where() string {
	words := []string{"realtime", "money first"}
	if s.Outbound {
		words[0] = "outbound"
	}
	if s.Wishes["capture"] == "after_registration" {
		words[1] = "seat first"
	}
	for _, name := range []string{"late", "surplus"} {
		if s.Wishes[name] != "" {
			words = append(words, name+": "+s.Wishes[name])
		}
	}
	for _, name := range sortedKeys(s.Behaves) {
		words = append(words, name+": "+s.Behaves[name])
	}
	return strings.Join(words, ", ")
}

// has tells whether a line begins so.
func (s story) has(words string) bool {
	return slices.ContainsFunc(s.Lines, func(line string) bool { return strings.HasPrefix(line, words) })
}

// crashes is how often the daemon is killed.
func (s story) crashes() (n int) {
	for _, line := range s.Lines {
		if strings.HasPrefix(line, "crash") {
			n++
		}
	}
	return n
}
