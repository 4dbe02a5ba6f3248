package ingenico

import "github.com/paybridge/paybridge/bridge/purchase"

// Instructions are the steps in Ogone's back office.
func (a *Ogone) Instructions(callback string) []purchase.Instruction {
	en, fr := "Sign in to the back office of the test environment", "Connectez-vous au back-office de l’environnement de test"
	if a.Live {
		en, fr = "Sign in to the back office of the production environment", "Connectez-vous au back-office de l’environnement de production"
	}
	return []purchase.Instruction{
		{En: en + "; passphrases and users of the two differ.", Fr: fr + " ; les phrases secrètes et les utilisateurs des deux sont différents.", Value: a.config.PSPID},
		{En: "Configuration, Technical information, Global security parameters: choose the hash that sha names, UTF-8 and the order “each parameter followed by the passphrase”.",
			Fr: "Configuration, Information technique, Paramètres de sécurité globaux : choisissez l’algorithme indiqué dans sha, UTF-8 et « chaque paramètre suivi de la phrase secrète »."},
		{En: "Technical information, Data and origin verification: enter the SHA-IN passphrase, under e-Commerce and under DirectLink; leave the referrer empty.",
			Fr: "Information technique, Contrôle de données et d’origine : saisissez la phrase secrète SHA-IN, sous e-Commerce et sous DirectLink ; laissez le référent vide."},
		{En: "Technical information, Transaction feedback, Direct HTTP server-to-server request: timing “online but switch to a deferred request when the online requests fail”, method POST, this address in both fields, and again under HTTP request for status changes.",
			Fr: "Information technique, Retour d’information sur la transaction, Requête HTTP directe serveur à serveur : moment « en ligne, mais en différé en cas d’échec », méthode POST, cette adresse dans les deux champs, et aussi sous Requête HTTP pour les changements de statut.", Value: callback},
		{En: "Same page, Dynamic e-Commerce parameters: select at least these fields. Without amount and currency each payment must be asked about.",
			Fr:    "Même page, Paramètres e-Commerce dynamiques : sélectionnez au moins ces champs. Sans montant ni devise, il faut interroger chaque paiement.",
			Value: "ORDERID, PAYID, PAYIDSUB, STATUS, AMOUNT, CURRENCY, NCERROR, COMPLUS"},
		{En: "Same page, All transaction submission modes: enter the SHA-OUT passphrase, another one than SHA-IN.",
			Fr: "Même page, Tous les modes de transmission des transactions : saisissez la phrase secrète SHA-OUT, différente de SHA-IN."},
		{En: "Configuration, Users: make a user with “special user for API”; name it and its password under api_user and api_password.",
			Fr: "Configuration, Utilisateurs : créez un utilisateur avec « utilisateur spécial pour API » ; indiquez son nom et son mot de passe dans api_user et api_password."},
		{En: "Technical information, Data and origin verification, DirectLink: register the IP address from which paybridge calls; without it every call is turned away.",
			Fr: "Information technique, Contrôle de données et d’origine, DirectLink : enregistrez l’adresse IP depuis laquelle paybridge appelle ; sans elle, chaque appel est rejeté."},
	}
}
