package adyen_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/providers/adyen"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// times is how often a fault comes in a row: as often as the client tries by itself, but for the slow one.
var times = map[providersim.FaultKind]int{providersim.RateLimit: 3, providersim.ServerError: 3, providersim.BadGateway: 3, providersim.Unavailable: 3,
	providersim.EdgeRefusal: 3, providersim.Garbage: 3, providersim.Drop: 3, providersim.Slow: 1, providersim.AfterDrop: 3, providersim.AfterError: 3}

// TestOutcomesThatNobodyKnowsMayBeRepeated: after every fault of every call the same call may be made again, and is done once.
func TestOutcomesThatNobodyKnowsMayBeRepeated(t *testing.T) {
	t.Parallel()
	for kind, n := range times {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(c *adyen.Config) {
				if kind == providersim.Slow {
					c.Timeout = field.Duration(time.Second)
				}
			})
			spoil := func(operation string, call func() error) {
				t.Helper()
				w.Sim.AddFault(providersim.Fault{Operation: operation, Kind: kind, Times: n, Delay: 1500 * time.Millisecond})
				if err := call(); providertest.Final(err) || errors.Is(err, purchase.ErrNoPayment) {
					t.Errorf("%s: %v", operation, err)
				}
				w.Sim.ClearFaults()
				if err := call(); err != nil {
					t.Errorf("%s, again: %v", operation, err)
				}
			}
			o := providertest.Order("open-1")
			o.Reserve = true
			spoil("create", func() error { _, err := w.Open(t.Context(), o); return err })
			if n := len(w.Sim.Payments()); n != 1 {
				t.Fatalf("%d links are open", n)
			}
			made := w.opened(t, o)
			spoil("get", func() error { _, err := w.Ask(t.Context(), w.ref(made)); return err })
			w.Press(t, made.Session, "pay")
			spoil("capture", func() error { _, err := w.Capture(t.Context(), w.ref(made), "capture-1"); return err })
			part := purchase.Money{Minor: 1500, Currency: "EUR"}
			spoil("refund", func() error { _, err := w.Refund(t.Context(), w.ref(made), part, "refund-1"); return err })
			if p, _ := w.Sim.Payment(made.Session); p.Captured != "45.00" || p.Refunded != "15.00" {
				t.Errorf("captured is %s, refunded %s", p.Captured, p.Refunded)
			}
			o.Key = "open-2"
			unpaid := w.opened(t, o)
			spoil("void", func() error { _, err := w.Void(t.Context(), w.ref(unpaid), "void-1"); return err })
		})
	}
}

// answers is an Adyen that gives one answer to everything.
type answers struct {
	status int
	body   string
	asked  *http.Request
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.asked = r
	if r.Body != nil {
		sent, _ := io.ReadAll(r.Body)
		for _, name := range []string{"reference", "merchantAccount"} { // it says what it is asked
			_, rest, _ := strings.Cut(string(sent), `"`+name+`":"`)
			value, _, _ := strings.Cut(rest, `"`)
			a.body = strings.ReplaceAll(a.body, "{"+name+"}", value)
		}
	}
	return &http.Response{StatusCode: a.status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// at is an account that reaches nobody but this Adyen.
func at(t *testing.T, live bool, a *answers, change ...func(*adyen.Config)) *adyen.Adyen {
	t.Helper()
	c := section(t)
	c.APIKey = providertest.Secret(t, apiKey)
	if live {
		c.LivePrefix = "1797a841fbb37ca7-ContosoEvents"
	}
	for _, f := range change {
		f(&c)
	}
	o := providertest.Options(t, ownFields)
	o.HTTP, o.Live = a, live
	account, err := adyen.New(c, o)
	if err != nil {
		t.Fatal(err)
	}
	return account.(*adyen.Adyen)
}

const linkAnswer = `{"id":"PLE83C39B0A0DE0C1E","status":"active","amount":{"value":4500,"currency":"EUR"},"merchantAccount":"{merchantAccount}","reference":"{reference}",
	"reusable":false,"expiresAt":"2026-11-22T11:00:00+01:00","url":"%s"}`

func TestAdyenIsReachedAndPaidAtItsOwnHosts(t *testing.T) {
	t.Parallel()
	own := func(c *adyen.Config) { c.PayDomain = "pay.contoso.example" }
	for name, c := range map[string]struct {
		live   bool
		change func(*adyen.Config)
		page   string
		fine   bool
	}{
		"test":                     {false, nil, "https://test.adyen.link/PL1", true},
		"live":                     {true, nil, "https://eu.adyen.link/PL1", true},
		"a page of the account":    {true, own, "https://pay.contoso.example/PL1", true},
		"a test page in live":      {true, nil, "https://test.adyen.link/PL1", false},
		"a live page in test":      {false, nil, "https://eu.adyen.link/PL1", false},
		"a page elsewhere":         {true, nil, "https://evil.example.org/PL1", false},
		"a page that looks like":   {true, nil, "https://eu.adyen.link.example.org/PL1", false},
		"a page at another port":   {true, nil, "https://eu.adyen.link:8443/PL1", false},
		"a plain page":             {true, nil, "http://eu.adyen.link/PL1", false},
		"a page with a user":       {true, nil, "https://eu.adyen.link@evil.example.org/PL1", false},
		"Adyen's in place of ours": {true, own, "https://eu.adyen.link/PL1", false},
		"no page":                  {true, nil, "", false},
	} {
		a := &answers{status: http.StatusCreated, body: fmt.Sprintf(linkAnswer, c.page)}
		var changes []func(*adyen.Config)
		if c.change != nil {
			changes = append(changes, c.change)
		}
		made, err := at(t, c.live, a, changes...).Open(t.Context(), providertest.Order("open-1"))
		if (err == nil) != c.fine || c.fine && made.URL != c.page {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
		want := "https://checkout-test.adyen.com/v72/paymentLinks"
		if c.live {
			want = "https://1797a841fbb37ca7-ContosoEvents-checkout-live.adyenpayments.com/checkout/v72/paymentLinks"
		}
		if got := a.asked.URL.String(); got != want || a.asked.Header.Get("X-API-Key") != apiKey || a.asked.Header.Get("Idempotency-Key") == "" {
			t.Errorf("%s: asked at %s", name, got)
		}
	}
}

func TestAnswersAboutSomethingElseAreNotTaken(t *testing.T) {
	t.Parallel()
	good := fmt.Sprintf(linkAnswer, "https://test.adyen.link/PL1")
	for name, body := range map[string]string{
		"another reference": strings.Replace(good, "{reference}", "another", 1),
		"another amount":    strings.Replace(good, "4500", "4400", 1),
		"another merchant":  strings.Replace(good, "{merchantAccount}", "SomebodyElse", 1),
		"for many buyers":   strings.Replace(good, "false", "true", 1),
		"an odd id":         strings.Replace(good, "PLE83C39B0A0DE0C1E", "../x", 1),
		"no JSON":           "accepted",
	} {
		if made, err := at(t, false, &answers{status: http.StatusCreated, body: body}).Open(t.Context(), providertest.Order("open-1")); err == nil || providertest.Final(err) {
			t.Errorf("%s: %+v, %v", name, made, err)
		}
	}
	ref := purchase.Ref{Payment: pay, Session: "PLE83C39B0A0DE0C1E"}
	asked := strings.NewReplacer("{reference}", pay, "{merchantAccount}", merchant, "active", "completed").Replace(good)
	for name, body := range map[string]string{
		"an unknown status":  strings.Replace(asked, "completed", "improved", 1),
		"no amount":          strings.Replace(asked, "4500", "0", 1),
		"no currency":        strings.Replace(asked, "EUR", "EUX", 1),
		"another link":       strings.Replace(asked, "PLE8", "PLE9", 1),
		"another payment":    strings.Replace(asked, pay, other, 1),
		"another merchant":   strings.Replace(asked, merchant, "SomebodyElse", 1),
		"one for many":       strings.Replace(asked, "false", "true", 1),
		"no JSON":            "completed",
		"a negative amount":  strings.Replace(asked, "4500", "-4500", 1),
		"a fraction of cent": strings.Replace(asked, "4500", "4500.5", 1),
	} {
		if facts, err := at(t, false, &answers{status: http.StatusOK, body: body}).Ask(t.Context(), ref); err == nil || providertest.Final(err) || len(facts) > 0 {
			t.Errorf("%s: %v, %v", name, facts, err)
		}
	}
	if facts, err := at(t, false, &answers{status: http.StatusOK, body: strings.Replace(asked, "completed", "paid", 1)}).Ask(t.Context(), ref); err != nil || len(facts) != 1 || facts[0].Kind != purchase.Captured {
		t.Errorf("a link that was paid: %v, %v", facts, err)
	}
	for name, body := range map[string]string{
		"of another payment": `{"pspReference":"` + other + `","paymentPspReference":"` + other + `","status":"received"}`,
		"without a name":     `{"paymentPspReference":"` + pay + `","status":"received"}`,
		"of another status":  `{"pspReference":"` + other + `","paymentPspReference":"` + pay + `","status":"refused"}`,
	} {
		if facts, err := at(t, false, &answers{status: http.StatusCreated, body: body}).Refund(t.Context(), purchase.Ref{Payment: pay}, providertest.Euros45, "refund-1"); err == nil || providertest.Final(err) {
			t.Errorf("a refund %s: %v, %v", name, facts, err)
		}
	}
}

func TestACallThatIsUnderWayMayBeRepeated(t *testing.T) {
	t.Parallel()
	a := &answers{status: http.StatusUnprocessableEntity, body: `{"status":422,"errorCode":"704","message":"request already processed or in progress","errorType":"configuration"}`}
	if _, err := at(t, false, a).Refund(t.Context(), purchase.Ref{Payment: pay}, providertest.Euros45, "refund-1"); err == nil || providertest.Final(err) {
		t.Error(err)
	}
	a.body = strings.Replace(a.body, "704", "137", 1)
	_, err := at(t, false, a).Refund(t.Context(), purchase.Ref{Payment: pay}, providertest.Euros45, "refund-1")
	if !providertest.Final(err) || !protocol.HasWord(err, "137") || strings.Contains(err.Error(), "already processed") {
		t.Error(err)
	}
}

func TestADoctorsQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verdicts := func(findings []purchase.Finding) string {
		var all []string
		for _, f := range findings {
			all = append(all, f.Check+" "+string(f.Status))
			if f.Status != purchase.Pass && f.Fix == "" && f.Status != purchase.Skip {
				t.Errorf("%s does not say what to do", f.Check)
			}
		}
		return strings.Join(all, ", ")
	}
	const byHand = ", PRV-02 manual, PRV-03 manual, PRV-04 manual"
	if got := verdicts(w.Inspect(t.Context(), providertest.Callback)); got != "PRV-01 pass"+byHand {
		t.Error(got)
	}
	if got := verdicts(w.Receiver.Inspect(t.Context(), providertest.Callback)); got != "PRV-01 skip"+byHand {
		t.Error(got)
	}
	for what, change := range map[string]func(*adyen.Config){
		"the API key":          func(c *adyen.Config) { c.APIKey = providertest.Secret(t, "AQwrong") },
		"the merchant account": func(c *adyen.Config) { c.MerchantAccount = "SomebodyElse" },
	} {
		findings := newWorld(t, change).Inspect(t.Context(), providertest.Callback)
		if got := verdicts(findings); got != "PRV-01 fail"+byHand {
			t.Errorf("%s is wrong: %s", what, got)
		}
	}
	w.Server.Close()
	if got := verdicts(w.Inspect(t.Context(), providertest.Callback)); got != "PRV-01 fail"+byHand {
		t.Error(got)
	}
}
