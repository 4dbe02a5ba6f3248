package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// spoils is what Dynamics does to the finalize of a turn.
var spoils = map[turn]dataversesim.Kind{turnGateway: dataversesim.KindCommit502, turnUnavailable: dataversesim.KindUnavailable,
	turnPartial: dataversesim.KindPartialSeats}

// wanders is a buyer who does more at the pay page than pay.
func (b *buyer) wanders(ctx context.Context, redirect string, page webPage) error {
	switch b.scene.Turn {
	case turnReload:
		for range 3 {
			again, err := b.enter(ctx, redirect)
			if err != nil {
				return fmt.Errorf("our redirect leg, again: %w", err)
			}
			page = again
		}
	case turnRepriced:
		if err := b.dynamics.Reprice(b.purchase, "999.00"); err != nil {
			return err
		}
	case turnTwoPlaces:
		return b.paysAtBoth(ctx, redirect, page)
	}
	return b.press(ctx, page, "pay")
}

// paysAtBoth opens the pay page of another provider as well. There the money may come too late to be taken.
func (b *buyer) paysAtBoth(ctx context.Context, redirect string, page webPage) error {
	first := b.shop
	for _, other := range b.shops {
		if other != first && other.Manners().Page {
			b.shop = other
			break
		}
	}
	second, err := b.enter(ctx, redirect)
	if err != nil || b.shop == first {
		b.shop = first
		return errors.Join(err, b.press(ctx, page, "pay"))
	}
	err = b.press(ctx, second, "pay")
	b.shop = first
	if err != nil {
		return err
	}
	if err := b.press(ctx, page, "pay"); err != nil {
		b.trouble = err.Error() // it was ended meanwhile
	}
	return nil
}

// afterwards is what becomes of a payment on the organiser's page.
func (b *buyer) afterwards(ctx context.Context) error {
	window := b.dynamics.Config().Window
	switch b.scene.Turn {
	case turnPending, turnBounced:
		return errors.Join(sleepUntil(ctx, b.registered.Add(window/2)), b.shop.Settle(b.payment, b.scene.Turn == turnPending))
	case turnPendingLate:
		return errors.Join(sleepUntil(ctx, b.registered.Add(window*103/100)), b.shop.Settle(b.payment, true))
	case turnRefunded, turnPartBack, turnChargeback:
		value := ""
		if b.scene.Turn == turnPartBack {
			value = "5.00"
		}
		err := b.awaitSeat(ctx, b.registered.Add(window))
		b.returned = time.Now()
		return errors.Join(err, b.shop.GiveBack(b.payment, value, b.scene.Turn == turnChargeback))
	}
	return nil
}

// awaitSeat waits until Dynamics has registered the buyer, and a moment longer, so that the daemon knows it too.
func (b *buyer) awaitSeat(ctx context.Context, until time.Time) error {
	for time.Now().Before(until) {
		if p, ok := b.dynamics.Purchase(b.purchase); ok && len(p.Seats) > 0 {
			break
		}
		if err := sleepUntil(ctx, time.Now().Add(b.dynamics.Config().Window/450)); err != nil {
			return err
		}
	}
	return sleepUntil(ctx, time.Now().Add(2*time.Second))
}
