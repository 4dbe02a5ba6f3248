package dataverse_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// release is what the engine does: with an intent of two seconds.
func (w *world) release(k purchase.Key) purchase.Outcome {
	return w.Release(w.t.Context(), k, time.Now().Add(2*time.Second))
}

func (w *world) status(k purchase.Key) dataversesim.Status {
	p, _ := w.sim.Purchase(k.ID)
	return p.Status
}

func TestReleaseFreesTheSeatWhereTheDialectCan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.register()
	o := w.release(k)
	if p, _ := w.sim.Purchase(k.ID); o.Result != purchase.Acknowledged || p.Status != dataversesim.Cancelled || p.CancelCalls != 1 || p.FinalizeCalls != 0 {
		t.Errorf("%+v, %+v", o, p)
	}
	old := newWorld(t, variant(dataversesim.VariantOutbound))
	k = old.register()
	if o := old.release(k); o != (purchase.Outcome{Result: purchase.Refused, Reason: "dialect_cannot"}) || old.status(k) != dataversesim.Temporary {
		t.Errorf("outbound: %+v", o)
	}
}

// What a finalize does after a release is not published. In none of its ways is it said to have made a seat that is not there; that it
// can make one is why the plan never sends it.
func TestAFinalizeAfterAReleaseIsNeverBelieved(t *testing.T) {
	t.Parallel()
	for late, want := range map[string]purchase.Result{"plugin-error": purchase.Refused, "no-effect": purchase.Acknowledged, "seat": purchase.Acknowledged} {
		w := newWorld(t, behaves(dataversesim.RealtimeLate, late))
		k := w.register()
		w.release(k)
		if o := w.finalize(k); o.Result != want {
			t.Errorf("%s: %+v", late, o)
		}
		seats, err := w.ReadBack(t.Context(), k)
		if made := w.seats(k) > 0; err != nil || made != (late == "seat") || made != (seats == purchase.SeatsAll) {
			t.Errorf("%s: %d seats, read back %s, %v", late, w.seats(k), seats, err)
		}
	}
}

func TestASecondReleaseIsTakenOrRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	for late, want := range map[string]purchase.Result{"plugin-error": purchase.Refused, "no-effect": purchase.Acknowledged, "seat": purchase.Acknowledged} {
		w := newWorld(t, behaves(dataversesim.RealtimeLate, late))
		k := w.register()
		w.release(k)
		if o := w.release(k); o.Result != want || w.status(k) != dataversesim.Cancelled || w.seats(k) != 0 {
			t.Errorf("%s: %+v, %s with %d seats", late, o, w.status(k), w.seats(k))
		}
	}
}

func TestAReleaseLeavesInTimeOrNotAtAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.register()
	o := w.Release(t.Context(), k, time.Now().Add(-time.Millisecond))
	if o.Result != purchase.Unsent || o.Reason != "late" || w.status(k) != dataversesim.Temporary {
		t.Errorf("%+v, %s", o, w.status(k))
	}
}

func TestAReleaseWhoseAnswerIsLostIsUnknown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.register()
	w.fault(dataversesim.AnyFinalize, dataversesim.KindCommitDrop)
	if o := w.release(k); o.Result != purchase.Unknown || w.status(k) != dataversesim.Cancelled {
		t.Errorf("%+v, %s", o, w.status(k))
	}
	w.fault(dataversesim.AnyFinalize, dataversesim.KindTooMany)
	if o := w.release(w.register()); o.Result != purchase.Unsent {
		t.Errorf("throttled: %+v", o)
	}
}

// The first answer to a cancelled payment is worth keeping beside the first to a completed one.
func TestReleaseAndFinalizeAreEachEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.release(w.register())
	w.finalize(w.register())
	w.release(w.register())
	if n := w.logs.FilterMessage("first answer of an action").Len(); n != 2 {
		t.Errorf("%d first answers", n)
	}
}

// A price of a purchase that is noted as paid, or whose seats cannot be read, does not say that there are none.
func TestAPriceDoesNotHideThatSeatsMayBeThere(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]string{"paid, not processed": `"msevtmgt_paid":true`, "processed": `"msevtmgt_paid":true,"msevtmgt_processed":true`} {
		s := &script{}
		s.answer = func(r *http.Request, _ int) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, dataversesim.OpAttendees) {
				return say(http.StatusForbidden, oops("0x80040220", "no privilege")), nil
			}
			return say(http.StatusOK, `{"msevtmgt_totalprice":45.00,"transactioncurrencyid":{"isocurrencycode":"EUR"},`+row+`}`), nil
		}
		offer, err := s.client(t, dataverse.DialectRealtime).Price(t.Context(), key(somePurchase))
		if err != nil || offer.Seats != purchase.SeatsUnsaid {
			t.Errorf("%s: %+v, %v", name, offer, err)
		}
	}
}
