package dataverse_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

func TestTheDialectIsFoundByReadingOnly(t *testing.T) {
	t.Parallel()
	for generation, want := range map[string]dataverse.Dialect{
		dataversesim.VariantRealtime: dataverse.DialectRealtime, dataversesim.VariantOutbound: dataverse.DialectOutbound,
		dataversesim.VariantOutboundNoDetails: dataverse.DialectOutbound, dataversesim.VariantOutboundADX: dataverse.DialectOutbound,
	} {
		for _, code := range []string{"8006088a-dot", "8006088a", "80060888-dot", "80060888"} {
			w := newWorld(t, variant(generation), behaves(dataversesim.MissingAction, code), behaves(dataversesim.OutboundReadBack, "purchase-row"))
			if w.Dialect() != dataverse.DialectAuto {
				t.Errorf("%s is known before anybody asked", w.Dialect())
			}
			if _, err := w.Price(t.Context(), w.register()); err != nil || w.Dialect() != want || w.finalizes() != 0 {
				t.Errorf("%s, %s: %s, %v, %d finalizes", generation, code, w.Dialect(), err, w.finalizes())
			}
		}
	}
}

func TestManyWhoAskAtOnceProbeOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	k := w.register()
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			if _, err := w.Price(t.Context(), k); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if n := w.count(dataversesim.OpListDetailed); n != 1 {
		t.Errorf("probed %d times", n)
	}
}

func TestWhatCannotBeAskedDecidesNothing(t *testing.T) {
	t.Parallel()
	for _, kind := range []dataversesim.Kind{dataversesim.KindServerErrorHTML, dataversesim.KindTooMany, dataversesim.KindNotMember, dataversesim.KindFirewall} {
		w := newWorld(t)
		w.fault(dataversesim.OpListDetailed, kind)
		k := w.register()
		if _, err := w.Price(t.Context(), k); err == nil || w.Dialect() != dataverse.DialectAuto {
			t.Errorf("%s: %v, %s", kind, err, w.Dialect())
		}
		if _, err := w.Price(t.Context(), k); err != nil || w.Dialect() != dataverse.DialectRealtime {
			t.Errorf("%s, then: %v, %s", kind, err, w.Dialect())
		}
	}
}

func TestAnOrganisationWithoutPaidEventsSaysSo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantRemoved))
	_, err := w.Price(t.Context(), key(nobody))
	if _, again := purchase.Retry(err); err == nil || again || errors.Is(err, purchase.ErrNoPurchase) || !strings.Contains(err.Error(), "feature switches") {
		t.Errorf("%v", err)
	}
	if o := w.finalize(key(nobody)); o.Result != purchase.Unsent || o.Reason != "dialect_unknown" {
		t.Errorf("%+v", o)
	}
	if err := w.sim.SetVariant(dataversesim.VariantRealtime); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Price(t.Context(), w.register()); err != nil {
		t.Errorf("after it was switched on: %v", err)
	}
}

func TestADialectThatIsGoneIsFoundAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, variant(dataversesim.VariantOutbound))
	if _, err := w.Price(t.Context(), w.register()); err != nil {
		t.Fatal(err)
	}
	if err := w.sim.SetVariant(dataversesim.VariantRealtime); err != nil {
		t.Fatal(err)
	}
	k := w.register()
	if _, err := w.Price(t.Context(), k); err == nil {
		t.Error("the removed action answered")
	}
	if _, err := w.Price(t.Context(), k); err != nil || w.Dialect() != dataverse.DialectRealtime {
		t.Errorf("%s, %v", w.Dialect(), err)
	}
}

func TestAChosenDialectIsNotDoubted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, settings(func(c *dataverse.Config) { c.Dialect = dataverse.DialectOutbound }))
	k := w.register()
	for range 2 {
		if _, err := w.Price(t.Context(), k); err == nil || w.Dialect() != dataverse.DialectOutbound || !strings.Contains(err.Error(), "compare dialect") {
			t.Errorf("%s, %v", w.Dialect(), err)
		}
	}
	if o := w.finalize(k); o.Result != purchase.Refused || o.Reason != "action_missing" {
		t.Errorf("%+v", o)
	}
}
