package paypal

import (
	"context"
	"encoding/json"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	eventsPath = "/v1/notifications/webhooks-events"
	eventsPage = "50"
	maxPages   = 1000
)

type eventPage struct {
	Events []json.RawMessage `json:"events"`
	Links  []link            `json:"links"`
}

// List walks the webhooks that PayPal has for the app between two instants, oldest first, whether or not they reached us. What they
// tell is hearsay, as if they had been delivered. An error ends the walk; events that are not understood are left out.
func (p *PayPal) List(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Fact, error] {
	return func(yield func(purchase.Fact, error) bool) {
		events, err := p.events(ctx, from, to)
		if err != nil {
			yield(purchase.Fact{}, err)
			return
		}
		for _, raw := range events {
			facts, err := p.readEvent(raw)
			if err != nil {
				p.Log.Warn("an event in PayPal's list is not understood", zap.String("account", p.Account), zap.Error(err))
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

// events collects the pages, which come in an order that PayPal does not promise.
func (p *PayPal) events(ctx context.Context, from, to time.Time) ([]json.RawMessage, error) {
	if p.client == nil {
		return nil, p.sender.Never(protocol.List, errNoCredentials)
	}
	query := url.Values{"page_size": {eventsPage}, "start_time": {from.UTC().Format(time.RFC3339)}, "end_time": {to.UTC().Format(time.RFC3339)}}
	var all []json.RawMessage
	for range maxPages {
		var page eventPage
		if err := p.client.call(ctx, call{operation: protocol.List, method: http.MethodGet, path: eventsPath, query: query}, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Events...)
		next, ok := nextQuery(page.Links)
		if !ok {
			slices.SortStableFunc(all, func(a, b json.RawMessage) int { return created(a).Compare(created(b)) })
			return all, nil
		}
		query = next
	}
	return nil, p.sender.Never(protocol.List, errors.New("the list does not end; choose a shorter time"))
}

// nextQuery takes only the query of the link to the next page, and only if it leads to this list.
func nextQuery(links []link) (url.Values, bool) {
	for _, l := range links {
		if l.Rel != "next" {
			continue
		}
		u, err := url.Parse(l.Href)
		if err != nil || strings.TrimSuffix(u.Path, "/") != eventsPath {
			return nil, false
		}
		return u.Query(), true
	}
	return nil, false
}

func created(raw json.RawMessage) time.Time {
	var e struct {
		Create stamp `json:"create_time"`
	}
	_ = json.Unmarshal(raw, &e) // what is no event has no time, and readEvent refuses it
	return e.Create.Time
}
