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

func newMessages() *cobra.Command {
	cmd := &cobra.Command{Use: "messages", Short: "Look at what payers, the organiser and other systems are told",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.PersistentFlags().String("config", "paybridge.yaml", "the settings file")
	cmd.AddCommand(newMessagesList())
	return cmd
}

// messageRow is a message in JSON. No address is ever in it.
type messageRow struct {
	Key         string              `json:"key"`
	Kind        purchase.NoticeKind `json:"kind"`
	Channel     string              `json:"channel"`
	Environment string              `json:"environment"`
	Purchase    string              `json:"purchase"`
	Reference   string              `json:"reference"`
	Account     string              `json:"account,omitempty"`
	State       bridge.MessageState `json:"state"`
	Result      string              `json:"result,omitempty"`
	Attempts    int                 `json:"attempts"`
	Created     time.Time           `json:"created"`
	Due         *time.Time          `json:"due,omitempty"`
	Settled     *time.Time          `json:"settled,omitempty"`
}

var messageStates = []bridge.MessageState{bridge.MessagePending, bridge.MessageClaimed, bridge.MessageSent, bridge.MessageGivenUp, bridge.MessageDropped}

func newMessagesList() *cobra.Command {
	var states []string
	var id string
	var limit int
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List the outbox, latest first, without addresses",
		Example: "  paybridge messages list --state pending,given_up\n  paybridge messages list --purchase 0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60 -o json",
		Args:    exactly(0, "no arguments"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			query, err := messageQuery(states, id, limit)
			if err != nil {
				return err
			}
			return withReader(cmd, func(ctx context.Context, s reader) error {
				list, err := s.Messages(ctx, query)
				if err != nil {
					return err
				}
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "messages": messageRows(list)})
				}
				return printMessages(cmd.OutOrStdout(), messageRows(list))
			})
		},
	}
	cmd.Flags().StringSliceVar(&states, "state", nil, "only these states: pending, claimed, sent, given_up, dropped")
	cmd.Flags().StringVar(&id, "purchase", "", "only of this purchase")
	cmd.Flags().IntVar(&limit, "limit", 100, "at most so many")
	return cmd
}

func messageQuery(states []string, id string, limit int) (bridge.MessageQuery, error) {
	q := bridge.MessageQuery{Purchase: id, Limit: limit}
	if parsed, err := purchase.ParseID(id); err == nil {
		q.Purchase = parsed
	}
	for _, name := range states {
		if !slices.Contains(messageStates, bridge.MessageState(name)) {
			return q, usage(fmt.Errorf("there is no state %q; the states are pending, claimed, sent, given_up, dropped", name))
		}
		q.States = append(q.States, bridge.MessageState(name))
	}
	return q, nil
}

func messageRows(list []bridge.Message) []messageRow {
	rows := make([]messageRow, 0, len(list))
	for _, m := range list {
		row := messageRow{Key: m.Notice.Key, Kind: m.Notice.Kind, Channel: m.Channel, Environment: m.Notice.Purchase.Environment, Purchase: m.Notice.Purchase.ID,
			Reference: bridge.ShortReference(m.Notice.Purchase), Account: m.Notice.Account, State: m.State, Result: m.Result, Attempts: m.Attempt, Created: m.Created}
		if m.Settled.IsZero() {
			row.Due = &m.Due
		} else {
			row.Settled = &m.Settled
		}
		rows = append(rows, row)
	}
	return rows
}

func printMessages(out io.Writer, rows []messageRow) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "CREATED\tKIND\tCHANNEL\tSTATE\tRESULT\tTRIES\tREFERENCE\tPURCHASE")
	for _, r := range rows {
		state := string(r.State)
		if r.Due != nil && r.State == bridge.MessagePending {
			state += " " + dueText(r.Due)
		}
		fmt.Fprintln(w, strings.Join([]string{r.Created.Local().Format("2006-01-02 15:04:05"), string(r.Kind), r.Channel, state, dash(r.Result),
			fmt.Sprint(r.Attempts), r.Reference, r.Purchase}, "\t"))
	}
	return w.Flush()
}
