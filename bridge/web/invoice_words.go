package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/paybridge/paybridge/bridge"
	"github.com/paybridge/paybridge/bridge/purchase"
)

// invoiceWords are what the page says on which a buyer asks for an invoice.
type invoiceWords struct {
	Title            string
	AtOnce, Approved string // what the request is worth; with the days and the minutes
	Check            string // something is wrong below
	Optional, Send   string
	Personal         string
	comma            bool // in amounts
	labels           map[bridge.BillingField]string
	hints            map[bridge.BillingField]string
	why              map[bridge.BillingField]string
}

var invoiceWordsIn = map[string]invoiceWords{
	"en": {
		Title: "Pay on invoice", Check: "Please look at the fields that are marked.", Optional: "optional", Send: "Request the invoice",
		AtOnce:   "Your place is reserved as soon as you send this form. You pay by the invoice within %[1]d days. Please send it within %[2]d min.",
		Approved: "The organisers confirm your place when they have approved the request. Please send this form within %[2]d min.",
		Personal: "This is used for the invoice only.",
		labels: map[bridge.BillingField]string{bridge.FieldName: "Name or company", bridge.FieldAddress: "Billing address", bridge.FieldEmail: "E-mail for the invoice",
			bridge.FieldVAT: "VAT number", bridge.FieldReference: "Your order reference"},
		hints: map[bridge.BillingField]string{bridge.FieldAddress: "Street, postcode, town, country", bridge.FieldReference: "To appear on the invoice"},
		why: map[bridge.BillingField]string{bridge.FieldName: "Write the name that the invoice is for, on one line.", bridge.FieldAddress: "Write the address, on a few lines.",
			bridge.FieldEmail: "Write an address like name@example.org.", bridge.FieldVAT: "Write it on one line.", bridge.FieldReference: "Write it on one line."},
	},
	"fr": {
		Title: "Payer sur facture", Check: "Vérifiez les champs signalés.", Optional: "facultatif", Send: "Demander la facture", comma: true,
		AtOnce:   "Votre place est réservée dès l’envoi de ce formulaire. Vous réglez la facture sous %[1]d jours. Envoyez-le dans les %[2]d\u00a0min.",
		Approved: "L’organisateur confirme votre place lorsqu’il a accepté la demande. Envoyez ce formulaire dans les %[2]d\u00a0min.",
		Personal: "Ces informations ne servent qu’à la facture.",
		labels: map[bridge.BillingField]string{bridge.FieldName: "Nom ou société", bridge.FieldAddress: "Adresse de facturation", bridge.FieldEmail: "E-mail pour la facture",
			bridge.FieldVAT: "Numéro de TVA", bridge.FieldReference: "Votre référence de commande"},
		hints: map[bridge.BillingField]string{bridge.FieldAddress: "Rue, code postal, ville, pays", bridge.FieldReference: "À reporter sur la facture"},
		why: map[bridge.BillingField]string{bridge.FieldName: "Indiquez à quel nom établir la facture, sur une ligne.", bridge.FieldAddress: "Indiquez l’adresse, sur quelques lignes.",
			bridge.FieldEmail: "Indiquez une adresse comme nom@exemple.fr.", bridge.FieldVAT: "Écrivez-le sur une ligne.", bridge.FieldReference: "Écrivez-la sur une ligne."},
	},
}

func (w invoiceWords) intro(form bridge.InvoiceForm, now time.Time) string {
	text := w.Approved
	if form.Terms.AtOnce {
		text = w.AtOnce
	}
	return fmt.Sprintf(text, int(form.Terms.Due/(24*time.Hour)), minutesLeft(form, now))
}

// total is the amount as it is written in the language.
func (w invoiceWords) total(m purchase.Money) string {
	amount := m.Decimal()
	if w.comma {
		return strings.Replace(amount, ".", ",", 1) + "\u00a0" + m.Currency
	}
	return m.Currency + "\u00a0" + amount
}

// fields are the lines of the form, with what was written into them and what is wrong with it.
func (w invoiceWords) fields(b bridge.Billing, wrong []bridge.BillingField) []invoiceField {
	all := []invoiceField{
		{Name: string(bridge.FieldName), Value: b.Name, Complete: "billing organization", Kind: "text", Needed: true},
		{Name: string(bridge.FieldAddress), Value: b.Address, Complete: "billing street-address", Needed: true},
		{Name: string(bridge.FieldEmail), Value: b.Email, Complete: "billing email", Kind: "email", Needed: true},
		{Name: string(bridge.FieldVAT), Value: b.VAT, Complete: "off", Kind: "text"},
		{Name: string(bridge.FieldReference), Value: b.Reference, Complete: "off", Kind: "text"},
	}
	for i := range all {
		f, name := &all[i], bridge.BillingField(all[i].Name)
		f.Label, f.Hint, f.Most = w.labels[name], w.hints[name], bridge.BillingLineUpTo
		if name == bridge.FieldAddress {
			f.Most = bridge.BillingAddressUpTo
		}
		if f.Wrong = slices.Contains(wrong, name); f.Wrong {
			f.Why = w.why[name]
		}
	}
	return all
}
