package store_test

import (
	"context"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// both is a store with its outbox, to be broken in one way.
type both struct {
	bridge.Store
	bridge.Outbox
}

func whole(s bridge.Store) both { return both{s, s.(bridge.Outbox)} }

type sendsTwice struct{ both }

func (s sendsTwice) ClaimMessages(ctx context.Context, owner, channel string, n int, _ time.Duration) ([]bridge.Message, error) {
	return s.both.ClaimMessages(ctx, owner, channel, n, -time.Second)
}

type settlesForAll struct{ both }

func (s settlesForAll) SettleMessage(ctx context.Context, m bridge.Message, how bridge.MessageSettlement) error {
	if err := s.both.SettleMessage(ctx, m, how); err != bridge.ErrLost {
		return err
	}
	return nil
}

type forgetsMessages struct{ both }

func (s forgetsMessages) SettleMessage(ctx context.Context, m bridge.Message, how bridge.MessageSettlement) error {
	how.State = bridge.MessageDropped
	return s.both.SettleMessage(ctx, m, how)
}

// remembers knows an address again after it was erased.
type remembers struct{ both }

func (s remembers) FindContact(ctx context.Context, key purchase.Key) (bridge.KnownContact, error) {
	c, err := s.both.FindContact(ctx, key)
	if err == bridge.ErrErased {
		return bridge.KnownContact{}, bridge.ErrNotFound
	}
	return c, err
}
