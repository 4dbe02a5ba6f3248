package dataverse

import (
	"context"
	"errors"
	"sync/atomic"
	"time"
)

// An origin is what a purchase's row tells of how it came to be. It never changes.
type origin struct {
	created time.Time // on the clock of Dynamics
	user    string
	event   event
}

// origin reads it where an organisation keeps a row for the purchase. It is a help, which costs a call once, and never an error.
func (o *outbound) origin(ctx context.Context, id string) origin {
	now := o.now()
	if known, ok := o.origins.get(id, now); ok || !o.rows.worthAsking(now) {
		return known
	}
	row, err := o.readRow(ctx, opPrice, "read the purchase", id, columnsOfOrigin)
	o.rows.learned(err, now)
	if err != nil {
		return origin{}
	}
	found := origin{created: row.created(), user: row.Contact}
	if found.event, err = o.event(ctx, row.Event); err == nil {
		o.origins.put(id, found, now)
	}
	return found
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
