package bridge

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A tally counts what a list told.
type tally struct {
	fresh     int // facts that were news
	known     int
	unrelated int // facts of payments that name no purchase and that nobody here knows: the shop's other sales
}

// A listReading keeps what a list tells, a batch at a time: what was told before a failure is not lost.
type listReading struct {
	*Bridge
	account Account
	tally   tally
	batch   []purchase.Fact
	aside   []purchase.Fact // of payments unknown so far; a later fact may name them
}

// read lists and keeps what happened in a time.
func (r *listReading) read(ctx context.Context, lister Lister, from, to time.Time) error {
	for f, err := range lister.List(ctx, from, to) {
		if err != nil {
			return errors.Join(fmt.Errorf("list the payments of %s: %w", r.account.Name, err), r.flush(ctx))
		}
		if r.batch = append(r.batch, f); len(r.batch) == listBatch {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	r.batch, r.aside = r.aside, nil
	err := r.flush(ctx)
	r.tally.unrelated += len(r.aside)
	r.aside = nil
	return err
}

// flush keeps the batch. A fact of a payment that names no purchase and is not known is put aside: it must not become an orphan.
func (r *listReading) flush(ctx context.Context) error {
	if len(r.batch) == 0 {
		return nil
	}
	facts, err := r.address(ctx, r.account, r.batch, purchase.ByPoll)
	if err != nil {
		return err
	}
	ours := make([]purchase.Fact, 0, len(facts))
	for i, f := range facts {
		related := true
		if f.Purchase.Orphaned() {
			if f.Purchase, related, err = r.related(ctx, f); err != nil {
				return err
			}
		}
		if related {
			ours = append(ours, f)
		} else {
			r.aside = append(r.aside, r.batch[i])
		}
	}
	r.batch = nil
	if len(ours) == 0 {
		return nil
	}
	kept, err := r.keep(ctx, Keeping{Facts: ours})
	r.tally.fresh += len(kept.New)
	r.tally.known += len(ours) - len(kept.New)
	return err
}

// related finds out whether a payment that names no purchase is known here, by its reference or by its object.
func (r *listReading) related(ctx context.Context, f purchase.Fact) (purchase.Key, bool, error) {
	for _, name := range []string{f.Payment, f.Object} {
		key, err := r.Store.Resolve(ctx, f.Account, name)
		if err == nil {
			return key, true, nil
		}
		if !errors.Is(err, ErrNotFound) {
			return f.Purchase, false, fmt.Errorf("find the purchase of payment %s: %w", f.Payment, err)
		}
	}
	return f.Purchase, false, nil
}
