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
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
)

// demoOptions are the demo's flags.
type demoOptions struct {
	purchases int
	seed      uint64
	window    time.Duration
	dialect   string
	providers []string
	capture   string
	db        string
	exit      bool
	kills     int
	json      bool
}

func newDemo() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play a small sale against simulated Dynamics 365 and payment providers, with the usual mishaps",
		Long: "demo starts simulators of Dynamics 365 with its sign-in and of payment providers, runs paybridge as a process of its own between them, and\n" +
			"plays a sale in which half the purchases meet a mishap. It ends with a table of what became of each purchase. Then it stays up,\n" +
			"so that you can look around, until you interrupt it (or ends at once with --exit).",
		Example: "  paybridge demo\n  paybridge demo --providers all --exit\n  paybridge demo --purchases 100 --seed 7 --dialect outbound --exit -o json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.json, err = wantsJSON(cmd); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return usage(err)
			}
			if all := 4 * len(o.providers); !cmd.Flags().Changed("purchases") && o.purchases < all {
				o.purchases = all // each provider sells in each of its ways
			}
			return runDemo(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.purchases, "purchases", 30, "how many people register")
	f.Uint64Var(&o.seed, "seed", 1, "fixes the script, not the timing")
	f.DurationVar(&o.window, "window", 90*time.Second, "how long Dynamics keeps a temporary registration; 50m in the real world")
	f.StringVar(&o.dialect, "dialect", "realtime", "which generation of Dynamics: realtime or outbound")
	f.StringSliceVar(&o.providers, "providers", []string{"paypal"}, "where people pay: "+strings.Join(providersim.Names(), ", ")+", or all")
	f.StringVar(&o.capture, "capture", "before_registration", "when money is taken that is paid through our redirect leg, where the provider can: before_registration or after_registration")
	f.StringVar(&o.db, "db", "", "keep the daemon's database in this file instead of a temporary one")
	f.BoolVar(&o.exit, "exit", false, "end after the sale; the exit code says whether all went well")
	f.IntVar(&o.kills, "kill", 0, "kill the daemon so many times with SIGKILL at random moments of the sale")
	return cmd
}

func (o *demoOptions) check() error {
	if len(o.providers) == 1 && o.providers[0] == "all" {
		o.providers = providersim.Names()
	}
	for _, name := range o.providers {
		if !slices.Contains(providersim.Names(), name) {
			return fmt.Errorf("there is no simulator of %q; choose of %s", name, strings.Join(providersim.Names(), ", "))
		}
	}
	switch {
	case len(o.providers) == 0:
		return errors.New("--providers names none")
	case o.purchases < 1 || o.purchases > 10000:
		return fmt.Errorf("--purchases %d is not between 1 and 10000", o.purchases)
	case o.window < 30*time.Second || o.window > time.Hour:
		return fmt.Errorf("--window %s is not between 30s and 1h", o.window)
	case o.dialect != "realtime" && o.dialect != "outbound":
		return fmt.Errorf("there is no dialect %q; choose realtime or outbound", o.dialect)
	case o.capture != "before_registration" && o.capture != "after_registration":
		return fmt.Errorf("--capture %q is neither before_registration nor after_registration", o.capture)
	case o.kills < 0:
		return errors.New("--kill cannot be negative")
	}
	return nil
}

// A sale is one run of the demo.
type sale struct {
	demoOptions
	world  *world
	daemon *daemon
	fates  []fate
	done   atomic.Int32
	says   io.Writer
}

func runDemo(ctx context.Context, o demoOptions, out, says io.Writer) error {
	dir, err := os.MkdirTemp("", "paybridge-demo-")
	if err != nil {
		return fmt.Errorf("make a place for the demo: %w", err)
	}
	defer os.RemoveAll(dir)
	w, err := startWorld(dir, o)
	if err != nil {
		return err
	}
	defer w.stop()
	d, err := startDaemon(ctx, filepath.Join(dir, "paybridge.yaml"), w.operations)
	if err != nil {
		return err
	}
	defer d.stop()
	s := &sale{demoOptions: o, world: w, daemon: d, says: says}
	fmt.Fprintf(says, "Dynamics 365 (%s) and %s are simulated, paybridge runs at %s; %d people register, each has %s to pay.\n",
		o.dialect, strings.Join(o.providers, ", "), w.public, o.purchases, o.window)
	if err := s.play(ctx); err != nil {
		return err
	}
	v := s.verdict()
	if err := s.print(out, v); err != nil {
		return err
	}
	if !o.exit {
		s.lookAround(ctx)
	}
	if !v.good() {
		return exitError{code: exitFailed, err: errors.New("the sale did not end as the script allows; the daemon's log says more with --db and without --exit")}
	}
	return nil
}

// play runs every scene at its time, kills the daemon if asked, and waits until nothing moves any more.
func (s *sale) play(ctx context.Context) error {
	script := writeScript(s.purchases, s.seed, s.window, s.dialect == "outbound", s.world.booths())
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
	f.Purchase, f.Trouble, f.payment = b.purchase, b.trouble, b.payment
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
		pending := s.judge(script, listed)
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

// judge fills in the fates from what the simulators hold and the daemon lists, and counts those that still move.
func (s *sale) judge(script []scene, listed map[string]purchaseRow) (pending int) {
	for i := range s.fates {
		if f := &s.fates[i]; f.Turn == turnOrphan && f.payment != "" {
			f.Purchase = s.world.orphan(*f, listed)
			s.world.shop(f.Provider).pays(f.payment, f.Purchase)
		}
	}
	dynamics, money := s.world.seats(), s.world.money()
	for i := range s.fates {
		f := &s.fates[i]
		f.Seats, f.budget = dynamics[f.Purchase].seats, dynamics[f.Purchase].used
		f.Captured, f.Refunded = money[f.Purchase].captured, money[f.Purchase].refunded
		row, known := listed[f.Purchase]
		f.Desk, f.State = "", string(row.State)
		if row.OnDesk {
			f.Desk = string(row.Cause)
		}
		f.judge(s.tolerated(script[i]))
		moving := known && row.Stage != bridge.Idle && row.State != purchase.StateFinalized && !row.OnDesk
		if moving || f.Unexpected || f.Lost {
			pending++
		}
	}
	return pending
}

// tolerated: a killed daemon may leave an outbound finalize in doubt, which outbound cannot read back.
func (s *sale) tolerated(sc scene) []end {
	if s.kills == 0 {
		return sc.Allowed
	}
	return append([]end{seatDesk(purchase.CauseOutcomeUnknown), endDesk(purchase.CauseOutcomeUnknown)}, sc.Allowed...)
}

func (s *sale) verdict() *verdict {
	v := &verdict{SchemaVersion: schemaVersion, Dialect: s.dialect, Seed: s.seed, WindowSeconds: s.window.Seconds(), Kills: s.kills}
	v.count(s.fates)
	v.Forged, v.ForgedAccepted = s.world.forgeries()
	return v
}

func (s *sale) print(out io.Writer, v *verdict) error {
	if s.json {
		return printJSON(out, v)
	}
	return v.print(out)
}

func (s *sale) lookAround(ctx context.Context) {
	fmt.Fprintf(s.says, "\nStill up, until you press Ctrl-C:\n  metrics   http://%s/metrics\n  settings  %s\n  log       %s\n  list      %s purchase list --config %s\n",
		s.world.operations, s.daemon.config, s.daemon.log.Name(), s.daemon.program, s.daemon.config)
	fmt.Fprintf(s.says, "  a sale of your own: register at the simulated event, and pay by hand\n    %s\n", s.world.invitation())
	<-ctx.Done()
}
