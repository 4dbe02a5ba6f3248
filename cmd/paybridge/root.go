package main

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// schemaVersion stands in every JSON object the program prints; it rises when a key changes its meaning or goes.
const schemaVersion = 1

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:           "paybridge",
		Short:         "Turns paid registrations into seats in Dynamics 365 event management",
		Long:          "paybridge hears from payment providers that a registration was paid, and finalizes it in Dynamics 365\nCustomer Insights - Journeys before Dynamics throws the temporary registration away.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(fmt.Errorf("there is no command %q; run paybridge --help for the list", args[0]))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usage(fmt.Errorf("%w; run %s --help for the flags", err, cmd.CommandPath()))
	})
	root.PersistentFlags().StringP("output", "o", "text", "what to print: text or json")
	root.AddCommand(newServe(), newDemo(), newSimulate(), newSimulateChild(), newEmulate(), newConfig(), newDoctor(), newSnippet(), newPurchase(), newDesk(), newInvoice(), newReconcile(), newMessages(), newContact(), newVersion())
	return root
}

func usage(err error) error { return exitError{code: exitUsage, err: err} }

// exactly refuses a wrong number of arguments as wrong usage.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usage(fmt.Errorf("%s needs %s; run it with --help for an example", cmd.CommandPath(), what))
		}
		return nil
	}
}

// wantsJSON reads -o and refuses what it does not know.
func wantsJSON(cmd *cobra.Command) (bool, error) {
	format, err := cmd.Flags().GetString("output")
	if err != nil {
		return false, err
	}
	switch format {
	case "text":
		return false, nil
	case "json":
		return true, nil
	}
	return false, usage(fmt.Errorf("there is no output %q; choose text or json", format))
}

func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
