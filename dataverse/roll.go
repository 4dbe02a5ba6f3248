package dataverse

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// rollPage is how many rows Dynamics is asked for at a time: some of a second's work over there.
const rollPage = 500

// Registrations walks what was registered between two instants, oldest first, a page at a time: purchases and whether they have their
// seats in the real-time dialect; in the outbound one that too where the organisation shows it, else the seats, by when they were made.
// An organisation that shows neither is purchase.ErrUnlisted. Other errors end the walk and answer purchase.Retry.
func (c *Client) Registrations(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Registration, error] {
	return func(yield func(purchase.Registration, error) bool) {
		d, err := c.speak(ctx)
		if err != nil {
			yield(purchase.Registration{}, err)
			return
		}
		d.roll(ctx, from, to)(yield)
	}
}

func (d *realtime) roll(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Registration, error] {
	return rolled(walkRows(ctx, d.Client, rollOfPurchases(from, to), (*Client).registration))
}

// roll tries the purchases; many organisations show none, or not when they were made: then it is the seats.
func (o *outbound) roll(ctx context.Context, from, to time.Time) iter.Seq2[purchase.Registration, error] {
	return rolled(func(yield func(purchase.Registration, error) bool) {
		shown := false
		for r, err := range walkRows(ctx, o.Client, rollOfPurchases(from, to), (*Client).registration) {
			if err != nil && hidden(err) {
				break
			}
			if shown = true; !yield(r, err) {
				return
			}
		}
		if !shown {
			walkRows(ctx, o.Client, rollOfSeats(from, to), (*Client).seat)(yield)
		}
	})
}

// rolled tells "cannot be listed, ever" from "not now".
func rolled(walk iter.Seq2[purchase.Registration, error]) iter.Seq2[purchase.Registration, error] {
	return func(yield func(purchase.Registration, error) bool) {
		for r, err := range walk {
			if err != nil && hidden(err) {
				err = fmt.Errorf("%w: %w", purchase.ErrUnlisted, err)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// A listedRow is a purchase or a registration as lists show it. Which columns are there depends on what was asked for.
type listedRow struct {
	row
	ID string `json:"msevtmgt_eventpurchaseid"`
	Of string `json:"_msevtmgt_purchaseid_value"`
}

func rollOfPurchases(from, to time.Time) call {
	return roll(purchaseSet, "msevtmgt_totalprice,msevtmgt_paid,msevtmgt_processed,createdon", "&$expand=transactioncurrencyid($select=isocurrencycode)", from, to)
}

func rollOfSeats(from, to time.Time) call {
	return roll("msevtmgt_eventregistrations", "_msevtmgt_purchaseid_value,createdon", "", from, to)
}

// roll asks for what was made in a time. Seconds are as fine as Dynamics notes them.
func roll(set, columns, more string, from, to time.Time) call {
	const form = "2006-01-02T15:04:05Z"
	filter := "createdon ge " + from.UTC().Format(form) + " and createdon lt " + to.UTC().Format(form)
	return call{doing: "list the registrations", operation: opReadBack, segment: set, page: rollPage,
		rest: "?$select=" + columns + more + "&$orderby=createdon&$filter=" + url.PathEscape(filter)}
}

// registration reads a purchase's row. A price that cannot be read is left out: it is not what the list is for.
func (c *Client) registration(r listedRow) (purchase.Registration, bool) {
	money, err := price(r.amount(), strings.ToUpper(strings.TrimSpace(r.Currency.ISO)))
	if err != nil {
		money = purchase.Money{}
	}
	return c.listed(r.ID, purchase.Registration{Price: money, Registered: r.Processed == yes}, r)
}

// seat reads a registration's row. One of no purchase is a free one.
func (c *Client) seat(r listedRow) (purchase.Registration, bool) {
	return c.listed(r.Of, purchase.Registration{Registered: true, Seats: 1}, r)
}

func (c *Client) listed(id string, r purchase.Registration, from listedRow) (purchase.Registration, bool) {
	name, err := purchase.ParseID(id)
	if err != nil {
		return r, false
	}
	r.Purchase, r.Created = name, c.clock.ours(from.created())
	return r, true
}

// pagesMost is more than a million purchases in one list.
const pagesMost = 2500

// walkRows follows the links from page to page. A link that leads anywhere but to this list is not followed: the token goes with it. Nor is
// one that leads back.
func walkRows(ctx context.Context, c *Client, k call, read func(*Client, listedRow) (purchase.Registration, bool)) iter.Seq2[purchase.Registration, error] {
	return func(yield func(purchase.Registration, error) bool) {
		seen := map[string]bool{}
		for list := c.address(call{segment: k.segment}); k.rest != ""; {
			seen[k.rest] = true
			var page struct {
				Value []listedRow `json:"value"`
				Next  string      `json:"@odata.nextLink"`
			}
			if err := c.readJSON(ctx, k, &page); err != nil {
				yield(purchase.Registration{}, err)
				return
			}
			if page.Value == nil { // which is not an empty list
				yield(purchase.Registration{}, notUnderstood(k, http.StatusOK))
				return
			}
			for _, row := range page.Value {
				if r, ok := read(c, row); ok && !yield(r, nil) {
					return
				}
			}
			rest, ours := strings.CutPrefix(page.Next, list)
			if page.Next != "" && (!ours || !strings.HasPrefix(rest, "?") || seen[rest] || len(seen) >= pagesMost) {
				yield(purchase.Registration{}, &failure{doing: k.doing, reason: "odd_link", cause: "the list goes on at an address that is not its own, or has no end"})
				return
			}
			k.rest = rest
		}
	}
}
