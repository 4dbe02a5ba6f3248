package purchase_test

import (
	"testing"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// What somebody has to know does not wait for Dynamics: money without a seat, and money that cannot be judged for a seat.
func TestWhatWaitsForDynamicsAfterTheDeadlineIsShown(t *testing.T) {
	t.Parallel()
	seated := func() *history {
		return paid().attempt(purchase.StepFinalize, "", purchase.Unknown).readBack(purchase.SeatsAll)
	}
	twice := func() *history { return seated().proved(purchase.Captured, "q", "d", euros45) }
	closed := twice()
	closed.keep(purchase.Decided, purchase.Fact{Kind: purchase.Closed, Detail: purchase.Detail{Basis: closed.fold().Sight()}})
	shown := twice()
	shown.keep(purchase.Own, purchase.Fact{Kind: purchase.Handed, Detail: purchase.Detail{Cause: purchase.CauseDisputed, Basis: shown.fold().Sight()}})
	for name, c := range map[string]struct {
		h    *history
		step purchase.Step
		want purchase.Cause
	}{
		"nothing is paid":               {newHistory().heard(purchase.Captured, "p", "c"), purchase.StepPrice, purchase.CauseNone},
		"paid, no seat, no price":       {paid(), purchase.StepPrice, purchase.CausePaidLate},
		"paid, no seat, no read-back":   {paid().attempt(purchase.StepFinalize, "", purchase.Unknown), purchase.StepReadBack, purchase.CausePaidLate},
		"a seat, no price":              {seated(), purchase.StepPrice, purchase.CausePriceUnreadable},
		"a seat, a provider is away":    {seated(), purchase.StepAsk, purchase.CauseNone},
		"a seat, a refund fails":        {twice(), purchase.StepRefund, purchase.CauseNone},
		"a seat paid twice, no price":   {twice(), purchase.StepPrice, purchase.CauseSecondPayment},
		"a person closed it":            {closed, purchase.StepPrice, purchase.CauseNone},
		"it is shown for another cause": {shown, purchase.StepPrice, purchase.CauseNone},
	} {
		if got := c.h.fold().Stranded(c.step); got != c.want {
			t.Errorf("%s: %q, not %q", name, got, c.want)
		}
	}
}
