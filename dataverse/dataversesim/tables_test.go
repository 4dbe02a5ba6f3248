package dataversesim_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

const purchaseQuery = "?$select=msevtmgt_totalprice,msevtmgt_paid,msevtmgt_processed,statecode,createdon&$expand=transactioncurrencyid($select=isocurrencycode,currencyprecision),msevtmgt_EventId($select=msevtmgt_readableeventid,msevtmgt_name)"

func TestThePurchaseRowIsReadAsTheDocumentsSay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	got := w.get("msevtmgt_eventpurchases(" + strings.ToUpper(id) + ")" + purchaseQuery)
	if !strings.Contains(got.body, `"msevtmgt_totalprice":61.5000`) {
		t.Errorf("the amount: %s", got.body)
	}
	row := got.json()
	if context, _ := row["@odata.context"].(string); !strings.HasSuffix(context, "/api/data/v9.2/$metadata#msevtmgt_eventpurchases(msevtmgt_totalprice,msevtmgt_paid,msevtmgt_processed,statecode,createdon)/$entity") {
		t.Error(context)
	}
	for _, extra := range []string{"@odata.context", "@odata.etag", "_transactioncurrencyid_value"} {
		if row[extra] == nil {
			t.Errorf("no %s", extra)
		}
		delete(row, extra)
	}
	want := map[string]any{
		"msevtmgt_eventpurchaseid": id, "msevtmgt_totalprice": 61.5, "msevtmgt_paid": false, "msevtmgt_processed": false, "statecode": 0.0, "createdon": "2026-11-22T12:00:00Z",
		"transactioncurrencyid": map[string]any{"isocurrencycode": "EUR", "currencyprecision": 2.0},
		"msevtmgt_EventId":      map[string]any{"msevtmgt_readableeventid": concert, "msevtmgt_name": "Concert d’été"},
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Error(diff)
	}
}

func TestTheRowShowsWhatBecameOfThePurchase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	done, cancelled, expired := w.buy(), w.buy(), w.buy()
	w.complete(done)
	w.cancel(cancelled)
	w.sim.Advance(time.Hour)
	for id, want := range map[string][3]any{done: {true, true, 0.0}, cancelled: {false, false, 1.0}, expired: {false, false, 1.0}} {
		row := w.get("msevtmgt_eventpurchases(" + id + ")" + purchaseQuery).json()
		if got := [3]any{row["msevtmgt_paid"], row["msevtmgt_processed"], row["statecode"]}; got != want {
			t.Errorf("%v, want %v", got, want)
		}
	}
}

// linked counts the attendee rows of a purchase and those that have a registration.
func (w *world) linked(id string) (rows, links int) {
	w.t.Helper()
	for _, v := range w.attendees(id).json()["value"].([]any) {
		rows++
		if v.(map[string]any)["_msevtmgt_eventregistrationid_value"] != nil {
			links++
		}
	}
	return rows, links
}

func TestAttendeeRowsAreLinkedByTheFinalize(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id, other := w.buy(), w.buy()
	if rows, links := w.linked(id); rows != 2 || links != 0 {
		t.Errorf("before: %d rows, %d links", rows, links)
	}
	w.complete(id)
	if rows, links := w.linked(id); rows != 2 || links != 2 {
		t.Errorf("after: %d rows, %d links", rows, links)
	}
	if rows, links := w.linked(other); rows != 2 || links != 0 {
		t.Errorf("the other: %d rows, %d links", rows, links)
	}
	if rows, _ := w.linked(nobody); rows != 0 {
		t.Errorf("nobody's: %d rows", rows)
	}
	w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindPartialSeats})
	w.complete(other)
	if rows, links := w.linked(other); rows != 2 || links != 1 {
		t.Errorf("partial: %d rows, %d links", rows, links)
	}
}

func TestTheReadBackLagsAsTheBehaviourSays(t *testing.T) {
	t.Parallel()
	type view struct {
		paid, processed any
		links           int
	}
	nothing, all := view{false, false, 0}, view{true, true, 2}
	for variant, early := range map[string]view{"normal": all, "lag": nothing, "paid-first": {true, false, 0}} {
		w := newWorld(t, dataversesim.Config{ReadBackLag: 4 * time.Second, Behaviours: map[string]string{dataversesim.RealtimeReadBack: variant}})
		id := w.buy()
		look := func() view {
			row := w.row(id).json()
			_, links := w.linked(id)
			return view{row["msevtmgt_paid"], row["msevtmgt_processed"], links}
		}
		if got := look(); got != nothing {
			t.Errorf("%s, before: %+v", variant, got)
		}
		w.complete(id)
		w.sim.Advance(4*time.Second - 1)
		if got := look(); got != early {
			t.Errorf("%s, early: %+v, want %+v", variant, got, early)
		}
		w.sim.Advance(1)
		if got := look(); got != all {
			t.Errorf("%s, after the lag: %+v", variant, got)
		}
		if p := w.purchase(id); !p.Processed {
			t.Errorf("%s: the truth lags as well", variant)
		}
	}
}

func TestAForbiddenReadBackStillLetsThePriceBeRead(t *testing.T) {
	t.Parallel()
	for name, variant := range map[string]string{dataversesim.RealtimeReadBack: "forbidden", dataversesim.Privileges: "readback-forbidden"} {
		w := newWorld(t, dataversesim.Config{Behaviours: map[string]string{name: variant}})
		id := w.buy()
		if a, b := w.row(id), w.attendees(id); a.status != 200 || b.status != 403 || b.code() != "0x80040220" {
			t.Errorf("%s, before: row %d, attendees %d", name, a.status, b.status)
		}
		w.complete(id)
		want := 200
		if name == dataversesim.RealtimeReadBack {
			want = 403
		}
		if a, b := w.row(id), w.attendees(id); a.status != want || b.status != 403 {
			t.Errorf("%s, after: row %d, attendees %d", name, a.status, b.status)
		}
	}
}

func TestANewRowMayTakeSomeSecondsToAppear(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Visibility: 2 * time.Second, Behaviours: map[string]string{dataversesim.RowVisibility: "delayed"}})
	id := w.buy()
	if got := w.row(id); got.status != 404 || got.code() != "0x80040217" {
		t.Errorf("at once: %d %s", got.status, got.body)
	}
	if rows, _ := w.linked(id); rows != 0 {
		t.Errorf("at once: %d attendee rows", rows)
	}
	w.sim.Advance(2 * time.Second)
	if got := w.row(id); got.status != 200 {
		t.Errorf("later: %d", got.status)
	}
}

func TestIntermittentPrivilegesRefuseBeforeTheEffectAndNotForEver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Behaviours: map[string]string{dataversesim.Privileges: "intermittent"}})
	id := w.buy()
	if got := w.complete(id); got.status != 403 || got.code() != "0x80040220" || w.purchase(id).FinalizeCalls != 0 {
		t.Errorf("first: %d %s", got.status, got.body)
	}
	if got := w.get("WhoAmI"); got.status != 200 {
		t.Errorf("WhoAmI needs no privilege: %d", got.status)
	}
	if got := w.complete(id); got.status != 204 {
		t.Errorf("second: %d %s", got.status, got.body)
	}
}

func TestOutboundShowsNoRowsUnlessABehaviourDoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	id := w.buy()
	w.outbound(id, concert, "")
	for name, want := range map[string][3]int{"none": {404, 404, 404}, "purchase-row": {200, 200, 404}, "registrations": {404, 200, 200}} {
		w.behave(dataversesim.OutboundReadBack, name)
		if got := [3]int{w.row(id).status, w.attendees(id).status, w.registrations(id).status}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	w.behave(dataversesim.OutboundReadBack, "registrations")
	if got := w.registrations(id).json()["value"].([]any); len(got) != 2 {
		t.Errorf("%d registrations", len(got))
	}
	w.switchTo(dataversesim.VariantRemoved)
	if got := w.row(id); got.status != 404 || !strings.HasPrefix(got.message(), "Resource not found for the segment") {
		t.Errorf("removed: %d %s", got.status, got.body)
	}
}

func TestOutboundCreationTimeIsReadableOnlyByItsBehaviour(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	id := w.buy()
	created := func() reply { return w.get("msevtmgt_eventpurchases(" + id + ")?$select=createdon") }
	if got := created(); got.status != 404 {
		t.Errorf("hidden: %d", got.status)
	}
	w.behave(dataversesim.OutboundReadBack, "purchase-row")
	if got := created(); got.status != 200 || got.json()["createdon"] != nil {
		t.Errorf("hidden in a readable row: %s", got.body)
	}
	w.behave(dataversesim.OutboundReadBack, "none")
	w.behave(dataversesim.OutboundCreated, "readable")
	if got := created(); got.json()["createdon"] != "2026-11-22T12:00:00Z" {
		t.Errorf("readable: %s", got.body)
	}
	if got := w.row(id); got.status != 400 || got.code() != "0x80060888" {
		t.Errorf("more than the creation is readable: %d %s", got.status, got.body)
	}
}

func TestAMissingCurrencyIsMissingInTheRowToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Behaviours: map[string]string{dataversesim.OutputNames: "iso-missing"}})
	row := w.get("msevtmgt_eventpurchases(" + w.buy() + ")" + purchaseQuery).json()
	if row["transactioncurrencyid"] != nil || row["_transactioncurrencyid_value"] != nil || row["msevtmgt_totalprice"] != 61.5 {
		t.Error(row)
	}
}

func TestEventsAreFoundByTheirReadableId(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	got := w.get("msevtmgt_events?$select=msevtmgt_readableeventid,msevtmgt_name&$filter=msevtmgt_readableeventid eq '" + concert + "' and msevtmgt_name eq '" + url.QueryEscape("Concert d’été") + "'&$top=1")
	if value := got.json()["value"].([]any); len(value) != 1 || value[0].(map[string]any)["msevtmgt_name"] != "Concert d’été" {
		t.Error(got.body)
	}
	if got := w.get("msevtmgt_events?$filter=msevtmgt_name eq 'it''s not'"); len(got.json()["value"].([]any)) != 0 {
		t.Error(got.body)
	}
	if got := w.get("transactioncurrencies?$filter=isocurrencycode eq 'JPY'"); len(got.json()["value"].([]any)) != 1 {
		t.Error(got.body)
	}
	if all := w.get("msevtmgt_events?$top=2").json()["value"].([]any); len(all) != 2 {
		t.Errorf("$top: %d", len(all))
	}
}

func TestAQueryThatIsNotUnderstoodIsRefusedNotIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	row := "msevtmgt_eventpurchases(" + id + ")"
	for route, want := range map[string]string{
		row + "?$select=msevtmgt_TotalPrice":                                                            "Could not find a property named 'msevtmgt_TotalPrice' on type 'Microsoft.Dynamics.CRM.msevtmgt_eventpurchase'.",
		row + "?$expand=transactioncurrency":                                                            "Could not find a property named 'transactioncurrency'",
		row + "?$expand=transactioncurrencyid($select=iso)":                                             "Could not find a property named 'iso' on type 'Microsoft.Dynamics.CRM.transactioncurrency'.",
		row + "?$expand=transactioncurrencyid($filter=x)":                                               "Syntax error in $expand",
		row + "?$orderby=createdon":                                                                     "The query parameter $orderby is not supported",
		"msevtmgt_eventpurchases(7)":                                                                    "is not a GUID",
		"msevtmgt_eventpurchaseattendees?$filter=purchase eq " + id:                                     "Could not find a property named 'purchase'",
		"msevtmgt_eventpurchaseattendees?$filter=_msevtmgt_purchaseid_value eq '" + id + "'":            "incompatible types",
		"msevtmgt_eventpurchaseattendees?$filter=_msevtmgt_purchaseid_value has " + id:                  "Syntax error",
		"msevtmgt_eventpurchaseattendees?$filter=_msevtmgt_purchaseid_value eq " + id + " or statecode": "Syntax error",
		"msevtmgt_events?$top=none":                                                                     "Invalid value",
	} {
		if got := w.get(route); got.status != 400 || got.code() != "0x80060888" || !strings.Contains(got.message(), want) {
			t.Errorf("%s: %d %s", route, got.status, got.body)
		}
	}
	for _, unknown := range []string{row[:24] + nobody + ")", "msevtmgt_eventpurchases(" + nobody + ")"} {
		if got := w.get(unknown); got.status != 404 || got.code() != "0x80040217" || got.message() != "msevtmgt_eventpurchase With Id = "+nobody+" Does Not Exist" {
			t.Errorf("%s: %d %s", unknown, got.status, got.body)
		}
	}
}

func TestDiscoveryTablesAreClosedOrTellWhatThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	for _, set := range []string{"solutions", "sdkmessages", "workflows", "customapis", "msevtmgt_paymentproviders"} {
		if got := w.get(set); got.status != 403 || got.code() != "0x80040220" || !strings.Contains(got.message(), "is missing prvRead") {
			t.Errorf("%s: %d %s", set, got.status, got.body)
		}
	}
	w.behave(dataversesim.Discovery, "readable")
	const custom = "customapis?$filter=uniquename eq 'msevtmgt_finalizeregistrationpayment'&$expand=CustomAPIRequestParameters,CustomAPIResponseProperties"
	there := w.get(custom).json()["value"].([]any)
	if len(there) != 1 || len(there[0].(map[string]any)["CustomAPIRequestParameters"].([]any)) != 2 || len(there[0].(map[string]any)["CustomAPIResponseProperties"].([]any)) != 0 {
		t.Errorf("%v", there)
	}
	const message = "sdkmessages?$filter=name eq 'msevtmgt_ListDetailedPurchaseInfo'"
	if got := w.get(message).json()["value"].([]any); len(got) != 0 {
		t.Errorf("real-time has the legacy message: %v", got)
	}
	w.switchTo(out)
	if got := w.get(message).json()["value"].([]any); len(got) != 1 {
		t.Errorf("outbound has no message: %v", got)
	}
	if got := w.get("workflows?$filter=category eq 3 and statecode eq 1").json()["value"].([]any); len(got) != 3 {
		t.Errorf("%v", got)
	}
	if got := w.get(custom).json()["value"].([]any); len(got) != 0 {
		t.Errorf("outbound has the custom API: %v", got)
	}
	if a, b := w.get("solutions?$select=uniquename,version").body, w.get("solutions?$select=uniquename,version").body; a != b || !strings.Contains(a, "MicrosoftDynamics_EventManagement_patch") {
		t.Error(a)
	}
	if got := w.must(w.api(http.MethodGet, "contacts", "")); got.status != 200 {
		t.Errorf("contacts: %d", got.status)
	}
	w.behave(dataversesim.Contacts, "forbidden")
	if got := w.must(w.api(http.MethodGet, "contacts", "")); got.status != 403 {
		t.Errorf("contacts: %d", got.status)
	}
}

func TestAListIsPagedByTheLinkToTheNextPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	var want []string
	for range 7 {
		want = append(want, w.buy())
	}
	slices.Sort(want)
	route := "msevtmgt_eventpurchases?$select=createdon&$orderby=createdon&$filter=createdon ge 2000-01-01T00:00:00Z and createdon lt 2100-01-01T00:00:00Z"
	var got []string
	pages := 0
	for next := route; next != ""; pages++ {
		r := w.api(http.MethodGet, next, "")
		r.Header.Set("Prefer", "odata.maxpagesize=3")
		page := w.must(r)
		if applied := page.header.Get("Preference-Applied"); applied != "odata.maxpagesize=3" {
			t.Errorf("preference applied: %q", applied)
		}
		got = append(got, ids(page, "msevtmgt_eventpurchaseid")...)
		link, _ := page.json()["@odata.nextLink"].(string)
		next = strings.TrimPrefix(link, w.server.URL+"/api/data/v9.2/")
	}
	slices.Sort(got)
	if pages != 3 || !slices.Equal(got, want) {
		t.Errorf("%d pages with %d rows; want 3 with %d, each once", pages, len(got), len(want))
	}
	if page := w.get(strings.Replace(route, "2100", "2001", 1)); len(ids(page, "msevtmgt_eventpurchaseid")) != 0 {
		t.Errorf("before all of them: %s", page.body)
	}
	if page := w.get(route); len(ids(page, "msevtmgt_eventpurchaseid")) != 7 || strings.Contains(page.body, "nextLink") {
		t.Errorf("without a preference: %s", page.body)
	}
	if got := w.get("msevtmgt_eventpurchases?$skiptoken=nonsense"); got.status != 400 || !strings.Contains(got.body, "Paging Cookie") {
		t.Errorf("a made-up cookie: %d %s", got.status, got.body)
	}
}

func ids(page reply, key string) (all []string) {
	rows, _ := page.json()["value"].([]any)
	for _, r := range rows {
		id, _ := r.(map[string]any)[key].(string)
		all = append(all, id)
	}
	return all
}
