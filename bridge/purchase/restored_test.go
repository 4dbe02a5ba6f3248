package purchase_test

import (
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// restored is that the store was put back just before.
func (h *history) restored() *history {
	return h.keep(purchase.Own, purchase.Fact{Kind: purchase.Restored})
}

// looked reads back what is in doubt now.
func (h *history) looked(s purchase.Seats) *history {
	attempt, _ := h.fold().Word()
	return h.keep(purchase.Own, purchase.Fact{Kind: purchase.ReadBack, Attempt: attempt, Detail: purchase.Detail{Seats: s}})
}

// born is what Dynamics says of when it made the purchase.
func (h *history) born(at time.Time) *history {
	return h.keep(purchase.Own, purchase.Fact{Kind: purchase.Offered, Money: euros45, Detail: purchase.Detail{Basis: h.fold().Basis(), Created: at}})
}

func TestAfterARestoreASeatIsLookedForBeforeItIsMade(t *testing.T) {
	known := func() *history { return paid().restored().asked("p").priced(euros45, "") }
	risky := func(h *history) *history { h.policy.Repeat = purchase.RepeatAfterQuiet; return h }
	late := func(h *history) *history { return h.pass(h.policy.Quiet) }
	hold(t, map[string]scene{
		"it may be from after it":              {paid().restored().asked("p"), purchase.StepPrice, purchase.CauseNone},
		"it may be, and it is late":            {paid().restored().asked("p").pass(time.Hour), purchase.StepReadBack, purchase.CauseNone},
		"nothing is known":                     {known(), purchase.StepReadBack, purchase.CauseNone},
		"there is one":                         {known().looked(purchase.SeatsAll).priced(euros45, ""), purchase.StepDone, purchase.CauseNone},
		"there is none, and it may come":       {known().looked(purchase.SeatsNone), purchase.StepWait, purchase.CauseReadBackTooEarly},
		"there is none":                        {late(known()).looked(purchase.SeatsNone), purchase.StepFinalize, purchase.CauseNone},
		"there are some":                       {late(known()).looked(purchase.SeatsSome), purchase.StepHandOver, purchase.CausePartialSeats},
		"nobody can say":                       {late(known()).looked(purchase.SeatsUnsaid), purchase.StepHandOver, purchase.CauseOutcomeUnknown},
		"nobody can say, and a repeat may":     {risky(late(known()).looked(purchase.SeatsUnsaid)), purchase.StepHandOver, purchase.CauseOutcomeUnknown},
		"a person can say":                     {late(known().looked(purchase.SeatsUnsaid)).says(purchase.SeatsNone), purchase.StepPrice, purchase.CauseNone},
		"Dynamics made it since":               {paid().restored().asked("p").born(begin.Add(9999*time.Hour)).priced(euros45, ""), purchase.StepFinalize, purchase.CauseNone},
		"Dynamics made it about then":          {paid().restored().asked("p").born(time.Date(2026, 3, 1, 9, 1, 0, 0, time.UTC)), purchase.StepReadBack, purchase.CauseNone},
		"it had its seat before":               {paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Confirmed).restored().asked("p"), purchase.StepDone, purchase.CauseNone},
		"it was refused before":                {late(declinedSeat().restored().asked("p")).looked(purchase.SeatsNone).priced(euros45, ""), purchase.StepHandOver, purchase.CauseRefused},
		"put back twice":                       {late(known()).looked(purchase.SeatsNone).priced(euros45, "").restored().asked("p"), purchase.StepReadBack, purchase.CauseNone},
		"nobody paid":                          {newHistory().session("p").restored().asked("p").priced(euros45, ""), purchase.StepWait, purchase.CausePaymentPending},
		"it went back since":                   {newHistory().session("p").restored().proved(purchase.Captured, "p", "c", euros45).proved(purchase.Refunded, "p", "r", euros45).asked("p").priced(euros45, ""), purchase.StepReadBack, purchase.CauseNone},
		"it was reserved since, and let go of": {seatFirst(newHistory().session("p").restored().proved(purchase.Authorised, "p", "a", euros45).proved(purchase.Failed, "p", "a", euros45).asked("p").priced(euros45, "")), purchase.StepReadBack, purchase.CauseNone},
		"it went back since, and has a seat":   {newHistory().session("p").restored().proved(purchase.Captured, "p", "c", euros45).proved(purchase.Refunded, "p", "r", euros45).asked("p").looked(purchase.SeatsAll), purchase.StepHandOver, purchase.CauseSeatWithoutMoney},
	})
}

func seatFirst(h *history) *history { h.policy.Reserving = []string{"shop"}; return h }

// says is a person's word on what Dynamics shows.
func (h *history) says(s purchase.Seats) *history {
	attempt, _ := h.fold().Word()
	return h.keep(purchase.Decided, purchase.Fact{Kind: purchase.ReadBack, Attempt: attempt, Detail: purchase.Detail{Seats: s}})
}

func TestAfterARestoreNoMoneyMovesOnWhatWasKnownBefore(t *testing.T) {
	read := func(h *history) *history { return h.pass(h.policy.Quiet).looked(purchase.SeatsNone) }
	// A person orders a refund, and before it was begun the store was put back.
	ordered := func() *history {
		h := paid().priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Confirmed)
		h.order(purchase.SeatsAll)
		return h.restored()
	}
	agreed := func() *history { return newHistory().session("p").priced(euros45, "").restored() }
	deaf := func(h *history) *history { h.policy.Unaskable = []string{"shop"}; return h }
	hold(t, map[string]scene{
		"a capture":                         {agreed(), purchase.StepAsk, purchase.CauseNone},
		"a capture, asked":                  {agreed().asked("p"), purchase.StepWait, purchase.CausePaymentPending},
		"a capture, looked for seats":       {read(agreed().asked("p")).priced(euros45, ""), purchase.StepAsk, purchase.CauseNone},
		"a capture, asked when all shows":   {read(agreed().asked("p")).priced(euros45, "").asked("p"), purchase.StepCapture, purchase.CauseNone},
		"a refund":                          {ordered(), purchase.StepAsk, purchase.CauseNone},
		"a refund, asked":                   {ordered().asked("p"), purchase.StepWait, purchase.CauseRefundPending},
		"a refund, later":                   {ordered().asked("p").pass(time.Hour), purchase.StepAsk, purchase.CauseNone},
		"a refund, asked when all shows":    {ordered().asked("p").pass(time.Hour).asked("p"), purchase.StepRefund, purchase.CauseNone},
		"a refund at who cannot be asked":   {deaf(ordered().pass(time.Hour)), purchase.StepHandOver, purchase.CauseRefundFailed},
		"a refund that is there":            {ordered().proved(purchase.Refunded, "p", "r", euros45).asked("p").pass(time.Hour).asked("p"), purchase.StepHandOver, purchase.CauseSeatWithoutMoney},
		"a seat for money from before":      {read(paid().restored()).priced(euros45, ""), purchase.StepAsk, purchase.CauseNone},
		"a seat, where nobody can be asked": {deaf(read(paid().restored()).priced(euros45, "")), purchase.StepFinalize, purchase.CauseNone},
	})
	for name, h := range map[string]*history{"a capture": agreed(), "a refund": ordered(), "a seat": read(paid().restored()).priced(euros45, "")} {
		if next := h.plan("shop"); next.Step != purchase.StepWait && next.Step != purchase.StepReadBack || !next.Due.IsZero() && next.Due.After(h.now.Add(time.Hour)) {
			t.Errorf("%s while the provider is away: %+v", name, next)
		}
	}
}

func TestAfterARestoreOnlyAPersonGivesASeatFree(t *testing.T) {
	ready := func() *history { return due().restored().asked("p").priced(euros45, "") }
	ordered := func() *history {
		h := ready()
		h.keep(purchase.Decided, purchase.Fact{Kind: purchase.ReleaseOrdered, Detail: purchase.Detail{Basis: h.fold().Sight()}})
		return h.asked("p")
	}
	read := func(s purchase.Seats) *history {
		h := ordered().pass(5 * time.Minute)
		return h.keep(purchase.Own, purchase.Fact{Kind: purchase.ReadBack, Detail: purchase.Detail{Seats: s}})
	}
	hold(t, map[string]scene{
		"the machine":                {ready(), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"a person":                   {ordered(), purchase.StepWait, purchase.CausePaymentPending},
		"a person, when all shows":   {ordered().pass(5 * time.Minute), purchase.StepReadBack, purchase.CauseNone},
		"a person, and it is free":   {read(purchase.SeatsNone).priced(euros45, ""), purchase.StepRelease, purchase.CauseNone},
		"a person, and nobody knows": {read(purchase.SeatsUnsaid).priced(euros45, ""), purchase.StepHandOver, purchase.CauseOutcomeUnknown},
	})
}
