package purchase_test

import (
	"slices"
	"testing"
	"time"

	"github.com/paybridge/paybridge/bridge/purchase"
)

const day = 24 * time.Hour

// invoiced is a buyer who asked to pay on invoice, at an account whose requests are worth a seat at once or not.
func invoiced(atOnce bool) *history {
	h := newHistory()
	h.policy.Unaskable = []string{"bills"}
	h.policy.Invoicing = map[string]purchase.Terms{"bills": {AtOnce: atOnce, Due: 30 * day, Grace: 5 * day, Reminders: []time.Duration{14 * day, 28 * day}}}
	h.keep(purchase.Heard, purchase.Fact{Kind: purchase.Arrived, Account: "bills"}).priced(euros45, "")
	return h.bill(purchase.Own, purchase.InvoiceRequested, euros45)
}

// bill is a fact about the invoice.
func (h *history) bill(s purchase.Standing, kind purchase.Kind, m purchase.Money) *history {
	return h.keep(s, purchase.Fact{Kind: kind, Account: "bills", Payment: "INV-1", Money: m})
}

func (h *history) word(kind purchase.Kind) *history { return h.bill(purchase.Decided, kind, nothing) }

// transfer is money that a person saw on the bank account.
func (h *history) transfer(object string, m purchase.Money) *history {
	return h.keep(purchase.Decided, purchase.Fact{Kind: purchase.Captured, Account: "bills", Payment: "INV-1", Object: object, Money: m})
}

// sat is the same with its seats.
func (h *history) sat() *history {
	return h.priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Confirmed)
}

func TestAnInvoiceIsWorthASeatByPolicyOrByAPersonsWord(t *testing.T) {
	pending := func(h *history) scene { return scene{h, purchase.StepWait, purchase.CauseInvoicePending} }
	desk := func(h *history, c purchase.Cause) scene { return scene{h, purchase.StepHandOver, c} }
	finalize := func(h *history) scene { return scene{h, purchase.StepFinalize, purchase.CauseNone} }
	hold(t, map[string]scene{
		"the price is read first":            {invoiced(true), purchase.StepPrice, purchase.CauseNone},
		"at once":                            finalize(invoiced(true).priced(euros45, "")),
		"for another price":                  desk(invoiced(true).priced(euros(4400), ""), purchase.CauseAmount),
		"refused":                            desk(invoiced(true).priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Refused), purchase.CauseRefused),
		"after the deadline":                 desk(invoiced(true).pass(3*time.Hour).priced(euros45, ""), purchase.CauseInvoiceLate),
		"not approved":                       pending(invoiced(false).priced(euros45, "")),
		"not approved in time":               desk(invoiced(false).pass(time.Hour), purchase.CauseInvoiceLate),
		"approved":                           finalize(invoiced(false).word(purchase.InvoiceApproved).priced(euros45, "")),
		"approved, the price is read anew":   {invoiced(false).priced(euros45, "").word(purchase.InvoiceApproved), purchase.StepPrice, purchase.CauseNone},
		"approved too late":                  desk(invoiced(false).pass(3*time.Hour).word(purchase.InvoiceApproved).priced(euros45, ""), purchase.CauseInvoiceLate),
		"cancelled":                          {invoiced(true).word(purchase.InvoiceCancelled).priced(euros45, ""), purchase.StepWait, purchase.CauseAwaitingBuyer},
		"paid before it is approved":         finalize(invoiced(false).transfer("t", euros45).priced(euros45, "")),
		"a payment beside it has the seat":   finalize(invoiced(true).proved(purchase.Captured, "p", "c", euros45).priced(euros45, "")),
		"other money beside it":              desk(invoiced(true).proved(purchase.Captured, "p", "c", euros(1000)).priced(euros45, ""), purchase.CauseAmount),
		"the account bills no longer":        {unbilling(invoiced(true).priced(euros45, "")), purchase.StepWait, purchase.CauseInvoicePending},
		"with its seat":                      pending(invoiced(true).sat()),
		"paid":                               {invoiced(true).sat().transfer("t", euros45), purchase.StepDone, purchase.CauseNone},
		"paid in two parts":                  {invoiced(true).sat().transfer("t", euros(2000)).transfer("u", euros(2500)), purchase.StepDone, purchase.CauseNone},
		"the same transfer said twice":       {invoiced(true).sat().transfer("t", euros45).transfer("t", euros45), purchase.StepDone, purchase.CauseNone},
		"paid in part":                       desk(invoiced(true).sat().transfer("t", euros(2000)), purchase.CauseAmount),
		"paid too much":                      desk(invoiced(true).sat().transfer("t", euros(5000)), purchase.CauseAmount),
		"paid in other money":                desk(invoiced(true).sat().transfer("t", purchase.Money{Minor: 4500, Currency: "USD"}), purchase.CauseCurrency),
		"one transfer, said otherwise":       desk(invoiced(true).sat().transfer("t", euros45).transfer("t", euros(4400)).priced(euros45, ""), purchase.CauseAmount),
		"one transfer, put right":            {invoiced(true).sat().transfer("t", euros(5400)).transfer("t", euros45), purchase.StepDone, purchase.CauseNone},
		"paid by card too":                   desk(invoiced(true).sat().proved(purchase.Captured, "p", "c", euros45), purchase.CauseSecondPayment),
		"paid by card too, and accepted":     desk(accept(invoiced(true).sat().proved(purchase.Captured, "p", "c", euros45)), purchase.CauseSecondPayment),
		"other money too, and accepted":      desk(accept(invoiced(true).sat().proved(purchase.Captured, "p", "c", euros(1000))), purchase.CauseSecondPayment),
		"paid by card, the invoice is over":  {invoiced(true).sat().proved(purchase.Captured, "p", "c", euros45).word(purchase.InvoiceCancelled), purchase.StepDone, purchase.CauseNone},
		"paid twice":                         desk(invoiced(true).sat().transfer("t", euros45).proved(purchase.Captured, "p", "c", euros45), purchase.CauseSecondPayment),
		"time to remind":                     {invoiced(true).sat().pass(15 * day), purchase.StepRemind, purchase.CauseNone},
		"paid, nobody is reminded":           {invoiced(true).sat().transfer("t", euros45).pass(15 * day), purchase.StepDone, purchase.CauseNone},
		"due, with grace":                    pending(reminded(invoiced(true).sat().pass(31*day), 28*day)),
		"overdue":                            desk(reminded(invoiced(true).sat().pass(36*day), 28*day), purchase.CauseInvoiceOverdue),
		"cancelled, with its seat":           desk(invoiced(true).sat().word(purchase.InvoiceCancelled), purchase.CauseInvoiceCancelled),
		"cancelled, and its seat is no more": {gone(invoiced(true).sat().word(purchase.InvoiceCancelled)), purchase.StepWait, purchase.CauseAwaitingBuyer},
	})
}

func accept(h *history) *history {
	return h.keep(purchase.Decided, purchase.Fact{Kind: purchase.Accepted, Detail: purchase.Detail{Basis: h.fold().Matter()}})
}

func unbilling(h *history) *history { h.policy.Invoicing = nil; return h }

func gone(h *history) *history {
	return h.keep(purchase.Decided, purchase.Fact{Kind: purchase.ReadBack, Detail: purchase.Detail{Seats: purchase.SeatsNone}})
}

// reminded says that the payer was reminded when it was time, so long after the request.
func reminded(h *history, after time.Duration) *history {
	i := slices.IndexFunc(h.facts, func(f purchase.Fact) bool { return f.Kind == purchase.InvoiceRequested })
	return h.keep(purchase.Own, purchase.Fact{Kind: purchase.Reminded, Account: "bills", Payment: "INV-1",
		Detail: purchase.Detail{Until: h.facts[i].At.Add(after)}})
}

func TestAPayerIsRemindedOnceForEachTimeAndNotOfWhatWasMissed(t *testing.T) {
	t.Parallel()
	h := invoiced(true).sat()
	var at []time.Duration
	asked := h.facts[2].At
	for range 40 {
		for range 3 {
			if next := h.plan(); next.Step == purchase.StepRemind {
				at = append(at, next.Due.Sub(asked))
				h.keep(purchase.Own, purchase.Fact{Kind: purchase.Reminded, Account: next.Account, Payment: next.Payment.Payment, Detail: purchase.Detail{Until: next.Due}})
			}
		}
		h.pass(day)
	}
	if !slices.Equal(at, []time.Duration{14 * day, 28 * day}) {
		t.Errorf("reminded at %v", at)
	}
	h = invoiced(true).sat().pass(29 * day) // the bridge was down
	if next := h.plan(); next.Step != purchase.StepRemind || next.Due.Sub(h.facts[2].At) != 28*day {
		t.Errorf("%s of %s", next.Step, next.Due.Sub(h.facts[2].At))
	}
	if next := reminded(h, 28*day).plan(); next.Step != purchase.StepWait {
		t.Errorf("then %s", next.Step)
	}
}

func TestACancelledInvoiceGivesItsSeatFreeAtOnce(t *testing.T) {
	t.Parallel()
	h := invoiced(false).word(purchase.InvoiceCancelled).priced(euros45, "")
	h.policy.Releases = true
	if next := h.plan(); next.Step != purchase.StepRelease {
		t.Errorf("%s", next.Step)
	}
	for name, h := range map[string]*history{
		"with its seat":                   invoiced(true).sat().word(purchase.InvoiceCancelled),
		"while a finalize is in doubt":    invoiced(true).priced(euros45, "").attempt(purchase.StepFinalize, "", purchase.Unknown).word(purchase.InvoiceCancelled),
		"with money":                      invoiced(false).transfer("t", euros45).word(purchase.InvoiceCancelled),
		"while another session is open":   invoiced(false).session("q").word(purchase.InvoiceCancelled),
		"while another invoice is billed": invoiced(false).keep(purchase.Own, purchase.Fact{Kind: purchase.InvoiceRequested, Account: "bills", Payment: "INV-2", Money: euros45}).word(purchase.InvoiceCancelled),
	} {
		h.policy.Releases = true
		if next := h.priced(euros45, "").plan(); next.Step == purchase.StepRelease {
			t.Errorf("%s: %s", name, next.Step)
		}
	}
	h = invoiced(true).word(purchase.InvoiceCancelled).priced(euros45, "").attempt(purchase.StepRelease, "", purchase.Acknowledged)
	h.policy.Releases = true
	if next := h.transfer("t", euros45).priced(euros45, "").plan(); next.Cause != purchase.CauseSeatReleased {
		t.Errorf("paid after all: %s %s", next.Step, next.Cause)
	}
}

func TestWhatWaitsForAnInvoiceToBePaidSaysSo(t *testing.T) {
	t.Parallel()
	for want, h := range map[purchase.State]*history{
		purchase.StateAwaitingInvoice: invoiced(true).sat(),
		purchase.StateFinalized:       invoiced(true).sat().transfer("t", euros45),
		purchase.StatePaidUnfinalized: invoiced(false).transfer("t", euros45),
		purchase.StateAwaitingPayment: invoiced(false).word(purchase.InvoiceCancelled),
	} {
		if got := h.fold().State(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if p := invoiced(false).fold(); p.State() != purchase.StateAwaitingInvoice || !p.Settled() {
		t.Errorf("asked for: %s, settled %t", p.State(), p.Settled())
	}
}

func TestAPersonMayDoWithAnInvoiceWhatStillMakesSense(t *testing.T) {
	t.Parallel()
	of := []purchase.Action{purchase.ActApprove, purchase.ActPaid, purchase.ActCancel}
	for name, row := range map[string]struct {
		h    *history
		want []purchase.Action
	}{
		"no invoice":   {paid(), nil},
		"not approved": {invoiced(false), of},
		"approved":     {invoiced(false).word(purchase.InvoiceApproved), of[1:]},
		"at once":      {invoiced(true), of[1:]},
		"with a seat":  {invoiced(true).sat(), of[1:]},
		"cancelled":    {invoiced(false).word(purchase.InvoiceCancelled), of[1:2]},
		"paid":         {invoiced(true).transfer("t", euros45), of[1:2]},
	} {
		got := slices.DeleteFunc(row.h.fold().Actions(), func(a purchase.Action) bool { return !slices.Contains(of, a) })
		if !slices.Equal(got, row.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}
