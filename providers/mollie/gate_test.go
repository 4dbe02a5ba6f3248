package mollie_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// clock is a time that the test moves.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

func timedWorld(t *testing.T, perMinute int) (*world, *clock) {
	t.Helper()
	c := &clock{at: time.Now()}
	w := newWorld(t)
	w.now, w.config.ReadBacks = c.now, perMinute
	w.Mollie = w.open(t)
	return w, c
}

func TestWhatMollieDoesNotKnowIsAnsweredAndNotAskedForAgainAtOnce(t *testing.T) {
	t.Parallel()
	w, c := timedWorld(t, 100)
	stranger := func(id string, asks int) {
		t.Helper()
		reading, err := w.Read(t.Context(), w.bare(id))
		if err != nil || !reading.Unkept || len(reading.Facts) > 0 || reading.Message != "" {
			t.Errorf("%s: %+v, %v", id, reading, err)
		}
		if got := w.way.questions(); len(got) != asks {
			t.Errorf("%s makes us ask %v", id, got)
		}
	}
	stranger("tr_ByAStranger", 1)
	stranger("tr_ByAStranger", 0)
	stranger("pl_ByAStranger", 1)
	stranger("ord_ByAStranger", 1)
	c.move(29 * time.Second)
	stranger("tr_ByAStranger", 0)
	c.move(time.Second)
	stranger("tr_ByAStranger", 1)

	// What is known is never taken for unknown.
	id := w.sold(t)
	for range 3 {
		if reading, err := w.Read(t.Context(), w.bare(id)); err != nil || len(reading.Facts) != 1 || reading.Message != id {
			t.Errorf("%+v, %v", reading, err)
		}
	}
	if got := w.way.questions(); len(got) != 3 {
		t.Errorf("a payment that changes was asked for %d times", len(got))
	}
}

func TestStrangersCanMakeUsAskOnlySoOften(t *testing.T) {
	t.Parallel()
	w, c := timedWorld(t, 5)
	unchecked := 0
	for i := range 8 {
		reading, err := w.Read(t.Context(), w.bare(fmt.Sprintf("tr_ByAStranger%d", i)))
		switch {
		case errors.Is(err, purchase.ErrUnchecked):
			unchecked++
		case err != nil || !reading.Unkept:
			t.Errorf("%+v, %v", reading, err)
		}
	}
	if got := w.way.questions(); len(got) != 5 || unchecked != 3 {
		t.Errorf("%d questions, %d unchecked", len(got), unchecked)
	}
	id := w.sold(t)
	if _, err := w.Read(t.Context(), w.bare(id)); !errors.Is(err, purchase.ErrUnchecked) { // it is kept, and read again
		t.Error(err)
	}
	if facts, err := w.Ask(t.Context(), purchase.Ref{Payment: id}); err != nil || len(facts) != 1 { // our own questions are not bounded by theirs
		t.Errorf("%v, %v", facts, err)
	}
	c.move(time.Minute)
	if reading, err := w.Read(t.Context(), w.bare(id)); err != nil || len(reading.Facts) != 1 {
		t.Errorf("%+v, %v", reading, err)
	}
	c.move(-time.Hour) // a clock that was set back does not shut the door
	if reading, err := w.Read(t.Context(), w.bare(id)); err != nil || len(reading.Facts) != 1 {
		t.Errorf("%+v, %v", reading, err)
	}
}

func TestOnlyAFewPaymentsAreReadBackAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.way.wait = make(chan struct{})
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			if reading, err := w.Read(t.Context(), w.bare(fmt.Sprintf("tr_ByAStranger%d", i))); err != nil || !reading.Unkept {
				t.Errorf("%+v, %v", reading, err)
			}
		})
	}
	asked := 0
	for range 100 {
		time.Sleep(2 * time.Millisecond)
		asked += len(w.way.questions())
	}
	if asked != 8 {
		t.Errorf("%d questions at once", asked)
	}
	close(w.way.wait)
	all.Wait()
}

func TestWhatCannotBeReadBackNowIsReadAgain(t *testing.T) {
	t.Parallel()
	for _, make := range []func(testing.TB) *world{newWorld, newEventsWorld} {
		w := make(t)
		id := w.sold(t)
		d := w.Delivered(t, 1)[0]
		for _, kind := range []providersim.FaultKind{providersim.Drop, providersim.ServerError, providersim.BadGateway, providersim.Unavailable, providersim.RateLimit,
			providersim.EdgeRefusal, providersim.Garbage} {
			w.Sim.AddFault(providersim.Fault{Operation: "get", Kind: kind, Times: 3})
			if reading, err := w.Read(t.Context(), d); !errors.Is(err, purchase.ErrUnchecked) || len(reading.Facts) > 0 || reading.Unkept {
				t.Errorf("%s: %+v, %v", kind, reading, err)
			}
			w.Sim.ClearFaults()
			if reading, err := w.Read(t.Context(), d); err != nil || len(reading.Facts) != 1 || reading.Facts[0].Payment != id {
				t.Errorf("after %s: %+v, %v", kind, reading, err)
			}
		}
		w.config.APIKey = providertest.Secret(t, "test_AnotherKeyThatNobodyKnows")
		w.Mollie = w.open(t)
		if reading, err := w.Read(t.Context(), d); !errors.Is(err, purchase.ErrUnchecked) {
			t.Errorf("with a wrong key: %+v, %v", reading, err)
		}
	}
}

// Only Mollie's own word lets a notification go. Whatever else stands between us says nothing of a payment.
func TestOnlyMolliesOwnWordLetsANotificationGo(t *testing.T) {
	t.Parallel()
	const link, order = "pl_0123456789", "ord_0123456789"
	for name, c := range map[string]struct {
		about    string // a classic notification about it; a refund's is an event
		path     string
		status   int
		byMollie bool
		want     error // nil: it is let go
	}{
		"unknown":                     {one, "/v2/payments/" + one, 404, true, nil},
		"gone":                        {one, "/v2/payments/" + one, 410, true, nil},
		"not found by the edge":       {one, "/v2/payments/" + one, 404, false, purchase.ErrUnchecked},
		"forbidden":                   {one, "/v2/payments/" + one, 403, true, purchase.ErrUnchecked},
		"a wrong key":                 {one, "/v2/payments/" + one, 401, true, purchase.ErrUnchecked},
		"a question it dislikes":      {one, "/v2/payments/" + one, 400, true, purchase.ErrUnchecked},
		"orders are not for this key": {order, "/v2/orders/" + order, 403, true, nil},
		"orders, by the edge":         {order, "/v2/orders/" + order, 403, false, purchase.ErrUnchecked},
		"links, with a wrong key":     {link, "/v2/payment-links/" + link + "/payments", 401, true, purchase.ErrUnchecked},
		"refunds, forbidden":          {"re_1234", "/v2/refunds", 403, true, purchase.ErrNotUnderstood},
		"refunds, with a wrong key":   {"re_1234", "/v2/refunds", 401, true, purchase.ErrUnchecked},
		"refunds, by the edge":        {"re_1234", "/v2/refunds", 403, false, purchase.ErrUnchecked},
		"an event, by the edge":       {"re_1234", "/v2/events/event_0123456789", 403, false, purchase.ErrUnchecked},
	} {
		w := newWorld(t)
		d := w.bare(c.about)
		if c.about == "re_1234" {
			w = newEventsWorld(t)
			w.vary(func(v *providersim.MollieVariant) { v.Closed = true })
			d = w.signed(event("refund.pending", c.about))
		}
		w.way.refuse(c.path, c.status, c.byMollie)
		reading, err := w.Read(t.Context(), d)
		if !errors.Is(err, c.want) || reading.Unkept != (c.want == nil) || len(reading.Facts) > 0 {
			t.Errorf("%s: %+v, %v", name, reading, err)
		}
	}
}

func TestMollieIsNeverWaitedForTooLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.way.wait = make(chan struct{})
	began := time.Now()
	if _, err := w.Read(t.Context(), w.bare(one)); !errors.Is(err, purchase.ErrUnchecked) {
		t.Error(err)
	}
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestAPaymentOfALinkOrAnOrderIsFound(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"pl_", "ord_"} {
		w := newWorld(t)
		group, id, err := w.Sim.Grouped(prefix, providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
		if err != nil {
			t.Fatal(err)
		}
		want := []string{"proved captured " + id + " " + id + " 45.00 EUR " + providertest.PurchaseID}
		reading, err := w.Read(t.Context(), w.bare(group))
		if got := providertest.Said(reading.Facts); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %v, %v", group, got, err)
		}
		if _, err := w.Ask(t.Context(), purchase.Ref{Payment: group}); !errors.Is(err, purchase.ErrNoPayment) {
			t.Errorf("%s is asked for as a payment: %v", group, err)
		}
	}
	w := newEventsWorld(t)
	_, id, err := w.Sim.Grouped("pl_", providersim.ButtonPayment{Purchase: providertest.PurchaseID, Value: "45.00", Currency: "EUR"})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range w.Delivered(t, 3) { // payment.pending, payment.paid, payment-link.paid
		reading, err := w.Read(t.Context(), d)
		if err != nil || len(reading.Facts) != 1 || reading.Facts[0].Payment != id || reading.Facts[0].Kind != purchase.Captured {
			t.Errorf("%s: %+v, %v", d.Body, reading, err)
		}
	}
}
