package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/reconcile"
)

const salesPage = 200

// sales reads our purchases that changed since shortly before the period, latest change first, and at the end once more what changed
// while it read: a purchase that changes moves to the front, where the pages have been already.
func (c *comparison) sales(ctx context.Context) error {
	since := c.evidence.From.Add(-c.reach)
	found := map[purchase.Key]reconcile.Sale{}
	for cursor, page := "", 1; page == 1 || cursor != ""; page++ {
		part, err := c.state.part(fmt.Sprint("sales ", page), func() (runPart, error) { return c.salesFrom(ctx, cursor, since) })
		if err != nil {
			return err
		}
		take(found, part.Sales)
		cursor = part.Next
		c.progress.step("purchases", len(found))
	}
	for cursor, first := "", true; first || cursor != ""; first = false {
		part, err := c.salesFrom(ctx, cursor, c.began.Add(-time.Minute))
		if err != nil {
			return err
		}
		take(found, part.Sales)
		cursor = part.Next
	}
	for _, s := range found {
		c.evidence.Sales = append(c.evidence.Sales, s)
	}
	return nil
}

func take(into map[purchase.Key]reconcile.Sale, sales []reconcile.Sale) {
	for _, s := range sales {
		into[s.Key] = s
	}
}

// salesFrom reads one page, down to what did not change since then.
func (c *comparison) salesFrom(ctx context.Context, cursor string, since time.Time) (runPart, error) {
	rows, next, err := c.store.List(ctx, bridge.Query{Limit: salesPage, Cursor: cursor})
	if err != nil {
		return runPart{}, err
	}
	p := runPart{Next: next}
	for _, row := range rows {
		if row.Updated.Before(since) {
			p.Next = ""
			break
		}
		sale, err := c.sale(ctx, row.Key)
		if err != nil {
			return runPart{}, err
		}
		p.Sales = append(p.Sales, sale)
	}
	return p, nil
}

func (c *comparison) sale(ctx context.Context, key purchase.Key) (reconcile.Sale, error) {
	_, facts, err := c.store.Find(ctx, key)
	if err != nil {
		return reconcile.Sale{}, err
	}
	return reconcile.SaleOf(purchase.Fold(key, facts, c.store.Policy(key.Environment)), facts), nil
}

// lookUp finds older purchases of ours that the other witnesses speak of: by the names of payments, by the purchase that they name, and
// by registrations.
func (c *comparison) lookUp(ctx context.Context) error {
	known, asked := map[purchase.Key]bool{}, map[string]bool{}
	for _, s := range c.evidence.Sales {
		known[s.Key] = true
	}
	add := func(key purchase.Key) error {
		if key.ID == "" || known[key] {
			return nil
		}
		known[key] = true
		sale, err := c.sale(ctx, key)
		if err == nil {
			c.evidence.Sales = append(c.evidence.Sales, sale)
		} else if errors.Is(err, bridge.ErrNotFound) {
			err = nil
		}
		return err
	}
	for i, e := range c.evidence.Entries {
		if err := add(purchase.Key{Environment: c.evidence.Environments[e.Account], ID: e.Purchase}); err != nil {
			return err
		}
		for _, name := range []string{e.Payment, cmp.Or(e.Object, e.Payment)} {
			if asked[e.Account+"\x00"+name] {
				continue
			}
			asked[e.Account+"\x00"+name] = true
			key, err := c.store.Resolve(ctx, e.Account, name)
			if err == nil {
				err = add(key)
			}
			if err != nil && !errors.Is(err, bridge.ErrNotFound) {
				return err
			}
		}
		c.progress.step("payments looked up", i+1)
	}
	for _, s := range c.evidence.Seats {
		if err := add(s.Key); err != nil {
			return err
		}
	}
	return nil
}

// mostConfirmed bounds what is asked one by one: where more is wrong, it is the whole that is wrong.
const mostConfirmed = 500

// confirm asks once more about what looks wrong, one by one: a list may lag, and a seat may have come meanwhile. What cannot be asked
// stays as it looks.
func (c *comparison) confirm(ctx context.Context, r reconcile.Report) error {
	confirmed := 0
	for _, l := range r.Lines {
		var ask func(context.Context, reconcile.Line) error
		switch l.Kind {
		case reconcile.PaidNotRegistered, reconcile.RefundedRegistered:
			ask = c.readBack
		case reconcile.KnownNotAtProvider:
			ask = c.askProvider
		default:
			continue
		}
		if confirmed == mostConfirmed {
			c.progress.say("more than %d differences; the others are as the lists show them", mostConfirmed)
			return nil
		}
		if err := ask(ctx, l); err != nil {
			return err
		}
		confirmed++
		c.progress.step("differences confirmed", confirmed)
	}
	return nil
}

func (c *comparison) readBack(ctx context.Context, l reconcile.Line) error {
	key := l.Purchase
	if c.dynamics[key.Environment] == nil || key.Orphaned() {
		return nil
	}
	seats, err := c.dynamics[key.Environment].ReadBack(purchase.Anonymous(ctx), key)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		c.progress.say("%s could not be read back: %v", key.ID, err)
	case seats == purchase.SeatsAll || seats == purchase.SeatsNone || seats == purchase.SeatsSome:
		c.evidence.Confirmed[key] = seats == purchase.SeatsAll
	}
	return nil
}

func (c *comparison) askProvider(ctx context.Context, l reconcile.Line) error {
	for _, account := range c.accounts {
		asker, can := account.Provider.(bridge.Asker)
		if account.Name != l.Account || !can {
			continue
		}
		facts, err := asker.Ask(ctx, l.Ask)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && !errors.Is(err, purchase.ErrNoPayment) {
			c.progress.say("%s could not be asked about: %v", l.Payment, err)
		}
		for _, f := range facts {
			c.evidence.Entries = append(c.evidence.Entries, reconcile.EntryOf(account.Name, f))
		}
	}
	return nil
}
