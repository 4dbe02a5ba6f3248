package redsys

import "github.com/paybridge/paybridge/bridge/purchase"

// Instructions are the steps in the merchant portal.
func (r *Redsys) Instructions(callback string) []purchase.Instruction {
	en, fr := "Sign in to the test environment of the merchant portal (Canales); its key differs from the live one.",
		"Connectez-vous à l’environnement de test du portail commerçant (Canales) ; sa clé n’est pas celle de production."
	if r.Live {
		en, fr = "Sign in to the live merchant portal (Canales) of your bank.", "Connectez-vous au portail commerçant (Canales) de production de votre banque."
	}
	return []purchase.Instruction{
		{En: en, Fr: fr},
		{En: "At the terminal, show the key for HMAC SHA-256 (Ver clave), put it into a file and name the file under secret_key.",
			Fr: "Sur le terminal, affichez la clé HMAC SHA-256 (Ver clave), placez-la dans un fichier et indiquez ce fichier dans secret_key."},
		{En: "Terminal, online notification (Notificación on-line): choose HTTP, or HTTP and e-mail, and enter this address.",
			Fr: "Terminal, notification en ligne (Notificación on-line) : choisissez HTTP, ou HTTP et e-mail, et saisissez cette adresse.", Value: callback},
		{En: "If your own page starts payments, let it send this address as DS_MERCHANT_MERCHANTURL, and the PurchaseId in DS_MERCHANT_MERCHANTDATA.",
			Fr:    "Si votre propre page lance les paiements, envoyez cette adresse dans DS_MERCHANT_MERCHANTURL et le PurchaseId dans DS_MERCHANT_MERCHANTDATA.",
			Value: callback},
		{En: "Turn off payment by bank transfer or direct debit; that money comes after the deadline.",
			Fr: "Désactivez le paiement par virement ou prélèvement ; cet argent arrive après le délai."},
		{En: "Let somebody look at failed notifications and at chargebacks in the portal every day; Redsys tells nobody else of them.",
			Fr: "Faites vérifier chaque jour dans le portail les notifications en échec et les impayés ; Redsys n’en informe personne d’autre."},
	}
}
