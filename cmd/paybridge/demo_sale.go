package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A sale is one daemon in its world, and what became of it.
type sale struct {
	demoOptions
	world   *world
	daemon  *daemon
	fates   []fate
	decided map[string]bool // purchases about which a person decided
	done    atomic.Int32
	says    io.Writer
}

func runDemo(ctx context.Context, o demoOptions, out, says io.Writer) error {
	dir, err := os.MkdirTemp("", "paybridge-demo-")
	if err != nil {
		return fmt.Errorf("make a place for the demo: %w", err)
	}
	defer os.RemoveAll(dir)
	var sales []*sale
	for _, one := range o.each() {
		s, err := openSale(ctx, filepath.Join(dir, one.capture), one, says)
		if err != nil {
			return err
		}
		defer s.close()
		sales = append(sales, s)
	}
	group, playing := errgroup.WithContext(ctx)
	for _, s := range sales {
		group.Go(func() error { return s.play(playing) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	v := verdictOf(o, sales)
	if err := o.print(out, v); err != nil {
		return err
	}
	if !o.exit {
		for _, s := range sales {
			s.showAround()
		}
		<-ctx.Done()
	}
	if !v.good() {
		return exitError{code: exitFailed, err: errors.New("the sale did not end as the script allows; the daemon's log says more with --db and without --exit")}
	}
	return nil
}

// each is the options of each sale. With all mishaps, the sale that reserves the money first also sends back by itself what it can.
func (o demoOptions) each() []demoOptions {
	if o.capture != bothCaptures {
		return []demoOptions{o}
	}
	first, second := o, o
	first.capture, second.capture = "before_registration", "after_registration"
	second.sendsBack = o.mishaps == "all"
	return []demoOptions{first, second}
}

// openSale starts a world and a daemon in it.
func openSale(ctx context.Context, dir string, o demoOptions, says io.Writer) (*sale, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make a place for a sale: %w", err)
	}
	w, err := startWorld(dir, o)
	if err != nil {
		return nil, err
	}
	d, err := startDaemon(ctx, filepath.Join(dir, "paybridge.yaml"), w.operations)
	if err != nil {
		w.stop()
		return nil, err
	}
	fmt.Fprintf(says, "Dynamics 365 (%s) and %s are simulated, paybridge runs at %s; %d people register, each has %s to pay.\n",
		o.dialect, strings.Join(o.providers, ", "), w.public, o.purchases, o.window)
	return &sale{demoOptions: o, world: w, daemon: d, decided: map[string]bool{}, says: says}, nil
}

func (s *sale) close() {
	s.daemon.stop()
	s.world.stop()
}

// play runs every scene at its time, kills the daemon if asked, and waits until nothing moves any more.
func (s *sale) play(ctx context.Context) error {
	script := writeScript(s.terms(), s.world.booths())
	s.fates = make([]fate, len(script))
	began := time.Now()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var crowd sync.WaitGroup
	for i, sc := range script {
		crowd.Go(func() {
			s.fates[i] = s.scene(ctx, sc, began)
			s.done.Add(1)
		})
	}
	killed := make(chan error, 1)
	go func() { killed <- s.killer(ctx) }()
	go s.progress(ctx, began)
	if s.samples != "" {
		go s.sample(ctx, began)
	}
	crowd.Wait()
	if err := errors.Join(<-killed, ctx.Err()); err != nil {
		return err
	}
	return s.settle(ctx, script)
}

func (s *sale) scene(ctx context.Context, sc scene, began time.Time) fate {
	f := fate{Scene: sc.Number, Turn: sc.Turn, Provider: sc.Provider, Page: sc.Page, Attendees: len(sc.Passes)}
	if sleepUntil(ctx, began.Add(sc.Begin)) != nil {
		return f
	}
	b := &buyer{world: s.world, scene: sc, shop: s.world.shop(sc.Provider)}
	if err := b.play(ctx); err != nil {
		b.trouble = err.Error()
	}
	f.Purchase, f.Trouble, f.payment, f.told = b.purchase, b.trouble, b.payment, b.promises
	return f
}

// killer ends the daemon without warning and starts it again.
func (s *sale) killer(ctx context.Context) error {
	chance := rand.New(rand.NewPCG(s.seed, uint64(s.kills)))
	span := s.window * 6 / 10
	for range s.kills {
		pause := time.Duration(chance.Int64N(int64(2*span) / int64(s.kills)))
		if err := sleepUntil(ctx, time.Now().Add(pause)); err != nil {
			return nil
		}
		s.daemon.kill()
		if err := s.daemon.start(ctx); err != nil {
			return fmt.Errorf("start the daemon again: %w", err)
		}
	}
	return nil
}

// progress says where the sale stands, every few seconds.
func (s *sale) progress(ctx context.Context, began time.Time) {
	for sleepUntil(ctx, time.Now().Add(5*time.Second)) == nil {
		seats := 0
		for _, p := range s.world.dynamics.Purchases() {
			if len(p.Seats) > 0 {
				seats++
			}
		}
		fmt.Fprintf(s.says, "%4.0fs  %d of %d buyers are through, %d purchases have their seats\n", time.Since(began).Seconds(), s.done.Load(), s.purchases, seats)
	}
}

// settle judges again and again until every fate is decided, or the daemon had far more time than it needs.
func (s *sale) settle(ctx context.Context, script []scene) error {
	until := time.Now().Add(s.window/2 + 45*time.Second)
	for {
		listed, err := s.listed(ctx)
		if err != nil {
			return err
		}
		pending := s.world.judge(s.fates, listed, s.window, func(i int) []end { return s.tolerated(script[i]) }) + s.decide(ctx)
		if pending == 0 || time.Now().After(until) {
			return nil
		}
		if err := sleepUntil(ctx, time.Now().Add(time.Second)); err != nil {
			return err
		}
	}
}

// listed is what the daemon shows to the people who run it.
func (s *sale) listed(ctx context.Context) (map[string]purchaseRow, error) {
	raw, err := s.daemon.ask(ctx, "purchase", "list", "--limit", "0", "-o", "json")
	if err != nil {
		return nil, err
	}
	var report struct {
		Purchases []purchaseRow `json:"purchases"`
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		return nil, fmt.Errorf("read the list of purchases: %w", err)
	}
	rows := make(map[string]purchaseRow, len(report.Purchases))
	for _, r := range report.Purchases {
		rows[r.Purchase] = r
	}
	return rows, nil
}

// decide is the person at the desk: what was paid too little on purpose is sent back, once. It counts the decisions that were taken now.
func (s *sale) decide(ctx context.Context) (taken int) {
	for i := range s.fates {
		f := &s.fates[i]
		if f.Turn != turnDecided || f.Desk != string(purchase.CauseAmount) || s.decided[f.Purchase] {
			continue
		}
		s.decided[f.Purchase] = true
		if _, err := s.daemon.ask(ctx, "desk", "refund", f.Purchase, "--by", "demo", "--reason", "paid too little", "--yes"); err != nil {
			f.Trouble = err.Error()
		}
		taken++
	}
	return taken
}

// tolerated: a killed daemon may leave an outbound finalize in doubt, which outbound cannot read back.
func (s *sale) tolerated(sc scene) []end {
	if s.kills == 0 {
		return sc.Allowed
	}
	return append([]end{seatDesk(purchase.CauseOutcomeUnknown), endDesk(purchase.CauseOutcomeUnknown)}, sc.Allowed...)
}

// verdictOf sums the sales up.
func verdictOf(o demoOptions, sales []*sale) *verdict {
	v := &verdict{SchemaVersion: schemaVersion, Dialect: o.dialect, Seed: o.seed, WindowSeconds: o.window.Seconds(), Capture: o.capture, Mishaps: o.mishaps}
	var all []fate
	for _, s := range sales {
		v.Kills += s.kills
		for _, f := range s.fates {
			f.Capture, f.Scene = s.capture, len(all)+1
			all = append(all, f)
		}
		forged, accepted := s.world.forgeries()
		v.Forged, v.ForgedAccepted = v.Forged+forged, v.ForgedAccepted+accepted
	}
	v.count(all)
	return v
}

func (o demoOptions) print(out io.Writer, v *verdict) error {
	if o.json {
		return printJSON(out, v)
	}
	return v.print(out)
}

// showAround says where to look while the daemon stays up.
func (s *sale) showAround() {
	fmt.Fprintf(s.says, "\nStill up, until you press Ctrl-C:\n  metrics   http://%s/metrics\n  settings  %s\n  log       %s\n  list      %s purchase list --config %s\n",
		s.world.operations, s.daemon.config, s.daemon.log.Name(), s.daemon.program, s.daemon.config)
	fmt.Fprintf(s.says, "  a sale of your own: register at the simulated event, and pay by hand\n    %s\n", s.world.invitation())
}
