package main

import (
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

// A campaign simulates many seeds and stops for none: what breaks a law is shrunk and written down.
type campaign struct {
	first, last uint64
	purchases   int
	jobs        int
	shrink      bool
	folder      string // where failing plans go; "": nowhere
	says        io.Writer

	mu    sync.Mutex
	next  uint64
	began time.Time
	sum   campaignSum

	digests map[uint64]string
}

// A campaignSum is what all simulations of a campaign came to.
type campaignSum struct {
	SchemaVersion   int       `json:"schema_version"`
	Seeds           int       `json:"seeds"`
	Purchases       int       `json:"purchases"`
	Registered      int       `json:"registered"`
	Desk            int       `json:"desk"`
	Abandoned       int       `json:"abandoned"`
	Refunded        int       `json:"refunded"`
	Lost            int       `json:"lost"`
	Limbo           int64     `json:"limbo"`
	RegisteredTwice int       `json:"registered_twice"`
	Unheard         int       `json:"unheard"`
	Troubles        int       `json:"troubles"`
	Requests        int       `json:"requests"`
	Failures        []failure `json:"failures"`
	Digest          string    `json:"digest"` // of everything that happened in all of them: the same seeds give the same
	Seconds         float64   `json:"seconds"`
}

// A failure is a seed that broke a law, or the program.
type failure struct {
	Seed   uint64   `json:"seed"`
	Broken []string `json:"broken"`
	Plan   string   `json:"plan,omitempty"` // the file of the shrunk plan
}

// run simulates all seeds.
func (c *campaign) run(ctx context.Context) (campaignSum, error) {
	c.next, c.began = c.first, time.Now()
	c.sum.SchemaVersion, c.digests = schemaVersion, map[uint64]string{}
	var workers sync.WaitGroup
	errs := make(chan error, c.jobs)
	for range c.jobs {
		workers.Go(func() { errs <- c.worker(ctx) })
	}
	workers.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return c.sum, err
		}
	}
	slices.SortFunc(c.sum.Failures, func(a, b failure) int { return int(a.Seed) - int(b.Seed) })
	h := fnv.New64a()
	for _, seed := range slices.Sorted(maps.Keys(c.digests)) {
		fmt.Fprintln(h, seed, c.digests[seed])
	}
	c.sum.Digest = fmt.Sprintf("%016x", h.Sum64())
	c.sum.Seconds = time.Since(c.began).Seconds()
	return c.sum, ctx.Err()
}

// worker takes seed after seed. A child that died is replaced.
func (c *campaign) worker(ctx context.Context) error {
	var one *child
	defer func() {
		if one != nil {
			one.stop()
		}
	}()
	for {
		seed, ok := c.take()
		if !ok || ctx.Err() != nil {
			return nil
		}
		if one == nil {
			var err error
			if one, err = startChild(ctx); err != nil {
				return err
			}
		}
		a := assignment{Seed: seed, Purchases: c.purchases}
		r, err := one.do(a)
		if err != nil {
			one.stop()
			one = nil
		}
		c.note(ctx, a, r, err)
	}
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
	switch {
	case ctx.Err() != nil:
		return
	case err != nil:
		broken = []string{err.Error()}
	default:
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
	if s.Seeds%20 == 0 {
		fmt.Fprintf(c.says, "%6.0fs  %d of %d seeds, %d purchases, %d failures\n", time.Since(c.began).Seconds(), s.Seeds, c.last-c.first+1, s.Purchases, len(s.Failures))
	}
}

func (s *campaignSum) add(o *outcome) {
	v := o.Verdict
	s.Purchases, s.Registered, s.Desk, s.Abandoned = s.Purchases+v.Purchases, s.Registered+v.Registered, s.Desk+v.Desk, s.Abandoned+v.Abandoned
	s.Refunded, s.Lost, s.Limbo, s.RegisteredTwice = s.Refunded+v.Refunded, s.Lost+v.Lost, s.Limbo+v.Limbo, s.RegisteredTwice+v.RegisteredTwice
	s.Unheard, s.Troubles, s.Requests = s.Unheard+o.Unheard, s.Troubles+o.Troubles, s.Requests+o.Requests
}

// keep writes down what failed, as small as it gets.
func (c *campaign) keep(ctx context.Context, a assignment, broken []string) string {
	if c.folder == "" {
		return ""
	}
	p := a.plan()
	if c.shrink {
		p = shrink(ctx, p, broken, c.says)
	}
	path := filepath.Join(c.folder, fmt.Sprintf("seed-%d.json", a.Seed))
	if err := savePlan(path, p); err != nil {
		fmt.Fprintln(c.says, err)
		return ""
	}
	return path
}

// print writes the sum for people.
func (s campaignSum) print(out io.Writer) error {
	_, err := fmt.Fprintf(out, "%d seeds, %d purchases, %d troubles, %d requests to Dynamics in %.0fs (%.0fs for 100,000 purchases)\n"+
		"%d registered, %d on the desk, %d abandoned, %d refunded; %d lost, %d cents in limbo, %d registered twice; %d that no provider managed to tell\n%d seeds broke a law; digest %s\n",
		s.Seeds, s.Purchases, s.Troubles, s.Requests, s.Seconds, s.Seconds/float64(max(s.Purchases, 1))*100_000,
		s.Registered, s.Desk, s.Abandoned, s.Refunded, s.Lost, s.Limbo, s.RegisteredTwice, s.Unheard, len(s.Failures), s.Digest)
	return err
}
