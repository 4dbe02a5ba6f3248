package web

// tone colours a page and chooses its sign.
type tone string

const (
	good    tone = "good"
	waiting tone = "waiting"
	bad     tone = "bad"
	neutral tone = "neutral"
)

// Text is one message in one language: what happened, and what to do.
type Text struct{ Title, Body string }

// A message is what a page says, in the two languages.
type message struct {
	Tone   tone
	En, Fr Text
}

// messages is everything a buyer can be told: the states of the return page by their names, the ends of the redirect leg with
// "pay_" before theirs, and what is wrong with an address. Nothing is said to be uncharged unless the state stands for just that.
var messages = map[string]message{
	"confirmed": {good,
		Text{"Payment received, registration confirmed.", "Your place is reserved. You can close this page."},
		Text{"Paiement reçu, inscription confirmée.", "Votre place est réservée. Vous pouvez fermer cette page."}},
	"confirming": {waiting,
		Text{"Payment received.", "We are confirming your registration, usually within a minute. Do not pay a second time. You can close this page."},
		Text{"Paiement reçu.", "Nous confirmons votre inscription, en général en moins d’une minute. Ne payez pas une seconde fois. Vous pouvez fermer cette page."}},
	"pending": {waiting,
		Text{"Your bank is processing the payment.", "We confirm your registration as soon as the payment is through. Do not pay a second time."},
		Text{"Votre banque traite le paiement.", "Nous confirmerons votre inscription dès que le paiement sera passé. Ne payez pas une seconde fois."}},
	"cancelled": {neutral,
		Text{"Payment cancelled. Nothing was charged.", "You left the payment page before paying."},
		Text{"Paiement annulé. Rien n’a été débité.", "Vous avez quitté la page de paiement avant de payer."}},
	"refused": {bad,
		Text{"The payment was refused. Nothing was charged.", "Your bank can tell you why. Another card or another means of payment may work."},
		Text{"Le paiement a été refusé. Rien n’a été débité.", "Votre banque peut vous dire pourquoi. Une autre carte ou un autre moyen de paiement peut convenir."}},
	"one_refused": {waiting,
		Text{"An attempt to pay was refused.", "If you have paid since, with another card perhaps, do not pay again: we confirm your registration as soon as we hear of it. If not, try again: another card or another means of payment may work."},
		Text{"Une tentative de paiement a été refusée.", "Si vous avez payé depuis, par exemple avec une autre carte, ne payez pas de nouveau : nous confirmerons votre inscription dès que nous en serons informés. Sinon, réessayez : une autre carte ou un autre moyen de paiement peut convenir."}},
	"expired": {neutral,
		Text{"Time is up. Nothing was charged.", "The place is no longer held for you. Please register for the event again."},
		Text{"Délai dépassé. Rien n’a été débité.", "La place n’est plus retenue pour vous. Recommencez l’inscription à l’événement."}},
	"late": {waiting,
		Text{"Payment received after the deadline.", "The organisers have been told: they will register you or refund you. You need not do anything. Keep the reference."},
		Text{"Paiement reçu après le délai.", "L’organisateur est prévenu\u00a0: il vous inscrira ou vous remboursera. Vous n’avez rien à faire. Gardez la référence."}},
	"refunded": {neutral,
		Text{"Your payment goes back to you.", "There is no registration for it. Your bank may take some days to show the money. To come to the event, register again."},
		Text{"Votre paiement vous est remboursé.", "Il n’y a pas d’inscription pour ce paiement. Votre banque peut mettre quelques jours à l’afficher. Pour venir à l’événement, recommencez l’inscription."}},
	"unknown": {waiting,
		Text{"We are checking your payment.", "Do not pay a second time. Keep the reference in case you contact the organiser."},
		Text{"Nous vérifions votre paiement.", "Ne payez pas une seconde fois. Gardez la référence pour le cas où vous contacteriez l’organisateur."}},

	"on_invoice": {good,
		Text{"Registration confirmed.", "Your place is reserved. Please pay by the invoice that the organiser sends you."},
		Text{"Inscription confirmée.", "Votre place est réservée. Vous réglerez avec la facture que l’organisateur vous enverra."}},
	"invoice_asked": {waiting,
		Text{"We have received your request for an invoice.", "The organisers will get back to you. Do not pay by other means. You can close this page."},
		Text{"Nous avons bien reçu votre demande de facture.", "L’organisateur reviendra vers vous. Ne payez pas par un autre moyen. Vous pouvez fermer cette page."}},
	"invoice_cancelled": {neutral,
		Text{"The request for an invoice was cancelled.", "There is no registration for it. If you have questions, contact the organiser."},
		Text{"La demande de facture a été annulée.", "Il n’y a pas d’inscription. Si vous avez une question, contactez l’organisateur."}},

	"pay_leaving": {waiting,
		Text{"On to the payment page.", "If nothing happens, press the button."},
		Text{"Vers la page de paiement.", "Si rien ne se passe, appuyez sur le bouton."}},
	"pay_already_paid": {good,
		Text{"This registration is already paid.", "Do not pay a second time."},
		Text{"Cette inscription est déjà payée.", "Ne payez pas une seconde fois."}},
	"pay_expired": {neutral,
		Text{"Too late to pay for this registration.", "The place is no longer held for you. Please register for the event again. If you have paid already, do not pay again: contact the organiser."},
		Text{"Trop tard pour payer cette inscription.", "La place n’est plus retenue pour vous. Recommencez l’inscription à l’événement. Si vous avez déjà payé, ne payez pas de nouveau\u00a0: contactez l’organisateur."}},
	"pay_unknown_purchase": {bad,
		Text{"We do not know this registration.", "It may have ended. Go back to the event and register again."},
		Text{"Nous ne connaissons pas cette inscription.", "Elle a peut-être expiré. Revenez à l’événement et recommencez l’inscription."}},
	"pay_dataverse_error": {waiting,
		Text{"The registration system does not answer.", "Your registration is not lost. Please try again in a moment."},
		Text{"Le système d’inscription ne répond pas.", "Votre inscription n’est pas perdue. Réessayez dans un instant."}},
	"pay_provider_error": {waiting,
		Text{"The payment page cannot be opened now.", "Your registration is not lost. Please try again in a moment."},
		Text{"La page de paiement ne peut pas être ouverte pour le moment.", "Votre inscription n’est pas perdue. Réessayez dans un instant."}},
	"pay_rate_limited": {waiting,
		Text{"Too many people are at it from your connection.", "Your registration is not lost. Please try again in a moment."},
		Text{"Trop de demandes viennent de votre connexion.", "Votre inscription n’est pas perdue. Réessayez dans un instant."}},
	"pay_bad_request": {bad,
		Text{"This payment link is not right.", "Something is missing in it or does not fit. Go back to the event and try again."},
		Text{"Ce lien de paiement n’est pas correct.", "Il y manque quelque chose, ou quelque chose n’y convient pas. Revenez à l’événement et recommencez."}},

	"bad_link": {bad,
		Text{"This link leads nowhere.", "Go back to the event and try again."},
		Text{"Ce lien ne mène nulle part.", "Revenez à l’événement et recommencez."}},
	"bad_token": {neutral,
		Text{"This page is no longer available.", "If you have paid, do not pay again: contact the organiser."},
		Text{"Cette page n’est plus disponible.", "Si vous avez payé, ne payez pas de nouveau\u00a0: contactez l’organisateur."}},
	"trouble": {bad,
		Text{"Something went wrong on our side.", "Please try again in a moment. If you have paid, do not pay again."},
		Text{"Une erreur s’est produite chez nous.", "Réessayez dans un instant. Si vous avez payé, ne payez pas de nouveau."}},
}

// words are the small words around a message.
type words struct {
	Reference, Retry, Again, Return string
	Continue                        string // to the provider's page
	ByItself                        string // the page looks again by itself
	Minutes                         string // with the number of minutes
	NoTime                          string // paying again is not possible
	Other, OtherCode                string // the other language
}

var wordsIn = map[string]words{
	"en": {Reference: "Reference", Retry: "Try again", Again: "Check again", Return: "Back to the event", Continue: "Continue to payment",
		ByItself: "This page looks again by itself.",
		Minutes:  "You have %d min left to try again.", NoTime: "There is not enough time left to pay again. Please register for the event again.",
		Other: "Français", OtherCode: "fr"},
	"fr": {Reference: "Référence", Retry: "Réessayer", Again: "Vérifier de nouveau", Return: "Retour à l’événement", Continue: "Continuer vers le paiement",
		ByItself: "Cette page se met à jour toute seule.",
		Minutes:  "Il vous reste %d min pour recommencer.", NoTime: "Il ne reste pas assez de temps pour payer de nouveau. Recommencez l’inscription à l’événement.",
		Other: "English", OtherCode: "en"},
}
