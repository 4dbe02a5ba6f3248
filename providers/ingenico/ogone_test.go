package ingenico_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/ingenico"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// visit posts the form of a checkout as the buyer's browser does, and returns the page.
func (s *shop) visit(t *testing.T, made purchase.Checkout) string {
	t.Helper()
	form := url.Values{}
	for _, f := range made.Form {
		form.Add(f.Name, f.Value)
	}
	resp, err := s.Server.Client().PostForm(made.URL, form)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// opened is a checkout whose page the buyer has seen.
func (s *shop) opened(t *testing.T, order purchase.Order) purchase.Checkout {
	t.Helper()
	made, err := s.Open(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if page := s.visit(t, made); !strings.Contains(page, `data-payment="`+made.Payment+`"`) {
		t.Fatalf("the form leads to %s", page)
	}
	return made
}

func (s *shop) heard(t *testing.T, payment string) []purchase.Fact {
	t.Helper()
	return heardBy(t, s.Sim, s.DirectLink, payment)
}

func (s *shop) asked(t *testing.T, payment string) []purchase.Fact {
	t.Helper()
	facts, err := s.Ask(t.Context(), about(payment))
	if err != nil {
		t.Fatal(err)
	}
	return facts
}

// backOffices are how an account may be set, and what is left open.
var backOffices = map[string]providersim.OgoneVariant{
	"recommended":   {},
	"by get":        {Get: true, Hash: "sha256", Timing: "deferred", Attributes: "upper"},
	"online":        {Timing: "online", Processing: true, Redirects: true},
	"no amounts":    {Amountless: true, Attributes: "lower", NewPayID: true},
	"none by get":   {Amountless: true, Get: true, Latin1: true, Hash: "sha1", OtherCode: true},
	"the old page":  {Latin1: true, Hash: "sha1", NewPayID: true, Processing: true, Timing: "deferred"},
	"without calls": {Timing: "none", OtherCode: true, NewPayID: true},
}

func inBackOffices(t *testing.T, test func(t *testing.T, s *shop, v providersim.OgoneVariant)) {
	for name, v := range backOffices {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, newShop(t, v, nil), v)
		})
	}
}

func TestAnOrderFromItsFormToRefund(t *testing.T) {
	t.Parallel()
	inBackOffices(t, func(t *testing.T, s *shop, v providersim.OgoneVariant) {
		made := s.opened(t, providertest.Order("open-1"))
		if made.Capturable || made.Voidable || !made.Until.IsZero() || !strings.HasPrefix(made.URL, s.Server.URL+"/ncol/test/orderstandard_utf8.asp") {
			t.Errorf("%+v", made)
		}
		if _, err := s.Ask(t.Context(), about(made.Payment)); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("before anything: %v", err)
		}
		if to := s.Press(t, made.Payment, "decline"); to != "" {
			t.Errorf("a declined card leads to %s", to)
		}
		declined := s.asked(t, made.Payment)
		if pay := fold(made, s.heard(t, made.Payment), declined); pay.Moving() || !pay.Failed || !pay.Open() {
			t.Errorf("after a declined card: %+v", pay)
		}
		if to := s.Press(t, made.Payment, "pay"); !strings.HasPrefix(to, "https://pay.example.org/return/token") || strings.Contains(to, "SHASIGN") != v.Redirects {
			t.Errorf("paying leads to %s", to)
		}
		facts := s.asked(t, made.Payment)
		if len(facts) != 1 || facts[0].Kind != purchase.Captured || facts[0].Money != providertest.Euros45 || facts[0].Purchase.ID != providertest.PurchaseID || facts[0].Payment != made.Payment {
			t.Fatalf("%v", providertest.Said(facts))
		}
		heard := s.heard(t, made.Payment)
		if pay := fold(made, heard, declined, facts); pay.Captured != providertest.Euros45 || pay.Contradicted || pay.Hearsay != "" || pay.Moving() {
			t.Errorf("heard and asked: %+v", pay)
		}
		proved := v.Timing != "none" && !v.Amountless
		if pay := fold(made, heard); pay.Captured.Known() != proved {
			t.Errorf("heard alone: %+v", pay)
		}
		want := purchase.Detail{Event: providertest.EventID, User: providertest.ContactID, Sealed: true}
		if proved && heard[len(heard)-1].Detail != want {
			t.Errorf("the sealed reference comes back as %+v", heard[len(heard)-1].Detail)
		}
		s.givesBack(t, made)
		if page := s.visit(t, made); !strings.Contains(page, "processed before") {
			t.Errorf("it can be paid again: %s", page)
		}
	})
}

// givesBack is the money's way back: a refund of ours, once, one in the back office, and what the acquirer takes.
func (s *shop) givesBack(t *testing.T, made purchase.Checkout) {
	t.Helper()
	ref, part := about(made.Payment), purchase.Money{Minor: 1500, Currency: "EUR"}
	refund, err := s.Refund(t.Context(), ref, part, "refund-1")
	if err != nil || len(refund) != 1 || refund[0].Kind != purchase.Refunded || refund[0].Money != part || refund[0].Payment != made.Payment {
		t.Fatalf("%v, %v", refund, err)
	}
	again, err := s.Refund(t.Context(), ref, part, "refund-1")
	if !final(err) || !slices.ContainsFunc(again, func(f purchase.Fact) bool { return f.Object == refund[0].Object && f.Money == part }) {
		t.Errorf("the same once more: %v, %v", providertest.Said(again), err)
	}
	if _, err := s.Refund(t.Context(), ref, providertest.Euros45, "refund-2"); !final(err) {
		t.Errorf("more than is left: %v", err)
	}
	if err := s.Sim.GiveBack(made.Payment, "10.00", false); err != nil {
		t.Fatal(err)
	}
	facts := s.asked(t, made.Payment)
	if pay := fold(made, s.heard(t, made.Payment), refund, facts); pay.Refunded.Minor != 2500 || pay.Captured != providertest.Euros45 || pay.Contradicted {
		t.Errorf("after two refunds: %+v\n%s", pay, strings.Join(providertest.Said(facts), "\n"))
	}
	rest := purchase.Money{Minor: 2000, Currency: "EUR"}
	if refund, err = s.Refund(t.Context(), ref, rest, "refund-3"); err != nil || refund[0].Money != rest {
		t.Errorf("the rest: %v, %v", refund, err)
	}
	if pay := fold(made, s.heard(t, made.Payment), s.asked(t, made.Payment)); pay.Net().Positive() || pay.Contradicted {
		t.Errorf("all went back, and it holds %s", pay.Net())
	}
	sent := s.maintenances(t)
	if fmt.Sprint(sent) != "[RFD 1500 RFS 2000]" {
		t.Errorf("%v were sent", sent)
	}
}

func TestARefundUnderWayIsGone(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{Slow: true}, nil)
	made := s.opened(t, providertest.Order("open-1"))
	s.Press(t, made.Payment, "pay")
	if facts, err := s.Refund(t.Context(), about(made.Payment), purchase.Money{Minor: 3000, Currency: "EUR"}, "refund-1"); err != nil || facts[0].Version != 1 {
		t.Fatalf("%v, %v", facts, err)
	}
	if _, err := s.Refund(t.Context(), about(made.Payment), purchase.Money{Minor: 2000, Currency: "EUR"}, "refund-2"); !final(err) || len(s.maintenances(t)) != 1 {
		t.Errorf("more than is left: %v, %v", err, s.maintenances(t))
	}
	if pay := fold(made, s.heard(t, made.Payment), s.asked(t, made.Payment)); pay.Net().Minor != 1500 || pay.Contradicted || pay.Hearsay != "" {
		t.Errorf("%+v", pay)
	}
}

// maintenances are the operations that were sent.
func (s *shop) maintenances(t *testing.T) (all []string) {
	t.Helper()
	for _, r := range s.Sim.Requests() {
		if r.Operation == "maintain" {
			form, err := url.ParseQuery(r.Body)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, form.Get("OPERATION")+" "+form.Get("AMOUNT"))
		}
	}
	return all
}

func TestTheAcquirerTakesTheMoneyBack(t *testing.T) {
	t.Parallel()
	inBackOffices(t, func(t *testing.T, s *shop, _ providersim.OgoneVariant) {
		made := s.opened(t, providertest.Order("open-1"))
		s.Press(t, made.Payment, "pay")
		if err := s.Sim.GiveBack(made.Payment, "", true); err != nil {
			t.Fatal(err)
		}
		pay := fold(made, s.heard(t, made.Payment), s.asked(t, made.Payment))
		if pay.Reversed != providertest.Euros45 || pay.Captured != providertest.Euros45 || pay.Contradicted || pay.Hearsay != "" {
			t.Errorf("%+v", pay)
		}
	})
}

func TestAnOrderIsReservedCapturedOrGivenBack(t *testing.T) {
	t.Parallel()
	inBackOffices(t, func(t *testing.T, s *shop, v providersim.OgoneVariant) {
		for i, slow := range []bool{false, true} {
			for j, capture := range []bool{true, false} {
				v.Slow = slow
				s.Sim.SetVariant(v)
				made := s.opened(t, reserving(fmt.Sprint("open-", i, j)))
				s.Press(t, made.Payment, "decline")
				s.Press(t, made.Payment, "pay")
				if pay := fold(made, s.heard(t, made.Payment), s.asked(t, made.Payment)); !pay.Authorised || pay.Captured.Known() || pay.Contradicted {
					t.Fatalf("reserved: %+v", pay)
				}
				if capture {
					s.captures(t, made, slow)
				} else {
					s.cancels(t, made, slow)
				}
			}
		}
	})
}

func TestNothingIsReservedWhereNothingCanBeCaptured(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{}, nil)
	if made, err := s.feedbackOnly(t, nil).Open(t.Context(), reserving("open-1")); !final(err) {
		t.Errorf("%+v, %v", made, err)
	}
}

func (s *shop) captures(t *testing.T, made purchase.Checkout, slow bool) {
	t.Helper()
	before := len(s.maintenances(t))
	for _, key := range []string{"capture-1", "capture-1", "capture-2"} {
		facts, err := s.Capture(t.Context(), about(made.Payment), key)
		if err != nil || strings.Contains(kinds(facts), "captured") == slow {
			t.Fatalf("%s, %v", kinds(facts), err)
		}
	}
	if slow {
		if err := s.Sim.Settle(made.Payment, true); err != nil {
			t.Fatal(err)
		}
	}
	pay := fold(made, s.heard(t, made.Payment), s.asked(t, made.Payment))
	if pay.Captured != providertest.Euros45 || pay.Contradicted || len(s.maintenances(t)) != before+1 {
		t.Errorf("captured: %+v, %v", pay, s.maintenances(t))
	}
	if _, err := s.Void(t.Context(), about(made.Payment), "void-1"); !final(err) {
		t.Errorf("given back after it was captured: %v", err)
	}
}

func (s *shop) cancels(t *testing.T, made purchase.Checkout, slow bool) {
	t.Helper()
	facts, err := s.Void(t.Context(), about(made.Payment), "void-1")
	if slow {
		if err == nil || final(err) {
			t.Fatalf("under way: %v, %v", facts, err)
		}
		s.Sim.Cancelled(made.Payment)
		facts, err = s.Void(t.Context(), about(made.Payment), "void-1")
	}
	if err != nil || !strings.Contains(kinds(facts), "lapsed") {
		t.Fatalf("%s, %v", kinds(facts), err)
	}
	if pay := fold(made, s.heard(t, made.Payment), facts); pay.Authorised || !pay.Lapsed || pay.Contradicted {
		t.Errorf("given back: %+v", pay)
	}
	if _, err := s.Capture(t.Context(), about(made.Payment), "capture"); !final(err) {
		t.Errorf("captured after it was given back: %v", err)
	}
}

func TestWhatAnOrderBecomesAtOgone(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{}, nil)
	order := providertest.Order("open-1")
	order.Description = "Zoé & Müller <1>\t" + strings.Repeat("é", 200)
	made, err := s.Open(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	fields := map[string]string{}
	for _, f := range made.Form {
		names = append(names, f.Name)
		fields[f.Name] = f.Value
	}
	if got := strings.Join(names, " "); got != "PSPID ORDERID AMOUNT CURRENCY LANGUAGE COM COMPLUS OPERATION ACCEPTURL DECLINEURL EXCEPTIONURL CANCELURL BACKURL SHASIGN" {
		t.Error(got)
	}
	if fields["ORDERID"] != made.Payment || len(made.Payment) != 30 || fields["AMOUNT"] != "4500" || fields["OPERATION"] != "SAL" || fields["LANGUAGE"] != "fr_FR" ||
		fields["ACCEPTURL"] != order.Return || fields["CANCELURL"] != order.Return+"?cancel=1" || len(fields["COM"]) < 90 || len(fields["SHASIGN"]) != 128 {
		t.Errorf("%v", fields)
	}
	again, err := s.Open(t.Context(), order)
	if err != nil || again.Payment != made.Payment {
		t.Errorf("the same order is %+v, %v", again, err)
	}
	order.Payment, order.Return, order.Key = made.Payment, order.Return+"-2", "another-key"
	shown, err := s.Open(t.Context(), order)
	if err != nil || shown.Payment != made.Payment || !slices.Contains(shown.Form, purchase.Field{Name: "ACCEPTURL", Value: order.Return}) {
		t.Errorf("shown again: %+v, %v", shown, err)
	}
	s.visit(t, made)
	if page := s.visit(t, shown); !strings.Contains(page, `data-payment="`+made.Payment+`"`) {
		t.Error(page)
	}
	if to := s.Press(t, made.Payment, "pay"); to != order.Return {
		t.Errorf("paying leads to %s", to)
	}
	order.Payment = ""
	if other, err := s.Open(t.Context(), order); err != nil || other.Payment == made.Payment {
		t.Errorf("another session is %+v, %v", other, err)
	}
	for what, change := range map[string]func(*purchase.Order){
		"a long way back":            func(o *purchase.Order) { o.Return = "https://pay.example.org/" + strings.Repeat("x", 200) },
		"no way back":                func(o *purchase.Order) { o.Return = "/return" },
		"no purchase":                func(o *purchase.Order) { o.Reference.Purchase = "" },
		"the session of somebody":    func(o *purchase.Order) { o.Payment = "ORG-1" },
		"the session of another":     func(o *purchase.Order) { o.Payment, _ = ingenico.Pack(providertest.ContactID, "x") },
		"a mill of a dinar":          func(o *purchase.Order) { o.Money = purchase.Money{Minor: 1234, Currency: "KWD"} },
		"nothing":                    func(o *purchase.Order) { o.Money.Minor = 0 },
		"a currency that is not one": func(o *purchase.Order) { o.Money.Currency = "EUX" },
	} {
		odd := providertest.Order("open-odd")
		change(&odd)
		if made, err := s.Open(t.Context(), odd); !final(err) {
			t.Errorf("%s: %+v, %v", what, made, err)
		}
	}
}

func TestAmountsGoToOgoneInHundredthsAndComeBackInDecimals(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{}, nil)
	for currency, c := range map[string]struct {
		minor int64
		want  string
	}{"EUR": {1789, "1789"}, "JPY": {1234, "123400"}, "KWD": {1230, "123"}, "HUF": {450000, "450000"}} {
		order := providertest.Order("open-" + currency)
		order.Money = purchase.Money{Minor: c.minor, Currency: currency}
		made := s.opened(t, order)
		if !slices.Contains(made.Form, purchase.Field{Name: "AMOUNT", Value: c.want}) {
			t.Errorf("%s goes out as %v", order.Money, made.Form)
		}
		s.Press(t, made.Payment, "pay")
		if facts := s.asked(t, made.Payment); len(facts) != 1 || facts[0].Money != order.Money {
			t.Errorf("%s comes back as %v", order.Money, facts)
		}
		if heard := s.heard(t, made.Payment); heard[0].Money != order.Money {
			t.Errorf("%s is heard as %v", order.Money, heard)
		}
		if facts, err := s.Refund(t.Context(), about(made.Payment), order.Money, "refund-"+currency); err != nil || facts[0].Money != order.Money {
			t.Errorf("%s goes back as %v, %v", order.Money, facts, err)
		}
	}
}

// TestABuyerWhoWaitsSeesThePayPagesWay: in the online timing a page of ours would be shown instead.
func TestABuyerWhoWaitsSeesThePayPagesWay(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{Timing: "online"}, nil)
	s.Stall.Answer = func(d purchase.Delivery) (int, string) {
		return http.StatusOK, string(s.DirectLink.Answer(d, true).Body)
	}
	made := s.opened(t, providertest.Order("open-1"))
	if to := s.Press(t, made.Payment, "pay"); to != "https://pay.example.org/return/token" {
		t.Errorf("paying leads to %q", to)
	}
	s.Stall.Answer = func(purchase.Delivery) (int, string) { return http.StatusOK, "<html>thank you</html>" }
	made = s.opened(t, providertest.Order("open-2"))
	if to := s.Press(t, made.Payment, "pay"); to != "" {
		t.Errorf("the simulator does not show what it is answered: %q", to)
	}
}

func TestFaultsOfDirectLink(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{}, nil)
	for i, kind := range []providersim.FaultKind{providersim.AfterDrop, providersim.AfterError, providersim.Drop, providersim.ServerError, providersim.BadGateway,
		providersim.RateLimit, providersim.EdgeRefusal, providersim.Unavailable, providersim.Garbage} {
		made := s.opened(t, reserving(fmt.Sprint("capture-", i)))
		s.Press(t, made.Payment, "pay")
		s.Sim.AddFault(providersim.Fault{Operation: "maintain", Kind: kind})
		if facts, err := s.Capture(t.Context(), about(made.Payment), "key"); final(err) {
			t.Errorf("capture, %s: %v, %v", kind, facts, err)
		}
		if facts, err := s.Capture(t.Context(), about(made.Payment), "key"); err != nil || kinds(facts) != "captured" {
			t.Errorf("capture, %s, again: %s, %v", kind, kinds(facts), err)
		}
		s.refundWithFault(t, made, kind)
		s.Sim.AddFault(providersim.Fault{Operation: "get", Kind: kind, Times: 9})
		if facts, err := s.Ask(t.Context(), about(made.Payment)); err == nil || final(err) || errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("ask, %s: %v, %v", kind, facts, err)
		}
		s.Sim.ClearFaults()
	}
}

// refundWithFault: while nobody knows whether a refund was made, it is not made again, and a person looks once it is there.
func (s *shop) refundWithFault(t *testing.T, made purchase.Checkout, kind providersim.FaultKind) {
	t.Helper()
	ref, part := about(made.Payment), purchase.Money{Minor: 1500, Currency: "EUR"}
	s.Sim.AddFault(providersim.Fault{Operation: "maintain", Kind: kind})
	if facts, err := s.Refund(t.Context(), ref, part, "key "+made.Payment); err == nil || final(err) {
		t.Errorf("refund, %s: %v, %v", kind, facts, err)
	}
	worked := kind == providersim.AfterDrop || kind == providersim.AfterError
	facts, err := s.Refund(t.Context(), ref, part, "key "+made.Payment)
	if err == nil || final(err) != worked || strings.Contains(kinds(facts), "refunded") != worked {
		t.Errorf("refund, %s, again: %s, %v", kind, kinds(facts), err)
	}
	if p, _ := s.Sim.Payment(made.Payment); (p.Refunded == "15.00") != worked || p.Refunded != "" && !worked {
		t.Errorf("%s: %q went back", kind, p.Refunded)
	}
}

// TestARefundOfUnknownOutcomeIsTriedAgainWhenItMustHaveShown is five minutes later.
func TestARefundOfUnknownOutcomeIsTriedAgainWhenItMustHaveShown(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{}, nil)
	o := s.Stall.Options(t, nil)
	var later time.Duration
	o.Now = func() time.Time { return time.Now().Add(later) }
	l, err := ingenico.NewDirectLink(s.config, o)
	if err != nil {
		t.Fatal(err)
	}
	made := s.opened(t, providertest.Order("open-1"))
	s.Press(t, made.Payment, "pay")
	s.Sim.AddFault(providersim.Fault{Operation: "maintain", Kind: providersim.Drop})
	for range 3 {
		if facts, err := l.Refund(t.Context(), about(made.Payment), providertest.Euros45, "refund-1"); err == nil || final(err) {
			t.Errorf("%v, %v", facts, err)
		}
	}
	later = 6 * time.Minute
	if facts, err := l.Refund(t.Context(), about(made.Payment), providertest.Euros45, "refund-1"); err != nil || kinds(facts) != "refunded" {
		t.Errorf("%v, %v", facts, err)
	}
	s.Sim.SetVariant(providersim.OgoneVariant{Uncertain: 1})
	made = s.opened(t, providertest.Order("open-2"))
	s.Press(t, made.Payment, "pay")
	if facts, err := l.Refund(t.Context(), about(made.Payment), providertest.Euros45, "refund-2"); err == nil || final(err) {
		t.Errorf("uncertain: %v, %v", facts, err)
	}
	if facts, err := l.Refund(t.Context(), about(made.Payment), providertest.Euros45, "refund-2"); !final(err) || !strings.Contains(kinds(facts), "refunded") {
		t.Errorf("after it is there: %v, %v", facts, err)
	}
}

func TestACallerThatOgoneDoesNotKnow(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{}, nil)
	made := s.opened(t, providertest.Order("open-1"))
	s.Press(t, made.Payment, "pay")
	verdict := func(l *ingenico.DirectLink) purchase.Verdict {
		findings := l.Inspect(t.Context(), providertest.Callback)
		for _, f := range findings {
			if f.Status != purchase.Pass && f.Fix == "" {
				t.Errorf("%s does not say what to do", f.Check)
			}
		}
		if len(findings) != 5 || findings[4].Check != "PRV-05" || findings[4].Status != purchase.Warn {
			t.Errorf("%+v", findings)
		}
		return findings[0].Status
	}
	if got := verdict(s.DirectLink); got != purchase.Pass {
		t.Error(got)
	}
	changed := func(change func(*ingenico.Config)) *ingenico.DirectLink {
		c := s.config
		change(&c)
		l, err := ingenico.NewDirectLink(c, s.Stall.Options(t, nil))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for what, l := range map[string]*ingenico.DirectLink{
		"another password":   changed(func(c *ingenico.Config) { c.APIPassword = providertest.Secret(t, "wrong") }),
		"another passphrase": changed(func(c *ingenico.Config) { c.SHAIn = providertest.Secret(t, "wrong passphrase") }),
		"another hash":       changed(func(c *ingenico.Config) { c.SHA = "sha1" }),
		"another merchant":   changed(func(c *ingenico.Config) { c.PSPID = "other" }),
	} {
		if got := verdict(l); got != purchase.Fail {
			t.Errorf("%s: %s", what, got)
		}
		if _, err := l.Ask(t.Context(), about(made.Payment)); err == nil || final(err) || errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%s: %v", what, err)
		}
	}
	s.Sim.SetVariant(providersim.OgoneVariant{NoIP: true})
	if got := verdict(s.DirectLink); got != purchase.Fail {
		t.Errorf("an address that is not registered: %s", got)
	}
	if _, err := s.Refund(t.Context(), about(made.Payment), providertest.Euros45, "refund-1"); err == nil || final(err) {
		t.Errorf("a person can mend that: %v", err)
	}
	alone := s.feedbackOnly(t, nil)
	if f := alone.Inspect(t.Context(), providertest.Callback); f[0].Check != "PRV-01" || f[0].Status != purchase.Warn {
		t.Errorf("%+v", f)
	}
}

// said is a DirectLink that always answers the same.
type said string

func (s said) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(string(s))), Header: http.Header{}, Request: r}, nil
}

func TestAnswersOfOddShapes(t *testing.T) {
	t.Parallel()
	s := newShop(t, providersim.OgoneVariant{}, nil)
	ask := func(text string) ([]purchase.Fact, error) {
		o := providertest.Options(t, nil)
		o.HTTP = said(text)
		c := s.config
		c.APIURL = ""
		l, err := ingenico.NewDirectLink(c, o)
		if err != nil {
			t.Fatal(err)
		}
		return l.Ask(context.WithoutCancel(t.Context()), purchase.Ref{Payment: "ORG-1"})
	}
	answer := func(attributes string) string {
		return `<?xml version="1.0"?><ncresponse orderID="ORG-1" PAYID="32100123" ` + attributes + `/>`
	}
	for name, c := range map[string]struct{ text, want string }{
		"usual":          {answer(`STATUS="9" amount="45" currency="EUR"`), "proved captured ORG-1 32100123 45.00 EUR"},
		"a root in caps": {strings.Replace(answer(`STATUS="9" AMOUNT="45" CURRENCY="EUR" PAYIDSUB=""`), "ncresponse", "NCRESPONSE", 1), "proved captured ORG-1 32100123 45.00 EUR"},
		"two charsets":   {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><ncresponse orderID=\"ORG-1\" PAYID=\"32100123\" STATUS=\"9\" amount=\"45\" currency=\"EUR\" CN=\"Zo\xe9\"/>", "proved captured ORG-1 32100123 45.00 EUR"},
		"refused":        {answer(`STATUS="2" NCERROR="30001001"`), "proved failed ORG-1 32100123_0 status_2"},
		"3-D Secure":     {answer(`STATUS="46"`), ""},
		"a page inside":  {answer(`STATUS="41"`) + "<HTML_ANSWER/>", "proved pending ORG-1 32100123_0 status_41"},
	} {
		facts, err := ask(c.text)
		if got := strings.Join(providertest.Said(facts), "; "); err != nil || got != c.want {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for name, text := range map[string]string{
		"nothing":             "",
		"no XML":              "unknown order",
		"cut":                 answer("")[:50],
		"another element":     "<html><body/></html>",
		"a thing twice":       answer(`STATUS="9" status="2" amount="45" currency="EUR"`),
		"another order":       strings.Replace(answer(`STATUS="9" amount="45" currency="EUR"`), "ORG-1", "ORG-2", 1),
		"no order":            strings.Replace(answer(`STATUS="9" amount="45" currency="EUR"`), `orderID="ORG-1"`, "", 1),
		"no amount":           answer(`STATUS="9"`),
		"an odd amount":       answer(`STATUS="9" amount="4.5e1" currency="EUR"`),
		"an unknown status":   answer(`STATUS="59"`),
		"only a refund":       answer(`STATUS="8" amount="45" currency="EUR"`),
		"another charset":     strings.Replace(answer(`STATUS="9"`), `"1.0"`, `"1.0" encoding="koi8-r"`, 1),
		"an error for a call": `<ncresponse PAYID="0" NCSTATUS="5" NCERROR="50001119" NCERRORPLUS="operation not allowed" STATUS="0"/>`,
		"turned away":         `<ncresponse NCERRORPLUS="unknown order/1/i/192.0.2.1" STATUS="0"/>`,
	} {
		var said *protocol.Error
		if facts, err := ask(text); !errors.As(err, &said) || final(err) || errors.Is(err, purchase.ErrNoPayment) || len(facts) > 0 {
			t.Errorf("%s: %v, %v", name, facts, err)
		}
	}
	for _, text := range []string{`<ncresponse NCERROR="50001130" PAYID="" STATUS="0"/>`, `<ncresponse orderID="ORG-1" PAYID="0" NCERROR="50001184" NCERRORPLUS="Unknown orderID ORG-1" STATUS=""/>`} {
		if _, err := ask(text); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%s: %v", text, err)
		}
	}
}
