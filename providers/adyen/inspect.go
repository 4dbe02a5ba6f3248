package adyen

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// needed are the events beside the usual ones of a Standard webhook, which must be chosen at it.
var needed = []string{"CAPTURE_FAILED", "EXPIRE", "OFFER_CLOSED", "REFUND_FAILED", "REFUNDED_REVERSED", "TECHNICAL_CANCEL"}

// Instructions are the steps in Adyen's Customer Area.
func (r *Receiver) Instructions(callback string) []purchase.Instruction {
	area, zone := "ca-test.adyen.com", "de test"
	if r.Live {
		area, zone = "ca-live.adyen.com", "de production"
	}
	steps := []purchase.Instruction{
		{En: "Sign in to the Customer Area of this mode and switch to the merchant account; webhooks and keys of the two modes differ.",
			Fr: "Connectez-vous à l’espace client " + zone + " et choisissez le compte marchand ; les webhooks et les clés des deux modes " +
				"sont différents.",
			Value: area + ", " + r.config.MerchantAccount},
		{En: "Developers, Webhooks, Create new webhook, Standard webhook: enter this address, method JSON.",
			Fr: "Développeurs, Webhooks, Créer un webhook, Standard webhook : saisissez cette adresse, méthode JSON.", Value: callback},
		{En: "Security, Basic authentication: enter this user name and a password of your own; put it into a file and name the file under password.",
			Fr: "Sécurité, Authentification de base : saisissez ce nom d’utilisateur et un mot de passe de votre choix, à placer dans un " +
				"fichier indiqué dans password.",
			Value: r.config.Username},
		{En: "Security, HMAC key: generate it, put all 64 digits into a file and name the file under hmac_keys. When you change it later, keep " +
			"the old one there for thirty days.",
			Fr: "Sécurité, Clé HMAC : générez-la, placez ses 64 chiffres dans un fichier et indiquez ce fichier dans hmac_keys. Si vous la " +
				"changez plus tard, laissez-y l’ancienne pendant trente jours."},
		{En: "Events: choose these beside the usual ones.", Fr: "Événements : choisissez ceux-ci en plus des événements habituels.",
			Value: strings.Join(needed, ", ")},
		{En: "Settings, Account settings, Capture delay: if it is immediate, finalize_on is authorisation, else capture.",
			Fr:    "Paramètres, Paramètres du compte, Délai de capture : s’il est immédiat, finalize_on vaut authorisation, sinon capture.",
			Value: r.config.FinalizeOn},
	}
	if r.config.APIKey.IsSet() {
		return append(steps, purchase.Instruction{
			En: "Developers, API credentials: give the credential the Checkout webservice role, generate its API key, put it into a file and " +
				"name the file under api_key.",
			Fr: "Développeurs, Identifiants API : donnez à l’identifiant le rôle Checkout webservice, générez sa clé API, placez-la dans un " +
				"fichier et indiquez ce fichier dans api_key."})
	}
	return append(steps, purchase.Instruction{
		En: "On your own page, put the PurchaseId into the reference of each payment; metadata is not signed and names no purchase.",
		Fr: "Sur votre propre page, mettez le PurchaseId dans la référence (reference) de chaque paiement ; les métadonnées ne sont pas " +
			"signées et ne désignent aucun achat."})
}

// Inspect has nobody to ask: a person must look at the webhook.
func (r *Receiver) Inspect(_ context.Context, callback string) []purchase.Finding {
	return append([]purchase.Finding{{Check: "PRV-01", Status: purchase.Skip, Detail: "there is no api_key"}}, r.byHand(callback)...)
}

// byHand is what Adyen shows only in the Customer Area.
func (r *Receiver) byHand(callback string) []purchase.Finding {
	return []purchase.Finding{
		{Check: "PRV-02", Status: purchase.Manual, Detail: "Adyen shows webhooks only in the Customer Area",
			Fix: "see that the merchant account " + r.config.MerchantAccount + " has a Standard webhook, enabled, with the address " + callback},
		{Check: "PRV-03", Status: purchase.Manual, Detail: "Adyen shows a webhook's events only in the Customer Area",
			Fix: "see that the webhook has these events beside the usual ones: " + strings.Join(needed, ", ")},
		{Check: "PRV-04", Status: purchase.Manual, Detail: "Adyen shows neither HMAC keys nor passwords",
			Fix: "press Test configuration at the webhook, and see that AUTHORISATION is answered with [accepted]"},
	}
}

// Inspect checks, without changing anything, that Adyen takes the API key for this merchant account.
func (a *Adyen) Inspect(ctx context.Context, callback string) []purchase.Finding {
	account := map[string]string{"merchantAccount": a.config.MerchantAccount}
	err := a.Call(ctx, protocol.Call{Operation: protocol.List, Path: "/paymentMethods", JSON: account, Repeatable: true}, nil)
	f := purchase.Finding{Check: "PRV-01", Status: purchase.Pass, Detail: "Adyen takes the API key at " + a.Origin}
	if err != nil {
		f = notIn(err)
	}
	return append([]purchase.Finding{f}, a.byHand(callback)...)
}

func notIn(err error) purchase.Finding {
	f := purchase.Finding{Check: "PRV-01", Status: purchase.Fail, Detail: err.Error(), Fix: "see that Adyen can be reached from here"}
	var e *protocol.Error
	switch {
	case !errors.As(err, &e):
	case e.Status == http.StatusUnauthorized:
		f.Fix = "copy the API key of this mode again"
	case e.Status == http.StatusForbidden:
		f.Fix = "give the credential the Checkout webservice role and access to the merchant account"
	}
	return f
}
