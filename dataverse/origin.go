package dataverse

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// enrich adds what a purchase's row tells, where an organisation keeps one: when the temporary registration was made, the event
// and the buyer. It is a help and never an error.
func (o *outbound) enrich(ctx context.Context, id string, offer *purchase.Offer) {
	if !o.rows.worthAsking(o.now()) {
		return
	}
	row, err := o.readRow(ctx, opPrice, "read the purchase", id, columnsOfOrigin)
	o.rows.learned(err, o.now())
	if err != nil {
		return
	}
	offer.Created = o.clock.ours(row.created())
	if offer.User == "" {
		offer.User = row.Contact
	}
	if e, err := o.event(ctx, row.Event); err == nil && offer.Event == "" {
		offer.Event = e.readable
	}
}

// rows remembers whether outbound purchases have rows. Where several in a row had none, nobody is asked for an hour: it would cost
// a call for each purchase.
type rows struct {
	misses atomic.Int32
	until  atomic.Int64
}

const (
	missesMost = 3
	missesRest = time.Hour
)

func (r *rows) worthAsking(now time.Time) bool { return now.UnixNano() >= r.until.Load() }

func (r *rows) learned(err error, now time.Time) {
	var f *failure
	switch {
	case err == nil:
		r.misses.Store(0)
	case errors.As(err, &f) && f.class != unknown && f.class != throttled:
		if n := r.misses.Add(1); n >= missesMost || f.class == missing {
			r.until.Store(now.Add(missesRest).UnixNano())
		}
	}
}
