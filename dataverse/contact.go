package dataverse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Contact is how the payer of the purchase can be reached: the contact that bought, else the first attendee who has an address. One without
// an address means that Dynamics shows none, or may not show it to us; an error means not now. Nothing of it is remembered here.
func (c *Client) Contact(ctx context.Context, key purchase.Key) (purchase.Contact, error) {
	id, err := purchase.ParseID(key.ID)
	if err != nil {
		return purchase.Contact{}, fmt.Errorf("read how the payer can be reached: %w", err)
	}
	d, err := c.speak(ctx)
	if err != nil {
		return purchase.Contact{}, err
	}
	address, err := d.address(ctx, id)
	if err != nil && !hidden(err) {
		return purchase.Contact{}, err
	}
	return purchase.Contact{Address: address}, nil
}

const doingContact = "read how the payer can be reached"

// address reads the buyer's contact, else those of the attendees, who have one once they are registered.
func (d *realtime) address(ctx context.Context, id string) (purchase.Address, error) {
	row, err := d.readRow(ctx, opPrice, doingContact, id, "?$select=_msevtmgt_purchasingcontactid_value")
	if err != nil {
		return "", err
	}
	if address, err := d.addressOf(ctx, row.Contact); address != "" || err != nil {
		return address, err
	}
	attendees, err := list[struct {
		Contact string `json:"_msevtmgt_attendeecontactid_value"`
	}](ctx, d.Client, opPrice, attendeeSet, "_msevtmgt_attendeecontactid_value", id)
	if err != nil {
		return "", err
	}
	for _, a := range attendees {
		if address, err := d.addressOf(ctx, a.Contact); address != "" || err != nil {
			return address, err
		}
	}
	return "", nil
}

// addressOf reads the address of a contact; "" where there is none or it may not be read.
func (c *Client) addressOf(ctx context.Context, contact string) (purchase.Address, error) {
	if !guidShape.MatchString(contact) {
		return "", nil
	}
	var found struct {
		Address string `json:"emailaddress1"`
	}
	err := c.readJSON(ctx, call{doing: doingContact, operation: opPrice, segment: "contacts", rest: "(" + contact + ")?$select=emailaddress1"}, &found)
	if err != nil && !hidden(err) {
		return "", err
	}
	return purchase.ParseAddress(found.Address), nil
}

// address reads the buyer's contact where the row of the purchase names one, else the attendees that the purchase-info action lists.
func (o *outbound) address(ctx context.Context, id string) (purchase.Address, error) {
	if address, err := o.addressOf(ctx, o.origin(ctx, id).user); address != "" || err != nil {
		return address, err
	}
	r, err := o.purchaseInfo(ctx, id)
	if errors.Is(err, purchase.ErrNoPurchase) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	a, err := readAnswer(r.body)
	if err != nil {
		return "", nil // it shows none
	}
	return firstAddress(a.raw(o.cfg.Fields, outAttendees)), nil
}

// firstAddress looks through a list of attendees, which may be written as a string. What the property is called is not published: any that
// is called some kind of mail and holds an address is one.
func firstAddress(raw json.RawMessage) purchase.Address {
	if text, ok := asText(raw); ok {
		raw = json.RawMessage(text)
	}
	var attendees []json.RawMessage
	if json.Unmarshal(raw, &attendees) != nil {
		return ""
	}
	for _, attendee := range attendees {
		properties, err := object(attendee)
		if err != nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			text, _ := asText(properties[name])
			if address := purchase.ParseAddress(text); address != "" && strings.Contains(plainName(name), "mail") {
				return address
			}
		}
	}
	return ""
}
