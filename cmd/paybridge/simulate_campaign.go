package main

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// A campaign simulates many seeds and stops for none: what breaks a law is said and written down at once, and then shrunk. Who interrupts it
// gets the sum of what was played, the sales that ran just then among it.
type campaign struct {
	first, last uint64
	purchases   int
	jobs        int
	shrink      bool
	twice       bool   // each seed once more, in a process of its own, and both have to be the same
	folder      string // where failing plans go; "": nowhere
	says        io.Writer

	mu    sync.Mutex
	next  uint64
	began time.Time
	sum   campaignSum

	digests map[uint64]string
}

// run simulates all seeds, or as many as there are until ctx ends.
func (c *campaign) run(ctx context.Context) (campaignSum, error) {
	c.next, c.began = c.first, time.Now()
	c.sum.SchemaVersion, c.digests = schemaVersion, map[uint64]string{}
	var workers sync.WaitGroup
	errs := make(chan error, c.jobs)
	for range c.jobs {
		workers.Go(func() { errs <- c.worker(ctx) })
	}
	ends := make(chan struct{})
	var teller sync.WaitGroup
	teller.Go(func() { c.tell(tellsEvery, ends) })
	workers.Wait()
	close(ends)
	teller.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return c.sum, err
		}
	}
	c.conclude(ctx.Err() != nil)
	return c.sum, nil
}

// conclude makes the sum whole.
func (c *campaign) conclude(interrupted bool) {
	c.sum.Failures = append([]failure{}, c.sum.Failures...) // none is an empty list
	slices.SortFunc(c.sum.Failures, func(a, b failure) int { return cmp.Compare(a.Seed, b.Seed) })
	h := fnv.New64a()
	for _, seed := range slices.Sorted(maps.Keys(c.digests)) {
		fmt.Fprintln(h, seed, c.digests[seed])
	}
	c.sum.Digest = fmt.Sprintf("%016x", h.Sum64())
	c.sum.Seconds = time.Since(c.began).Seconds()
	c.sum.Interrupted = interrupted && uint64(c.sum.Seeds) <= c.last-c.first
	if c.sum.Seeds > 0 { // they are taken in order, and what was taken was played
		c.sum.Played = fmt.Sprintf("%d-%d", c.first, c.first+uint64(c.sum.Seeds)-1)
	}
}

// worker takes seed after seed. A child that died is replaced.
func (c *campaign) worker(ctx context.Context) error {
	var one *child
	defer func() {
		if one != nil {
			one.stop()
		}
	}()
	for ctx.Err() == nil {
		seed, ok := c.take()
		if !ok {
			return nil
		}
		if one == nil {
			var err error
			if one, err = startChild(context.WithoutCancel(ctx)); err != nil {
				return err
			}
		}
		a := assignment{Seed: seed, Purchases: c.purchases}
		r, err := c.play(ctx, one, a)
		if err != nil {
			one.stop()
			one = nil
		}
		c.note(ctx, a, r, err)
	}
	return nil
}

func (c *campaign) play(ctx context.Context, one *child, a assignment) (answer, error) {
	if !c.twice {
		return one.do(a)
	}
	return twice(context.WithoutCancel(ctx), a, one.do)
}

func (c *campaign) take() (uint64, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	seed := c.next
	c.next++
	return seed, seed <= c.last
}

// note adds a simulation to the sum, and shrinks what failed.
func (c *campaign) note(ctx context.Context, a assignment, r answer, err error) {
	var broken []string
	if err != nil {
		broken = []string{err.Error()}
	} else {
		broken = r.Outcome.Broken
	}
	file := ""
	if len(broken) > 0 {
		fmt.Fprintf(c.says, "seed %d: %s\n", a.Seed, strings.Join(broken, "\n  "))
		file = c.keep(ctx, a, broken)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.sum
	s.Seeds++
	if len(broken) > 0 {
		s.Failures = append(s.Failures, failure{Seed: a.Seed, Broken: broken, Plan: file})
	}
	if r.Outcome != nil {
		s.add(r.Outcome)
		c.digests[a.Seed] = r.Outcome.Digest
	}
}

// tellsEvery is how often a long campaign says how far it is.
const tellsEvery = 10 * time.Second

// tell says now and then how far the campaign is, until it ends.
func (c *campaign) tell(d time.Duration, ends <-chan struct{}) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ends:
			return
		case <-tick.C:
			fmt.Fprintln(c.says, c.soFar(time.Since(c.began)))
		}
	}
}

// soFar says how far the campaign is after a time.
func (c *campaign) soFar(took time.Duration) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, all, left := &c.sum, c.last-c.first+1, "unknown"
	if s.Seeds > 0 {
		left = time.Duration(float64(took) / float64(s.Seeds) * float64(all-uint64(s.Seeds))).Round(time.Second).String()
	}
	return fmt.Sprintf("%s: %d of %d seeds, %d purchases (%.1f in a second), %d seeds broke a law, %s left",
		took.Round(time.Second), s.Seeds, all, s.Purchases, float64(s.Purchases)/max(took.Seconds(), 0.001), len(s.Failures), left)
}

// keep writes down what failed, as it is and then as small as it gets.
func (c *campaign) keep(ctx context.Context, a assignment, broken []string) string {
	if c.folder == "" {
		return ""
	}
	path, p := filepath.Join(c.folder, fmt.Sprintf("seed-%d.json", a.Seed)), a.plan()
	err := savePlan(path, p)
	if err == nil && c.shrink && ctx.Err() == nil {
		err = savePlan(path, shrink(ctx, p, broken, c.says))
	}
	if err != nil {
		fmt.Fprintln(c.says, err)
		return ""
	}
	return path
}

// turns lets one write at a time.
type turns struct {
	mu  sync.Mutex
	out io.Writer
}

func (t *turns) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.out.Write(p)
}
