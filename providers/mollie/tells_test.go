package mollie_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func isForged(err error) bool   { return errors.Is(err, purchase.ErrForged) }
func isPuzzling(err error) bool { return errors.Is(err, purchase.ErrNotUnderstood) }

const one = "tr_0123456789"

type object = map[string]any

func euros(value string) object { return money(value, "EUR") }

func money(value, currency string) object { return object{"value": value, "currency": currency} }

// base is a paid payment with changes.
func base(changes ...object) object {
	o := object{"resource": "payment", "id": one, "mode": "test", "status": "paid", "amount": euros("45.00"), "description": "Registration",
		"createdAt": "2026-11-20T10:00:00+00:00", "paidAt": "2026-11-20T10:01:00+00:00", "metadata": object{"purchase_id": providertest.PurchaseID}}
	for _, c := range changes {
		maps.Copy(o, c)
	}
	return o
}

func refundOf(status, value string) object {
	return object{"resource": "refund", "id": "re_4qqhO89gsT", "status": status, "amount": euros(value), "createdAt": "2026-11-21T10:00:00+00:00", "paymentId": one}
}

func chargebackOf(value string, reversed any) object {
	return object{"resource": "chargeback", "id": "chb_n9z0tp", "amount": euros(value), "createdAt": "2026-11-22T10:00:00+00:00", "reversedAt": reversed}
}

func captureOf(status, value string) object {
	return object{"resource": "capture", "id": "cpt_" + status, "status": status, "amount": euros(value)}
}

func embedded(name string, objects ...object) object {
	return object{"_embedded": object{name: objects}}
}

func text(o any) string {
	raw, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func TestWhatPaymentsTell(t *testing.T) {
	t.Parallel()
	id := " " + providertest.PurchaseID
	paid := "proved captured " + one + " " + one + " 45.00 EUR" + id
	gone := "proved refunded " + one + " re_4qqhO89gsT 15.00 EUR" + id
	undone := "proved failed " + one + " re_4qqhO89gsT 15.00 EUR" + id + " refund_"
	taken := "proved reversed " + one + " chb_n9z0tp 45.00 EUR" + id + " chargeback"
	reserved := "proved authorised " + one + " " + one + " 45.00 EUR" + id
	status := func(s string) object { return object{"status": s} }
	manual := object{"captureMode": "manual"}
	for name, c := range map[string]struct {
		payment object
		want    []string
	}{
		"open":                            {base(status("open")), []string{}},
		"pending":                         {base(status("pending")), []string{"proved pending " + one + " " + one + id + " pending"}},
		"pending by transfer":             {base(status("pending"), object{"method": "banktransfer"}), []string{"proved pending " + one + " " + one + id + " banktransfer"}},
		"authorised":                      {base(status("authorized"), manual), []string{reserved}},
		"paid":                            {base(), []string{paid}},
		"failed":                          {base(status("failed")), []string{"proved failed " + one + " " + one + id + " failed", "proved lapsed " + one + id + " failed"}},
		"declined":                        {base(status("failed"), object{"details": object{"failureReason": "insufficient_funds"}}), []string{"proved failed " + one + " " + one + id + " insufficient_funds", "proved lapsed " + one + id + " failed"}},
		"details that are a list":         {base(status("failed"), object{"details": []any{}}), []string{"proved failed " + one + " " + one + id + " failed", "proved lapsed " + one + id + " failed"}},
		"canceled":                        {base(status("canceled")), []string{"proved lapsed " + one + id + " canceled"}},
		"expired":                         {base(status("expired")), []string{"proved lapsed " + one + id + " expired"}},
		"in yen":                          {base(object{"amount": money("4500", "JPY")}), []string{"proved captured " + one + " " + one + " 4500 JPY" + id}},
		"in dinars":                       {base(object{"amount": money("45.120", "KWD")}), []string{"proved captured " + one + " " + one + " 45.120 KWD" + id}},
		"in forint":                       {base(object{"amount": money("4500.00", "HUF")}), []string{"proved captured " + one + " " + one + " 4500.00 HUF" + id}},
		"without metadata":                {base(object{"metadata": nil}), []string{"proved captured " + one + " " + one + " 45.00 EUR"}},
		"with a text as metadata":         {base(object{"metadata": "order 7"}), []string{"proved captured " + one + " " + one + " 45.00 EUR"}},
		"with a list as metadata":         {base(object{"metadata": []any{1}}), []string{"proved captured " + one + " " + one + " 45.00 EUR"}},
		"with a number in it":             {base(object{"metadata": object{"purchase_id": 7}}), []string{"proved captured " + one + " " + one + " 45.00 EUR"}},
		"refunded":                        {base(embedded("refunds", refundOf("refunded", "15.00")), object{"amountRefunded": euros("15.00")}), []string{paid, gone}},
		"refund queued, counted":          {base(embedded("refunds", refundOf("queued", "15.00")), object{"amountRefunded": euros("15.00")}), []string{paid, gone}},
		"refund pending, not counted":     {base(embedded("refunds", refundOf("pending", "15.00")), object{"amountRefunded": euros("0.00")}), []string{paid, gone}},
		"refund under way, no total":      {base(embedded("refunds", refundOf("processing", "15.00"))), []string{paid, gone}},
		"refund failed":                   {base(embedded("refunds", refundOf("failed", "15.00")), object{"amountRefunded": euros("0.00")}), []string{paid, undone + "failed"}},
		"refund canceled":                 {base(embedded("refunds", refundOf("canceled", "15.00"))), []string{paid, undone + "canceled"}},
		"charged back":                    {base(embedded("chargebacks", chargebackOf("45.00", nil)), object{"amountChargedBack": euros("45.00")}), []string{paid, taken}},
		"chargeback reversed":             {base(embedded("chargebacks", chargebackOf("45.00", "2026-11-25T10:00:00+00:00")), object{"amountChargedBack": euros("0.00")}), []string{paid, "proved failed " + one + " chb_n9z0tp 45.00 EUR" + id + " chargeback_reversed"}},
		"chargeback reversed, counted":    {base(embedded("chargebacks", chargebackOf("45.00", "2026-11-25T10:00:00+00:00")), object{"amountChargedBack": euros("45.00")}), []string{paid, "proved failed " + one + " chb_n9z0tp 45.00 EUR" + id + " chargeback_reversed"}},
		"captured":                        {base(manual, embedded("captures", captureOf("succeeded", "45.00"))), []string{paid}},
		"captured, by its total":          {base(manual, object{"amountCaptured": euros("45.00")}), []string{paid}},
		"captured in part":                {base(manual, embedded("captures", captureOf("succeeded", "30.00")), object{"amountCaptured": euros("30.00")}), []string{"proved captured " + one + " " + one + " 30.00 EUR" + id}},
		"captured in part, rest reserved": {base(status("authorized"), manual, embedded("captures", captureOf("succeeded", "30.00"))), []string{"proved captured " + one + " " + one + " 30.00 EUR" + id}},
		"a capture under way":             {base(status("authorized"), manual, embedded("captures", captureOf("pending", "45.00")), object{"amountCaptured": euros("0.00")}), []string{reserved}},
		"a capture counted at once":       {base(status("authorized"), manual, embedded("captures", captureOf("pending", "45.00")), object{"amountCaptured": euros("45.00")}), []string{reserved}},
		"paid, its capture under way":     {base(manual, embedded("captures", captureOf("pending", "45.00"))), []string{"proved pending " + one + " " + one + id + " capture"}},
		"a capture that failed":           {base(status("authorized"), manual, embedded("captures", captureOf("failed", "45.00"))), []string{reserved}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.way.can("/v2/payments/"+one, text(c.payment))
			w.way.can("/v2/payments/"+one+"/captures", `{"count":0,"_embedded":{"captures":[]}}`)
			reading, err := w.Read(t.Context(), w.bare(one))
			if got := providertest.Said(reading.Facts); err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("%v\n got %q\nwant %q", err, got, c.want)
			}
			asked, err := w.Ask(t.Context(), purchase.Ref{Payment: one})
			if err != nil || fmt.Sprint(asked) != fmt.Sprint(reading.Facts) {
				t.Errorf("asked: %v, %v\nheard: %v", asked, err, reading.Facts)
			}
			w.way.can("/v2/payments", text(object{"_embedded": object{"payments": []object{c.payment}}}))
			var listed []purchase.Fact
			for f, err := range w.List(t.Context(), time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)) {
				if err != nil {
					t.Fatal(err)
				}
				listed = append(listed, f)
			}
			if fmt.Sprint(listed) != fmt.Sprint(asked) {
				t.Errorf("listed: %v\n asked: %v", listed, asked)
			}
		})
	}
}

func TestWhatIsNotUnderstood(t *testing.T) {
	t.Parallel()
	for name, payment := range map[string]object{
		"an unknown status":             base(object{"status": "improved"}),
		"too few decimals":              base(object{"amount": euros("45.0")}),
		"no decimals":                   base(object{"amount": euros("45")}),
		"too many decimals":             base(object{"amount": euros("45.000")}),
		"decimals of yen":               base(object{"amount": money("4500.00", "JPY")}),
		"an exponent":                   base(object{"amount": euros("45e0")}),
		"a sign":                        base(object{"amount": euros("+45.00")}),
		"less than nothing":             base(object{"amount": euros("-45.00")}),
		"leading zeros":                 base(object{"amount": euros("045.00")}),
		"nothing":                       base(object{"amount": euros("0.00")}),
		"small letters":                 base(object{"amount": money("45.00", "eur")}),
		"no such currency":              base(object{"amount": money("45.00", "EUX")}),
		"refunds that are not shown":    base(embedded("refunds", refundOf("refunded", "15.00")), object{"amountRefunded": euros("20.00")}),
		"refunds that are not counted":  base(embedded("refunds", refundOf("refunded", "15.00")), object{"amountRefunded": euros("0.00")}),
		"a failed refund that counts":   base(embedded("refunds", refundOf("failed", "15.00")), object{"amountRefunded": euros("15.00")}),
		"refunds in another currency":   base(embedded("refunds", refundOf("refunded", "15.00")), object{"amountRefunded": money("15.00", "USD")}),
		"an unknown status of a refund": base(embedded("refunds", refundOf("improved", "15.00"))),
		"an odd refund":                 base(embedded("refunds", object{"id": "../x", "status": "refunded", "amount": euros("15.00")})),
		"a refund of nothing":           base(embedded("refunds", refundOf("refunded", "0.00"))),
		"chargebacks that are missing":  base(embedded("chargebacks", chargebackOf("45.00", nil)), object{"amountChargedBack": euros("50.00")}),
		"captures that are missing":     base(object{"captureMode": "manual"}, embedded("captures", captureOf("succeeded", "15.00")), object{"amountCaptured": euros("45.00")}),
		"a capture in another currency": base(object{"captureMode": "manual", "amountCaptured": money("45.00", "USD")}),
		"another payment":               base(object{"id": "tr_9876543210"}),
	} {
		w := newWorld(t)
		w.way.can("/v2/payments/"+one, text(payment))
		w.way.can("/v2/payments/"+one+"/refunds", text(payment))
		w.way.can("/v2/payments/"+one+"/chargebacks", text(payment))
		w.way.can("/v2/payments/"+one+"/captures", text(payment))
		reading, err := w.Read(t.Context(), w.bare(one))
		if !isPuzzling(err) || len(reading.Facts) > 0 || reading.Message != "" {
			t.Errorf("%s: %+v, %v", name, reading, err)
		}
		if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: one}); !isPuzzling(err) || len(facts) > 0 || final(err) {
			t.Errorf("%s, asked: %v, %v", name, facts, err)
		}
	}
}

func TestACaptureThatNobodyShowsIsNotUnderstood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.way.can("/v2/payments/"+one, text(base(object{"captureMode": "manual"})))
	w.way.can("/v2/payments/"+one+"/captures", `{"count":0,"_embedded":{"captures":[]}}`)
	if reading, err := w.Read(t.Context(), w.bare(one)); !isPuzzling(err) {
		t.Errorf("%+v, %v", reading, err)
	}
}

// The references of an organiser may be in any of the fields that settings can name.
func TestReferencesAreFoundWhereSettingsSay(t *testing.T) {
	t.Parallel()
	for where, payment := range map[string]object{
		"metadata.ref": base(object{"metadata": object{"ref": providertest.PurchaseID}}),
		"metadata":     base(object{"metadata": providertest.PurchaseID}),
		"description":  base(object{"metadata": nil, "description": providertest.PurchaseID}),
	} {
		w := newWorld(t)
		w.way.can("/v2/payments/"+one, text(payment))
		o := w.options(t)
		o.Locate = func(field func(string) string) purchase.Reference { return purchase.Reference{Purchase: field(where)} }
		w.Mollie = mustOpen(t, w.config, o)
		reading, err := w.Read(t.Context(), w.bare(one))
		if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Purchase.ID != providertest.PurchaseID {
			t.Errorf("%s: %v, %v", where, reading, err)
		}
	}
}

func TestWhatEventsTell(t *testing.T) {
	t.Parallel()
	paid := "[proved captured " + one + " " + one + " 45.00 EUR " + providertest.PurchaseID + "]"
	part := func(kind, id string, entity object) string {
		return text(object{"resource": "event", "id": "event_0123456789", "type": kind, "entityId": id, "_embedded": object{"entity": entity}})
	}
	self := object{"_links": object{"self": object{"href": "https://api.mollie.com/v2/payments/" + one + "/refunds/re_1234"}}}
	for name, c := range map[string]struct{ event, want string }{
		"a payment":                      {event("payment.paid", one), paid},
		"a payment that was paid late":   {event("payment.expired", one), paid}, // the payment as it stands now
		"a refund":                       {part("refund.pending", "re_1234", object{"paymentId": one}), paid},
		"a refund, by its address":       {part("refund.pending", "re_1234", self), paid},
		"a chargeback":                   {part("chargeback.received", "chb_1234", object{"paymentId": one}), paid},
		"a capture":                      {part("capture.succeeded", "cpt_1234", object{"paymentId": one}), paid},
		"a refund that says nothing":     {event("refund.pending", "re_1234"), paid},
		"an event of a link":             {text(object{"resource": "event", "id": "event_0123456789", "type": "refund.failed", "_links": object{"entity": self["_links"].(object)["self"]}}), paid},
		"of no concern":                  {event("balance-transaction.created", "baltr_1234"), "[]"},
		"a test":                         {event("hook.ping", "hook_1234"), "[]"},
		"of a family that is not known":  {event("payments.paid", one), "[]"},
		"an address that leads nowhere":  {part("refund.pending", "re_1234", object{"_links": object{"self": object{"href": "https://api.mollie.com/v2/refunds/re_1234"}}}), paid},
		"an address with a query before": {part("refund.pending", "re_1234", object{"_links": object{"self": object{"href": "https://x.example/?/v2/payments/tr_9999999999"}}}), paid},
	} {
		w := newEventsWorld(t)
		w.way.can("/v2/payments/"+one, text(base()))
		w.way.can("/v2/events/event_0123456789", part("refund.pending", "re_1234", object{"paymentId": one}))
		reading, err := w.Read(t.Context(), w.signed(c.event))
		if got := fmt.Sprint(providertest.Said(reading.Facts)); err != nil || got != c.want || reading.Message != "" {
			t.Errorf("%s: %v\n got %s\nwant %s", name, err, got, c.want)
		}
	}
	for name, body := range map[string]string{
		"no event":                 `{"resource":"payment","id":"tr_0123456789"}`,
		"no type":                  `{"resource":"event","id":"event_1"}`,
		"a list":                   `[]`,
		"a key twice":              `{"resource":"event","resource":"event","type":"payment.paid","entityId":"` + one + `"}`,
		"a payment without an id":  event("payment.paid", ""),
		"an odd id":                event("payment.paid", "tr_../x"),
		"another kind of thing":    event("payment.paid", "re_0123456789"),
		"a refund without a way":   event("refund.pending", "re_1234"),
		"a capture without a way":  event("capture.succeeded", "cpt_1234"),
		"a refund and an odd name": text(object{"resource": "event", "id": "../x", "type": "refund.pending", "entityId": "re_1234"}),
	} {
		w := newEventsWorld(t)
		w.vary(func(v *providersim.MollieVariant) { v.Closed = true })
		if reading, err := w.Read(t.Context(), w.signed(body)); !isPuzzling(err) {
			t.Errorf("%s: %+v, %v", name, reading, err)
		}
	}
}
