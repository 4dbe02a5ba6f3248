package dataverse

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

// A row is a purchase as its table shows it. Which columns are there depends on what was asked for.
type row struct {
	Total     json.RawMessage `json:"msevtmgt_totalprice"`
	Paid      flag            `json:"msevtmgt_paid"`
	Processed flag            `json:"msevtmgt_processed"`
	Created   string          `json:"createdon"`
	Event     string          `json:"_msevtmgt_eventid_value"`
	Contact   string          `json:"_msevtmgt_purchasingcontactid_value"`
	Currency  struct {
		ISO string `json:"isocurrencycode"`
	} `json:"transactioncurrencyid"`
}

// A flag is a column with yes or no in it. One that is missing, or null because we may not see it, says neither.
type flag int8

const (
	unsaidFlag flag = iota
	no
	yes
)

// UnmarshalJSON takes nothing but true, false and null.
func (f *flag) UnmarshalJSON(raw []byte) error {
	switch string(raw) {
	case "true":
		*f = yes
	case "false":
		*f = no
	case "null":
		*f = unsaidFlag
	default:
		return errNotObject
	}
	return nil
}

func (r row) amount() string {
	text, _ := asText(r.Total)
	return strings.TrimSpace(text)
}

// created is zero where it cannot be read.
func (r row) created() time.Time {
	at, err := time.Parse(time.RFC3339, r.Created)
	if err != nil {
		return time.Time{}
	}
	return at
}

func (c *Client) readRow(ctx context.Context, operation, doing, id, columns string) (row, error) {
	var r row
	err := c.readJSON(ctx, call{doing: doing, operation: operation, segment: purchaseSet, rest: "(" + id + ")" + columns}, &r)
	return r, err
}

// readJSON reads into a value. An answer that cannot be read into it is a failure that proves nothing.
func (c *Client) readJSON(ctx context.Context, k call, into any) error {
	r, err := c.read(ctx, k)
	if err != nil {
		return err
	}
	if json.Unmarshal(r.body, into) != nil || saysTwice(r.body) {
		return notUnderstood(k, r.status)
	}
	return nil
}

func notUnderstood(k call, status int) *failure {
	return &failure{doing: k.doing, status: status, reason: "not_json", cause: "the answer was not understood", again: true}
}

// A link is one attendee of a purchase: the registration it became, "" while there is none.
type link struct {
	Registration string `json:"_msevtmgt_eventregistrationid_value"`
}

// attendees reads the attendees of a purchase. A list that goes on elsewhere is no basis for anything and counts as refused.
func (c *Client) attendees(ctx context.Context, operation, id string) ([]link, error) {
	return list[link](ctx, c, operation, attendeeSet, "_msevtmgt_eventregistrationid_value", id)
}

// registrations reads the registrations that name the purchase, where an organisation links them.
func (c *Client) registrations(ctx context.Context, id string) ([]struct{}, error) {
	return list[struct{}](ctx, c, opReadBack, "msevtmgt_eventregistrations", "msevtmgt_eventregistrationid", id)
}

func list[T any](ctx context.Context, c *Client, operation, set, column, id string) ([]T, error) {
	var page struct {
		Value []T    `json:"value"`
		Next  string `json:"@odata.nextLink"`
	}
	k := call{doing: "read the registration back", operation: operation, segment: set,
		rest: "?$select=" + column + "&$filter=" + url.PathEscape("_msevtmgt_purchaseid_value eq "+id)}
	if err := c.readJSON(ctx, k, &page); err != nil {
		return nil, err
	}
	if page.Next != "" {
		return nil, &failure{doing: k.doing, class: refused, reason: "too_many", cause: "the list of attendees has more than one page"}
	}
	if page.Value == nil { // which is not an empty list
		return nil, notUnderstood(k, http.StatusOK)
	}
	return page.Value, nil
}

// An event is what a purchase's event is called.
type event struct{ readable, name string }

// event reads what an event is called; there are few, so it is remembered. One that may not be read has no name, which is no
// error.
func (c *Client) event(ctx context.Context, id string) (event, error) {
	if !guidShape.MatchString(id) {
		return event{}, nil
	}
	if e, ok := c.events.get(id, c.now()); ok {
		return e, nil
	}
	var found struct {
		Readable string `json:"msevtmgt_readableeventid"`
		Name     string `json:"msevtmgt_name"`
	}
	err := c.readJSON(ctx, call{doing: "read the event", operation: opPrice, segment: "msevtmgt_events",
		rest: "(" + id + ")?$select=msevtmgt_readableeventid,msevtmgt_name"}, &found)
	if err != nil && !hidden(err) {
		return event{}, err
	}
	e := event{readable: strings.TrimSpace(found.Readable), name: plainText(found.Name)}
	c.events.put(id, e, c.now())
	return e, nil
}

// hidden tells whether an error says that something can never be read here, rather than not now.
func hidden(err error) bool {
	var f *failure
	return errors.As(err, &f) && (f.class == missing || f.class == absent || f.class == refused || f.code == codePrivilege)
}

var control = regexp.MustCompile(`[\x00-\x1f\x7f]+`)

// plainText is a name as one line.
func plainText(s string) string { return strings.TrimSpace(control.ReplaceAllString(s, " ")) }
