package dataverse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// realtime is paid events of real-time journeys.
// Source: Dynamics 365 Customer Insights - Journeys, payment gateway integration.
type realtime struct{ *Client }

const (
	finishAction = "msevtmgt_finalizeregistrationpayment"
	purchaseSet  = "msevtmgt_eventpurchases"
	attendeeSet  = "msevtmgt_eventpurchaseattendees"

	// The lower value frees the seat.
	paymentCancelled = 100000000
	paymentCompleted = 100000001
)

func (d *realtime) name() Dialect      { return DialectRealtime }
func (d *realtime) finishes() []string { return []string{finishAction} }

// present asks for the column that only payments of real-time journeys have.
func (d *realtime) present(ctx context.Context) (bool, error) {
	_, err := d.read(ctx, call{doing: "find the dialect", operation: opPrice, segment: purchaseSet, rest: "?$select=msevtmgt_totalprice&$top=1"})
	var f *failure
	if errors.As(err, &f) && f.class == refused { // the table without the column
		return false, nil
	}
	return exists(err)
}

// readable reads one row of everything that a price and a read-back are made of.
func (d *realtime) readable(ctx context.Context) error {
	for _, k := range []call{
		{segment: purchaseSet, rest: columnsOfPrice + "&$top=1"},
		{segment: attendeeSet, rest: "?$select=_msevtmgt_purchaseid_value,_msevtmgt_eventregistrationid_value&$top=1"},
		{segment: "transactioncurrencies", rest: "?$select=isocurrencycode&$top=1"},
	} {
		k.doing, k.operation = "read "+k.segment, opPrice
		if _, err := d.read(ctx, k); err != nil {
			return err
		}
	}
	return nil
}

const (
	columnsOfOrigin = "?$select=createdon,_msevtmgt_eventid_value,_msevtmgt_purchasingcontactid_value"
	columnsOfPrice  = "?$select=msevtmgt_totalprice,msevtmgt_paid,msevtmgt_processed,createdon,_msevtmgt_eventid_value,_msevtmgt_purchasingcontactid_value" +
		"&$expand=transactioncurrencyid($select=isocurrencycode)"
)

// price reads the row of the purchase. The amount is exact in the decimals of ISO 4217, whatever precision the organisation pads
// it to; a missing currency is never made up.
func (d *realtime) price(ctx context.Context, id string) (purchase.Offer, error) {
	row, err := d.readRow(ctx, opPrice, "read the price", id, columnsOfPrice)
	var f *failure
	switch {
	case isAbsent(err):
		return purchase.Offer{}, fmt.Errorf("%w: %w", purchase.ErrNoPurchase, err)
	case errors.As(err, &f) && f.class == missing:
		d.forget()
		return purchase.Offer{}, err
	case err != nil:
		return purchase.Offer{}, err
	}
	money, err := price(row.amount(), strings.ToUpper(strings.TrimSpace(row.Currency.ISO)))
	if err != nil {
		return purchase.Offer{}, fmt.Errorf("read the price: %w", err)
	}
	e, err := d.event(ctx, row.Event)
	if err != nil {
		return purchase.Offer{}, err
	}
	offer := purchase.Offer{Money: money, Event: e.readable, EventName: e.name, User: row.Contact, Created: d.clock.ours(row.created())}
	switch {
	case row.Processed == yes:
		d.registered(ctx, id, row, &offer)
	case row.Paid == yes: // work in progress over there
		offer.Seats = purchase.SeatsUnsaid
	}
	return offer, nil
}

// registered adds the seats of a purchase that has them already, by what its row says; what cannot be read is SeatsUnsaid.
func (d *realtime) registered(ctx context.Context, id string, row row, offer *purchase.Offer) {
	offer.Seats = purchase.SeatsUnsaid
	links, err := d.attendees(ctx, opPrice, id)
	if err != nil {
		return
	}
	if seats, err := judgeSeats(&row, links); err == nil && seats != purchase.SeatsUnsaid {
		offer.Seats, offer.Attendees = seats, len(links)
	}
}

// finalize reports the payment as completed. The answer has no content that could confirm anything.
func (d *realtime) finalize(ctx context.Context, id string, f purchase.Final) purchase.Outcome {
	return d.report(ctx, "finalize", id, paymentCompleted, f.SendBefore)
}

// release reports the payment as cancelled, by the same action.
func (d *realtime) release(ctx context.Context, id string, before time.Time) purchase.Outcome {
	return d.report(ctx, "release", id, paymentCancelled, before)
}

func (d *realtime) report(ctx context.Context, doing, id string, status int, before time.Time) purchase.Outcome {
	r, v := d.send(ctx, call{doing: doing, operation: opFinalize, segment: finishAction,
		body: body(map[string]any{"msevtmgt_purchaseid": id, "msevtmgt_paymentstatus": status})}, before)
	if v != nil {
		return v.Outcome
	}
	d.evidence.note(fmt.Sprintf("%s %d", finishAction, status), r)
	if len(r.body) > 0 && !json.Valid(r.body) {
		return purchase.Outcome{Result: purchase.Unknown, Reason: "not_json"}
	}
	return purchase.Outcome{Result: purchase.Acknowledged}
}

func (d *realtime) readBack(ctx context.Context, id string) (purchase.Seats, error) {
	seats, err := d.seats(ctx, id)
	if isAbsent(err) {
		return "", fmt.Errorf("a purchase that had a price has no row: %w", err)
	}
	return seats, err
}
