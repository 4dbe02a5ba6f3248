package purchase

// A CauseRow is a cause of the desk in words: what happened, and what a person can do, in both languages.
type CauseRow struct {
	Cause    Cause
	En, Fr   string
	ToDo     string
	ToDoFr   string
	Suggests Action // the decision that most often settles it
}

// Causes is the table of the desk's causes.
func Causes() []CauseRow {
	return []CauseRow{
		{CauseAmount, "The payment is not the price.", "Le paiement n’est pas le prix.",
			"Compare payment and price. Send back what is too much, or all of it; or accept the difference.",
			"Comparez le paiement et le prix. Remboursez le trop-perçu, ou tout ; ou acceptez la différence.", ActRefund},
		{CauseCurrency, "The payment is in another currency than the price.", "Le paiement est dans une autre devise que le prix.",
			"Refund it, or accept it as it is.", "Remboursez-le, ou acceptez-le tel quel.", ActRefund},
		{CauseUnknownPurchase, "Dynamics does not know the purchase.", "Dynamics ne connaît pas l’achat.",
			"Is the account set up for the right environment? If the registration has expired, register the person anew or refund.",
			"Le compte est-il relié au bon environnement ? Si l’inscription a expiré, réinscrivez la personne ou remboursez.", ActRefund},
		{CauseForeignEvent, "The payment names another event than Dynamics.", "Le paiement nomme un autre événement que Dynamics.",
			"Look at both. Register by hand what was paid, or refund.", "Regardez les deux. Inscrivez à la main ce qui a été payé, ou remboursez.", ActRefund},
		{CausePriceUnreadable, "Dynamics gives no usable price.", "Dynamics ne donne pas de prix utilisable.",
			"Give the pass a price and a currency in Dynamics, then retry.", "Donnez au billet un prix et une devise dans Dynamics, puis relancez.", ActRetry},
		{CausePaidLate, "The money came after the deadline, and Dynamics no longer registers.", "L’argent est arrivé après le délai, Dynamics n’inscrit plus.",
			"Register the person by hand and say that the seats are there, or refund.",
			"Inscrivez la personne à la main et indiquez que les places existent, ou remboursez.", ActRefund},
		{CauseSecondPayment, "The registration was paid more than once.", "L’inscription a été payée plus d’une fois.",
			"Refund the payment that is too much.", "Remboursez le paiement en trop.", ActRefund},
		{CauseOutcomeUnknown, "Nobody can tell whether Dynamics registered.", "Nul ne peut dire si Dynamics a inscrit.",
			"Look at the registrations of the event in Dynamics and say what you see: seats all, or none.",
			"Regardez les inscriptions de l’événement dans Dynamics et indiquez ce que vous voyez : toutes les places, ou aucune.", ActSeats},
		{CausePartialSeats, "Dynamics registered some of the attendees only.", "Dynamics n’a inscrit qu’une partie des participants.",
			"Register the others by hand, then say that all seats are there.", "Inscrivez les autres à la main, puis indiquez que toutes les places existent.", ActSeats},
		{CauseRefused, "Dynamics refused the registration.", "Dynamics a refusé l’inscription.",
			"Is the event published, is there room, is the pass on sale? Then retry; or refund.",
			"L’événement est-il publié, reste-t-il de la place, le billet est-il en vente ? Puis relancez ; ou remboursez.", ActRetry},
		{CauseNotRegistered, "Dynamics took the registration and shows no seat.", "Dynamics a pris l’inscription et ne montre aucune place.",
			"Look in Dynamics, register by hand and say that the seats are there; or retry; or refund.",
			"Regardez dans Dynamics, inscrivez à la main et indiquez que les places existent ; ou relancez ; ou remboursez.", ActRetry},
		{CauseSeatWithoutMoney, "There is a seat, and its money is gone.", "Il y a une place, et son argent n’est plus là.",
			"Ask the buyer to pay again, or cancel the registration in Dynamics and say that there are no seats.",
			"Demandez à l’acheteur de payer de nouveau, ou annulez l’inscription dans Dynamics et indiquez qu’il n’y a plus de place.", ActSeats},
		{CauseDisputed, "The buyer disputes the payment; the bank took the money back.", "L’acheteur conteste le paiement ; la banque a repris l’argent.",
			"Answer the dispute at the provider in time. If it is lost, cancel the registration in Dynamics and say that there are no seats.",
			"Répondez au litige chez le prestataire dans le délai. S’il est perdu, annulez l’inscription dans Dynamics et indiquez qu’il n’y a plus de place.", ActSeats},
		{CauseContradiction, "The provider says two things of one payment.", "Le prestataire dit deux choses d’un même paiement.",
			"Look at the payment in the provider's back office; ask again. Settle it there, then close.",
			"Regardez le paiement dans le back-office du prestataire ; interrogez de nouveau. Réglez-le là, puis clôturez.", ActAsk},
		{CauseUnproved, "Somebody says that it is paid, and the provider does not prove it.", "Quelqu’un dit que c’est payé, et le prestataire ne le prouve pas.",
			"Look for the payment in the provider's back office. If it is not there, close.",
			"Cherchez le paiement dans le back-office du prestataire. S’il n’y est pas, clôturez.", ActAsk},
		{CauseOrphan, "A payment that names no purchase.", "Un paiement qui ne nomme aucun achat.",
			"Find out whose it is and tie it to that purchase, or refund.", "Trouvez à qui il est et rattachez-le à cet achat, ou remboursez.", ActTie},
		{CauseCaptureFailed, "There is a seat, and the reserved money could not be taken.", "Il y a une place, et l’argent réservé n’a pas pu être prélevé.",
			"Retry; else ask the buyer to pay again, or cancel the registration in Dynamics and say that there are no seats.",
			"Relancez ; sinon demandez à l’acheteur de payer de nouveau, ou annulez l’inscription dans Dynamics et indiquez qu’il n’y a plus de place.", ActRetry},
		{CauseSeatReleased, "The money came after the seat had been given free.", "L’argent est arrivé après que la place a été libérée.",
			"Register the person by hand, if there is room, and say that the seats are there; or refund.",
			"Inscrivez la personne à la main, s’il reste de la place, et indiquez que les places existent ; ou remboursez.", ActRefund},
		{CauseInvoiceLate, "The buyer asked to pay on invoice, and the deadline passed before the registration.",
			"L’acheteur a demandé une facture, et le délai est passé avant l’inscription.",
			"Register the person by hand, or anew, and say that the seats are there; or cancel the invoice and tell the buyer.",
			"Inscrivez la personne à la main, ou de nouveau, et indiquez que les places existent ; ou annulez la facture et prévenez l’acheteur.", ActCancel},
		{CauseInvoiceOverdue, "The invoice was not paid in time; there is a seat.", "La facture n’a pas été payée à temps ; il y a une place.",
			"Look for the transfer and mark the invoice as paid; else remind the buyer, or cancel it, and the registration in Dynamics.",
			"Cherchez le virement et marquez la facture comme payée ; sinon relancez l’acheteur, ou annulez-la, ainsi que l’inscription dans Dynamics.", ActPaid},
		{CauseInvoiceCancelled, "The invoice was cancelled, and there is a seat.", "La facture a été annulée, et il y a une place.",
			"Cancel the registration in Dynamics and say that there are no seats.",
			"Annulez l’inscription dans Dynamics et indiquez qu’il n’y a plus de place.", ActSeats},
		{CauseVoidFailed, "Reserved money could not be given back; the bank lets go of it in its own time.", "L’argent réservé n’a pas pu être libéré ; la banque le libère d’elle-même plus tard.",
			"Retry, or let go of it in the provider's back office.", "Relancez, ou libérez-le dans le back-office du prestataire.", ActRetry},
		{CauseRefundFailed, "A refund did not go through, or nobody can tell.", "Un remboursement n’est pas passé, ou nul ne peut le dire.",
			"Look in the provider's back office whether the money went back. If not, refund again, there or here.",
			"Regardez dans le back-office du prestataire si l’argent est reparti. Sinon, remboursez de nouveau, là ou ici.", ActAsk},
	}
}

// Words are the row of a cause; a row of the cause alone if it is not one of the desk.
func (c Cause) Words() CauseRow {
	for _, row := range Causes() {
		if row.Cause == c {
			return row
		}
	}
	return CauseRow{Cause: c, En: string(c), Fr: string(c)}
}
