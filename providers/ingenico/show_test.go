package ingenico_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/ingenico"
	"github.com/paybridge/paybridge/providers/providertest"
)

// A record is a Worldline that shows what it is told to, by the end of the path.
type record map[string]string

func (r record) RoundTrip(req *http.Request) (*http.Response, error) {
	status, body := http.StatusNotFound, `{"errorId":"e","errors":[{"httpStatusCode":500,"id":"UNKNOWN_SERVER_ERROR"}]}`
	_, path, _ := strings.Cut(strings.TrimPrefix(req.URL.RequestURI(), "/"), "/")
	_, path, _ = strings.Cut(path, "/")
	if text, ok := r[path]; ok {
		status, body = http.StatusOK, text
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(body)), Header: http.Header{}, Request: req}, nil
}

// shown is what is read from such a record.
func shown(t *testing.T, generation string, r record, ref purchase.Ref) (string, error) {
	t.Helper()
	o := providertest.Options(t, nil)
	o.HTTP, o.Live = r, true
	a, err := ingenico.NewWorldline(sections(t)[generation], o)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := a.Ask(t.Context(), ref)
	return strings.Join(providertest.Said(facts), "; "), err
}

func TestWhatDirectShows(t *testing.T) {
	t.Parallel()
	payment := func(id, status, more string) string {
		return `{"id":"` + id + `","status":"` + status + `","paymentOutput":{"amountOfMoney":{"amount":4500,"currencyCode":"EUR"}` + more + `}}`
	}
	checkout := func(status, payment string) string {
		return `{"status":"` + status + `","createdPaymentOutput":{"payment":` + payment + `}}`
	}
	taken := func(minor string) string { return `,"acquiredAmount":{"amount":` + minor + `,"currencyCode":"EUR"}` }
	with := func(payment, operations string) string {
		return strings.TrimSuffix(payment, "}") + `,"Operations":[` + operations + `]}`
	}
	op := func(id, status, minor string) string {
		return `{"id":"` + id + `","status":"` + status + `","amountOfMoney":{"amount":` + minor + `,"currencyCode":"EUR"}}`
	}
	refund := func(id, status, minor string) string {
		return `{"id":"` + id + `","status":"` + status + `","refundOutput":{"amountOfMoney":{"amount":` + minor + `,"currencyCode":"EUR"}}}`
	}
	for name, c := range map[string]struct {
		record record
		object string
		want   string // "?": an error that may pass; "none": no payment
	}{
		"nothing":                   {record{}, "", "none"},
		"a page":                    {record{"hostedcheckouts/7": `{"status":"IN_PROGRESS"}`}, "", ""},
		"a page of no status":       {record{"hostedcheckouts/7": `{}`}, "", ""},
		"given up":                  {record{"hostedcheckouts/7": `{"status":"CANCELLED_BY_CONSUMER"}`}, "", "proved lapsed 7"},
		"not for this payer":        {record{"hostedcheckouts/7": `{"status":"CLIENT_NOT_ELIGIBLE_FOR_SELECTED_PAYMENT_PRODUCT"}`}, "", "proved failed 7 7 not_eligible"},
		"given up after a refusal":  {record{"hostedcheckouts/7": checkout("CANCELLED_BY_CONSUMER", payment("7_0", "REJECTED", ""))}, "", "proved failed 7 7_0 rejected; proved lapsed 7"},
		"given up, yet pending":     {record{"hostedcheckouts/7": checkout("CANCELLED_BY_CONSUMER", payment("7_0", "AUTHORIZATION_REQUESTED", ""))}, "", "proved pending 7 7_0 authorization_requested"},
		"given up, yet at the bank": {record{"hostedcheckouts/7": checkout("CANCELLED_BY_CONSUMER", payment("7_0", "REDIRECTED", ""))}, "", ""},
		"given up, yet paid": {record{"hostedcheckouts/7": checkout("CANCELLED_BY_CONSUMER", payment("7_0", "CAPTURED", "")), "payments/7_0/details": payment("7_0", "CAPTURED", taken("4500"))}, "",
			"proved captured 7 7 45.00 EUR"},
		"refused while it lives": {record{"hostedcheckouts/7": checkout("PAYMENT_CREATED", payment("7_0", "REJECTED", ""))}, "", "proved failed 7 7_0 rejected"},
		"less was taken than asked": {record{"hostedcheckouts/7": checkout("PAYMENT_CREATED", payment("7_0", "CAPTURED", taken("4000"))), "payments/7_0/details": payment("7_0", "CAPTURED", taken("4000"))}, "",
			"proved captured 7 7 40.00 EUR"},
		"nobody says what was taken": {record{"payments/7_0/details": payment("7_0", "CAPTURED", "")}, "", "proved captured 7 7 45.00 EUR"},
		"captured by an operation": {record{"hostedcheckouts/7": checkout("PAYMENT_CREATED", payment("7_0", "PENDING_CAPTURE", "")),
			"payments/7_0/details": with(payment("7_0", "PENDING_CAPTURE", ""), op("7_0", "PENDING_CAPTURE", "4500")+","+op("7_1", "CAPTURED", "4500"))}, "", "proved captured 7 7 45.00 EUR"},
		"captured in two parts": {record{"payments/7_0/details": with(payment("7_0", "PENDING_CAPTURE", ""), op("7_1", "CAPTURED", "2000")+","+op("7_2", "CAPTURED", "2500"))}, "",
			"proved captured 7 7 45.00 EUR"},
		"captured twice over":   {record{"payments/7_0/details": with(payment("7_0", "PENDING_CAPTURE", ""), op("7_1", "CAPTURED", "4500")+","+op("7_2", "CAPTURED", "4500"))}, "", "?"},
		"reserved and acquired": {record{"payments/7_0/details": payment("7_0", "PENDING_CAPTURE", taken("4500"))}, "", "proved authorised 7 7 45.00 EUR"},
		"refunded": {record{"payments/7_0/details": payment("7_0", "REFUNDED", taken("4500")), "payments/7_0/refunds": `{"refunds":[` + refund("7_1", "REFUNDED", "1500") + `,` + refund("7_2", "REJECTED", "100") + `]}`}, "",
			"proved captured 7 7 45.00 EUR; proved refunded 7 7_1 15.00 EUR; proved failed 7 7_2 1.00 EUR refund_refused"},
		"taken back in part": {record{"payments/7_0/details": with(payment("7_0", "CHARGEBACKED", taken("4500")), op("7_1", "CHARGEBACKED", "2000"))}, "",
			"proved captured 7 7 45.00 EUR; proved reversed 7 7:reversal 20.00 EUR reversal"},
		"a try under another number": {record{"hostedcheckouts/7": `{"status":"IN_PROGRESS"}`, "payments/8_0/details": payment("8_0", "CAPTURED", taken("4500"))}, "8", "proved captured 7 8 45.00 EUR"},
		"a try of another page": {record{"hostedcheckouts/7": `{"status":"IN_PROGRESS"}`,
			"payments/8_0/details": strings.TrimSuffix(payment("8_0", "CAPTURED", taken("4500")), "}") + `,"hostedCheckoutSpecificOutput":{"hostedCheckoutId":"9"}}`}, "8", ""},
		"a page of another name":   {record{"hostedcheckouts/7": `{"createdPaymentOutput":{"payment":{"id":"7_0","status":"CAPTURED","hostedCheckoutSpecificOutput":{"hostedCheckoutId":"9"}}}}`}, "", "?"},
		"another payment":          {record{"payments/7_0/details": payment("9_0", "CAPTURED", taken("4500"))}, "", "?"},
		"a status that is unknown": {record{"payments/7_0/details": payment("7_0", "IMPROVED", taken("4500"))}, "", "?"},
		"no amount":                {record{"payments/7_0/details": `{"id":"7_0","status":"CAPTURED"}`}, "", "?"},
		"two currencies":           {record{"payments/7_0/details": with(payment("7_0", "PENDING_CAPTURE", ""), `{"id":"7_1","status":"CAPTURED","amountOfMoney":{"amount":4500,"currencyCode":"USD"}}`)}, "", "?"},
		"a refund that is unknown": {record{"payments/7_0/details": payment("7_0", "CAPTURED", taken("4500")), "payments/7_0/refunds": `{"refunds":[` + refund("7_1", "SENT", "1500") + `]}`}, "", "?"},
		"not JSON":                 {record{"hostedcheckouts/7": "<html>"}, "", "?"},
	} {
		got, err := shown(t, "direct", c.record, purchase.Ref{Payment: "7", Object: c.object})
		switch {
		case c.want == "none":
			if !errors.Is(err, purchase.ErrNoPayment) {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		case c.want == "?":
			if err == nil || final(err) || errors.Is(err, purchase.ErrNoPayment) || got != "" {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		case err != nil || got != c.want:
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
	}
}

// TestARefundOfConnectFindsItsPayment: its event names neither payment nor page.
func TestARefundOfConnectFindsItsPayment(t *testing.T) {
	t.Parallel()
	const refund = `{"id":"77-00002","status":"REFUNDED","refundOutput":{"amountOfMoney":{"amount":1500,"currencyCode":"EUR"},"references":{"merchantReference":"R-1"`
	payment := func(id string) string {
		return `{"id":"` + id + `","status":"PAID","hostedCheckoutSpecificOutput":{"hostedCheckoutId":"page-` + id + `"},"paymentOutput":{"amountOfMoney":{"amount":4500,"currencyCode":"EUR"},"amountPaid":4500}}`
	}
	two := `{"payments":[` + payment("76") + `,` + payment("77") + `]}`
	refunds := `{"refunds":[` + refund + `}}}]}`
	want := "proved captured page-77 77 45.00 EUR; proved refunded page-77 77-00002 15.00 EUR"
	for name, c := range map[string]struct {
		record record
		want   string
	}{
		"by the order":        {record{"refunds/77-00002": refund + `,"merchantOrderId":123}}}`, "payments?merchantOrderId=123": two, "payments/77/refunds": refunds}, want},
		"by the reference":    {record{"refunds/77-00002": refund + `}}}`, "payments?merchantReference=R-1": two, "payments/77/refunds": refunds}, want},
		"of nobody":           {record{"refunds/77-00002": refund + `}}}`, "payments?merchantReference=R-1": `{"payments":[]}`}, ""},
		"of another":          {record{"refunds/77-00002": refund + `}}}`, "payments?merchantReference=R-1": two}, ""},
		"without a reference": {record{"refunds/77-00002": `{"id":"77-00002","status":"REFUNDED"}`}, ""},
		"no refund":           {record{}, ""},
	} {
		got, err := shown(t, "connect", c.record, purchase.Ref{Payment: "77-00002", Object: "77-00002"})
		if c.want == "" && !errors.Is(err, purchase.ErrNoPayment) || c.want != "" && (err != nil || got != c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}
