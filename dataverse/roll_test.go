package dataverse_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// rolled is everything that an organisation lists, by purchase; each purchase's seats are added up.
func (w *world) rolled() (map[string]purchase.Registration, error) {
	w.t.Helper()
	now := time.Now()
	all := map[string]purchase.Registration{}
	for r, err := range w.Registrations(w.t.Context(), now.Add(-time.Hour), now.Add(time.Hour)) {
		if err != nil {
			return all, err
		}
		have := all[r.Purchase]
		r.Seats += have.Seats
		all[r.Purchase] = r
	}
	return all, nil
}

func TestRegistrationsAreListedInBothDialects(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		setup  []setup
		seats  int  // listed of what has two
		unpaid bool // what has no seats is listed too
		priced bool
	}{
		"real-time":                  {nil, 0, true, true},
		"outbound with purchases":    {[]setup{variant(dataversesim.VariantOutbound), behaves(dataversesim.OutboundReadBack, "purchase-row"), behaves(dataversesim.OutboundCreated, "readable")}, 0, true, true},
		"outbound with seats":        {[]setup{variant(dataversesim.VariantOutbound), behaves(dataversesim.OutboundReadBack, "registrations")}, 2, false, false},
		"outbound, seats and origin": {[]setup{variant(dataversesim.VariantOutbound), behaves(dataversesim.OutboundReadBack, "registrations"), behaves(dataversesim.OutboundCreated, "readable")}, 2, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.setup...)
			paid, unpaid := w.register(), w.register()
			if o := w.finalize(paid); o.Result == purchase.Refused {
				t.Fatal(o)
			}
			all, err := w.rolled()
			if err != nil {
				t.Fatal(err)
			}
			r := all[paid.ID]
			if !r.Registered || r.Seats != c.seats || time.Since(r.Created).Abs() > time.Minute {
				t.Errorf("the paid one: %+v", r)
			}
			if _, listed := all[unpaid.ID]; listed != c.unpaid || all[unpaid.ID].Registered {
				t.Errorf("the unpaid one: %+v", all[unpaid.ID])
			}
			if want := (purchase.Money{Minor: 6150, Currency: "EUR"}); c.priced != (r.Price == want) {
				t.Errorf("price %v", r.Price)
			}
		})
	}
}

func TestWhatCannotBeListedIsSaidSo(t *testing.T) {
	t.Parallel()
	for name, s := range map[string][]setup{
		"outbound as it usually is": {variant(dataversesim.VariantOutbound), behaves(dataversesim.OutboundReadBack, "none")},
		"without the date":          {variant(dataversesim.VariantOutbound), behaves(dataversesim.OutboundReadBack, "purchase-row"), behaves(dataversesim.OutboundCreated, "hidden")},
		"without the privilege":     {variant(dataversesim.VariantOutbound), behaves(dataversesim.Privileges, "readback-forbidden")},
	} {
		if _, err := newWorld(t, s...).rolled(); !errors.Is(err, purchase.ErrUnlisted) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := newWorld(t)
	w.fault(dataversesim.OpPurchases, dataversesim.KindTooMany, func(f *dataversesim.Fault) { f.RetryAfter = "7" })
	_, err := w.rolled()
	if after, again := purchase.Retry(err); err == nil || errors.Is(err, purchase.ErrUnlisted) || !again || after < 5*time.Second {
		t.Errorf("throttled: %v, again %v after %v", err, again, after)
	}
}

func TestALongListIsReadPageByPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 1203 {
		w.registerFor(concert, "", adult)
	}
	all, err := w.rolled()
	if err != nil || len(all) != 1203 {
		t.Errorf("%d registrations, %v", len(all), err)
	}
	if pages := w.count(dataversesim.OpPurchases); pages != 4 { // one finds the dialect
		t.Errorf("%d requests", pages)
	}
}

// elsewhere sends the next page to another address.
type elsewhere struct{ next http.RoundTripper }

func (e elsewhere) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := e.next.RoundTrip(r)
	if err == nil && strings.Contains(r.URL.RawQuery, "orderby") {
		resp.Body.Close()
		resp.Body = io.NopCloser(strings.NewReader(`{"value":[],"@odata.nextLink":"https://evil.example.org/api/data/v9.2/msevtmgt_eventpurchases?x=1"}`))
		resp.ContentLength = -1
	}
	return resp, err
}

func TestAListThatGoesOnElsewhereIsNotFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, options(func(o *dataverse.Options) {
		o.Govern = func(next http.RoundTripper) http.RoundTripper { return elsewhere{next} }
	}))
	w.register()
	if _, err := w.rolled(); err == nil || errors.Is(err, purchase.ErrUnlisted) {
		t.Errorf("followed: %v", err)
	}
}
