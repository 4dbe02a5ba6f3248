package web

// tone colours a page.
type tone string

const (
	good    tone = "good"
	waiting tone = "waiting"
	bad     tone = "bad"
)

// Text is one message in one language: what happened, and what to do.
type Text struct{ Title, Body string }

// A Message is what a page says.
type Message struct {
	Tone tone
	Text
}

type entry struct {
	Tone   tone
	En, Fr Text
}

// messages is everything a buyer can be told. Nothing is said to be uncharged unless that is certain in the state it stands for.
var messages = map[string]entry{
	"confirmed": {good,
		Text{"Payment received, registration confirmed.", "You have your place. You can close this page."},
		Text{"Paiement reçu, inscription confirmée.", "Votre place est réservée. Vous pouvez fermer cette page."}},
	"confirming": {waiting,
		Text{"Payment received.", "We are confirming your registration, usually within a minute. Do not pay a second time. You can close this page."},
		Text{"Paiement reçu.", "Nous confirmons votre inscription, en général en moins d'une minute. Ne payez pas une seconde fois. Vous pouvez fermer cette page."}},
	"pending": {waiting,
		Text{"Your bank is processing the payment.", "We confirm your registration as soon as the payment is through. Do not pay a second time."},
		Text{"Votre banque traite le paiement.", "Nous confirmerons votre inscription dès que le paiement sera passé. Ne payez pas une seconde fois."}},
	"cancelled": {bad,
		Text{"Payment cancelled. Nothing was charged.", "You can try again while there is time."},
		Text{"Paiement annulé. Rien n'a été débité.", "Vous pouvez recommencer tant qu'il reste du temps."}},
	"refused": {bad,
		Text{"The payment was refused. Nothing was charged.", "You can try again, or use another means of payment."},
		Text{"Le paiement a été refusé. Rien n'a été débité.", "Vous pouvez recommencer, ou choisir un autre moyen de paiement."}},
	"expired": {bad,
		Text{"Time is up. Nothing was charged.", "Please register for the event again."},
		Text{"Délai dépassé. Rien n'a été débité.", "Recommencez l'inscription à l'événement."}},
	"late": {bad,
		Text{"Payment received after the deadline.", "The organisers have been told. They will register you or refund you. You need not do anything; keep the reference."},
		Text{"Paiement reçu après le délai.", "L'organisateur est prévenu : il vous inscrira ou vous remboursera. Vous n'avez rien à faire ; gardez la référence."}},
	"unknown": {waiting,
		Text{"We are checking your payment.", "Do not pay a second time. Keep the reference in case you contact the organiser."},
		Text{"Nous vérifions votre paiement.", "Ne payez pas une seconde fois. Gardez la référence si vous contactez l'organisateur."}},

	"already_paid": {good,
		Text{"This registration is already paid.", "Do not pay a second time."},
		Text{"Cette inscription est déjà payée.", "Ne payez pas une seconde fois."}},
	"unknown_purchase": {bad,
		Text{"We do not know this registration.", "Go back to the event and register again."},
		Text{"Nous ne connaissons pas cette inscription.", "Revenez à l'événement et recommencez l'inscription."}},
	"dataverse_error": {waiting,
		Text{"The registration system does not answer.", "Reload this page in a moment."},
		Text{"Le système d'inscription ne répond pas.", "Rechargez cette page dans un instant."}},
	"provider_error": {waiting,
		Text{"The payment page cannot be opened now.", "Reload this page in a moment."},
		Text{"La page de paiement ne peut pas être ouverte pour le moment.", "Rechargez cette page dans un instant."}},
	"bad_request": {bad,
		Text{"This payment link is not complete.", "Go back to the event and try again."},
		Text{"Ce lien de paiement est incomplet.", "Revenez à l'événement et recommencez."}},
	"bad_link": {bad,
		Text{"This payment link leads nowhere.", "Go back to the event and try again."},
		Text{"Ce lien de paiement ne mène nulle part.", "Revenez à l'événement et recommencez."}},
	"bad_token": {bad,
		Text{"This page is no longer available.", "If you have paid, contact the organiser; your payment is known."},
		Text{"Cette page n'est plus disponible.", "Si vous avez payé, contactez l'organisateur : votre paiement est connu."}},
}

// words are the small words around a message.
type words struct{ Reference, Retry, Return, Minutes, Other, OtherCode string }

var wordsIn = map[string]words{
	"en": {"Reference", "Try again", "Back to the event", "minutes left", "Français", "fr"},
	"fr": {"Référence", "Recommencer", "Retour à l'événement", "minutes restantes", "English", "en"},
}
