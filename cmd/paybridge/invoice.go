package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func newInvoice() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "invoice",
		Short: "What was bought on invoice: look, approve, mark as paid, cancel",
		Long: "Buyers at an account of kind invoice ask for an invoice and pay it by a bank transfer. list and show say who is to be billed for what;\n" +
			"approve, paid and cancel decide, each with who, when and why.",
		Example: "  paybridge invoice list\n  paybridge invoice paid ab62525b-7a63-47c0-b6e8-17ad1a2c67a6 --amount \"120.00 EUR\" --transfer FR76-1234 --date 2026-11-25 --reason \"bank statement\"",
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().String("config", "paybridge.yaml", "the settings file")
	cmd.AddCommand(newInvoiceList(), newInvoiceShow())
	for _, d := range invoiceDecisions() {
		cmd.AddCommand(newDecide(d))
	}
	return cmd
}

func invoiceDecisions() []decision {
	which := func(cmd *cobra.Command, d *bridge.Decision) {
		cmd.Flags().StringVar(&d.Payment, "invoice", "", "the invoice's number, where the purchase has several")
	}
	return []decision{
		{action: purchase.ActApprove, use: "approve PURCHASE", short: "Register before the invoice is paid", flags: which},
		{action: purchase.ActPaid, use: "paid PURCHASE", short: "Money came for the invoice", flags: func(cmd *cobra.Command, d *bridge.Decision) {
			which(cmd, d)
			amountFlag(cmd, d, "how much came, such as \"10.00 EUR\"")
			cmd.Flags().StringVar(&d.Transfer, "transfer", "", "the bank's reference of the transfer; said again of the same one, amount and day correct what was said before")
			cmd.Flags().Func("date", "the day on which it came, such as 2026-11-25", func(s string) (err error) {
				if d.PaidAt, err = time.ParseInLocation(time.DateOnly, s, time.Local); err != nil {
					return errors.New("write it like 2026-11-25")
				}
				return nil
			})
			for _, name := range []string{"amount", "transfer", "date"} {
				_ = cmd.MarkFlagRequired(name) // it is there
			}
		}},
		{action: purchase.ActCancel, use: "cancel PURCHASE", short: "The invoice is not to be paid; the seat is given free where that can still be done", flags: which},
	}
}
