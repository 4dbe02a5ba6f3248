package stripe

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const maxPages = 1000

// List walks the events between two instants, oldest first, whether or not they reached us; Stripe keeps them for thirty days. They
// are read with our own key, so what they tell is proof. An error ends the walk; events that are not understood are left out.
func (s *Stripe) List(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Fact, error] {
	return func(yield func(purchase.Fact, error) bool) {
		events, err := s.events(ctx, from, to)
		if err != nil {
			yield(purchase.Fact{}, err)
			return
		}
		for _, e := range events {
			facts, err := s.tell(e)
			if err != nil {
				s.Log.Warn("an event in Stripe's list is not understood", zap.String("account", s.Account), zap.Error(err))
				continue
			}
			for _, f := range facts {
				if !yield(f, nil) {
					return
				}
			}
		}
	}
}

// events collects the pages, which come newest first.
func (s *Stripe) events(ctx context.Context, from, to time.Time) ([]event, error) {
	query := url.Values{"limit": {"100"}, "created[gte]": {strconv.FormatInt(from.Unix(), 10)}, "created[lte]": {strconv.FormatInt(to.Unix(), 10)},
		"types[]": needed}
	var all []event
	for range maxPages {
		var page list[event]
		if err := s.Call(ctx, protocol.Call{Operation: protocol.List, Path: "/v1/events", Query: query}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if !page.More || len(page.Data) == 0 {
			slices.Reverse(all)
			return all, nil
		}
		query.Set("starting_after", page.Data[len(page.Data)-1].ID)
	}
	return nil, s.Never(protocol.List, errors.New("the list does not end; choose a shorter time"))
}
