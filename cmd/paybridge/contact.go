package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/config"
)

func newContact() *cobra.Command {
	cmd := &cobra.Command{Use: "contact", Short: "Forget how payers can be reached",
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.PersistentFlags().String("config", "paybridge.yaml", "the settings file")
	cmd.AddCommand(newContactErase())
	return cmd
}

func newContactErase() *cobra.Command {
	var environment string
	cmd := &cobra.Command{
		Use:   "erase PURCHASE|ADDRESS",
		Short: "Erase an address: nothing is sent to it any more, and nothing personal is left",
		Long: "Erase forgets the address of a purchase's payer, or an address wherever it is kept, the mails that wait to be sent to it, and the bodies of\n" +
			"notifications that hold it or are about its payments. Facts hold nothing personal and stay. The daemon may run meanwhile.\n" +
			"What is kept in Dynamics and at the providers is erased there: do that first, else a later sale may bring the address back.",
		Example: "  paybridge contact erase 0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60\n  paybridge contact erase camille@example.org",
		Args:    exactly(1, "a PurchaseId or an address"),
		RunE: func(cmd *cobra.Command, args []string) error {
			asJSON, err := wantsJSON(cmd)
			if err != nil {
				return err
			}
			return withWriter(cmd, func(ctx context.Context, c *config.Config, s *store.Store) error {
				e, err := erasure(c, environment, args[0])
				if err != nil {
					return err
				}
				done, err := s.EraseContact(ctx, e)
				switch {
				case errors.Is(err, bridge.ErrNotFound):
					return exitError{code: exitNotFound, err: errors.New("nothing is known of it; compare the PurchaseId, or the address, with paybridge purchase list")}
				case err != nil:
					return err
				case asJSON:
					return printJSON(cmd.OutOrStdout(), map[string]any{"schema_version": schemaVersion, "contacts": done.Contacts, "messages": done.Messages,
						"deliveries": done.Deliveries, "waiting": done.Waiting})
				}
				fmt.Fprintf(cmd.OutOrStdout(), "erased: %d addresses, %d mails that waited, %d bodies of notifications\n", done.Contacts, done.Messages, done.Deliveries)
				if done.Waiting > 0 {
					fmt.Fprintf(cmd.ErrOrStderr(), "%d notifications that hold it still wait to be read; erase again when they are\n", done.Waiting)
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&environment, "environment", "", "of the purchase; needed where there are several")
	return cmd
}

// erasure reads what is to be erased: an address has an @, everything else is a purchase.
func erasure(c *config.Config, environment, what string) (bridge.Erasure, error) {
	if strings.Contains(what, "@") {
		address := purchase.ParseAddress(what)
		if address == "" {
			return bridge.Erasure{}, usage(errors.New("that is not an address; write it like camille@example.org"))
		}
		return bridge.Erasure{Address: address}, nil
	}
	id, err := purchase.ParseID(what)
	if err != nil {
		return bridge.Erasure{}, usage(fmt.Errorf("%w; write the PurchaseId, or an address", err))
	}
	names := slices.Sorted(maps.Keys(c.Environments))
	switch {
	case environment == "" && len(names) == 1:
		environment = names[0]
	case !slices.Contains(names, environment):
		return bridge.Erasure{}, usage(fmt.Errorf("there is no environment %q; write --environment with one of %s", environment, strings.Join(names, ", ")))
	}
	return bridge.Erasure{Purchase: purchase.Key{Environment: environment, ID: id}}, nil
}
