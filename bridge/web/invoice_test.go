package web

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

func openForm(atOnce bool) bridge.InvoiceForm {
	return bridge.InvoiceForm{EventName: "Concert & fête", Money: purchase.Money{Minor: 120050, Currency: "EUR"}, Language: "fr", State: bridge.FormOpen,
		Terms: purchase.Terms{AtOnce: atOnce, Due: 45 * 24 * time.Hour}, Until: time.Now().Add(30*time.Minute + time.Second)}
}

func fetch(t *testing.T, server *httptest.Server, method, path string, fields url.Values, header http.Header) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(fields.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	if req.Header = header.Clone(); req.Header == nil {
		req.Header = http.Header{}
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(page)
}

func TestTheFormOfAnInvoiceSaysWhatItIsWorthInTheBuyersLanguage(t *testing.T) {
	t.Parallel()
	for path, row := range map[string]struct {
		atOnce bool
		want   []string
	}{
		"/invoice/t":         {true, []string{`lang="fr"`, "Payer sur facture", "Concert &amp; fête", "1200,50\u00a0EUR", "dès l’envoi", "sous 45 jours", "30\u00a0min", "?lang=en"}},
		"/invoice/t?lang=en": {false, []string{`lang="en"`, "Pay on invoice", "EUR\u00a01200.50", "when they have approved", "30 min", "?lang=fr"}},
	} {
		server := face(t, &engine{form: openForm(row.atOnce)}, zap.NewNop())
		resp, page := fetch(t, server, http.MethodGet, path, nil, nil)
		for _, want := range row.want {
			if resp.StatusCode != http.StatusOK || !strings.Contains(page, want) {
				t.Errorf("%s: %d, the page lacks %q", path, resp.StatusCode, want)
			}
		}
		if resp.Header.Get("Cache-Control") != "no-store" || strings.Contains(page, "EXTRA") {
			t.Errorf("%s: %v", path, resp.Header)
		}
	}
}

func TestTheWordsOfTheFormAreThereInBothLanguages(t *testing.T) {
	t.Parallel()
	en, fr := invoiceWordsIn["en"], invoiceWordsIn["fr"]
	for _, f := range []bridge.BillingField{bridge.FieldName, bridge.FieldAddress, bridge.FieldEmail, bridge.FieldVAT, bridge.FieldReference} {
		for _, w := range []invoiceWords{en, fr} {
			if w.labels[f] == "" || w.why[f] == "" || (w.hints[f] == "") != (en.hints[f] == "") {
				t.Errorf("%s lacks words", f)
			}
		}
		if en.labels[f] == fr.labels[f] {
			t.Errorf("%s is not translated", f)
		}
	}
}

func TestAFilledInFormIsHandedOverOnce(t *testing.T) {
	t.Parallel()
	e := &engine{form: openForm(true), answer: bridge.FormAsked}
	server := face(t, e, zap.NewNop())
	fields := url.Values{"name": {" Contoso "}, "address": {"a\r\nb"}, "email": {"a@example.org"}, "vat": {"FR1"}}
	resp, _ := fetch(t, server, http.MethodPost, "/invoice/t?lang=en", fields, http.Header{"Sec-Fetch-Site": {"same-origin"}})
	want := bridge.Billing{Name: "Contoso", Address: "a\nb", Email: "a@example.org", VAT: "FR1", Language: "en"}
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/return/t?lang=en" || len(e.billings) != 1 || e.billings[0] != want {
		t.Errorf("%d to %s, %d handed over", resp.StatusCode, resp.Header.Get("Location"), len(e.billings))
	}
}

func TestWhatIsNoFormOfOursIsTurnedAway(t *testing.T) {
	t.Parallel()
	right := url.Values{"name": {"Contoso"}, "address": {"a"}, "email": {"a@example.org"}}
	for name, row := range map[string]struct {
		e      *engine
		fields url.Values
		header http.Header
		want   int
	}{
		"another site":        {&engine{form: openForm(true)}, right, http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		"another origin":      {&engine{form: openForm(true)}, right, http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		"a field is missing":  {&engine{form: openForm(true)}, url.Values{"name": {"Contoso"}}, nil, http.StatusUnprocessableEntity},
		"too late":            {&engine{form: bridge.InvoiceForm{State: bridge.FormOver}}, right, nil, http.StatusGone},
		"asked already":       {&engine{form: bridge.InvoiceForm{State: bridge.FormAsked}}, right, nil, http.StatusSeeOther},
		"no such token":       {&engine{err: bridge.ErrNotFound}, right, nil, http.StatusNotFound},
		"the store is broken": {&engine{err: errors.New("disk full")}, right, nil, http.StatusServiceUnavailable},
	} {
		resp, _ := fetch(t, face(t, row.e, zap.NewNop()), http.MethodPost, "/invoice/t", row.fields, row.header)
		if resp.StatusCode != row.want || len(row.e.billings) > 0 {
			t.Errorf("%s: %d, %d handed over", name, resp.StatusCode, len(row.e.billings))
		}
	}
}
