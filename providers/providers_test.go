package providers_test

import (
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.yaml.in/yaml/v3"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers"
	"github.com/paybridge/paybridge/providers/protocol"
)

const purchaseID = "0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60"

type account struct {
	Reference        providers.Reference `yaml:"reference"`
	providers.Config `yaml:",inline"`
}

func parse(t *testing.T, text string) account {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte("the-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var a account
	decoder := yaml.NewDecoder(strings.NewReader(strings.ReplaceAll(text, "SECRET", "file:"+path)))
	decoder.KnownFields(true)
	if err := decoder.Decode(&a); err != nil {
		t.Fatal(err)
	}
	return a
}

const section = `
paypal:
  client_id: app
  client_secret: SECRET
  webhook_id: 0WH00000ID000001K
  verify: offline
`

func problems(a account) []string {
	var p field.Problems
	at := p.At("accounts.main")
	a.Config.Validate(at, false)
	a.Reference.Validate(at.At("reference"), a.ReferenceFields())
	keys := []string{}
	for _, problem := range p.List() {
		keys = append(keys, problem.Key)
	}
	return keys
}

func TestAnAccountHasOneProvider(t *testing.T) {
	t.Parallel()
	a := parse(t, section)
	if a.Kind() != "paypal" || len(a.Secrets()) != 1 || len(problems(a)) > 0 {
		t.Errorf("%q, %v, %v", a.Kind(), a.Secrets(), problems(a))
	}
	none := account{}
	if diff := cmp.Diff([]string{"accounts.main"}, problems(none)); diff != "" || none.Kind() != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := providers.Open(none.Config, providers.Options{}); err == nil {
		t.Error("an account without a provider opens")
	}
	two := parse(t, section+"stripe: {}\n")
	if diff := cmp.Diff([]string{"accounts.main"}, problems(two)); diff != "" || two.Kind() != "" {
		t.Errorf("two sections (-want +got)\n%s", diff)
	}
}

func TestMistakesInAReferenceAreFound(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		`reference: {purchase: custom_id}`:                                                                                 nil,
		`reference: {purchase: custom, event: invoice}`:                                                                    nil,
		`reference: {event: custom_id}`:                                                                                    {"purchase"},
		`reference: {purchase: note}`:                                                                                      {"purchase"},
		`reference: {purchase: custom_id, event: summary, user: payer}`:                                                    {"event", "user"},
		`reference: {purchase: custom_id, pattern: '('}`:                                                                   {"pattern"},
		`reference: {purchase: custom_id, pattern: '^(?P<event>.*)$'}`:                                                     {"pattern"},
		`reference: {purchase: custom_id, pattern: '^(?P<purchase>.*)(?P<money>.*)$'}`:                                     {"pattern"},
		`reference: {purchase: custom_id, pattern: '^(?P<purchase>[^|]+)\|(?P<event>[^|]*)\|(?P<user>.*)$'}`:               nil,
		`reference: {purchase: custom_id, user: invoice_id, pattern: '^(?P<purchase>[0-9a-f-]{36})(?: (?P<event>\S+))?$'}`: nil,
	} {
		got := problems(parse(t, text+section))
		for i := range want {
			want[i] = "accounts.main.reference." + want[i]
		}
		if diff := cmp.Diff(want, got, cmp.Transformer("set", func(s []string) string { return strings.Join(s, " ") })); diff != "" {
			t.Errorf("%s (-want +got)\n%s", text, diff)
		}
	}
}

// oneOrder is PayPal with one approved order.
type oneOrder struct{ custom, invoice string }

func (o oneOrder) RoundTrip(r *http.Request) (*http.Response, error) {
	body := `{"access_token":"t","expires_in":32400}`
	if r.Method == http.MethodGet {
		body = `{"id":"5AB00000CD000001E","status":"APPROVED","purchase_units":[{"custom_id":"` + o.custom + `","invoice_id":"` + o.invoice +
			`","amount":{"currency_code":"EUR","value":"45.00"}}]}`
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r}, nil
}

func seals(t *testing.T) purchase.Seals {
	t.Helper()
	s, err := purchase.NewSeals([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestIdsAreFoundWhereTheSettingsSay(t *testing.T) {
	t.Parallel()
	const user = "7e1d0000-aaaa-4bbb-8ccc-000000000001"
	sealed, err := seals(t).For("main").Seal(purchase.Reference{Purchase: purchaseID, Event: "E1"}, 127)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := seals(t).For("other").Seal(purchase.Reference{Purchase: purchaseID}, 127)
	if err != nil {
		t.Fatal(err)
	}
	const pattern = `, pattern: '^(?P<purchase>[^|]+)\|(?P<event>[^|]*)\|(?P<user>.*)$'}`
	for name, c := range map[string]struct {
		reference string
		order     oneOrder
		want      purchase.Reference
	}{
		"our seal":                   {"", oneOrder{custom: sealed}, purchase.Reference{Purchase: purchaseID, Event: "E1", Sealed: true}},
		"our seal before settings":   {"reference: {purchase: invoice_id}", oneOrder{sealed, "x"}, purchase.Reference{Purchase: purchaseID, Event: "E1", Sealed: true}},
		"another environment's seal": {"", oneOrder{custom: elsewhere}, purchase.Reference{}},
		"no settings, a bare id":     {"", oneOrder{custom: purchaseID}, purchase.Reference{}},
		"one field":                  {"reference: {purchase: custom_id}", oneOrder{custom: "{" + strings.ToUpper(purchaseID) + "}"}, purchase.Reference{Purchase: purchaseID}},
		"two fields":                 {"reference: {purchase: invoice_id, event: custom_id}", oneOrder{"E2", purchaseID}, purchase.Reference{Purchase: purchaseID, Event: "E2"}},
		"three in one":               {"reference: {purchase: custom_id" + pattern, oneOrder{custom: purchaseID + "|E3|" + user}, purchase.Reference{Purchase: purchaseID, Event: "E3", User: user}},
		"a contact that is none":     {"reference: {purchase: custom_id" + pattern, oneOrder{custom: purchaseID + "|E3|me"}, purchase.Reference{Purchase: purchaseID, Event: "E3"}},
		"the pattern does not fit":   {"reference: {purchase: custom_id" + pattern, oneOrder{custom: purchaseID}, purchase.Reference{}},
		"the pattern leaves room":    {"reference: {purchase: custom_id, event: invoice_id, pattern: '^no (?P<purchase>.+)$'}", oneOrder{"no " + purchaseID, "E4"}, purchase.Reference{Purchase: purchaseID, Event: "E4"}},
	} {
		a := parse(t, c.reference+section)
		if found := problems(a); len(found) > 0 {
			t.Fatalf("%s: %v", name, found)
		}
		p, err := providers.Open(a.Config, providers.Options{Options: protocol.Options{Account: "main", Environment: "main", HTTP: c.order}, Reference: a.Reference, Seals: seals(t)})
		if err != nil {
			t.Fatal(err)
		}
		facts, err := p.(bridge.Asker).Ask(t.Context(), purchase.Ref{Payment: "5AB00000CD000001E"})
		if err != nil || len(facts) != 1 {
			t.Fatalf("%s: %v, %v", name, facts, err)
		}
		f := facts[0]
		got := purchase.Reference{Purchase: f.Purchase.ID, Event: f.Detail.Event, User: f.Detail.User, Sealed: f.Detail.Sealed}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// oneSession is Stripe with one paid session.
type oneSession struct{}

func (oneSession) RoundTrip(r *http.Request) (*http.Response, error) {
	body := `{"object":"list","data":[]}`
	if strings.HasPrefix(r.URL.Path, "/v1/checkout/sessions/") {
		body = `{"id":"cs_test_1","object":"checkout.session","mode":"payment","status":"complete","payment_status":"paid","livemode":false,"amount_total":4500,"currency":"eur",
			"client_reference_id":"` + purchaseID + `","payment_intent":"pi_1"}`
	}
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: r}, nil
}

func TestAnIdThatIsNotConfiguredIsNotRead(t *testing.T) {
	t.Parallel()
	a := parse(t, "reference: {purchase: client_reference_id}\nstripe: {secret_key: SECRET, webhook_secrets: [SECRET]}\n")
	p, err := providers.Open(a.Config, providers.Options{Options: protocol.Options{Environment: "main", HTTP: oneSession{}}, Reference: a.Reference, Seals: seals(t)})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := p.(bridge.Asker).Ask(t.Context(), purchase.Ref{Payment: "cs_test_1"})
	if err != nil || len(facts) == 0 {
		t.Fatalf("%v, %v", facts, err)
	}
	if f := facts[0]; f.Purchase.ID != purchaseID || f.Detail.Event != "" || f.Detail.User != "" {
		t.Errorf("%+v", f)
	}
}

func TestRequestsAndTokensAreCounted(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewPedanticRegistry()
	metrics := providers.NewMetrics(reg)
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	p, err := providers.Open(parse(t, section).Config, providers.Options{Options: protocol.Options{Account: "main", HTTP: oneOrder{}, Now: func() time.Time { return now }}, Metrics: metrics})
	if err != nil {
		t.Fatal(err)
	}
	count := func(name string) int {
		n, err := testutil.GatherAndCount(reg, name)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := count("paybridge_provider_requests_total"); n != 8*15 {
		t.Errorf("%d label sets exist from the start", n)
	}
	if _, err := p.(bridge.Asker).Ask(t.Context(), purchase.Ref{Payment: "5AB00000CD000001E"}); err != nil {
		t.Fatal(err)
	}
	if n := count("paybridge_provider_requests_total"); n != 8*15 {
		t.Errorf("%d label sets after a request", n)
	}
	want := `
		# HELP paybridge_oauth_token_expiry_timestamp_seconds When the access token ends.
		# TYPE paybridge_oauth_token_expiry_timestamp_seconds gauge
		paybridge_oauth_token_expiry_timestamp_seconds{client="main"} 1.7953740e+09
		# HELP paybridge_oauth_token_refreshes_total Access tokens asked for, by result.
		# TYPE paybridge_oauth_token_refreshes_total counter
		paybridge_oauth_token_refreshes_total{client="main",result="error"} 0
		paybridge_oauth_token_refreshes_total{client="main",result="ok"} 1
	`
	if err := testutil.GatherAndCompare(reg, strings.NewReader(want), "paybridge_oauth_token_expiry_timestamp_seconds", "paybridge_oauth_token_refreshes_total"); err != nil {
		t.Error(err)
	}
	if found, err := testutil.GatherAndLint(reg); err != nil || len(found) > 0 {
		t.Errorf("%v, %v", found, err)
	}
	again := providers.NewMetrics(reg)
	if _, err := providers.Open(parse(t, section).Config, providers.Options{Options: protocol.Options{Account: "second"}, Metrics: again}); err != nil {
		t.Error(err)
	}
	if n := count("paybridge_oauth_token_refreshes_total"); n != 4 {
		t.Errorf("a second registration does not share the metric: %d", n)
	}
}
