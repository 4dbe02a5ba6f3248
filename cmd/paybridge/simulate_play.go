package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/paybridge/paybridge/bridge"
)

// A simulation is one plan while it happens. It needs a clock that stands still while anything moves: see bubble.
type simulation struct {
	plan
	*stage
	climate *climate
	journal *journal
	began   time.Time
	laws    lawbook

	unmended error // why the store could not be put back

	writing  sync.Mutex
	fates    []fate
	accepted map[string]int64 // for which sum a person let a purchase be registered
}

// aftermath is how long everything may take to come to rest after the last deadline.
const aftermath = 3 * time.Hour

// play plays a plan in a folder and says what became of it.
func (p plan) play(dir string, j *journal) (*outcome, error) {
	s := &simulation{plan: p, journal: j, began: time.Now(), fates: make([]fate, len(p.Scenes)), accepted: map[string]int64{}}
	s.climate = newClimate(p, wallClock{}, j)
	secrets := newEavesdropper()
	s.climate.secrets, s.laws = secrets, lawbook{simulation: s, secrets: secrets}
	var err error
	s.stage, err = newStage(dir, stageOptions{outbound: p.Dialect == "outbound", providers: p.Providers, wishes: p.wishes(), window: p.Window,
		behaviours: p.Behaviours, seed: p.Seed, nodes: p.Nodes, limits: p.Limits, timing: p.Timing, token: p.Token, chaos: p.Chaos,
		random: &lockedRandom{source: newChaCha(p.Seed, 1)}, chance: &seededChance{seed: p.Seed, random: lockedRandom{source: newChaCha(p.Seed, 2)}, secrets: secrets},
		weather: s.climate, log: newLogger(secrets), keep: p.keep()}, wallClock{})
	if err != nil {
		return nil, err
	}
	if err := secrets.settings(filepath.Join(dir, "paybridge.yaml")); err != nil {
		return nil, err
	}
	time.Sleep(time.Second)
	s.laws.grown = runtime.NumGoroutine()
	s.happens()
	o := s.outcome()
	s.stage.close()
	time.Sleep(time.Hour) // what a client still waits for when its node ends runs into its time-out
	s.laws.discreet()
	o.Broken = s.laws.said
	return o, nil
}

// happens lets everything happen, until all has come to rest.
func (s *simulation) happens() {
	ctx, cancel := context.WithCancel(context.Background())
	var crowd, rest sync.WaitGroup
	for i, sc := range s.Scenes {
		crowd.Go(func() {
			f := s.scene(calledBy(ctx, fmt.Sprintf("buyer %d", sc.Number)), sc)
			s.writing.Lock()
			defer s.writing.Unlock()
			s.fates[i] = f
		})
	}
	for _, t := range s.Troubles {
		rest.Go(func() { s.trouble(ctx, t) })
	}
	rest.Go(func() { s.operator(ctx) })
	rest.Go(func() { s.slowProviders(ctx) })
	rest.Go(func() { s.laws.watch(ctx) })
	crowd.Wait()
	_ = sleepUntil(ctx, s.began.Add(s.end()))
	cancel()
	rest.Wait()
}

// end is when everything has come to rest.
func (p plan) end() time.Duration {
	last := p.Window
	for _, sc := range p.Scenes {
		last = max(last, sc.Begin+p.Window)
	}
	for _, t := range p.Troubles {
		last = max(last, t.At+t.For)
	}
	return last + aftermath
}

// keep is how long bodies of deliveries are kept: so short that some are pruned while the sale lasts.
func (p plan) keep() time.Duration { return min(keepBodies, p.end()/4) }

// scene is one buyer.
func (s *simulation) scene(ctx context.Context, sc scene) fate {
	f := fate{Scene: sc.Number, Turn: sc.Turn, Provider: sc.Provider, Page: sc.Page, Attendees: len(sc.Passes), Capture: s.Capture}
	if sleepUntil(ctx, s.began.Add(sc.Begin)) != nil {
		return f
	}
	b := &buyer{world: s.world, scene: sc, shop: s.world.shop(sc.Provider)}
	if err := b.play(ctx); err != nil {
		b.trouble = err.Error()
		told, _, _ := strings.Cut(b.trouble, " (Client.Timeout") // which of two time-outs was first is left to the runtime
		s.journal.note(s.climate.now(), callerOf(ctx), "gives up: "+told)
	}
	f.Purchase, f.Trouble, f.payment, f.returned, f.told = b.purchase, b.trouble, b.payment, b.returned, b.promises
	return f
}

// listed is what the daemon shows to the people who run it.
func (s *simulation) listed(ctx context.Context) (map[string]purchaseRow, error) {
	rows, _, err := listAll(ctx, reader{Store: s.store()}, bridge.Query{Limit: 500}, 0)
	if err != nil {
		return nil, err
	}
	all := make(map[string]purchaseRow, len(rows))
	for _, r := range rows {
		all[r.Purchase] = r
	}
	return all, nil
}

// A lockedRandom is bytes from a seed, for everybody.
type lockedRandom struct {
	mu     sync.Mutex
	source io.Reader
}

func (r *lockedRandom) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source.Read(p)
}

func newChaCha(seed, stream uint64) *rand.ChaCha8 {
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], seed)
	binary.LittleEndian.PutUint64(key[8:], stream)
	return rand.NewChaCha8(key)
}

// A seededChance is the daemon's chance. What spreads things depends on the instant alone: of two that draw at once nobody knows which
// is first.
type seededChance struct {
	seed    uint64
	random  lockedRandom
	secrets *eavesdropper
}

// Float64 implements bridge.Chance.
func (c *seededChance) Float64() float64 {
	return (&dice{key: "chance", n: int(time.Now().UnixNano()), of: c.seed}).float64()
}

// Token implements bridge.Chance.
func (c *seededChance) Token() string {
	var raw [16]byte
	_, _ = c.random.Read(raw[:])
	token := fmt.Sprintf("%x", raw)
	c.secrets.learn("token of a return address", token)
	return token
}
