package mollie

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/paybridge/paybridge/providers/protocol"
)

const (
	pageSize = "250" // the largest there is
	maxPages = 1000
)

// page is one page of a list: its objects are under the name of their kind.
type page struct {
	Embedded map[string]json.RawMessage `json:"_embedded"`
	Links    struct {
		Next link `json:"next"`
	} `json:"_links"`
}

// pages reads a list page by page, newest first, until take has enough. Of the address of the next page only the id counts where that
// begins: no other address is ever followed.
func pages[T any](ctx context.Context, m *Mollie, path, name string, take func([]T) (enough bool)) error {
	query := url.Values{"limit": {pageSize}}
	for range maxPages {
		var p page
		var objects []T
		if err := m.Call(ctx, protocol.Call{Operation: protocol.List, Path: path, Query: query}, &p); err != nil {
			return err
		}
		if raw := p.Embedded[name]; len(raw) > 0 && json.Unmarshal(raw, &objects) != nil {
			return m.Unusable(protocol.List, http.StatusOK, errors.New("the list cannot be read"))
		}
		from := p.Links.Next.from()
		if take(objects) || from == "" || from == query.Get("from") {
			return nil
		}
		query.Set("from", from)
	}
	return m.Never(protocol.List, errors.New("the list does not end; choose a shorter time"))
}

// from is the id at which the next page begins; "" where there is none.
func (l link) from() string {
	u, err := url.Parse(l.Href)
	if err != nil || !objectIDs.MatchString(u.Query().Get("from")) {
		return ""
	}
	return u.Query().Get("from")
}

// collect reads a whole list.
func collect[T any](ctx context.Context, m *Mollie, path, name string) (all []T, err error) {
	err = pages(ctx, m, path+"/"+name, name, func(objects []T) bool {
		all = append(all, objects...)
		return false
	})
	return all, err
}
