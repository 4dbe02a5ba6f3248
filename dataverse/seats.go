package dataverse

import (
	"context"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const columnsOfSeats = "?$select=msevtmgt_paid,msevtmgt_processed"

// seats reads the row of a purchase and its attendees. What may not be read, or is not there, leaves SeatsUnsaid; a row that is
// missing although the table is there is an error of class absent for the dialect to judge.
func (c *Client) seats(ctx context.Context, id string) (purchase.Seats, error) {
	row, err := c.readRow(ctx, opReadBack, "read the registration back", id, columnsOfSeats)
	if err != nil {
		return unsaid(err)
	}
	links, err := c.attendees(ctx, opReadBack, id)
	if err != nil {
		return unsaid(err)
	}
	return judgeSeats(&row, links)
}

// unsaid tells "cannot say, ever" from "not now". A single missing row is neither.
func unsaid(err error) (purchase.Seats, error) {
	if hidden(err) && !isAbsent(err) {
		return purchase.SeatsUnsaid, nil
	}
	return "", err
}

// judgeSeats says what row and attendees amount to; without a row (nil) only a link proves anything. "None" needs all of them to
// agree, since it may lead to a second finalize: a payment that is noted, or a row that claims more than its attendees show, is
// work in progress over there, to be looked at again, and a row that does not show us whether proves nothing.
func judgeSeats(row *row, links []link) (purchase.Seats, error) {
	linked := 0
	for _, l := range links {
		if l.Registration != "" {
			linked++
		}
	}
	all := linked > 0 && linked == len(links)
	switch {
	case all && (row == nil || row.Processed == yes):
		return purchase.SeatsAll, nil
	case linked > 0:
		return purchase.SeatsSome, nil
	case row == nil:
		return purchase.SeatsUnsaid, nil
	case row.Processed == yes && len(links) == 0:
		return purchase.SeatsUnsaid, nil
	case row.Processed == yes || row.Paid == yes:
		return "", &failure{doing: "read the registration back", reason: "in_progress", cause: "the payment is noted and the registrations are not there yet", again: true}
	case row.Processed != no || row.Paid != no:
		return purchase.SeatsUnsaid, nil
	}
	return purchase.SeatsNone, nil
}

// countSeats is for an organisation that shows no row for the purchase: its attendees and the registrations that name it are two
// witnesses. One that shows seats is believed; that there are none takes both.
func (o *outbound) countSeats(ctx context.Context, id string) (purchase.Seats, error) {
	links, err := o.attendees(ctx, opReadBack, id)
	if err != nil {
		return unsaid(err)
	}
	seats, err := judgeSeats(nil, links)
	if err != nil || seats != purchase.SeatsUnsaid || len(links) == 0 {
		return seats, err
	}
	made, err := o.registrations(ctx, id)
	switch {
	case err != nil:
		return unsaid(err)
	case len(made) == 0:
		return purchase.SeatsNone, nil
	case len(made) < len(links):
		return purchase.SeatsSome, nil
	}
	return purchase.SeatsAll, nil
}
