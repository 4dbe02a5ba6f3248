package providersim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// sipsDesk serves a simulated shop.
func sipsDesk(t *testing.T) (*Sips, *httptest.Server) {
	t.Helper()
	s := NewSips(Config{Chaos: Chaos{Off: true}})
	t.Cleanup(s.Close)
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	s.SetBaseURL(server.URL)
	return s, server
}

const sipsOrder = "amount=4500|currencyCode=978|merchantId=211000000000042|keyVersion=2|transactionReference=R1|orderId=O1|returnContext=a_b-c" +
	"|captureMode=AUTHOR_CAPTURE|captureDay=0|normalReturnUrl=https://shop.example/back"

func TestThePageTakesOnlyWhatSipsTakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, by string // in the order
		edit    func(url.Values)
		want    string
	}{
		"in order":            {"", "", nil, ""},
		"as base64":           {"", "", func(f url.Values) { f.Set("Encode", "base64") }, "12"}, // it is not
		"the usual seal":      {"", "", func(f url.Values) { f.Del("SealAlgorithm") }, "34"},
		"no such algorithm":   {"", "", func(f url.Values) { f.Set("SealAlgorithm", "MD5") }, "12"},
		"no seal":             {"", "", func(f url.Values) { f.Del("Seal") }, "12"},
		"a wrong seal":        {"", "", func(f url.Values) { f.Set("Seal", strings.Repeat("0", 64)) }, "34"},
		"an unknown version":  {"", "", func(f url.Values) { f.Set("InterfaceVersion", "IR_WS_3.4") }, "12"},
		"an unknown key":      {"keyVersion=2", "keyVersion=3", nil, "34"},
		"another shop":        {"merchantId=211000000000042", "merchantId=211000000000043", nil, "03"},
		"a field twice":       {"captureDay=0", "captureDay=0|captureDay=0", nil, "12"},
		"an unknown field":    {"captureDay=0", "captureDays=0", nil, "12"},
		"no amount":           {"amount=4500|", "", nil, "30"},
		"nothing":             {"amount=4500", "amount=0", nil, "30"},
		"no such currency":    {"currencyCode=978", "currencyCode=999", nil, "12"},
		"a long reference":    {"=R1", "=" + strings.Repeat("R", 36), nil, "30"},
		"an odd reference":    {"=R1", "=R-1", nil, "30"},
		"a long order":        {"=O1", "=" + strings.Repeat("0", 33), nil, "30"},
		"a GUID with dashes":  {"=O1", "=0d3f7c1a-52aa-4c55-9e6d-1b2c3d4e5f60", nil, "30"},
		"a long context":      {"a_b-c", strings.Repeat("c", 256), nil, "30"},
		"an unknown capture":  {"AUTHOR_CAPTURE", "LATER", nil, "30"},
		"a hasty reservation": {"AUTHOR_CAPTURE", "VALIDATION", nil, "12"},
	} {
		s, server := sipsDesk(t)
		data := strings.Replace(sipsOrder, c.old, c.by, 1)
		form := url.Values{"Data": {data}, "InterfaceVersion": {"HP_3.4"}, "SealAlgorithm": {sipsHMAC}, "Seal": {sipsSeal(sipsHMAC, s.keys["2"], data)}}
		if c.edit != nil {
			c.edit(form)
		}
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		resp, err := client.PostForm(server.URL+"/paymentInit", form)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		p, made := s.Payment("R1")
		if good := resp.StatusCode == http.StatusSeeOther; good != (c.want == "") || made != good || made && (p.Value != "45.00" || p.Currency != "EUR") {
			t.Errorf("%s: %d, %+v", name, resp.StatusCode, p)
		}
		if c.want != "" {
			if _, code := s.ordered(form); code != c.want {
				t.Errorf("%s: %s, want %s", name, code, c.want)
			}
		}
	}
}

// call asks Sips Office and returns the code of the answer.
func (s *Sips) call(t *testing.T, server *httptest.Server, path string, fields map[string]any, key string) string {
	t.Helper()
	fields["seal"] = sipsSeal(sipsHMAC, key, sipsValues(fields, false))
	raw, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(server.URL+"/rs-services/v2/"+path, "application/json", strings.NewReader(string(raw)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer := map[string]any{}
	decoder := json.NewDecoder(resp.Body)
	decoder.UseNumber()
	if err := decoder.Decode(&answer); err != nil {
		t.Fatal(err)
	}
	if seal := answer["seal"]; seal != nil && seal != sipsSeal(sipsHMAC, s.keys["2"], sipsValues(answer, false)) {
		t.Errorf("%s: the answer is sealed with %v", path, seal)
	}
	code, _ := answer["responseCode"].(string)
	return code
}

func TestOfficeTakesOnlyWhatSipsTakes(t *testing.T) {
	t.Parallel()
	s, server := sipsDesk(t)
	id, err := s.Button(ButtonPayment{Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	waits, err := s.Button(ButtonPayment{Value: "45.00", Currency: "EUR", Pending: "bank_transfer"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path, key string
		changes   map[string]any
		want      string
	}{
		"a transaction":           {"diagnostic/getTransactionData", "", nil, "00"},
		"an unknown one":          {"diagnostic/getTransactionData", "", map[string]any{"transactionReference": "X"}, "25"},
		"an odd one":              {"diagnostic/getTransactionData", "", map[string]any{"transactionReference": "X-1"}, "30"},
		"with another key":        {"diagnostic/getTransactionData", "another", nil, "34"},
		"by an unknown key":       {"diagnostic/getTransactionData", "", map[string]any{"keyVersion": "3"}, "34"},
		"of another shop":         {"diagnostic/getTransactionData", "", map[string]any{"merchantId": "1"}, "03"},
		"in another version":      {"diagnostic/getTransactionData", "", map[string]any{"interfaceVersion": "CR_WS_2.55"}, "12"},
		"by another algorithm":    {"diagnostic/getTransactionData", "", map[string]any{"sealAlgorithm": "MD5"}, "12"},
		"a refund above the rest": {"cashManagement/refund", "", map[string]any{"operationAmount": "4501"}, "24"},
		"a refund of nothing":     {"cashManagement/refund", "", map[string]any{"operationAmount": "0"}, "30"},
		"in another currency":     {"cashManagement/refund", "", map[string]any{"currencyCode": "840"}, "12"},
		"what is not paid":        {"cashManagement/refund", "", map[string]any{"transactionReference": waits}, "24"},
		"what is taken":           {"cashManagement/validate", "", nil, "24"},
		"what is sent":            {"cashManagement/cancel", "", nil, "24"},
		"asked by many":           {"cashManagement/refund", "", map[string]any{"operationOrigin": strings.Repeat("o", 21)}, "30"},
	} {
		fields := map[string]any{"transactionReference": id, "merchantId": s.merchant, "keyVersion": "2", "interfaceVersion": "CR_WS_2.55", "operationAmount": "1500",
			"currencyCode": "978", "operationOrigin": "test"}
		if strings.HasPrefix(c.path, "diagnostic") {
			fields = map[string]any{"transactionReference": id, "merchantId": s.merchant, "keyVersion": "2", "interfaceVersion": "DR_WS_2.55"}
		}
		for k, v := range c.changes {
			fields[k] = v
		}
		key := s.keys["2"]
		if c.key != "" {
			key = c.key
		}
		if got := s.call(t, server, c.path, fields, key); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTheSeedChoosesTheVariant(t *testing.T) {
	t.Parallel()
	seen := map[SipsVariant]bool{}
	for seed := range uint64(20) {
		first, second := sipsVariants(Config{Seed: seed}), sipsVariants(Config{Seed: seed})
		if first != second {
			t.Errorf("seed %d chooses twice", seed)
		}
		seen[first] = true
	}
	if len(seen) < 10 {
		t.Errorf("only %d variants", len(seen))
	}
	if v := sipsVariants(Config{Live: true, Seed: 3}); v.Platform != "PROD" {
		t.Errorf("live on %s", v.Platform)
	}
}
