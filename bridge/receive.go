package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const (
	keepWithin   = 10 * time.Second // a provider waits this long at most for its acknowledgement
	recheckFirst = 5 * time.Second
	recheckBatch = 20
)

// UnknownAccount counts a callback to an address that belongs to no account. Nothing of it is read.
func (b *Bridge) UnknownAccount() { b.Metrics.unknownAccount() }

// Receive reads a delivery and keeps it. The receipt is positive only when the delivery is durable.
func (b *Bridge) Receive(ctx context.Context, d purchase.Delivery) Receipt {
	account, ok := b.accounts[d.Account]
	if !ok {
		return Receipt{Outcome: RefusedForged, Refusal: purchase.Malformed}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWithin)
	defer cancel()
	reading, err := account.Provider.Read(ctx, d)
	receipt := b.judge(ctx, account, d, reading, err)
	b.Metrics.verified(account, receipt)
	if a, ok := account.Provider.(Answerer); ok && (receipt.positive() || receipt.Outcome == RefusedForged) {
		receipt.Answer = a.Answer(d, receipt.positive())
	}
	return receipt
}

func (r Receipt) positive() bool {
	switch r.Outcome {
	case Accepted, Duplicate, KeptUnchecked, KeptPuzzling, Answered:
		return true
	}
	return false
}

// judge keeps what the reading calls for.
func (b *Bridge) judge(ctx context.Context, account Account, d purchase.Delivery, reading purchase.Reading, err error) Receipt {
	switch {
	case errors.Is(err, purchase.ErrForged):
		return b.refuse(ctx, d, err)
	case errors.Is(err, purchase.ErrNotUnderstood):
		b.Log.Error("genuine delivery not understood; it is kept for a person and a later version",
			zap.String("account", account.Name), zap.String("delivery", d.ID), zap.Error(err))
		return b.keepDelivery(ctx, account, d, Keeping{State: Puzzling, Message: reading.Message}, KeptPuzzling)
	case err != nil:
		b.Log.Warn("delivery cannot be checked now", zap.String("account", account.Name), zap.String("delivery", d.ID), zap.Error(err))
		due := d.Received.Add(recheckFirst)
		return b.keepDelivery(ctx, account, d, Keeping{State: Unchecked, Due: due}, KeptUnchecked)
	case reading.Unkept:
		return Receipt{Outcome: Answered}
	}
	facts, err := b.address(ctx, account, reading.Facts, purchase.ByCallback)
	if err != nil {
		return b.unavailable(d, err)
	}
	return b.keepDelivery(ctx, account, d, Keeping{State: Read, Message: reading.Message, Facts: facts}, Accepted)
}

func (b *Bridge) keepDelivery(ctx context.Context, account Account, d purchase.Delivery, k Keeping, outcome ReceiptOutcome) Receipt {
	d.Header = d.Header.Clone()
	d.Header.Del("Authorization")
	d.Header.Del("Cookie")
	k.Delivery = &d
	kept, err := b.keep(ctx, k)
	switch {
	case errors.Is(err, ErrReplayed):
		return b.refuse(ctx, d, purchase.Forged(purchase.Replayed))
	case errors.Is(err, ErrFull):
		b.Log.Error("too many deliveries wait to be checked; the provider is asked to come back", zap.String("account", account.Name))
		return Receipt{Outcome: Full, RetryAfter: time.Minute}
	case err != nil:
		return b.unavailable(d, err)
	}
	b.Metrics.received(account, k.Facts, kept, d.Received)
	if kept.Duplicate && len(kept.New) == 0 && outcome == Accepted {
		outcome = Duplicate
	}
	return Receipt{Outcome: outcome}
}

func (b *Bridge) unavailable(d purchase.Delivery, err error) Receipt {
	b.Log.Error("delivery could not be kept; the provider is asked to come back",
		zap.String("account", d.Account), zap.String("delivery", d.ID), zap.Error(err))
	return Receipt{Outcome: Unavailable, RetryAfter: 10 * time.Second}
}

// refuse puts a false delivery into quarantine, best effort and off the path of the answer's truth: it was refused either way.
func (b *Bridge) refuse(ctx context.Context, d purchase.Delivery, err error) Receipt {
	why := purchase.BadSignature
	errors.As(err, &why)
	b.Log.Warn("delivery refused", zap.String("account", d.Account), zap.String("delivery", d.ID), zap.String("cause", string(why)))
	b.putAside(ctx, d, why)
	return Receipt{Outcome: RefusedForged, Refusal: why}
}

// putAside keeps one refused delivery at a time and lets the others go: a flood of forgeries must not reach the disk.
func (b *Bridge) putAside(ctx context.Context, d purchase.Delivery, why purchase.Refusal) {
	select {
	case b.asides <- struct{}{}:
	default:
		return
	}
	go func() {
		defer func() { <-b.asides }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepWithin)
		defer cancel()
		if err := b.Store.Quarantine(ctx, d, why); err != nil {
			b.Log.Warn("refused delivery not put aside", zap.String("account", d.Account), zap.Error(err))
		}
	}()
}

// address completes facts from an account: its name, its environment, and which purchase they belong to. Proof knows best what it
// proves; hearsay follows what is known of the payment. A payment of no known purchase is an orphan, and one on its way back stays it.
func (b *Bridge) address(ctx context.Context, account Account, facts []purchase.Fact, by purchase.Source) ([]purchase.Fact, error) {
	out := make([]purchase.Fact, 0, len(facts))
	for _, f := range facts {
		f.Account, f.Source = account.Name, by
		named := purchase.Key{Environment: account.Environment, ID: f.Purchase.ID}
		known, err := b.Store.Resolve(ctx, account.Name, f.Payment)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return nil, fmt.Errorf("find the purchase of payment %s: %w", f.Payment, err)
		}
		found := err == nil
		returning, err := b.returning(ctx, known)
		if err != nil {
			return nil, err
		}
		switch {
		case returning: // whatever it names
			f.Purchase = known
		case named.ID != "" && (f.Standing == purchase.Proved || !found || known.Orphaned()):
			f.Purchase = named
		case found:
			f.Purchase = known
		default:
			f.Purchase = purchase.Orphan(account.Environment, account.Name, f.Payment)
		}
		if account.Event != "" && f.Detail.Event == "" {
			f.Detail.Event, f.Detail.Sealed = account.Event, true
		}
		out = append(out, f)
	}
	return out, nil
}

// returning tells whether the key is an orphan's whose money may be on its way back. Until that is known it is nobody's: no seat must be
// made of it.
func (b *Bridge) returning(ctx context.Context, orphan purchase.Key) (bool, error) {
	if !orphan.Orphaned() {
		return false, nil
	}
	_, facts, err := b.Store.Find(ctx, orphan)
	if err != nil {
		return false, fmt.Errorf("find the orphan %s: %w", orphan.ID, err)
	}
	p := purchase.Fold(orphan, facts, b.Policy(orphan.Environment))
	return p.Open != nil || p.Returning(), nil
}

// recheck reads deliveries again whose check was out of reach.
func (b *Bridge) recheck(ctx context.Context) {
	deliveries, err := b.Store.Unchecked(ctx, recheckBatch)
	if err != nil {
		if ctx.Err() == nil {
			b.Log.Error("listing unchecked deliveries failed", zap.Error(err))
		}
		return
	}
	for _, d := range deliveries {
		if account, ok := b.accounts[d.Account]; ok {
			b.readAgain(ctx, account, d)
		}
	}
}

func (b *Bridge) readAgain(ctx context.Context, account Account, d purchase.Delivery) {
	ctx, cancel := context.WithTimeout(ctx, keepWithin)
	defer cancel()
	reading, err := account.Provider.Read(ctx, d)
	final := err == nil || errors.Is(err, purchase.ErrNotUnderstood) || errors.Is(err, purchase.ErrForged)
	if !final {
		b.postpone(ctx, d)
		return
	}
	receipt := b.judge(ctx, account, d, reading, err)
	b.Metrics.verified(account, receipt)
	if receipt.Outcome != RefusedForged && receipt.Outcome != Answered {
		return
	}
	if _, err := b.keep(ctx, Keeping{Delivery: &d, State: False}); err != nil {
		b.Log.Error("verdict on a delivery could not be kept", zap.String("delivery", d.ID), zap.Error(err))
	}
}

// postpone doubles the age of the delivery before it is read again, up to a minute.
func (b *Bridge) postpone(ctx context.Context, d purchase.Delivery) {
	now := b.Clock.Now()
	due := now.Add(min(max(now.Sub(d.Received), recheckFirst), time.Minute))
	if _, err := b.keep(ctx, Keeping{Delivery: &d, State: Unchecked, Due: due}); err != nil {
		b.Log.Error("unchecked delivery could not be postponed", zap.String("delivery", d.ID), zap.Error(err))
	}
}
