package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge/reconcile"
)

func newReconcile() *cobra.Command {
	cmd := &cobra.Command{Use: "reconcile", Short: "Compare what the provider, Dynamics and paybridge say of a period",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.PersistentFlags().String("config", "paybridge.yaml", "the settings file")
	cmd.AddCommand(newReconcileRun(), newReconcileImport())
	return cmd
}

// runOptions are the flags of a run.
type runOptions struct {
	from, to    string
	accounts    []string
	settlements []string // ACCOUNT=FILE, or FILE where there is one account
	layout      []string // KEY=VALUE of the files' format
	output      string
	excelFr     bool
	all         bool
	lang        string
	state       string
	resume      bool
	progress    string
}

func newReconcileRun() *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run",
		Short: "Match the provider's list, our facts and the registrations in Dynamics, and suggest one action for each difference",
		Long: "Matches three witnesses of a period: what each provider lists (or its settlement file), what paybridge knows, and what is registered in\n" +
			"Dynamics. It reads and never changes anything. Ends with 0 when there is no difference, with 3 when there is.\n\n" +
			"A run that was interrupted goes on with --resume. How far it came is in a file of its own (--state), since the daemon owns the store.",
		Example: "  paybridge reconcile run --from 2026-11-01 --to 2026-12-01\n" +
			"  paybridge reconcile run --from 2026-11-01 --to 2026-12-01 --account bank --settlement november.csv --format decimal=,\n" +
			"  paybridge reconcile run --from 2026-11-24 --to 2026-11-25 -o csv --excel-fr > ecarts.csv",
		Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if o.output, err = cmd.Flags().GetString("output"); err != nil {
				return err
			}
			return runReconcile(cmd, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "start of the period: a date (local midnight) or an instant such as 2026-11-01T00:00:00Z")
	f.StringVar(&o.to, "to", "", "end of the period, not in it; default now")
	f.StringSliceVar(&o.accounts, "account", nil, "only these accounts")
	f.StringArrayVar(&o.settlements, "settlement", nil, "settlement file of an account that cannot be listed: ACCOUNT=FILE")
	f.StringArrayVar(&o.layout, "format", nil, "how settlement files are laid out, over the settings: KEY=VALUE, such as decimal=, or columns.payment=Reference")
	f.BoolVar(&o.excelFr, "excel-fr", false, "CSV as French Excel opens it: byte order mark, semicolons, decimal commas")
	f.BoolVar(&o.all, "all", false, "list what agrees too, not only differences")
	f.StringVar(&o.lang, "lang", "en", "language of text and CSV: fr or en")
	f.StringVar(&o.state, "state", "", "where to note how far the run came; default reconcile-FROM-TO.state in the current directory")
	f.BoolVar(&o.resume, "resume", false, "go on with the run that --state holds")
	f.StringVar(&o.progress, "progress", "text", "progress on stderr: text, json or none")
	return cmd
}

// period reads --from and --to.
func (o runOptions) period(now time.Time) (from, to time.Time, err error) {
	if from, err = instantOf("from", o.from, time.Time{}); err != nil {
		return from, to, err
	}
	if to, err = instantOf("to", o.to, now); err != nil {
		return from, to, err
	}
	switch {
	case from.IsZero():
		err = errors.New("--from is missing; write a date such as 2026-11-01")
	case !from.Before(to):
		err = fmt.Errorf("the period ends at %s, before it begins at %s; change --from or --to", to.Format(time.RFC3339), from.Format(time.RFC3339))
	case from.After(now):
		err = errors.New("the period has not begun yet; change --from")
	}
	if err != nil {
		return from, to, usage(err)
	}
	return from.UTC(), to.UTC(), nil
}

func instantOf(flag, text string, missing time.Time) (time.Time, error) {
	if text == "" {
		return missing, nil
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02"} {
		if at, err := time.ParseInLocation(layout, text, time.Local); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usage(fmt.Errorf("--%s is %q; write a date such as 2026-11-01, or an instant such as 2026-11-01T00:00:00Z", flag, text))
}

// check refuses flags that make no sense.
func (o runOptions) check() error {
	for _, c := range []struct {
		flag, value string
		known       []string
	}{
		{"output", o.output, []string{"text", "csv", "jsonl"}},
		{"lang", o.lang, []string{"fr", "en"}},
		{"progress", o.progress, []string{"text", "json", "none"}},
	} {
		if !slices.Contains(c.known, c.value) {
			return usage(fmt.Errorf("there is no --%s %q; choose %s", c.flag, c.value, strings.Join(c.known, ", ")))
		}
	}
	if o.excelFr && o.output != "csv" {
		return usage(errors.New("--excel-fr is for -o csv; add that"))
	}
	return nil
}

func runReconcile(cmd *cobra.Command, o runOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	return withComparison(cmd, o, func(ctx context.Context, c *comparison) error {
		report, err := c.run(ctx)
		if err != nil {
			if c.state.begun() {
				return fmt.Errorf("%w; run the same command with --resume to go on", err)
			}
			return err
		}
		if err := printReport(cmd.OutOrStdout(), cmd.ErrOrStderr(), report, o); err != nil {
			return err
		}
		c.state.remove()
		if n := report.Totals.Differences(); n > 0 {
			return exitError{code: exitDifferences}
		}
		return nil
	})
}

// settlementsOf reads --settlement: the file of each account.
func (o runOptions) settlementsOf(accounts []string) (map[string]string, error) {
	files := map[string]string{}
	for _, s := range o.settlements {
		account, file, named := strings.Cut(s, "=")
		if !named && len(accounts) == 1 {
			account, file = accounts[0], s
		}
		switch {
		case !slices.Contains(accounts, account):
			return nil, usage(fmt.Errorf("--settlement %s names no account that is compared; write ACCOUNT=FILE", s))
		case files[account] != "":
			return nil, usage(fmt.Errorf("account %s has two settlement files; put them together", account))
		}
		files[account] = file
	}
	return files, nil
}

// laidOut is the account's format with the flags over it.
func laidOut(f reconcile.Format, flags []string) (reconcile.Format, error) {
	for _, flag := range flags {
		key, value, ok := strings.Cut(flag, "=")
		if !ok {
			return f, usage(fmt.Errorf("--format %s has no value; write KEY=VALUE", flag))
		}
		if err := f.Set(key, value); err != nil {
			return f, usage(fmt.Errorf("--format %s: %w", flag, err))
		}
	}
	for key, problem := range f.Problems() {
		return f, usage(fmt.Errorf("--format %s %s", key, problem))
	}
	return f, nil
}

// readSettlement reads an account's settlement file, whole or not at all.
func readSettlement(path, account string, f reconcile.Format) ([]reconcile.SettlementLine, error) {
	var file io.Reader = os.Stdin
	if path != "-" {
		opened, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("open the settlement file: %w", err)
		}
		defer opened.Close()
		file = opened
	}
	lines, err := reconcile.ReadSettlement(file, account, f)
	if err != nil {
		return nil, fmt.Errorf("settlement file %s: %w", path, err)
	}
	return lines, nil
}
