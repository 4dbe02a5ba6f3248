package dataversesim_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestFinalizeMakesOneSeatPerAttendee(t *testing.T) {
	t.Parallel()
	for _, variant := range []string{out, dataversesim.VariantOutboundADX, rt} {
		w := newWorld(t, dataversesim.Config{Variant: variant})
		id := w.buy()
		w.clock.forward(time.Minute)
		switch variant {
		case out:
			w.outbound(strings.ToUpper(id), concert, contact)
		case dataversesim.VariantOutboundADX:
			w.call(dataversesim.OpFinalizeADX, outboundBody(id, concert, contact))
		case rt:
			w.complete(strings.ToUpper(id))
		}
		p := w.purchase(id)
		if len(p.Seats) != 2 || p.Seats[0].Email != "ada@example.org" || p.Seats[1].Attendee != 1 || p.Seats[0].RegistrationID == p.Seats[1].RegistrationID {
			t.Errorf("%s: %+v", variant, p.Seats)
		}
		if p.Status != dataversesim.Registered || !p.Paid || !p.Processed || p.FinalizeCalls != 1 || !p.FinalizedAt.Equal(noon.Add(time.Minute)) {
			t.Errorf("%s: %+v", variant, p)
		}
		if variant != rt && p.FinalizedAs != contact {
			t.Errorf("%s: finalized as %q", variant, p.FinalizedAs)
		}
	}
}

func TestTheOutboundStatusHasItsShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	context := w.server.URL + "/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.msevtmgt_FinalizeExternalRegistrationRequestResponse"
	for form, c := range map[string]struct{ success, failure map[string]any }{
		"success": {
			map[string]any{"@odata.context": context, "status": "Success"},
			map[string]any{"@odata.context": context, "status": "Failed", "errorCode": "AlreadyFinalized", "errorMessage": "The purchase is finalized already."},
		},
		"nested-json": {
			map[string]any{"@odata.context": context, "Response": `{"status":"Success"}`},
			map[string]any{"@odata.context": context, "Response": `{"errorCode":"AlreadyFinalized","errorMessage":"The purchase is finalized already.","status":"Failed"}`},
		},
		"capitalised": {
			map[string]any{"@odata.context": context, "Status": "Success"},
			map[string]any{"@odata.context": context, "Status": "Failed", "ErrorCode": "AlreadyFinalized", "ErrorMessage": "The purchase is finalized already."},
		},
		"unknown-word": {
			map[string]any{"@odata.context": context, "status": "Registered"},
			map[string]any{"@odata.context": context, "status": "Failed", "errorCode": "AlreadyFinalized", "errorMessage": "The purchase is finalized already."},
		},
	} {
		w.behave(dataversesim.FinalizeStatus, form)
		id := w.buy()
		first, second := w.outbound(id, concert, ""), w.outbound(id, concert, "")
		if diff := cmp.Diff([]any{200, c.success, 200, c.failure}, []any{first.status, first.json(), second.status, second.json()}); diff != "" {
			t.Errorf("%s: %s", form, diff)
		}
	}
	for form, want := range map[string]int{"no-content": 204, "html": 200} {
		w.behave(dataversesim.FinalizeStatus, form)
		id := w.buy()
		first, second := w.outbound(id, concert, ""), w.outbound(id, concert, "")
		if first.status != want || second.status != want || first.body != second.body || strings.HasPrefix(first.body, "{") {
			t.Errorf("%s tells success from failure: %d %q, %d %q", form, first.status, first.body, second.status, second.body)
		}
		if len(w.purchase(id).Seats) != 2 {
			t.Errorf("%s: no seats", form)
		}
	}
}

func TestOutboundRefusesWhatIsUnknownForeignOrExpired(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	expired := w.buy()
	w.sim.Advance(50 * time.Minute)
	fresh := w.buy()
	for form, want := range map[string]struct {
		status int
		code   string
	}{"failing-status": {200, ""}, "plugin-error": {400, "0x80040265"}, "not-found": {404, "0x80040217"}, "server-error": {500, "0x80040224"}} {
		w.behave(dataversesim.FinalizeRefusal, form)
		for name, got := range map[string]reply{
			"unknown": w.outbound(nobody, concert, ""), "no id": w.outbound("", concert, ""), "foreign": w.outbound(fresh, openDay, ""),
			"event in other casing": w.outbound(fresh, strings.ToLower(concert), ""), "expired": w.outbound(expired, concert, ""),
		} {
			if got.status != want.status || want.code != "" && got.code() != want.code || want.code == "" && got.json()["status"] != "Failed" {
				t.Errorf("%s, %s: %d %s", form, name, got.status, got.body)
			}
		}
	}
	if n := len(w.purchase(expired).Seats) + len(w.purchase(fresh).Seats); n != 0 {
		t.Errorf("%d seats were made", n)
	}
	if got := w.purchase(expired).FinalizeCalls; got != 4 {
		t.Errorf("%d calls for the expired purchase are counted, want 4", got)
	}
}

func TestTheWindowEndsAtItsLastInstant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	inTime, late := w.buy(), w.buy()
	w.sim.Advance(50*time.Minute - time.Nanosecond)
	w.outbound(inTime, concert, "")
	w.sim.Advance(time.Nanosecond)
	w.outbound(late, concert, "")
	if a, b := w.purchase(inTime).Status, w.purchase(late).Status; a != dataversesim.Registered || b != dataversesim.Expired {
		t.Errorf("%s, %s", a, b)
	}
}

func TestASecondFinalizeDoesWhatTheBehaviourSays(t *testing.T) {
	t.Parallel()
	for variant, want := range map[string]struct{ outbound, realtime, seats int }{
		"failing-status":  {200, 400, 2},
		"no-op":           {200, 204, 2},
		"duplicate-seats": {200, 204, 4},
		"plugin-error":    {400, 400, 2},
	} {
		w := newWorld(t, dataversesim.Config{Variant: out, Behaviours: map[string]string{dataversesim.SecondFinalize: variant}})
		legacy, current := w.buy(), w.buy()
		w.outbound(legacy, concert, "")
		second := w.outbound(legacy, concert, "")
		w.switchTo(rt)
		w.complete(current)
		again := w.complete(current)
		if second.status != want.outbound || again.status != want.realtime {
			t.Errorf("%s: outbound %d, real-time %d", variant, second.status, again.status)
		}
		if a, b := len(w.purchase(legacy).Seats), len(w.purchase(current).Seats); a != want.seats || b != want.seats {
			t.Errorf("%s: %d and %d seats", variant, a, b)
		}
	}
}

func TestTheLowerRealtimeStatusCancels(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	if got := w.cancel(id); got.status != 204 {
		t.Fatalf("%d %s", got.status, got.body)
	}
	if p := w.purchase(id); p.Status != dataversesim.Cancelled || len(p.Seats) != 0 || p.CancelCalls != 1 || p.FinalizeCalls != 0 {
		t.Errorf("%+v", p)
	}
	if got := w.call(dataversesim.OpFinalizeRealtime, realtimeBody(w.buy(), 1)); got.status != 400 || got.code() != "0x80040265" {
		t.Errorf("an unknown status: %d %s", got.status, got.body)
	}
}

func TestCancelledNeverTakesASeatAway(t *testing.T) {
	t.Parallel()
	for _, again := range []string{"failing-status", "no-op", "duplicate-seats", "plugin-error"} {
		w := newWorld(t, dataversesim.Config{Behaviours: map[string]string{dataversesim.SecondFinalize: again}})
		id := w.buy()
		w.complete(id)
		want := 400
		if again == "no-op" {
			want = 204
		}
		if got := w.cancel(id); got.status != want || len(w.purchase(id).Seats) != 2 || w.purchase(id).Status != dataversesim.Registered {
			t.Errorf("%s: %d %+v", again, got.status, w.purchase(id))
		}
	}
}

func TestALateRealtimeFinalizeDoesWhatTheBehaviourSays(t *testing.T) {
	t.Parallel()
	for variant, want := range map[string]struct {
		status, seats int
	}{"plugin-error": {400, 0}, "no-effect": {204, 0}, "seat": {204, 2}} {
		w := newWorld(t, dataversesim.Config{Behaviours: map[string]string{dataversesim.RealtimeLate: variant}})
		cancelled, expired := w.buy(), w.buy()
		w.cancel(cancelled)
		w.sim.Advance(time.Hour)
		for _, id := range []string{cancelled, expired} {
			got := w.complete(id)
			if got.status != want.status || want.status == 400 && got.code() != "0x80040265" {
				t.Errorf("%s: %d %s", variant, got.status, got.body)
			}
			if n := len(w.purchase(id).Seats); n != want.seats {
				t.Errorf("%s: %d seats", variant, n)
			}
		}
	}
}

func TestAnUnknownRealtimePurchaseIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	for form, want := range map[string]string{"failing-status": "0x80040217", "not-found": "0x80040217", "plugin-error": "0x80040265", "server-error": "0x80040224"} {
		w.behave(dataversesim.FinalizeRefusal, form)
		if got := w.complete(nobody); got.code() != want {
			t.Errorf("%s: %d %s", form, got.status, got.body)
		}
	}
}

func TestPurchaseInfoByTheWorkingAssumptions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	id := w.buy()
	const numbers = `"PurchaseAmount":61.5000`
	got := w.info(id)
	if !strings.Contains(got.body, numbers) {
		t.Errorf("the amount is not written with trailing zeros: %s", got.body)
	}
	want := map[string]any{
		"@odata.context": w.server.URL + "/api/data/v9.2/$metadata#Microsoft.Dynamics.CRM.msevtmgt_ListDetailedPurchaseInfoResponse",
		"EventName":      "Concert d’été", "PurchaseAmount": 61.5, "CurrencyName": "Euro", "IsoCurrencyCode": "EUR", "CurrencySymbol": "€",
		"Attendees": []any{
			map[string]any{"FirstName": "Ada", "LastName": "Lovelace", "Email": "ada@example.org", "PassName": "Adult"},
			map[string]any{"FirstName": "Byron", "LastName": "King", "Email": "byron@example.org", "PassName": "Child"},
		},
	}
	if diff := cmp.Diff(want, got.json()); diff != "" {
		t.Error(diff)
	}
	short := w.call(dataversesim.OpPurchaseDetails, `{"PurchaseId":"`+id+`"}`).json()
	if _, there := short["Attendees"]; there || short["IsoCurrencyCode"] != "EUR" {
		t.Errorf("%v", short)
	}
}

func TestPurchaseInfoInItsOtherForms(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	id := w.buy()
	ask := func(form string) map[string]any {
		w.behave(dataversesim.OutputNames, form)
		return w.info(id).json()
	}
	if got := ask("camel-case"); got["isoCurrencyCode"] != "EUR" || got["attendees"].([]any)[0].(map[string]any)["passName"] != "Adult" {
		t.Error(got)
	}
	if got := ask("prefixed"); got["msevtmgt_isocurrencycode"] != "EUR" || got["msevtmgt_purchaseamount"] != 61.5 {
		t.Error(got)
	}
	if got := ask("amount-string"); got["PurchaseAmount"] != "61.5000" {
		t.Error(got)
	}
	if got := ask("iso-missing"); got["IsoCurrencyCode"] != nil || got["CurrencySymbol"] != "€" {
		t.Error(got)
	}
	var attendees []map[string]string
	if got := ask("attendees-string"); json.Unmarshal([]byte(got["Attendees"].(string)), &attendees) != nil || attendees[1]["Email"] != "byron@example.org" {
		t.Error(got)
	}
	var nested map[string]any
	if got := ask("json-string"); len(got) != 2 || json.Unmarshal([]byte(got["PurchaseDetails"].(string)), &nested) != nil || nested["PurchaseAmount"] != 61.5 {
		t.Error(got)
	}
}

func TestMoneyIsWrittenExactlyInEveryNotation(t *testing.T) {
	t.Parallel()
	const round = "hundred"
	gala := dataversesim.Event{ReadableID: "Gala", Currency: dataversesim.Currency{Code: "EUR", Precision: 2}, Passes: []dataversesim.Pass{{ID: round, Price: "100"}}}
	w := newWorld(t, dataversesim.Config{Variant: out, Events: append(dataversesim.SampleEvents(), gala)})
	tea, _, err := w.sim.Register("Tea_Ceremony1479011248", []dataversesim.Attendee{{PassID: "2d1b9e3a-4f5c-4a7d-8e8f-9a0b1c2d3e4f"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	two := []dataversesim.Attendee{{PassID: round}, {PassID: round}}
	hundred, _, err := w.sim.Register("Gala", two, "")
	if err != nil {
		t.Fatal(err)
	}
	euro := w.buy()
	for notation, want := range map[string][3]string{
		"padded": {"61.5000", "5000.0000", "200.0000"}, "plain": {"61.50", "5000", "200.00"},
		"long": {"61.5000000000", "5000.0000000000", "200.0000000000"}, "short": {"61.5", "5000", "200"},
	} {
		w.behave(dataversesim.Numbers, notation)
		for i, id := range []string{euro, tea, hundred} {
			if got := w.info(id).body; !strings.Contains(got, `"PurchaseAmount":`+want[i]+"}") && !strings.Contains(got, `"PurchaseAmount":`+want[i]+",") {
				t.Errorf("%s: want %s in %s", notation, want[i], got)
			}
		}
	}
}

func TestPurchaseInfoOfAnExpiredOrUnknownPurchaseIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	expired := w.buy()
	w.sim.Advance(time.Hour)
	for _, id := range []string{expired, nobody, "", "no-guid"} {
		w.behave(dataversesim.InfoRefusal, "plugin-error")
		if got := w.info(id); got.status != 400 || got.code() != "0x80040265" {
			t.Errorf("%q: %d %s", id, got.status, got.body)
		}
		w.behave(dataversesim.InfoRefusal, "not-found")
		if got := w.info(id); got.status != 404 || got.code() != "0x80040217" {
			t.Errorf("%q: %d %s", id, got.status, got.body)
		}
		w.behave(dataversesim.InfoRefusal, "empty")
		if got := w.info(id); got.status != 200 || got.json()["PurchaseAmount"] != nil {
			t.Errorf("%q: %d %s", id, got.status, got.body)
		}
	}
}

func TestManyFinalizesAtOnceMakeTheSeatsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() { w.complete(id) })
		group.Go(func() { _, _, _ = w.sim.Register(concert, couple(), "") })
		group.Go(func() { w.sim.State() })
	}
	group.Wait()
	if p := w.purchase(id); len(p.Seats) != 2 || p.FinalizeCalls != 20 || len(w.sim.Purchases()) != 21 {
		t.Errorf("%d seats, %d calls, %d purchases", len(p.Seats), p.FinalizeCalls, len(w.sim.Purchases()))
	}
}
