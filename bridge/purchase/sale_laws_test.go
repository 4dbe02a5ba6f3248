package purchase_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// keeps plays sales and fails at the first that breaks the law.
func keeps(t *testing.T, l law, fair bool) {
	t.Helper()
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSale(drawn{t}, fair).run()
		if text := s.oracle.broke(l); text != "" {
			t.Fatalf("%s: %s\n%s", l, text, s.story())
		}
	})
}

func TestInNoSaleASeatWithoutItsMoney(t *testing.T)                       { keeps(t, lawPaid, false) }
func TestInNoSaleTwoFinalizesThatMayBothHaveWorked(t *testing.T)          { keeps(t, lawOnce, false) }
func TestInNoSaleMoneyOrSeatsInLimbo(t *testing.T)                        { keeps(t, lawLimbo, false) }
func TestInEverySaleEveryStepLeadsOn(t *testing.T)                        { keeps(t, lawProgress, false) }
func TestInNoSaleAStepTheMachineMustNotTake(t *testing.T)                 { keeps(t, lawNeverBoth, false) }
func TestInNoSaleAWaitPastTheDeadlineOrALateCapture(t *testing.T)         { keeps(t, lawBackwards, false) }
func TestInNoSaleTwoCapturesOrReservationsOfOurs(t *testing.T)            { keeps(t, lawCapture, false) }
func TestInNoSaleASessionOutlivesItsUse(t *testing.T)                     { keeps(t, lawSession, false) }
func TestInNoSaleIsAnybodyChargedBeforeTheSeat(t *testing.T)              { keeps(t, lawCharged, false) }
func TestInNoSaleASeatIsGivenFreeThatSomebodyMayPayOrGet(t *testing.T)    { keeps(t, lawRelease, false) }
func TestInEveryFairSaleASeatThatNobodyCanPayForIsGivenFree(t *testing.T) { keeps(t, lawFreed, true) }
func TestInEverySaleAnInvoiceIsWorthItsSeatAndComesToAnEnd(t *testing.T)  { keeps(t, lawInvoice, false) }
func TestInEverySaleTheDeskHoldsWhatHasAReason(t *testing.T)              { keeps(t, lawDesk, false) }
func TestInEveryFairSaleEveryAttendeeGetsExactlyOneSeat(t *testing.T)     { keeps(t, lawSeat, true) }
func TestInNoSaleIsAnythingToldThatIsNotSo(t *testing.T)                  { keeps(t, lawNotice, false) }

func TestInEverySaleOrderAndRepeatsOfFactsCannotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSale(drawn{t}, false).run()
		for _, l := range s.ledgers {
			sameInAnyOrder(t, l.key, l.facts, s)
		}
	})
}

func TestOrderAndRepeatsOfAnyFactsCannotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSale(seed(0), false)
		sameInAnyOrder(t, s.key, anyFacts(t, s, true), s)
	})
}

// sameInAnyOrder shuffles the facts, with repeats that were seen later and by another way, and compares all that the fold knows.
func sameInAnyOrder(t *rapid.T, key purchase.Key, facts []purchase.Fact, s *sale) {
	if len(facts) == 0 {
		return
	}
	var many []purchase.Fact
	for _, f := range facts {
		many = append(many, f)
		if rapid.Bool().Draw(t, "repeated") {
			again := f
			again.Seen, again.Source = f.Seen.Add(time.Second+s.lately(s.policy.Window, "seen later")), purchase.ByImport
			many = append(many, again, f)
		}
	}
	want := s.fold(key, facts, s.policy)
	got := s.fold(key, rapid.Permutation(many).Draw(t, "order"), s.policy)
	everything := cmp.Exporter(func(reflect.Type) bool { return true })
	if diff := cmp.Diff(want, got, everything); diff != "" {
		t.Fatalf("the order changes the purchase (-in order +shuffled)\n%s", diff)
	}
	if diff := cmp.Diff(purchase.Notices(want), purchase.Notices(got)); diff != "" {
		t.Fatalf("the order changes what is told\n%s", diff)
	}
	now := facts[len(facts)-1].Seen.Add(s.lately(s.policy.Window, "later"))
	if diff := cmp.Diff(s.plan(want, now), s.plan(got, now)); diff != "" {
		t.Fatalf("the order changes the plan\n%s", diff)
	}
}

func TestNoFactsEverMakeTheFoldOrThePlanPanic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := newSale(seed(0), false)
		facts := anyFacts(t, s, false)
		p := purchase.Fold(s.key, facts, s.policy)
		if next := purchase.Plan(p, s.now, "bank"); next.Step == "" {
			t.Fatal("no step")
		}
		p.Summary()
		purchase.Notices(p)
	})
}

var (
	allKinds = []purchase.Kind{purchase.Restored, purchase.Opened, purchase.Approved, purchase.Pending, purchase.Authorised, purchase.Captured, purchase.Failed,
		purchase.Lapsed, purchase.Refunded, purchase.Reversed, purchase.Arrived, purchase.Returned, purchase.Asked, purchase.Offered,
		purchase.Intended, purchase.Concluded, purchase.ReadBack, purchase.Handed,
		purchase.InvoiceRequested, purchase.InvoiceApproved, purchase.InvoiceCancelled, purchase.Reminded, purchase.Abandoned, purchase.Tied, purchase.Accepted,
		purchase.Retried, purchase.AskOrdered, purchase.RefundOrdered, purchase.ReleaseOrdered, purchase.Closed, purchase.Noted}
	allStandings = []purchase.Standing{purchase.Heard, purchase.Proved, purchase.Own, purchase.Decided}
	allMoney     = []purchase.Money{{}, euros45, {Minor: 4400, Currency: "EUR"}, {Minor: 4500, Currency: "USD"}, {Minor: 0, Currency: "EUR"}, {Minor: -1 << 63, Currency: "EUR"}}
	allResults   = []purchase.Result{purchase.Confirmed, purchase.Acknowledged, purchase.Refused, purchase.Unknown, purchase.Unsent}
	allSeats     = []purchase.Seats{purchase.SeatsAll, purchase.SeatsSome, purchase.SeatsNone, purchase.SeatsUnsaid, ""}
)

// anyFacts are facts at random, with small alphabets so that they meet. Numbered ones go by the store's rule, or by none.
func anyFacts(t *rapid.T, s *sale, numbered bool) []purchase.Fact {
	var facts []purchase.Fact
	names := []string{"", "bank", "cards", "x", "y"}
	for i := range rapid.IntRange(1, 25).Draw(t, "facts") {
		f := purchase.Fact{Purchase: s.key, Kind: rapid.SampledFrom(allKinds).Draw(t, "kind"), Standing: rapid.SampledFrom(allStandings).Draw(t, "standing"),
			Account: rapid.SampledFrom([]string{"bank", "cards", "hold", bills}).Draw(t, "account"), Payment: rapid.SampledFrom(names).Draw(t, "payment"),
			Object: rapid.SampledFrom(names).Draw(t, "object"), Money: rapid.SampledFrom(allMoney).Draw(t, "money"),
			At: s.opening.Add(rapidTime(t)), Seen: s.opening.Add(rapidTime(t)), Source: purchase.ByPoll, Version: int64(rapid.IntRange(0, 2).Draw(t, "version")),
			Attempt: int64(rapid.IntRange(0, 8).Draw(t, "attempt"))}
		f.Detail = purchase.Detail{Step: rapid.SampledFrom([]purchase.Step{purchase.StepFinalize, purchase.StepReserve, purchase.StepCapture, purchase.StepVoid, purchase.StepRefund, purchase.StepRelease}).Draw(t, "step"),
			Result: rapid.SampledFrom(allResults).Draw(t, "result"), Seats: rapid.SampledFrom(allSeats).Draw(t, "seats"),
			SendBefore: s.opening.Add(rapidTime(t)), Capturable: rapid.Bool().Draw(t, "capturable"), Voidable: rapid.Bool().Draw(t, "voidable"), Event: rapid.SampledFrom(names).Draw(t, "event")}
		if f.Number = int64(rapid.IntRange(0, 8).Draw(t, "number")); numbered {
			if f.Number = 0; f.Numbered() {
				f.Number = int64(i + 1)
			}
		}
		facts = append(facts, purchase.Identify(f))
	}
	return facts
}

func rapidTime(t *rapid.T) time.Duration {
	return time.Duration(rapid.IntRange(0, 60).Draw(t, "minutes")) * time.Minute
}
