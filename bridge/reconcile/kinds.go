package reconcile

import "fmt"

// Kind is what a comparison says of a payment or a registration.
type Kind string

// The kinds. The first ones are no differences.
const (
	Matched         Kind = "matched"
	InProgress      Kind = "in_progress"
	AwaitingInvoice Kind = "awaiting_invoice"
	OtherSale       Kind = "other_sale"

	PaidNotKnown        Kind = "paid_not_known"
	OrphanPayment       Kind = "orphan_payment"
	KnownNotAtProvider  Kind = "known_not_at_provider"
	AmountDiffers       Kind = "amount_differs"
	RefundNotKnown      Kind = "refund_not_known"
	RefundNotAtProvider Kind = "refund_not_at_provider"
	DuplicatePayment    Kind = "duplicate_payment"
	PaidNotRegistered   Kind = "paid_not_registered"
	PriceDiffers        Kind = "price_differs"
	RefundedRegistered  Kind = "refunded_registered"
	RegisteredNotPaid   Kind = "registered_not_paid"
	RegisteredNotKnown  Kind = "registered_not_known"
)

// A KindRow says what a kind means and what to do about it.
type KindRow struct {
	Kind       Kind
	Difference bool
	En, Fr     string
	Action     func(Line) string // a command of ours where there is one; "" where nothing is to be done
}

// Kinds is the table, most urgent first.
func Kinds() []KindRow {
	return []KindRow{
		{PaidNotRegistered, true, "paid, and no seat in Dynamics", "payé, sans inscription dans Dynamics", desk("retry")},
		{PaidNotKnown, true, "paid at the provider, not known here", "payé chez le prestataire, inconnu ici", learn},
		{OrphanPayment, true, "paid, and nobody can say for which purchase", "payé, sans achat identifiable", desk("tie")},
		{AmountDiffers, true, "the provider has another amount than we", "montant différent chez le prestataire", desk("ask")},
		{PriceDiffers, true, "registered, and the money is not the price", "inscrit, montant différent du prix", desk("accept")},
		{DuplicatePayment, true, "paid once more", "payé une fois de trop", desk("refund")},
		{RefundedRegistered, true, "the money went back, the seat is still there", "remboursé, toujours inscrit", cancelled},
		{RefundNotKnown, true, "the provider gave back more than we know of", "remboursement inconnu ici", desk("ask")},
		{RefundNotAtProvider, true, "we know of a refund that the provider does not show", "remboursement absent chez le prestataire", desk("ask")},
		{KnownNotAtProvider, true, "known here, not in the provider's list", "connu ici, absent chez le prestataire", desk("ask")},
		{RegisteredNotPaid, true, "a seat in Dynamics, and no money", "inscrit dans Dynamics, sans paiement", desk("note")},
		{RegisteredNotKnown, true, "a seat in Dynamics that nobody here knows of", "inscrit dans Dynamics, inconnu ici", look},
		{AwaitingInvoice, false, "registered on invoice, not paid yet", "en attente de facture", nothing},
		{InProgress, false, "being registered", "inscription en cours", nothing},
		{Matched, false, "all three agree", "concordant", nothing},
		{OtherSale, false, "another sale of the shop", "autre vente de la boutique", nothing},
	}
}

var byKind, ranks = func() (map[Kind]KindRow, map[Kind]int) {
	rows, order := map[Kind]KindRow{}, map[Kind]int{}
	for i, row := range Kinds() {
		rows[row.Kind], order[row.Kind] = row, i
	}
	return rows, order
}()

// rank is the kind's place in the table.
func rank(k Kind) int { return ranks[k] }

// Row is the kind's row in the table.
func (k Kind) Row() KindRow { return byKind[k] }

// Action is what the line suggests to do, one command or one sentence.
func (l Line) Action() string { return l.Kind.Row().Action(l) }

func nothing(Line) string { return "" }

// desk is a command of the desk about the line's purchase.
func desk(do string) func(Line) string {
	return func(l Line) string {
		command := "paybridge desk " + do + " " + l.Purchase.ID
		switch do {
		case "refund":
			command += fmt.Sprintf(" --account %s --payment %s --amount %q", l.Account, l.Payment, l.Known.Net())
		case "tie":
			command += " PURCHASE"
		}
		return command + " --reason WHY"
	}
}

// cancelled: a registration is cancelled in Dynamics only; then the purchase can be closed.
func cancelled(l Line) string {
	return "cancel the registration in Dynamics, then: " + desk("close")(l)
}

// learn: the provider can be asked about what belongs to a purchase of ours; what is not known at all comes by the list or by a file.
func learn(l Line) string {
	if l.OnFile {
		return desk("ask")(l)
	}
	return "paybridge reconcile import --account " + l.Account + " FILE (an account that can be listed catches up by itself while the daemon runs)"
}

func look(l Line) string {
	return "look in Dynamics who registered " + l.Purchase.ID
}
