package monetico

import (
	"context"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// Instructions are what to ask of the bank, which sets up a TPE itself, and what to know of its back office.
func (m *Monetico) Instructions(callback string) []purchase.Instruction {
	en, fr := "test", "test"
	if m.Live {
		en, fr = "production", "production"
	}
	return []purchase.Instruction{
		{En: "Write to Monetico's support (centrecom@e-i.com), from the address that your contract names and with the number of the TPE and the company code: " +
			"ask for this address as return interface (URL CGI2) in " + en + ".",
			Fr: "Écrivez au support Monetico (centrecom@e-i.com), depuis l’adresse indiquée au contrat et en précisant le numéro de TPE et le code société : " +
				"demandez cette adresse comme interface retour (URL CGI2) en " + fr + ".",
			Value: callback},
		{En: "In the same letter, ask that the TPE take payments at once (paiement immédiat), without instalments (paiement fractionné), deferred capture or pre-authorisation: " +
			"a seat is given for money that was taken whole.",
			Fr: "Dans le même message, demandez un TPE en paiement immédiat, sans paiement fractionné, ni différé, ni préautorisation : " +
				"une place est donnée contre une somme encaissée en totalité."},
		{En: "Put the security key of the TPE (40 characters) into a file and name the file under key. Test and production share it.",
			Fr: "Placez la clé de sécurité du TPE (40 caractères) dans un fichier et indiquez ce fichier dans key. Elle est commune au test et à la production."},
		{En: "Have the bank e-mail you each payment, or the summary file (fichier récapitulatif), and compare: a notification that got lost cannot be asked for.",
			Fr: "Demandez à la banque un e-mail à chaque paiement, ou le fichier récapitulatif, et comparez : une notification perdue ne peut pas être redemandée."},
		{En: "Refund in the back office (Gestion de paiements, Recréditer) and give the seat free by hand: neither refunds nor chargebacks are notified.",
			Fr: "Remboursez dans le back-office (Gestion de paiements, Recréditer) et libérez la place à la main : ni les remboursements ni les impayés ne sont notifiés."},
		{En: "If a page of your own starts payments: let no buyer write an asterisk (*) into a field of the form; such notifications may be refused.",
			Fr: "Si une page à vous lance les paiements : ne laissez aucun acheteur écrire un astérisque (*) dans un champ du formulaire ; ces notifications peuvent être refusées."},
	}
}

// Inspect says what a person must look at: nothing can be asked of the bank.
func (m *Monetico) Inspect(_ context.Context, callback string) []purchase.Finding {
	return []purchase.Finding{
		{Check: "PRV-01", Status: purchase.Manual, Detail: "nothing can be asked of Monetico: whether TPE and key are right shows at the first payment",
			Fix: "pay once in " + m.Mode() + " mode and see that the payment is kept"},
		{Check: "PRV-02", Status: purchase.Manual, Detail: "which return interface the bank calls cannot be seen from here",
			Fix: "have the bank confirm the address " + callback},
	}
}
