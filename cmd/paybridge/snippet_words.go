package main

// snippetText is the template's words and the steps around it in one language.
type snippetText struct {
	About, Leaving, Pay, Trouble, NoTarget string
	RealTime, Outbound                     []string
}

// Source: Microsoft's documentation of the payment gateway of events, outbound (web template, page template, web page, portal cache) and
// real-time (payment provider record).
var snippetWords = map[string]snippetText{
	"en": {
		About:    "leads the buyer to the payment page. It hands on ids only. Put no amount, currency or key here.",
		Leaving:  "You will pay on a secure page.",
		Pay:      "Continue to payment",
		Trouble:  "This payment link is incomplete. Go back to the event and try again.",
		NoTarget: "Payment is not set up yet: the site setting Paybridge/CheckoutUrl is missing.",
		RealTime: []string{
			"Settings > Payment providers: open the record of your provider, or make one.",
			"Payment page URL: {address}",
			"Timeout: {minutes} minutes, the same as window in the settings.",
			"Event: choose the custom solution using the event API, set Enable payment gateway to Yes, choose the record, and publish the event.",
			"Register once in a sandbox and see that the payment page opens.",
		},
		Outbound: []string{
			"Portal Management > Site Settings > New: name Paybridge/CheckoutUrl, value {address}. Going from sandbox to live changes this value only.",
			"Web Templates > New: name Paybridge, source: the text below.",
			"Page Templates > New: type Web Template, web template Paybridge.",
			"Web Pages > New: page template Paybridge, publishing state Published.",
			"Event > Portal payment gateway: choose this page. If the field stays empty, Microsoft's demo page with its \"emulate payment\" button is shown.",
			"Clear the cache of the portal (/_services/about, signed in as administrator), else the old page goes on for minutes.",
			"Register once in a sandbox and see that the payment page opens.",
		},
	},
	"fr": {
		About:    "conduit l'acheteur à la page de paiement. Ne transmet que des identifiants. N'y mettez ni montant, ni devise, ni clé.",
		Leaving:  "Vous allez payer sur une page sécurisée.",
		Pay:      "Continuer vers le paiement",
		Trouble:  "Ce lien de paiement est incomplet. Revenez à l’événement et recommencez.",
		NoTarget: "Le paiement n’est pas encore configuré : le paramètre de site Paybridge/CheckoutUrl manque.",
		RealTime: []string{
			"Paramètres > Fournisseurs de paiement : ouvrez l’enregistrement de votre prestataire, ou créez-le.",
			"URL de la page de paiement : {address}",
			"Délai d’expiration : {minutes} minutes, comme window dans la configuration.",
			"Événement : choisissez la solution personnalisée avec l’API d’événements, mettez Activer la passerelle de paiement à Oui, choisissez l’enregistrement, puis publiez l’événement.",
			"Inscrivez-vous une fois en bac à sable et vérifiez que la page de paiement s’ouvre.",
		},
		Outbound: []string{
			"Gestion du portail > Paramètres de site > Nouveau : nom Paybridge/CheckoutUrl, valeur {address}. Passer du bac à sable à la production ne change que cette valeur.",
			"Modèles web > Nouveau : nom Paybridge, source : le texte ci-dessous.",
			"Modèles de page > Nouveau : type Modèle web, modèle web Paybridge.",
			"Pages web > Nouveau : modèle de page Paybridge, état de publication Publié.",
			"Événement > Passerelle de paiement du portail : choisissez cette page. Si le champ reste vide, c’est la page de démonstration de Microsoft, avec son bouton « simuler le paiement », qui s’affiche.",
			"Videz le cache du portail (/_services/about, connecté comme administrateur), sinon l’ancienne page reste en place plusieurs minutes.",
			"Inscrivez-vous une fois en bac à sable et vérifiez que la page de paiement s’ouvre.",
		},
	},
}
