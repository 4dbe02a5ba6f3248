package purchase

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// A Notice is something that the facts prove and that somebody should be told. Its Key is the same for the same event for ever, on
// every node and in every order of facts, so that it is told once: purchase, kind, and what it is about.
type Notice struct {
	Key      string     `json:"key"`
	Kind     NoticeKind `json:"kind"`
	Purchase Key        `json:"purchase"`
	Account  string     `json:"account,omitempty"`
	Money    Money      `json:"money,omitzero"`  // what came or went; on the desk: what the purchase holds
	Cause    Cause      `json:"cause,omitempty"` // of the desk, or of the refusal
	At       time.Time  `json:"at"`              // when it happened, by its own source's clock where that says so

	// What is known of the purchase beside it, for whoever is told.
	State     State  `json:"state"`
	Price     Money  `json:"price,omitzero"`
	Paid      Money  `json:"paid,omitzero"`
	Event     string `json:"event,omitempty"`
	EventName string `json:"event_name,omitempty"`
}

// NoticeKind is what is told. It is a closed list: it becomes a label, the name of a template, and the type of a webhook.
type NoticeKind string

// The kinds.
const (
	NoticeInvoiceRequested NoticeKind = "invoice_requested"
	NoticeInvoiceReminder  NoticeKind = "invoice_reminder"
	NoticePaymentReceived  NoticeKind = "payment_received"
	NoticeConfirmed        NoticeKind = "participation_confirmed"
	NoticeRefused          NoticeKind = "refused_after_payment"
	NoticeRefunded         NoticeKind = "refunded"
	NoticeDesk             NoticeKind = "desk"
)

// A NoticeRow says whom a kind is for, and when the facts prove it.
type NoticeRow struct {
	Kind      NoticeKind
	Organiser bool   // it is for the organiser; else for the payer
	Means     string // when it is told
	proves    func(Purchase) []Notice
}

// NoticeKinds is the table of what can be told, in the order in which it is told. Money whose purchase nobody knows is told to the
// organiser only.
func NoticeKinds() []NoticeRow {
	return []NoticeRow{
		{NoticeInvoiceRequested, false, "the buyer asked to pay on invoice", Purchase.invoiceAsked},
		{NoticeInvoiceReminder, false, "an invoice is still to be paid, and a mark for reminding has passed", Purchase.invoiceReminded},
		{NoticePaymentReceived, false, "money was taken, and that is proved", Purchase.received},
		{NoticeRefused, false, "money is held, and there will be no seat unless a person makes one", Purchase.turnedAway},
		{NoticeConfirmed, false, "every attendee has a seat", Purchase.confirmed},
		{NoticeRefunded, false, "money went back to the payer, and that is proved", Purchase.sentBack},
		{NoticeDesk, true, "the purchase waits for a person: once for each cause and what it was judged by", Purchase.onDesk},
	}
}

var noticeKinds = NoticeKinds()

// Notices are all that the facts prove now, each with its own key. It is pure: what is new is what an earlier fold did not prove.
func Notices(p Purchase) []Notice {
	var all []Notice
	for _, row := range noticeKinds {
		if row.proves == nil || (p.Key.Orphaned() && !row.Organiser) {
			continue
		}
		for _, n := range row.proves(p) {
			n.Kind = row.Kind
			all = append(all, n)
		}
	}
	return all
}

// notice fills in what every notice says. What it is about makes the key.
func (p Purchase) notice(kind NoticeKind, n Notice, about ...string) Notice {
	s := p.Summary()
	n.Key = string(kind) + "-" + digest(slices.Concat([]string{p.Key.Environment, p.Key.ID, string(kind)}, about)...)
	n.Purchase, n.Account = p.Key, cmp.Or(n.Account, s.Account)
	n.State, n.Price, n.Paid, n.Event, n.EventName = s.State, s.Price, s.Paid, s.Event, s.EventName
	return n
}

// moves are the proofs that money of a kind came or went. A payment whose proofs contradict proves nothing.
func (p Purchase) moves(kind Kind, of func(Payment) bool) []*Fact {
	var facts []*Fact
	for _, pay := range p.Payments {
		for _, f := range pay.moved {
			if f.Kind == kind && f.Money.Positive() && !pay.Contradicted && of(pay) {
				facts = append(facts, f)
			}
		}
	}
	return facts
}

func anyOfThem(Payment) bool { return true }

// about names money that moved by its object, and by its payment only where it has none: a payment may go by another reference once
// more is known of it.
func about(f *Fact) []string {
	return []string{f.Account, cmp.Or(f.Object, f.Payment), f.Money.String()}
}

// since is when it happened at the provider, else when we learned it.
func since(f *Fact) time.Time {
	if f.At.IsZero() {
		return f.Seen
	}
	return f.At
}

func (p Purchase) received() []Notice { return p.each(NoticePaymentReceived, Captured) }
func (p Purchase) sentBack() []Notice { return p.each(NoticeRefunded, Refunded) }

func (p Purchase) each(kind NoticeKind, moved Kind) []Notice {
	var all []Notice
	for _, f := range p.moves(moved, anyOfThem) {
		all = append(all, p.notice(kind, Notice{Account: f.Account, Money: f.Money, At: since(f)}, about(f)...))
	}
	return all
}

func (p Purchase) invoiceAsked() []Notice {
	var all []Notice
	for _, pay := range p.Invoices() {
		f := pay.Invoice.Asked
		all = append(all, p.notice(NoticeInvoiceRequested, Notice{Account: f.Account, Money: f.Money, At: f.At}, f.Account, f.Payment))
	}
	return all
}

// invoiceReminded: each mark is told of once, as long as the invoice is to be paid.
func (p Purchase) invoiceReminded() []Notice {
	var all []Notice
	for _, pay := range p.Invoices() {
		if v := pay.Invoice; pay.Billed() && !v.reminded.IsZero() {
			f := v.Asked
			mark := v.reminded.Format(time.RFC3339)
			all = append(all, p.notice(NoticeInvoiceReminder, Notice{Account: f.Account, Money: f.Money, At: v.reminded}, f.Account, f.Payment, mark))
		}
	}
	return all
}

func (p Purchase) confirmed() []Notice {
	if !p.seated {
		return nil
	}
	n := Notice{At: p.SeatedAt}
	if pays := p.paying(); pays != nil {
		n.Account = pays.Account
	}
	return []Notice{p.notice(NoticeConfirmed, n, strconv.FormatInt(p.noSeats, 10))} // once for each time that seats are made
}

// turnedAway: the money is held and the machine will not finalize any more. While anything about the seats is in doubt, nothing is said.
func (p Purchase) turnedAway() []Notice {
	cause, at, ok := p.hopeless()
	if !ok || p.seated || p.Open != nil || p.Unsettled() != nil || p.seatsShown() {
		return nil
	}
	var names []string
	n := Notice{Cause: cause, At: at}
	for _, f := range p.moves(Captured, func(pay Payment) bool { return pay.Net().Positive() }) {
		names = append(names, about(f)...)
		n.Money, _ = n.Money.Plus(f.Money)
	}
	if len(names) == 0 {
		return nil
	}
	return []Notice{p.notice(NoticeRefused, n, names...)}
}

// hopeless tells why there will be no seat: Dynamics said no, it took the call several times and made none, it had its last try, or it
// does not know the purchase when the time is over. Whatever a person does then is no work of the machine's.
func (p Purchase) hopeless() (Cause, time.Time, bool) {
	if cause, ok := p.refused(); ok {
		return cause, p.lastMade().At, true
	}
	switch p.Desk {
	case CauseNotRegistered:
		return p.Desk, p.HandedAt, true
	case CausePaidLate:
		return p.Desk, p.HandedAt, p.triedLate()
	case CauseUnknownPurchase:
		return p.Desk, p.HandedAt, !p.HandedAt.Before(p.Deadline.At)
	}
	return CauseNone, time.Time{}, false
}

// seatsShown tells whether Dynamics shows seats that are not all confirmed.
func (p Purchase) seatsShown() bool {
	offered := p.Offer != nil && (p.Offer.Detail.Seats == SeatsAll || p.Offer.Detail.Seats == SeatsSome)
	return offered || p.readBack.seats == SeatsSome || p.readBack.seats == SeatsAll
}

func (p Purchase) onDesk() []Notice {
	if p.Desk == CauseNone {
		return nil
	}
	return []Notice{p.notice(NoticeDesk, Notice{Cause: p.Desk, Money: p.Net(), At: p.HandedAt}, string(p.Desk), p.Sight())}
}
