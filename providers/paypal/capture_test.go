package paypal_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
)

func TestADeclinedCaptureIsAFailureAndMayBeTriedAgainAfterANewApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	made, err := w.Open(t.Context(), order("open-1"))
	if err != nil {
		t.Fatal(err)
	}
	ref := purchase.Ref{Payment: made.Payment}
	w.sim.DeclineNextCapture(made.Payment)
	if err := w.sim.Approve(made.Payment); err != nil {
		t.Fatal(err)
	}
	facts, err := w.Capture(t.Context(), ref, "capture-1")
	if !final(err) || len(facts) != 1 || facts[0].Kind != purchase.Failed || facts[0].Detail.Reason != "INSTRUMENT_DECLINED" {
		t.Fatalf("%v, %v", said(facts), err)
	}
	if err := w.sim.Approve(made.Payment); err != nil {
		t.Fatal(err)
	}
	first, second := w.next(t, 0), w.next(t, 1)
	one, err1 := w.Read(t.Context(), first)
	two, err2 := w.Read(t.Context(), second)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if len(one.Facts) != 1 || len(two.Facts) != 1 || one.Facts[0].Payment != made.Payment {
		t.Fatalf("%v, %v", said(one.Facts), said(two.Facts))
	}
	if facts, err := w.Capture(t.Context(), ref, "capture-2"); err != nil || facts[0].Kind != purchase.Captured {
		t.Errorf("%v, %v", said(facts), err)
	}
}

func TestACaptureWhoseAnswerIsLostIsNeitherRepeatedNorBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	calls := func() (n int) {
		for _, r := range w.sim.Requests() {
			if r.Operation == "capture" {
				n++
			}
		}
		return n
	}
	for i, kind := range []providersim.FaultKind{providersim.AfterDrop, providersim.AfterError, providersim.Drop, providersim.BadGateway, providersim.RateLimit, providersim.EdgeRefusal} {
		made, err := w.Open(t.Context(), order("open-"+string(kind)))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.sim.Approve(made.Payment); err != nil {
			t.Fatal(err)
		}
		before, ref, key := calls(), purchase.Ref{Payment: made.Payment}, "capture-"+string(kind)
		w.sim.AddFault(providersim.Fault{Operation: "capture", Kind: kind})
		facts, err := w.Capture(t.Context(), ref, key)
		if _, again := purchase.Retry(err); err == nil || !again || len(facts) > 0 {
			t.Errorf("%s: %v, %v", kind, said(facts), err)
		}
		if n := calls() - before; n != 1 {
			t.Errorf("%s: %d attempts", kind, n)
		}
		if facts, err = w.Capture(t.Context(), ref, key); err != nil || len(facts) != 1 || len(w.sim.Captures()) != i+1 {
			t.Errorf("%s, again with the same key: %v, %v, %d captures", kind, said(facts), err, len(w.sim.Captures()))
		}
	}
}

func TestWhatPayPalRefusesByItsRulesIsFinalAndTheRestMayMend(t *testing.T) {
	t.Parallel()
	answer := func(status int, name, issue string) func(*http.Request, string) (int, string) {
		return func(*http.Request, string) (int, string) {
			return status, `{"name":"` + name + `","details":[{"issue":"` + issue + `"}]}`
		}
	}
	for name, c := range map[string]struct {
		status int
		issue  string
		again  bool
	}{
		"not approved":         {422, "ORDER_NOT_APPROVED", false},
		"payer must act":       {422, "PAYER_ACTION_REQUIRED", false},
		"tried too often":      {422, "MAX_NUMBER_OF_PAYMENT_ATTEMPTS_EXCEEDED", false},
		"duplicate invoice":    {422, "DUPLICATE_INVOICE_ID", false},
		"our mistake":          {400, "INVALID_PARAMETER_SYNTAX", false},
		"not authorised":       {403, "PERMISSION_DENIED", true},
		"credentials":          {401, "", true},
		"unknown for a moment": {404, "INVALID_RESOURCE_ID", true},
		"still at work":        {409, "PREVIOUS_REQUEST_IN_PROGRESS", true},
		"too many":             {429, "", true},
		"a fault":              {500, "INTERNAL_SERVER_ERROR", true},
		"a redirect":           {302, "", true},
		"nothing":              {0, "connection reset", true},
		"not readable":         {200, "", true},
	} {
		s := newStub(nil)
		s.do("POST /v2/checkout/orders/"+orderID+"/capture", answer(c.status, "NAME", c.issue))
		facts, err := atStub(t, s, nil).Capture(t.Context(), purchase.Ref{Payment: orderID}, "k")
		if _, again := purchase.Retry(err); err == nil || again != c.again || len(facts) > 0 {
			t.Errorf("%s: again=%v %v", name, again, err)
		}
		if s.strayed() {
			t.Errorf("%s: somebody else was asked", name)
		}
	}
}

func TestADeclinedOrPendingCaptureInASuccessfulAnswer(t *testing.T) {
	t.Parallel()
	path := "POST /v2/checkout/orders/" + orderID + "/capture"
	s := newStub(map[string]string{path: orderResource("COMPLETED", payments(captureResource("DECLINED"), ""))})
	facts, err := atStub(t, s, nil).Capture(t.Context(), purchase.Ref{Payment: orderID}, "k")
	if !final(err) || len(facts) != 2 {
		t.Errorf("declined: %v, %v", said(facts), err)
	}
	s.on(path, orderResource("COMPLETED", payments(captureResource("PENDING"), "")))
	facts, err = atStub(t, s, nil).Capture(t.Context(), purchase.Ref{Payment: orderID}, "k")
	if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Pending {
		t.Errorf("pending: %v, %v", said(facts), err)
	}
	s.on(path, `{"id":"`+orderID+`","status":"COMPLETED"}`)
	s.on(getOrder, orderResource("COMPLETED", payments(captureResource("COMPLETED"), "")))
	facts, err = atStub(t, s, nil).Capture(t.Context(), purchase.Ref{Payment: orderID}, "k")
	if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Captured {
		t.Errorf("a minimal answer: %v, %v", said(facts), err)
	}
}

func TestARefundUnderWayIsGoneUntilItComesToNothing(t *testing.T) {
	t.Parallel()
	path := "POST /v2/payments/captures/" + captureID + "/refund"
	ref := purchase.Ref{Payment: orderID, Object: captureID}
	s := newStub(map[string]string{path: `{"id":"` + refundID + `","status":"PENDING"}`})
	p := atStub(t, s, nil)
	pending, err := p.Refund(t.Context(), ref, euros(1500), "k")
	if err != nil || len(pending) != 1 || pending[0].Kind != purchase.Refunded || pending[0].Money != euros(1500) {
		t.Fatalf("%v, %v", said(pending), err)
	}
	s.on(path, refundResource("FAILED"))
	failed, err := p.Refund(t.Context(), ref, euros(1500), "k")
	if !final(err) || len(failed) != 1 || failed[0].Kind != purchase.Failed {
		t.Fatalf("%v, %v", said(failed), err)
	}
	if failed[0].Version <= pending[0].Version || failed[0].Object != pending[0].Object {
		t.Errorf("the end does not take the place of the beginning: %d after %d", failed[0].Version, pending[0].Version)
	}
	s.on(path, `{}`)
	if _, err := p.Refund(t.Context(), ref, euros(1500), "k"); err == nil || final(err) {
		t.Errorf("an unreadable success is final: %v", err)
	}
}
