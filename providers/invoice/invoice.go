package invoice

import (
	"context"

	"github.com/paybridge/paybridge/bridge/purchase"
)

// An account has no power but to refuse: what comes to its callback address is nobody's.
type account struct{}

// Read refuses every delivery.
func (account) Read(context.Context, purchase.Delivery) (purchase.Reading, error) {
	return purchase.Reading{}, purchase.Forged(purchase.Malformed)
}

// Instructions say that nothing is to be set up elsewhere.
func (account) Instructions(string) []purchase.Instruction {
	return []purchase.Instruction{{
		En: "Nothing is to be set up elsewhere. Lead buyers to the account's pay page; look at paybridge invoice list every day, and mark what was paid.",
		Fr: "Rien n’est à configurer ailleurs. Menez les acheteurs à la page de paiement du compte ; regardez paybridge invoice list chaque jour, et marquez ce qui a été payé.",
	}}
}
