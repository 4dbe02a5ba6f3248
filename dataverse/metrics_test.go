package dataverse_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestTheMetricsHaveTheNamesOfTheCatalogueAndAllLabelsFromTheStart(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	dataverse.NewMetrics(reg)
	if problems, err := testutil.GatherAndLint(reg); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	for name, least := range map[string]int{
		"paybridge_dataverse_requests_total": 90, "paybridge_dataverse_request_duration_seconds": 6, "paybridge_dataverse_throttled_total": 3,
		"paybridge_dataverse_ratelimit_remaining_requests": 1, "paybridge_dataverse_ratelimit_remaining_execution_seconds": 1,
		"paybridge_dataverse_retry_after_seconds": 1, "paybridge_dataverse_inflight_requests": 1, "paybridge_oauth_token_refreshes_total": 2,
	} {
		if n, err := testutil.GatherAndCount(reg, name); n < least || err != nil {
			t.Errorf("%s has %d label sets, want %d at least (%v)", name, n, least, err)
		}
	}
}

func TestWhatOtherClientsHaveTooIsShared(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	other := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "paybridge_oauth_token_refreshes_total", Help: "Access tokens asked for, by result."}, []string{"client", "result"})
	reg.MustRegister(other)
	dataverse.NewMetrics(reg)
	if n := testutil.CollectAndCount(other); n != 2 {
		t.Errorf("%d label sets in the other client's metric", n)
	}
}

// value reads one sample of the world's metrics; labels as in the text format.
func (w *world) value(sample string) string {
	w.t.Helper()
	for line := range strings.Lines(w.text()) {
		if rest, ok := strings.CutPrefix(line, sample+" "); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}

func TestEveryAttemptIsCountedByWhatCameOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, impatient(300*time.Millisecond))
	k := w.register()
	if _, err := w.Price(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	w.finalize(k)
	if _, err := w.ReadBack(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	w.fault(dataversesim.OpWhoAmI, dataversesim.KindExecutionTime)
	_, _ = w.Organization(t.Context())
	w.fault(dataversesim.AnyFinalize, dataversesim.KindHang)
	w.finalize(k)
	for sample, want := range map[string]string{
		`paybridge_dataverse_requests_total{code="200",operation="token",outcome="ok"}`:            "2", // discovery and token
		`paybridge_dataverse_requests_total{code="200",operation="get_purchase",outcome="ok"}`:     "3", // probe, row, event
		`paybridge_dataverse_requests_total{code="404",operation="get_purchase",outcome="4xx"}`:    "2", // the outbound actions that are not there
		`paybridge_dataverse_requests_total{code="204",operation="finalize",outcome="ok"}`:         "1",
		`paybridge_dataverse_requests_total{code="none",operation="finalize",outcome="timeout"}`:   "1",
		`paybridge_dataverse_requests_total{code="200",operation="get_registration",outcome="ok"}`: "2",
		`paybridge_dataverse_requests_total{code="429",operation="whoami",outcome="throttled"}`:    "1",
		`paybridge_dataverse_request_duration_seconds_count{operation="finalize"}`:                 "2",
		`paybridge_dataverse_throttled_total{limit="execution_time"}`:                              "1",
		`paybridge_dataverse_throttled_total{limit="requests"}`:                                    "0",
		`paybridge_dataverse_retry_after_seconds`:                                                  "10",
		`paybridge_dataverse_inflight_requests`:                                                    "0",
		`paybridge_oauth_token_refreshes_total{client="dataverse",result="ok"}`:                    "1",
		`paybridge_clock_skew_seconds{peer="dataverse"}`:                                           "0",
	} {
		if got := w.value(sample); got != want {
			t.Errorf("%s is %q, want %s", sample, got, want)
		}
	}
	for _, sample := range []string{"paybridge_dataverse_ratelimit_remaining_requests", "paybridge_dataverse_ratelimit_remaining_execution_seconds", `paybridge_oauth_token_expiry_timestamp_seconds{client="dataverse"}`} {
		if got := w.value(sample); got == "" || got == "0" {
			t.Errorf("%s is %q", sample, got)
		}
	}
}

func TestASkewedClockShows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.sim.Advance(-time.Hour)
	if _, err := w.Organization(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := w.value(`paybridge_clock_skew_seconds{peer="dataverse"}`); !strings.HasPrefix(got, "-3599") && !strings.HasPrefix(got, "-3600") {
		t.Errorf("skew %s", got)
	}
}
