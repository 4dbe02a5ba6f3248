package dataversesim_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// wanted is what a fault of a kind does to a finalize: the status and code of the answer (0: no answer), and the seats.
type wanted struct {
	status int
	code   string
	json   bool
	seats  int
}

func kinds() map[dataversesim.Kind]wanted {
	return map[dataversesim.Kind]wanted{
		dataversesim.KindUnauthorized:     {status: 401},
		dataversesim.KindMissingPrivilege: {status: 403, code: "0x80040220", json: true},
		dataversesim.KindNotMember:        {status: 403, code: "0x80072560", json: true},
		dataversesim.KindAppRestricted:    {status: 403, code: "0x80095ffc", json: true},
		dataversesim.KindFirewall:         {status: 403, code: "0x80095ffe", json: true},
		dataversesim.KindTooMany:          {status: 429, code: "0x80072322", json: true},
		dataversesim.KindExecutionTime:    {status: 429, code: "0x80072321", json: true},
		dataversesim.KindConcurrent:       {status: 429, code: "0x80072326", json: true},
		dataversesim.KindServerError:      {status: 500, code: "0x80040224", json: true},
		dataversesim.KindServerErrorHTML:  {status: 500},
		dataversesim.KindBadGateway:       {status: 502},
		dataversesim.KindUnavailable:      {status: 503},
		dataversesim.KindUnavailableEmpty: {status: 503},
		dataversesim.KindGatewayTimeout:   {status: 504},
		dataversesim.KindHang:             {},
		dataversesim.KindDrop:             {},
		dataversesim.KindSlow:             {status: 204, seats: 2},
		dataversesim.KindLateCommit:       {seats: 2},
		dataversesim.KindCommitHang:       {seats: 2},
		dataversesim.KindCommitDrop:       {seats: 2},
		dataversesim.KindCommit500:        {status: 500, code: "0x80040224", json: true, seats: 2},
		dataversesim.KindCommit502:        {status: 502, seats: 2},
		dataversesim.KindTruncated:        {status: 200, seats: 2},
		dataversesim.KindPartialSeats:     {status: 204, seats: 1},
		dataversesim.KindSecretExpired:    {status: 401, json: true}, // made for the token endpoint, but does the same here
		dataversesim.KindTokenNoExpiry:    {status: 204, seats: 2},   // no harm but at the token endpoint
	}
}

func TestEveryKindOfFaultAnswersAndTakesEffectAsItSays(t *testing.T) {
	t.Parallel()
	expected := kinds()
	for _, kind := range dataversesim.Kinds() {
		want, there := expected[kind]
		if !there {
			t.Errorf("kind %s is not expected", kind)
			continue
		}
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, dataversesim.Config{})
			id := w.buy()
			w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: kind, Delay: 20 * time.Millisecond})
			got, err := w.send(w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(id, 100000001)))
			w.sim.Advance(time.Second) // the late commit
			if (err != nil) != (want.status == 0) || got.status != want.status {
				t.Errorf("status %d, error %v, want %d", got.status, err, want.status)
			}
			if want.code != "" && got.code() != want.code {
				t.Errorf("code %s, want %s", got.code(), want.code)
			}
			if err == nil && got.status != 204 && json.Valid([]byte(got.body)) != want.json {
				t.Errorf("the body is JSON: %v: %q", !want.json, got.body)
			}
			if n := len(w.purchase(id).Seats); n != want.seats {
				t.Errorf("%d seats, want %d", n, want.seats)
			}
			if state := w.sim.State(); state.Counters.Faults[kind] != 1 || len(state.Faults) != 0 {
				t.Errorf("the fault is not used up: %+v", state.Faults)
			}
		})
	}
}

func TestWhileItHangsTheEffectIsThereOrNotAndTheClientLeaves(t *testing.T) {
	t.Parallel()
	for kind, seats := range map[dataversesim.Kind]int{dataversesim.KindHang: 0, dataversesim.KindCommitHang: 2} {
		w := newWorld(t, dataversesim.Config{})
		id := w.buy()
		w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: kind})
		r, cancel := within(w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(id, 100000001)), 100*time.Millisecond)
		_, err := w.send(r)
		cancel()
		if !isTimeout(err) {
			t.Errorf("%s: %v", kind, err)
		}
		w.sim.Advance(10 * time.Minute)
		if n := len(w.purchase(id).Seats); n != seats {
			t.Errorf("%s: %d seats, want %d", kind, n, seats)
		}
	}
}

func TestASlowServerWorksOnWhenItsClientLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindSlow, Delay: 119 * time.Second})
	r, cancel := within(w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(id, 100000001)), 50*time.Millisecond)
	defer cancel()
	if _, err := w.send(r); !isTimeout(err) {
		t.Fatal(err)
	}
	eventually(t, "the server noticed", func() bool { return w.sim.State().Counters.Statuses[0] == 1 })
	w.sim.Advance(118 * time.Second)
	if n := len(w.purchase(id).Seats); n != 0 {
		t.Errorf("%d seats before it was done", n)
	}
	w.sim.Advance(time.Second)
	if p := w.purchase(id); len(p.Seats) != 2 || !p.FinalizedAt.Equal(noon.Add(119*time.Second)) {
		t.Errorf("after it was done: %+v", p)
	}
}

func TestALateCommitObeysTheWindowAtItsOwnTime(t *testing.T) {
	t.Parallel()
	for delay, want := range map[time.Duration]dataversesim.Status{30 * time.Second: dataversesim.Registered, 90 * time.Second: dataversesim.Expired} {
		w := newWorld(t, dataversesim.Config{Window: time.Minute})
		id := w.buy()
		w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindLateCommit, Delay: delay})
		if _, err := w.send(w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(id, 100000001))); err == nil {
			t.Error("it was answered")
		}
		if got := w.purchase(id); got.Status != dataversesim.Temporary || got.FinalizeCalls != 0 {
			t.Errorf("at once: %+v", got)
		}
		w.sim.Advance(time.Hour) // past both: what came first counts
		if got := w.purchase(id).Status; got != want {
			t.Errorf("after %v: %s, want %s", delay, got, want)
		}
	}
}

func TestAFaultMeetsOnlyWhatItNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	mine, other := w.buy(), w.buy()
	w.spoil(dataversesim.Fault{Operation: dataversesim.OpPurchases, Kind: dataversesim.KindServerError, Purchase: strings.ToUpper(mine), Times: 2})
	for i, c := range []struct {
		got  reply
		want int
	}{
		{w.row(other), 200}, {w.attendees(mine), 200}, {w.get("WhoAmI"), 200}, {w.row(mine), 500}, {w.row(mine), 500}, {w.row(mine), 200},
	} {
		if c.got.status != c.want {
			t.Errorf("request %d: %d, want %d", i, c.got.status, c.want)
		}
	}
	w.spoil(dataversesim.Fault{Operation: dataversesim.OpAttendees, Kind: dataversesim.KindServerError, Purchase: mine})
	if a, b := w.attendees(other).status, w.attendees(mine).status; a != 200 || b != 500 {
		t.Errorf("by filter: %d, %d", a, b)
	}
	w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindServerError, Purchase: mine})
	if a, b := w.complete(other).status, w.complete(mine).status; a != 204 || b != 500 {
		t.Errorf("by parameter: %d, %d", a, b)
	}
}

func TestAFaultOfAllTheWebAPILeavesEntraAndRegistrationAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	w.spoil(dataversesim.Fault{Kind: dataversesim.KindUnavailable, Times: -1})
	w.signIn()
	if got := w.registerRealtime(coupleBody); got.status != 200 {
		t.Errorf("registration: %d", got.status)
	}
	for range 3 {
		if got := w.get("WhoAmI"); got.status != 503 {
			t.Errorf("Web API: %d", got.status)
		}
	}
	w.sim.ClearFaults()
	if got := w.get("WhoAmI"); got.status != 200 {
		t.Errorf("after ClearFaults: %d", got.status)
	}
}

func TestThePriceGroupMeetsWhatAPriceIsReadFrom(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	w.spoil(dataversesim.Fault{Operation: dataversesim.AnyPrice, Kind: dataversesim.KindBadGateway, Times: -1})
	id := w.buy()
	if a, b := w.row(id).status, w.attendees(id).status; a != 502 || b != 200 {
		t.Errorf("real-time: row %d, attendees %d", a, b)
	}
	w.switchTo(out)
	if a, b := w.info(id).status, w.outbound(id, concert, "").status; a != 502 || b != 200 {
		t.Errorf("outbound: info %d, finalize %d", a, b)
	}
}

func TestFaultsDoNotMeetThoseWhoAreNotSignedIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	id := w.buy()
	w.spoil(dataversesim.Fault{Operation: dataversesim.AnyFinalize, Kind: dataversesim.KindCommitDrop})
	r := w.api(http.MethodPost, dataversesim.OpFinalizeRealtime, realtimeBody(id, 100000001))
	r.Header.Del("Authorization")
	if got := w.must(r); got.status != 401 || len(w.purchase(id).Seats) != 0 || len(w.sim.Faults()) != 1 {
		t.Errorf("%d, %d seats, %d faults left", got.status, len(w.purchase(id).Seats), len(w.sim.Faults()))
	}
}

func TestRetryAfterHasEveryForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	w.sim.Advance(time.Hour)
	for given, want := range map[string]string{
		"": "10", "30": "30", "date+90s": "Sun, 22 Nov 2026 13:01:30 GMT", "99999999999999999999": "99999999999999999999", "-": "", "date+soon": "date+soon",
	} {
		for _, kind := range []dataversesim.Kind{dataversesim.KindTooMany, dataversesim.KindExecutionTime, dataversesim.KindConcurrent} {
			w.spoil(dataversesim.Fault{Kind: kind, RetryAfter: given})
			if got := w.get("WhoAmI"); got.status != 429 || got.header.Get("Retry-After") != want {
				t.Errorf("%s %q: %d %q", kind, given, got.status, got.header.Get("Retry-After"))
			}
		}
	}
	w.spoil(dataversesim.Fault{Kind: dataversesim.KindUnavailable})
	w.spoil(dataversesim.Fault{Kind: dataversesim.KindUnavailable, RetryAfter: "5"})
	if a, b := w.get("WhoAmI").header.Get("Retry-After"), w.get("WhoAmI").header.Get("Retry-After"); a != "" || b != "5" {
		t.Errorf("503: %q, %q", a, b)
	}
}

func TestTheMessagesOf429AreThoseOfTheDocuments(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	for kind, want := range map[dataversesim.Kind]string{
		dataversesim.KindTooMany: "Number of requests exceeded the limit of 6000 over time window of 300 seconds.",
		dataversesim.KindExecutionTime: "Combined execution time of incoming requests exceeded limit of 1,200,000  milliseconds over time window of 300 seconds. " +
			"Decrease number of concurrent requests or reduce the duration of requests and try again later.",
		dataversesim.KindConcurrent: "Number of concurrent requests exceeded the limit of 52.",
	} {
		w.spoil(dataversesim.Fault{Kind: kind})
		if got := w.get("WhoAmI").message(); got != want {
			t.Errorf("%s: %q", kind, got)
		}
	}
}

func TestTheTokenEndpointFailsInItsOwnWays(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	ask := func(f dataversesim.Fault) reply {
		f.Operation = dataversesim.OpToken
		w.spoil(f)
		return w.postForm(w.tokenURL(), w.tokenForm())
	}
	if got := ask(dataversesim.Fault{Kind: dataversesim.KindUnavailable}); got.status != 503 {
		t.Errorf("503: %d", got.status)
	}
	if got := ask(dataversesim.Fault{Kind: dataversesim.KindTooMany, RetryAfter: "7"}); got.status != 429 || got.header.Get("Retry-After") != "7" || !strings.Contains(got.body, "AADSTS90055") {
		t.Errorf("429: %d %s", got.status, got.body)
	}
	if got := ask(dataversesim.Fault{Kind: dataversesim.KindSecretExpired}); got.status != 401 || !strings.Contains(got.body, "AADSTS7000222") || got.json()["error"] != "invalid_client" {
		t.Errorf("expired: %d %s", got.status, got.body)
	}
	if got := ask(dataversesim.Fault{Kind: dataversesim.KindTokenNoExpiry}); got.status != 200 || got.json()["expires_in"] != nil {
		t.Errorf("no time: %d %s", got.status, got.body)
	}
	w.spoil(dataversesim.Fault{Operation: dataversesim.OpToken, Kind: dataversesim.KindHang})
	r, cancel := within(w.request(http.MethodPost, w.tokenURL(), w.tokenForm().Encode()), 50*time.Millisecond) // no form: it hangs all the same
	defer cancel()
	if _, err := w.send(r); !isTimeout(err) {
		t.Errorf("hang: %v", err)
	}
}

func TestChanceFollowsTheSeed(t *testing.T) {
	t.Parallel()
	run := func(seed uint64) (statuses []int) {
		w := newWorld(t, dataversesim.Config{Seed: seed, Behaviours: map[string]string{}})
		w.spoil(dataversesim.Fault{Kind: dataversesim.KindServerError, Times: -1, Probability: 0.5})
		for range 40 {
			statuses = append(statuses, w.get("WhoAmI").status)
		}
		return statuses
	}
	first, same := run(3), run(3)
	failed := 0
	for i := range first {
		if first[i] != same[i] {
			t.Fatal("the same seed spoiled other requests")
		}
		if first[i] == 500 {
			failed++
		}
	}
	if failed < 8 || failed > 32 {
		t.Errorf("%d of 40 were spoiled at one half", failed)
	}
}

func TestANonsensicalFaultIsRefused(t *testing.T) {
	t.Parallel()
	s := dataversesim.New(dataversesim.Config{})
	for i, f := range []dataversesim.Fault{
		{}, {Kind: "no-such"}, {Kind: dataversesim.KindDrop, Probability: 2}, {Kind: dataversesim.KindDrop, Probability: -1},
		{Kind: dataversesim.KindHang, Delay: -1}, {Kind: dataversesim.KindSlow}, {Kind: dataversesim.KindLateCommit},
	} {
		if err := s.AddFault(f); err == nil {
			t.Errorf("fault %s is accepted", strconv.Itoa(i))
		}
	}
}
