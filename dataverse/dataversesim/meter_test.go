package dataversesim_test

import (
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestServiceProtectionCountsRequestsOnASlidingWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Limits: dataversesim.Limits{Requests: 3, Per: time.Minute}})
	for range 3 {
		if got := w.get("WhoAmI"); got.status != 200 {
			t.Fatalf("within the limit: %d", got.status)
		}
		w.sim.Advance(10 * time.Second)
	}
	over := w.get("WhoAmI")
	if over.status != 429 || over.code() != "0x80072322" || over.message() != "Number of requests exceeded the limit of 3 over time window of 60 seconds." {
		t.Fatalf("over the limit: %d %s", over.status, over.body)
	}
	again, _ := strconv.Atoi(w.get("WhoAmI").header.Get("Retry-After"))
	if first, _ := strconv.Atoi(over.header.Get("Retry-After")); first < 30 || again <= first {
		t.Errorf("Retry-After is %d and then %d; 30 are needed, and it must grow", first, again)
	}
	w.sim.Advance(30*time.Second - time.Nanosecond)
	if got := w.get("WhoAmI"); got.status != 429 {
		t.Errorf("a moment too early: %d", got.status)
	}
	w.sim.Advance(time.Nanosecond)
	if got := w.get("WhoAmI"); got.status != 200 {
		t.Errorf("when the oldest is out of the window: %d", got.status)
	}
	if got := w.get("WhoAmI"); got.status != 429 {
		t.Errorf("only one place became free: %d", got.status)
	}
}

func TestServiceProtectionCountsExecutionTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Limits: dataversesim.Limits{Execution: 25 * time.Millisecond}})
	var statuses [4]int
	var last reply
	for i := range statuses {
		last = w.get("WhoAmI")
		statuses[i] = last.status
	}
	if statuses != [4]int{200, 200, 200, 429} || last.code() != "0x80072321" {
		t.Errorf("%v %s", statuses, last.body)
	}
}

func TestServiceProtectionCountsWhatRunsAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Limits: dataversesim.Limits{Concurrency: 2}})
	w.spoil(dataversesim.Fault{Operation: dataversesim.OpRetrieveVersion, Kind: dataversesim.KindHang, Times: 2})
	var group sync.WaitGroup
	release := make(chan func(), 2)
	for range 2 {
		r, cancel := within(w.api(http.MethodGet, "RetrieveVersion", ""), time.Minute)
		release <- cancel
		group.Go(func() { _, _ = w.send(r) })
	}
	eventually(t, "both hang", func() bool { return w.sim.State().Counters.Faults[dataversesim.KindHang] == 2 })
	if got := w.get("WhoAmI"); got.status != 429 || got.code() != "0x80072326" || got.header.Get("Retry-After") == "" {
		t.Errorf("a third at once: %d %s", got.status, got.body)
	}
	(<-release)()
	(<-release)()
	group.Wait()
	eventually(t, "there is room again", func() bool { return w.get("WhoAmI").status == 200 })
	if n := w.sim.State().Counters.Throttled; n < 1 {
		t.Errorf("%d are counted as throttled", n)
	}
}

func TestServiceProtectionCanBeOffAndLeavesEntraAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{Limits: dataversesim.Limits{Requests: 1, Off: true}})
	for range 5 {
		w.signIn()
		if got := w.get("WhoAmI"); got.status != 200 {
			t.Fatalf("%d", got.status)
		}
	}
}

func TestMovingTheClockWhileARequestRunsIsNoExecutionTime(t *testing.T) {
	t.Parallel()
	w := newWorld(t, dataversesim.Config{})
	w.spoil(dataversesim.Fault{Operation: dataversesim.OpRetrieveVersion, Kind: dataversesim.KindHang})
	r, cancel := within(w.api(http.MethodGet, "RetrieveVersion", ""), time.Minute)
	var group sync.WaitGroup
	group.Go(func() { _, _ = w.send(r) })
	eventually(t, "it hangs", func() bool { return w.sim.State().Counters.Faults[dataversesim.KindHang] == 1 })
	w.sim.Advance(time.Hour)
	cancel()
	group.Wait()
	eventually(t, "the server noticed", func() bool { return w.sim.State().Counters.Statuses[0] == 1 })
	if got := w.get("WhoAmI"); got.status != 200 {
		t.Errorf("%d %s", got.status, got.body)
	}
}
