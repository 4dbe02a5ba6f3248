package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/paybridge/paybridge/bridge"
)

func (b *Bench) claimList(owner string) (bridge.Listing, error) {
	return b.ClaimList(context.Background(), "shop", owner, time.Minute)
}

func (b *Bench) settleList(l bridge.Listing, due time.Duration) error {
	return b.SettleList(context.Background(), l, b.Clock.Now().Add(due))
}

// busyList wants that nobody else may have the list.
func (b *Bench) busyList(when string) error {
	if l, err := b.claimList("other"); !errors.Is(err, bridge.ErrNotFound) {
		return fmt.Errorf("%s, a second reader got %+v, %v", when, l, err)
	}
	return nil
}

func listLeased(b *Bench) error {
	l, err := b.claimList("a")
	if err := first(err, want("failures", l.Failures, 0), want("now", l.Now, b.Clock.Now()), b.busyList("while it is read")); err != nil {
		return err
	}
	if !l.Complete.IsZero() {
		return fmt.Errorf("a list that nobody read is complete until %v", l.Complete)
	}
	if other, err := b.ClaimList(context.Background(), "another", "b", time.Minute); err != nil {
		return fmt.Errorf("the list of another account: %+v, %w", other, err)
	}
	b.Clock.Move(time.Minute)
	if _, err := b.claimList("b"); err != nil {
		return fmt.Errorf("after the lease: %w", err)
	}
	if err := b.settleList(l, 0); !errors.Is(err, bridge.ErrLost) {
		return fmt.Errorf("who lost the list settled it: %v", err)
	}
	if err := b.busyList("after the loser tried"); err != nil {
		return err
	}
	b.Clock.Move(time.Minute)
	if _, err := b.claimList("a"); err != nil {
		return err
	}
	if err := b.settleList(l, 0); !errors.Is(err, bridge.ErrLost) {
		return fmt.Errorf("an owner settled a claim that was its own once: %v", err)
	}
	return nil
}

func listKept(b *Bench) error {
	l, err := b.claimList("a")
	if err != nil {
		return err
	}
	l.Complete, l.Failures = b.Clock.Now().Add(-time.Second), 3
	if err := first(b.settleList(l, time.Hour), b.busyList("before it is due")); err != nil {
		return err
	}
	b.Clock.Move(time.Hour)
	again, err := b.claimList("a")
	return first(err, want("complete", again.Complete, l.Complete), want("failures", again.Failures, 3))
}

func listReopened(b *Bench) error {
	l, err := b.claimList("a")
	if err != nil {
		return err
	}
	l.Complete = b.Clock.Now()
	if err := first(b.settleList(l, time.Hour), b.Reopen()); err != nil {
		return err
	}
	again, err := b.claimList("b")
	if err := first(err, want("complete", again.Complete, l.Complete), b.Reopen()); err != nil {
		return err
	}
	_, err = b.claimList("c")
	return err
}

func listDisjoint(b *Bench) error {
	var got atomic.Int32
	err := together(16, func(i int) error {
		_, err := b.claimList(fmt.Sprint("node-", i))
		if err == nil {
			got.Add(1)
		} else if !errors.Is(err, bridge.ErrNotFound) {
			return err
		}
		return nil
	})
	return first(err, want("readers", got.Load(), int32(1)))
}
