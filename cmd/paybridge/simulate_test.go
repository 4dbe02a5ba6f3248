package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// childWord makes the test binary the process in which simulations run, as the program does it for itself.
const childWord = "simulate-child"

func runsAsChild() bool { return len(os.Args) > 1 && os.Args[1] == childWord }

// A failing seed is worth something only if it fails again: the same plan gives the same simulation, to the byte, and another another.
func TestTheSamePlanIsTheSameSimulation(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("the race detector makes it ten times slower; it sees past failures and outages")
	}
	digests := map[string]uint64{}
	play := func(a assignment) (answer, error) { return once(t.Context(), a) }
	for _, a := range []assignment{{Seed: 3, Purchases: 25}, {Seed: 12, Purchases: 25},
		{Seed: 54, Purchases: 60},     // told three stories: seven who waited for one token came to the governor at one instant
		{Seed: 700038, Purchases: 60}, // told two: calls that a dying node left behind had one instant, and swapped their dice
	} {
		r, err := twice(t.Context(), a, play)
		if err != nil {
			t.Fatal(err)
		}
		for _, law := range r.Outcome.Broken {
			t.Errorf("seed %d: %s", a.Seed, law)
		}
		if other, ok := digests[r.Outcome.Digest]; ok {
			t.Errorf("seeds %d and %d are the same simulation", a.Seed, other)
		}
		digests[r.Outcome.Digest] = a.Seed
	}
}

// What a simulation found once stays mended. Each plan is as small as it got; its name says what happened.
func TestPastFailuresStayMended(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("testdata", "simulate", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d plans, %v", len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		p, err := readPlan(raw)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		r, err := once(t.Context(), assignment{Plan: &p, Story: true})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if len(r.Outcome.Broken) > 0 {
			t.Errorf("%s: %s\n%s", file, r.Outcome.Broken, strings.Join(r.Story, "\n"))
		}
	}
}

// A sale of chance keeps the laws whatever goes wrong. CI plays fresh seeds beside these.
func TestSalesOfChanceKeepTheLaws(t *testing.T) {
	t.Parallel()
	if racing {
		t.Skip("the race detector makes it ten times slower; it sees past failures and outages")
	}
	sum, err := (&campaign{first: 1001, last: 1004, purchases: 30, jobs: 1, says: testWriter{t}}).run(t.Context())
	if err != nil || len(sum.Failures) > 0 {
		t.Errorf("%v, %+v", err, sum.Failures)
	}
	if sum.Purchases < 4*30 || sum.Registered == 0 || sum.Troubles == 0 {
		t.Errorf("nothing happened: %+v", sum)
	}
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(p)))
	return len(p), nil
}

// Nobody gets a seat while Dynamics is away from the first payment to the last deadline, and everybody who paid is on the desk or gets
// the money back; with the outage over in time, everybody has a seat.
func TestAnOutageCostsTheSeatsThatItMust(t *testing.T) {
	t.Parallel()
	for outage, want := range map[string]struct{ registered, desk int }{"dynamics:20m@2m": {12, 0}, "dynamics:3h@2m": {0, 12}} {
		var out, says bytes.Buffer
		o := simulateOptions{sale: "12/1m", throttle: "default", mishaps: "none", nodes: 2, seed: 4, outages: []string{outage}}
		p, err := o.plan(func(string) bool { return false })
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Scenes { // who could still register, and cannot be sent to pay without a price, is another case
			p.Scenes[i].Turn, p.Scenes[i].Page = turnButton, false
			p.Scenes[i].Pays = max(p.Scenes[i].Pays, 3*time.Minute)
		}
		if err := present(t.Context(), p, false, filepath.Join(t.TempDir(), "plot.svg"), true, &out, &says); err != nil {
			t.Fatalf("%v\n%s%s", err, says.String(), out.String())
		}
		var got saleResult
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Registered != want.registered || got.Desk != want.desk || got.Late != want.desk {
			t.Errorf("%s: %d registered, %d on the desk, %d late", outage, got.Registered, got.Desk, got.Late)
		}
	}
}

// The laws are asked of what the simulators hold; each fate that breaks one is noticed.
func TestABrokenFateIsNoticed(t *testing.T) {
	t.Parallel()
	bad := map[string]fate{
		"lost":               {Lost: true, Captured: 100},
		"limbo":              {Limbo: 1},
		"some seats":         {Seats: 1, Attendees: 2, Captured: 100, Price: 100},
		"seat without money": {Seats: 1, Attendees: 1, Price: 100},
	}
	for law, f := range bad {
		if got := broken(f); lawOf([]string{got}) != law {
			t.Errorf("%s: %q", law, got)
		}
	}
	for _, f := range []fate{{Seats: 1, Attendees: 1, Captured: 100, Price: 100}, {Attendees: 1}, {Seats: 1, Attendees: 1, Price: 100, Desk: string(purchase.CauseDisputed)}} {
		if got := broken(f); got != "" {
			t.Errorf("%+v: %s", f, got)
		}
	}
}

func TestShrinkingLeavesWhatIsNeeded(t *testing.T) {
	t.Parallel()
	list := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	got := without(list, func(left []int) bool { return slices.Contains(left, 3) && slices.Contains(left, 9) })
	if !slices.Equal(got, []int{3, 9}) {
		t.Errorf("%v", got)
	}
}

func TestEveryWrongFlagOfASaleIsReported(t *testing.T) {
	t.Parallel()
	o := simulateOptions{sale: "many/5m", throttle: "little", mishaps: "few", nodes: 0, outages: []string{"dynamics", "moon:1m@2m"}}
	_, err := o.plan(func(string) bool { return false })
	if err == nil {
		t.Fatal("all of it was taken")
	}
	for _, part := range []string{"--sale", "--throttle", "--mishaps", "--nodes", `"dynamics"`, `"moon"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("nothing about %s: %v", part, err)
		}
	}
}

// Who simulates their own organisation gets their own window, dialect, timing, providers and what these do with money.
func TestASaleIsPlayedUnderOnesOwnSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"seal", "dataverse", "paypal"} {
		if err := writeSecret(dir, name, strings.Repeat(name+"-secret", 8)); err != nil {
			t.Fatal(err)
		}
	}
	settings := filepath.Join(dir, "paybridge.yaml")
	text := `version: 1
server: {listen: ":8080", public_url: https://pay.example.org}
operations: {listen: "127.0.0.1:9464"}
store: paybridge.db
seal_keys: [file:seal]
environments:
  main:
    mode: live
    dataverse: {url: https://contoso.crm4.dynamics.com, dialect: outbound, tenant_id: 7d1c9a52-4b0e-4f7f-9d55-0a1b2c3d4e5f,
      client_id: c2f8e0b4-6a1d-4c3b-8e21-5f6a7b8c9d0e, client_secret: file:dataverse, window: 40m, margin: 3m, event: Demo}
accounts:
  paypal-main:
    environment: main
    capture: after_registration
    late: refund
    paypal: {client_id: AbCdEf, client_secret: file:paypal, webhook_id: 8PT597110X687430LKGECATA}
`
	text = strings.ReplaceAll(text, "file:", "file:"+dir+string(filepath.Separator))
	if err := os.WriteFile(settings, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	o := simulateOptions{config: settings, sale: "8/1m", throttle: "default", mishaps: "none", nodes: 1, seed: 2}
	p, err := o.plan(func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	if p.Dialect != "outbound" || p.Window != 40*time.Minute || p.Timing.Margin != 3*time.Minute || p.Capture != "after_registration" || !p.Refunds ||
		!slices.Equal(p.Providers, []string{"paypal"}) {
		t.Errorf("%+v", p)
	}
	r, err := once(t.Context(), assignment{Plan: &p})
	if err != nil || r.Outcome.Verdict.Registered != 8 || len(r.Outcome.Broken) > 0 {
		t.Errorf("%v, %+v", err, r.Outcome)
	}
}

// A person who asks sees why, in the plot too.
func TestThePlotShowsSeatsAndTroubles(t *testing.T) {
	t.Parallel()
	p := plan{Window: 50 * time.Minute, Troubles: []trouble{{Number: 1, Kind: dynamicsOutage, At: time.Minute, For: time.Hour}}}
	svg := string(plotOf(p, &outcome{Seats: []seatPoint{{At: 10 * time.Minute, Used: time.Minute}, {At: 20 * time.Minute, Used: 2 * time.Minute}}}))
	if strings.Count(svg, "<circle") != 2 || !strings.Contains(svg, "dynamics outage") || !strings.HasSuffix(svg, "</svg>\n") {
		t.Errorf("%s", svg)
	}
}
