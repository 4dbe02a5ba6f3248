package main

import (
	"context"
	"errors"
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

func newPurchase() *cobra.Command {
	cmd := &cobra.Command{Use: "purchase", Short: "Look at purchases: what was paid, what has its seat, what waits for a person",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.PersistentFlags().String("config", "paybridge.yaml", "the settings file")
	cmd.AddCommand(newPurchaseList(), newPurchaseShow(), newPurchaseHistory())
	return cmd
}

// purchaseRow is a purchase in JSON. Money is written in decimals and in minor units; times are RFC 3339, UTC.
type purchaseRow struct {
	Environment  string             `json:"environment"`
	Purchase     string             `json:"purchase"`
	Account      string             `json:"account"`
	State        purchase.State     `json:"state"`
	Cause        purchase.Cause     `json:"cause,omitempty"`
	OnDesk       bool               `json:"on_desk"`
	Registered   bool               `json:"registered"`
	Event        string             `json:"event,omitempty"`
	EventName    string             `json:"event_name,omitempty"`
	Price        *moneyJSON         `json:"price,omitempty"`
	Paid         *moneyJSON         `json:"paid,omitempty"`
	Deadline     *purchase.Deadline `json:"deadline,omitempty"`
	PaidAt       *time.Time         `json:"paid_at,omitempty"`
	RegisteredAt *time.Time         `json:"registered_at,omitempty"`
	Stage        bridge.Stage       `json:"stage"`
	Due          *time.Time         `json:"due,omitempty"`
	Waits        purchase.Cause     `json:"waits,omitempty"`
	Failures     int                `json:"failures,omitempty"`
	Updated      time.Time          `json:"updated"`
}

type moneyJSON struct {
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
	Minor    int64  `json:"minor"`
}

func newPurchaseList() *cobra.Command {
	var states []string
	var account string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List purchases, latest change first",
		Example: "  paybridge purchase list --state paid_late,mismatch,held\n  paybridge purchase list -o json --limit 0",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			query := bridge.Query{Account: account, Limit: 500}
			if query.States, err = knownStates(states); err != nil {
				return err
			}
			return withReader(cmd, func(ctx context.Context, s reader) error {
				rows, more, err := listAll(ctx, s, query, limit)
				if err != nil {
					return err
				}
				if more {
					fmt.Fprintf(cmd.ErrOrStderr(), "the first %d purchases; --limit 0 lists all\n", limit)
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "purchases": rows})
				}
				return printPurchases(cmd.OutOrStdout(), rows)
			})
		},
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "only these states")
	cmd.Flags().StringVar(&account, "account", "", "only this account")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many; 0 for all")
	return cmd
}

func knownStates(names []string) ([]purchase.State, error) {
	var known []string
	for _, row := range purchase.States() {
		known = append(known, string(row.State))
	}
	var states []purchase.State
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, usage(fmt.Errorf("there is no state %q; the states are %s", name, strings.Join(known, ", ")))
		}
		states = append(states, purchase.State(name))
	}
	return states, nil
}

// listAll pages through the list; limit 0 is everything.
func listAll(ctx context.Context, s reader, q bridge.Query, limit int) (rows []purchaseRow, more bool, err error) {
	rows = []purchaseRow{}
	for {
		page, next, err := s.List(ctx, q)
		if err != nil {
			return nil, false, err
		}
		for _, r := range page {
			if limit > 0 && len(rows) == limit {
				return rows, true, nil
			}
			rows = append(rows, rowJSON(r))
		}
		if next == "" {
			return rows, false, nil
		}
		q.Cursor = next
	}
}

func rowJSON(r bridge.Row) purchaseRow {
	s := r.Summary
	return purchaseRow{
		Environment: r.Key.Environment, Purchase: r.Key.ID, Account: s.Account, State: s.State, Cause: s.Cause,
		OnDesk: s.Cause != purchase.CauseNone, Registered: s.Registered, Event: s.Event, EventName: s.EventName,
		Price: moneyOf(s.Price), Paid: moneyOf(s.Paid), Deadline: deadlineOf(s.Deadline), PaidAt: timeOf(s.PaidAt),
		RegisteredAt: timeOf(s.RegisteredAt), Stage: r.Stage, Due: timeOf(r.Due), Waits: r.Waits, Failures: r.Failures, Updated: r.Updated,
	}
}

func moneyOf(m purchase.Money) *moneyJSON {
	if !m.Known() {
		return nil
	}
	return &moneyJSON{Amount: m.Decimal(), Currency: m.Currency, Minor: m.Minor}
}

func deadlineOf(d purchase.Deadline) *purchase.Deadline {
	if d.At.IsZero() {
		return nil
	}
	return &d
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func printPurchases(out io.Writer, rows []purchaseRow) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(out, "no purchases")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "PURCHASE\tSTATE\tCAUSE\tPRICE\tPAID\tDEADLINE\tACCOUNT\tEVENT")
	for _, r := range rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", r.Purchase, r.State, dash(string(r.Cause)), moneyText(r.Price), moneyText(r.Paid),
			deadlineText(r.Deadline), dash(r.Account), dash(r.Event))
	}
	return w.Flush()
}

func moneyText(m *moneyJSON) string {
	if m == nil {
		return "-"
	}
	return m.Amount + " " + m.Currency
}

func deadlineText(d *purchase.Deadline) string {
	if d == nil {
		return "-"
	}
	text := d.At.Local().Format("2006-01-02 15:04:05")
	if !d.Certain {
		text += "?"
	}
	return text
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

type factRow struct {
	purchase.Fact
	Seen   time.Time       `json:"seen"`
	Source purchase.Source `json:"source,omitempty"`
}

func newPurchaseShow() *cobra.Command {
	var environment string
	cmd := &cobra.Command{
		Use:     "show PURCHASE",
		Short:   "Show one purchase and everything known about it",
		Example: "  paybridge purchase show ab62525b-7a63-47c0-b6e8-17ad1a2c67a6",
		Args:    exactly(1, "the purchase id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			id, err := shownID(args[0])
			if err != nil {
				return err
			}
			return withReader(cmd, func(ctx context.Context, s reader) error {
				row, facts, err := findAnywhere(ctx, s, environment, id)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), showJSON(row, facts))
				}
				return printPurchase(cmd.OutOrStdout(), rowJSON(row), facts)
			})
		},
	}
	cmd.Flags().StringVar(&environment, "environment", "", "the environment, where several are set up")
	return cmd
}

// shownID takes a purchase id in any spelling, or the id of an orphan as list shows it.
func shownID(s string) (string, error) {
	if (purchase.Key{ID: s}).Orphaned() {
		return s, nil
	}
	id, err := purchase.ParseID(s)
	if err != nil {
		return "", usage(fmt.Errorf("%w; a purchase id is a GUID such as ab62525b-7a63-47c0-b6e8-17ad1a2c67a6", err))
	}
	return id, nil
}

func findAnywhere(ctx context.Context, s reader, environment, id string) (bridge.Row, []purchase.Fact, error) {
	for _, name := range s.environments {
		if environment != "" && environment != name {
			continue
		}
		row, facts, err := s.Find(ctx, purchase.Key{Environment: name, ID: id})
		if err == nil || !errors.Is(err, bridge.ErrNotFound) {
			return row, facts, err
		}
	}
	return bridge.Row{}, nil, exitError{code: exitNotFound, err: fmt.Errorf("no purchase %s is known here; if the buyer was charged, look for the payment at the provider", id)}
}

func showJSON(row bridge.Row, facts []purchase.Fact) map[string]any {
	rows := make([]factRow, 0, len(facts))
	for _, f := range facts {
		f.Detail.URL = ""
		rows = append(rows, factRow{Fact: f, Seen: f.Seen, Source: f.Source})
	}
	return map[string]any{"schema_version": schemaVersion, "purchase": rowJSON(row), "facts": rows}
}

func printPurchase(out io.Writer, r purchaseRow, facts []purchase.Fact) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintf(w, "purchase\t%s (%s)\n", r.Purchase, r.Environment)
	fmt.Fprintf(w, "state\t%s\n", stateText(r.State))
	if r.Cause != "" {
		fmt.Fprintf(w, "on the desk\t%s\n", r.Cause)
	}
	fmt.Fprintf(w, "price\t%s\n", moneyText(r.Price))
	fmt.Fprintf(w, "paid\t%s\n", moneyText(r.Paid))
	fmt.Fprintf(w, "event\t%s %s\n", dash(r.Event), r.EventName)
	fmt.Fprintf(w, "deadline\t%s\n", deadlineText(r.Deadline))
	fmt.Fprintf(w, "next look\t%s %s\n\n", r.Stage, dueText(r.Due))
	fmt.Fprintln(w, "SEEN\tFACT\tSTANDING\tMONEY\tPAYMENT\tDETAIL")
	for _, f := range facts {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Seen.Local().Format("15:04:05.000"), f.Kind, f.Standing, f.Money, dash(f.Payment), factText(f))
	}
	return w.Flush()
}

func stateText(s purchase.State) string {
	for _, row := range purchase.States() {
		if row.State == s {
			return fmt.Sprintf("%s (%s / %s)", s, row.En, row.Fr)
		}
	}
	return string(s)
}

func dueText(due *time.Time) string {
	if due == nil {
		return ""
	}
	return "until " + due.Local().Format("2006-01-02 15:04:05")
}

// factText shows what people need of a fact's detail.
func factText(f purchase.Fact) string {
	d := f.Detail
	parts := []string{string(d.Step), string(d.Result), string(d.Cause), string(d.Seats), d.Reason, d.Event, f.Object}
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), " ")
}
