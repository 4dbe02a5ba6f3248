package main

import (
	"fmt"
	"os"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestProto(t *testing.T) {
	seed, _ := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	n, _ := strconv.Atoi(os.Getenv("N"))
	dir := t.TempDir()
	began := time.Now()
	synctest.Test(t, func(t *testing.T) {
		p := sketch{seed: seed, purchases: n, calm: os.Getenv("CALM") != ""}.draw()
		j := newJournal(true)
		o, err := p.play(dir, j, nil)
		if err != nil {
			t.Fatal(err)
		}
		if out := os.Getenv("OUT"); out != "" {
			f, _ := os.Create(out)
			for _, l := range j.story() {
				fmt.Fprintln(f, l)
			}
			f.Close()
		}
		for n, w := range p.Behaviours {
			for _, b := range dataversesim.Behaviours() {
				if b.Name == n && b.Variants[0] != w {
					t.Log("   behaves ", n, "=", w)
				}
			}
		}
		t.Logf("%s %s %v nodes %d: %+v", p.Dialect, p.Capture, p.Providers, p.Nodes, o.Broken)
		v := o.Verdict
		t.Logf("registered %d desk %d abandoned %d refunded %d lost %d limbo %d unexpected %d %s", v.Registered, v.Desk, v.Abandoned, v.Refunded, v.Lost, v.Limbo, v.Unexpected, o.Digest)
		for _, f := range v.Fates {
			if f.Unexpected {
				t.Logf("  %d %s %s page %v end %s seats %d/%d state %s trouble %s", f.Scene, f.Turn, f.Provider, f.Page, f.End, f.Seats, f.Attendees, f.State, f.Trouble)
			}
		}
	})
	t.Log(time.Since(began))
}
