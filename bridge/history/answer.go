package history

import "github.com/paybridge/paybridge/bridge/purchase"

// A status is what a state is called in an order history, and what the buyer may be told. Money stands for {amount}.
type status struct {
	Order  Text // empty: what the table of states calls it
	Answer Text
}

// statuses is the table, beside that of the states. Where the words of order histories differ from those of the states, these win here:
// an order is "Paiement validé" as soon as the money is there, whatever becomes of the seat, which is said apart.
var statuses = map[purchase.State]status{
	purchase.StateAwaitingPayment: {Answer: Text{
		"Nous n'avons pas encore reçu de paiement pour cette commande. Si vous avez payé, envoyez-nous la référence du paiement et ne payez pas une seconde fois.",
		"We have not received a payment for this order yet. If you have paid, please send us the payment's reference and do not pay again."}},
	purchase.StatePaymentPending: {Answer: Text{
		"Votre banque ou le prestataire de paiement traite votre paiement. Ne payez pas une seconde fois : votre inscription suit dès que le paiement est confirmé et si le délai le permet encore.",
		"Your bank or the payment provider is processing your payment. Please do not pay again: your registration follows as soon as the payment is confirmed, if there is still time."}},
	purchase.StateAuthorised: {Answer: Text{
		"Le montant est réservé. Nous demandons votre inscription ; ne payez pas une seconde fois.",
		"The amount is reserved. We are requesting your registration; please do not pay again."}},
	purchase.StatePaidUnfinalized: {Order: validated, Answer: Text{
		"Votre paiement de {amount} a bien été reçu. Votre inscription est en cours ; ne payez pas une seconde fois.",
		"Your payment of {amount} has been received. Your registration is in progress; please do not pay again."}},
	purchase.StateFinalized: {Order: validated, Answer: Text{
		"Votre paiement de {amount} a bien été reçu et votre participation est bien confirmée.",
		"Your payment of {amount} has been received and your participation is confirmed."}},
	purchase.StateMismatch: {Answer: Text{
		"Nous avons reçu un paiement de {amount}, qui ne correspond pas au prix de votre commande. Notre équipe s'en occupe ; ne payez pas une seconde fois.",
		"We have received a payment of {amount}, which is not the price of your order. Our team is taking care of it; please do not pay again."}},
	purchase.StatePaidLate: {Order: Text{"Paiement validé, délai dépassé", "Payment validated, window closed"}, Answer: Text{
		"Votre paiement de {amount} a bien été reçu, mais le délai d'inscription était dépassé. Notre équipe est prévenue ; ne payez pas une seconde fois.",
		"Your payment of {amount} has been received, but the time for registering was over. Our team knows about it; please do not pay again."}},
	purchase.StateHeld: {Answer: Text{
		"Nous vérifions votre commande et revenons vers vous. Ne payez pas une seconde fois.",
		"We are checking your order and will come back to you. Please do not pay again."}},
	purchase.StateRefunded: {Answer: Text{
		"Votre paiement vous a été remboursé. Selon votre banque, il faut quelques jours pour que le montant apparaisse.",
		"Your payment was refunded. Depending on your bank it takes a few days to appear."}},
	purchase.StateRefunding: {Answer: Text{
		"Votre remboursement est en cours ; nous vous confirmons quand il est fait.",
		"Your refund is in progress; we will confirm when it is done."}},
	purchase.StateAbandoned: {Answer: Text{
		"Nous n'avons pas reçu de paiement dans le délai prévu. Si votre compte a été débité, envoyez-nous la référence du paiement ; sinon, recommencez votre inscription.",
		"We did not receive a payment in time. If your account was charged, please send us the payment's reference; otherwise please register again."}},
	purchase.StateResolved: {Answer: Text{
		"Ce paiement a été rattaché à votre commande.",
		"This payment has been attached to your order."}},
	"awaiting_invoice": {Order: Text{"En attente de facture", "Waiting for invoice"}, Answer: Text{
		"Votre demande de facture a bien été reçue.",
		"Your request for an invoice has been received."}},
	purchase.StateDisputed: {Order: Text{"Paiement contesté", "Payment disputed"}, Answer: Text{
		"Votre banque a contesté ce paiement. Notre équipe s'en occupe et revient vers vous.",
		"Your bank has disputed this payment. Our team is taking care of it and will come back to you."}},
}

var validated = Text{"Paiement validé", "Payment validated"}

// Order is what an order history calls the purchase.
func Order(p purchase.Purchase) Text {
	words := statuses[p.State()].Order
	if words == (Text{}) || (words == validated && !p.Net().Positive()) {
		return stateText(p.State())
	}
	return words
}

func stateText(s purchase.State) Text {
	for _, row := range purchase.States() {
		if row.State == s {
			return Text{row.Fr, row.En}
		}
	}
	return plain(string(s))
}

// Answer is what the buyer may be told: what the facts prove, and no promise beyond.
func Answer(p purchase.Purchase) Text {
	row, known := statuses[p.State()]
	if !known {
		row = statuses[purchase.StateHeld]
	}
	switch {
	case p.State() == purchase.StateFinalized && !p.Net().Positive():
		return Text{"Votre participation est bien confirmée.", "Your participation is confirmed."}
	case p.State() == purchase.StateRefunded && !refunded(p):
		return statuses[purchase.StateDisputed].Answer
	case p.Registered() && seated[p.State()] && p.Desk != purchase.CauseSeatWithoutMoney:
		return with(Text{"Votre participation est bien confirmée. ", "Your participation is confirmed. "}, underReview)
	}
	return Text{fill(row.Answer.Fr, amount(p.Net()).Fr), fill(row.Answer.En, amount(p.Net()).En)}
}

// seated are the states of the desk in which a seat may be there all the same.
var seated = map[purchase.State]bool{purchase.StateMismatch: true, purchase.StateHeld: true, purchase.StatePaidLate: true}

// refunded: the merchant gave something back; what a bank takes back is no refund.
func refunded(p purchase.Purchase) bool {
	for _, pay := range p.Payments {
		if pay.Refunded.Positive() {
			return true
		}
	}
	return false
}

// underReview: the seat is there, and something about the money is not as it should be.
var underReview = Text{"Nous vérifions encore votre paiement et revenons vers vous ; ne payez pas une seconde fois.",
	"We are still checking your payment and will come back to you; please do not pay again."}

// HasAnswer tells whether the state has words of its own for the buyer.
func HasAnswer(s purchase.State) bool { return statuses[s].Answer != Text{} }
