package providertest

import (
	"context"
	"fmt"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// moved is money of one object.
type moved struct {
	kind   purchase.Kind
	object string
}

// asListed: what was not heard is learned from the list, so the list must tell of the same objects and amounts as asking does: else one
// payment would become two, or would contradict itself.
func asListed(ctx context.Context, h Harness, p bridge.Provider) []string {
	lister, lists := p.(bridge.Lister)
	asker, asks := p.(bridge.Asker)
	if !lists || !asks || len(h.Known) == 0 {
		return nil
	}
	var faults []string
	told := map[moved]purchase.Money{}
	for f, err := range lister.List(ctx, time.Now().Add(-30*24*time.Hour), time.Now().Add(time.Hour)) {
		if err != nil {
			return append(faults, fmt.Sprintf("list: %v", err))
		}
		faults = append(faults, malformed(h, f)...)
		if moves(f) {
			told[moved{f.Kind, f.Object}] = f.Money
		}
	}
	for _, ref := range h.Known {
		facts, err := asker.Ask(ctx, ref)
		if err != nil {
			faults = append(faults, fmt.Sprintf("ask about %s: %v", ref.Payment, err))
		}
		for _, f := range facts {
			if money, there := told[moved{f.Kind, f.Object}]; moves(f) && money != f.Money {
				faults = append(faults, fmt.Sprintf("asked about %s it proves %s %s of %s; the list says %s (%v)", ref.Payment, f.Kind, f.Money, f.Object, money, there))
			}
		}
	}
	return faults
}

func moves(f purchase.Fact) bool {
	return f.Kind == purchase.Captured || f.Kind == purchase.Refunded || f.Kind == purchase.Reversed
}
