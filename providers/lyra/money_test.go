package lyra_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

var faultKinds = []providersim.FaultKind{providersim.RateLimit, providersim.ServerError, providersim.BadGateway, providersim.Unavailable, providersim.EdgeRefusal,
	providersim.Garbage, providersim.Drop, providersim.Slow, providersim.AfterDrop, providersim.AfterError}

// effect tells whether a call that met the fault took effect.
func effect(kind providersim.FaultKind) bool {
	return kind == providersim.AfterDrop || kind == providersim.AfterError || kind == providersim.Slow
}

// reserved opens and pays a session whose money is reserved only.
func (w *world) reserved(t *testing.T, key string) purchase.Ref {
	t.Helper()
	order := providertest.Order(key)
	order.Reserve = true
	made, page := w.opened(t, order)
	w.Press(t, page, "pay")
	return purchase.Ref{Payment: made.Payment}
}

func TestEveryFaultOfEveryCallMayBeRepeated(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"get", "capture", "void"} {
		for _, kind := range faultKinds {
			t.Run(operation+" "+string(kind), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				ref := w.reserved(t, "open-1")
				do := map[string]func() ([]purchase.Fact, error){
					"get":     func() ([]purchase.Fact, error) { return w.Ask(t.Context(), ref) },
					"capture": func() ([]purchase.Fact, error) { return w.Capture(t.Context(), ref, "capture-1") },
					"void":    func() ([]purchase.Fact, error) { return w.Void(t.Context(), ref, "void-1") },
				}[operation]
				want := map[string]purchase.Kind{"get": purchase.Authorised, "capture": purchase.Captured, "void": purchase.Lapsed}[operation]
				w.Sim.AddFault(providersim.Fault{Operation: operation, Kind: kind, Delay: 20 * time.Millisecond})
				if _, err := do(); final(err) || errors.Is(err, purchase.ErrNoPayment) {
					t.Errorf("at first: %v", err)
				}
				w.Sim.ClearFaults()
				facts, err := do()
				if err != nil || !slices.ContainsFunc(facts, func(f purchase.Fact) bool { return f.Kind == want }) {
					t.Errorf("again: %v, %v", providertest.Said(facts), err)
				}
			})
		}
	}
}

// TestNoFaultRefundsTwice: whatever happens to a refund, its key never makes a second one.
func TestNoFaultRefundsTwice(t *testing.T) {
	t.Parallel()
	for _, kind := range faultKinds {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			made, page := w.opened(t, providertest.Order("open-1"))
			w.Press(t, page, "pay")
			w.Sim.Remit()
			ref, part := purchase.Ref{Payment: made.Payment}, purchase.Money{Minor: 1500, Currency: "EUR"}
			w.Sim.AddFault(providersim.Fault{Operation: "refund", Kind: kind, Delay: 20 * time.Millisecond})
			_, err := w.Refund(t.Context(), ref, part, "refund-1")
			after, again := purchase.Retry(err)
			if kind == providersim.Slow && err != nil || kind != providersim.Slow && (!again || after < time.Minute) {
				t.Errorf("at first: %v, again %v after %s", err, again, after)
			}
			_, err = w.Refund(t.Context(), ref, part, "refund-1")
			if effect(kind) != final(err) { // it is there, and whether it is this one a person must say
				t.Errorf("again: %v", err)
			}
			if n := len(w.Sim.Refunds()); n != 1 {
				t.Errorf("%d refunds were made", n)
			}
		})
	}
}

func TestAWholeRefundThatWasLostIsDoneOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, page := w.opened(t, providertest.Order("open-1"))
	w.Press(t, page, "pay")
	w.Sim.AddFault(providersim.Fault{Operation: "void", Kind: providersim.AfterDrop})
	ref := purchase.Ref{Payment: made.Payment}
	if _, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-1"); err == nil || final(err) {
		t.Errorf("at first: %v", err)
	}
	if facts, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-1"); err != nil || len(facts) != 1 || facts[0].Kind != purchase.Failed {
		t.Errorf("again: %v, %v", facts, err)
	}
}

func TestRefundsThatMakeNoSenseAreRefusedForGood(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made, page := w.opened(t, providertest.Order("open-1"))
	ref := purchase.Ref{Payment: made.Payment}
	w.Press(t, page, "decline")
	if _, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-1"); !final(err) {
		t.Errorf("of nothing: %v", err)
	}
	w.Press(t, page, "pay")
	w.Sim.Remit()
	for name, m := range map[string]purchase.Money{"of another currency": {Minor: 4500, Currency: "USD"}, "of zero": {Currency: "EUR"}, "of no currency": {Minor: 1},
		"less than nothing": {Minor: -1, Currency: "EUR"}, "of more than there is": {Minor: 4501, Currency: "EUR"}} {
		if _, err := w.Refund(t.Context(), ref, m, "refund-1"); !final(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := w.Refund(t.Context(), ref, providertest.Euros45, ""); !final(err) {
		t.Errorf("without a key: %v", err)
	}
	if slices.ContainsFunc(w.Sim.Requests(), func(r providersim.Request) bool { return r.Operation == "refund" }) {
		t.Error("and one was asked for")
	}
}

func TestOddAndForeignReferencesAreNotAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, ref := range []purchase.Ref{{}, {Payment: "../../x"}, {Payment: "1", Object: "2"}, {Payment: strings.Repeat("A", 32)}} {
		if facts, err := w.Ask(t.Context(), ref); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%v: %v, %v", ref, facts, err)
		}
	}
	if n := len(w.Sim.Requests()); n > 0 {
		t.Errorf("%d of them went out", n)
	}
}

func TestAPaymentOfTheOtherModeOrShopIsNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, err := w.Sim.Button(providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	live := w.Stall.Options(t, ownFields)
	w.config.APIURL = ""
	live.Live, live.HTTP = true, elsewhere{w.Server.URL, live.HTTP}
	w.config.Host = "api.payzen.eu"
	facts, err := w.openWith(t, live).(bridge.Asker).Ask(t.Context(), purchase.Ref{Payment: id})
	if err == nil || !errors.Is(err, purchase.WrongMode) {
		t.Errorf("a test payment in live: %v, %v", facts, err)
	}
}

// elsewhere sends every request to one server.
type elsewhere struct {
	origin string
	next   http.RoundTripper
}

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	to, err := url.Parse(e.origin)
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.URL.Host, r.Host = to.Host, to.Host
	return e.next.RoundTrip(r)
}

func TestADoctorsQuestions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	verdicts := func() string {
		var all []string
		for _, f := range w.Inspect(t.Context(), providertest.Callback) {
			all = append(all, f.Check+" "+string(f.Status))
			if f.Status != purchase.Pass && f.Fix == "" {
				t.Errorf("%s does not say what to do", f.Check)
			}
		}
		return fmt.Sprint(all)
	}
	if got := verdicts(); got != "[PRV-01 pass PRV-02 manual PRV-03 manual PRV-04 manual]" {
		t.Error(got)
	}
	w.Sim.AddFault(providersim.Fault{Operation: "get", Kind: providersim.EdgeRefusal})
	if got := verdicts(); !strings.HasPrefix(got, "[PRV-01 fail") {
		t.Error(got)
	}
	w.config.Password = providertest.Secret(t, "testpassword_wrong")
	w.everything = w.open(t).(everything)
	if got := verdicts(); !strings.HasPrefix(got, "[PRV-01 fail") {
		t.Error(got)
	}
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: strings.Repeat("0", 32)}); err == nil || final(err) || errors.Is(err, purchase.ErrNoPayment) {
		t.Errorf("with a wrong password: %v, %v", facts, err)
	}
}
