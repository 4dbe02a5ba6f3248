package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
)

func newSimulate() *cobra.Command {
	var o simulateOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Play a whole sale in virtual time: can this organisation survive it?",
		Long: `Play a whole sale in virtual time, with this program as it is against simulated Dynamics, providers and buyers.

With --config the sale is played under your settings: the environment's window, dialect and timing, its accounts at simulated providers.
Nothing is sent anywhere. The same flags and seed give the same result, to the byte.`,
		Example: `  paybridge simulate --sale 650/5m --throttle default --nodes 2
  paybridge simulate --config paybridge.yaml --sale 650/5m --outage dynamics:20m@10m --outage endpoint:45m@0 --plot sale.svg
  paybridge simulate --seed 7 --chance --story`,
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			p, err := o.plan(cmd.Flags().Changed)
			if err != nil {
				return usage(err)
			}
			return o.simulate(cmd.Context(), p, asJSON, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	o.flags(cmd)
	cmd.AddCommand(newSimulateCampaign(), newSimulateReplay())
	return cmd
}

// flags of a sale.
func (o *simulateOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.config, "config", "", "your settings file; without it, paypal and stripe in the real-time dialect")
	f.StringVar(&o.environment, "environment", "", "which environment of the settings; the first by name if not given")
	f.StringVar(&o.sale, "sale", "100/10m", "how many people register, and over what time")
	f.StringVar(&o.throttle, "throttle", "default", "what Dynamics takes of one user in five minutes: default (6000), off, or a number of requests")
	f.StringArrayVar(&o.outages, "outage", nil, "WHAT:FOR@AT, again for each: dynamics, entra, endpoint, notifications, store, or a provider")
	f.IntVar(&o.nodes, "nodes", 1, "nodes that share the store")
	f.IntVar(&o.kills, "kill", 0, "how often a node dies without warning")
	f.StringVar(&o.mishaps, "mishaps", "none", "what buyers and providers do wrong: none, some or all")
	f.Uint64Var(&o.seed, "seed", 1, "of everything that is left to chance")
	f.BoolVar(&o.chance, "chance", false, "let chance choose everything, from the seed: dialect, providers, troubles, what nobody knows of Dynamics")
	f.BoolVar(&o.story, "story", false, "print everything that happened")
	f.StringVar(&o.plot, "plot", "", "write a plot of the budget used over time to this file, as SVG")
	f.StringVar(&o.save, "save", "", "write the plan down, for paybridge simulate replay")
}

// simulate plays the plan and says what it came to.
func (o simulateOptions) simulate(ctx context.Context, p plan, asJSON bool, out, says io.Writer) error {
	if o.save != "" {
		if err := savePlan(o.save, p); err != nil {
			return err
		}
	}
	return present(ctx, p, o.story, o.plot, asJSON, out, says)
}

// present plays a plan in a process of its own and shows its result.
func present(ctx context.Context, p plan, story bool, plot string, asJSON bool, out, says io.Writer) error {
	fmt.Fprintf(says, "%d people register, each has %s to pay; %d troubles. Virtual time, nothing leaves this machine.\n", len(p.Scenes), p.Window, len(p.Troubles))
	began := time.Now()
	r, err := once(ctx, assignment{Plan: &p, Story: story})
	if err != nil {
		return err
	}
	fmt.Fprintf(says, "played in %s\n", time.Since(began).Round(100*time.Millisecond))
	if story {
		fmt.Fprintln(out, strings.Join(r.Story, "\n"))
	}
	if plot != "" {
		if err := os.WriteFile(plot, plotOf(p, r.Outcome), 0o644); err != nil {
			return fmt.Errorf("write the plot: %w", err)
		}
	}
	result := resultOf(p, r.Outcome)
	if asJSON {
		err = printJSON(out, result)
	} else {
		err = result.print(out)
	}
	if err == nil && len(result.Broken) > 0 {
		err = exitError{code: exitFailed, err: errors.New("a law was broken; --story tells how")}
	}
	return err
}

// newSimulateCampaign is many seeds.
func newSimulateCampaign() *cobra.Command {
	var c campaign
	var seeds string
	cmd := &cobra.Command{
		Use:     "campaign",
		Short:   "Let chance choose sale after sale, and hold the laws against each",
		Example: "  paybridge simulate campaign --seeds 1-1000 --shrink --failures failing/",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			if c.first, c.last, err = seedsOf(seeds); err != nil {
				return usage(err)
			}
			c.says = &turns{out: cmd.ErrOrStderr()}
			if c.folder != "" {
				if err := os.MkdirAll(c.folder, 0o755); err != nil {
					return fmt.Errorf("make the folder of failures: %w", err)
				}
			}
			defer context.AfterFunc(cmd.Context(), func() {
				signal.Reset(os.Interrupt, syscall.SIGTERM) // who cannot wait for the sales that run interrupts once more
				fmt.Fprintln(c.says, "interrupted; the sales that run are played to their end, interrupt again to leave them")
			})()
			sum, err := c.run(cmd.Context())
			if err != nil {
				return err
			}
			return sum.conclusion(asJSON, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&seeds, "seeds", "1-20", "from and to")
	cmd.Flags().IntVar(&c.purchases, "purchases", 100, "purchases of a sale")
	cmd.Flags().IntVar(&c.jobs, "jobs", runtime.NumCPU(), "sales at once")
	cmd.Flags().BoolVar(&c.twice, "twice", false, "play each sale once more, and compare all that happened")
	cmd.Flags().BoolVar(&c.shrink, "shrink", false, "make what fails as small as it gets")
	cmd.Flags().StringVar(&c.folder, "failures", "", "write plans that fail into this folder")
	return cmd
}

func seedsOf(text string) (first, last uint64, err error) {
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		to = from
	}
	first, err1 := strconv.ParseUint(from, 10, 64)
	last, err2 := strconv.ParseUint(to, 10, 64)
	if err1 != nil || err2 != nil || last < first {
		return 0, 0, fmt.Errorf("--seeds %q is not FROM-TO", text)
	}
	return first, last, nil
}

// newSimulateReplay plays a plan that was written down.
func newSimulateReplay() *cobra.Command {
	var story bool
	var plot string
	cmd := &cobra.Command{Use: "replay PLAN", Short: "Play a plan that was written down", Args: exactly(1, "the file of a plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			raw, err := os.ReadFile(args[0])
			if err != nil {
				return fmt.Errorf("read the plan: %w", err)
			}
			p, err := readPlan(raw)
			if err != nil {
				return err
			}
			return present(cmd.Context(), p, story, plot, asJSON, cmd.OutOrStdout(), cmd.ErrOrStderr())
		}}
	cmd.Flags().BoolVar(&story, "story", false, "print everything that happened")
	cmd.Flags().StringVar(&plot, "plot", "", "write a plot of the budget used over time to this file, as SVG")
	return cmd
}
