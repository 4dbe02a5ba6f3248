package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/reconcile"
	"github.com/paybridge/paybridge/config"
)

// importWithin bounds how long the daemon may take for a file.
const importWithin = 10 * time.Minute

func newReconcileImport() *cobra.Command {
	from := bridge.Import{}
	var layout []string
	var offline bool
	cmd := &cobra.Command{
		Use:   "import --account NAME FILE",
		Short: "Keep what a provider's settlement file says, for accounts that cannot be asked or listed",
		Long: "Keeps each line of a settlement file as a fact that you vouch for: it counts as money until the provider itself proves otherwise. All lines\n" +
			"are kept, or none; the same file again adds nothing.",
		Example: "  paybridge reconcile import --account bank november.csv --dry-run\n" +
			"  paybridge reconcile import --account bank november.csv --format separator=';' --format decimal=, --format columns.payment=Reference",
		Args: exactly(1, "one settlement file (- for stdin)"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			result, err := importFile(cmd, from, args[0], layout, offline)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "account": from.Account, "dry_run": from.Dry, "lines": result})
			}
			done := "kept"
			if from.Dry {
				done = "would be kept"
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d lines %s, %d were known, %d are other sales of the shop\n", result.New, done, result.Known, result.Unrelated)
			return err
		},
	}
	cmd.Flags().StringVar(&from.Account, "account", "", "the account of the file")
	cmd.Flags().StringVar(&from.By, "by", login(), "who vouches for the file")
	cmd.Flags().StringArrayVar(&layout, "format", nil, "how the file is laid out, over the settings: KEY=VALUE")
	cmd.Flags().BoolVar(&from.Dry, "dry-run", false, "say what would be kept, and keep nothing")
	cmd.Flags().BoolVar(&offline, "offline", false, "the daemon does not run: keep in its store")
	return cmd
}

// importFile reads the whole file, before the daemon or its store is asked for anything, and has it kept in one transaction.
func importFile(cmd *cobra.Command, from bridge.Import, path string, layout []string, offline bool) (bridge.ImportResult, error) {
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return bridge.ImportResult{}, err
	}
	settings, err := loadConfig(file)
	if err != nil {
		return bridge.ImportResult{}, err
	}
	a, known := settings.Accounts[from.Account]
	switch {
	case !known:
		return bridge.ImportResult{}, usage(fmt.Errorf("there is no account %q in the settings; write --account with one of %s", from.Account, slices.Sorted(maps.Keys(settings.Accounts))))
	case from.By == "":
		return bridge.ImportResult{}, usage(errors.New("nobody vouches for the file; write --by NAME"))
	}
	format, err := laidOut(a.Settlement, layout)
	if err != nil {
		return bridge.ImportResult{}, err
	}
	lines, err := readSettlement(path, from.Account, format)
	if err != nil {
		return bridge.ImportResult{}, err
	}
	from.Source, from.Lines = "settlement file "+filepath.Base(path), importLines(lines)
	keep := sendImport
	if offline {
		keep = importOffline
	}
	result, err := keep(cmd.Context(), settings, from)
	var wrong *bridge.ImportError
	if errors.As(err, &wrong) {
		err = fmt.Errorf("settlement file %s: line %d, column %s: %s", path, wrong.Line, paymentColumn(format), wrong.Problem)
	}
	return result, err
}

// importOffline opens the store as the daemon does, which a running daemon prevents, and lets nothing run.
func importOffline(ctx context.Context, c *config.Config, from bridge.Import) (bridge.ImportResult, error) {
	p, err := wire(ctx, c, wiring{clock: wallClock{}, log: quietLogger(), registry: prometheus.NewRegistry()})
	if err != nil {
		return bridge.ImportResult{}, fmt.Errorf("%w; where the daemon runs, leave --offline out", err)
	}
	defer p.close()
	return p.bridge.Import(ctx, from)
}

// sendImport gives the file to the daemon.
func sendImport(ctx context.Context, c *config.Config, from bridge.Import) (result bridge.ImportResult, err error) {
	status, text, err := sendTo(ctx, c.ControlSocket(), "/import", from, importWithin)
	switch {
	case err != nil:
		return result, err
	case status == http.StatusOK:
		return result, json.Unmarshal(text, &result)
	case status == http.StatusUnprocessableEntity:
		wrong := new(bridge.ImportError)
		if json.Unmarshal(text, wrong) == nil {
			return result, wrong
		}
	}
	return result, refused(status, text)
}

func importLines(lines []reconcile.SettlementLine) []bridge.ImportLine {
	out := make([]bridge.ImportLine, 0, len(lines))
	for _, l := range lines {
		out = append(out, bridge.ImportLine{Line: l.Line, Kind: l.Kind, Payment: l.Payment, Object: l.Object, Money: l.Money, At: l.At, Purchase: l.Purchase})
	}
	return out
}

func paymentColumn(f reconcile.Format) string {
	if f.Columns.Payment != "" {
		return f.Columns.Payment
	}
	return "payment"
}
