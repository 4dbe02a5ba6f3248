package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-isatty"
	"github.com/spf13/cobra"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A decision is a subcommand of desk.
type decision struct {
	action purchase.Action
	use    string
	short  string
	args   int // beside the purchase
	needs  string
	flags  func(cmd *cobra.Command, d *bridge.Decision)
	fill   func(d *bridge.Decision, args []string) error
}

func decisions() []decision {
	return []decision{
		{action: purchase.ActRetry, use: "retry PURCHASE", short: "Try again what was refused, given up, waits or was closed"},
		{action: purchase.ActAsk, use: "ask PURCHASE", short: "Ask the providers about every payment of the purchase now"},
		{action: purchase.ActAccept, use: "accept PURCHASE", short: "Register in spite of the difference between payment and price"},
		{action: purchase.ActRefund, use: "refund PURCHASE", short: "Send money back to the payer", flags: refundFlags},
		{action: purchase.ActSeats, use: "seats PURCHASE all|none", short: "Say which seats Dynamics shows, where the bridge cannot tell", args: 1,
			needs: "the purchase id, and all or none", fill: func(d *bridge.Decision, args []string) error {
				d.Seats = purchase.Seats(args[0])
				if d.Seats != purchase.SeatsAll && d.Seats != purchase.SeatsNone {
					return usage(fmt.Errorf("there are no seats %q; write all or none", args[0]))
				}
				return nil
			}},
		{action: purchase.ActFree, use: "release PURCHASE", short: "Give the seat free that nobody pays for (real-time journeys)"},
		{action: purchase.ActTie, use: "tie ORPHAN PURCHASE", short: "Say which purchase a payment without a purchase pays", args: 1,
			needs: "the orphan's id and the purchase id", fill: func(d *bridge.Decision, args []string) (err error) {
				d.Purchase, err = shownID(args[0])
				return err
			}},
		{action: purchase.ActClose, use: "close PURCHASE", short: "Nothing more is to be done; whatever is new, and retry, opens it again"},
		{action: purchase.ActNote, use: "note PURCHASE", short: "Keep a note with the purchase"},
	}
}

func refundFlags(cmd *cobra.Command, d *bridge.Decision) {
	cmd.Flags().StringVar(&d.Account, "account", "", "the payment's account, where several payments hold money")
	cmd.Flags().StringVar(&d.Payment, "payment", "", "the provider's reference of the payment, where several hold money")
	amountFlag(cmd, d, "how much, such as \"10.00 EUR\"; all of it without")
}

func amountFlag(cmd *cobra.Command, d *bridge.Decision, means string) {
	cmd.Flags().Func("amount", means, func(s string) (err error) {
		amount, currency, _ := strings.Cut(strings.TrimSpace(s), " ")
		if strings.Contains(amount, ",") {
			return errors.New("write it with a decimal point and the currency, such as \"10.00 EUR\"")
		}
		if d.Money, err = purchase.ParseMoney(amount, strings.TrimSpace(currency)); err != nil {
			return fmt.Errorf("write it like \"10.00 EUR\": %w", err)
		}
		return nil
	})
}

func newDecide(c decision) *cobra.Command {
	d := bridge.Decision{Action: c.action}
	var yes, offline bool
	var wait time.Duration
	cmd := &cobra.Command{Use: c.use, Short: c.short}
	needs := c.needs
	if needs == "" {
		needs = "the purchase id"
	}
	cmd.Args = exactly(1+c.args, needs)
	cmd.Flags().StringVar(&d.Key.Environment, "environment", "", "the environment, where several are set up")
	cmd.Flags().StringVar(&d.By, "by", login(), "who decides")
	cmd.Flags().StringVar(&d.Reason, "reason", "", "why; kept with the purchase")
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask a second time")
	cmd.Flags().BoolVar(&offline, "offline", false, "the daemon does not run: decide in its store")
	cmd.Flags().DurationVar(&wait, "wait", 15*time.Second, "how long to wait for what becomes of it")
	if c.flags != nil {
		c.flags(cmd, &d)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		id, err := shownID(args[0])
		if err != nil {
			return err
		}
		if d.Key.ID = id; c.fill != nil {
			if err := c.fill(&d, args[1:]); err != nil {
				return err
			}
		}
		if c.action.Reasoned() && strings.TrimSpace(d.Reason) == "" {
			return usage(fmt.Errorf("%s needs --reason; it is kept with the purchase", cmd.CommandPath()))
		}
		return takeDecision(cmd, d, yes, offline, wait)
	}
	return cmd
}

// login is who sits at this terminal.
func login() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return ""
}

// takeDecision looks at the purchase, asks once more where money or seats move, hands the decision over, and tells what became of it.
func takeDecision(cmd *cobra.Command, d bridge.Decision, yes, offline bool, wait time.Duration) error {
	asJSON, err := wantsJSON(cmd)
	if err != nil {
		return err
	}
	var row bridge.Row
	err = withReader(cmd, func(ctx context.Context, s reader) error {
		if row, _, err = findAnywhere(ctx, s, d.Key.Environment, d.Key.ID); err != nil {
			return err
		}
		d.Key, d.Head = row.Key, row.Head
		p, _, err := s.folded(ctx, row.Key)
		if err == nil && !slices.Contains(p.Actions(), d.Action) {
			err = fmt.Errorf("%s is not for this purchase now; these are: %s", d.Action, actionWords(p.Actions()))
		}
		return err
	})
	if err != nil {
		return err
	}
	if d.Action.Moves() && !yes {
		if err := askTwice(cmd, d, row); err != nil {
			return err
		}
	}
	if err := handOver(cmd, d, offline); err != nil {
		return err
	}
	return tellOutcome(cmd, d.Key, asJSON, offline, wait)
}

func actionWords(actions []purchase.Action) string {
	var all []string
	for _, a := range actions {
		all = append(all, string(a))
	}
	return strings.Join(all, ", ")
}

// askTwice says what will happen and wants a word: the amount where money moves.
func askTwice(cmd *cobra.Command, d bridge.Decision, row bridge.Row) error {
	if f, ok := cmd.InOrStdin().(interface{ Fd() uintptr }); ok && !isatty.IsTerminal(f.Fd()) {
		return usage(fmt.Errorf("%s moves money or seats; add --yes where nobody can be asked", d.Action))
	}
	question, word := secondQuestion(d, row)
	fmt.Fprintf(cmd.ErrOrStderr(), "%s\nWrite %q to go on: ", question, word)
	answer, err := bufio.NewReader(io.LimitReader(cmd.InOrStdin(), 1000)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if strings.TrimSpace(answer) != word {
		return errors.New("nothing was decided")
	}
	return nil
}

func secondQuestion(d bridge.Decision, row bridge.Row) (question, word string) {
	s := row.Summary
	switch d.Action {
	case purchase.ActRefund:
		money := d.Money
		if !money.Known() {
			money = s.Paid
		}
		question = fmt.Sprintf("%s go back to the payer of purchase %s (paid %s, price %s, seats: %s).", money, d.Key.ID, s.Paid, s.Price, yesNo(s.Registered))
		return question, money.Decimal()
	case purchase.ActAccept:
		return fmt.Sprintf("Purchase %s is registered although %s were paid for %s.", d.Key.ID, s.Paid, s.Price), "yes"
	case purchase.ActFree:
		return fmt.Sprintf("The seat of purchase %s is given free, and the buyer can no longer pay for it.", d.Key.ID), "yes"
	case purchase.ActApprove:
		return fmt.Sprintf("Purchase %s is registered before its invoice over %s is paid.", d.Key.ID, s.Price), "yes"
	case purchase.ActPaid:
		return fmt.Sprintf("From now on the invoice of purchase %s (price %s) is taken to be paid with %s.", d.Key.ID, s.Price, d.Money), d.Money.Decimal()
	case purchase.ActCancel:
		return fmt.Sprintf("The invoice of purchase %s (seats: %s) is not to be paid any more.", d.Key.ID, yesNo(s.Registered)), "yes"
	case purchase.ActTie:
		return fmt.Sprintf("The payment of %s (%s) is taken as the payment of purchase %s.", d.Key.ID, s.Paid, d.Purchase), "yes"
	}
	return fmt.Sprintf("From now on purchase %s is taken to have seats: %s.", d.Key.ID, d.Seats), "yes"
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}
