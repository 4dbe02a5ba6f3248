package paypal

import (
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Instructions are the steps in PayPal's back office.
func (p *PayPal) Instructions(callback string) []purchase.Instruction {
	if p.config.Notifications == ipn {
		return []purchase.Instruction{{
			En:    "Account Settings, Notifications, Instant payment notifications: enter this address and turn IPN messages on.",
			Fr:    "Paramètres du compte, Notifications, Notifications instantanées de paiement : saisissez cette adresse et activez les messages IPN.",
			Value: callback,
		}}
	}
	return []purchase.Instruction{
		{En: "developer.paypal.com, Apps & Credentials, mode " + p.Mode() + ": open the REST app whose client id and secret the settings hold. Ids and secrets of sandbox and live differ.",
			Fr: "developer.paypal.com, Apps & Credentials, mode " + p.Mode() + " : ouvrez l’application REST dont l’identifiant et le secret figurent dans la configuration. Ceux de sandbox et de live sont différents."},
		{En: "Webhooks, Add Webhook: enter this address.", Fr: "Webhooks, Add Webhook : saisissez cette adresse.", Value: callback},
		{En: "Tick at least these events.", Fr: "Cochez au moins ces événements.", Value: strings.Join(needed, ", ")},
		{En: "With capture: after_registration tick these as well.", Fr: "Avec capture: after_registration, cochez aussi ceux-ci.", Value: strings.Join(reserving, ", ")},
		{En: "Copy the webhook id that is shown beside the address into webhook_id.", Fr: "Copiez l’identifiant du webhook, affiché à côté de l’adresse, dans webhook_id.", Value: p.config.WebhookID},
	}
}
