package dataverse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// outbound is paid events of outbound marketing. Which of the actions an organisation has depends on its age; what worked is
// asked first the next time.
// Source: Dynamics 365 Marketing, add a payment gateway; finalizing registrations for paid events.
type outbound struct {
	*Client
	info    choice
	finish  choice
	rows    rows
	origins memory[origin]
}

var (
	infoActions   = []string{"msevtmgt_ListDetailedPurchaseInfo", "msevtmgt_GetPurchaseDetailsAction"}
	finishActions = []string{"msevtmgt_FinalizeExternalRegistrationRequest", "adx_FinalizeExternalRegistrationRequest"}
)

// A choice remembers which of several names worked last.
type choice struct{ last atomic.Int32 }

// ordered is the names, the one that worked last first.
func (c *choice) ordered(names []string) []string {
	last := int(c.last.Load())
	return append(slices.Clone(names[last:]), names[:last]...)
}

func (c *choice) worked(names []string, name string) {
	c.last.Store(int32(slices.Index(names, name)))
}

func (o *outbound) name() Dialect      { return DialectOutbound }
func (o *outbound) finishes() []string { return finishActions }

// noPurchase is a GUID that no purchase has.
const noPurchase = "00000000-0000-0000-0000-000000000000"

// present asks the purchase-info actions about no purchase: any answer but "there is no such action" says that it is there.
func (o *outbound) present(ctx context.Context) (bool, error) {
	for _, action := range infoActions {
		_, err := o.ask(ctx, action, noPurchase)
		if there, err := exists(err); there || err != nil {
			if there {
				o.info.worked(infoActions, action)
			}
			return there, err
		}
	}
	return false, nil
}

// readable asks the action that is there about no purchase; that it does not know it is as good as an answer.
func (o *outbound) readable(ctx context.Context) error {
	_, err := o.purchaseInfo(ctx, noPurchase)
	var f *failure
	if errors.Is(err, purchase.ErrNoPurchase) || (errors.As(err, &f) && f.code == codeUnexpected) {
		return nil
	}
	return err
}

func (o *outbound) ask(ctx context.Context, action, id string) (reply, error) {
	return o.read(ctx, call{doing: "read the price", operation: opPrice, segment: action, body: body(map[string]any{"PurchaseId": id})})
}

func (o *outbound) price(ctx context.Context, id string) (purchase.Offer, error) {
	r, err := o.purchaseInfo(ctx, id)
	if err != nil {
		return purchase.Offer{}, err
	}
	offer, err := o.offer(r)
	if err != nil {
		return purchase.Offer{}, fmt.Errorf("read the price: %w", err)
	}
	from := o.origin(ctx, id)
	offer.Created = o.clock.ours(from.created)
	offer.User = cmp.Or(offer.User, from.user)
	offer.Event = cmp.Or(offer.Event, from.event.readable)
	return offer, nil
}

// purchaseInfo calls the first action that is there. A plug-in that refuses the only parameter it has does not know the purchase.
func (o *outbound) purchaseInfo(ctx context.Context, id string) (reply, error) {
	var err error
	for _, action := range o.info.ordered(infoActions) {
		var r reply
		if r, err = o.ask(ctx, action, id); err == nil {
			o.info.worked(infoActions, action)
			o.evidence.note(action, r)
			return r, nil
		}
		var f *failure
		if !errors.As(err, &f) {
			return reply{}, err
		}
		if f.class == absent || f.code == codePlugin {
			f.again = true
			return reply{}, fmt.Errorf("%w: %w", purchase.ErrNoPurchase, f)
		}
		if f.class != missing {
			return reply{}, err
		}
	}
	o.forget()
	return reply{}, err
}

// offer reads the outputs. One that names nothing at all is the answer to an unknown purchase; one that lacks amount or currency
// is no price. A currency symbol is never read: several currencies share it.
func (o *outbound) offer(r reply) (purchase.Offer, error) {
	a, err := readAnswer(r.body)
	if err != nil {
		return purchase.Offer{}, fmt.Errorf("%w: %w", purchase.ErrNoPrice, err)
	}
	fields := o.cfg.Fields
	amount, currency := a.text(fields, outAmount), strings.ToUpper(a.text(fields, outCurrency))
	if a.raw(fields, outAmount) != nil && !a.says(fields, outAmount, outCurrency, outEventName) {
		return purchase.Offer{}, purchase.ErrNoPurchase
	}
	money, err := price(amount, currency)
	if err != nil {
		return purchase.Offer{}, err
	}
	return purchase.Offer{Money: money, Event: a.text(fields, outEvent), EventName: a.text(fields, outEventName), User: a.text(fields, outUser),
		Attendees: a.count(fields, outAttendees)}, nil
}

// price reads an amount exactly. Less than nothing is no price.
func price(amount, currency string) (purchase.Money, error) {
	money, err := purchase.ParseMoney(amount, currency)
	switch {
	case err != nil:
		return purchase.Money{}, fmt.Errorf("%w: %w", purchase.ErrNoPrice, err)
	case money.Minor < 0:
		return purchase.Money{}, fmt.Errorf("%w: it is negative", purchase.ErrNoPrice)
	}
	return money, nil
}

// finalize sends the one call that makes seats. Only the answer that there is no such action, which proves that nothing was done,
// leads to the older name.
func (o *outbound) finalize(ctx context.Context, id string, f purchase.Final) purchase.Outcome {
	event := cmp.Or(f.Event, o.cfg.Event)
	if event == "" {
		return purchase.Outcome{Result: purchase.Refused, Reason: "event_missing"}
	}
	parameters := body(map[string]any{"PurchaseId": id, "ReadableEventId": event, "UserId": f.User})
	var v *verdict
	for _, action := range o.finish.ordered(finishActions) {
		var r reply
		r, v = o.send(ctx, call{doing: "finalize", operation: opFinalize, segment: action, body: parameters}, f.SendBefore)
		if v == nil {
			o.finish.worked(finishActions, action)
			o.evidence.note(action, r)
			return o.judge(r)
		}
		if !v.missing {
			return v.Outcome
		}
	}
	return v.Outcome
}

// judge reads the status of a good answer. Good is not yes: only a known success word is. Nor is every other word a no: without an
// error beside it, it may be a success that we do not know, and money must not go back on such a word. No answer at all in it leaves
// the read-back to say what happened.
func (o *outbound) judge(r reply) purchase.Outcome {
	if len(r.body) == 0 {
		return purchase.Outcome{Result: purchase.Acknowledged, Reason: "no_status"}
	}
	a, err := readAnswer(r.body)
	if err != nil {
		return purchase.Outcome{Result: purchase.Unknown, Reason: "not_json"}
	}
	status := a.text(o.cfg.Fields, outStatus)
	switch {
	case status == "":
		return purchase.Outcome{Result: purchase.Unknown, Reason: "no_status"}
	case slices.ContainsFunc(o.cfg.successValues(), func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), status) }):
		return purchase.Outcome{Result: purchase.Confirmed}
	}
	reason := cmp.Or(word(status), "odd_status")
	code, _ := asText(a[plainName("errorCode")])
	message, _ := asText(a[plainName("errorMessage")])
	reason = strings.TrimSpace(reason + " " + word(code))
	if code == "" && message == "" && !plainlyNo(status) {
		return purchase.Outcome{Result: purchase.Unknown, Reason: reason}
	}
	return purchase.Outcome{Result: purchase.Refused, Reason: reason}
}

// plainlyNo tells whether a status is plainly that of a failure.
func plainlyNo(status string) bool {
	lower := strings.ToLower(status)
	return strings.Contains(lower, "fail") || strings.Contains(lower, "error")
}

// readBack looks for the seats wherever an organisation may show them; most show nothing, which is SeatsUnsaid.
func (o *outbound) readBack(ctx context.Context, id string) (purchase.Seats, error) {
	seats, err := o.seats(ctx, id)
	if isAbsent(err) || (err == nil && seats == purchase.SeatsUnsaid) {
		return o.countSeats(ctx, id)
	}
	return seats, err
}

func (o *outbound) release(context.Context, string, time.Time) purchase.Outcome {
	return purchase.Outcome{Result: purchase.Refused, Reason: "dialect_cannot"}
}
