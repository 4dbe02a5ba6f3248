package bridge

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A Decision is what a person decides about a purchase.
type Decision struct {
	Key    purchase.Key
	Action purchase.Action
	By     string // who decides
	Reason string // why; needed where the action says so

	// Head, if set, is the purchase's head as the person saw it: the decision lapses if anything was learned since.
	Head string

	// Account, Payment and Money are for a refund: whose, which, how much. Where the purchase has one payment that holds money they may be
	// left out, and all of it goes back.
	Account string
	Payment string
	Money   purchase.Money
	// Transfer is the bank's reference of a transfer that paid an invoice (Payment), Money its amount, PaidAt the day.
	Transfer string
	PaidAt   time.Time
	// Seats is what Dynamics shows: all or none.
	Seats purchase.Seats
	// Purchase is whose money an orphan is: the id of a purchase of the same environment.
	Purchase string
}

// ErrNotAllowed is wrapped by everything that keeps a decision from being taken. The error says what to do instead.
var ErrNotAllowed = errors.New("not allowed")

const (
	nameUpTo   = 200  // characters of who decides
	reasonUpTo = 2000 // and of why
)

// Actions are what a person may decide about the purchase now, as far as its accounts can do it.
func (b *Bridge) Actions(p purchase.Purchase) []purchase.Action {
	return slices.DeleteFunc(p.Actions(), func(a purchase.Action) bool { return a == purchase.ActRefund && len(b.refundable(p)) == 0 })
}

// refundable are the payments that can be sent back by us.
func (b *Bridge) refundable(p purchase.Purchase) (some []purchase.Payment) {
	for _, pay := range p.Payments {
		if _, able := b.accounts[pay.Account].Provider.(Refunder); able && p.Refundable(pay) {
			some = append(some, pay)
		}
	}
	return some
}

// Decide keeps a person's decision as facts. When it returns without an error the decision is durable, and the bridge acts on it at once
// where there is something to do. Errors wrap ErrNotAllowed, ErrNotFound, ErrChanged, or say that nothing could be kept.
func (b *Bridge) Decide(ctx context.Context, d Decision) error {
	if err := d.validate(); err != nil {
		return err
	}
	row, facts, err := b.Store.Find(ctx, d.Key)
	if err != nil {
		return err
	}
	if d.Head != "" && d.Head != row.Head {
		return fmt.Errorf("%s: %w; look at it again and decide anew", d.Action, ErrChanged)
	}
	p := purchase.Fold(d.Key, facts, b.environments[d.Key.Environment].Policy)
	if !slices.Contains(b.Actions(p), d.Action) {
		return fmt.Errorf("%s: %w; for this purchase now: %s", d.Action, ErrNotAllowed, words(b.Actions(p)))
	}
	decided, err := b.decided(d, p, facts)
	if err != nil {
		return err
	}
	if _, err := b.keep(ctx, Keeping{Facts: decided, If: row.Head}); err != nil {
		return fmt.Errorf("keep the decision: %w", err)
	}
	b.Metrics.decided(d.Action)
	b.Log.Info("a person decided", zap.String("environment", d.Key.Environment), zap.String("purchase", d.Key.ID), zap.String("step", string(d.Action)))
	return nil
}

func (d Decision) validate() error {
	switch {
	case strings.TrimSpace(d.By) == "":
		return fmt.Errorf("%s: %w; say who decides", d.Action, ErrNotAllowed)
	case d.Action.Reasoned() && strings.TrimSpace(d.Reason) == "":
		return fmt.Errorf("%s: %w; say why", d.Action, ErrNotAllowed)
	case utf8.RuneCountInString(d.By) > nameUpTo || utf8.RuneCountInString(d.Reason) > reasonUpTo:
		return fmt.Errorf("%s: %w; at most %d characters say who, %d why", d.Action, ErrNotAllowed, nameUpTo, reasonUpTo)
	case !utf8.ValidString(d.By + d.Reason):
		return fmt.Errorf("%s: %w; write it in UTF-8", d.Action, ErrNotAllowed)
	}
	return nil
}

func words(actions []purchase.Action) string {
	var all []string
	for _, a := range actions {
		all = append(all, string(a))
	}
	return strings.Join(all, ", ")
}

// decided makes the facts of the decision. The first is about the purchase itself.
func (b *Bridge) decided(d Decision, p purchase.Purchase, facts []purchase.Fact) ([]purchase.Fact, error) {
	f := purchase.Fact{Purchase: d.Key, Standing: purchase.Decided, At: b.Clock.Now(), Detail: purchase.Detail{By: d.By, Reason: d.Reason}}
	switch d.Action {
	case purchase.ActRetry:
		f.Kind = purchase.Retried
	case purchase.ActAsk:
		f.Kind = purchase.AskOrdered
	case purchase.ActNote:
		f.Kind = purchase.Noted
	case purchase.ActClose:
		f.Kind, f.Detail.Basis = purchase.Closed, p.Sight()
	case purchase.ActFree:
		f.Kind, f.Detail.Basis = purchase.ReleaseOrdered, p.Sight()
	case purchase.ActAccept:
		f.Kind, f.Detail.Basis = purchase.Accepted, p.Matter()
	case purchase.ActSeats:
		return b.seatsSaid(d, p, f)
	case purchase.ActRefund:
		return b.refundOrdered(d, p, f)
	case purchase.ActApprove, purchase.ActPaid, purchase.ActCancel:
		return b.invoiceSaid(d, p, f)
	case purchase.ActTie:
		return b.orphanTied(d, p, f, facts)
	default:
		return nil, fmt.Errorf("%q: %w; there is no such action", d.Action, ErrNotAllowed)
	}
	return []purchase.Fact{f}, nil
}

// seatsSaid: the word that there are none counts only when Dynamics can no longer be at work.
func (b *Bridge) seatsSaid(d Decision, p purchase.Purchase, f purchase.Fact) ([]purchase.Fact, error) {
	attempt, from := p.Word()
	switch {
	case d.Seats != purchase.SeatsAll && d.Seats != purchase.SeatsNone:
		return nil, fmt.Errorf("seats %q: %w; say all or none", d.Seats, ErrNotAllowed)
	case d.Seats == purchase.SeatsNone && f.At.Before(from):
		return nil, fmt.Errorf("seats none: %w; Dynamics may still be at work, look again at %s", ErrNotAllowed, from.Format("15:04:05 MST"))
	}
	f.Kind, f.Attempt, f.Detail.Seats = purchase.ReadBack, attempt, d.Seats
	return []purchase.Fact{f}, nil
}

// refundOrdered finds the payment that is meant; more than it holds is never sent back.
func (b *Bridge) refundOrdered(d Decision, p purchase.Purchase, f purchase.Fact) ([]purchase.Fact, error) {
	some := slices.DeleteFunc(b.refundable(p), func(pay purchase.Payment) bool {
		return (d.Payment != "" && pay.Ref != d.Payment) || (d.Account != "" && pay.Account != d.Account)
	})
	switch len(some) {
	case 0:
		return nil, fmt.Errorf("refund: %w; no such payment holds money that can be sent back", ErrNotAllowed)
	case 1:
	default:
		return nil, fmt.Errorf("refund: %w; name account and payment of one of these: %s", ErrNotAllowed, names(some))
	}
	net := some[0].Net()
	money := d.Money
	if !money.Known() {
		money = net
	}
	left, ok := net.Minus(money)
	if !ok || left.Minor < 0 || !money.Positive() {
		return nil, fmt.Errorf("refund %s: %w; the payment holds %s", money, ErrNotAllowed, net)
	}
	f.Kind, f.Account, f.Payment, f.Money, f.Detail.Basis = purchase.RefundOrdered, some[0].Account, some[0].Ref, money, p.Sight()
	if p.Registered() {
		f.Detail.Seats = purchase.SeatsAll
	}
	return []purchase.Fact{f}, nil
}

func names(payments []purchase.Payment) string {
	var all []string
	for _, pay := range payments {
		all = append(all, fmt.Sprintf("%s %s (%s)", pay.Account, pay.Ref, pay.Net()))
	}
	return strings.Join(all, ", ")
}

// orphanTied closes the orphan and keeps what is proved of its payments under the purchase that they pay, with a note of who said so.
func (b *Bridge) orphanTied(d Decision, p purchase.Purchase, f purchase.Fact, facts []purchase.Fact) ([]purchase.Fact, error) {
	id, err := purchase.ParseID(d.Purchase)
	if err != nil {
		return nil, fmt.Errorf("tie to %q: %w; %w", d.Purchase, ErrNotAllowed, err)
	}
	why := f.Detail.Reason
	f.Kind, f.Detail.Reason = purchase.Tied, id
	target := purchase.Key{Environment: d.Key.Environment, ID: id}
	note := purchase.Fact{Purchase: d.Key, Kind: purchase.Noted, Standing: purchase.Decided, At: f.At, Detail: purchase.Detail{By: d.By, Reason: why}}
	there := note
	there.Purchase, there.Detail.Reason = target, fmt.Sprintf("%s is paid by this (%s)", d.Key.ID, cmp.Or(why, "no reason given"))
	decided := []purchase.Fact{f, note, there}
	for _, known := range facts {
		if known.Payment != "" && known.Standing == purchase.Proved {
			known.Purchase = target
			decided = append(decided, known)
		}
	}
	return decided, nil
}
