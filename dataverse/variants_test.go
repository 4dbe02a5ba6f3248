package dataverse_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/dataverse"
	"github.com/paybridge/paybridge/dataverse/dataversesim"
)

// A sale plays what the engine does with one paid purchase, and holds every word of the client against the truth.
type sale struct {
	*world
	key    purchase.Key
	sent   int // finalizes that may have worked
	report string
}

// play ends with "seat" (known to be there), "desk" (nobody can say, or a refusal), or "stuck".
func (s *sale) play() string {
	for range 12 {
		if !s.priced() {
			s.sim.Advance(2 * time.Second)
			continue
		}
		switch o := s.finalize(s.key); o.Result {
		case purchase.Confirmed:
			s.expect(s.seats(s.key) >= 2, "confirmed with %d seats", s.seats(s.key))
			return "seat"
		case purchase.Refused:
			s.report = o.Reason
			return "desk"
		case purchase.Unsent:
			s.expect(s.seats(s.key) == 0, "unsent with %d seats", s.seats(s.key))
		default:
			s.sent++
			if end := s.lookBack(); end != "" {
				return end
			}
		}
	}
	return "stuck"
}

func (s *sale) priced() bool {
	offer, err := s.Price(s.t.Context(), s.key)
	if err != nil {
		s.report = err.Error()
		return false
	}
	s.expect(offer.Money == purchase.Money{Minor: 6150, Currency: "EUR"}, "price %v", offer.Money)
	s.expect(offer.Event == "" || offer.Event == concert, "event %q", offer.Event)
	truth, _ := s.sim.Purchase(s.key.ID)
	age := s.sim.Now().Sub(truth.Created)
	s.expect(offer.Created.IsZero() || (time.Since(offer.Created)-age).Abs() < 3*time.Second, "created %v ago, in truth %v", time.Since(offer.Created), age)
	s.expect(offer.Seats == "" || offer.Seats == purchase.SeatsAll && s.seats(s.key) > 0, "seats %q", offer.Seats)
	return true
}

// lookBack reads back until the answer counts: "none" only after five minutes of quiet.
func (s *sale) lookBack() string {
	for waited := time.Duration(0); ; waited += 10 * time.Second {
		seats, err := s.ReadBack(s.t.Context(), s.key)
		switch {
		case err != nil:
			s.report = err.Error()
		case seats == purchase.SeatsAll:
			s.expect(s.seats(s.key) >= 2, "all seats, in truth %d", s.seats(s.key))
			return "seat"
		case seats == purchase.SeatsUnsaid:
			return "desk"
		case seats == purchase.SeatsNone && waited >= 5*time.Minute:
			s.expect(s.seats(s.key) == 0, "no seats, in truth %d", s.seats(s.key))
			return ""
		}
		if waited > 6*time.Minute {
			return "stuck"
		}
		s.sim.Advance(10 * time.Second)
	}
}

func (s *sale) expect(ok bool, format string, args ...any) {
	s.t.Helper()
	if !ok {
		s.t.Errorf(format, args...)
	}
}

func (s *sale) settle(blind bool, where string) {
	s.t.Helper()
	end := s.play()
	n := s.seats(s.key)
	s.expect(n == 0 || n == 2, "%s: %d seats", where, n)
	s.expect(blind || (end == "seat" && n == 2), "%s: ends %s (%s) with %d seats", where, end, s.report, n)
	s.expect(end != "seat" || n == 2, "%s: a seat is believed and there are %d", where, n)
}

var generations = []string{dataversesim.VariantRealtime, dataversesim.VariantOutbound, dataversesim.VariantOutboundNoDetails, dataversesim.VariantOutboundADX}

func TestEveryAnswerToEveryOpenQuestionIsSurvived(t *testing.T) {
	t.Parallel()
	for _, generation := range generations {
		for _, b := range dataversesim.Behaviours() {
			for _, answer := range b.Variants {
				t.Run(fmt.Sprintf("%s/%s/%s", generation, b.Name, answer), func(t *testing.T) {
					t.Parallel()
					w := newWorld(t, variant(generation), behaves(b.Name, answer))
					s := sale{world: w, key: w.register()}
					s.settle(slices.Contains(b.Blinding, answer), "sale")
				})
			}
		}
	}
}

// blind tells whether a person may have to end a sale under these behaviours.
func blind(chosen map[string]string) bool {
	return slices.ContainsFunc(dataversesim.Behaviours(), func(b dataversesim.Behaviour) bool { return slices.Contains(b.Blinding, chosen[b.Name]) })
}

func TestAnyMixtureOfAnswersWithMishapsNeverDoublesOrInventsASeat(t *testing.T) {
	t.Parallel()
	mishaps := []dataversesim.Kind{"", dataversesim.KindCommit500, dataversesim.KindCommitDrop, dataversesim.KindDrop, dataversesim.KindTruncated, dataversesim.KindTooMany}
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			chosen := dataversesim.BehavioursBySeed(seed)
			w := newWorld(t, variant(generations[seed%4]), func(sim *dataversesim.Config, _ *dataverse.Config, _ *dataverse.Options) {
				sim.Behaviours = maps.Clone(chosen)
			})
			s := sale{world: w, key: w.register()}
			mishap := mishaps[seed%uint64(len(mishaps))]
			if mishap != "" {
				w.fault(dataversesim.AnyFinalize, mishap)
			}
			doubt := mishap != "" && mishap != dataversesim.KindTooMany
			s.settle(blind(chosen) || doubt, fmt.Sprint(chosen, mishap))
		})
	}
}

func TestALateRealtimePurchaseIsNeverBelievedWithoutItsSeat(t *testing.T) {
	t.Parallel()
	for late, want := range map[string]purchase.Result{"plugin-error": purchase.Refused, "no-effect": purchase.Acknowledged, "seat": purchase.Acknowledged} {
		w := newWorld(t, behaves(dataversesim.RealtimeLate, late))
		k := w.register()
		w.sim.Advance(51 * time.Minute)
		o := w.finalize(k)
		seats, err := w.ReadBack(t.Context(), k)
		if o.Result != want || err != nil || (seats == purchase.SeatsAll) != (late == "seat") {
			t.Errorf("%s: %+v, %s, %v", late, o, seats, err)
		}
	}
}

func TestWorkInProgressIsNotNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behaves(dataversesim.RealtimeReadBack, "paid-first"))
	k := w.register()
	w.finalize(k)
	if seats, err := w.ReadBack(t.Context(), k); err == nil {
		t.Errorf("paid and not processed reads as %s", seats)
	} else if _, again := purchase.Retry(err); !again {
		t.Errorf("%v", err)
	}
	w.sim.Advance(6 * time.Second)
	if seats, err := w.ReadBack(t.Context(), k); seats != purchase.SeatsAll || err != nil {
		t.Errorf("%s, %v", seats, err)
	}
}

func TestWhatMayNotBeReadBackIsUnsaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t, behaves(dataversesim.RealtimeReadBack, "forbidden"))
	k := w.register()
	w.finalize(k)
	if seats, err := w.ReadBack(t.Context(), k); seats != purchase.SeatsUnsaid || err != nil {
		t.Errorf("%s, %v", seats, err)
	}
	if n := w.count(dataversesim.OpPurchases); n < 2 {
		t.Errorf("asked %d times; an intermittent 403 wants two", n)
	}
}

func TestARowThatVanishedIsAnErrorAndNoAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if seats, err := w.ReadBack(t.Context(), key(nobody)); err == nil {
		t.Errorf("%s", seats)
	}
	w.fault(dataversesim.OpPurchases, dataversesim.KindServerError)
	if seats, err := w.ReadBack(t.Context(), w.register()); err == nil || errors.Is(err, purchase.ErrNoPurchase) {
		t.Errorf("%s, %v", seats, err)
	}
}

func TestOutboundIsReadBackByWhateverShows(t *testing.T) {
	t.Parallel()
	for how, before := range map[string]purchase.Seats{"none": purchase.SeatsUnsaid, "purchase-row": purchase.SeatsNone, "registrations": purchase.SeatsNone} {
		w := newWorld(t, variant(dataversesim.VariantOutbound), behaves(dataversesim.OutboundReadBack, how))
		k := w.register()
		if seats, err := w.ReadBack(t.Context(), k); seats != before || err != nil {
			t.Errorf("%s, before: %s, %v", how, seats, err)
		}
		w.finalize(k)
		after := purchase.SeatsAll
		if how == "none" {
			after = purchase.SeatsUnsaid
		}
		if seats, err := w.ReadBack(t.Context(), k); seats != after || err != nil {
			t.Errorf("%s, after: %s, %v", how, seats, err)
		}
	}
}
