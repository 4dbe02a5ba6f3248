package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"runtime"
	"slices"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// A door is what the engine keeps its facts through. It closes for good when its node dies, and the weather can hold up who goes through.
type door struct {
	bridge.Store
	node    *node
	weather weather
}

// enter is the way in: who is of a dead node stops here, who is of a frozen one waits. The error is the store's that is out of reach.
func (d *door) enter(operation, about string) error {
	d.pass()
	var err error
	if d.weather != nil {
		var delay time.Duration
		delay, err = d.weather.store(d.node.berth.name(), operation, about)
		_ = d.node.berth.clock.Sleep(context.Background(), delay)
	}
	d.node.burn()
	d.pass()
	return err
}

// leave is the way out.
func (d *door) leave() {
	d.node.burn()
	d.pass()
}

func (d *door) pass() {
	if d.node.dead.Load() {
		runtime.Goexit()
	}
	d.node.berth.thaw()
}

// Keep implements bridge.Store.
func (d *door) Keep(ctx context.Context, k bridge.Keeping) (bridge.Kept, error) {
	if d.doomed(k, beforeIntent, beforeOutcome) {
		d.node.die()
	}
	if err := d.enter("keep", aboutOf(k)); err != nil {
		return bridge.Kept{}, err
	}
	kept, err := d.Store.Keep(ctx, k)
	if err == nil && d.weather != nil {
		d.weather.kept(d.node.berth.name(), kept.New)
	}
	if err == nil && k.State == bridge.Unchecked {
		d.node.program.bridge.Wake() // who sleeps until something is due knows nothing of this
	}
	if err == nil && d.doomed(k, beforeCall, afterOutcome) {
		d.node.die()
	}
	d.leave()
	return kept, err
}

// aboutOf names what is kept.
func aboutOf(k bridge.Keeping) string {
	switch {
	case k.Delivery != nil:
		return contentOf(*k.Delivery)
	case len(k.Facts) > 0:
		return k.Facts[0].Purchase.ID
	}
	return ""
}

// contentOf names a delivery by its content without the headers: signatures differ from run to run, and an id is made of them.
func contentOf(d purchase.Delivery) string {
	h := fnv.New64a()
	fmt.Fprint(h, d.Account, " ", d.Query, " ")
	_, _ = h.Write(d.Body)
	return fmt.Sprintf("%x", h.Sum64())
}

// doomed tells whether these facts are the intent or the outcome at whose moment the node dies.
func (d *door) doomed(k bridge.Keeping, intent, outcome moment) bool {
	doom := d.node.doom.Load()
	for _, f := range k.Facts {
		switch {
		case f.Detail.Step == "" || f.Detail.Step != doom.step:
		case f.Kind == purchase.Intended && doom.at == intent, f.Kind == purchase.Concluded && doom.at == outcome:
			return true
		}
	}
	return false
}

// Claim implements bridge.Store.
func (d *door) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]bridge.Claim, error) {
	if err := d.enter("claim", ""); err != nil {
		return nil, err
	}
	defer d.leave()
	if d.weather != nil {
		n = 1 // so that no two purchases begin to move at one instant
	}
	claims, err := d.Store.Claim(ctx, owner, n, lease)
	if d.weather != nil {
		for _, c := range claims {
			d.weather.kept(d.node.berth.name(), slices.DeleteFunc(slices.Clone(c.Facts), func(f purchase.Fact) bool { return f.Kind != purchase.Restored || !f.Seen.Equal(c.Now) }))
		}
	}
	return claims, err
}

// Settle implements bridge.Store.
func (d *door) Settle(ctx context.Context, c bridge.Claim, s bridge.Settlement) error {
	if err := d.enter("settle", c.Row.Key.ID); err != nil {
		return err
	}
	defer d.leave()
	return d.Store.Settle(ctx, c, s)
}

// Find implements bridge.Store.
func (d *door) Find(ctx context.Context, key purchase.Key) (bridge.Row, []purchase.Fact, error) {
	if err := d.enter("find", key.ID); err != nil {
		return bridge.Row{}, nil, err
	}
	defer d.leave()
	return d.Store.Find(ctx, key)
}

// Resolve implements bridge.Store.
func (d *door) Resolve(ctx context.Context, account, payment string) (purchase.Key, error) {
	if err := d.enter("resolve", payment); err != nil {
		return purchase.Key{}, err
	}
	return d.Store.Resolve(ctx, account, payment)
}

// Unchecked implements bridge.Store.
func (d *door) Unchecked(ctx context.Context, n int) ([]purchase.Delivery, error) {
	if err := d.enter("unchecked", ""); err != nil {
		return nil, err
	}
	return d.Store.Unchecked(ctx, n)
}

// Reconsider implements bridge.Store.
func (d *door) Reconsider(ctx context.Context) (int, error) {
	if err := d.enter("reconsider", ""); err != nil {
		return 0, err
	}
	return d.Store.Reconsider(ctx)
}

// Quarantine implements bridge.Store.
func (d *door) Quarantine(ctx context.Context, delivery purchase.Delivery, why purchase.Refusal) error {
	if err := d.enter("quarantine", contentOf(delivery)); err != nil {
		return err
	}
	return d.Store.Quarantine(ctx, delivery, why)
}

// FindToken implements bridge.Store.
func (d *door) FindToken(ctx context.Context, hash string) (bridge.Token, error) {
	if err := d.enter("token", hash); err != nil {
		return bridge.Token{}, err
	}
	return d.Store.FindToken(ctx, hash)
}

// ClaimList implements bridge.Store.
func (d *door) ClaimList(ctx context.Context, account, owner string, lease time.Duration) (bridge.Listing, error) {
	if err := d.enter("claim list", account); err != nil {
		return bridge.Listing{}, err
	}
	defer d.leave()
	return d.Store.ClaimList(ctx, account, owner, lease)
}

// SettleList implements bridge.Store.
func (d *door) SettleList(ctx context.Context, l bridge.Listing, due time.Time) error {
	if err := d.enter("settle list", l.Account); err != nil {
		return err
	}
	defer d.leave()
	return d.Store.SettleList(ctx, l, due)
}
