package main

import (
	"errors"
	"fmt"
	"maps"
	"os/user"
	"path/filepath"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/reconcile"
)

func newReconcileImport() *cobra.Command {
	var account, by string
	var layout []string
	var dry bool
	cmd := &cobra.Command{
		Use:   "import --account NAME FILE",
		Short: "Keep what a provider's settlement file says, for accounts that cannot be asked or listed",
		Long: "Keeps each line of a settlement file as a fact that you vouch for: it counts as money until the provider itself proves otherwise. All lines\n" +
			"are kept, or none; the same file again adds nothing. The daemon must not run meanwhile, since it owns the store.",
		Example: "  paybridge reconcile import --account bank november.csv --dry-run\n" +
			"  paybridge reconcile import --account bank november.csv --format separator=';' --format decimal=, --format columns.payment=Reference",
		Args: exactly(1, "one settlement file (- for stdin)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			result, err := importFile(cmd, account, args[0], by, layout, dry)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "account": account, "dry_run": dry, "lines": result})
			}
			done := "kept"
			if dry {
				done = "would be kept"
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d lines %s, %d were known, %d are other sales of the shop\n", result.New, done, result.Known, result.Unrelated)
			return err
		},
	}
	cmd.Flags().StringVar(&account, "account", "", "the account of the file")
	cmd.Flags().StringVar(&by, "by", "", "who vouches for the file; default: the user of this machine")
	cmd.Flags().StringArrayVar(&layout, "format", nil, "how the file is laid out, over the settings: KEY=VALUE")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would be kept, and keep nothing")
	return cmd
}

// importFile reads the whole file before the store is opened, and keeps it in one transaction.
func importFile(cmd *cobra.Command, account, path, by string, layout []string, dry bool) (bridge.ImportResult, error) {
	config, err := cmd.Flags().GetString("config")
	if err != nil {
		return bridge.ImportResult{}, err
	}
	settings, err := loadConfig(config)
	if err != nil {
		return bridge.ImportResult{}, err
	}
	a, known := settings.Accounts[account]
	if !known {
		return bridge.ImportResult{}, usage(fmt.Errorf("there is no account %q in the settings; write --account with one of %s", account, slices.Sorted(maps.Keys(settings.Accounts))))
	}
	format, err := laidOut(a.Settlement, layout)
	if err != nil {
		return bridge.ImportResult{}, err
	}
	lines, err := readSettlement(path, account, format)
	if err != nil {
		return bridge.ImportResult{}, err
	}
	p, err := wire(cmd.Context(), settings, wiring{clock: wallClock{}, log: zap.NewNop(), registry: prometheus.NewRegistry()})
	if err != nil {
		return bridge.ImportResult{}, err
	}
	result, err := p.bridge.Import(cmd.Context(), account, fmt.Sprintf("settlement file %s, imported by %s", filepath.Base(path), importer(by)), factsOf(lines), dry)
	var wrong *bridge.ImportError
	if errors.As(err, &wrong) {
		err = fmt.Errorf("settlement file %s: line %d, column %s: %s", path, wrong.Line, paymentColumn(format), wrong.Problem)
	}
	return result, errors.Join(err, p.store.Close())
}

func factsOf(lines []reconcile.SettlementLine) []bridge.ImportLine {
	facts := make([]bridge.ImportLine, 0, len(lines))
	for _, l := range lines {
		facts = append(facts, bridge.ImportLine{Line: l.Line, Fact: purchase.Fact{Purchase: purchase.Key{ID: l.Purchase}, Kind: l.Kind, Payment: l.Payment,
			Object: l.Object, Money: l.Money, At: l.At}})
	}
	return facts
}

// importer is who vouches for a file.
func importer(by string) string {
	if by != "" {
		return by
	}
	if u, err := user.Current(); err == nil && u.Username != "" {
		return u.Username
	}
	return "somebody"
}

func paymentColumn(f reconcile.Format) string {
	if f.Columns.Payment != "" {
		return f.Columns.Payment
	}
	return "payment"
}
