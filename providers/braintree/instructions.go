package braintree

import "github.com/paybridge/paybridge/bridge/purchase"

// needed are the notifications that tell of money, in the words of the Control Panel.
const needed = "Transaction Settled, Transaction Settlement Declined, Transaction Disbursed, Refund Failed, Dispute Opened, Dispute Under Review, " +
	"Dispute Disputed, Dispute Lost, Dispute Won, Dispute Accepted, Dispute Auto Accepted, Dispute Expired"

// Instructions are the steps in Braintree's Control Panel.
func (b *Braintree) Instructions(callback string) []purchase.Instruction {
	en, fr := "Sign in to the sandbox Control Panel; its keys differ from those of production.",
		"Connectez-vous au Control Panel sandbox ; ses clés ne sont pas celles de production."
	if b.Live {
		en, fr = "Sign in to the production Control Panel.", "Connectez-vous au Control Panel de production."
	}
	return []purchase.Instruction{
		{En: en, Fr: fr},
		{En: "Settings, API, API Keys: copy the public key to public_key, put the private key into a file and name the file under private_key.",
			Fr: "Settings, API, API Keys : copiez la clé publique dans public_key, placez la clé privée dans un fichier et indiquez ce fichier dans private_key."},
		{En: "Settings, API, Webhooks, Create new Webhook: enter this address. Braintree checks it at once, so paybridge must be running.",
			Fr: "Settings, API, Webhooks, Create new Webhook : saisissez cette adresse. Braintree la vérifie aussitôt ; paybridge doit donc être en marche.", Value: callback},
		{En: "Choose these notifications, as far as they are offered.", Fr: "Choisissez ces notifications, si elles sont proposées.", Value: needed},
		{En: "Let your own page set the transaction's order id, or a custom field, to the PurchaseId, and name it under reference.",
			Fr: "Votre propre page doit mettre le PurchaseId dans l’order id de la transaction ou dans un champ personnalisé, à indiquer sous reference."},
		{En: "Braintree tells of bank debits when they settle, days later, and of cards only when they are disbursed, if at all: " +
			"use it only with a window as long.",
			Fr: "Braintree signale les prélèvements lors du règlement, des jours plus tard, et les cartes seulement lors du versement, voire jamais : " +
				"ne l’utilisez qu’avec un délai aussi long."},
	}
}
