package ingenico_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/ingenico"
	"github.com/paybridge/paybridge/providers/protocol"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func reserving(key string) purchase.Order {
	order := providertest.Order(key)
	order.Reserve = true
	return order
}

func kinds(facts []purchase.Fact) string {
	var all []string
	for _, f := range facts {
		all = append(all, string(f.Kind))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " ")
}

func TestSeatFirstReservesCapturesAndGivesBack(t *testing.T) {
	t.Parallel()
	inVariants(t, func(t *testing.T, w *world) {
		for i, capture := range []bool{true, false} {
			made, err := w.Open(t.Context(), reserving(fmt.Sprint("open-", i)))
			if err != nil || !made.Capturable {
				t.Fatalf("%+v, %v", made, err)
			}
			ref := about(made.Payment)
			if _, err := w.Capture(t.Context(), ref, "early"); !final(err) {
				t.Errorf("nothing is reserved, and captured: %v", err)
			}
			w.Press(t, made.Payment, "decline")
			w.Press(t, made.Payment, "pay")
			facts := w.asked(t, made.Payment)
			if pay := fold(made, w.heard(t, made.Payment), facts); !pay.Authorised || pay.Captured.Known() || pay.Contradicted {
				t.Fatalf("reserved: %+v", pay)
			}
			if capture {
				w.captures(t, made)
				continue
			}
			for range 2 {
				facts, err = w.Void(t.Context(), ref, "void-1")
				if err != nil || !strings.Contains(kinds(facts), "lapsed") {
					t.Fatalf("%s, %v", kinds(facts), err)
				}
			}
			if pay := fold(made, w.heard(t, made.Payment), facts); pay.Authorised || !pay.Lapsed || pay.Contradicted {
				t.Errorf("given back: %+v", pay)
			}
			if _, err := w.Capture(t.Context(), ref, "capture-2"); !final(err) {
				t.Errorf("captured after it was given back: %v", err)
			}
		}
	})
}

// captures takes what is reserved, twice under two keys, and it is taken once.
func (w *world) captures(t *testing.T, made purchase.Checkout) {
	t.Helper()
	for _, key := range []string{"capture-1", "capture-1", "capture-2"} {
		facts, err := w.Capture(t.Context(), about(made.Payment), key)
		if err != nil || kinds(facts) != "captured" {
			t.Fatalf("%s, %v", kinds(facts), err)
		}
	}
	if pay := fold(made, w.heard(t, made.Payment), w.asked(t, made.Payment)); pay.Captured != providertest.Euros45 || pay.Contradicted {
		t.Errorf("captured: %+v", pay)
	}
	if _, err := w.Void(t.Context(), about(made.Payment), "void-1"); !final(err) {
		t.Errorf("given back after it was captured: %v", err)
	}
}

func TestACaptureMayTakeItsTime(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		w.vary(providersim.WorldlineVariant{Slow: true})
		for i, paid := range []bool{true, false} {
			made, err := w.Open(t.Context(), reserving(fmt.Sprint("open-", i)))
			if err != nil {
				t.Fatal(err)
			}
			w.Press(t, made.Payment, "pay")
			for range 2 {
				if facts, err := w.Capture(t.Context(), about(made.Payment), "capture-1"); err != nil || strings.Contains(kinds(facts), "captured") {
					t.Fatalf("%s, %v", kinds(facts), err)
				}
			}
			if pay := fold(made, w.heard(t, made.Payment), w.asked(t, made.Payment)); !pay.Moving() || pay.Captured.Known() {
				t.Errorf("under way: %+v", pay)
			}
			if err := w.Sim.Settle(made.Payment, paid); err != nil {
				t.Fatal(err)
			}
			pay := fold(made, w.heard(t, made.Payment), w.asked(t, made.Payment))
			if pay.Captured.Known() != paid || pay.Moving() || pay.Contradicted {
				t.Errorf("settled %v: %+v", paid, pay)
			}
		}
	})
}

func TestAPageThatNobodyPaysEnds(t *testing.T) {
	t.Parallel()
	inVariants(t, func(t *testing.T, w *world) {
		made, err := w.Open(t.Context(), providertest.Order("open-1"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			facts, err := w.Void(t.Context(), about(made.Payment), "void-1")
			if w.connects() && (err != nil || kinds(facts) != "lapsed") {
				t.Fatalf("%v, %v", facts, err)
			}
			if !w.connects() && !final(err) {
				t.Fatalf("a page of Direct is ended: %v, %v", facts, err)
			}
		}
		if p, _ := w.Sim.Payment(made.Payment); p.Open() == w.connects() {
			t.Error("it does not stand so at Worldline")
		}
		made, err = w.Open(t.Context(), providertest.Order("open-2"))
		if err != nil {
			t.Fatal(err)
		}
		w.Press(t, made.Payment, "cancel")
		facts, err := w.Ask(t.Context(), about(made.Payment))
		if gone := errors.Is(err, purchase.ErrNoPayment); gone != w.variant.Gone || !gone && (err != nil || kinds(facts) != "lapsed") {
			t.Errorf("the payer gave up: %v, %v", facts, err)
		}
	})
}

func TestABankTransferIsPendingUntilItIsThere(t *testing.T) {
	t.Parallel()
	inVariants(t, func(t *testing.T, w *world) {
		for i, paid := range []bool{true, false} {
			made, err := w.Open(t.Context(), providertest.Order(fmt.Sprint("open-", i)))
			if err != nil {
				t.Fatal(err)
			}
			w.Press(t, made.Payment, "decline")
			w.Press(t, made.Payment, "pend")
			if pay := fold(made, w.heard(t, made.Payment), w.asked(t, made.Payment)); !pay.Moving() && w.variant.Tries != "" {
				t.Errorf("a transfer after a declined card: %+v", pay)
			}
			if _, err := w.Void(t.Context(), about(made.Payment), "void"); !final(err) {
				t.Errorf("it is ended: %v", err)
			}
			if err := w.Sim.Settle(made.Payment, paid); err != nil {
				t.Fatal(err)
			}
			if pay := fold(made, w.heard(t, made.Payment), w.asked(t, made.Payment)); pay.Captured.Known() != paid || pay.Moving() || pay.Contradicted {
				t.Errorf("settled %v: %+v", paid, pay)
			}
		}
	})
}

func TestAfterThreeCardsThePageIsUsedUp(t *testing.T) {
	t.Parallel()
	for _, v := range variants {
		w := newWorld(t, simDirect, nil)
		w.vary(v)
		made, err := w.Open(t.Context(), providertest.Order("open-1"))
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			w.Press(t, made.Payment, "decline")
		}
		if pay := fold(made, w.heard(t, made.Payment), w.asked(t, made.Payment)); !pay.Failed || pay.Moving() || pay.Captured.Known() || pay.Lapsed {
			t.Errorf("%+v", pay)
		}
	}
}

func TestAmountsGoOutInTheUnitsOfTheGeneration(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		for currency, c := range map[string]struct {
			minor           int64
			direct, connect int64
		}{"EUR": {4500, 4500, 4500}, "JPY": {1234, 1234, 123400}, "KWD": {1230, 1230, 123}, "HUF": {450000, 450000, 450000}} {
			order := providertest.Order("open-" + currency)
			order.Money = purchase.Money{Minor: c.minor, Currency: currency}
			made, err := w.Open(t.Context(), order)
			if err != nil {
				t.Errorf("%s: %v", order.Money, err)
				continue
			}
			want := c.direct
			if w.connects() {
				want = c.connect
			}
			if sent := w.sent(t); sent.Order.Money.Minor != want || sent.Order.Money.Currency != currency {
				t.Errorf("%s goes out as %+v", order.Money, sent.Order.Money)
			}
			w.Press(t, made.Payment, "pay")
			if facts := w.asked(t, made.Payment); len(facts) != 1 || facts[0].Money != order.Money {
				t.Errorf("%s comes back as %v", order.Money, facts)
			}
			part := purchase.Money{Minor: order.Money.Minor / 2 / 10 * 10, Currency: currency}
			if facts, err := w.Refund(t.Context(), about(made.Payment), part, "refund-"+currency); err != nil || facts[0].Money != part {
				t.Errorf("%s goes back as %v, %v", part, facts, err)
			}
		}
		for _, m := range []purchase.Money{{Minor: 0, Currency: "EUR"}, {Minor: -1, Currency: "EUR"}, {}, {Minor: 1, Currency: "EUX"}} {
			order := providertest.Order("open-odd")
			order.Money = m
			if _, err := w.Open(t.Context(), order); !final(err) {
				t.Errorf("%s: %v", m, err)
			}
		}
		order := providertest.Order("open-mill")
		order.Money = purchase.Money{Minor: 1234, Currency: "KWD"}
		if _, err := w.Open(t.Context(), order); (err != nil) != w.connects() {
			t.Errorf("a mill of a dinar: %v", err)
		}
	})
}

type sentCheckout struct {
	Order struct {
		Money struct {
			Minor    int64  `json:"amount"`
			Currency string `json:"currencyCode"`
		} `json:"amountOfMoney"`
		References struct{ MerchantReference, MerchantParameters, Descriptor string }
	}
	Page struct {
		ReturnURL, Locale, Variant string
		SessionTimeout             int
	} `json:"hostedCheckoutSpecificInput"`
	Card      struct{ AuthorizationMode string } `json:"cardPaymentMethodSpecificInput"`
	Feedbacks struct{ WebhooksURLs []string }
}

// sent is the checkout that was asked for last.
func (w *world) sent(t *testing.T) (sent sentCheckout) {
	t.Helper()
	for _, r := range slices.Backward(w.Sim.Requests()) {
		if r.Operation == "create" {
			if err := json.Unmarshal([]byte(r.Body), &sent); err != nil {
				t.Fatal(err)
			}
			return sent
		}
	}
	t.Fatal("nothing was sent")
	return sent
}

func TestWhatAnOrderBecomes(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		w.config.Variant = "100"
		w.Worldline = w.open(t, nil)
		order := providertest.Order("open-1")
		order.Description = "Kongress\n" + strings.Repeat("é", 200)
		first, err := w.Open(t.Context(), order)
		if err != nil {
			t.Fatal(err)
		}
		sent := w.sent(t)
		id, ours := ingenico.Unpack(sent.Order.References.MerchantReference)
		if !ours || id != providertest.PurchaseID || sent.Page.ReturnURL != order.Return || sent.Page.Locale != "fr_FR" || sent.Page.Variant != "100" || sent.Card.AuthorizationMode != "SALE" {
			t.Errorf("%+v", sent)
		}
		if text := sent.Order.References.Descriptor; len([]rune(text)) != 100 || strings.Contains(text, "\n") {
			t.Errorf("the description is %q", text)
		}
		direct := sent.Page.SessionTimeout == 39 && slices.Equal(sent.Feedbacks.WebhooksURLs, []string{providertest.Callback}) && strings.HasPrefix(sent.Order.References.MerchantParameters, "paybridge=")
		none := sent.Page.SessionTimeout == 0 && sent.Feedbacks.WebhooksURLs == nil && sent.Order.References.MerchantParameters == ""
		if !w.connects() && !direct || w.connects() && !none {
			t.Errorf("%+v", sent)
		}
		again, err := w.Open(t.Context(), order)
		if err != nil || again.Payment != first.Payment {
			t.Errorf("the same order opened %+v, %v", again, err)
		}
		order.Return += "-other"
		if other, err := w.Open(t.Context(), order); err != nil || other.Payment == first.Payment || w.sent(t).Order.References != sent.Order.References {
			t.Errorf("another way back opened %+v, %v", other, err)
		}
		for what, change := range map[string]func(*purchase.Order){"no way back": func(o *purchase.Order) { o.Return = "/return" }, "no purchase": func(o *purchase.Order) { o.Reference.Purchase = "x" }} {
			odd := providertest.Order("open-odd")
			change(&odd)
			if _, err := w.Open(t.Context(), odd); !final(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
	})
}

// TestAPageOfDirectEndsBeforeTheDeadline: in whole minutes; where less than ten are left a minute begun counts.
func TestAPageOfDirectEndsBeforeTheDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t, simDirect, nil)
	for left, want := range map[time.Duration]int{50*time.Minute + 30*time.Second: 50, 10*time.Minute + 30*time.Second: 10, 9*time.Minute + 30*time.Second: 10, 90 * time.Second: 2,
		40 * time.Second: 1, -time.Hour: 1, 5 * time.Hour: 180} {
		order := providertest.Order("open-" + left.String())
		order.Until = time.Now().Add(left)
		if _, err := w.Open(t.Context(), order); err != nil || w.sent(t).Page.SessionTimeout != want {
			t.Errorf("%s: %d minutes, %v", left, w.sent(t).Page.SessionTimeout, err)
		}
	}
}

func TestOutcomesThatNobodyKnowsMayBeRepeated(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		for i, kind := range []providersim.FaultKind{providersim.AfterDrop, providersim.AfterError, providersim.Drop, providersim.ServerError, providersim.BadGateway,
			providersim.RateLimit, providersim.EdgeRefusal, providersim.Unavailable, providersim.Garbage} {
			sale := func(operation string) purchase.Ref {
				order := providertest.Order(fmt.Sprint(operation, i))
				order.Reserve = operation == "capture" || operation == "void"
				made, err := w.Open(t.Context(), order)
				if err != nil {
					t.Fatal(err)
				}
				w.Press(t, made.Payment, "pay")
				return about(made.Payment)
			}
			for operation, call := range map[string]func(purchase.Ref) ([]purchase.Fact, error){
				"capture": func(ref purchase.Ref) ([]purchase.Fact, error) { return w.Capture(t.Context(), ref, "key"+ref.Payment) },
				"void":    func(ref purchase.Ref) ([]purchase.Fact, error) { return w.Void(t.Context(), ref, "key"+ref.Payment) },
				"refund": func(ref purchase.Ref) ([]purchase.Fact, error) {
					return w.Refund(t.Context(), ref, providertest.Euros45, "key"+ref.Payment)
				},
			} {
				ref := sale(operation)
				w.Sim.AddFault(providersim.Fault{Operation: operation, Kind: kind})
				if facts, err := call(ref); final(err) {
					t.Errorf("%s, %s: %v, %v", operation, kind, facts, err)
				}
				if facts, err := call(ref); err != nil || len(facts) == 0 {
					t.Errorf("%s, %s, again: %v, %v", operation, kind, facts, err)
				}
				w.Sim.ClearFaults()
				if p, _ := w.Sim.Payment(ref.Payment); operation == "refund" && p.Refunded != "45.00" {
					t.Errorf("%s: %s went back", kind, p.Refunded)
				}
			}
			ref := sale("ask")
			w.Sim.AddFault(providersim.Fault{Operation: "create", Kind: kind, Times: 4})
			w.Sim.AddFault(providersim.Fault{Operation: "get", Kind: kind, Times: 9})
			var all sync.WaitGroup
			all.Go(func() {
				if _, err := w.Open(t.Context(), providertest.Order(fmt.Sprint("open", kind))); final(err) || err == nil {
					t.Errorf("open, %s: %v", kind, err)
				}
			})
			if facts, err := w.Ask(t.Context(), ref); final(err) || err == nil || errors.Is(err, purchase.ErrNoPayment) {
				t.Errorf("ask, %s: %v, %v", kind, facts, err)
			}
			all.Wait()
			w.Sim.ClearFaults()
		}
	})
}

func TestACallThatIsStillRunningOrHadAFaultIsMadeAgain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		made, err := w.Open(t.Context(), providertest.Order("open-1"))
		if err != nil {
			t.Fatal(err)
		}
		w.Press(t, made.Payment, "pay")
		ref, part := about(made.Payment), purchase.Money{Minor: 1500, Currency: "EUR"}
		w.vary(providersim.WorldlineVariant{Busy: 1, Faulty: 1})
		for range 2 { // running, then a fault that stays under its key
			if facts, err := w.Refund(t.Context(), ref, part, "refund-1"); err == nil || final(err) {
				t.Errorf("%v, %v", facts, err)
			}
		}
		for range 2 {
			if facts, err := w.Refund(t.Context(), ref, part, "refund-1"); err != nil || len(facts) != 1 {
				t.Errorf("under another key: %v, %v", facts, err)
			}
		}
		if p, _ := w.Sim.Payment(made.Payment); p.Refunded != "15.00" {
			t.Errorf("%s went back", p.Refunded)
		}
		keys := map[string]bool{}
		for _, r := range w.Sim.Requests() {
			if r.Operation == "refund" {
				keys[r.Key] = true
			}
		}
		if len(keys) != 2 {
			t.Errorf("%d keys", len(keys))
		}
	})
}

func TestADoctorsQuestions(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		verdicts := func() string {
			var all []string
			for _, f := range w.Inspect(t.Context(), providertest.Callback) {
				all = append(all, f.Check+" "+string(f.Status))
				if f.Status != purchase.Pass && f.Fix == "" {
					t.Errorf("%s does not say what to do", f.Check)
				}
			}
			return strings.Join(all, ", ")
		}
		want := "PRV-01 pass, PRV-02 manual, PRV-04 pass, PRV-04 pass"
		if w.connects() {
			want = "PRV-01 pass, PRV-02 manual, PRV-04 manual"
		}
		if got := verdicts(); got != want {
			t.Error(got)
		}
		for _, r := range w.Sim.Requests() {
			for _, secret := range w.Sim.HookKeys() {
				if strings.Contains(r.Body, secret) {
					t.Error("the secret of a webhook key travels")
				}
			}
		}
		if !w.connects() {
			w.config.WebhookKeys[0].Secret = providertest.Secret(t, "0123456789abcdef of another merchant")
			w.Worldline = w.open(t, nil)
			if got := verdicts(); !strings.Contains(got, "PRV-04 warn") || !strings.Contains(got, "PRV-04 pass") {
				t.Error(got)
			}
		}
		w.config.PSPID, w.config.MerchantID = w.config.PSPID+w.config.PSPID, w.config.MerchantID+w.config.MerchantID
		w.Worldline = w.open(t, nil)
		if got := verdicts(); got != "PRV-01 fail" || !strings.Contains(w.Inspect(t.Context(), "")[0].Detail, "9007") {
			t.Errorf("another merchant: %s", got)
		}
		w.config.APISecret = providertest.Secret(t, "0123456789abcdef0123456789")
		w.Worldline = w.open(t, nil)
		if got := verdicts(); got != "PRV-01 fail" {
			t.Errorf("another secret: %s", got)
		}
		if _, err := w.Ask(t.Context(), about("1")); err == nil || final(err) {
			t.Errorf("a person can mend that: %v", err)
		}
	})
}

func TestAClockThatIsWrongIsTurnedAway(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		for age, want := range map[time.Duration]purchase.Verdict{0: purchase.Pass, 4 * time.Minute: purchase.Pass, 6 * time.Minute: purchase.Fail, -6 * time.Minute: purchase.Fail} {
			o := w.Stall.Options(t, nil)
			o.Now = func() time.Time { return time.Now().Add(-age) }
			a, err := ingenico.NewWorldline(w.config, o)
			if err != nil {
				t.Fatal(err)
			}
			if got := a.Inspect(t.Context(), providertest.Callback)[0].Status; got != want {
				t.Errorf("%s late: %s", age, got)
			}
		}
	})
}

func TestAPayPageElsewhereIsNotOpened(t *testing.T) {
	t.Parallel()
	inVariants(t, func(t *testing.T, w *world) {
		for i, elsewhere := range []string{"https://evil.example.org", "http://evil.example.org", "https://evil@" + strings.TrimPrefix(w.Server.URL, "https://"), w.Server.URL + ".example.org", ""} {
			w.Sim.SetBaseURL(elsewhere)
			if made, err := w.Open(t.Context(), providertest.Order(fmt.Sprint("open-", i))); err == nil || final(err) {
				t.Errorf("a buyer is sent to %q: %v", made.URL, err)
			}
		}
	})
}

func TestOddIdsAreNotAskedFor(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, w *world) {
		before := len(w.Sim.Requests())
		for _, odd := range []string{"", "../x", "a/b", "1_2_3", "x?y", "%2e%2e", strings.Repeat("1", 99), "é"} {
			if _, err := w.Ask(t.Context(), purchase.Ref{Payment: odd, Object: odd}); !errors.Is(err, purchase.ErrNoPayment) {
				t.Errorf("%q: %v", odd, err)
			}
		}
		for _, r := range w.Sim.Requests()[before:] {
			if strings.Contains(r.Path, "..") || strings.Contains(r.Path, "?") {
				t.Errorf("%s was asked for", r.Path)
			}
		}
		for what, call := range map[string]func() ([]purchase.Fact, error){
			"capture": func() ([]purchase.Fact, error) { return w.Capture(t.Context(), about("1"), "") },
			"void":    func() ([]purchase.Fact, error) { return w.Void(t.Context(), about("1"), "") },
			"refund":  func() ([]purchase.Fact, error) { return w.Refund(t.Context(), about("1"), providertest.Euros45, "") },
			"nothing": func() ([]purchase.Fact, error) { return w.Refund(t.Context(), about("1"), purchase.Money{}, "key") },
		} {
			if _, err := call(); !final(err) {
				t.Errorf("%s without a key: %v", what, err)
			}
		}
	})
}

func TestWhatAnErrorSays(t *testing.T) {
	t.Parallel()
	words, trace := ingenico.Words(protocol.Response{Body: []byte(`{"errorId":"e-1","errors":[{"errorCode":"50001130","code":"9007","id":"ACCESS_TO_MERCHANT_NOT_ALLOWED","message":"Jane Doe","retriable":true}]}`)})
	if strings.Join(words, " ") != "ACCESS_TO_MERCHANT_NOT_ALLOWED 50001130 9007 retriable" || trace != "e-1" {
		t.Errorf("%v, %s", words, trace)
	}
	for _, body := range []string{"", "<html>", "[]", `{"errors":null}`} {
		if words, trace := ingenico.Words(protocol.Response{Body: []byte(body)}); len(words) > 0 || trace != "" {
			t.Errorf("%q says %v, %s", body, words, trace)
		}
	}
}
