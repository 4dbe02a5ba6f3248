package providersim

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// vectorsOf reads the published cases that are with the adapter.
func vectorsOf(t *testing.T, name string, into any) {
	t.Helper()
	raw, err := os.ReadFile("../ingenico/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

// TestIngenicoSignsAsPublished: the simulators' reading of both schemes is the vendors' own, not the adapter's.
func TestIngenicoSignsAsPublished(t *testing.T) {
	t.Parallel()
	var gcs struct {
		Webhooks []struct {
			Name, Secret, Body, Signature string
			Valid                         bool
		}
		Auth []struct {
			Name, Signature string
			Secret          string `json:"secret_api_key"`
			Text            string `json:"string_to_sign"`
		} `json:"api_auth"`
	}
	vectorsOf(t, "worldline-gcs-hmac.json", &gcs)
	for _, v := range gcs.Webhooks {
		if got := gcsSignature(v.Secret, []byte(v.Body)); (got == v.Signature) != v.Valid {
			t.Errorf("%s: %s", v.Name, got)
		}
	}
	for _, v := range gcs.Auth {
		if got := gcsSignature(v.Secret, []byte(v.Text)); got != v.Signature {
			t.Errorf("%s: %s", v.Name, got)
		}
	}
	var sha struct {
		Names   []string `json:"sha_out_names"`
		Vectors []struct {
			Name, Direction, Hash, Passphrase string
			Sign                              string `json:"shasign"`
			Params                            map[string]string
			Valid                             bool
		}
	}
	vectorsOf(t, "ogone-sha.json", &sha)
	listed := " " + strings.Join(sha.Names, " ") + " "
	for _, v := range sha.Vectors {
		for name := range v.Params {
			if v.Direction == "out" && !strings.Contains(listed, " "+strings.ToUpper(name)+" ") {
				delete(v.Params, name) // PARAMPLUS: the simulator never signs it
			}
		}
		if got := ogoneSign(v.Hash, v.Passphrase, v.Params); (got == v.Sign) != v.Valid {
			t.Errorf("%s: %s", v.Name, got)
		}
	}
}

// TestOgonesPageSaysWhatIsWrongWithAForm, in the words of the original.
func TestOgonesPageSaysWhatIsWrongWithAForm(t *testing.T) {
	t.Parallel()
	s := NewIngenicoOgone(Config{})
	t.Cleanup(s.Close)
	in, _ := s.Passphrases()
	usual := map[string]string{"PSPID": "simulatedPSPID", "ORDERID": "1234", "AMOUNT": "4500", "CURRENCY": "EUR", "LANGUAGE": "en_US", "ACCEPTURL": "https://shop.example/ok"}
	page := func(change func(map[string]string)) string {
		fields := map[string]string{}
		for name, value := range usual {
			fields[name] = value
		}
		fields["SHASIGN"] = ogoneSign("", in, fields)
		change(fields)
		form := url.Values{}
		for name, value := range fields {
			form.Set(name, value)
		}
		r := httptest.NewRequest(http.MethodPost, "/ncol/test/orderstandard_utf8.asp", strings.NewReader(form.Encode()))
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		return w.Body.String()
	}
	again := func(change func(map[string]string)) func(map[string]string) {
		return func(f map[string]string) { change(f); delete(f, "SHASIGN"); f["SHASIGN"] = ogoneSign("", in, f) }
	}
	for _, c := range []struct {
		want   string
		change func(map[string]string)
	}{
		{`data-payment="1234"`, func(map[string]string) {}},
		{"unknown order/0/s", func(f map[string]string) { delete(f, "SHASIGN") }},
		{"unknown order/1/s", func(f map[string]string) { f["AMOUNT"] = "1" }},
		{"PSPID not found", func(f map[string]string) { f["PSPID"] = "other" }},
		{"no orderid", again(func(f map[string]string) { f["ORDERID"] = strings.Repeat("x", 41) })},
		{"amount or currency not valid", again(func(f map[string]string) { f["AMOUNT"] = "45.00" })},
		{"this order has another amount", again(func(f map[string]string) { f["AMOUNT"] = "9900" })},
		{"ACCEPTURL too long", again(func(f map[string]string) { f["ACCEPTURL"] = strings.Repeat("x", 201) })},
	} {
		if got := page(c.change); !strings.Contains(got, c.want) {
			t.Errorf("want %s, got %s", c.want, got)
		}
	}
}

// TestIngenicosSchedules: two are told of for Worldline's webhooks, one for Ogone's feedback.
func TestIngenicosSchedules(t *testing.T) {
	t.Parallel()
	steps := func(next func(int) (time.Duration, bool)) (all []time.Duration) {
		for try := 1; ; try++ {
			wait, more := next(try)
			if !more {
				return all
			}
			all = append(all, wait)
		}
	}
	total := func(all []time.Duration) (sum time.Duration) {
		for _, d := range all {
			sum += d
		}
		return sum
	}
	w := NewIngenicoDirect(Config{})
	if all := steps(w.schedule); len(all) != 5 || all[0] != 5*time.Minute {
		t.Errorf("%v", all)
	}
	w.SetVariant(WorldlineVariant{Schedule: 1})
	if all := steps(w.schedule); len(all) != 5 || all[0] != 10*time.Minute || total(all) != 35*time.Hour+10*time.Minute {
		t.Errorf("%v", all)
	}
	if all := steps(NewIngenicoOgone(Config{}).schedule); len(all) != 4 || total(all) != 40*time.Minute {
		t.Errorf("%v", all)
	}
}
