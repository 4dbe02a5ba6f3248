package paypal_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/paypal"
	"github.com/paybridge/paybridge/providers/providersim"
)

// agreed opens an order that is to be reserved first, and the buyer agrees.
func (w *world) agreed(t *testing.T, key string) purchase.Ref {
	t.Helper()
	o := order(key)
	o.Reserve = true
	made, err := w.Open(t.Context(), o)
	if err != nil || !made.Capturable || made.Voidable {
		t.Fatalf("%+v, %v", made, err)
	}
	if err := w.sim.Approve(made.Payment); err != nil {
		t.Fatal(err)
	}
	return purchase.Ref{Payment: made.Payment}
}

// reserved goes on to the reservation; the reference names it.
func (w *world) reserved(t *testing.T, key string) purchase.Ref {
	t.Helper()
	ref := w.agreed(t, key)
	facts, err := w.Reserve(t.Context(), ref, "reserve-"+key)
	if err != nil || kinds(facts) != "authorised" || facts[0].Money != euros(4500) {
		t.Fatalf("%v, %v", said(facts), err)
	}
	ref.Object = facts[0].Object
	return ref
}

func kinds(facts []purchase.Fact) string {
	var all []string
	for _, f := range facts {
		all = append(all, string(f.Kind))
	}
	return strings.Join(all, " ")
}

func (w *world) calls(operation string) (n int) {
	for _, r := range w.sim.Requests() {
		if r.Operation == operation {
			n++
		}
	}
	return n
}

func TestSeatFirstIsReservedThenTakenOrGivenBack(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		for _, named := range []bool{true, false} {
			w := newWorldWith(t, nil, seed)
			take, back := w.reserved(t, "take"), w.reserved(t, "back")
			if !named {
				take.Object, back.Object = "", ""
			}
			facts, err := w.Capture(t.Context(), take, "c1")
			if err != nil || kinds(facts) != "authorised captured" || facts[1].Money != euros(4500) {
				t.Errorf("captured: %v, %v", said(facts), err)
			}
			w.same(t, take, facts)
			facts, err = w.Void(t.Context(), back, "v1")
			if err != nil || kinds(facts) != "lapsed failed" {
				t.Errorf("voided: %v, %v", said(facts), err)
			}
			w.same(t, back, facts)
			for what, call := range map[string]func() ([]purchase.Fact, error){
				"capture after void": func() ([]purchase.Fact, error) { return w.Capture(t.Context(), back, "c2") },
				"void after capture": func() ([]purchase.Fact, error) { return w.Void(t.Context(), take, "v2") },
			} {
				if facts, err := call(); !final(err) || len(facts) == 0 {
					t.Errorf("%s: %v, %v", what, said(facts), err)
				}
			}
			for range 2 {
				if _, err := w.Capture(t.Context(), take, "c3"); err != nil {
					t.Errorf("captured twice: %v", err)
				}
				if _, err := w.Void(t.Context(), back, "v3"); err != nil {
					t.Errorf("voided twice: %v", err)
				}
			}
			if n := len(w.sim.Captures()); n != 1 {
				t.Errorf("%d captures", n)
			}
		}
	}
}

// same: a poll tells what the call told.
func (w *world) same(t *testing.T, ref purchase.Ref, facts []purchase.Fact) {
	t.Helper()
	asked, err := w.Ask(t.Context(), ref)
	bare := func(facts []purchase.Fact) []purchase.Fact { // who paid is no part of a fact, and not every record says it
		facts = slices.Clone(facts)
		for i := range facts {
			facts[i].Payer = ""
		}
		return facts
	}
	if diff := cmp.Diff(bare(facts), bare(asked)); err != nil || diff != "" {
		t.Errorf("a poll tells otherwise (-call +poll)\n%s%v", diff, err)
	}
}

func TestTheSameReservationByWebhookPollAndListIsOneObject(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.reserved(t, "one")
	if _, err := w.Capture(t.Context(), ref, "c"); err != nil {
		t.Fatal(err)
	}
	polled, err := w.Ask(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	var heard []purchase.Fact
	for n := range 3 {
		reading, err := w.Read(t.Context(), w.next(t, n))
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, reading.Facts...)
	}
	slices.SortFunc(heard, func(a, b purchase.Fact) int { return strings.Compare(string(a.Kind), string(b.Kind)) }) // they travel at once
	if kinds(heard) != "approved authorised captured" {
		t.Fatalf("heard %v", said(heard))
	}
	for f, err := range w.List(t.Context(), w.sim.Orders()[0].Created.Add(-1), w.sim.Orders()[0].Created.Add(1e12)) {
		if err != nil {
			t.Fatal(err)
		}
		heard = append(heard, f)
	}
	objects := map[string]purchase.Money{}
	for _, f := range append(heard, polled...) {
		if f.Object == "" {
			continue
		}
		if money, ok := objects[f.Object]; ok && money != f.Money || f.Payment != ref.Payment {
			t.Errorf("%v", said([]purchase.Fact{f}))
		}
		objects[f.Object] = f.Money
	}
	if len(objects) != 2 || len(heard) != 6 {
		t.Errorf("%d objects in %d facts", len(objects), len(heard))
	}
}

func TestReservingIsRefusedByPayPalsRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	o := order("plain")
	plain, err := w.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	o.Key, o.Reserve = "unapproved", true
	unapproved, err := w.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for name, ref := range map[string]purchase.Ref{"opened to be captured": {Payment: plain.Payment}, "not approved": {Payment: unapproved.Payment}} {
		if facts, err := w.Reserve(t.Context(), ref, "k"); !final(err) || len(facts) > 0 {
			t.Errorf("%s: %v, %v", name, said(facts), err)
		}
		if facts, err := w.Void(t.Context(), ref, "k"); !final(err) {
			t.Errorf("void, %s: %v, %v", name, said(facts), err)
		}
	}
	if _, err := w.Reserve(t.Context(), purchase.Ref{Payment: "5ANOBODY000000001"}, "k"); final(err) {
		t.Errorf("an order that PayPal does not know yet: %v", err)
	}
	for _, ref := range []purchase.Ref{{Payment: "../../v1/x"}, {}} {
		for name, call := range map[string]func() ([]purchase.Fact, error){
			"reserve": func() ([]purchase.Fact, error) { return w.Reserve(t.Context(), ref, "k") },
			"void":    func() ([]purchase.Fact, error) { return w.Void(t.Context(), ref, "k") },
			"no key":  func() ([]purchase.Fact, error) { return w.Reserve(t.Context(), purchase.Ref{Payment: orderID}, "") },
		} {
			if _, err := call(); !final(err) {
				t.Errorf("%s of %q: %v", name, ref.Payment, err)
			}
		}
	}
}

func TestADeclinedReservationMayBeTriedAgainAfterANewApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.agreed(t, "one")
	w.sim.DeclineNextCapture(ref.Payment)
	facts, err := w.Reserve(t.Context(), ref, "r1")
	if !final(err) || kinds(facts) != "failed" || facts[0].Detail.Reason != "INSTRUMENT_DECLINED" {
		t.Fatalf("%v, %v", said(facts), err)
	}
	if err := w.sim.Approve(ref.Payment); err != nil {
		t.Fatal(err)
	}
	if facts, err = w.Reserve(t.Context(), ref, "r2"); err != nil || kinds(facts) != "authorised" {
		t.Errorf("%v, %v", said(facts), err)
	}
	if facts, err = w.Reserve(t.Context(), ref, "r3"); err != nil || kinds(facts) != "authorised" || len(w.sim.Authorizations()) != 1 {
		t.Errorf("once more: %v, %v", said(facts), err)
	}
}

func TestATakingThatIsDeclinedLeavesTheMoneyReserved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.reserved(t, "one")
	w.sim.DeclineNextCapture(ref.Object)
	facts, err := w.Capture(t.Context(), ref, "c1")
	if !final(err) || kinds(facts) != "authorised failed" {
		t.Fatalf("%v, %v", said(facts), err)
	}
	ref.Object = facts[1].Object // the furthest object that the bridge knows of
	if facts, err = w.Capture(t.Context(), ref, "c2"); err != nil || kinds(facts) != "authorised failed captured" {
		t.Errorf("%v, %v", said(facts), err)
	}
}

func TestWhatPayPalLetGoIsNeitherTakenNorGivenBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.reserved(t, "one")
	if err := w.sim.Expire(ref.Payment); err != nil {
		t.Fatal(err)
	}
	if facts, err := w.Capture(t.Context(), ref, "c"); !final(err) || kinds(facts) != "lapsed failed" {
		t.Errorf("capture: %v, %v", said(facts), err)
	}
	if facts, err := w.Void(t.Context(), ref, "v"); err != nil || kinds(facts) != "lapsed failed" {
		t.Errorf("void: %v, %v", said(facts), err)
	}
}

// A reservation that only hearsay named may be somebody else's.
func TestOnlyTheOrdersOwnReservationIsTouched(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	mine, other := w.reserved(t, "mine"), w.reserved(t, "other")
	facts, err := w.Capture(t.Context(), purchase.Ref{Payment: mine.Payment, Object: other.Object}, "c")
	if err != nil || kinds(facts) != "authorised captured" || facts[0].Object != mine.Object {
		t.Errorf("capture: %v, %v", said(facts), err)
	}
	mine = w.reserved(t, "another")
	if facts, err = w.Void(t.Context(), purchase.Ref{Payment: mine.Payment, Object: other.Object}, "v"); err != nil || facts[1].Object != mine.Object {
		t.Errorf("void: %v, %v", said(facts), err)
	}
	if facts, err = w.Ask(t.Context(), other); err != nil || kinds(facts) != "authorised" {
		t.Errorf("the other: %v, %v", said(facts), err)
	}
}

func TestACallWhoseAnswerIsLostIsNeitherRepeatedNorBelieved(t *testing.T) {
	t.Parallel()
	type call = func(purchase.Ref, string) ([]purchase.Fact, error)
	kindsOfFault := []providersim.FaultKind{providersim.AfterDrop, providersim.AfterError, providersim.Drop, providersim.BadGateway, providersim.Unavailable,
		providersim.ServerError, providersim.Garbage, providersim.RateLimit, providersim.EdgeRefusal}
	w := newWorld(t, nil)
	for _, c := range []struct {
		operation, want string
		begin           func(*testing.T, string) purchase.Ref
		call            call
	}{
		{"reserve", "authorised", w.agreed, func(r purchase.Ref, k string) ([]purchase.Fact, error) { return w.Reserve(t.Context(), r, k) }},
		{"capture", "authorised captured", w.reserved, func(r purchase.Ref, k string) ([]purchase.Fact, error) { return w.Capture(t.Context(), r, k) }},
		{"void", "lapsed failed", w.reserved, func(r purchase.Ref, k string) ([]purchase.Fact, error) { return w.Void(t.Context(), r, k) }},
	} {
		for _, kind := range kindsOfFault {
			key := c.operation + "-" + string(kind)
			ref, before := c.begin(t, key), w.calls(c.operation)
			w.sim.AddFault(providersim.Fault{Operation: c.operation, Kind: kind})
			facts, err := c.call(ref, key)
			if _, again := purchase.Retry(err); err == nil || !again || len(facts) > 0 {
				t.Errorf("%s: %v, %v", key, said(facts), err)
			}
			if n := w.calls(c.operation) - before; n != 1 {
				t.Errorf("%s: %d attempts", key, n)
			}
			for range 2 {
				if facts, err = c.call(ref, key); err != nil || kinds(facts) != c.want {
					t.Errorf("%s, again with the same key: %v, %v", key, said(facts), err)
				}
			}
		}
	}
	for _, r := range w.sim.Requests() {
		if (r.Operation == "capture" || r.Operation == "void") && !strings.HasPrefix(r.Key, r.Operation+"-") {
			t.Errorf("%s goes under the key %q", r.Path, r.Key)
		}
	}
	done := map[string]int{}
	for _, a := range w.sim.Authorizations() {
		done[a.Status]++
	}
	n := len(kindsOfFault)
	if diff := cmp.Diff(map[string]int{"CREATED": n, "CAPTURED": n, "VOIDED": n}, done); diff != "" || len(w.sim.Captures()) != n {
		t.Errorf("%d captures, %s", len(w.sim.Captures()), diff)
	}
}

func TestRefusalsAreFinalAndTheRestMayMend(t *testing.T) {
	t.Parallel()
	answer := func(status int, issue string) func(*http.Request, string) (int, string) {
		return func(*http.Request, string) (int, string) {
			return status, `{"name":"NAME","details":[{"issue":"` + issue + `"}]}`
		}
	}
	ref := purchase.Ref{Payment: orderID, Object: holdID}
	for path, call := range map[string]func(*paypal.PayPal) ([]purchase.Fact, error){
		"/v2/checkout/orders/" + orderID + "/authorize":      func(p *paypal.PayPal) ([]purchase.Fact, error) { return p.Reserve(t.Context(), ref, "k") },
		"/v2/payments/authorizations/" + holdID + "/capture": func(p *paypal.PayPal) ([]purchase.Fact, error) { return p.Capture(t.Context(), ref, "k") },
		"/v2/payments/authorizations/" + holdID + "/void":    func(p *paypal.PayPal) ([]purchase.Fact, error) { return p.Void(t.Context(), ref, "k") },
	} {
		for issue, c := range map[string]struct {
			status int
			again  bool
		}{
			"ORDER_NOT_APPROVED": {422, false}, "ORDER_EXPIRED": {422, false}, "ACTION_DOES_NOT_MATCH_INTENT": {422, false}, "AUTHORIZATION_VOIDED": {422, false},
			"AUTHORIZATION_EXPIRED": {422, false}, "AUTHORIZATION_DENIED": {422, false}, "MAX_CAPTURE_AMOUNT_EXCEEDED": {422, false},
			"PREVIOUSLY_CAPTURED": {422, false}, "CANNOT_BE_VOIDED": {422, false}, "INVALID_PARAMETER_SYNTAX": {400, false},
			"PERMISSION_DENIED": {403, true}, "INVALID_RESOURCE_ID": {404, true}, "PREVIOUS_REQUEST_IN_PROGRESS": {409, true}, "RATE": {429, true}, "FAULT": {500, true},
			"connection reset": {0, true}, "": {200, true},
			// done before, and nothing shows it yet
			"ORDER_ALREADY_AUTHORIZED": {422, strings.HasSuffix(path, "/authorize")}, "AUTHORIZATION_ALREADY_CAPTURED": {422, strings.HasSuffix(path, "/capture")},
			"PREVIOUSLY_VOIDED": {422, strings.HasSuffix(path, "/void")},
		} {
			s := newStub(map[string]string{getOrder: authoriseOrder("COMPLETED", holds("CREATED", ""))})
			if strings.HasSuffix(path, "/authorize") {
				s.on(getOrder, authoriseOrder("APPROVED", ""))
			}
			s.do("POST "+path, answer(c.status, issue))
			_, err := call(atStub(t, s, nil))
			if _, again := purchase.Retry(err); err == nil || again != c.again {
				t.Errorf("%s %s: again=%v %v", path, issue, again, err)
			}
			if n := s.count("POST " + path); n != 1 || s.strayed() {
				t.Errorf("%s %s: %d calls", path, issue, n)
			}
		}
	}
}

func authoriseOrder(status, payments string) string {
	return strings.Replace(orderResource(status, payments), `"CAPTURE"`, `"AUTHORIZE"`, 1)
}

func TestShortAnswersAreReadBack(t *testing.T) {
	t.Parallel()
	ref := purchase.Ref{Payment: orderID, Object: holdID}
	s := newStub(map[string]string{"POST /v2/checkout/orders/" + orderID + "/authorize": `{"id":"` + orderID + `","status":"COMPLETED"}`,
		getOrder: authoriseOrder("COMPLETED", holds("CREATED", ""))})
	p := atStub(t, s, nil)
	if facts, err := p.Reserve(t.Context(), ref, "k"); err != nil || kinds(facts) != "authorised" {
		t.Errorf("reserve: %v, %v", said(facts), err)
	}
	s.do("POST /v2/payments/authorizations/"+holdID+"/void", func(*http.Request, string) (int, string) {
		s.on(getOrder, authoriseOrder("COMPLETED", holds("VOIDED", "")))
		return http.StatusNoContent, ""
	})
	if facts, err := p.Void(t.Context(), ref, "k"); err != nil || kinds(facts) != "lapsed failed" {
		t.Errorf("void: %v, %v", said(facts), err)
	}
	s.on(getOrder, authoriseOrder("COMPLETED", holds("CREATED", "")))
	s.do("POST /v2/payments/authorizations/"+holdID+"/capture", func(*http.Request, string) (int, string) {
		s.on(getOrder, authoriseOrder("COMPLETED", holds("CAPTURED", captureResource("PENDING"))))
		return http.StatusCreated, `{}`
	})
	for range 2 { // and one that is under way is not refused when it is asked for again
		if facts, err := p.Capture(t.Context(), ref, "k"); err != nil || kinds(facts) != "authorised pending" {
			t.Errorf("capture: %v, %v", said(facts), err)
		}
	}
	if _, err := p.Void(t.Context(), ref, "k"); !final(err) {
		t.Errorf("what is being taken is given back: %v", err)
	}
	s.on(getOrder, authoriseOrder("COMPLETED", holds("CREATED", captureResource("DECLINED"))))
	s.do("POST /v2/payments/authorizations/"+holdID+"/capture", func(*http.Request, string) (int, string) {
		return http.StatusUnprocessableEntity, `{"name":"UNPROCESSABLE_ENTITY","details":[{"issue":"AUTHORIZATION_ALREADY_CAPTURED"}]}`
	})
	if _, err := p.Capture(t.Context(), ref, "k"); err == nil || final(err) {
		t.Errorf("taken, and only the attempt before is shown: %v", err)
	}
	s.on("POST /v2/checkout/orders/"+orderID+"/authorize", authoriseOrder("COMPLETED", holds("DENIED", "")))
	if facts, err := p.Reserve(t.Context(), ref, "k"); !final(err) || kinds(facts) != "lapsed failed" {
		t.Errorf("denied: %v, %v", said(facts), err)
	}
	s.on("POST /v2/checkout/orders/"+orderID+"/authorize", authoriseOrder("COMPLETED", holds("PENDING", "")))
	if facts, err := p.Reserve(t.Context(), ref, "k"); err != nil || kinds(facts) != "pending" {
		t.Errorf("in review: %v, %v", said(facts), err)
	}
}

// An order may not list its authorization: then the one that is named must name the order.
func TestAReservationThatItsOrderDoesNotListMustNameIt(t *testing.T) {
	t.Parallel()
	s := newStub(map[string]string{getOrder: authoriseOrder("COMPLETED", ""), getHold: holdResource("CREATED"),
		"POST /v2/payments/authorizations/" + holdID + "/capture": captureResource("COMPLETED")})
	ref := purchase.Ref{Payment: orderID, Object: holdID}
	if facts, err := atStub(t, s, nil).Capture(t.Context(), ref, "k"); err != nil || kinds(facts) != "authorised captured" {
		t.Errorf("%v, %v", said(facts), err)
	}
	s.on(getHold, strings.Replace(holdResource("CREATED"), orderID, "5AB00000CD000002E", 1))
	if facts, err := atStub(t, s, nil).Capture(t.Context(), ref, "k"); !final(err) {
		t.Errorf("another order's: %v, %v", said(facts), err)
	}
}

func TestReservedAmountsTravelInPayPalsDecimals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for i, m := range []purchase.Money{euros(4510), {Minor: 4500, Currency: "JPY"}, {Minor: 450000, Currency: "HUF"}} {
		o := order(fmt.Sprint("money-", i))
		o.Money, o.Reserve = m, true
		made, err := w.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.sim.Approve(made.Payment); err != nil {
			t.Fatal(err)
		}
		ref := purchase.Ref{Payment: made.Payment}
		facts, err := w.Reserve(t.Context(), ref, o.Key)
		if err != nil || facts[0].Money != m {
			t.Errorf("%s is reserved as %v, %v", m, said(facts), err)
		}
		if facts, err = w.Capture(t.Context(), ref, o.Key); err != nil || facts[1].Money != m {
			t.Errorf("%s is taken as %v, %v", m, said(facts), err)
		}
	}
}

func TestWhoHasNoCredentialsCannotReserve(t *testing.T) {
	t.Parallel()
	with := section(t)
	if !with.Reserves() {
		t.Error("an account with credentials cannot reserve")
	}
	bare := paypal.Config{Notifications: "ipn", Receiver: "seller@example.org"}
	if bare.Reserves() {
		t.Error("an account without credentials can reserve")
	}
	p := open(t, bare, optionsOf(newStub(nil)))
	if _, err := p.Reserve(t.Context(), purchase.Ref{Payment: orderID}, "k"); !final(err) {
		t.Error(err)
	}
	if _, err := p.Void(t.Context(), purchase.Ref{Payment: orderID}, "k"); !final(err) {
		t.Error(err)
	}
}

var _ bridge.Reserver = (*paypal.PayPal)(nil)
