package lyra

import (
	"context"
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Instructions are the steps in the Expert Back Office, which is the same at every bank.
func (s *shop) Instructions(callback string) []purchase.Instruction {
	field := purchase.Instruction{
		En:    "In the part “REST API”, enter this address as target URL of the IPN to notify in " + s.mode() + " mode.",
		Fr:    "Dans la partie « API REST », saisissez cette adresse comme URL cible de l’IPN à appeler en mode " + s.mode() + ".",
		Value: callback}
	if s.config.Notifications == byForm {
		field.En = "In the part “API form V1, V2”, enter this address as URL to notify in " + s.mode() + " mode."
		field.Fr = "Dans la partie « API formulaire V1, V2 », saisissez cette adresse comme URL à appeler en mode " + s.mode() + "."
	}
	return []purchase.Instruction{
		{En: "Settings, Notification rules: right-click “Instant Payment Notification URL at the end of the payment”, enable the rule and manage it.",
			Fr: "Paramétrage, Règles de notification : clic droit sur « URL de notification à la fin du paiement », activez la règle et gérez-la."},
		field,
		{En: "Check “Automatic retry in case of failure”; it is off by default.",
			Fr: "Cochez « Rejeu automatique en cas d’échec » ; il est désactivé par défaut."},
		{En: "Do the same for the rules “on batch authorization”, “on batch change”, “on an operation coming from the Back Office” and “on cancellation”.",
			Fr: "Faites de même pour les règles « sur autorisation par batch », « sur modification par batch », « sur une opération provenant du Back Office » " +
				"et « sur annulation »."},
		{En: "Settings, Shop, tab REST API keys: put the password of this mode into a file and name the file under password.",
			Fr: "Paramétrage, Boutique, onglet Clés d’API REST : placez le mot de passe de ce mode dans un fichier et indiquez ce fichier dans password."},
		{En: "Settings, Shop, tab Keys: put the key of this mode into a file, name the file under hmac_key, and see that the algorithm is HMAC-SHA-256.",
			Fr: "Paramétrage, Boutique, onglet Clés : placez la clé de ce mode dans un fichier, indiquez ce fichier dans hmac_key, et vérifiez que " +
				"l’algorithme est HMAC-SHA-256."},
		{En: "Nobody is notified of chargebacks: look for them in the back office, and take the seat back by hand.",
			Fr: "Les impayés ne sont notifiés à personne : surveillez-les dans le Back Office, et reprenez la place à la main."},
	}
}

// nobody is an order id that no order has.
const nobody = "paybridge-doctor"

// Inspect checks, without changing anything, that Lyra takes shop id and password, in this mode. What the back office was told cannot
// be read.
func (a *asking) Inspect(ctx context.Context, callback string) []purchase.Finding {
	return []purchase.Finding{a.signedIn(ctx),
		{Check: "PRV-02", Status: purchase.Manual, Detail: "Lyra does not show which addresses it notifies",
			Fix: "in the back office, Settings, Notification rules, see that the rule for the end of the payment has the address " + callback},
		{Check: "PRV-03", Status: purchase.Manual, Detail: "Lyra does not show which rules are enabled",
			Fix: "enable the rules for the end of the payment, batches, back office operations and cancellation, with automatic retry"},
		{Check: "PRV-04", Status: purchase.Manual, Detail: "Lyra does not show whether the key of the shop is ours",
			Fix: "compare hmac_key with the key of this mode in the back office, Settings, Shop, tab Keys"},
	}
}

// signedIn asks for an order that does not exist: who may not ask is told so instead.
func (a *asking) signedIn(ctx context.Context) purchase.Finding {
	err := a.call(ctx, protocol.Get, "Order/Get", map[string]any{"orderId": nobody}, nil)
	switch {
	case err == nil || protocol.IsStatus(err, http.StatusNotFound):
		return purchase.Finding{Check: "PRV-01", Status: purchase.Pass, Detail: "Lyra takes shop_id and password at " + a.Origin}
	case protocol.IsStatus(err, http.StatusUnauthorized):
		return purchase.Finding{Check: "PRV-01", Status: purchase.Fail, Detail: err.Error(),
			Fix: "copy shop_id and the REST API password of " + a.Mode() + " mode from the back office, Settings, Shop, tab REST API keys"}
	}
	return purchase.Finding{Check: "PRV-01", Status: purchase.Fail, Detail: err.Error(), Fix: "see that host can be reached from here"}
}
