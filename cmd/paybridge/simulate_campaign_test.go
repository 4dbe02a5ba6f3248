package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Who interrupts a campaign gets the sum of what was played until then, the sale that ran just then among it, and can tell by the exit code.
func TestAnInterruptedCampaignSumsUpWhatWasPlayed(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	c := &campaign{first: 7, last: 1_000_000, purchases: 3, jobs: 1, says: testWriter{t}}
	go func() {
		for c.played() == 0 && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		interrupt()
	}()
	sum, err := c.run(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !sum.Interrupted || sum.Seeds < 1 || sum.Purchases < 3*sum.Seeds || len(sum.Failures) > 0 || !strings.HasPrefix(sum.Played, "7-") || sum.Digest == "" {
		t.Errorf("%+v", sum)
	}
	var out bytes.Buffer
	var exit exitError
	if err := sum.conclusion(true, &out); !errors.As(err, &exit) || exit.code != exitInterrupted {
		t.Errorf("the exit code does not show it: %v", err)
	}
	var got campaignSum
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got.Played != sum.Played || !got.Interrupted {
		t.Errorf("%v, %s", err, out.String())
	}
}

func (c *campaign) played() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sum.Seeds
}

// A campaign that was interrupted when nothing was left to play is whole.
func TestACampaignThatPlayedEverythingIsWhole(t *testing.T) {
	t.Parallel()
	c := &campaign{first: 4, last: 5, sum: campaignSum{Seeds: 2}}
	c.conclude(true)
	if c.sum.Interrupted || c.sum.Played != "4-5" || c.sum.conclusion(false, &bytes.Buffer{}) != nil {
		t.Errorf("%+v", c.sum)
	}
	c = &campaign{first: 4, last: 5}
	c.conclude(true)
	if !c.sum.Interrupted || c.sum.Played != "" {
		t.Errorf("%+v", c.sum)
	}
}

// A seed that breaks a law is said and written down when it happens, not at the end of a long campaign.
func TestABrokenSeedIsSaidAndWrittenAtOnce(t *testing.T) {
	t.Parallel()
	var says bytes.Buffer
	c := &campaign{first: 1, last: 9, purchases: 3, folder: t.TempDir(), says: &says, digests: map[uint64]string{}}
	c.note(t.Context(), assignment{Seed: 2, Purchases: 3}, answer{Outcome: &outcome{Broken: []string{"lost: of somebody"}}}, nil)
	if !strings.Contains(says.String(), "seed 2: lost: of somebody") {
		t.Errorf("%q", says.String())
	}
	raw, err := os.ReadFile(filepath.Join(c.folder, "seed-2.json"))
	if err != nil {
		t.Fatal(err)
	}
	if p, err := readPlan(raw); err != nil || p.Seed != 2 || len(p.Scenes) != 3 {
		t.Errorf("%v, %+v", err, p)
	}
	var exit exitError
	if err := c.sum.conclusion(false, &bytes.Buffer{}); !errors.As(err, &exit) || exit.code != exitFailed {
		t.Errorf("%v", err)
	}
}

// Who waits for a long campaign sees how far it is, and how long it takes.
func TestALongCampaignSaysHowFarItIs(t *testing.T) {
	t.Parallel()
	c := &campaign{first: 1, last: 100, sum: campaignSum{Seeds: 25, Purchases: 2500, Failures: make([]failure, 1)}}
	if got, want := c.soFar(50*time.Second), "50s: 25 of 100 seeds, 2500 purchases (50.0 in a second), 1 seeds broke a law, 2m30s left"; got != want {
		t.Errorf("%s\nis not\n%s", got, want)
	}
	if got := (&campaign{first: 1, last: 2}).soFar(0); !strings.HasSuffix(got, "unknown left") {
		t.Error(got)
	}
}
