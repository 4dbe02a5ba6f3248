package mollie

import (
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Instructions are the steps in Mollie's Dashboard.
func (m *Mollie) Instructions(callback string) []purchase.Instruction {
	prefix := modeOf(m.Live) + "_…"
	steps := []purchase.Instruction{{
		En: "Developers, API keys: copy the key (" + prefix + ") of the website profile that sells, put it into a file and name the file under api_key.",
		Fr: "Développeurs, Clés API : copiez la clé (" + prefix + ") du profil de site web qui vend, placez-la dans un fichier et indiquez ce fichier dans " +
			"api_key."}}
	if m.config.Webhooks == nextgen {
		steps = append(steps, eventSteps(callback)...)
	} else {
		steps = append(steps, purchase.Instruction{
			En: "Nothing is to be registered: our payments name this address themselves. Where your own page makes payments, let it send the address " +
				"as webhookUrl.",
			Fr: "Il n’y a rien à enregistrer : nos paiements indiquent eux-mêmes cette adresse. Si votre propre page crée des paiements, elle doit " +
				"l’envoyer comme webhookUrl.", Value: callback})
	}
	return append(steps, purchase.Instruction{
		En: "Settings, Payment methods: turn off methods that take days, such as bank transfer; their money comes after the deadline.",
		Fr: "Paramètres, Moyens de paiement : désactivez ceux qui prennent des jours, comme le virement ; leur argent arrive après le délai."},
		purchase.Instruction{
			En: "A payment stays open for as long as its method wants, often 15 minutes, and most cannot be canceled before: a buyer may pay after the deadline, " +
				"and that money waits for a person.",
			Fr: "Un paiement reste ouvert aussi longtemps que le veut sa méthode, souvent 15 minutes, et la plupart ne peuvent pas être annulés avant : un acheteur " +
				"peut payer après le délai, et cet argent attend alors une décision."})
}

func eventSteps(callback string) []purchase.Instruction {
	return []purchase.Instruction{
		{En: "Developers, Webhooks, Create webhook: enter this address.", Fr: "Développeurs, Webhooks, Créer un webhook : saisissez cette adresse.", Value: callback},
		{En: "Choose these events; a star stands for all of a family.", Fr: "Choisissez ces événements ; une étoile désigne toute une famille.", Value: strings.Join(needed, ", ")},
		{En: "Copy the signing secret, which is shown only once, put it into a file and name the file under signing_secrets.",
			Fr: "Copiez le secret de signature, affiché une seule fois, placez-le dans un fichier et indiquez ce fichier dans signing_secrets."},
		{En: "Where your own page makes payments, let it send no webhookUrl with this address: unsigned notifications are refused here.",
			Fr: "Si votre propre page crée des paiements, elle ne doit pas envoyer cette adresse comme webhookUrl : les notifications non signées sont refusées ici."},
	}
}
