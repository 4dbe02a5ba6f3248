package purchase

import "time"

// State is what a person sees of a purchase: derived from the facts by the table States, never stored as truth.
type State string

// The states, in the order in which the table asks for them.
const (
	StateResolved        State = "resolved"
	StateMismatch        State = "mismatch"
	StatePaidLate        State = "paid_late"
	StateDisputed        State = "disputed"
	StateHeld            State = "held"
	StateRefunding       State = "refunding"
	StateFinalized       State = "finalized"
	StateAwaitingInvoice State = "awaiting_invoice"
	StateRefunded        State = "refunded"
	StatePaidUnfinalized State = "paid_unfinalized"
	StateAuthorised      State = "authorised"
	StatePaymentPending  State = "payment_pending"
	StateAbandoned       State = "abandoned"
	StateAwaitingPayment State = "awaiting_payment"
)

// A StateRow says when a purchase is in a state, who moves it on, and what it is called.
type StateRow struct {
	State  State
	When   func(Purchase) bool
	Means  string // for developers and the diagram: when it holds and who moves it on
	En, Fr string
}

// States is the table: the first row that holds is the state. The last one always holds. A crash leaves every state as it is; the
// next node that claims the purchase moves it on.
func States() []StateRow {
	return []StateRow{
		{StateResolved, func(p Purchase) bool { return p.TiedTo != "" || (p.closed && !p.seated) },
			"the orphaned payment was tied to its purchase, or a person closed it; only something new moves it on", "Closed", "Clos"},
		{StateRefunding, func(p Purchase) bool { return !p.seated && p.refunding() },
			"the money is on its way back; the provider moves it on", "Refund under way", "Remboursement en cours"},
		{StateMismatch, func(p Purchase) bool { return p.Desk == CauseAmount || p.Desk == CauseCurrency },
			"paid, but not the price; a person moves it on", "Amount to check", "Montant à vérifier"},
		{StatePaidLate, func(p Purchase) bool { return p.Desk == CausePaidLate },
			"the money came after the deadline; a person moves it on", "Paid, window closed", "Payé, délai dépassé"},
		{StateDisputed, func(p Purchase) bool { return p.Desk == CauseDisputed },
			"there is a seat and the bank took the money back; a person moves it on", "Disputed", "Paiement contesté"},
		{StateHeld, func(p Purchase) bool { return p.Desk != CauseNone },
			"on the desk for another cause; a person moves it on", "To be handled", "À traiter"},
		{StateAwaitingInvoice, Purchase.Billed,
			"the buyer asked to pay on invoice; a person moves it on", "Waiting for invoice payment", "En attente de facture"},
		{StateFinalized, func(p Purchase) bool { return p.Registered() },
			"every attendee has a seat; only refunds and doubles move it on", "Registration confirmed", "Inscription confirmée"},
		{StateRefunded, func(p Purchase) bool { return p.everPaid() && !p.Net().Positive() },
			"the money went back; only a new payment moves it on", "Refunded", "Remboursé"},
		{StatePaidUnfinalized, func(p Purchase) bool { return p.Net().Positive() },
			"the money is taken; the bridge is registering", "Payment received, confirming", "Paiement validé, inscription en cours"},
		{StateAuthorised, Purchase.authorised,
			"the money is reserved; the bridge moves it on", "Payment authorised", "Paiement autorisé"},
		{StatePaymentPending, Purchase.pending,
			"the provider works on the payment; the provider moves it on", "Payment pending at provider", "Paiement en cours chez le prestataire"},
		{StateAbandoned, Purchase.abandoned,
			"nobody paid in time, or nobody could any more and the seat was given free; only money moves it on", "Not paid", "Non payé"},
		{StateAwaitingPayment, func(Purchase) bool { return true },
			"the buyer has not paid yet; the buyer moves it on", "Waiting for payment", "En attente de paiement"},
	}
}

var states = States()

// State looks the purchase up in the table.
func (p Purchase) State() State {
	for _, row := range states {
		if row.When(p) {
			return row.State
		}
	}
	return StateAwaitingPayment
}

func (p Purchase) everPaid() bool {
	return p.anyPayment(func(pay Payment) bool { return pay.Captured.Positive() })
}

func (p Purchase) authorised() bool {
	return p.anyPayment(func(pay Payment) bool { return pay.Authorised && pay.Open() })
}

func (p Purchase) pending() bool {
	return p.anyPayment(func(pay Payment) bool { return pay.Pending != "" && pay.Open() })
}

// abandoned lapses as soon as the basis changes, that is, when money comes after all.
func (p Purchase) abandoned() bool { return p.AbandonedOn != "" && p.AbandonedOn == p.Basis() }

func (p Purchase) anyPayment(is func(Payment) bool) bool {
	for _, pay := range p.Payments {
		if is(pay) {
			return true
		}
	}
	return false
}

// A Summary is the fold as lists and gauges need it.
type Summary struct {
	State        State
	Cause        Cause  // of the desk
	Account      string // of the payment that counts: the one that holds money, else the latest opened
	Price        Money
	Paid         Money // net of refunds and reversals
	Registered   bool
	Event        string
	EventName    string
	Deadline     Deadline
	PaidAt       time.Time
	RegisteredAt time.Time
}

// Summary sums up the purchase.
func (p Purchase) Summary() Summary {
	s := Summary{State: p.State(), Cause: p.Desk, Paid: p.Net(), Registered: p.Registered(), Event: p.Reference.Event,
		Deadline: p.Deadline, RegisteredAt: p.SeatedAt}
	if p.Offer != nil {
		s.Price, s.EventName = p.Offer.Money, p.Offer.Detail.EventName
	}
	s.Account = p.arrivedAt
	for _, pay := range p.Payments {
		if s.Account == "" || (pay.Captured.Known() && s.PaidAt.IsZero()) {
			s.Account = pay.Account
		}
		if pay.Captured.Known() {
			s.PaidAt = earlier(s.PaidAt, pay.PaidAt)
		}
	}
	return s
}
