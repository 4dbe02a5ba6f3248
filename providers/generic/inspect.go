package generic

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/paybridge/paybridge/bridge/purchase"
	"github.com/paybridge/paybridge/providers/protocol"
)

// Instructions are the steps in a back office, whatever it looks like.
func (g *Generic) Instructions(callback string) []purchase.Instruction {
	mode := map[bool][2]string{true: {"live", "de production"}, false: {"sandbox or test", "de test"}}[g.Live]
	steps := []purchase.Instruction{
		{En: fmt.Sprintf("Open the %s account at %s, and there the notifications (webhooks).", mode[0], g.provider),
			Fr: fmt.Sprintf("Ouvrez le compte %s chez %s, puis les notifications (webhooks).", mode[1], g.provider)},
		{En: "Add an address for notifications: enter this one.", Fr: "Ajoutez une adresse de notification : saisissez celle-ci.", Value: callback},
	}
	if told := g.meaning.events(); len(told) > 0 {
		steps = append(steps, purchase.Instruction{En: "Have it tell of these events or statuses.", Fr: "Choisissez ces événements ou statuts.", Value: strings.Join(told, ", ")})
	}
	if g.format != asJSON {
		steps = append(steps, purchase.Instruction{En: "Have it send the fields of a form.", Fr: "Choisissez l’envoi des champs d’un formulaire.", Value: strings.Join(g.Methods(), "")})
	}
	if g.checker.kind != byNothing {
		steps = append(steps, purchase.Instruction{
			En: "Copy the key or secret of these notifications into a file and name the file under auth.keys.",
			Fr: "Copiez la clé ou le secret de ces notifications dans un fichier et indiquez ce fichier dans auth.keys."})
	}
	return append(steps, purchase.Instruction{
		En: "Put the PurchaseId into a field of each payment that comes back in the notifications, and name that field under reference.",
		Fr: "Placez le PurchaseId dans un champ de chaque paiement qui revient dans les notifications, et indiquez ce champ dans reference."})
}

// events are what the rules tell apart first, where that is one field for all.
func (m *meaning) events() (told []string) {
	for _, r := range m.rules {
		if len(r.when) == 0 || !r.when[0].field.same(m.rules[0].when[0].field) || r.when[0].op != isValue && r.when[0].op != isOneOf {
			return nil
		}
		for _, v := range r.when[0].values {
			if !slices.Contains(told, v) {
				told = append(told, v)
			}
		}
	}
	return told
}

// Inspect says what a person must look at: no API tells what is registered at a provider that nobody here knows.
func (g *Generic) Inspect(_ context.Context, callback string) []purchase.Finding {
	return append([]purchase.Finding{{Check: "PRV-01", Status: purchase.Skip, Detail: "the settings have no confirm, so that nobody is asked"}}, g.manual(callback)...)
}

func (g *Generic) manual(callback string) []purchase.Finding {
	findings := []purchase.Finding{
		{Check: "PRV-02", Status: purchase.Manual, Detail: "which address is registered shows in the back office only", Fix: "see that it is " + callback},
		{Check: "PRV-03", Status: purchase.Manual, Detail: "which events are sent shows in the back office only", Fix: "see that it sends what tells lists: " + strings.Join(g.told(), ", ")},
		{Check: "PRV-04", Status: purchase.Manual, Detail: "which key signs shows in the back office only", Fix: "compare it with auth.keys, or send a test message"},
	}
	if g.Locate == nil {
		findings = append(findings, purchase.Finding{Check: "PRV-03", Status: purchase.Warn, Detail: "reference is not set, so that no payment finds its purchase",
			Fix: "name the field that carries the PurchaseId under reference: {purchase: …}"})
	}
	return findings
}

// told are the facts that messages can tell.
func (g *Generic) told() (names []string) {
	for _, r := range g.meaning.rules {
		if !slices.Contains(names, r.name) {
			names = append(names, r.name)
		}
	}
	return names
}

const nobody = "paybridge-doctor" // no payment is called so

// Inspect asks for a payment that is not there, which shows whether the credentials are taken, and says what a person must look at.
func (a *Asking) Inspect(ctx context.Context, callback string) []purchase.Finding {
	f := purchase.Finding{Check: "PRV-01", Status: purchase.Pass, Detail: a.provider + " takes the credentials at " + a.Origin}
	_, err := a.fetch(ctx, nobody)
	var e *protocol.Error
	switch {
	case err == nil, errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusBadRequest || e.Status == http.StatusUnprocessableEntity):
	case e != nil && (e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden):
		f.Status, f.Detail, f.Fix = purchase.Fail, err.Error(), fmt.Sprintf("copy the API key of %s mode into confirm.secret", a.Mode())
	default:
		f.Status, f.Detail, f.Fix = purchase.Fail, err.Error(), "see that the address under confirm is right and can be reached from here"
	}
	return append([]purchase.Finding{f}, a.manual(callback)...)
}
