package bridge

import (
	"context"
	"net/url"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Visit says what to tell a buyer who opens a return address, and notes that the buyer came back, which makes the bridge look at
// the payment at once. How the buyer came is a hint, never proof. ErrNotFound for a token that is unknown or too old.
func (b *Bridge) Visit(ctx context.Context, token string, how purchase.Return) (Visit, error) {
	t, err := b.Store.FindToken(ctx, TokenHash(token))
	if err != nil {
		return Visit{}, err
	}
	_, facts, err := b.Store.Find(ctx, t.Purchase)
	if err != nil {
		return Visit{}, err
	}
	now, err := b.Store.Now(ctx) // the clock of what was seen and asked
	if err != nil {
		return Visit{}, err
	}
	env := b.environments[t.Purchase.Environment]
	if _, bills := env.Policy.Bills(t.Account); bills {
		t.Payment = "" // the buyer comes back from nowhere
	}
	g := glance{Purchase: purchase.Fold(t.Purchase, facts, env.Policy), token: t, how: how, now: now, policy: env.Policy}
	v := Visit{State: g.state(), Reference: ShortReference(t.Purchase), Return: t.Return, Language: t.Language, Noted: true}
	if deaf := slices.Contains(env.Policy.Unaskable, t.Account); !g.Settled() && t.Payment != "" && !(deaf && how == purchase.ReturnGivenUp) {
		v.Noted = b.noteReturn(ctx, g, len(facts))
	}
	if left := g.Deadline.At.Sub(now); v.State == BuyerCancelled || v.State == BuyerRefused || v.State == BuyerOneRefused {
		v.TimeLeft = max(0, left)
		if left > env.Policy.MinTimeLeft && !g.Released() {
			v.Retry = b.payAddress(t)
		}
	}
	return v, nil
}

// noteReturn is bounded: whoever reloads the page all the time does not fill the store. It tells whether the return is known.
func (b *Bridge) noteReturn(ctx context.Context, g glance, facts int) (noted bool) {
	pause := returnsEvery
	if g.how == purchase.ReturnPaying {
		pause /= 2
	}
	pay := g.payment()
	if facts > returnsUpTo || (pay != nil && pay.HeardReturn && g.now.Sub(pay.LastHeard) < pause) {
		return false
	}
	fact := purchase.Fact{Purchase: g.Key, Kind: purchase.Returned, Standing: purchase.Heard, Account: g.token.Account, Payment: g.token.Payment, At: g.now,
		Detail: purchase.Detail{Reason: string(g.how)}}
	if _, err := b.keep(ctx, Keeping{Facts: []purchase.Fact{fact}}); err != nil {
		b.Log.Error("the buyer's return could not be kept", zap.String("purchase", g.Key.ID), zap.Error(err))
		return false
	}
	return true
}

func (b *Bridge) payAddress(t Token) string {
	q := url.Values{"purchaseId": {t.Purchase.ID}}
	if t.Return != "" {
		q.Set("returnUrl", t.Return)
	}
	return b.PublicURL + "/pay/" + url.PathEscape(t.Account) + "?" + q.Encode()
}

// A glance is what is known when a buyer looks at a return page.
type glance struct {
	purchase.Purchase
	token  Token
	how    purchase.Return
	now    time.Time
	policy purchase.Policy
}

// payment is the one that the buyer comes back from, nil for none.
func (g glance) payment() *purchase.Payment {
	for i := range g.Payments {
		if pay := &g.Payments[i]; pay.Ref == g.token.Payment && pay.Account == g.token.Account {
			return pay
		}
	}
	return nil
}

// state never promises more than the facts prove, and never says that nothing was charged while that is uncertain.
func (g glance) state() BuyerState {
	if g.Billed() {
		return billedState(g.Purchase)
	}
	if g.Registered() { // money out of place is for the desk, the seat is there
		return BuyerConfirmed
	}
	switch g.State() {
	case purchase.StatePaidUnfinalized:
		return BuyerConfirming
	case purchase.StatePaymentPending, purchase.StateAuthorised:
		return BuyerPending
	case purchase.StatePaidLate:
		return BuyerLate
	case purchase.StateRefunding, purchase.StateRefunded:
		return BuyerRefunded
	case purchase.StateAwaitingPayment, purchase.StateAbandoned:
		return g.unpaid()
	}
	return BuyerUnknown
}

// billedState: whatever the desk has to do with it, the invoice is to be paid.
func billedState(p purchase.Purchase) BuyerState {
	if p.Registered() {
		return BuyerOnInvoice
	}
	return BuyerInvoiceAsked
}

// unpaid: nothing was charged in a session that only our call can turn into money, if nothing of ours can have done so; in one that the
// provider says has ended unpaid, perhaps because we ended it for want of a seat; and in an attempt that it says has failed. Whoever comes
// back to pay is not told of what was turned down before: it is tried anew, or another card was.
func (g glance) unpaid() BuyerState {
	pay := g.payment()
	switch {
	case g.token.Payment == "" && g.InvoiceCancelled():
		return BuyerInvoiceCancelled
	case pay == nil || pay.Opened == nil || g.elsewhere(pay) || g.unheeded(pay):
		return BuyerUnknown
	}
	untouched := pay.Lapsed || (pay.Opened.Detail.Capturable && len(pay.Captures) == 0 && !pay.MayBeCaptured())
	refused := pay.Declined() && (g.how == purchase.ReturnGivenUp || !g.sentAgain(pay)) || failed(pay) && (pay.Lapsed || g.fresh(pay))
	switch {
	case untouched && g.over(pay):
		return BuyerExpired
	case refused && (pay.Lapsed || g.how != purchase.ReturnPaying):
		return BuyerRefused
	case failed(pay) && pay.Opened.Detail.Unaskable && pay.Hearsay == "" && g.how != purchase.ReturnPaying:
		return BuyerOneRefused
	case pay.Lapsed, untouched && g.how == purchase.ReturnGivenUp && !pay.Approved && (pay.LastHeard.IsZero() || g.fresh(pay)):
		return BuyerCancelled
	}
	return BuyerUnknown
}

// over: the session can no longer bring a seat. Where the deadline is uncertain, money that a buyer reserved in time still may.
func (g glance) over(pay *purchase.Payment) bool {
	late := !g.now.Before(g.Deadline.At) && (pay.Lapsed || g.Deadline.Certain || !g.policy.SeatFirst(pay.Account))
	return late || pay.GivenBack() || g.Released()
}

// elsewhere: the buyer may have paid, or agreed to pay, by another payment of the purchase.
func (g glance) elsewhere(this *purchase.Payment) bool {
	for i := range g.Payments {
		pay := &g.Payments[i]
		agreed := pay.Open() && pay.Opened != nil && pay.Opened.Detail.Capturable && pay.Approved && !pay.Declined() && g.now.Before(g.Deadline.At)
		if pay != this && (pay.MayBeCaptured() || agreed || g.unheeded(pay)) {
			return true
		}
	}
	return false
}

// unheeded: something was heard of it, or all is to be asked anew, and the provider, which can be asked, was not yet.
func (g glance) unheeded(pay *purchase.Payment) bool {
	return !pay.Lapsed && !slices.Contains(g.policy.Unaskable, pay.Account) && g.Unasked(*pay)
}

// failed: an attempt of the buyer's came to nothing, and none is under way that we know of. What the buyer agreed to is ours to take, and
// may be declined.
func failed(pay *purchase.Payment) bool {
	ours := pay.Opened.Detail.Capturable && pay.Approved
	return pay.Failed && !pay.Moving() && !pay.MayBeCaptured() && !ours && len(pay.Captures) == 0
}

// sentAgain: the buyer was sent to pay again after our last call was turned down; on that way the price is read.
func (g glance) sentAgain(pay *purchase.Payment) bool {
	takings := pay.Takings()
	return g.Offer != nil && len(takings) > 0 && g.Offer.At.After(takings[len(takings)-1].At)
}

// fresh: the provider was asked just now. A buyer who was refused tries another card on the same page, and must not be told of the first
// one's failure while the second was charged.
func (g glance) fresh(pay *purchase.Payment) bool { return g.now.Sub(pay.LastAsked) <= returnFor }
