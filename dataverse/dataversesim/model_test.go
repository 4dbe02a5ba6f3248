package dataversesim_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
	"pgregory.net/rapid"
)

// model is a second telling of what becomes of purchases, under the working assumptions, written without looking at the
// first: a list, and a rule for each call.
type model struct {
	now       time.Time
	capacity  int
	purchases []*modelled
}

type modelled struct {
	id      string
	people  int
	expires time.Time
	ended   dataversesim.Status // "" while it is temporary or expired
	seats   int
}

func (m *model) status(p *modelled) dataversesim.Status {
	switch {
	case p.ended != "":
		return p.ended
	case m.now.Before(p.expires):
		return dataversesim.Temporary
	}
	return dataversesim.Expired
}

func (m *model) room() int {
	room := m.capacity
	for _, p := range m.purchases {
		if s := m.status(p); s == dataversesim.Temporary || s == dataversesim.Registered {
			room -= p.people
		}
	}
	return room
}

// finalize says whether a finalize that is Completed (or Cancelled) is taken.
func (m *model) finalize(p *modelled, end dataversesim.Status) bool {
	if m.status(p) != dataversesim.Temporary {
		return false
	}
	if p.ended = end; end == dataversesim.Registered {
		p.seats = p.people
	}
	return true
}

// direct asks the handler without a network, which is quick enough for thousands of calls.
type direct struct {
	sim   *dataversesim.Sim
	token string
}

func newDirect(sim *dataversesim.Sim) direct {
	c := sim.Config()
	d := direct{sim: sim}
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ClientID}, "client_secret": {c.ClientSecret}, "scope": {"https://org.example/.default"}}
	_, body := d.ask("/"+c.TenantID+"/oauth2/v2.0/token", "application/x-www-form-urlencoded", form.Encode())
	_, rest, _ := strings.Cut(body, `"access_token":"`)
	d.token, _, _ = strings.Cut(rest, `"`)
	return d
}

func (d direct) ask(path, contentType, body string) (int, string) {
	r, err := http.NewRequest(http.MethodPost, "https://org.example"+path, strings.NewReader(body)) //nolint:noctx // no network
	if err != nil {
		panic(err)
	}
	r.Header.Set("Content-Type", contentType)
	r.Header.Set("Authorization", "Bearer "+d.token)
	rec := httptest.NewRecorder()
	d.sim.Handler().ServeHTTP(rec, r)
	return rec.Code, rec.Body.String()
}

func TestWhateverIsCalledInWhateverOrderTheLedgerAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	for _, variant := range []string{rt, out} {
		t.Run(variant, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { playWithModel(t, variant) })
		})
	}
}

func playWithModel(t *rapid.T, variant string) {
	clock := &stopped{at: noon}
	m := &model{now: noon, capacity: rapid.IntRange(1, 6).Draw(t, "capacity")}
	sim := dataversesim.New(dataversesim.Config{Now: clock.now, Variant: variant, Window: 10 * time.Minute, Events: []dataversesim.Event{{
		ReadableID: "E", Currency: dataversesim.Currency{Code: "EUR", Precision: 2}, Passes: []dataversesim.Pass{{ID: "p", Price: "1.00", Capacity: m.capacity}},
	}}})
	d := newDirect(sim)
	if d.token == "" {
		t.Fatal("not signed in")
	}
	t.Repeat(map[string]func(*rapid.T){
		"register": func(t *rapid.T) {
			people := rapid.IntRange(1, 3).Draw(t, "people")
			fits := people <= m.room()
			id, _, err := sim.Register("E", make([]dataversesim.Attendee, 0), "")
			if err == nil {
				t.Fatalf("registered nobody as %s", id)
			}
			attendees := make([]dataversesim.Attendee, people)
			for i := range attendees {
				attendees[i].PassID = "p"
			}
			id, _, err = sim.Register("E", attendees, "")
			if (err == nil) != fits {
				t.Fatalf("%d people, room for %d: %v", people, m.room(), err)
			}
			if fits {
				m.purchases = append(m.purchases, &modelled{id: id, people: people, expires: m.now.Add(10 * time.Minute)})
			}
		},
		"advance": func(t *rapid.T) {
			by := time.Duration(rapid.IntRange(0, 400).Draw(t, "seconds")) * time.Second
			sim.Advance(by)
			m.now = m.now.Add(by)
		},
		"complete": func(t *rapid.T) { finalizeBoth(t, d, m, variant, dataversesim.Registered) },
		"cancel": func(t *rapid.T) {
			if variant == out {
				t.Skip("outbound cannot")
			}
			finalizeBoth(t, d, m, variant, dataversesim.Cancelled)
		},
		"": func(t *rapid.T) { compare(t, sim, m) },
	})
}

func finalizeBoth(t *rapid.T, d direct, m *model, variant string, end dataversesim.Status) {
	if len(m.purchases) == 0 {
		t.Skip("nothing to finalize")
	}
	p := rapid.SampledFrom(m.purchases).Draw(t, "purchase")
	taken := m.finalize(p, end)
	var answered bool
	if variant == out {
		status, body := d.ask("/api/data/v9.0/"+dataversesim.OpFinalizeOutbound, "application/json", outboundBody(p.id, "E", ""))
		answered = strings.Contains(body, `"status":"Success"`)
		if status != 200 {
			t.Fatalf("%d %s", status, body)
		}
	} else {
		code := map[dataversesim.Status]int{dataversesim.Registered: 100000001, dataversesim.Cancelled: 100000000}[end]
		status, _ := d.ask("/api/data/v9.1/"+dataversesim.OpFinalizeRealtime, "application/json", realtimeBody(p.id, code))
		answered = status == 204
	}
	if taken != answered {
		t.Fatalf("the model says %v, the simulator %v", taken, answered)
	}
}

func compare(t *rapid.T, sim *dataversesim.Sim, m *model) {
	var want, got []string
	for _, p := range m.purchases {
		want = append(want, fmt.Sprintf("%s %s %d", p.id, m.status(p), p.seats))
	}
	for _, p := range sim.Purchases() {
		got = append(got, fmt.Sprintf("%s %s %d", p.ID, p.Status, len(p.Seats)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}
