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
	env := b.environments[t.Purchase.Environment]
	p := purchase.Fold(t.Purchase, facts, env.Policy)
	now := b.Clock.Now()
	if _, bills := env.Policy.Bills(t.Account); bills {
		t.Payment = "" // the buyer comes back from nowhere
	}
	if deaf := slices.Contains(env.Policy.Unaskable, t.Account); !p.Settled() && t.Payment != "" && !(deaf && how == purchase.ReturnGivenUp) {
		b.noteReturn(ctx, t, p, how, len(facts), now)
	}
	v := Visit{State: buyerState(p, t.Payment, how, now), Reference: ShortReference(t.Purchase), Return: t.Return, Language: t.Language}
	if left := p.Deadline.At.Sub(now); v.State == BuyerCancelled || v.State == BuyerRefused || v.State == BuyerOneRefused {
		v.TimeLeft = max(0, left)
		if left > env.Policy.MinTimeLeft && !p.Released() {
			v.Retry = b.payAddress(t)
		}
	}
	return v, nil
}

// noteReturn is bounded: a page that is open does not fill the store. Who comes back to pay is always noted, for it may be the second
// card.
func (b *Bridge) noteReturn(ctx context.Context, t Token, p purchase.Purchase, how purchase.Return, facts int, now time.Time) {
	for _, pay := range p.Payments {
		again := how != purchase.ReturnPaying && pay.HeardReturn && now.Sub(pay.LastHeard) < returnsEvery
		if again && pay.Ref == t.Payment && pay.Account == t.Account {
			return
		}
	}
	if facts > returnsUpTo {
		return
	}
	fact := purchase.Fact{Purchase: t.Purchase, Kind: purchase.Returned, Standing: purchase.Heard, Account: t.Account, Payment: t.Payment, At: now,
		Detail: purchase.Detail{Reason: string(how)}}
	if _, err := b.keep(ctx, Keeping{Facts: []purchase.Fact{fact}}); err != nil {
		b.Log.Error("the buyer's return could not be kept", zap.String("purchase", t.Purchase.ID), zap.Error(err))
	}
}

func (b *Bridge) payAddress(t Token) string {
	q := url.Values{"purchaseId": {t.Purchase.ID}}
	if t.Return != "" {
		q.Set("returnUrl", t.Return)
	}
	return b.PublicURL + "/pay/" + url.PathEscape(t.Account) + "?" + q.Encode()
}

// buyerState never promises more than the facts prove, and never says that nothing was charged unless that is certain.
func buyerState(p purchase.Purchase, payment string, how purchase.Return, now time.Time) BuyerState {
	if p.Billed() {
		return billedState(p)
	}
	if p.Registered() { // money out of place is for the desk, the seat is there
		return BuyerConfirmed
	}
	switch p.State() {
	case purchase.StatePaidUnfinalized:
		return BuyerConfirming
	case purchase.StatePaymentPending, purchase.StateAuthorised:
		return BuyerPending
	case purchase.StatePaidLate:
		return BuyerLate
	case purchase.StateRefunding, purchase.StateRefunded:
		return BuyerRefunded
	case purchase.StateAwaitingPayment, purchase.StateAbandoned:
		return unpaidState(p, payment, how, now)
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

// unpaidState: nothing was charged in a session that only our call can turn into money, if nothing of ours can have done so; in one that the
// provider says has ended unpaid, perhaps because we ended it for want of a seat; and in an attempt that it says has failed. Whoever comes
// back to pay is not told of what was turned down before: it is tried anew, or another card was.
func unpaidState(p purchase.Purchase, payment string, how purchase.Return, now time.Time) BuyerState {
	if payment == "" && p.InvoiceCancelled() {
		return BuyerInvoiceCancelled
	}
	for _, pay := range p.Payments {
		if pay.Ref != payment || pay.Opened == nil {
			continue
		}
		untouched := pay.Lapsed || (pay.Opened.Detail.Capturable && len(pay.Captures) == 0 && !pay.MayBeCaptured())
		switch {
		case untouched && (!now.Before(p.Deadline.At) || pay.GivenBack() || p.Released()):
			return BuyerExpired
		case how != purchase.ReturnPaying && (declined(pay) && !sentAgain(p, pay) || failed(pay) && fresh(pay, now)), failed(pay) && pay.Lapsed:
			return BuyerRefused
		case failed(pay) && pay.Opened.Detail.Unaskable:
			return BuyerOneRefused
		case pay.Lapsed || (untouched && how == purchase.ReturnGivenUp && !pay.Approved):
			return BuyerCancelled
		}
	}
	return BuyerUnknown
}

// failed: an attempt of the buyer's came to nothing, and none is under way that we know of. What the buyer agreed to is ours to take: see
// declined.
func failed(pay purchase.Payment) bool {
	ours := pay.Opened.Detail.Capturable && pay.Approved
	return pay.Failed && !pay.Moving() && !pay.MayBeCaptured() && !ours && len(pay.Captures) == 0
}

// sentAgain: the buyer was sent to pay again after our last call was turned down; on that way the price is read.
func sentAgain(p purchase.Purchase, pay purchase.Payment) bool {
	takings := pay.Takings()
	return p.Offer != nil && len(takings) > 0 && p.Offer.At.After(takings[len(takings)-1].At)
}

// fresh: the provider was asked just now, after the buyer came back. A buyer who was refused tries another card on the same page, and
// must not be told of the first one's failure while the second was charged.
func fresh(pay purchase.Payment, now time.Time) bool {
	return heeded(pay) && now.Sub(pay.LastAsked) <= returnFor
}

// declined: our last call to reserve or to take the money was turned down.
func declined(pay purchase.Payment) bool { return pay.Declined() && heeded(pay) }

// heeded: the provider was asked about all that was heard.
func heeded(pay purchase.Payment) bool { return pay.Hearsay == "" || pay.Hearsay == pay.AskedOf }
