package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func newDesk() *cobra.Command {
	var account, lang string
	cmd := &cobra.Command{
		Use:   "desk",
		Short: "What waits for a person, why, and what may be decided",
		Long: "desk lists the purchases that wait for a decision of a person, the oldest first: why, how much money, since when, and what may be\n" +
			"decided. Its subcommands decide. Each decision is kept with who, when and why.",
		Example: "  paybridge desk --lang fr\n  paybridge desk refund ab62525b-7a63-47c0-b6e8-17ad1a2c67a6 --reason \"paid too late\"",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if lang != "en" && lang != "fr" {
				return usage(fmt.Errorf("there is no language %q; choose en or fr", lang))
			}
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			return withReader(cmd, func(ctx context.Context, s reader) error {
				rows, err := deskRows(ctx, s, account)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "desk": rows})
				}
				return printDesk(cmd.OutOrStdout(), rows, lang)
			})
		},
	}
	cmd.PersistentFlags().String("config", "paybridge.yaml", "the settings file")
	cmd.Flags().StringVar(&account, "account", "", "only this account")
	cmd.Flags().StringVar(&lang, "lang", "en", "en or fr")
	for _, d := range decisions() {
		cmd.AddCommand(newDecide(d))
	}
	return cmd
}

// deskRow is a purchase on the desk.
type deskRow struct {
	purchaseRow
	Since   time.Time         `json:"since"`
	Reason  string            `json:"reason"`
	ToDo    string            `json:"to_do"`
	Actions []purchase.Action `json:"actions"`
}

// deskStates are the states that a purchase on the desk can be in.
var deskStates = []purchase.State{purchase.StateHeld, purchase.StateMismatch, purchase.StatePaidLate, purchase.StateDisputed, purchase.StateRefunding}

func deskRows(ctx context.Context, s reader, account string) ([]deskRow, error) {
	all, _, err := listAll(ctx, s, bridge.Query{Account: account, States: deskStates, Limit: 500}, 0)
	if err != nil {
		return nil, err
	}
	rows := []deskRow{}
	for _, r := range all {
		if !r.OnDesk {
			continue
		}
		p, _, err := s.folded(ctx, purchase.Key{Environment: r.Environment, ID: r.Purchase})
		if err != nil {
			return nil, err
		}
		words := r.Cause.Words()
		rows = append(rows, deskRow{purchaseRow: r, Since: p.HandedAt, Reason: words.En, ToDo: words.ToDo, Actions: p.Actions()})
	}
	slices.SortFunc(rows, func(a, b deskRow) int { return a.Since.Compare(b.Since) })
	return rows, nil
}

// folded is the purchase as its facts say now.
func (s reader) folded(ctx context.Context, key purchase.Key) (purchase.Purchase, bridge.Row, error) {
	row, facts, err := s.Find(ctx, key)
	if err != nil {
		return purchase.Purchase{}, row, err
	}
	return purchase.Fold(key, facts, s.Policy(key.Environment)), row, nil
}

func printDesk(out io.Writer, rows []deskRow, lang string) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(out, map[string]string{"en": "Nothing waits for a person.", "fr": "Rien n’attend une personne."}[lang])
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	heads := map[string]string{"en": "SINCE\tPURCHASE\tCAUSE\tPRICE\tPAID\tACCOUNT\tDECIDE", "fr": "DEPUIS\tACHAT\tCAUSE\tPRIX\tPAYÉ\tCOMPTE\tDÉCIDER"}
	fmt.Fprintln(w, heads[lang])
	for _, r := range rows {
		var actions []string
		for _, a := range r.Actions {
			actions = append(actions, string(a))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Since.Local().Format("2006-01-02 15:04"), r.Purchase, r.Cause, moneyText(r.Price), moneyText(r.Paid),
			dash(r.Account), strings.Join(actions, " "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return printCauses(out, rows, lang)
}

// printCauses explains each cause once.
func printCauses(out io.Writer, rows []deskRow, lang string) error {
	seen := map[purchase.Cause]bool{}
	for _, r := range rows {
		if seen[r.Cause] {
			continue
		}
		seen[r.Cause] = true
		words := r.Cause.Words()
		text, todo := words.En, words.ToDo
		if lang == "fr" {
			text, todo = words.Fr, words.ToDoFr
		}
		if _, err := fmt.Fprintf(out, "\n%s: %s\n  %s\n", r.Cause, text, todo); err != nil {
			return err
		}
	}
	return nil
}
