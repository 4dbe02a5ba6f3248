package redsys_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
	"github.com/paybridge/paybridge/providers/redsys"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var ownFields = map[string]string{"purchase": "Ds_MerchantData"}

// A world is a terminal at a simulated Redsys.
type world struct {
	*redsys.Redsys
	*providertest.Stall[*providersim.Redsys]
	config redsys.Config
	secret string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Stall: providertest.NewStall(t, providersim.NewRedsys)}
	w.secret = strings.TrimSpace(w.Sim.Settings(providertest.Callback).Files["redsys-key"])
	w.config = redsys.Config{MerchantCode: "327234688", Terminal: "1", SecretKey: providertest.Secret(t, w.secret), APIURL: w.Server.URL}
	w.Redsys = w.open(t)
	return w
}

func (w *world) open(t testing.TB) *redsys.Redsys {
	t.Helper()
	r, err := redsys.New(w.config, w.Stall.Options(t, ownFields))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// usual is a payment of 45.00 EUR.
func usual() map[string]string {
	return map[string]string{"Ds_Date": "25/11/2026", "Ds_Hour": "10:15", "Ds_Amount": "4500", "Ds_Currency": "978", "Ds_Order": "0001ABCD2345",
		"Ds_MerchantCode": "327234688", "Ds_Terminal": "1", "Ds_Response": "0000", "Ds_TransactionType": "0",
		"Ds_MerchantData": providertest.PurchaseID, "Ds_AuthorisationCode": "082150"}
}

// with is the usual payment with other values, in pairs of name and value; a value of "-" takes the parameter away.
func with(pairs ...string) map[string]string {
	p := usual()
	for i := 0; i < len(pairs); i += 2 {
		if p[pairs[i]] = pairs[i+1]; pairs[i+1] == "-" {
			delete(p, pairs[i])
		}
	}
	return p
}

func (w *world) signed(parameters map[string]string) purchase.Delivery {
	return providertest.Delivery(w.Sim.Signed(parameters), time.Now())
}

// text is a genuine delivery of any parameters, as the text that is signed.
func (w *world) text(text string) purchase.Delivery {
	return providertest.Delivery(w.Sim.SignedText("0001ABCD2345", text), time.Now())
}

func (w *world) json(raw string) purchase.Delivery {
	return w.text(base64.StdEncoding.EncodeToString([]byte(raw)))
}

func changed(d purchase.Delivery, change func(string) string) purchase.Delivery {
	d.Body = []byte(change(string(d.Body)))
	return d
}

// harness sells at the simulator and takes what it delivered for genuine.
func harness(t testing.TB, v providersim.RedsysVariant) providertest.Harness {
	t.Helper()
	w := newWorld(t)
	w.Sim.Vary(v)
	id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Sim.GiveBack(id, "15.00", false); err != nil {
		t.Fatal(err)
	}
	genuine := w.Delivered(t, 2)
	replaced := func(old, by string) providertest.Bad {
		return providertest.Refused(changed(genuine[0], func(s string) string { return strings.Replace(s, old, by, 1) }), purchase.BadSignature)
	}
	malformed := func(change func(string) string) providertest.Bad {
		return providertest.Refused(changed(genuine[0], change), purchase.Malformed)
	}
	return providertest.Harness{
		New:         func() (bridge.Provider, error) { return redsys.New(w.config, w.Stall.Options(t, ownFields)) },
		Environment: "main",
		Genuine:     genuine,
		Foreign:     w.Forged(),
		Bad: map[string]providertest.Bad{
			"another merchant":      providertest.Refused(w.signed(with("Ds_MerchantCode", "999008881")), purchase.WrongMerchant),
			"no merchant":           providertest.Refused(w.signed(with("Ds_MerchantCode", "-")), purchase.WrongMerchant),
			"another terminal":      providertest.Refused(w.signed(with("Ds_Terminal", "10")), purchase.WrongMerchant),
			"no terminal":           providertest.Refused(w.signed(with("Ds_Terminal", "-")), purchase.WrongMerchant),
			"another scheme":        replaced("SHA256", "SHA512"),
			"the live key":          providertest.Refused(liveDelivery(t), purchase.BadSignature),
			"a field twice":         malformed(func(s string) string { return s + "&Ds_SignatureVersion=HMAC_SHA256_V1" }),
			"no scheme":             malformed(func(s string) string { return s[strings.Index(s, "&")+1:] }),
			"no signature":          malformed(func(s string) string { return s[:strings.Index(s, "&Ds_Signature=")] }),
			"a parameter twice":     providertest.Refused(w.json(`{"Ds_Order":"0001ABCD2345","Ds_Order":"0001ABCD2345"}`), purchase.Malformed),
			"in two spellings":      providertest.Refused(w.json(`{"Ds_Order":"0001ABCD2345","DS_ORDER":"0001ABCD2345"}`), purchase.Malformed),
			"another order's key":   providertest.Refused(w.json(`{"Ds_Order":"0001ABCD2346"}`), purchase.BadSignature),
			"no order":              providertest.Refused(w.json(`{"Ds_Amount":"4500"}`), purchase.Malformed),
			"an order that is long": providertest.Refused(w.json(`{"Ds_Order":"0001ABCD23456"}`), purchase.Malformed),
			"no object":             providertest.Refused(w.json(`["Ds_Order"]`), purchase.Malformed),
			"no base64":             providertest.Refused(w.text("{}"), purchase.Malformed),
		},
		Form: true,
		Sign: func(d *purchase.Delivery) {
			d.Body = providertest.Delivery(w.Sim.SignedText("0001ABCD2345", base64.StdEncoding.EncodeToString(d.Body)), time.Now()).Body
		},
		Secrets:     []string{w.secret},
		Allocations: 150,
	}
}

// liveDelivery is genuine at the live terminal of the same number.
func liveDelivery(t testing.TB) purchase.Delivery {
	t.Helper()
	live := providersim.NewRedsys(providersim.Config{Live: true})
	t.Cleanup(live.Close)
	return providertest.Delivery(live.Signed(usual()), time.Now())
}

func TestSuite(t *testing.T) { providertest.Run(t, harness(t, providersim.RedsysVariant{})) }
func TestSuiteInOtherSpellings(t *testing.T) {
	providertest.Run(t, harness(t, providersim.RedsysVariant{Unpadded: true, Plain: true, Capitals: true, Numbers: true, Filled: true}))
}
func FuzzRead(f *testing.F)      { providertest.Fuzz(f, fuzzHarness(f)) }
func BenchmarkRead(b *testing.B) { providertest.Bench(b, harness(b, providersim.RedsysVariant{})) }

// fuzzHarness seeds with the parameters, which Sign wraps and signs.
func fuzzHarness(f *testing.F) providertest.Harness {
	h := harness(f, providersim.RedsysVariant{})
	for _, p := range []map[string]string{usual(), with("Ds_TransactionType", "3", "Ds_Response", "0900"), with("Ds_Response", "0190")} {
		raw, err := json.Marshal(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, "", true)
	}
	return h
}

func TestPublishedVectors(t *testing.T) {
	t.Parallel()
	raw, err := os.ReadFile("testdata/other_schemes.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Redsys []struct {
			Name       string `json:"name"`
			Secret     string `json:"secret_b64"`
			Version    string `json:"Ds_SignatureVersion"`
			Parameters string `json:"Ds_MerchantParameters"`
			Signature  string `json:"Ds_Signature"`
			Unpadded   string `json:"signature_unpadded"`
		} `json:"redsys"`
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{"published_example": {"proved captured 0069 0069 1.45 EUR"}}
	if len(file.Redsys) != len(want) {
		t.Errorf("%d cases, %d are known", len(file.Redsys), len(want))
	}
	for _, c := range file.Redsys {
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			r, err := redsys.New(redsys.Config{MerchantCode: "999008881", Terminal: "871", SecretKey: providertest.Secret(t, c.Secret)}, providertest.Options(t, ownFields))
			if err != nil || want[c.Name] == nil {
				t.Fatalf("%v, known: %v", err, want[c.Name])
			}
			for signature, good := range map[string]bool{c.Signature: true, c.Unpadded: true, strings.ToLower(c.Signature): false, c.Unpadded + "==": false,
				c.Unpadded[:42]: false, c.Unpadded[:42] + "V": false, c.Unpadded + "\n": false, strings.NewReplacer("_", "/", "-", "+").Replace(c.Signature): false} {
				reading, err := r.Read(t.Context(), post(c.Version, c.Parameters, signature))
				if (err == nil) != good || good && fmt.Sprint(providertest.Said(reading.Facts)) != fmt.Sprint(want[c.Name]) {
					t.Errorf("%q: %v, %v", signature, providertest.Said(reading.Facts), err)
				}
			}
		})
	}
}

func post(version, parameters, signature string) purchase.Delivery {
	body := "Ds_SignatureVersion=" + version + "&Ds_MerchantParameters=" + strings.ReplaceAll(parameters, "+", "%2B") +
		"&Ds_Signature=" + strings.NewReplacer("+", "%2B", "\n", "%0A").Replace(signature)
	return purchase.Delivery{Method: http.MethodPost, Header: http.Header{"Content-Type": {protocol.FormType}}, Body: []byte(body)}
}

func TestWhatNotificationsTell(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := " " + providertest.PurchaseID
	const order = "0001ABCD2345"
	refused := func(code string) []string {
		return []string{"proved failed " + order + " " + order + "-attempt" + id + " " + code}
	}
	for name, c := range map[string]struct {
		parameters map[string]string
		want       []string
	}{
		"a payment":                  {usual(), []string{"proved captured " + order + " " + order + " 45.00 EUR" + id}},
		"authorised with a hint":     {with("Ds_Response", "99"), []string{"proved captured " + order + " " + order + " 45.00 EUR" + id}},
		"in yen":                     {with("Ds_Currency", "392"), []string{"proved captured " + order + " " + order + " 4500 JPY" + id}},
		"in forints":                 {with("Ds_Currency", "348"), []string{"proved captured " + order + " " + order + " 45.00 HUF" + id}},
		"of nobody":                  {with("Ds_MerchantData", ""), []string{"proved captured " + order + " " + order + " 45.00 EUR"}},
		"of something else":          {with("Ds_MerchantData", "50% of it"), []string{"proved captured " + order + " " + order + " 45.00 EUR"}},
		"declined":                   {with("Ds_Response", "0190", "Ds_AuthorisationCode", "      "), refused("0190")},
		"declined, no amount":        {with("Ds_Response", "101", "Ds_Amount", "-"), refused("0101")},
		"given up by the buyer":      {with("Ds_Response", "9915"), append(refused("9915"), "proved lapsed "+order+id)},
		"order used twice":           {with("Ds_Response", "0913"), refused("0913")},
		"at the card":                {with("Ds_Response", "9998"), []string{"proved pending " + order + " " + order + "-attempt" + id + " 9998"}},
		"at the bank":                {with("Ds_Response", "9999"), []string{"proved pending " + order + " " + order + "-attempt" + id + " 9999"}},
		"preauthorised":              {with("Ds_TransactionType", "1"), []string{"proved authorised " + order + " " + order + " 45.00 EUR" + id}},
		"a preauthorisation refused": {with("Ds_TransactionType", "1", "Ds_Response", "0190"), refused("0190")},
		"confirmed in part":          {with("Ds_TransactionType", "2", "Ds_Response", "0900", "Ds_Amount", "4000"), []string{"proved captured " + order + " " + order + " 40.00 EUR" + id}},
		"a confirmation refused":     {with("Ds_TransactionType", "2", "Ds_Response", "9256"), []string{"proved failed " + order + " " + order + "-confirmation" + id + " 9256"}},
		"a refund refused":           {with("Ds_TransactionType", "3", "Ds_Response", "0950"), []string{}},
		"given up by the merchant":   {with("Ds_TransactionType", "9", "Ds_Response", "0400"), []string{"proved failed " + order + " " + order + id + " cancelled", "proved lapsed " + order + id}},
		"a cancellation refused":     {with("Ds_TransactionType", "9", "Ds_Response", "0190"), []string{}},
	} {
		reading, err := w.Read(t.Context(), w.signed(c.parameters))
		if got := providertest.Said(reading.Facts); err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, c.want)
		}
	}
	for name, p := range map[string]map[string]string{
		"no response":                     with("Ds_Response", "-"),
		"an odd response":                 with("Ds_Response", "0x00"),
		"a negative response":             with("Ds_Response", "-1"),
		"a payment answered as a refund":  with("Ds_Response", "0900"),
		"a payment answered as cancelled": with("Ds_Response", "0400"),
		"a refund answered as a payment":  with("Ds_TransactionType", "3"),
		"a refund without a code":         with("Ds_TransactionType", "3", "Ds_Response", "0900", "Ds_AuthorisationCode", " "),
		"confirmed as a payment":          with("Ds_TransactionType", "2"),
		"cancelled as a payment":          with("Ds_TransactionType", "9"),
		"cancelled later":                 with("Ds_Response", "9928"),
		"cancelled later by the merchant": with("Ds_TransactionType", "9", "Ds_Response", "9929"),
		"no type":                         with("Ds_TransactionType", "-"),
		"a recurring payment":             with("Ds_TransactionType", "5"),
		"another type":                    with("Ds_TransactionType", "O"),
		"three decimals":                  with("Ds_Currency", "414"),
		"no decimals but no yen":          with("Ds_Currency", "410"),
		"an unknown currency":             with("Ds_Currency", "999"),
		"a currency in letters":           with("Ds_Currency", "EUR"),
		"nothing":                         with("Ds_Amount", "0"),
		"less than nothing":               with("Ds_Amount", "-4500"),
		"a decimal":                       with("Ds_Amount", "45.00"),
		"an amount that is too long":      with("Ds_Amount", "1000000000000"),
	} {
		if reading, err := w.Read(t.Context(), w.signed(p)); err == nil {
			t.Errorf("%s is understood: %+v", name, reading)
		}
	}
}

// Two refunds of one amount are two refunds, and one that is told twice is one.
func TestRefundsAreToldApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	refund := map[string]string{"Ds_TransactionType": "3", "Ds_Response": "0900", "Ds_Amount": "1500"}
	objects := map[string]bool{}
	for _, more := range []map[string]string{{}, {}, {"Ds_AuthorisationCode": "082151"}, {"Ds_Hour": "10:16"}, {"Ds_Amount": "1000"}} {
		p := usual()
		maps.Copy(p, refund)
		maps.Copy(p, more)
		reading, err := w.Read(t.Context(), w.signed(p))
		if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Kind != purchase.Refunded {
			t.Fatalf("%v, %v", reading, err)
		}
		objects[reading.Facts[0].Object] = true
	}
	if len(objects) != 4 {
		t.Errorf("%d refunds, want 4", len(objects))
	}
}

var _ protocol.Account = (*redsys.Redsys)(nil)
