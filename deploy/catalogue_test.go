package deploy_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/post"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/store"
	"github.com/paybridge/paybridge/bridge/web"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/providers"
)

// catalogue lists the metrics: kind, name, labels. A label whose values are a closed list has them behind it.
const catalogue = `
gauge     build_info                                         version revision goversion
gauge     account_info                                       provider account mode=sandbox|live dialect=auto|outbound|realtime
gauge     collector_up                                       collector=backlog
gauge     clock_skew_seconds                                 peer
gauge     slo_objective_ratio                                slo=finalize_in_window|finalize_fast|callback_accept|checkout_start
counter   slo_events_total                                   slo=finalize_in_window|finalize_fast|callback_accept|checkout_start result=good|bad

gauge     registrations                                      provider account state=awaiting_payment|paid_unfinalized|finalizing|needs_attention
gauge     registrations_at_risk                              provider account remaining=30m|20m|10m|5m
gauge     registration_remaining_budget_seconds_min          provider account
gauge     registrations_paid_unfinalized_oldest_age_seconds  provider account
counter   registrations_finalized_total                      provider account outcome=in_window|late|already_finalized|manual
counter   registrations_expired_total                        provider account stage=no_callback|verification|amount_check|dataverse|manual_hold
counter   seats_released_total                               provider account outcome=confirmed|acknowledged|refused|unknown|unsent
histogram registration_finalization_duration_seconds         provider
histogram payment_finalization_duration_seconds              provider source=callback|poll|return|import

counter   checkouts_total                                    provider account result=redirected|expired|unknown_purchase|already_paid|dataverse_error|provider_error|bad_request|rate_limited
histogram checkout_duration_seconds                          provider
counter   callback_requests_total                            provider code
histogram callback_request_duration_seconds                  provider
counter   callback_verifications_total                       provider account result=ok|bad_signature|stale_timestamp|replayed|wrong_mode|unknown_account|malformed|verifier_unavailable
counter   callback_events_total                              provider account type=payment_succeeded|payment_pending|payment_failed|refund|dispute|other outcome=new|duplicate|ignored
gauge     callback_last_ok_timestamp_seconds                 provider account
counter   payments_discovered_total                          provider account source=callback|poll|return|import
counter   lists_total                                        provider account result=ok|failed
counter   listed_facts_total                                 provider account outcome=new|known|unrelated
gauge     listed_until_timestamp_seconds                     provider account
counter   amount_mismatches_total                            provider account kind=amount|currency
counter   late_payments_total                                provider account

counter   dataverse_requests_total                           operation=token|whoami|get_purchase|finalize|get_registration|metadata code outcome=ok|4xx|5xx|throttled|timeout|error
histogram dataverse_request_duration_seconds                 operation=token|whoami|get_purchase|finalize|get_registration|metadata
counter   dataverse_throttled_total                          limit=requests|execution_time|concurrency
gauge     dataverse_ratelimit_remaining_requests
gauge     dataverse_ratelimit_remaining_execution_seconds
gauge     dataverse_retry_after_seconds
gauge     dataverse_inflight_requests
counter   provider_requests_total                            provider operation=create|get|capture|refund|list|verify code
histogram provider_request_duration_seconds                  provider operation=create|get|capture|refund|list|verify
gauge     oauth_token_expiry_timestamp_seconds               client
counter   oauth_token_refreshes_total                        client result=ok|error
counter   messages_total                                     channel=mail|webhook kind=invoice_requested|invoice_reminder|payment_received|refused_after_payment|participation_confirmed|refunded|desk result=sent|retried|given_up|dropped
gauge     messages_waiting                                   channel=mail|webhook
gauge     messages_oldest_timestamp_seconds                  channel=mail|webhook
counter   operator_actions_total                             action=retry|ask|accept|refund|seats|release|tie|close|note|approve|paid|cancel
gauge     credential_expiry_timestamp_seconds                credential

histogram store_operation_duration_seconds                   operation
counter   store_errors_total                                 operation
`

// elsewhere are metrics that no package registers: the program announces the first two itself, and the last one is only there where
// the end of a credential is known.
var elsewhere = []string{"paybridge_build_info", "paybridge_account_info", "paybridge_credential_expiry_timestamp_seconds"}

// A metric of the catalogue. The values of a label are empty where they are not a closed list.
type metric struct {
	kind   string
	labels map[string][]string
}

func metrics() map[string]metric {
	found := map[string]metric{}
	for line := range strings.Lines(catalogue) {
		words := strings.Fields(line)
		if len(words) == 0 {
			continue
		}
		m := metric{kind: words[0], labels: map[string][]string{}}
		for _, word := range words[2:] {
			label, values, closed := strings.Cut(word, "=")
			m.labels[label] = nil
			if closed {
				m.labels[label] = strings.Split(values, "|")
			}
		}
		found["paybridge_"+words[1]] = m
	}
	return found
}

// lookUp finds the metric that a name in a query means. Only histograms have sums, counts and buckets.
func lookUp(all map[string]metric, name string) (metric, bool) {
	if m, ok := all[name]; ok {
		return m, true
	}
	m := all[regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")]
	return m, m.kind == "histogram"
}

// still is a clock that stands still.
type still struct{ bridge.Clock }

func (still) Now() time.Time { return time.Unix(1_700_000_000, 0) }

// idle is an account at which nothing happens.
type idle struct {
	bridge.Provider
	bridge.Asker
}

// registered is what the program's packages register, with one account.
func registered(t *testing.T) *prometheus.Registry {
	t.Helper()
	reg := prometheus.NewRegistry()
	policy := purchase.Policy{Window: 50 * time.Minute}
	s, err := store.Open(t.Context(), t.TempDir()+"/paybridge.db", store.Options{Clock: still{}, Rules: purchase.Rules, Registerer: reg,
		Policy: func(string) purchase.Policy { return policy }, Log: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	accounts := []bridge.Account{{Name: "main", Kind: "paypal", Environment: "main", Provider: idle{}}}
	b, err := bridge.New(bridge.Options{Store: s, Accounts: accounts, Environments: []bridge.Environment{{Name: "main", Policy: policy}},
		Clock: still{}, Log: zap.NewNop(), Metrics: bridge.NewMetrics(reg, accounts)})
	if err != nil {
		t.Fatal(err)
	}
	reg.MustRegister(bridge.NewBacklogCollector(b))
	if _, err := post.New(post.Options{Outbox: s, Clock: still{}, Log: zap.NewNop(), Registerer: reg}); err != nil {
		t.Fatal(err)
	}
	dataverse.NewMetrics(reg)
	providers.NewMetrics(reg)
	web.NewPublic(web.Options{Bridge: b, Accounts: accounts, Log: zap.NewNop(), Registerer: reg, Now: still{}.Now})
	return reg
}

// described reads names and labels out of the descriptions, which a metric has before it has a value.
func described(t *testing.T, reg *prometheus.Registry) map[string][]string {
	t.Helper()
	shape := regexp.MustCompile(`fqName: "([^"]+)".*variableLabels: \{([^}]*)\}`)
	found := map[string][]string{}
	descriptions := make(chan *prometheus.Desc, 1000)
	reg.Describe(descriptions)
	close(descriptions)
	for d := range descriptions {
		m := shape.FindStringSubmatch(d.String())
		if m == nil {
			t.Fatalf("not understood: %s", d)
		}
		labels := strings.FieldsFunc(m[2], func(r rune) bool { return r == ',' })
		slices.Sort(labels)
		found[m[1]] = labels
	}
	return found
}

func TestTheCatalogueIsWhatTheProgramRegisters(t *testing.T) {
	t.Parallel()
	want := map[string][]string{}
	for name, m := range metrics() {
		if slices.Contains(elsewhere, name) {
			continue
		}
		want[name] = []string{}
		for label := range m.labels {
			want[name] = append(want[name], label)
		}
		slices.Sort(want[name])
	}
	if diff := cmp.Diff(want, described(t, registered(t))); diff != "" {
		t.Errorf("catalogue (-) and program (+) differ:\n%s", diff)
	}
}

func TestLabelsTakeOnlyTheirDeclaredValues(t *testing.T) {
	t.Parallel()
	families, err := registered(t).Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := metrics()
	for _, family := range families {
		m := all[family.GetName()]
		if kind := strings.ToLower(family.GetType().String()); kind != m.kind {
			t.Errorf("%s is a %s, not a %s", family.GetName(), kind, m.kind)
		}
		for _, series := range family.GetMetric() {
			for _, l := range series.GetLabel() {
				if values := m.labels[l.GetName()]; values != nil && !slices.Contains(values, l.GetValue()) {
					t.Errorf("%s{%s=%q} is not in the catalogue", family.GetName(), l.GetName(), l.GetValue())
				}
			}
		}
	}
}
