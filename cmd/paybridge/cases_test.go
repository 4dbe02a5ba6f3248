package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every case plays the whole program against the whole simulated world in virtual time, and comes to rest as the golden file says. What
// the golden file says is read by people; the laws are asked of the simulators besides, and no update blesses a case that breaks one.
func TestEveryCaseComesToRestAsWritten(t *testing.T) {
	stories := readStories(t, filepath.Join("testdata", "cases"))
	told := make([]string, len(stories))
	var mu sync.Mutex
	home := t.TempDir()
	t.Run("cases", func(t *testing.T) {
		if len(stories) < 40 {
			t.Fatalf("only %d cases", len(stories))
		}
		names := map[string]bool{}
		for i, s := range stories {
			if names[s.Name] {
				t.Fatalf("two cases are called %q", s.Name)
			}
			names[s.Name] = true
			t.Run(s.Name, func(t *testing.T) {
				if racing && i > 0 && stories[i-1].Title == s.Title {
					t.Skip("the race detector sees each case once")
				}
				t.Parallel()
				dir := filepath.Join(home, strconv.Itoa(i))
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				synctest.Test(t, func(t *testing.T) {
					text := perform(t, s, dir)
					time.Sleep(time.Hour) // what a client still waits for when its node ends runs into its time-out
					mu.Lock()
					defer mu.Unlock()
					told[i] = text
				})
			})
		}
	})
	if t.Failed() {
		return
	}
	compare(t, filepath.Join("testdata", "cases.golden"), tableOf(stories, told))
}

// tableOf writes all cases, those once that come to the same at each of their places.
func tableOf(stories []story, told []string) string {
	var b strings.Builder
	for i := 0; i < len(stories); {
		end, places := i, []string{}
		if told[i] == "" && i > 0 { // not played here
			i++
			continue
		}
		for end < len(stories) && stories[end].Title == stories[i].Title && told[end] == told[i] {
			places = append(places, strings.Join(stories[end].At, " and "))
			end++
		}
		fmt.Fprintf(&b, "%s\n    (%s; at %s)\n%s\n", stories[i].Title, stories[i].where(), strings.Join(places, ", at "), told[i])
		i = end
	}
	return b.String()
}

// perform plays one case to its end and says what it came to.
func perform(t *testing.T, s story, dir string) string {
	stage, err := newStage(dir, stageOptions{outbound: s.Outbound, providers: s.At, wishes: s.Wishes, window: caseWindow, behaviours: s.Behaves}, wallClock{})
	if err != nil {
		t.Fatal(err)
	}
	defer stage.close()
	p := &play{stage: stage, story: s, t: t, at: stage.shops[0]}
	lines := p.perform(t.Context())
	p.comeToRest()
	e := p.ending()
	for _, law := range e.broken() {
		t.Errorf("law: %s\n%s", law, e.report(p))
	}
	here := stage.berths[0]
	if here.broken != nil {
		t.Errorf("the daemon did not come back: %v", here.broken)
	}
	if s.crashes() != here.lives-1 {
		t.Errorf("the daemon died %d times of %d", here.lives-1, s.crashes())
	}
	text := fmt.Sprintf("      %s\n%s", strings.Join(lines, "\n      "), e.report(p))
	if len(s.At) == 1 {
		text = strings.ReplaceAll(text, s.At[0], "the provider")
	}
	return text
}

// comeToRest lets everything happen that will, and lets the buyer look at the page once more.
func (p *play) comeToRest() {
	end := p.born.Add(caseWindow)
	if now := p.clock.Now(); now.After(end) {
		end = now
	}
	time.Sleep(time.Until(end.Add(settling)))
	if p.home != "" && !p.closed {
		p.saw, _ = p.read(p.t.Context(), p.home)
		time.Sleep(3 * time.Second) // as the page does by itself
		p.saw, _ = p.read(p.t.Context(), p.home)
		time.Sleep(time.Second)
	}
}

// compare holds a text against the golden file, or writes it there.
func compare(t *testing.T, golden, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if racing {
		for _, block := range strings.Split(text, "\n\n") {
			if _, body, _ := strings.Cut(block, ")\n"); !strings.Contains(string(want), body) {
				t.Errorf("this is not written:\n%s", block)
			}
		}
		return
	}
	if diff := cmp.Diff(string(want), text); diff != "" {
		t.Errorf("the cases do not come to what is written (-want +got):\n%s", diff)
	}
}
