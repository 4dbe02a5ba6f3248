package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// invoiceRow is an invoice as people and programs see it.
type invoiceRow struct {
	Invoice    string         `json:"invoice"`
	Purchase   string         `json:"purchase"`
	Account    string         `json:"account"`
	Event      string         `json:"event,omitempty"`
	State      string         `json:"state"` // to_approve, open, overdue, paid, cancelled
	Money      *moneyJSON     `json:"money"`
	Paid       *moneyJSON     `json:"paid"`
	Registered bool           `json:"registered"`
	Requested  time.Time      `json:"requested"`
	Due        time.Time      `json:"due,omitzero"`
	Cause      purchase.Cause `json:"cause,omitempty"`
	Billing    *billingOut    `json:"billing,omitempty"`
}

type billingOut struct {
	Name      string `json:"name,omitempty"`
	Address   string `json:"address,omitempty"`
	Email     string `json:"email,omitempty"`
	VAT       string `json:"vat,omitempty"`
	Reference string `json:"reference,omitempty"`
	Erased    bool   `json:"erased,omitempty"`
}

func invoiceState(p purchase.Purchase, pay purchase.Payment, now time.Time) string {
	switch due := p.Due(pay); {
	case pay.Captured.Known():
		return "paid"
	case pay.Invoice.Cancelled != nil:
		return "cancelled"
	case p.Approvable(pay):
		return "to_approve"
	case !due.IsZero() && now.After(due):
		return "overdue"
	}
	return "open"
}

// invoices are those of a purchase, with what the invoice needs.
func invoices(ctx context.Context, s reader, key purchase.Key) ([]invoiceRow, error) {
	p, row, err := s.folded(ctx, key)
	if err != nil {
		return nil, err
	}
	var all []invoiceRow
	for _, pay := range p.Invoices() {
		r := invoiceRow{Invoice: pay.Ref, Purchase: key.ID, Account: pay.Account, Event: row.Summary.EventName, State: invoiceState(p, pay, time.Now()),
			Money: moneyOf(pay.Invoice.Asked.Money), Paid: moneyOf(pay.Net()), Registered: p.Registered(), Requested: pay.Invoice.Asked.At, Due: p.Due(pay), Cause: p.Desk}
		b, err := s.FindBilling(ctx, key, pay.Ref)
		switch {
		case err == nil:
			r.Billing = &billingOut{b.Name, b.Address, b.Email, b.VAT, b.Reference, b.Erased}
		case !errors.Is(err, bridge.ErrNotFound):
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

func newInvoiceList() *cobra.Command {
	var all bool
	cmd := &cobra.Command{Use: "list", Short: "List the invoices that wait for a person or for money; --all: every one", Args: exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			return withReader(cmd, func(ctx context.Context, s reader) error {
				rows, err := listInvoices(ctx, s, all)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "invoices": rows})
				}
				return printInvoices(cmd.OutOrStdout(), rows)
			})
		}}
	cmd.Flags().BoolVar(&all, "all", false, "paid and cancelled ones too")
	return cmd
}

func listInvoices(ctx context.Context, s reader, all bool) ([]invoiceRow, error) {
	rows := []invoiceRow{}
	q := bridge.Query{States: append([]purchase.State{purchase.StateAwaitingInvoice}, deskStates...), Limit: 500}
	if all {
		q.States = nil
	}
	found, _, err := listAll(ctx, s, q, 0)
	if err != nil {
		return nil, err
	}
	for _, r := range found {
		some, err := invoices(ctx, s, purchase.Key{Environment: r.Environment, ID: r.Purchase})
		if err != nil {
			return nil, err
		}
		for _, v := range some {
			if all || (v.State != "paid" && v.State != "cancelled") {
				rows = append(rows, v)
			}
		}
	}
	return rows, nil
}

func printInvoices(out io.Writer, rows []invoiceRow) error {
	if len(rows) == 0 {
		_, err := fmt.Fprintln(out, "No invoice waits.")
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "DUE\tINVOICE\tPURCHASE\tSTATE\tAMOUNT\tPAID\tSEATS\tFOR")
	for _, r := range rows {
		name := ""
		if r.Billing != nil {
			name = r.Billing.Name
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", dayOf(r.Due), r.Invoice, r.Purchase, r.State, moneyText(r.Money), moneyText(r.Paid), yesNo(r.Registered), dash(name))
	}
	return w.Flush()
}

func dayOf(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format(time.DateOnly)
}

func newInvoiceShow() *cobra.Command {
	var environment string
	cmd := &cobra.Command{Use: "show PURCHASE", Short: "Show what the invoices of a purchase need, and how they stand", Args: exactly(1, "the purchase id"),
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
				row, _, err := findAnywhere(ctx, s, environment, id)
				if err != nil {
					return err
				}
				rows, err := invoices(ctx, s, row.Key)
				if err != nil {
					return err
				}
				if len(rows) == 0 {
					return exitError{code: exitNotFound, err: fmt.Errorf("purchase %s was not asked to be paid on invoice", id)}
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "invoices": rows})
				}
				for _, r := range rows {
					printInvoice(cmd.OutOrStdout(), r)
				}
				return nil
			})
		}}
	cmd.Flags().StringVar(&environment, "environment", "", "the environment, where several are set up")
	return cmd
}

func printInvoice(out io.Writer, r invoiceRow) {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	lines := [][2]string{{"invoice", r.Invoice}, {"state", r.State}, {"for", r.Event}, {"amount", moneyText(r.Money)}, {"paid", moneyText(r.Paid)},
		{"seats", yesNo(r.Registered)}, {"requested", r.Requested.Local().Format("2006-01-02 15:04")}, {"due", dayOf(r.Due)}}
	switch b := r.Billing; {
	case b == nil:
	case b.Erased:
		lines = append(lines, [2]string{"bill to", "erased"})
	default:
		lines = append(lines, [2]string{"bill to", b.Name}, [2]string{"", strings.ReplaceAll(b.Address, "\n", ", ")}, [2]string{"e-mail", b.Email},
			[2]string{"VAT", b.VAT}, [2]string{"their reference", b.Reference})
	}
	for _, l := range lines {
		if l[1] != "" {
			fmt.Fprintf(w, "%s\t%s\n", l[0], l[1])
		}
	}
	_ = w.Flush()
}
