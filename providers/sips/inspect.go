package sips

import (
	"context"
	"errors"
	"net/http"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// nobody is a transaction that no shop has.
const nobody = "PBNOBODY"

// Inspect asks Sips Office, without changing anything, for a transaction that there is not: that it says so proves shop and key. What it
// says of itself is sealed with the same key as automatic responses are.
func (s *Sips) Inspect(ctx context.Context, callback string) []purchase.Finding {
	_, err := s.diagnose(ctx, nobody)
	if !errors.Is(err, purchase.ErrNoPayment) {
		return []purchase.Finding{{Check: "PRV-01", Status: purchase.Fail, Detail: err.Error(), Fix: fixOf(err)}}
	}
	return []purchase.Finding{
		{Check: "PRV-01", Status: purchase.Pass, Detail: "Sips Office takes shop and key at " + s.Origin},
		{Check: "PRV-02", Status: purchase.Manual, Detail: "the callback address goes along with each payment that paybridge opens",
			Fix: "where your own page opens payments, see that it sends automaticResponseUrl=" + callback},
		{Check: "PRV-03", Status: purchase.Skip, Detail: "Sips sends one response for each payment; there is nothing to choose"},
		{Check: "PRV-04", Status: purchase.Manual, Detail: "how a page of your own has its forms sealed cannot be seen from here",
			Fix: "compare the SealAlgorithm that it sends with seal"},
	}
}

// Instructions are the steps at the bank's sites, and at a page of the organiser's own.
func (p *Page) Instructions(callback string) []purchase.Instruction {
	algorithm := hmacAlgorithm
	if p.seals.plain {
		algorithm = plainAlgorithm
	}
	return []purchase.Instruction{
		{En: "Download site of the bank (Mercanet Téléchargement, Sips Download): show the shop's secret key, put it into a file and name file and version under secret_keys.",
			Fr: "Site de téléchargement de la banque (Mercanet Téléchargement, Sips Download) : affichez la clé secrète de la boutique, placez-la dans un fichier et indiquez fichier et version dans secret_keys."},
		{En: "If your own page opens the payments, send this address as automaticResponseUrl with each of them; paybridge sends it by itself.",
			Fr: "Si votre propre page ouvre les paiements, envoyez cette adresse comme automaticResponseUrl avec chacun d’eux ; paybridge l’envoie de lui-même.", Value: callback},
		{En: "Your own page also sends this SealAlgorithm, and as orderId the PurchaseId without its dashes (32 digits).",
			Fr: "Votre propre page envoie aussi ce SealAlgorithm, et comme orderId le PurchaseId sans ses tirets (32 caractères).", Value: algorithm},
		{En: "Have the bank open Office (M2M) for the shop: diagnostic, validation, cancellation and refund. Without it, set no_office.",
			Fr: "Faites ouvrir Office (M2M) pour la boutique par la banque : diagnostic, validation, annulation et remboursement. Sans lui, mettez no_office."},
		{En: "Have the chargebacks report sent to whoever keeps the desk: chargebacks are told nowhere else.",
			Fr: "Faites envoyer le journal des impayés à la personne qui tient le bureau : les impayés ne sont signalés nulle part ailleurs."},
	}
}

func fixOf(err error) string {
	var e *protocol.Error
	if errors.As(err, &e) && e.Status == http.StatusOK {
		return "compare merchant_id and the first of secret_keys with the contract, and see that it has Office (M2M)"
	}
	return "see that Sips Office can be reached from here"
}
