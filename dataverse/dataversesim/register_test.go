package dataversesim_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// registration is a register call as the page of an event makes it.
func (w *world) registration(base, event, body string) *http.Request {
	w.t.Helper()
	c := w.sim.Config()
	r := w.request(http.MethodPost, w.server.URL+base+"/events/"+event+"/registrations?emApplicationtoken="+c.EventToken, body)
	r.Header.Set("Origin", c.Origin)
	r.Header.Set("Content-Type", "application/json")
	return r
}

const outboundBase = "/EvtMgmt/api/v2.0"

func (w *world) realtimeBase() string {
	return "/api/v1.0/orgs/" + w.sim.Config().OrganizationID + "/eventmanagement"
}

func (w *world) registerOutbound(body string) reply {
	w.t.Helper()
	return w.must(w.registration(outboundBase, concert, body))
}

func (w *world) registerRealtime(body string) reply {
	w.t.Helper()
	return w.must(w.registration(w.realtimeBase(), concert, body))
}

const coupleBody = `{"attendees":[
	{"firstName":"Ada","lastName":"Lovelace","email":"ada@example.org","passId":"` + adult + `","responses":[{"id":"1","value":"x"}]},
	{"firstName":"Byron","lastName":"King","email":"byron@example.org","passId":"` + child + `","attendeeSessions":[{"sessionId":"s"}]}],
	"hipObject":{"Solution":"x"}}`

func TestOutboundRegisterRedirectsWithTheThreeIds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out, PaymentPage: "https://pay.example.org/pay/main?lang=fr"})
	got := w.registerOutbound(coupleBody)
	id, _ := got.json()["purchaseId"].(string)
	want := map[string]any{
		"status": "Redirect", "errorMessage": nil, "errorCode": nil, "purchaseId": id,
		"redirectUrl": "https://pay.example.org/pay/main?lang=fr&purchaseId=" + id + "&readableEventId=" + concert + "&userId=",
	}
	if diff := cmp.Diff(want, got.json()); diff != "" {
		t.Error(diff)
	}
	p := w.purchase(id)
	wantPurchase := dataversesim.Purchase{
		ID: id, EventID: concert, Amount: "61.50", Currency: "EUR", Attendees: couple(), Created: noon, Expires: noon.Add(50 * time.Minute),
		Status: dataversesim.Temporary, Seats: []dataversesim.Seat{},
	}
	if diff := cmp.Diff(wantPurchase, p); diff != "" {
		t.Error(diff)
	}
}

func TestASignedInContactIsTheUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	byHeader := w.registration(outboundBase, concert, coupleBody)
	byHeader.Header.Set(dataversesim.ContactHeader, contact)
	for _, got := range []reply{w.must(byHeader), w.registerOutbound(strings.Replace(coupleBody, "{", `{"contactId":"`+contact+`",`, 1))} {
		redirect, _ := url.Parse(got.json()["redirectUrl"].(string))
		if redirect.Query().Get("userId") != contact {
			t.Errorf("the redirect %s does not carry the contact", redirect)
		}
		if p := w.purchase(redirect.Query().Get("purchaseId")); p.UserID != contact {
			t.Errorf("the purchase belongs to %q", p.UserID)
		}
	}
}

func TestRealtimeRegisterAnswersNothingButTheRedirect(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{ReturnURL: "https://events.example.org/thanks?a=b&c=d"})
	w.sim.SetPaymentPage("https://elsewhere.example.org/pay/x")
	got := w.registerRealtime(coupleBody)
	id := w.sim.Purchases()[0].ID
	want := map[string]any{"redirectUrl": "https://elsewhere.example.org/pay/x?purchaseId=" + id + "&returnUrl=https%3A%2F%2Fevents.example.org%2Fthanks%3Fa%3Db%26c%3Dd"}
	if diff := cmp.Diff(want, got.json()); diff != "" {
		t.Error(diff)
	}
}

func TestAFreeEventIsRegisteredAtOnceInBothInterfaces(t *testing.T) {
	t.Parallel()
	body := `{"attendees":[{"firstName":"Ada","passId":"` + free + `"}]}`
	for _, variant := range []string{out, rt} {
		w := newWorld(t, dataversesim.Config{Variant: variant})
		base := outboundBase
		if variant == rt {
			base = w.realtimeBase()
		}
		got := w.must(w.registration(base, openDay, body)).json()
		if got["status"] != "Success" || got["redirectUrl"] != nil {
			t.Errorf("%s: a free registration is answered %v", variant, got)
		}
		if p := w.sim.Purchases()[0]; len(p.Seats) != 1 || p.Status != dataversesim.Registered {
			t.Errorf("%s: %+v", variant, p)
		}
	}
	if _, redirect, err := dataversesim.New(dataversesim.Config{}).Register(openDay, []dataversesim.Attendee{{PassID: free}}, ""); redirect != "" || err != nil {
		t.Errorf("Register sends a free buyer to %q (%v)", redirect, err)
	}
}

func TestTheEventInterfaceAsksForTokenAndOrigin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Variant: out})
	for name, c := range map[string]struct {
		change func(r *http.Request)
		want   int
	}{
		"no token":       {func(r *http.Request) { r.URL.RawQuery = "" }, 400},
		"no origin":      {func(r *http.Request) { r.Header.Del("Origin") }, 400},
		"wrong token":    {func(r *http.Request) { r.URL.RawQuery = "emApplicationtoken=guess" }, 401},
		"wrong origin":   {func(r *http.Request) { r.Header.Set("Origin", "https://evil.example.org") }, 401},
		"as it ought be": {func(*http.Request) {}, 200},
	} {
		r := w.registration(outboundBase, concert, coupleBody)
		c.change(r)
		if got := w.must(r); got.status != c.want {
			t.Errorf("%s: %d, want %d", name, got.status, c.want)
		}
	}
	if n := len(w.sim.Purchases()); n != 1 {
		t.Errorf("%d purchases were made, want 1", n)
	}
}

func TestEachInterfaceExistsOnlyInItsGeneration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	foreign := w.registration("/api/v1.0/orgs/"+nobody+"/eventmanagement", concert, coupleBody)
	if got := w.must(foreign); got.status != 404 {
		t.Errorf("another organisation's registration: %d", got.status)
	}
	for _, variant := range dataversesim.Variants() {
		w.switchTo(variant)
		outbound, realtime := w.registerOutbound(coupleBody).status == 200, w.registerRealtime(coupleBody).status == 200
		if want := strings.HasPrefix(variant, "outbound"); outbound != want {
			t.Errorf("%s: outbound registration works: %v", variant, outbound)
		}
		if want := variant == rt; realtime != want {
			t.Errorf("%s: real-time registration works: %v", variant, realtime)
		}
	}
}

func TestARegistrationThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	full := dataversesim.Event{ReadableID: "Small", Name: "Small", Currency: dataversesim.Currency{Code: "EUR", Precision: 2},
		Passes: []dataversesim.Pass{{ID: "only", Name: "Only", Price: "5.00", Capacity: 1}}}
	one, two := `{"attendees":[{"passId":"only"}]}`, `{"attendees":[{"passId":"only"},{"passId":"only"}]}`
	for name, c := range map[string]struct {
		event, body       string
		outbound, realtim int
		code              any
	}{
		"unknown event": {"Nowhere", one, 404, 404, nil},
		"unknown pass":  {"Small", `{"attendees":[{"passId":"other"}]}`, 200, 400, "RegistrationFailed"},
		"nobody":        {"Small", `{"attendees":[]}`, 200, 400, "RegistrationFailed"},
		"too many":      {"Small", two, 200, 400, "PassSoldOut"},
		"no JSON":       {"Small", `attendees=1`, 400, 400, nil},
	} {
		w := newWorld(t, dataversesim.Config{Events: []dataversesim.Event{full}})
		realtime := w.must(w.registration(w.realtimeBase(), c.event, c.body))
		w.switchTo(out)
		outbound := w.must(w.registration(outboundBase, c.event, c.body))
		if outbound.status != c.outbound || realtime.status != c.realtim {
			t.Errorf("%s: outbound %d, real-time %d", name, outbound.status, realtime.status)
		}
		if c.code != nil && (outbound.json()["errorCode"] != c.code || outbound.json()["status"] != "Error" || realtime.json()["errorCode"] != c.code) {
			t.Errorf("%s: %s, %s", name, outbound.body, realtime.body)
		}
		if n := len(w.sim.Purchases()); n != 0 {
			t.Errorf("%s: %d purchases were made", name, n)
		}
	}
}

func TestCapacityComesBackWhenAPurchaseIsCancelledOrExpires(t *testing.T) {
	t.Parallel()
	event := dataversesim.Event{ReadableID: "Small", Passes: []dataversesim.Pass{{ID: "only", Price: "5", Capacity: 1}}}
	w := newWorld(t, dataversesim.Config{Events: []dataversesim.Event{event}, Window: time.Minute})
	register := func() (string, error) {
		id, _, err := w.sim.Register("Small", []dataversesim.Attendee{{PassID: "only"}}, "")
		return id, err
	}
	first, err := register()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = register(); !errors.Is(err, dataversesim.ErrSoldOut) {
		t.Fatalf("the second of one place: %v", err)
	}
	w.cancel(first)
	second, err := register()
	if err != nil {
		t.Fatalf("after Cancelled: %v", err)
	}
	w.sim.Advance(time.Minute)
	third, err := register()
	if err != nil {
		t.Fatalf("after the window: %v", err)
	}
	if got := w.complete(third); got.status != 204 {
		t.Fatal(got.body)
	}
	w.sim.Advance(time.Hour)
	if _, err = register(); !errors.Is(err, dataversesim.ErrSoldOut) {
		t.Errorf("a registered place was given away: %v", err)
	}
	for id, want := range map[string]dataversesim.Status{first: dataversesim.Cancelled, second: dataversesim.Expired, third: dataversesim.Registered} {
		if got := w.purchase(id).Status; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestALateSeatIsOversoldRatherThanRefused(t *testing.T) {
	t.Parallel()
	event := dataversesim.Event{ReadableID: "Small", Passes: []dataversesim.Pass{{ID: "only", Price: "5", Capacity: 1}}}
	w := newWorld(t, dataversesim.Config{Events: []dataversesim.Event{event}, Behaviours: map[string]string{dataversesim.RealtimeLate: "seat"}})
	late, _, _ := w.sim.Register("Small", []dataversesim.Attendee{{PassID: "only"}}, "")
	w.sim.Advance(time.Hour)
	other, _, err := w.sim.Register("Small", []dataversesim.Attendee{{PassID: "only"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	w.complete(late)
	w.complete(other)
	if len(w.purchase(late).Seats)+len(w.purchase(other).Seats) != 2 {
		t.Error("the late seat was not made")
	}
}

func TestALateSeatCountsInTheCapacity(t *testing.T) {
	t.Parallel()
	event := dataversesim.Event{ReadableID: "Small", Passes: []dataversesim.Pass{{ID: "only", Price: "5", Capacity: 2}}}
	w := newWorld(t, dataversesim.Config{Events: []dataversesim.Event{event}, Behaviours: map[string]string{dataversesim.RealtimeLate: "seat"}})
	register := func() (string, error) {
		id, _, err := w.sim.Register("Small", []dataversesim.Attendee{{PassID: "only"}}, "")
		return id, err
	}
	late, _ := register()
	w.sim.Advance(time.Hour)
	w.complete(late)
	if _, err := register(); err != nil {
		t.Errorf("the second of two places: %v", err)
	}
	if _, err := register(); !errors.Is(err, dataversesim.ErrSoldOut) {
		t.Errorf("a third of two places: %v", err)
	}
}

func TestTheIntermediatePagesCarryTheIdsOutsideTheURL(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"form-post", "script"} {
		w := newWorld(t, dataversesim.Config{Variant: out, Behaviours: map[string]string{dataversesim.RedirectParameters: how}})
		got := w.registerOutbound(coupleBody).json()
		id := got["purchaseId"].(string)
		if want := w.server.URL + "/EvtMgmt/checkout/" + id; got["redirectUrl"] != want {
			t.Errorf("%s: redirected to %v, want %s", how, got["redirectUrl"], want)
		}
		page := w.must(w.request(http.MethodGet, got["redirectUrl"].(string), "")).body
		expect := map[string]string{"form-post": fmt.Sprintf(`name="purchaseId" value="%s"`, id), "script": fmt.Sprintf(`var purchaseId = "%s"`, id)}
		if !strings.Contains(page, expect[how]) || strings.Contains(page, "?purchaseId") {
			t.Errorf("%s: %s", how, page)
		}
	}
}

func TestABrowserMayAskBeforeItRegisters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	got := w.must(w.request(http.MethodOptions, w.server.URL+w.realtimeBase()+"/events/"+concert+"/registrations", ""))
	if got.status != 204 || got.header.Get("Access-Control-Allow-Origin") != w.sim.Config().Origin {
		t.Errorf("%d %v", got.status, got.header)
	}
}
