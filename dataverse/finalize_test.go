package dataverse_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/config/field"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func impatient(d time.Duration) setup {
	return settings(func(c *dataverse.Config) { c.Timeout = field.Duration(d) })
}

func TestRealtimeIsAcknowledgedAndReadBack(t *testing.T) {
	t.Parallel()
	for _, answer := range []string{"204", "200"} {
		w := newWorld(t, behaves(dataversesim.RealtimeAnswer, answer))
		k := w.register()
		if seats, err := w.ReadBack(t.Context(), k); seats != purchase.SeatsNone || err != nil {
			t.Errorf("%s, before: %s, %v", answer, seats, err)
		}
		if o := w.finalize(k); o != (purchase.Outcome{Result: purchase.Acknowledged}) {
			t.Errorf("%s: %+v", answer, o)
		}
		if seats, err := w.ReadBack(t.Context(), k); seats != purchase.SeatsAll || err != nil || w.seats(k) != 2 {
			t.Errorf("%s: %s, %v, %d seats", answer, seats, err, w.seats(k))
		}
	}
}

func TestOutboundConfirmsOnlyAKnownSuccessWord(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]purchase.Outcome{
		"success":      {Result: purchase.Confirmed},
		"nested-json":  {Result: purchase.Confirmed},
		"capitalised":  {Result: purchase.Confirmed},
		"no-content":   {Result: purchase.Acknowledged, Reason: "no_status"},
		"html":         {Result: purchase.Unknown, Reason: "not_json"},
		"unknown-word": {Result: purchase.Unknown, Reason: "Registered"},
	} {
		w := newWorld(t, variant(dataversesim.VariantOutbound), behaves(dataversesim.FinalizeStatus, status))
		if o := w.finalize(w.register()); o != want {
			t.Errorf("%s: %+v, want %+v", status, o, want)
		}
	}
}

func TestSuccessWordsAndFieldsCanBeConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantOutbound), behaves(dataversesim.FinalizeStatus, "unknown-word"),
		settings(func(c *dataverse.Config) { c.SuccessValues = []string{"ok", "registered"} }))
	if o := w.finalize(w.register()); o.Result != purchase.Confirmed {
		t.Errorf("%+v", o)
	}
}

func TestOutboundSendsAllItsParametersAndAnEmptyUserForAGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantOutbound))
	k := w.register()
	w.Finalize(t.Context(), purchase.Final{Key: k, Event: concert, User: "", SendBefore: time.Now().Add(time.Second)})
	for _, r := range w.sim.Requests() {
		if r.Operation != dataversesim.OpFinalizeOutbound {
			continue
		}
		if want := `{"PurchaseId":"` + k.ID + `","ReadableEventId":"` + concert + `","UserId":""}`; r.Body != want {
			t.Errorf("sent %s", r.Body)
		}
		for name, want := range map[string]string{"Accept": "application/json", "Odata-Maxversion": "4.0", "Odata-Version": "4.0", "If-None-Match": "null",
			"User-Agent": "paybridge/1.2.3", "Content-Type": "application/json; charset=utf-8"} {
			if got := r.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		return
	}
	t.Error("no finalize arrived")
}

func TestOutboundWithoutAnEventIsRefusedBeforeItIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantOutbound))
	k := w.register()
	if o := w.Finalize(t.Context(), purchase.Final{Key: k, SendBefore: time.Now().Add(time.Second)}); o.Result != purchase.Refused || o.Reason != "event_missing" || w.finalizes() != 0 {
		t.Errorf("%+v, %d sent", o, w.finalizes())
	}
	one := newWorld(t, variant(dataversesim.VariantOutbound), settings(func(c *dataverse.Config) { c.Event = concert }))
	if o := one.Finalize(t.Context(), purchase.Final{Key: one.register(), SendBefore: time.Now().Add(time.Second)}); o.Result != purchase.Confirmed {
		t.Errorf("with the settings' event: %+v", o)
	}
}

func TestAnOlderOrganisationIsFinalizedByTheOlderName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantOutboundADX))
	for range 3 {
		k := w.register()
		if _, err := w.Price(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		if o := w.finalize(k); o.Result != purchase.Confirmed || w.seats(k) != 2 {
			t.Errorf("%+v, %d seats", o, w.seats(k))
		}
	}
	if n, m := w.count(dataversesim.OpFinalizeOutbound), w.count(dataversesim.OpListDetailed); n != 1 || m != 1 {
		t.Errorf("the missing actions were called %d and %d times", n, m)
	}
}

func TestRefusalsAreRefusals(t *testing.T) {
	t.Parallel()
	for refusal, want := range map[string]purchase.Outcome{
		"failing-status": {Result: purchase.Refused, Reason: "Failed EventMismatch"},
		"plugin-error":   {Result: purchase.Refused, Reason: "0x80040265"},
		"not-found":      {Result: purchase.Refused, Reason: "0x80040217"},
		"server-error":   {Result: purchase.Unknown, Reason: "0x80040224"},
	} {
		w := newWorld(t, variant(dataversesim.VariantOutbound), behaves(dataversesim.FinalizeRefusal, refusal))
		k := w.registerFor(tea, "", teaSeat)
		if o := w.finalize(k); o != want || w.seats(k) != 0 {
			t.Errorf("%s: %+v, want %+v", refusal, o, want)
		}
	}
}

// faults are the ways in which a finalize goes wrong, with what its outcome may be and whether the seats are there.
var faults = []struct {
	kind   dataversesim.Kind
	delay  time.Duration
	result purchase.Result
	effect bool
}{
	{dataversesim.KindCommitHang, 0, purchase.Unknown, true},
	{dataversesim.KindCommitDrop, 0, purchase.Unknown, true},
	{dataversesim.KindCommit500, 0, purchase.Unknown, true},
	{dataversesim.KindCommit502, 0, purchase.Unknown, true},
	{dataversesim.KindHang, 0, purchase.Unknown, false},
	{dataversesim.KindDrop, 0, purchase.Unknown, false},
	{dataversesim.KindServerErrorHTML, 0, purchase.Unknown, false},
	{dataversesim.KindUnavailableEmpty, 0, purchase.Unknown, false},
	{dataversesim.KindGatewayTimeout, 0, purchase.Unknown, false},
	{dataversesim.KindTooMany, 0, purchase.Unsent, false},
	{dataversesim.KindConcurrent, 0, purchase.Unsent, false},
	{dataversesim.KindExecutionTime, 0, purchase.Unsent, false},
	{dataversesim.KindMissingPrivilege, 0, purchase.Unsent, false},
	{dataversesim.KindFirewall, 0, purchase.Unsent, false},
	{dataversesim.KindUnauthorized, 0, purchase.Unsent, false},
}

func TestAFinalizeIsSentOnceAndItsOutcomeIsNeverBetterThanTheTruth(t *testing.T) {
	t.Parallel()
	for _, generation := range []string{dataversesim.VariantRealtime, dataversesim.VariantOutbound} {
		for _, f := range faults {
			t.Run(generation+"/"+string(f.kind), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, variant(generation), impatient(200*time.Millisecond))
				k := w.register()
				if _, err := w.Price(t.Context(), k); err != nil {
					t.Fatal(err)
				}
				w.fault(dataversesim.AnyFinalize, f.kind)
				o := w.finalize(k)
				if o.Result != f.result || o.Reason == "" || w.finalizes() != 1 || (w.seats(k) == 2) != f.effect {
					t.Errorf("%+v after %d calls, %d seats", o, w.finalizes(), w.seats(k))
				}
				if f.kind == dataversesim.KindTooMany && o.After != 10*time.Second {
					t.Errorf("pause %v", o.After)
				}
				if generation == dataversesim.VariantRealtime && f.result == purchase.Unknown {
					want := map[bool]purchase.Seats{true: purchase.SeatsAll, false: purchase.SeatsNone}[f.effect]
					if seats, err := w.ReadBack(t.Context(), k); seats != want || err != nil {
						t.Errorf("read back: %s, %v", seats, err)
					}
				}
			})
		}
	}
}

func TestATruncatedAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantOutbound))
	k := w.register()
	w.fault(dataversesim.AnyFinalize, dataversesim.KindTruncated)
	if o := w.finalize(k); o.Result != purchase.Unknown || w.seats(k) != 2 {
		t.Errorf("%+v", o)
	}
}

func TestSeatsForSomeAreSeenAsSome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.register()
	w.fault(dataversesim.AnyFinalize, dataversesim.KindPartialSeats)
	w.finalize(k)
	if seats, err := w.ReadBack(t.Context(), k); seats != purchase.SeatsSome || err != nil {
		t.Errorf("%s, %v", seats, err)
	}
}

func TestATokenThatIsTurnedDownCostsAFinalizeNothing(t *testing.T) {
	t.Parallel()
	clock := &stopped{at: time.Now()}
	w := newWorld(t, options(func(o *dataverse.Options) { o.Now = clock.now }))
	k := w.register()
	if _, err := w.Price(t.Context(), k); err != nil {
		t.Fatal(err)
	}
	clock.forward(time.Minute)
	w.fault(dataversesim.AnyFinalize, dataversesim.KindUnauthorized)
	call := purchase.Final{Key: k, SendBefore: clock.now().Add(2 * time.Second)}
	if o := w.Finalize(t.Context(), call); o.Result != purchase.Unsent || w.finalizes() != 1 {
		t.Errorf("%+v", o)
	}
	if o := w.Finalize(t.Context(), call); o.Result != purchase.Acknowledged || w.count(dataversesim.OpToken) != 2 {
		t.Errorf("%+v with %d tokens", o, w.count(dataversesim.OpToken))
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	t.Parallel()
	s := &script{answer: always(http.StatusTemporaryRedirect, http.Header{"Location": {"https://elsewhere.example.org/"}}, "")}
	c := s.client(t, dataverse.DialectRealtime)
	o := c.Finalize(t.Context(), purchase.Final{Key: key(somePurchase), SendBefore: time.Now().Add(time.Minute)})
	if o.Result != purchase.Unknown || len(s.calls) != 1 {
		t.Errorf("%+v after %s", o, strings.Join(s.calls, ", "))
	}
}

func TestAReadIsNotFollowedElsewhereWithItsToken(t *testing.T) {
	t.Parallel()
	var hosts []string
	s := &script{answer: func(r *http.Request, n int) (*http.Response, error) {
		hosts = append(hosts, r.URL.Host)
		return always(http.StatusFound, http.Header{"Location": {"https://sub.org.crm4.dynamics.com/"}}, "")(r, n)
	}}
	if _, err := s.client(t, dataverse.DialectRealtime).Price(t.Context(), key(somePurchase)); err == nil || len(hosts) != 1 {
		t.Errorf("asked %s: %v", strings.Join(hosts, ", "), err)
	}
}

func TestNoAnswerOfAFrontIsAReasonToSendAFinalizeAgain(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		s := &script{answer: always(status, nil, html)}
		o := s.client(t, dataverse.DialectRealtime).Finalize(t.Context(), final(time.Minute))
		if o.Result != purchase.Unknown || len(s.calls) != 1 {
			t.Errorf("%d: %+v after %d calls", status, o, len(s.calls))
		}
	}
}
