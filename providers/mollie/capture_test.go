package mollie_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

func TestAPaymentThatNobodyPaysIsEndedWhereMollieAllowsIt(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world, v providersim.MollieVariant) {
		made := w.opened(t, providertest.Order("open-1"))
		for range 2 {
			facts, err := w.Void(t.Context(), purchase.Ref{Payment: made.Payment}, "void-1")
			if v.Cancelable && (err != nil || len(facts) != 1 || facts[0].Kind != purchase.Lapsed) {
				t.Fatalf("%v, %v", facts, err)
			}
			if !v.Cancelable && (!final(err) || len(facts) > 0) {
				t.Fatalf("%v, %v", facts, err)
			}
		}
		if p, _ := w.Sim.Payment(made.Payment); p.Open() == v.Cancelable {
			t.Errorf("it is %s", p.Status)
		}
	})
}

func TestSeatFirstReservesCapturesAndGivesBack(t *testing.T) {
	t.Parallel()
	everywhere(t, func(t *testing.T, w *world, v providersim.MollieVariant) {
		order := providertest.Order("open-1")
		order.Reserve = true
		for _, capture := range []bool{true, false} {
			order.Key += "x"
			made := w.opened(t, order)
			if !made.Capturable {
				t.Fatalf("%+v", made)
			}
			w.Press(t, made.Payment, "pay")
			ref := purchase.Ref{Payment: made.Payment}
			facts, err := w.Ask(t.Context(), ref)
			if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Authorised || facts[0].Money != providertest.Euros45 {
				t.Fatalf("%v, %v", facts, err)
			}
			if capture {
				w.captureTwice(t, ref, v.SlowCapture)
			} else {
				w.release(t, ref, v.SlowRelease && !v.Cancelable)
			}
		}
	})
}

// captureTwice captures twice under one key. A slow capture is on its way before it is there.
func (w *world) captureTwice(t *testing.T, ref purchase.Ref, slow bool) {
	t.Helper()
	for range 2 {
		facts, err := w.Capture(t.Context(), ref, "capture-1")
		if err != nil || len(facts) != 1 || (facts[0].Kind == purchase.Captured) == slow {
			t.Errorf("%v, %v", facts, err)
		}
	}
	if slow {
		if _, err := w.Capture(t.Context(), ref, "capture-2"); !final(err) {
			t.Errorf("another capture beside it: %v", err)
		}
		if err := w.Sim.Turn(w.onlyCapture(t, ref.Payment), "succeeded"); err != nil {
			t.Fatal(err)
		}
	}
	facts, err := w.Ask(t.Context(), ref)
	if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Captured || facts[0].Money != providertest.Euros45 || facts[0].Object != ref.Payment {
		t.Errorf("%v, %v", facts, err)
	}
	if _, err := w.Capture(t.Context(), ref, "capture-3"); err != nil { // the money is there already
		t.Errorf("what is captured: %v", err)
	}
	if n := strings.Count(fmt.Sprint(w.way.questions()), "POST /v2/payments/"+ref.Payment+"/captures"); n > 2 {
		t.Errorf("%d captures were sent", n)
	}
}

// onlyCapture is the id of a payment's one capture.
func (w *world) onlyCapture(t *testing.T, payment string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.Server.URL+"/v2/payments/"+payment+"/captures", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := w.Server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var page struct {
		Embedded struct {
			Captures []struct{ ID string } `json:"captures"`
		} `json:"_embedded"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&page); err != nil || len(page.Embedded.Captures) != 1 {
		t.Fatalf("%+v, %v", page, err)
	}
	return page.Embedded.Captures[0].ID
}

// release gives reserved money back. A slow release is asked for again and again, until the bank did it.
func (w *world) release(t *testing.T, ref purchase.Ref, slow bool) {
	t.Helper()
	facts, err := w.Void(t.Context(), ref, "void-1")
	if slow {
		if err == nil || final(err) || len(facts) != 1 || facts[0].Kind != purchase.Authorised {
			t.Errorf("asked for: %v, %v", facts, err)
		}
		if err := w.Sim.Turn(ref.Payment, "released"); err != nil {
			t.Fatal(err)
		}
		facts, err = w.Void(t.Context(), ref, "void-1")
	}
	if err != nil || len(facts) != 1 || facts[0].Kind != purchase.Lapsed {
		t.Errorf("%v, %v", facts, err)
	}
	if facts, err := w.Capture(t.Context(), ref, "capture-1"); !final(err) || len(facts) != 1 {
		t.Errorf("what was given back is captured: %v, %v", facts, err)
	}
}

func TestAReleaseMayTakeAWhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vary(func(v *providersim.MollieVariant) { v.SlowRelease = true })
	order := providertest.Order("open-1")
	order.Reserve = true
	made := w.opened(t, order)
	w.Press(t, made.Payment, "pay")
	w.release(t, purchase.Ref{Payment: made.Payment}, true)
}

func TestACaptureThatFailedIsNotMadeAgainUnderItsKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.vary(func(v *providersim.MollieVariant) { v.SlowCapture = true })
	order := providertest.Order("open-1")
	order.Reserve = true
	made := w.opened(t, order)
	w.Press(t, made.Payment, "pay")
	ref := purchase.Ref{Payment: made.Payment}
	if _, err := w.Capture(t.Context(), ref, "capture-1"); err != nil {
		t.Fatal(err)
	}
	if err := w.Sim.Turn(w.onlyCapture(t, made.Payment), "failed"); err != nil {
		t.Fatal(err)
	}
	if facts, err := w.Capture(t.Context(), ref, "capture-1"); !final(err) || len(facts) != 1 || facts[0].Kind != purchase.Authorised {
		t.Errorf("%v, %v", facts, err)
	}
}
