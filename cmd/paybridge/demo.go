package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

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
	mishaps   string
	sendsBack bool // the accounts send back by themselves what is late or too much
	db        string
	exit      bool
	kills     int
	samples   string // a file for the daemon's use of memory and disk over time
	json      bool
}

func newDemo() *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Play a small sale against simulated Dynamics 365 and payment providers, with the usual mishaps",
		Long: "demo starts simulators of Dynamics 365 with its sign-in and of payment providers, runs paybridge as a process of its own between them, and\n" +
			"plays a sale in which half the purchases meet a mishap. It ends with a table of what became of each purchase. Then it stays up,\n" +
			"so that you can look around, until you interrupt it (or ends at once with --exit). --mishaps all lets everything go wrong that it\n" +
			"knows, in two sales at once: one that takes the money first, and one that reserves it until the seat is there.",
		Example: "  paybridge demo\n  paybridge demo --providers all --exit\n  paybridge demo --purchases 100 --seed 7 --dialect outbound --exit -o json\n  paybridge demo --mishaps all --exit -o json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.json, err = wantsJSON(cmd); err != nil {
				return err
			}
			o.suit(cmd.Flags().Changed)
			if err := o.check(); err != nil {
				return usage(err)
			}
			return runDemo(cmd.Context(), o, cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	f := cmd.Flags()
	f.IntVar(&o.purchases, "purchases", 30, "how many people register")
	f.Uint64Var(&o.seed, "seed", 1, "fixes the script, not the timing")
	f.StringVar(&o.samples, "samples", "", "write the daemon's memory, goroutines and files to this CSV file, every ten seconds")
	f.DurationVar(&o.window, "window", 90*time.Second, "how long Dynamics keeps a temporary registration; 50m in the real world")
	f.StringVar(&o.dialect, "dialect", "realtime", "which generation of Dynamics: realtime or outbound")
	f.StringSliceVar(&o.providers, "providers", []string{"paypal"}, "where people pay: "+strings.Join(providersim.Names(), ", ")+", or all")
	f.StringVar(&o.capture, "capture", "before_registration", "when money is taken that is paid through our redirect leg, where the provider can: before_registration, after_registration, or both in two sales")
	f.StringVar(&o.mishaps, "mishaps", "some", "what goes wrong: none, some (the usual), or all (everything at least once, in both ways to take the money, at paypal, ingenico and stripe unless said otherwise)")
	f.StringVar(&o.db, "db", "", "keep the daemon's database in this file instead of a temporary one")
	f.BoolVar(&o.exit, "exit", false, "end after the sale; the exit code says whether all went well")
	f.IntVar(&o.kills, "kill", 0, "kill the daemon so many times with SIGKILL at random moments of the sale")
	return cmd
}

// suit fills in what was not said.
func (o *demoOptions) suit(said func(flag string) bool) {
	if len(o.providers) == 1 && o.providers[0] == "all" {
		o.providers = providersim.Names()
	}
	least := 4 * len(o.providers) // each provider sells in each of its ways
	if o.mishaps == "all" {
		if !said("providers") {
			o.providers = []string{"paypal", "ingenico", "stripe"}
		}
		if !said("capture") && !said("db") {
			o.capture = bothCaptures
		}
		least = max(2*len(mishapsOf(o.mishaps)), 4*len(o.providers))
	}
	if !said("purchases") && o.purchases < least {
		o.purchases = least
	}
}

// bothCaptures is a sale for each way to take the money.
const bothCaptures = "both"

func (o *demoOptions) check() error {
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
	case o.capture != "before_registration" && o.capture != "after_registration" && o.capture != bothCaptures:
		return fmt.Errorf("--capture %q is none of before_registration, after_registration and both", o.capture)
	case o.capture == bothCaptures && o.db != "":
		return errors.New("--db is one database and --capture both two sales; choose one of them")
	case !slices.Contains([]string{"none", "some", "all"}, o.mishaps):
		return fmt.Errorf("--mishaps %q is none of none, some and all", o.mishaps)
	case o.mishaps == "all" && o.purchases < len(mishapsOf("all")):
		return fmt.Errorf("--purchases %d is too few for all %d mishaps", o.purchases, len(mishapsOf("all")))
	case o.kills < 0:
		return errors.New("--kill cannot be negative")
	}
	return nil
}
