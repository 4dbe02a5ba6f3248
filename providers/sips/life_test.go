package sips_test

import (
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/providersim"
	"github.com/paybridge/paybridge/providers/providertest"
)

// final tells whether an error is one that no repetition mends.
func final(err error) bool {
	_, again := purchase.Retry(err)
	return err != nil && !again
}

// enter brings the form to the payment page, as the browser does, and returns the page's status.
func (w *world) enter(t testing.TB, made purchase.Checkout) int {
	t.Helper()
	form := url.Values{}
	for _, f := range made.Form {
		form.Add(f.Name, f.Value)
	}
	client := w.Server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	resp, err := client.PostForm(made.URL, form)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// opened is a session at whose page a buyer stands.
func (w *world) opened(t testing.TB, o purchase.Order) purchase.Ref {
	t.Helper()
	made, err := w.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if status := w.enter(t, made); status != http.StatusSeeOther {
		t.Fatalf("the payment page answers %d", status)
	}
	return purchase.Ref{Payment: made.Payment}
}

// paid is a session that a buyer paid.
func (w *world) paid(t testing.TB, o purchase.Order) purchase.Ref {
	t.Helper()
	ref := w.opened(t, o)
	w.Press(t, ref.Payment, "pay")
	return ref
}

// heard is everything that was delivered, read.
func (w *world) heard(t testing.TB, n int) []string {
	t.Helper()
	var all []string
	for _, d := range w.Delivered(t, n) {
		reading, err := w.Read(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, providertest.Said(reading.Facts)...)
	}
	return all
}

func (w *world) asked(t testing.TB, ref purchase.Ref) []string {
	t.Helper()
	facts, err := w.Ask(t.Context(), ref)
	if err != nil {
		t.Fatal(err)
	}
	return providertest.Said(facts)
}

func same(t testing.TB, what string, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// variants are what the documents leave open, one at a time and all at once.
var variants = map[string]func(*providersim.SipsVariant){
	"plain":   nil,
	"own":     func(v *providersim.SipsVariant) { v.OwnCode = true },
	"context": func(v *providersim.SipsVariant) { v.Context = true },
	"numbers": func(v *providersim.SipsVariant) { v.Numbers = true },
	"folded":  func(v *providersim.SipsVariant) { v.Folded = true },
	"sha256":  func(v *providersim.SipsVariant) { v.Plain = true },
	"base64":  func(v *providersim.SipsVariant) { v.Encode = "base64" },
	"forgets": func(v *providersim.SipsVariant) { v.Forgets = true },
	"batched": func(v *providersim.SipsVariant) { v.Batched = true },
	"unmoved": func(v *providersim.SipsVariant) { v.Unmoved = true },
	"all": func(v *providersim.SipsVariant) {
		*v = providersim.SipsVariant{Plain: true, Encode: "base64url", Platform: "PROD", OwnCode: true, Context: true, Numbers: true, Folded: true, Forgets: true, Batched: true}
	},
}

func TestAPaymentFromOpeningToRefund(t *testing.T) {
	t.Parallel()
	for name, vary := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, vary)
			ref := w.opened(t, providertest.Order("open-1"))
			if _, err := w.Ask(t.Context(), ref); !errors.Is(err, purchase.ErrNoPayment) {
				t.Errorf("before anything: %v", err)
			}
			w.Press(t, ref.Payment, "decline")
			w.Press(t, ref.Payment, "pay")
			want := "proved captured " + ref.Payment + " " + ref.Payment + " 45.00 EUR " + providertest.PurchaseID
			same(t, "heard", w.heard(t, 1), want)
			same(t, "asked", w.asked(t, ref), want)
			for range 2 { // under one key there is one refund
				facts, err := w.Refund(t.Context(), ref, providertest.Euros45, "refund-1")
				if err != nil || len(facts) != 2 || facts[1].Kind != purchase.Refunded || facts[1].Money != providertest.Euros45 {
					t.Fatalf("%v, %v", facts, err)
				}
			}
			same(t, "asked", w.asked(t, ref), want, "proved refunded "+ref.Payment+" "+ref.Payment+"-returned 45.00 EUR "+providertest.PurchaseID)
			if p, _ := w.Sim.Payment(ref.Payment); p.Refunded != "45.00" {
				t.Errorf("refunded %s", p.Refunded)
			}
			if _, err := w.Void(t.Context(), ref, "void-1"); !final(err) {
				t.Errorf("a paid payment is ended: %v", err)
			}
		})
	}
}

func TestSeatFirstReservesCapturesAndGivesBack(t *testing.T) {
	t.Parallel()
	for name, vary := range variants {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, vary)
			order := providertest.Order("open-1")
			order.Reserve = true
			for _, capture := range []bool{true, false} {
				order.Key += "x"
				ref := w.paid(t, order)
				same(t, "asked", w.asked(t, ref), "proved authorised "+ref.Payment+" "+ref.Payment+" 45.00 EUR "+providertest.PurchaseID)
				want, act := purchase.Lapsed, w.Void
				if capture {
					want, act = purchase.Captured, w.Capture
				}
				for range 2 {
					if facts, err := act(t.Context(), ref, "key-1"); err != nil || len(facts) != 1 || facts[0].Kind != want {
						t.Errorf("%v, %v", facts, err)
					}
				}
				if _, err := w.Capture(t.Context(), ref, "capture-2"); capture == final(err) {
					t.Errorf("captured at the end: %v", err)
				}
			}
		})
	}
}

func TestWhatEndsAPageEndsItsReference(t *testing.T) {
	t.Parallel()
	for button, want := range map[string][]string{"cancel": {"lapsed"}, "decline": {"failed", "lapsed"}, "expire": {"lapsed"}} {
		t.Run(button, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(v *providersim.SipsVariant) {
				if button == "expire" {
					v.Session = 100 * time.Millisecond
				}
			})
			order := providertest.Order("open-1")
			ref := w.opened(t, order)
			switch button {
			case "expire":
				time.Sleep(150 * time.Millisecond)
			case "decline":
				w.Press(t, ref.Payment, button)
				w.Press(t, ref.Payment, button)
				if len(w.Sim.Deliveries()) != 0 {
					t.Error("a try that is not the last one is told of")
				}
				w.Press(t, ref.Payment, button)
			default:
				w.Press(t, ref.Payment, button)
			}
			facts, err := w.Ask(t.Context(), ref)
			if err != nil || len(facts) != len(want) {
				t.Fatalf("%v, %v", facts, err)
			}
			said := w.heard(t, 1)
			for i, kind := range want {
				if facts[i].Kind != purchase.Kind(kind) || !strings.HasPrefix(said[i], "proved "+kind) {
					t.Errorf("asked %q, heard %q, want %s", providertest.Said(facts), said, kind)
				}
			}
			order.Payment = ref.Payment
			again, err := w.Open(t.Context(), order)
			if err != nil {
				t.Fatal(err)
			}
			if status := w.enter(t, again); status != http.StatusBadRequest {
				t.Errorf("the page is shown again: %d", status)
			}
			if said := w.heard(t, 2); len(said) != len(want) { // a duplicate tells nothing
				t.Errorf("heard %q", said)
			}
		})
	}
}

func TestWhatWaitsIsPendingUntilItIsDecided(t *testing.T) {
	t.Parallel()
	for _, paid := range []bool{true, false} {
		w := newWorld(t, nil)
		ref := w.opened(t, providertest.Order("open-1"))
		w.Press(t, ref.Payment, "pend")
		if facts, err := w.Ask(t.Context(), ref); err != nil || len(facts) != 1 || facts[0].Kind != purchase.Pending {
			t.Errorf("%v, %v", facts, err)
		}
		if err := w.Sim.Settle(ref.Payment, paid); err != nil {
			t.Fatal(err)
		}
		want := purchase.Failed
		if paid {
			want = purchase.Captured
		}
		if facts, err := w.Ask(t.Context(), ref); err != nil || facts[0].Kind != want {
			t.Errorf("%v, %v", facts, err)
		}
		if said := w.heard(t, 2); !strings.HasPrefix(said[0], "proved pending") || !strings.HasPrefix(said[1], "proved "+string(want)) {
			t.Errorf("heard %q", said)
		}
	}
}

var hidden = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

func TestTheBrowserBringsTheSameResponse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ref := w.opened(t, providertest.Order("open-1"))
	resp, err := w.Server.Client().PostForm(w.Server.URL+"/pay/"+ref.Payment, url.Values{"action": {"pay"}})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(page), `action="https://pay.example.org/return/token"`) {
		t.Fatalf("%s, %v", page, err)
	}
	form := url.Values{}
	for _, m := range hidden.FindAllStringSubmatch(string(page), -1) {
		form.Add(html.UnescapeString(m[1]), html.UnescapeString(m[2]))
	}
	d := w.Delivered(t, 1)[0]
	d.Body = []byte(form.Encode())
	reading, err := w.Read(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "brought", providertest.Said(reading.Facts), w.heard(t, 1)...)
}

func TestADuplicateTellsNothingOfThePaymentThatItRepeats(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(v *providersim.SipsVariant) { v.AtOnce = true })
	order := providertest.Order("open-1")
	ref := w.opened(t, order)
	made, err := w.Open(t.Context(), order)
	if err != nil {
		t.Fatal(err)
	}
	if status := w.enter(t, made); status != http.StatusBadRequest {
		t.Errorf("the same order again: %d", status)
	}
	same(t, "heard", w.heard(t, 1))
	w.Press(t, ref.Payment, "pay")
	if said := w.heard(t, 2); len(said) != 1 || !strings.HasPrefix(said[0], "proved captured") {
		t.Errorf("heard %q", said)
	}
}
