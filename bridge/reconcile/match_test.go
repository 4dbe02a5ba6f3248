package reconcile_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/bridge/reconcile"
)

var (
	from = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	to   = from.AddDate(0, 1, 0)
	noon = from.Add(12 * time.Hour)
)

func euros(minor int64) purchase.Money { return purchase.Money{Minor: minor, Currency: "EUR"} }

func key(n int) purchase.Key {
	return purchase.Key{Environment: "main", ID: fmt.Sprintf("%08d-0000-4000-8000-000000000001", n)}
}

func entry(n int, kind purchase.Kind, minor int64) reconcile.Entry {
	e := reconcile.Entry{Account: "shop", Payment: fmt.Sprint("pay-", n), Object: fmt.Sprint(kind, "-", n), Kind: kind, Money: euros(minor), At: noon}
	if kind == purchase.Captured {
		e.Purchase = key(n).ID
	}
	return e
}

// sale is a purchase of ours with one payment.
func sale(n int, sums reconcile.Sums, registered bool) reconcile.Sale {
	s := reconcile.Sale{Key: key(n), Registered: registered, Price: euros(4500), Deadline: noon.Add(time.Hour),
		Payments: []reconcile.Payment{{Account: "shop", Ref: fmt.Sprint("pay-", n), Names: []string{fmt.Sprint("captured-", n)}, Sums: sums, PaidAt: noon}}}
	if registered {
		s.SeatedAt = noon.Add(time.Minute)
	}
	return s
}

func seat(n int, registered bool) reconcile.Seat {
	return reconcile.Seat{Key: key(n), Price: euros(4500), Registered: registered, Created: noon}
}

func evidence() reconcile.Evidence {
	return reconcile.Evidence{From: from, To: to, Now: to, Environments: map[string]string{"shop": "main"}, Listed: map[string]bool{"shop": true},
		Rolled: map[string]bool{"main": true}}
}

func captured(minor int64) reconcile.Sums { return reconcile.Sums{Captured: euros(minor)} }

func TestEachDifferenceHasItsKindAndItsAction(t *testing.T) {
	t.Parallel()
	refunded := reconcile.Sums{Captured: euros(4500), Refunded: euros(4500)}
	for name, c := range map[string]struct {
		entries []reconcile.Entry
		sales   []reconcile.Sale
		seats   []reconcile.Seat
		change  func(*reconcile.Evidence)
		want    reconcile.Kind
		action  string
	}{
		"all agree": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500)}, sales: []reconcile.Sale{sale(1, captured(4500), true)},
			seats: []reconcile.Seat{seat(1, true)}, want: reconcile.Matched},
		"nobody heard of it": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500)}, want: reconcile.PaidNotKnown,
			action: "paybridge reconcile import --account shop FILE (an account that can be listed catches up by itself while the daemon runs)"},
		"it was opened and never proved": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500)}, sales: []reconcile.Sale{sale(1, reconcile.Sums{}, false)},
			want: reconcile.PaidNotKnown, action: "paybridge desk ask " + key(1).ID + " --reason WHY"},
		"a book": {entries: []reconcile.Entry{{Account: "shop", Payment: "book", Object: "c", Kind: purchase.Captured, Money: euros(900), At: noon}},
			want: reconcile.OtherSale},
		"no seat": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500)}, sales: []reconcile.Sale{sale(1, captured(4500), false)},
			seats: []reconcile.Seat{seat(1, false)}, want: reconcile.PaidNotRegistered, action: "paybridge desk retry " + key(1).ID + " --reason WHY"},
		"we think that it has its seat": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500)}, sales: []reconcile.Sale{sale(1, captured(4500), true)},
			want: reconcile.PaidNotRegistered, action: "paybridge desk retry " + key(1).ID + " --reason WHY"},
		"nobody can list the seats": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500)}, sales: []reconcile.Sale{sale(1, captured(4500), true)},
			change: func(e *reconcile.Evidence) { e.Rolled = nil }, want: reconcile.Matched},
		"read back, it is there": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500)}, sales: []reconcile.Sale{sale(1, captured(4500), true)},
			change: func(e *reconcile.Evidence) { e.Confirmed = map[purchase.Key]bool{key(1): true} }, want: reconcile.Matched},
		"it is being registered": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500)}, sales: []reconcile.Sale{sale(1, captured(4500), false)},
			change: func(e *reconcile.Evidence) { e.Now = noon.Add(time.Minute) }, want: reconcile.InProgress},
		"another amount at the provider": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4400)}, sales: []reconcile.Sale{sale(1, captured(4500), true)},
			seats: []reconcile.Seat{seat(1, true)}, want: reconcile.AmountDiffers, action: "paybridge desk ask " + key(1).ID + " --reason WHY"},
		"not the price": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4400)}, sales: []reconcile.Sale{sale(1, captured(4400), true)},
			seats: []reconcile.Seat{seat(1, true)}, want: reconcile.PriceDiffers, action: "paybridge desk accept " + key(1).ID + " --reason WHY"},
		"a refund in the back office": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500), entry(1, purchase.Refunded, 1000)},
			sales: []reconcile.Sale{sale(1, captured(4500), true)}, seats: []reconcile.Seat{seat(1, true)}, want: reconcile.RefundNotKnown, action: "paybridge desk ask " + key(1).ID + " --reason WHY"},
		"a refund that never was": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500)}, sales: []reconcile.Sale{sale(1, refunded, false)},
			seats: []reconcile.Seat{seat(1, false)}, want: reconcile.RefundNotAtProvider, action: "paybridge desk ask " + key(1).ID + " --reason WHY"},
		"the money went back, the seat stayed": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500), entry(1, purchase.Refunded, 4500)},
			sales: []reconcile.Sale{sale(1, refunded, true)}, seats: []reconcile.Seat{seat(1, true)}, want: reconcile.RefundedRegistered,
			action: "cancel the registration in Dynamics, then: paybridge desk close " + key(1).ID + " --reason WHY"},
		"the money went back, and the seat": {entries: []reconcile.Entry{entry(1, purchase.Captured, 4500), entry(1, purchase.Refunded, 4500)},
			sales: []reconcile.Sale{sale(1, refunded, false)}, seats: []reconcile.Seat{seat(1, false)}, want: reconcile.Matched},
		"the provider does not know it": {sales: []reconcile.Sale{sale(1, captured(4500), true)}, seats: []reconcile.Seat{seat(1, true)},
			want: reconcile.KnownNotAtProvider, action: "paybridge desk ask " + key(1).ID + " --reason WHY"},
		"nobody can list the payments": {sales: []reconcile.Sale{sale(1, captured(4500), true)}, seats: []reconcile.Seat{seat(1, true)},
			change: func(e *reconcile.Evidence) { e.Listed = nil }, want: reconcile.Matched},
		"a seat without money": {sales: []reconcile.Sale{{Key: key(1), State: purchase.StateAwaitingPayment}}, seats: []reconcile.Seat{seat(1, true)},
			want: reconcile.RegisteredNotPaid, action: "paybridge desk note " + key(1).ID + " --reason WHY"},
		"a seat on invoice": {sales: []reconcile.Sale{{Key: key(1), State: "awaiting_invoice"}}, seats: []reconcile.Seat{seat(1, true)}, want: reconcile.AwaitingInvoice},
		"a free seat":       {seats: []reconcile.Seat{{Key: key(1), Price: euros(0), Registered: true, Created: noon}}, want: reconcile.Matched},
		"a seat that somebody made": {seats: []reconcile.Seat{seat(1, true)}, want: reconcile.RegisteredNotKnown,
			action: "look in Dynamics who registered " + key(1).ID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := evidence()
			e.Entries, e.Sales, e.Seats = c.entries, c.sales, c.seats
			if c.change != nil {
				c.change(&e)
			}
			report := reconcile.Match(e)
			if len(report.Lines) != 1 || report.Lines[0].Kind != c.want || report.Lines[0].Action() != c.action {
				t.Fatalf("%+v\naction %q; want %s, %q", report.Lines, report.Lines[0].Action(), c.want, c.action)
			}
			if (report.Totals.Differences() > 0) != c.want.Row().Difference {
				t.Errorf("%d differences", report.Totals.Differences())
			}
		})
	}
}

func TestASecondPaymentIsTheDuplicateAndTheOneThatMakesThePriceIsNot(t *testing.T) {
	t.Parallel()
	e := evidence()
	first, second := entry(1, purchase.Captured, 9900), entry(2, purchase.Captured, 4500)
	second.Purchase, second.At = key(1).ID, noon.Add(time.Minute)
	s := sale(1, captured(9900), true)
	s.Payments = append(s.Payments, reconcile.Payment{Account: "shop", Ref: "pay-2", Sums: captured(4500), PaidAt: second.At})
	e.Entries, e.Sales, e.Seats = []reconcile.Entry{first, second}, []reconcile.Sale{s}, []reconcile.Seat{seat(1, true)}
	kinds := map[string]reconcile.Kind{}
	for _, l := range reconcile.Match(e).Lines {
		kinds[l.Payment] = l.Kind
		if want := "paybridge desk refund " + key(1).ID + ` --account shop --payment pay-1 --amount "99.00 EUR" --reason WHY`; l.Payment == "pay-1" && l.Action() != want {
			t.Errorf("action %q, want %q", l.Action(), want)
		}
	}
	if diff := cmp.Diff(map[string]reconcile.Kind{"pay-1": reconcile.DuplicatePayment, "pay-2": reconcile.Matched}, kinds); diff != "" {
		t.Error(diff)
	}
}

func TestNamesOfOnePaymentAreOneLine(t *testing.T) {
	t.Parallel()
	e := evidence()
	capture := entry(1, purchase.Captured, 4500)
	capture.Object = "cap-1"
	refund := reconcile.Entry{Account: "shop", Payment: "cap-1", Object: "ref-1", Kind: purchase.Refunded, Money: euros(500), At: noon}
	e.Entries = []reconcile.Entry{refund, capture, capture}
	s := sale(1, reconcile.Sums{Captured: euros(4500), Refunded: euros(500)}, true)
	s.Payments[0].Ref, s.Payments[0].Names = "session-1", []string{"cap-1"}
	s.Accepted = true
	e.Sales, e.Seats = []reconcile.Sale{s}, []reconcile.Seat{seat(1, true)}
	r := reconcile.Match(e)
	if len(r.Lines) != 1 || r.Lines[0].Kind != reconcile.Matched || r.Lines[0].Payment != "session-1" {
		t.Errorf("%+v", r.Lines)
	}
}

func TestWhatLiesOutsideThePeriodIsNoLine(t *testing.T) {
	t.Parallel()
	e := evidence()
	before := entry(1, purchase.Captured, 4500)
	before.At = from.Add(-time.Second)
	after := entry(2, purchase.Captured, 4500)
	after.At = to
	last := entry(3, purchase.Captured, 4500)
	last.At = to.Add(-time.Second)
	e.Entries = []reconcile.Entry{before, after, last}
	if r := reconcile.Match(e); len(r.Lines) != 1 || r.Lines[0].Payment != "pay-3" {
		t.Errorf("%+v", r.Lines)
	}
}

// drawn is any evidence: payments that both sides, one or none know, of the same or other amounts, in or out of the period.
func drawn(t *rapid.T) reconcile.Evidence {
	e := evidence()
	if rapid.Bool().Draw(t, "unlisted") {
		e.Listed = nil
	}
	if rapid.Bool().Draw(t, "unrolled") {
		e.Rolled = nil
	}
	e.Environments["other"] = "main"
	at := rapid.SampledFrom([]time.Time{from.Add(-time.Hour), from, noon, to.Add(-time.Second), to, {}})
	amount := rapid.SampledFrom([]purchase.Money{euros(4500), euros(4400), {Minor: 4500, Currency: "USD"}})
	kind := rapid.SampledFrom([]purchase.Kind{purchase.Captured, purchase.Captured, purchase.Refunded, purchase.Reversed, purchase.Approved})
	account := rapid.SampledFrom([]string{"shop", "shop", "other"})
	n := rapid.IntRange(1, 6)
	for range rapid.IntRange(0, 12).Draw(t, "entries") {
		i := n.Draw(t, "payment")
		en := entry(i, kind.Draw(t, "kind"), 0)
		en.Account, en.Money, en.At = account.Draw(t, "account"), amount.Draw(t, "amount"), at.Draw(t, "at")
		en.Purchase = rapid.SampledFrom([]string{"", key(i).ID, key(i + 1).ID}).Draw(t, "names")
		e.Entries = append(e.Entries, en)
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "sales") {
		s := sale(i+1, reconcile.Sums{}, rapid.Bool().Draw(t, "registered"))
		s.Payments[0].Account, s.Payments[0].PaidAt = account.Draw(t, "account"), at.Draw(t, "paid")
		if rapid.Bool().Draw(t, "paid") {
			s.Payments[0].Sums = reconcile.Sums{Captured: amount.Draw(t, "captured")}
		}
		e.Sales = append(e.Sales, s)
	}
	for range rapid.IntRange(0, 6).Draw(t, "seats") {
		s := seat(n.Draw(t, "seat"), rapid.Bool().Draw(t, "seated"))
		s.Created = at.Draw(t, "created")
		e.Seats = append(e.Seats, s)
	}
	return e
}

func TestTheOrderOfTheEvidenceCannotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawn(t)
		want := reconcile.Match(e)
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 1))
		e.Entries, e.Sales, e.Seats = slices.Clone(e.Entries), slices.Clone(e.Sales), slices.Clone(e.Seats)
		e.Entries = append(e.Entries, e.Entries...) // repeats add nothing
		chance.Shuffle(len(e.Entries), func(i, j int) { e.Entries[i], e.Entries[j] = e.Entries[j], e.Entries[i] })
		chance.Shuffle(len(e.Sales), func(i, j int) { e.Sales[i], e.Sales[j] = e.Sales[j], e.Sales[i] })
		chance.Shuffle(len(e.Seats), func(i, j int) { e.Seats[i], e.Seats[j] = e.Seats[j], e.Seats[i] })
		if diff := cmp.Diff(want, reconcile.Match(e), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("another order gives another report:\n%s", diff)
		}
	})
}

func TestEveryPaymentEndsInExactlyOneLineAndTheSumsAddUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := drawn(t)
		r := reconcile.Match(e)
		lines := map[string]int{}
		for _, l := range r.Lines {
			if l.Kind.Row().Kind == "" {
				t.Fatalf("no such kind: %q", l.Kind)
			}
			lines[l.Account+"/"+l.Payment+"/"+l.Purchase.ID]++
		}
		for line, n := range lines {
			if n > 1 {
				t.Errorf("%s is on %d lines", line, n)
			}
		}
		checkPayments(t, e, r)
		checkSums(t, e, r)
	})
}

// checkPayments: the drawn payments go by pay-N at their account on both sides; each that moved in the period is on one line, and no other.
func checkPayments(t *rapid.T, e reconcile.Evidence, r reconcile.Report) {
	moved := map[string]bool{}
	in := func(at time.Time) bool { return at.IsZero() || !at.Before(from) && at.Before(to) }
	for _, en := range e.Entries {
		if en.Kind != purchase.Approved && in(last(e, en).At) {
			moved[en.Account+"/"+en.Payment] = true
		}
	}
	for _, s := range e.Sales {
		if p := s.Payments[0]; p.Sums.Captured.Known() && !p.PaidAt.IsZero() && in(p.PaidAt) {
			moved[p.Account+"/"+p.Ref] = true
		}
	}
	on := map[string]int{}
	for _, l := range r.Lines {
		if l.Payment != "" {
			on[l.Account+"/"+l.Payment]++
		}
	}
	for payment := range moved {
		if on[payment] != 1 {
			t.Errorf("payment %s is on %d lines", payment, on[payment])
		}
		delete(on, payment)
	}
	if len(on) > 0 {
		t.Errorf("on lines without having moved: %v", on)
	}
}

// last is the provider's last word on the entry's object.
func last(e reconcile.Evidence, of reconcile.Entry) reconcile.Entry {
	for _, en := range e.Entries {
		if en.Account == of.Account && en.Object == of.Object && en.Kind == of.Kind && (en.At.After(of.At) ||
			en.At.Equal(of.At) && (en.Money.Minor > of.Money.Minor || en.Money.Minor == of.Money.Minor && en.Money.Currency > of.Money.Currency)) {
			of = en
		}
	}
	return of
}

// checkSums adds up what moved at the accounts that were listed, object by object.
func checkSums(t *rapid.T, e reconcile.Evidence, r reconcile.Report) {
	type object struct{ account, id string }
	want, got := map[string]int64{}, map[string]int64{}
	seen := map[object]bool{}
	for _, en := range e.Entries {
		o := object{en.Account, en.Object}
		if en.Kind == purchase.Approved || seen[o] || !e.Listed[en.Account] {
			continue
		}
		seen[o] = true
		if l := last(e, en); l.At.IsZero() || !l.At.Before(from) && l.At.Before(to) {
			want[string(l.Kind)+" "+l.Money.Currency] += l.Money.Minor
		}
	}
	for _, l := range r.Lines {
		if !e.Listed[l.Account] {
			continue
		}
		for kind, m := range map[string]purchase.Money{"captured ": l.Moved.Captured, "refunded ": l.Moved.Refunded, "reversed ": l.Moved.Reversed} {
			if m.Known() {
				got[kind+m.Currency] += m.Minor
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what moved (-want +got):\n%s", diff)
	}
}

func TestTenThousandPaymentsAreCompared(t *testing.T) {
	t.Parallel()
	e := evidence()
	for n := range 10_000 {
		e.Entries = append(e.Entries, entry(n, purchase.Captured, 4500))
		e.Sales = append(e.Sales, sale(n, captured(4500), true))
		e.Seats = append(e.Seats, seat(n, true))
	}
	began := time.Now()
	r := reconcile.Match(e)
	if r.Totals.Differences() != 0 || r.Totals.Payments != 10_000 || r.Totals.Registered != 10_000 || r.Totals.Moved["EUR"].Captured != 45_000_000 {
		t.Errorf("%+v", r.Totals)
	}
	t.Logf("took %v", time.Since(began))
}
