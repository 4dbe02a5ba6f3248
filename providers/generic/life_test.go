package generic_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// heard is everything that was delivered so far, n times at least, read.
func (w *world) heard(t testing.TB, n int) (facts []purchase.Fact) {
	t.Helper()
	for _, d := range w.Delivered(t, n) {
		reading, err := w.account.Read(t.Context(), d)
		if err != nil {
			t.Fatalf("%v: %s", err, d.Body)
		}
		facts = append(facts, reading.Facts...)
	}
	return facts
}

// folded is what facts amount to: the one payment that they are about.
func folded(t testing.TB, facts []purchase.Fact) purchase.Payment {
	t.Helper()
	key := purchase.Key{Environment: "main", ID: providertest.PurchaseID}
	var kept []purchase.Fact
	for _, f := range facts {
		f.Account, f.Purchase, f.Seen = "main", key, time.Now()
		f = purchase.Identify(f)
		if !slices.ContainsFunc(kept, func(k purchase.Fact) bool { return k.ID == f.ID }) {
			kept = append(kept, f)
		}
	}
	p := purchase.Fold(key, kept, purchase.Policy{Window: time.Hour})
	if len(p.Payments) != 1 {
		t.Fatalf("%d payments: %+v", len(p.Payments), p.Payments)
	}
	return p.Payments[0]
}

func euros(minor int64) purchase.Money { return purchase.Money{Minor: minor, Currency: "EUR"} }

func TestTheLifeOfAPayment(t *testing.T) {
	t.Parallel()
	for _, s := range senders {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, s)
			id := w.button(t, "")
			paid := map[string]int{"checkout-com": 2, "square": 2, "hipay": 3}[w.name]
			facts := w.heard(t, max(paid, 1))
			p := folded(t, facts)
			if p.Ref != id || p.Captured != euros(4500) || p.Contradicted || p.Hearsay != "" || p.Refunded.Known() {
				t.Fatalf("paid: %+v", p)
			}
			for _, f := range facts {
				if f.Purchase.ID != providertest.PurchaseID || f.Standing != purchase.Proved {
					t.Errorf("%+v", f)
				}
			}
			if w.name == "datatrans" {
				return // refunds are not told
			}
			for range 2 {
				if err := w.Sim.GiveBack(id, "10.00", false); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Sim.GiveBack(id, "", true); err != nil {
				t.Fatal(err)
			}
			all := w.heard(t, map[string]int{"checkout-com": 5, "square": 9, "hipay": 8, "multisafepay": 4, "standard-webhooks": 4}[w.name])
			reversed := euros(2500)
			if w.name == "hipay" || w.name == "multisafepay" { // they do not say how much: all of it, then
				reversed = euros(4500)
			}
			for range 2 {
				if p := folded(t, all); p.Captured != euros(4500) || p.Refunded != euros(2000) || p.Reversed != reversed || p.Contradicted {
					t.Errorf("at the end: %+v", p)
				}
				slices.Reverse(all) // their order means nothing
			}
		})
	}
}

func TestAPaymentThatWaits(t *testing.T) {
	t.Parallel()
	for _, s := range senders {
		for _, paid := range []bool{true, false} {
			t.Run(fmt.Sprint(s, " ", paid), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, s)
				id := w.button(t, "bank_transfer")
				before := 1
				if w.name == "datatrans" { // it tells of authorisations only
					before = 0
				}
				if p := before; p > 0 {
					if p := folded(t, w.heard(t, before)); p.Pending == "" || p.Captured.Known() || p.Failed {
						t.Errorf("waiting: %+v", p)
					}
				}
				if err := w.Sim.Settle(id, paid); err != nil {
					t.Fatal(err)
				}
				after := 1
				if paid {
					after = max(1, map[string]int{"checkout-com": 2, "square": 2, "hipay": 3}[w.name])
				}
				p := folded(t, w.heard(t, before+after))
				if p.Captured.Known() != paid || !paid && !p.Failed || p.Contradicted {
					t.Errorf("settled: %+v", p)
				}
			})
		}
	}
}

func TestAmountsOfAnyDecimals(t *testing.T) {
	t.Parallel()
	for _, s := range senders {
		t.Run(s.String(), func(t *testing.T) {
			t.Parallel()
			for value, want := range map[string]purchase.Money{"45.00 EUR": euros(4500), "4500 JPY": {Minor: 4500, Currency: "JPY"}, "45.120 KWD": {Minor: 45120, Currency: "KWD"},
				"1200 CLP": {Minor: 1200, Currency: "CLP"}} {
				w := newWorld(t, s)
				amount, currency, _ := strings.Cut(value, " ")
				if _, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: amount, Currency: currency}); err != nil {
					t.Fatal(err)
				}
				if p := folded(t, w.heard(t, max(1, map[string]int{"checkout-com": 2, "square": 2, "hipay": 3}[w.name]))); p.Captured != want {
					t.Errorf("%s is taken for %s", value, p.Captured)
				}
			}
		})
	}
}

func TestWhatIsAskedIsWhatWasHeard(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"datatrans-0", "multisafepay-0"} {
		w := newWorld(t, find(t, name))
		asker := w.account.(bridge.Asker)
		id := w.button(t, "")
		heard := w.heard(t, 1)
		asked, err := asker.Ask(t.Context(), purchase.Ref{Payment: id})
		if err != nil {
			t.Fatal(err)
		}
		identities := func(facts []purchase.Fact) (ids []string) {
			for _, f := range facts {
				ids = append(ids, purchase.Identify(f).ID)
			}
			return ids
		}
		if !slices.Equal(identities(heard), identities(asked)) {
			t.Errorf("%s: heard %v, asked %v", name, providertest.Said(heard), providertest.Said(asked))
		}
		before := len(w.Sim.Requests())
		for _, odd := range []string{"", "..", "../" + id, id + "/x", id + "?x=1", id + "%2f", strings.Repeat("1", 200), "{payment}", "a b"} {
			if facts, err := asker.Ask(t.Context(), purchase.Ref{Payment: odd}); !errorsIsNoPayment(err) || len(facts) > 0 {
				t.Errorf("%s: %q is asked for: %v, %v", name, odd, facts, err)
			}
		}
		if after := len(w.Sim.Requests()); after != before {
			t.Errorf("%s: odd ids led to %d requests", name, after-before)
		}
	}
}

func TestAProviderInTroubleIsAskedAgain(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"datatrans-0", "multisafepay-0"} {
		w := newWorld(t, find(t, name))
		asker := w.account.(bridge.Asker)
		id := w.button(t, "")
		want, err := asker.Ask(t.Context(), purchase.Ref{Payment: id})
		if err != nil {
			t.Fatal(err)
		}
		for _, kind := range []providersim.FaultKind{providersim.RateLimit, providersim.ServerError, providersim.BadGateway, providersim.Unavailable, providersim.EdgeRefusal,
			providersim.Garbage, providersim.Drop, providersim.Slow, providersim.AfterDrop, providersim.AfterError} {
			w.Sim.AddFault(providersim.Fault{Operation: "get", Kind: kind, Times: 4, Delay: time.Millisecond})
			got, err := asker.Ask(t.Context(), purchase.Ref{Payment: id})
			if _, again := purchase.Retry(err); err != nil && (!again || errorsIsNoPayment(err) || len(got) > 0) {
				t.Errorf("%s, %s: %v, %v", name, kind, got, err)
			}
			w.Sim.ClearFaults()
			if got, err := asker.Ask(t.Context(), purchase.Ref{Payment: id}); err != nil || len(got) != len(want) {
				t.Errorf("%s, after %s: %v, %v", name, kind, got, err)
			}
		}
	}
}

func TestAnswersThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, find(t, "datatrans-0"))
	const good = `{"transactionId":"123456789012","merchantId":"1100007006","type":"payment","status":"settled","currency":"EUR","detail":{"settle":{"amount":4500}}}`
	for name, c := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"good":              {200, good, "[proved captured 123456789012 123456789012 45.00 EUR]"},
		"open":              {200, strings.Replace(good, "settled", "initialized", 1), "[]"},
		"open, of another":  {200, strings.Replace(strings.Replace(good, "settled", "initialized", 1), "123456789012", "123456789013", 1), "not understood"},
		"another payment":   {200, strings.Replace(good, "123456789012", "123456789013", 1), "not understood"},
		"another merchant":  {200, strings.Replace(good, "1100007006", "1100007007", 1), "wrong_merchant"},
		"no amount":         {200, strings.Replace(good, "4500", "null", 1), "not understood"},
		"half a cent":       {200, strings.Replace(good, "4500", "4500.5", 1), "not understood"},
		"a list":            {200, "[" + good + "]", "not understood"},
		"a key twice":       {200, strings.Replace(good, `"currency"`, `"currency":"USD","currency"`, 1), "generic get: 200 the answer cannot be read"},
		"a page":            {200, "<html>", "generic get: 200 the answer cannot be read"},
		"nothing":           {200, "", "generic get: 200 the answer cannot be read"},
		"another address":   {302, "", "generic get: 302"},
		"unknown":           {404, "", "no payment"},
		"no such thing now": {410, "", "generic get: 410"},
	} {
		server := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Location", "https://127.0.0.1:1/")
			rw.WriteHeader(c.status)
			_, _ = rw.Write([]byte(c.body))
		}))
		config := w.config
		config.APIURL = server.URL
		options := w.options(t)
		options.HTTP = server.Client().Transport
		a, err := config.Open(options)
		if err != nil {
			t.Fatal(err)
		}
		facts, err := a.(bridge.Asker).Ask(t.Context(), purchase.Ref{Payment: "123456789012"})
		got := said(purchase.Reading{Facts: facts}, err)
		if errorsIsNoPayment(err) {
			got = "no payment"
		}
		if got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		server.Close()
	}
}

func TestADoctorsQuestions(t *testing.T) {
	t.Parallel()
	verdicts := func(w *world) string {
		var all []string
		for _, f := range w.account.(bridge.Inspector).Inspect(t.Context(), providertest.Callback) {
			all = append(all, f.Check+" "+string(f.Status))
			if f.Status != purchase.Pass && f.Status != purchase.Skip && f.Fix == "" {
				t.Errorf("%s does not say what to do", f.Check)
			}
		}
		return strings.Join(all, ", ")
	}
	for name, want := range map[string]string{
		"checkout-com-0": "PRV-01 skip, PRV-02 manual, PRV-03 manual, PRV-04 manual",
		"datatrans-0":    "PRV-01 pass, PRV-02 manual, PRV-03 manual, PRV-04 manual",
		"multisafepay-0": "PRV-01 pass, PRV-02 manual, PRV-03 manual, PRV-04 manual",
	} {
		w := newWorld(t, find(t, name))
		if got := verdicts(w); got != want {
			t.Errorf("%s: %s", name, got)
		}
		if w.config.Confirm == nil {
			continue
		}
		w.config.Confirm.Secret = providertest.Secret(t, "wrong")
		if w.account = w.open(t); !strings.HasPrefix(verdicts(w), "PRV-01 fail") {
			t.Errorf("%s with a wrong secret: %s", name, verdicts(w))
		}
		w.Sim.AddFault(providersim.Fault{Kind: providersim.Drop, Times: 5})
		if got := verdicts(w); !strings.HasPrefix(got, "PRV-01 fail") {
			t.Errorf("%s out of reach: %s", name, got)
		}
	}
	w := newWorld(t, find(t, "checkout-com-0"))
	lost, err := w.config.Open(w.Stall.Options(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	w.account = lost
	if got := verdicts(w); !strings.HasSuffix(got, "PRV-03 warn") {
		t.Errorf("without a reference: %s", got)
	}
}

func TestTheBackOfficeIsToldTheEvents(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"checkout-com-0": "payment_approved, payment_captured, payment_paid", "hipay-0": "116, 118, 119", "multisafepay-0": ""} {
		var values []string
		for _, step := range newWorld(t, find(t, name)).account.(bridge.Instructor).Instructions(providertest.Callback) {
			values = append(values, step.Value)
		}
		if got := strings.Join(values, "\n"); !strings.Contains(got, want) || want == "" && strings.Contains(got, "completed") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

func TestMultiSafepayHearsItsWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, find(t, "multisafepay-0"))
	for kept, want := range map[bool]bool{true: true, false: false} {
		a := answer(w.account, kept)
		status := 200
		if !kept {
			status = 401
		}
		if w.Sim.Accepts(status, a.Body) != want {
			t.Errorf("kept %v: answered %q", kept, a.Body)
		}
	}
	if w.Sim.Accepts(200, nil) {
		t.Error("silence is taken for an acknowledgement")
	}
}
