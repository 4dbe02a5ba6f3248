package dataversesim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func (w *world) order(method, target, body string, want int) reply {
	w.t.Helper()
	got := w.control(method, target, body)
	if got.status != want {
		w.t.Errorf("%s %s %s: %d %s, want %d", method, target, body, got.status, got.body, want)
	}
	return got
}

func (w *world) state() dataversesim.State {
	w.t.Helper()
	var st dataversesim.State
	if err := json.Unmarshal([]byte(w.order(http.MethodGet, "/state", "", 200).body), &st); err != nil {
		w.t.Fatal(err)
	}
	return st
}

func TestTheControlPortSteersASale(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	w.order(http.MethodPost, "/variant", `{"variant":"outbound"}`, 204)
	w.order(http.MethodPost, "/behaviour", `{"name":"finalize-status","variant":"capitalised"}`, 204)
	w.order(http.MethodPost, "/payment-page", `{"url":"https://here.example.org/pay/x"}`, 204)
	attendees, _ := json.Marshal(couple())
	made := w.order(http.MethodPost, "/purchases", `{"event":"`+concert+`","user":"`+contact+`","attendees":`+string(attendees)+`}`, 200).json()
	id := made["purchase_id"].(string)
	if want := "https://here.example.org/pay/x?purchaseId=" + id + "&readableEventId=" + concert + "&userId=" + contact; made["redirect_url"] != want {
		t.Errorf("redirect %v, want %s", made["redirect_url"], want)
	}
	w.order(http.MethodPost, "/fault", `{"operation":"finalize","kind":"commit-then-500","purchase":"`+id+`","delay":"1ms"}`, 204)
	if st := w.state(); st.Variant != out || len(st.Faults) != 1 || st.Faults[0].Delay != "1ms" || st.Seats != 0 || !st.Now.Equal(noon) {
		t.Errorf("%+v", st)
	}
	if got := w.outbound(id, concert, contact); got.status != 500 {
		t.Errorf("%d", got.status)
	}
	clock := w.order(http.MethodPost, "/clock", `{"advance":"10m"}`, 200).json()
	if clock["now"] != "2026-11-22T12:10:00Z" {
		t.Errorf("%v", clock)
	}
	st := w.state()
	if st.Seats != 2 || st.Purchases[0].Status != dataversesim.Registered || st.Counters.Requests[dataversesim.OpFinalizeOutbound] != 1 || st.Counters.Statuses[500] != 1 {
		t.Errorf("%+v", st)
	}
	if diff := cmp.Diff(w.sim.Purchases(), st.Purchases); diff != "" {
		t.Errorf("the control port tells another story than the package: %s", diff)
	}
}

func TestTheControlPortShowsAndForgetsRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	a, b := w.buy(), w.buy()
	w.complete(a)
	w.row(b)
	for query, want := range map[string]int{"": 3, "?operation=token": 1, "?purchase=" + b: 1, "?operation=token&purchase=" + b: 0} {
		var seen []dataversesim.Request
		if err := json.Unmarshal([]byte(w.order(http.MethodGet, "/requests"+query, "", 200).body), &seen); err != nil || len(seen) != want {
			t.Errorf("%q: %d requests (%v), want %d", query, len(seen), err, want)
		}
	}
	w.order(http.MethodDelete, "/requests", "", 204)
	if n := len(w.sim.Requests()); n != 0 {
		t.Errorf("%d are remembered", n)
	}
}

func TestTheControlPortPicksBehavioursBySeedAndBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	w.order(http.MethodPost, "/behaviour", `{"seed":9}`, 200)
	if diff := cmp.Diff(dataversesim.BehavioursBySeed(9), w.sim.Chosen()); diff != "" {
		t.Error(diff)
	}
	w.order(http.MethodPost, "/behaviour", `{"seed":0}`, 200)
	if diff := cmp.Diff(dataversesim.DefaultBehaviours(), w.sim.Chosen()); diff != "" {
		t.Error(diff)
	}
	var all []dataversesim.Behaviour
	if err := json.Unmarshal([]byte(w.order(http.MethodGet, "/behaviours", "", 200).body), &all); err != nil || cmp.Diff(dataversesim.Behaviours(), all) != "" {
		t.Errorf("%v", all)
	}
}

func TestTheControlPortClearsFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	w.order(http.MethodPost, "/fault", `{"kind":"unavailable","times":-1}`, 204)
	w.order(http.MethodDelete, "/faults", "", 204)
	if got := w.get("WhoAmI"); got.status != 200 {
		t.Errorf("%d", got.status)
	}
}

func TestTheControlPortRefusesWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	before := w.sim.State()
	for _, bad := range [][2]string{
		{"/variant", `{"variant":"no-such"}`}, {"/variant", `{"varient":"outbound"}`}, {"/variant", `outbound`}, {"/variant", ``},
		{"/behaviour", `{"name":"numbers","variant":"no-such"}`}, {"/fault", `{"kind":"no-such"}`}, {"/fault", `{"kind":"slow","delay":"soon"}`},
		{"/clock", `{"advance":"soon"}`}, {"/purchases", `{"event":"Nowhere","attendees":[{}]}`},
	} {
		if got := w.order(http.MethodPost, bad[0], bad[1], 400); got.json()["error"] == "" {
			t.Errorf("%v: no error is told", bad)
		}
	}
	w.order(http.MethodGet, "/nowhere", "", 404)
	if diff := cmp.Diff(before, w.sim.State()); diff != "" {
		t.Errorf("something changed: %s", diff)
	}
}

func TestRequestsAreRememberedWithoutSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	w.registerRealtime(coupleBody)
	w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindCommitDrop})
	_, _ = w.send(w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(id, 100000001)))
	form := w.tokenForm()
	form.Set("client_assertion", "a.private.assertion")
	w.postForm(w.tokenURL(), form)
	raw, err := json.Marshal(w.sim.Requests())
	if err != nil {
		t.Fatal(err)
	}
	c := w.sim.Config()
	for _, secret := range []string{w.token, c.ClientSecret, strings.ReplaceAll(c.ClientSecret, "~", "%7E"), c.EventToken, "a.private.assertion"} {
		if strings.Contains(string(raw), secret) {
			t.Errorf("a secret is remembered: %q", secret)
		}
	}
	var finalize dataversesim.Request
	for _, r := range w.sim.Requests() {
		if r.Operation == dataversesim.OpFinalizeRealtime {
			finalize = r
		}
	}
	if finalize.Header.Get("OData-Version") != "4.0" || !strings.HasPrefix(finalize.Header.Get("Content-Type"), "application/json") {
		t.Errorf("headers: %v", finalize.Header)
	}
	finalize.Header = nil
	want := dataversesim.Request{
		Time: noon, Method: http.MethodPost, Path: "/api/data/v9.2/msevtmgt_finalizeregistrationpayment", Operation: dataversesim.OpFinalizeRealtime,
		Purchase: id, Body: realtimeBody(id, 100000001), Status: 0, Fault: dataversesim.KindCommitDrop,
	}
	if diff := cmp.Diff(want, finalize); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyTheLatestRequestsAreRemembered(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Memory: 3})
	for range 5 {
		w.get("WhoAmI")
	}
	w.get("RetrieveVersion")
	seen := w.sim.Requests()
	if len(seen) != 3 || seen[2].Operation != dataversesim.OpRetrieveVersion || seen[2].Status != 200 {
		t.Errorf("%+v", seen)
	}
	if n := w.sim.State().Counters.Requests[dataversesim.OpWhoAmI]; n != 5 {
		t.Errorf("%d are counted", n)
	}
}

func TestTheClockMovesBothWaysAndUndoesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	w.sim.Advance(time.Hour)
	w.sim.Advance(-time.Hour)
	if p := w.purchase(id); p.Status != dataversesim.Expired || !w.sim.Now().Equal(noon) {
		t.Errorf("%s at %s", p.Status, w.sim.Now())
	}
}
