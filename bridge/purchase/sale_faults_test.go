package purchase_test

import (
	"slices"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// A fault is planted in a rule, in the fold, in the plan or in the nodes; the law must notice.
type fault struct {
	law   law
	plant func(s *sale)
}

// without leaves a rule out.
func without(name string) func(*sale) {
	return in(name, func(purchase.Rule) purchase.Rule { return nil })
}

// in changes a rule.
func in(name string, change func(purchase.Rule) purchase.Rule) func(*sale) {
	return func(s *sale) {
		s.plan = purchase.PlanBy(func(n string, r purchase.Rule) purchase.Rule {
			if n == name {
				return change(r)
			}
			return r
		})
	}
}

// planned changes what the plan says.
func planned(change func(p purchase.Purchase, now time.Time, next purchase.Next) purchase.Next) func(*sale) {
	return func(s *sale) {
		s.plan = func(p purchase.Purchase, now time.Time, shut ...string) purchase.Next {
			return change(p, now, purchase.Plan(p, now, shut...))
		}
	}
}

// believed changes the facts before they are folded; nil leaves one out.
func believed(change func(f purchase.Fact) *purchase.Fact) func(*sale) {
	return func(s *sale) {
		s.fold = func(key purchase.Key, facts []purchase.Fact, policy purchase.Policy) purchase.Purchase {
			var others []purchase.Fact
			for _, f := range facts {
				if g := change(f); g != nil {
					others = append(others, *g)
				}
			}
			return purchase.Fold(key, others, policy)
		}
	}
}

var faults = map[string]fault{
	"open intents are overlooked":         {lawProgress, without("planOpenIntent")},
	"doubt is overlooked":                 {lawOnce, without("planDoubt")},
	"contradictions are overlooked":       {lawPaid, without("planContradiction")},
	"seats are overlooked":                {lawOnce, without("planSeated")},
	"orphans are taken for purchases":     {lawPaid, without("planOrphan")},
	"money is overlooked":                 {lawLimbo, without("planMoney")},
	"sessions are never captured":         {lawSeat, without("planCapture")},
	"an old price will do":                {lawPaid, in("planMoney", oldPrice)},
	"the quiet time is not waited for":    {lawOnce, in("planDoubt", impatient)},
	"the reserve is forgotten":            {lawBackwards, met(in("planCapture", behindTime), lastMinutes)},
	"other payments are not looked at":    {lawCapture, in("planCapture", oneEyed)},
	"the plan waits too long":             {lawBackwards, planned(sleepy)},
	"the desk is never told":              {lawLimbo, planned(silent)},
	"a place on the desk is for ever":     {lawDesk, planned(stubborn)},
	"hearsay is taken for proof":          {lawPaid, believed(credulous)},
	"refunds are lost":                    {lawPaid, believed(lossy)},
	"an unknown outcome counts as unsent": {lawOnce, believed(hopeful)},
	"intents are kept on a stale plan":    {lawPaid, func(s *sale) { s.careless = true }},
	"calls leave after their time":        {lawOnce, met(func(s *sale) { s.slow = true }, troubled)},
	"sessions are never ended":            {lawSession, planned(careless)},
	"sessions are ended at once":          {lawSession, planned(hasty)},
	"money is taken before its seat":      {lawCharged, planned(holding(purchase.StepFinalize, purchase.StepCapture))},
	"a seat that could be had is let go":  {lawCharged, planned(holding(purchase.StepFinalize, purchase.StepVoid))},
	"money is given back in doubt":        {lawOnce, planned(holding(purchase.StepReadBack, purchase.StepVoid))},
	"reserved money is never given back":  {lawLimbo, planned(holding(purchase.StepVoid, purchase.StepDone))},
	"reserved money is never taken":       {lawLimbo, planned(holding(purchase.StepCapture, purchase.StepDone))},
	"agreed sessions are never reserved":  {lawSeat, planned(reserving(purchase.StepDone))},
	"money is taken, not reserved":        {lawCharged, planned(reserving(purchase.StepCapture))},
	"a refund in doubt is made anew":      {lawNeverBoth, func(s *sale) { s.keyless = purchase.StepRefund }},
	"refunds under way are overlooked":    {lawProgress, without("planRefund")},
	"money goes back without a last try":  {lawNeverBoth, planned(despairing)},
	"money goes back before the deadline": {lawNeverBoth, planned(early)},
	"the money of a seat goes back":       {lawNeverBoth, planned(generous)},
	"money is reserved without time":      {lawBackwards, met(planned(lingering), lastMinutes)},
	"seats are never given free":          {lawFreed, without("planRelease")},
	"seats given free are finalized":      {lawRelease, met(in("planMoney", forgetful), elsewhere)},
	"an unanswered release is forgotten":  {lawRelease, met(believed(unreleased), elsewhere)},
	"a seat is given free too early":      {lawRelease, planned(ahead)},
	"a seat is given free while one pays": {lawRelease, planned(freeing(purchase.StepWait))},
	"a seat is given free with its money": {lawRelease, planned(freeing(purchase.StepFinalize))},
	"a seat is given free in doubt":       {lawRelease, planned(freeing(purchase.StepReadBack))},
	"a seat is given free on an old look": {lawRelease, planned(freeing(purchase.StepPrice))},
	"payments are not looked at again":    {lawRelease, planned(freeing(purchase.StepAsk))},
	"approval is not waited for":          {lawInvoice, unapproved},
	"cancelled invoices are forgotten":    {lawInvoice, met(believed(uncancelled), billed)},
	"overdue invoices are forgotten":      {lawInvoice, met(planned(patientFor(purchase.CauseInvoiceOverdue)), billed)},
	"late invoices are forgotten":         {lawInvoice, met(planned(patientFor(purchase.CauseInvoiceLate)), billed)},
	"nobody is reminded":                  {lawInvoice, met(planned(unreminding), billed)},
	"reminders never end":                 {lawInvoice, met(planned(nagging), billed)},
	"a reservation in doubt is made anew": {lawCapture, met(func(s *sale) { s.keyless = purchase.StepReserve }, troubled)},
}

func oldPrice(r purchase.Rule) purchase.Rule {
	return func(p purchase.Purchase, now time.Time) (purchase.Next, bool) {
		next, ok := r(p, now)
		if next.Step == purchase.StepPrice && p.Offer != nil && p.Offer.Money.Known() {
			next.Step = purchase.StepFinalize
		}
		return next, ok
	}
}

func impatient(r purchase.Rule) purchase.Rule {
	return func(p purchase.Purchase, now time.Time) (purchase.Next, bool) {
		next, ok := r(p, now)
		return next, ok && next.Cause != purchase.CauseReadBackTooEarly
	}
}

func behindTime(r purchase.Rule) purchase.Rule {
	return func(p purchase.Purchase, now time.Time) (purchase.Next, bool) { return r(p, now.Add(-10*time.Minute)) }
}

func oneEyed(r purchase.Rule) purchase.Rule {
	return func(p purchase.Purchase, now time.Time) (purchase.Next, bool) {
		p.Payments = slices.DeleteFunc(slices.Clone(p.Payments), func(pay purchase.Payment) bool { return !pay.Open() || pay.Moving() })
		return r(p, now)
	}
}

func sleepy(_ purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
	if next.Step == purchase.StepWait {
		next.Due = next.Due.Add(time.Hour)
	}
	return next
}

func silent(_ purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
	if next.Step == purchase.StepHandOver {
		next.Step = purchase.StepDone
	}
	return next
}

func stubborn(p purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
	if p.Desk != purchase.CauseNone && next.Step != purchase.StepAsk {
		return purchase.Next{Step: purchase.StepDone, Due: next.Due}
	}
	return next
}

func careless(_ purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
	if next.Step == purchase.StepVoid {
		return purchase.Next{Step: purchase.StepDone}
	}
	return next
}

func hasty(p purchase.Purchase, now time.Time, next purchase.Next) purchase.Next {
	for _, pay := range p.Payments {
		if next.Step == purchase.StepWait && pay.Open() && pay.Opened != nil && pay.Opened.Detail.Voidable && len(pay.Voids) == 0 {
			return purchase.Next{Step: purchase.StepVoid, Account: pay.Account, Payment: purchase.Ref{Payment: pay.Ref}}
		}
	}
	return next
}

// holding does something else where a payment is reserved.
func holding(planned, instead purchase.Step) func(purchase.Purchase, time.Time, purchase.Next) purchase.Next {
	return func(p purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
		for _, pay := range p.Payments {
			if next.Step == planned && pay.Account == "hold" && pay.Authorised && pay.Open() && (next.Payment.Payment == "" || next.Payment.Payment == pay.Ref) {
				return purchase.Next{Step: instead, Account: pay.Account, Payment: purchase.Ref{Payment: pay.Ref}}
			}
		}
		return next
	}
}

// reserving does something else where an agreed session is to be reserved.
func reserving(instead purchase.Step) func(purchase.Purchase, time.Time, purchase.Next) purchase.Next {
	return func(_ purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
		if next.Step == purchase.StepReserve {
			next.Step = instead
		}
		return next
	}
}

// met plants a fault in sales in which it is met more often than by chance.
func met(plant, where func(*sale)) func(*sale) {
	return func(s *sale) {
		plant(s)
		where(s)
	}
}

// lastMinutes is buyers who come, and come back, in the last minutes.
func lastMinutes(s *sale) {
	s.after(39*time.Minute, s.checkout)
	s.after(39*time.Minute, s.checkoutHold)
	s.after(49*time.Minute+40*time.Second, s.comeBack)
}

func elsewhere(s *sale) { s.after(time.Minute, s.payElsewhere) }

// troubled is a payment of each kind at once, and many calls and nodes that fail.
func troubled(s *sale) {
	s.trouble = 20
	s.after(time.Minute, []func(){s.payBank, s.checkoutHold}[s.pick(2, "paid how")])
}

// lingering still reserves ten minutes after it should not.
func lingering(p purchase.Purchase, now time.Time, next purchase.Next) purchase.Next {
	if before := purchase.Plan(p, now.Add(-10*time.Minute)); before.Step == purchase.StepReserve {
		return before
	}
	return next
}

// refund sends back all that a payment holds.
func refund(pay purchase.Payment) purchase.Next {
	net := pay.Net()
	return purchase.Next{Step: purchase.StepRefund, Account: pay.Account, Payment: purchase.Ref{Payment: pay.Ref}, Money: net, Left: purchase.Money{Currency: net.Currency}}
}

// despairing refunds instead of the last try.
func despairing(p purchase.Purchase, now time.Time, next purchase.Next) purchase.Next {
	for _, pay := range p.Payments {
		if next.Step == purchase.StepFinalize && !now.Before(p.Deadline.At) && len(p.Finalizes) == 0 && pay.Net().Positive() {
			return refund(pay)
		}
	}
	return next
}

// early refunds what Dynamics refused, although there is time.
func early(p purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
	for _, pay := range p.Payments {
		if next.Step == purchase.StepHandOver && next.Cause == purchase.CauseRefused && pay.Net().Positive() {
			return refund(pay)
		}
	}
	return next
}

// generous refunds the first of two payments, or the only one.
func generous(p purchase.Purchase, _ time.Time, next purchase.Next) purchase.Next {
	for _, pay := range p.Payments {
		if next.Step == purchase.StepDone && p.Registered() && pay.Net().Positive() {
			return refund(pay)
		}
	}
	return next
}

func credulous(f purchase.Fact) *purchase.Fact {
	if f.Standing == purchase.Heard {
		f.Standing = purchase.Proved
	}
	return &f
}

func lossy(f purchase.Fact) *purchase.Fact {
	if f.Kind == purchase.Refunded || f.Kind == purchase.Reversed {
		return nil
	}
	return &f
}

func hopeful(f purchase.Fact) *purchase.Fact {
	if f.Detail.Result == purchase.Unknown {
		f.Detail.Result = purchase.Unsent
	}
	return &f
}

func TestThePlantedFaultsAreNoticed(t *testing.T) {
	t.Parallel()
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for n := range uint64(4000) {
				s := newSale(seed(n), f.law == lawSeat || f.law == lawFreed)
				s.until = f.law
				f.plant(s)
				if s.run().oracle.broke(f.law) != "" {
					t.Logf("noticed in sale %d", n)
					return
				}
			}
			t.Errorf("no sale broke %q", f.law)
		})
	}
}

func TestAFoldThatGoesByArrivalIsNoticed(t *testing.T) {
	t.Parallel()
	byArrival := func(s *sale, facts []purchase.Fact) purchase.Purchase {
		facts = slices.Clone(facts)
		for i := range facts {
			if facts[i].Numbered() {
				facts[i].Number = int64(i + 1)
			}
		}
		return purchase.Fold(s.key, facts, s.policy)
	}
	for n := range uint64(50) {
		s := newSale(seed(n), false).run()
		facts := s.ledger(s.key).facts
		want := byArrival(s, facts)
		facts = slices.Clone(facts)
		slices.Reverse(facts)
		if byArrival(s, facts).Basis() != want.Basis() {
			return
		}
	}
	t.Error("no sale tells the difference")
}
