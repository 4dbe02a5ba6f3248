package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge/history"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func newPurchaseHistory() *cobra.Command {
	var environment, lang string
	cmd := &cobra.Command{
		Use:   "history PURCHASE",
		Short: "Tell in plain words what happened to a purchase, and what to answer the buyer",
		Example: "  paybridge purchase history ab62525b-7a63-47c0-b6e8-17ad1a2c67a6 --lang fr\n" +
			"  paybridge purchase history ab62525b-7a63-47c0-b6e8-17ad1a2c67a6 -o json",
		Args: exactly(1, "the purchase id"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			if lang != "fr" && lang != "en" {
				return usage(fmt.Errorf("there is no language %q; choose fr or en", lang))
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
				h := history.Tell(purchase.Fold(row.Key, facts, s.Policy(row.Key.Environment)), facts, s.Clock.Now(), row.Due)
				if asJSON {
					return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "purchase": rowJSON(row), "history": h})
				}
				return history.Print(cmd.OutOrStdout(), h, lang, time.Local)
			})
		},
	}
	cmd.Flags().StringVar(&environment, "environment", "", "the environment, where several are set up")
	cmd.Flags().StringVar(&lang, "lang", "en", "fr or en")
	return cmd
}
