package ingenico

import (
	"github.com/paybridge/paybridge/bridge/purchase"
)

// Instructions are the steps in Worldline's back office.
func (w *Worldline) Instructions(callback string) []purchase.Instruction {
	if w.connects() {
		return w.connectInstructions(callback)
	}
	en, fr := "Sign in to the Merchant Portal of the test environment", "Connectez-vous au Merchant Portal de l’environnement de test"
	if w.Live {
		en, fr = "Sign in to the Merchant Portal of the production environment", "Connectez-vous au Merchant Portal de l’environnement de production"
	}
	return []purchase.Instruction{
		{En: en + "; keys belong to one PSPID in one environment.", Fr: fr + " ; les clés appartiennent à un PSPID dans un environnement.", Value: w.merchant()},
		{En: "Developer, Payment API: make an API key; put its secret into a file and name it under api_secret, with the id under api_key_id.",
			Fr: "Développeur, Payment API : créez une clé d’API ; placez son secret dans un fichier indiqué dans api_secret, et son identifiant dans api_key_id."},
		{En: "Developer, Webhooks, Generate webhooks keys: copy the secret at once, it is shown for a minute. A new pair ends the old one at once: write it beside the old one in webhook_keys and restart; Worldline repeats what was refused in between.",
			Fr: "Développeur, Webhooks, Générer des clés de webhooks : copiez le secret tout de suite, il ne s’affiche qu’une minute. Une nouvelle paire met fin à l’ancienne aussitôt : inscrivez-la à côté de l’ancienne dans webhook_keys et redémarrez ; Worldline répète ce qui a été refusé entre-temps."},
		{En: "Developer, Webhooks, Add webhook endpoint: enter this address. Payments that paybridge opens name it themselves; payments of your own page, and what is refunded in the portal, need it here.",
			Fr: "Développeur, Webhooks, Ajouter un endpoint : saisissez cette adresse. Les paiements ouverts par paybridge l’indiquent eux-mêmes ; ceux de votre propre page, et les remboursements faits dans le portail, en ont besoin ici.", Value: callback},
		{En: "Send a test event from there; it must be answered with 200.", Fr: "Envoyez un événement de test depuis cette page ; la réponse doit être 200."},
	}
}

func (w *Worldline) connectInstructions(callback string) []purchase.Instruction {
	en, fr := "Sign in to the Configuration Center of the test environment", "Connectez-vous au Configuration Center de l’environnement de test"
	if w.Live {
		en, fr = "Sign in to the Configuration Center of the production environment", "Connectez-vous au Configuration Center de l’environnement de production"
	}
	return []purchase.Instruction{
		{En: en + "; keys belong to one merchant id in one environment.", Fr: fr + " ; les clés appartiennent à un numéro de marchand dans un environnement.", Value: w.merchant()},
		{En: "API keys: make one; put its secret into a file and name it under api_secret, with the id under api_key_id.",
			Fr: "API keys : créez une clé ; placez son secret dans un fichier indiqué dans api_secret, et son identifiant dans api_key_id."},
		{En: "Webhooks, Keys: make a pair; put the secret into a file and write id and file under webhook_keys.",
			Fr: "Webhooks, Keys : créez une paire ; placez le secret dans un fichier, et indiquez l’identifiant et le fichier dans webhook_keys."},
		{En: "Webhooks, Endpoints: add this address. Connect verifies it by a GET, which paybridge answers: it must be running.",
			Fr: "Webhooks, Endpoints : ajoutez cette adresse. Connect la vérifie par un GET, auquel paybridge répond : il doit être en marche.", Value: callback},
		{En: "Choose every event of these families.", Fr: "Choisissez tous les événements de ces familles.", Value: "payment, refund"},
	}
}
